//! `/typed` and the routes around it: the session through a `#[session_state]`.

use std::path::PathBuf;
use std::time::Duration;

use rocket::fs::{FileServer, relative};
use rocket::http::{ContentType, Status};
use rocket::{Build, Rocket, Route, State, get, post, routes, uri};
use rocket_session_state::{Next, require_session};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::state::{self, Probe};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    sku: String,
    name: String,
    quantity: u32,
    price_cents: u64,
}

/// Proof that somebody is logged in.
#[require_session(Probe, login = |next| uri!(sign_in(Some(next))))]
pub(crate) struct Member {
    username: String,
}

/// Proof that somebody has logged in lately.
#[require_session(Member, fresh = "20 seconds")]
struct Recent;

/// The changes of `POST /typed`, in the order in which they are made.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Changes {
    sleep_ms: u64,
    login: Option<String>,
    logout: bool,
    log_in: Option<String>,
    lifetime: Option<f64>,
    clear_lifetime: bool,
    add_counter: Option<i64>,
    tag: Option<String>,
    high: Option<i64>,
    strict: Option<i64>,
    a: Option<String>,
    b: Option<String>,
    items: Option<u32>,
}

pub(crate) fn routes() -> Vec<Route> {
    routes![show, change, sign_in, member, recent, panics]
}

/// The routes behind the gate at `/admin`.
pub(crate) fn admin(rocket: Rocket<Build>) -> Rocket<Build> {
    rocket
        .mount("/admin", Member::gate())
        .mount("/admin", routes![admin_page])
        .mount("/admin/files", FileServer::from(relative!("src/bin/probe/files")))
}

#[get("/typed")]
fn show(probe: Probe) -> (ContentType, String) {
    (ContentType::JSON, fields(&probe).to_string())
}

#[post("/typed", data = "<body>")]
async fn change(
    body: Vec<u8>,
    probe: Probe,
    users: &State<state::Users>,
) -> Result<(ContentType, String), Status> {
    let changes: Changes = serde_json::from_slice(&body).map_err(|_| Status::BadRequest)?;
    let (counter, mut tags, high) = (probe.counter(), probe.tags(), probe.high());
    let _all_read = fields(&probe);
    rocket::tokio::time::sleep(Duration::from_millis(changes.sleep_ms)).await;
    if let Some(name) = &changes.login {
        probe.set_username(name);
    }
    if changes.logout {
        probe.take_username();
    }
    if let Some(name) = &changes.log_in {
        state::log_in(&probe, name, users)?;
    }
    if let Some(seconds) = changes.lifetime {
        let lifetime = Duration::try_from_secs_f64(seconds).map_err(|_| Status::BadRequest)?;
        probe.session().set_lifetime(lifetime).map_err(|_| Status::BadRequest)?;
    }
    if changes.clear_lifetime {
        probe.session().clear_lifetime();
    }
    if let Some(n) = changes.add_counter {
        probe.set_counter(counter + n);
    }
    if let Some(tag) = changes.tag {
        tags.push(tag);
        probe.set_tags(tags);
    }
    if let Some(n) = changes.high {
        probe.set_high(high.max(n));
    }
    if let Some(n) = changes.strict {
        probe.set_strict(n);
    }
    if let Some(a) = &changes.a {
        probe.set_a(a);
    }
    if let Some(b) = &changes.b {
        probe.set_b(b);
    }
    if let Some(n) = changes.items {
        probe.set_cart(items(n));
    }
    Ok((ContentType::JSON, fields(&probe).to_string()))
}

#[expect(unused_variables, reason = "the page that a visitor came for is in the address, and that is tested")]
#[get("/sign-in?<next>")]
fn sign_in(next: Option<Next>) -> &'static str {
    "sign in"
}

#[get("/member")]
fn member(member: Member) -> String {
    member.username
}

#[get("/recent")]
fn recent(_recent: Recent) -> &'static str {
    "recent"
}

#[get("/<path..>", rank = 20)]
fn admin_page(path: PathBuf) -> String {
    format!("admin {}", path.display())
}

#[get("/panic")]
fn panics(probe: Probe) -> &'static str {
    probe.set_a("changed by a handler that panics");
    panic!("the probe panics on request");
}

fn fields(probe: &Probe) -> Json {
    json!({
        "username": probe.username(),
        "counter": probe.counter(),
        "tags": probe.tags(),
        "high": probe.high(),
        "strict": probe.strict(),
        "a": probe.a(),
        "b": probe.b(),
        "cart": probe.cart().len(),
    })
}

pub(crate) fn items(count: u32) -> Vec<Item> {
    (0..count)
        .map(|i| Item {
            sku: format!("SKU-{i:06}"),
            name: format!("Item {i}"),
            quantity: i % 9 + 1,
            price_cents: 1000 + u64::from(i),
        })
        .collect()
}
