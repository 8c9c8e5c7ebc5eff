//! Functions of the application that panic where Rocket catches nothing.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicU32, Ordering as Atomic};
use std::time::SystemTime;

use rocket::fairing::AdHoc;
use rocket::http::{Accept, Header, Status};
use rocket::local::asynchronous::Client;
use rocket::response::{self, Responder};
use rocket::tokio::sync::Notify;
use rocket::{Request, State, catch, catchers, get, routes, tokio, uri};
use rocket_session_state::merge::Refused;
use rocket_session_state::{Next, Sessions, require_session, session_state};
use serde::{Deserialize, Serialize, Serializer};

use crate::log::lines_with;
use crate::site::{Site, config, header, quiet};

/// It can be neither compared nor serialized.
#[derive(Debug, Deserialize, PartialEq)]
struct Unlucky(u32);

const BAD: u32 = 13;

impl PartialOrd for Unlucky {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        assert!(self.0 != BAD && other.0 != BAD, "as comparisons do");
        self.0.partial_cmp(&other.0)
    }
}

impl Serialize for Unlucky {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(self.0 <= BAD, "as serializers do");
        self.0.serialize(serializer)
    }
}

type Merged<T> = Result<Option<T>, Refused>;

fn panics(_base: Option<u32>, _mine: Option<u32>, _theirs: Option<u32>) -> Merged<u32> {
    panic!("as merge functions do")
}

fn not_serializable(_: Option<Unlucky>, _: Option<Unlucky>, _: Option<Unlucky>) -> Merged<Unlucky> {
    Ok(Some(Unlucky(BAD + 1)))
}

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
    #[session(merge = panics)]
    merged: Option<u32>,
    #[session(merge = not_serializable)]
    serialized: Option<Unlucky>,
    #[session(merge = "max")]
    compared: Option<Unlucky>,
    plain: Option<u32>,
}

/// Two requests that change one field: the first waits for the second before it is answered.
#[derive(Default)]
struct Meeting {
    first_has_changed: Notify,
    second_is_saved: Notify,
}

#[get("/change/<field>/<value>?<wait>")]
async fn change(field: &str, value: u32, wait: bool, visit: Visit, meeting: &State<Meeting>) -> &'static str {
    match field {
        "merged" => visit.set_merged(value),
        "serialized" => visit.set_serialized(Unlucky(value)),
        "compared" => visit.set_compared(Unlucky(value)),
        _ => visit.set_plain(value),
    }
    if wait {
        meeting.first_has_changed.notify_one();
        meeting.second_is_saved.notified().await;
    }
    "changed"
}

/// Its clock breaks, too.
#[get("/renew")]
async fn renew(visit: Visit) {
    visit.session().regenerate();
    visit.session().save().await.expect("it is saved");
}

#[get("/plain")]
fn plain(visit: Visit) -> String {
    format!("{:?}", visit.plain())
}

#[require_session(Visit, login = |next| broken_page(next))]
struct Member;

/// The address of a login page that can be made at launch and never again.
fn broken_page(next: Next) -> rocket::http::uri::Origin<'static> {
    assert!(next.as_str().is_none(), "as such functions do");
    uri!("/plain")
}

#[get("/member")]
fn member(_member: Member) {}

#[catch(default)]
fn own(status: Status, _: &Request<'_>) -> String {
    format!("own {}", status.code)
}

async fn client() -> Client {
    static CLOCK: AtomicU32 = AtomicU32::new(0);
    // The time is asked for when a session is opened, and again when it is closed.
    let clock = |request: &Request<'_>| {
        let asked = ["/change/clock/1", "/renew"].contains(&request.uri().path().as_str());
        let breaks = asked && CLOCK.fetch_add(1, Atomic::Relaxed) % 2 == 1;
        assert!(!breaks, "as clocks do");
        SystemTime::now()
    };
    // Attached during the ignition, after the fairing that saves.
    let late = AdHoc::on_ignite("late", |rocket| {
        Box::pin(async {
            rocket.attach(AdHoc::on_response("last", |_, response| {
                Box::pin(async move {
                    response.set_raw_header("X-Last", "ran");
                })
            }))
        })
    });
    let rocket = quiet()
        .attach(Sessions::with_config(config()).clock(clock))
        .attach(late)
        .manage(Meeting::default())
        .mount("/", routes![change, renew, plain, member])
        .register("/", catchers![own]);
    Client::tracked(rocket).await.expect("the application launches")
}

#[rocket::async_test]
async fn a_panic_in_the_applications_functions_while_closing_is_a_500_and_later_fairings_run() {
    let client = client().await;
    let get = async |path: String| {
        let response = client.get(path).dispatch().await;
        let (status, last) = (response.status(), header(&response, "X-Last"));
        (status, last, response.into_string().await.unwrap_or_default())
    };
    get("/change/plain/1".into()).await;
    let cookie = client.cookies().get("session").expect("a session").value().to_owned();
    let ok = (Status::Ok, vec!["ran".to_owned()], "changed".to_owned());
    let broken = (Status::InternalServerError, vec!["ran".to_owned()], "own 500".to_owned());
    let meeting: &Meeting = client.rocket().state().expect("it is managed");
    for (field, mine, theirs) in [("merged", 1, 2), ("serialized", 1, 2), ("compared", BAD, 2)] {
        let first = get(format!("/change/{field}/{mine}?wait=true"));
        let second = async {
            meeting.first_has_changed.notified().await;
            let saved = get(format!("/change/{field}/{theirs}")).await;
            meeting.second_is_saved.notify_one();
            saved
        };
        let (first, second) = tokio::join!(first, second);
        assert_eq!(second, ok, "{field}");
        assert_eq!(first, broken, "{field}");
        let path = format!("/change/{field}/{mine}");
        let lines = lines_with(&path);
        assert!(lines.iter().any(|line| line.contains("has panicked")), "{field}: {lines:?}");
        assert!(
            !lines.iter().any(|line| line.contains("after the response had begun")),
            "{field}: {lines:?}"
        );
    }
    assert_eq!(get("/change/clock/1".into()).await, broken);
    assert_eq!(get("/plain".into()).await.2, "Some(1)", "nothing was saved, and nothing is lost");
    assert_eq!(client.cookies().get("session").expect("a session").value(), cookie);
    assert_eq!(get("/renew".into()).await, broken);
    assert_ne!(client.cookies().get("session").expect("a session").value(), cookie, "the old id is dead");
    assert_eq!(get("/plain".into()).await.2, "Some(1)");
}

#[rocket::async_test]
async fn a_login_page_whose_address_panics_leaves_the_401() {
    let client = client().await;
    let accept = Header::from(Accept::HTML);
    let response = client.get("/member").header(accept).dispatch().await;
    assert_eq!(response.status(), Status::Unauthorized);
    assert_eq!(header(&response, "X-Last"), ["ran"]);
    assert_eq!(response.into_string().await.as_deref(), Some("own 401"));
}

/// How a handler panics, and whether a handle is there.
#[get("/panic/<how>")]
fn panic(how: &str, visit: Visit) -> Result<String, Breaks> {
    visit.session().set("panicked", how);
    match how {
        "holding" => panic!("on request"),
        "dropped" => drop(visit),
        "moved" => take(visit),
        "cloned" => {
            take(visit.clone());
            panic!("on request")
        }
        "responder" => return Err(Breaks(None)),
        "responder-with-a-handle" => return Err(Breaks(Some(visit))),
        _ => return Ok(how.to_owned()),
    }
    panic!("on request")
}

fn take(visit: Visit) {
    let _ = visit.username();
}

/// An answer that breaks while it is made, as a template does.
struct Breaks(Option<Visit>);

impl<'r> Responder<'r, 'static> for Breaks {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let _held = self.0;
        panic!("on request")
    }
}

#[get("/panicked")]
fn panicked(visit: Visit) -> String {
    visit.session().get::<String>("panicked").ok().flatten().unwrap_or_default()
}

/// The table of the guide's page on session state.
#[rocket::async_test]
async fn a_panic_saves_nothing_while_a_handle_is_there() {
    for (how, saved) in [
        ("holding", false),
        ("cloned", false),
        ("responder-with-a-handle", false),
        ("dropped", true),
        ("moved", true),
        ("responder", true),
    ] {
        let site = Site::launch(|rocket| rocket.mount("/", routes![panic, panicked])).await;
        site.get("/panic/not").await;
        assert_eq!(site.get(&format!("/panic/{how}")).await.status(), Status::InternalServerError);
        assert_eq!(site.text("/panicked").await, if saved { how } else { "not" });
    }
}
