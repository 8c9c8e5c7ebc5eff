//! An application in two processes, as far as sessions can tell: two Rockets that share nothing but a store,
//! once in memory and once in Redis.

use std::sync::Arc;

use rocket::http::Header;
use rocket::local::asynchronous::Client;
use rocket::response::stream::TextStream;
use rocket::{catch, catchers, get, http::Status, routes};
use rocket_session_state::config::SessionConfig;
use rocket_session_state::store::conformance::Faulty;
use rocket_session_state::store::{DynStore, MemoryStore, RedisStore, Store};
use rocket_session_state::{Session, SessionError, Sessions, require_session, session_state};
use session_tests::redis::Redis;

use crate::site::quiet;

/// Texts that no log and no error may contain.
pub(crate) const SECRET: &str = "a-value-that-is-nobodys-business";

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
    #[session(merge = "add")]
    counter: i64,
    a: Option<String>,
    b: Option<String>,
    cart: Vec<String>,
}

#[require_session(Visit)]
struct Member {
    username: String,
}

#[get("/untouched")]
fn untouched() -> &'static str {
    "ok"
}

#[get("/login/<name>")]
fn login(name: &str, visit: Visit) -> &'static str {
    visit.set_username(name);
    "welcome"
}

#[get("/logout")]
fn logout(visit: Visit) -> &'static str {
    visit.take_username();
    "goodbye"
}

#[get("/destroy")]
fn destroy(session: Session) -> &'static str {
    session.destroy();
    "gone"
}

/// Everything that the session holds: name, counter, a, b, cart.
#[get("/show")]
fn show(visit: Visit) -> String {
    let name = visit.username().unwrap_or_else(|| "nobody".into());
    let [a, b] = [visit.a(), visit.b()].map(|field| field.unwrap_or_else(|| "-".into()));
    format!("{name} {} {a} {b} {}", visit.counter(), visit.cart().join(","))
}

#[get("/optional")]
fn optional(visit: Option<Visit>) -> String {
    visit.and_then(|visit| visit.username()).unwrap_or_else(|| "anonymous".into())
}

#[get("/tried")]
fn tried(visit: Result<Visit, SessionError>) -> String {
    visit.ok().and_then(|visit| visit.username()).unwrap_or_else(|| "anonymous".into())
}

#[get("/member")]
fn member(member: Member) -> String {
    member.username
}

#[get("/a/<value>")]
fn set_a(value: &str, visit: Visit) -> &'static str {
    visit.set_a(value);
    "set"
}

#[get("/b/<value>")]
fn set_b(value: &str, visit: Visit) -> &'static str {
    visit.set_b(value);
    "set"
}

#[get("/count")]
fn count(visit: Visit) -> &'static str {
    visit.update_counter(|counter| *counter += 1);
    "counted"
}

#[get("/push/<item>")]
fn push(item: &str, visit: Visit) -> &'static str {
    visit.update_cart(|cart| cart.push(item.to_owned()));
    "pushed"
}

#[get("/sort")]
fn sort(visit: Visit) -> &'static str {
    visit.update_cart(|cart| cart.sort());
    "sorted"
}

#[get("/keep-secret")]
fn keep_secret(visit: Visit) -> String {
    visit.set_a(SECRET);
    visit.session().set("huge", &u128::MAX);
    format!("{:?}", visit.session())
}

#[get("/set-secret")]
fn set_secret(visit: Visit) -> &'static str {
    visit.set_a(SECRET);
    "set"
}

#[get("/fail/<value>")]
fn fail(value: &str, visit: Visit) -> Status {
    visit.set_a(value);
    Status::NotFound
}

#[get("/panic/<value>")]
fn panics(value: &str, visit: Visit) -> &'static str {
    visit.set_a(value);
    panic!("as handlers do");
}

#[get("/forwards/<_number>")]
fn forwards_first(_one: Visit, _two: Session, _number: u8) -> &'static str {
    "a number"
}

#[get("/forwards/<_text>", rank = 2)]
fn forwards_second(_one: Session, member: Member, _text: &str) -> String {
    member.username
}

#[get("/stream/<value>?<forget>")]
fn stream(value: String, forget: bool, visit: Visit) -> TextStream![&'static str] {
    TextStream! {
        visit.set_a(value);
        if forget {
            yield "forgotten";
        } else if visit.session().save().await.is_ok() {
            yield "saved";
        }
    }
}

#[catch(404)]
async fn not_found(request: &rocket::Request<'_>) -> String {
    let session = request.guard::<Session>().await.succeeded();
    format!("not found, {}", session.map_or(0, |session| session.len()))
}

/// A store and the two applications on it.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) store: Arc<Faulty<DynStore>>,
    pub(crate) processes: [Client; 2],
    _redis: Option<Redis>,
}

/// An answer that outlives its request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    headers: Vec<(String, String)>,
}

/// Both places.
pub(crate) async fn places() -> [Place; 2] {
    places_with(|_| {}).await
}

pub(crate) async fn places_with(change: fn(&mut SessionConfig)) -> [Place; 2] {
    let redis = Redis::start();
    let in_redis = RedisStore::from_url(&redis.url()).unwrap();
    [
        Place::over("memory", MemoryStore::new(1_000), None, change).await,
        Place::over("redis", in_redis, Some(redis), change).await,
    ]
}

impl Place {
    async fn over(
        name: &'static str,
        store: impl Store,
        redis: Option<Redis>,
        change: fn(&mut SessionConfig),
    ) -> Place {
        let store = Arc::new(Faulty::new(DynStore::new(store)));
        let process = async || {
            let mut config = SessionConfig::default();
            // The breaker has tests of its own: it would answer for a store that is back.
            config.session_breaker_after = 100_000;
            change(&mut config);
            let sessions = Sessions::with_config(config).store(Arc::clone(&store));
            let routes = routes![
                untouched,
                login,
                logout,
                destroy,
                show,
                optional,
                tried,
                member,
                set_a,
                set_b,
                count,
                push,
                sort,
                keep_secret,
                set_secret,
                fail,
                panics,
                forwards_first,
                forwards_second,
                stream
            ];
            let rocket = quiet().attach(sessions).mount("/", routes).register("/", catchers![not_found]);
            Client::untracked(rocket).await.expect("the application launches")
        };
        let processes = [process().await, process().await];
        Place { name, store, processes, _redis: redis }
    }

    /// A request to the first process with this cookie.
    pub(crate) async fn ask(&self, path: &str, cookie: &str) -> Answer {
        self.ask_at(0, path, cookie).await
    }

    pub(crate) async fn ask_at(&self, process: usize, path: &str, cookie: &str) -> Answer {
        let mut request = self.processes[process].get(path.to_owned());
        request.add_header(Header::new("Cookie", format!("session={cookie}")));
        let response = request.dispatch().await;
        let headers =
            response.headers().iter().map(|header| (header.name.to_string(), header.value.to_string()));
        Answer {
            headers: headers.collect(),
            status: response.status().code,
            body: response.into_string().await.unwrap_or_default(),
        }
    }

    /// The cookie of somebody who has just logged in.
    pub(crate) async fn logged_in(&self, name: &str) -> String {
        self.ask(&format!("/login/{name}"), "").await.cookie().expect("a session cookie")
    }

    /// The number of store calls of a request.
    pub(crate) async fn cost(&self, path: &str, cookie: &str) -> usize {
        self.store.calls();
        self.ask(path, cookie).await;
        self.store.calls()
    }

    /// The content of the session, as the second process sees it.
    pub(crate) async fn shown(&self, cookie: &str) -> String {
        self.ask_at(1, "/show", cookie).await.body
    }
}

impl Answer {
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of the session cookie that this answer sets; `None` if it sets none or deletes it.
    pub(crate) fn cookie(&self) -> Option<String> {
        let lines = self.all("Set-Cookie");
        let line = lines.first()?;
        let (pair, attributes) = line.split_once(';')?;
        let (_, value) = pair.split_once('=')?;
        (!attributes.contains("Max-Age=0")).then(|| value.to_owned())
    }
}
