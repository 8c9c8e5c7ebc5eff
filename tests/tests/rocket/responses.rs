//! The headers of responses that concern the session.

use rocket::fairing::AdHoc;
use rocket::http::{Header, Status};
use rocket::local::asynchronous::Client;
use rocket::request::Outcome;
use rocket::response::Responder;
use rocket::{Build, Rocket, get, routes, uri};
use rocket_session_state::config::SessionConfig;
use rocket_session_state::{Session, Sessions};

use crate::log::lines_with;
use crate::site::{Site, header, quiet};

#[get("/set/<value>")]
fn set(value: &str, session: Session) -> &'static str {
    session.set("key", value);
    "set"
}

#[get("/get")]
fn get(session: Session) -> String {
    session.get::<String>("key").ok().flatten().unwrap_or_else(|| "nothing".into())
}

#[get("/guarded")]
fn guarded(_session: Session) -> &'static str {
    "not looked at"
}

#[get("/untouched")]
fn untouched() -> &'static str {
    "ok"
}

#[get("/set-and-fail/<value>")]
fn set_and_fail(value: &str, session: Session) -> Status {
    session.set("key", value);
    Status::NotFound
}

#[get("/set-and-panic")]
fn set_and_panic(session: Session) -> &'static str {
    session.set("key", "half-made");
    panic!("as handlers do");
}

#[get("/forwards/<_number>")]
fn forwards_first(_one: Session, _number: u8) -> &'static str {
    "a number"
}

#[get("/forwards/<_text>", rank = 2)]
fn forwards_second(_one: Session, _two: Session, _text: &str) -> &'static str {
    "a text"
}

#[derive(Responder)]
struct WithHeaders {
    body: &'static str,
    vary: Header<'static>,
    cache: Header<'static>,
}

#[get("/headers")]
fn headers(session: Session) -> WithHeaders {
    session.set("key", "v");
    WithHeaders {
        body: "ok",
        vary: Header::new("Vary", "Accept-Encoding, Accept-Language"),
        cache: Header::new("Cache-Control", "private"),
    }
}

async fn site() -> Site {
    Site::launch(|rocket| {
        let routes = routes![
            set,
            get,
            guarded,
            untouched,
            set_and_fail,
            set_and_panic,
            forwards_first,
            forwards_second,
            headers
        ];
        rocket.mount("/", routes)
    })
    .await
}

#[rocket::async_test]
async fn a_page_without_the_session_says_and_does_nothing_whatever_cookie_comes() {
    let site = site().await;
    site.get("/set/v").await;
    site.store.calls();
    let response = site.get("/untouched").await;
    assert_eq!(header(&response, "Set-Cookie"), [""; 0]);
    assert_eq!(header(&response, "Vary"), [""; 0]);
    assert_eq!(site.store.calls(), 0);
}

#[rocket::async_test]
async fn a_guard_whose_session_is_not_looked_at_adds_no_vary() {
    let site = site().await;
    assert_eq!(header(&site.get("/guarded").await, "Vary"), [""; 0]);
    assert_eq!(header(&site.get("/get").await, "Vary"), ["Cookie"]);
}

#[rocket::async_test]
async fn many_guards_and_forwards_load_once() {
    let site = site().await;
    site.get("/set/v").await;
    site.store.calls();
    assert_eq!(site.text("/forwards/text").await, "a text");
    assert_eq!(site.store.calls(), 1);
}

#[rocket::async_test]
async fn the_cookie_survives_an_error_response() {
    let site = site().await;
    let response = site.get("/set-and-fail/kept").await;
    assert_eq!(response.status(), Status::NotFound);
    assert_eq!(header(&response, "Set-Cookie").len(), 1);
    assert_eq!(site.text("/get").await, "kept");
}

#[rocket::async_test]
async fn a_handler_that_panics_saves_nothing_and_sends_no_cookie() {
    let site = site().await;
    site.get("/set/before").await;
    let response = site.get("/set-and-panic").await;
    assert_eq!(response.status(), Status::InternalServerError);
    assert_eq!(header(&response, "Set-Cookie"), [""; 0]);
    assert_eq!(site.text("/get").await, "before");
}

#[rocket::async_test]
async fn the_applications_own_vary_and_cache_control_stay() {
    let site = site().await;
    let response = site.get("/headers").await;
    assert_eq!(header(&response, "Vary"), ["Accept-Encoding, Accept-Language, Cookie"]);
    assert_eq!(header(&response, "Cache-Control"), ["private"]);
    let stranger = Header::new("Cookie", "other=cookie");
    let response = site.client.get("/set/v").header(stranger).dispatch().await;
    assert_eq!(header(&response, "Cache-Control"), ["no-store"]);
    let response = site.get("/set/w").await;
    assert_eq!(header(&response, "Cache-Control"), [""; 0], "no cookie is sent that is the same");
}

/// Reads or changes the session in an answer with this `Cache-Control`.
#[get("/cached/<changes>?<control>")]
fn cached(changes: bool, control: &str, session: Session) -> Cached {
    let visits = session.get::<u32>("visits").ok().flatten().unwrap_or(0);
    if changes {
        session.set_permanent(true);
        session.set("visits", &(visits + 1));
    }
    Cached { body: visits.to_string(), control: Header::new("Cache-Control", control.to_owned()) }
}

#[derive(Responder)]
struct Cached {
    body: String,
    control: Header<'static>,
}

#[rocket::async_test]
async fn no_shared_cache_may_keep_an_answer_with_a_session_cookie() {
    for in_cookies in [false, true] {
        let rocket = |rocket: Rocket<Build>| rocket.mount("/", routes![cached]);
        let site = if in_cookies {
            let mut config = SessionConfig::default();
            config.session_refresh_after = 0.0;
            let cookies = Sessions::with_config(config);
            Client::tracked(rocket(quiet().attach(cookies))).await.expect("the application launches")
        } else {
            Site::launch_with(|config| config.session_refresh_after = 0.0, rocket).await.client
        };
        // What the application says, what becomes of it, and whether caches were meant to keep it.
        for (control, private, wanted) in [
            ("public, max-age=600", "private, max-age=600", true),
            ("PUBLIC", "private", true),
            ("s-maxage=60, max-age=0", "private, max-age=0", true),
            ("max-age=600", "private, max-age=600", true),
            ("max-age=\"600\", immutable", "private, max-age=\"600\", immutable", true),
            ("public, private=\"Set-Cookie\"", "private, private=\"Set-Cookie\"", true),
            ("no-cache", "private, no-cache", false),
            ("max-age=0, must-revalidate", "private, max-age=0, must-revalidate", false),
            ("private, max-age=600", "private, max-age=600", false),
            ("Private", "Private", false),
            ("public, no-store", "public, no-store", false),
        ] {
            let changed = site.get(uri!(cached(true, control))).dispatch().await;
            assert_eq!(header(&changed, "Set-Cookie").len(), 1, "{control}");
            assert_eq!(header(&changed, "Cache-Control"), [private], "{control}");
            let read = site.get(uri!(cached(false, control))).dispatch().await;
            let sent = header(&read, "Set-Cookie").len();
            assert_eq!(sent, usize::from(!wanted), "{control}");
            assert_eq!(header(&read, "Cache-Control"), [if wanted { control } else { private }], "{control}");
            assert_eq!(header(&read, "Vary"), ["Cookie"], "{control}");
        }
    }
}

#[rocket::async_test]
async fn a_page_that_gives_its_cookie_to_caches_is_one_warning() {
    let flasks_way = |config: &mut SessionConfig| config.session_refresh_after = 0.0;
    let site = Site::launch_with(flasks_way, |rocket| rocket.mount("/cache-warning", routes![cached])).await;
    for control in ["no-cache", "private", "public", "max-age=600"] {
        site.get(&format!("/cache-warning/cached/true?control={control}")).await;
    }
    let lines = lines_with("GET /cache-warning/cached/true: caches may keep");
    assert!(matches!(lines.as_slice(), [line] if line.starts_with("WARN")), "{lines:?}");
}

#[rocket::async_test]
async fn the_first_of_two_cookies_counts() {
    let site = site().await;
    site.get("/set/first").await;
    let first = site.client.cookies().get("session").unwrap().value().to_owned();
    let other = Header::new("Cookie", "other=cookie");
    site.client.get("/set/second").header(other).dispatch().await;
    let second = site.client.cookies().get("session").unwrap().value().to_owned();
    assert_ne!(first, second);
    let both = Header::new("Cookie", format!("session={first}; session={second}"));
    let response = site.client.get("/get").header(both).dispatch().await;
    assert_eq!(response.into_string().await.unwrap(), "first");
}

/// An id in an address would be in logs, in the browser's history, and in what a page on another site is told.
#[rocket::async_test]
async fn an_id_is_taken_from_its_cookie_alone() {
    let site = site().await;
    site.get("/set/value").await;
    let id = site.client.cookies().get("session").unwrap().value().to_owned();
    let ask = async |path: &str, headers: &[(&'static str, String)]| {
        let mut request = site.client.get(path.to_owned()).header(Header::new("Cookie", "other=cookie"));
        headers.iter().for_each(|(name, value)| request.add_header(Header::new(*name, value.clone())));
        request.dispatch().await.into_string().await.unwrap()
    };
    assert_eq!(site.text("/get").await, "value");
    site.store.calls();
    for name in ["session", "sid", "session_id"] {
        assert_eq!(ask(&format!("/get?{name}={id}"), &[]).await, "nothing");
        assert_eq!(ask("/get", &[("Referer", format!("http://localhost/?{name}={id}"))]).await, "nothing");
    }
    for header in ["session", "X-Session", "X-Session-Id", "Set-Cookie", "Cookie2"] {
        assert_eq!(
            ask("/get", &[(header, format!("session={id}")), (header, id.clone())]).await,
            "nothing",
            "{header}"
        );
    }
    assert_eq!(ask("/get", &[("Authorization", format!("Bearer {id}"))]).await, "nothing");
    assert_eq!(site.store.calls(), 0);
}

#[rocket::async_test]
async fn a_response_fairing_may_still_change_the_session_wherever_it_is_attached() {
    let late = AdHoc::on_response("late", |request, _| {
        Box::pin(async move {
            if let rocket::outcome::Outcome::Success(session) = request.guard::<Session>().await {
                session.set("key", "by a fairing");
            }
        })
    });
    let site = Site::launch(|rocket| rocket.attach(late).mount("/", routes![untouched, get])).await;
    site.get("/untouched").await;
    assert_eq!(site.text("/get").await, "by a fairing");
}

/// Rocket's local client moves a request between its fairings and its routing.
#[rocket::async_test]
async fn what_a_request_fairing_changes_is_saved_though_no_handler_uses_the_session() {
    let visits = AdHoc::on_request("visits", |request, _| {
        Box::pin(async move {
            if let Outcome::Success(session) = request.guard::<Session>().await {
                session.set("key", "set before routing");
            }
        })
    });
    let site = Site::launch(|rocket| rocket.attach(visits).mount("/", routes![untouched])).await;
    for (path, status) in [("/untouched", Status::Ok), ("/nowhere", Status::NotFound)] {
        let stranger = Header::new("Cookie", "other=cookie");
        let response = site.client.get(path).header(stranger).dispatch().await;
        assert_eq!(response.status(), status);
        assert_eq!(header(&response, "Set-Cookie").len(), 1, "{path}");
    }
}

/// Clones of a local client's request share what is kept with it, and lie elsewhere in memory.
#[rocket::async_test]
async fn a_clone_of_a_request_sends_its_cookie_too() {
    let site = site().await;
    let request = site.client.get("/set/value");
    let first = request.clone().dispatch().await;
    let second = request.dispatch().await;
    assert_eq!(header(&first, "Set-Cookie").len(), 1);
    assert_eq!(header(&second, "Set-Cookie").len(), 1);
}
