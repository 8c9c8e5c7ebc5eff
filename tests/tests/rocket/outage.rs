//! A store that is down is an error, never an anonymous visitor and never a silent success.

use std::path::PathBuf;
use std::time::Duration;

use rocket::fairing::AdHoc;
use rocket::http::{Accept, Header, Status};
use rocket::local::asynchronous::LocalResponse;
use rocket::response::{Redirect, Responder};
use rocket::{Request, catch, catchers, get, routes};
use rocket_session_state::config::SessionConfig;
use rocket_session_state::store::conformance::Fault;
use rocket_session_state::{SessionError, require_session, session_state};

use crate::site::{Site, header};

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
    colour: Option<String>,
}

#[require_session(Visit)]
struct Member {
    username: String,
}

#[get("/login")]
fn login(visit: Visit) -> &'static str {
    visit.set_username("momo");
    "welcome"
}

#[get("/visit")]
fn visit(visit: Visit) -> String {
    visit.username().unwrap_or_else(|| "anonymous".into())
}

#[get("/optional")]
fn optional(visit: Option<Visit>) -> String {
    visit.and_then(|visit| visit.username()).unwrap_or_else(|| "anonymous".into())
}

#[get("/member")]
fn member(member: Option<Member>) -> Result<String, Status> {
    member.map(|member| member.username).ok_or(Status::Unauthorized)
}

#[get("/tried")]
fn tried(visit: Result<Visit, SessionError>) -> Redirect {
    match visit {
        Ok(_) => Redirect::to("/fine"),
        Err(_) => Redirect::to("/anonymous"),
    }
}

#[get("/handled")]
fn handled(visit: Result<Visit, SessionError>) -> &'static str {
    match visit {
        Ok(_) => "a session",
        Err(error) => {
            error.handled();
            "the shop is open, carts are not"
        }
    }
}

#[get("/untouched")]
fn untouched() -> &'static str {
    "ok"
}

#[get("/write")]
fn write(visit: Visit) -> Redirect {
    visit.set_colour("red");
    Redirect::to("/done")
}

#[catch(default)]
fn in_json(status: Status, _: &Request<'_>) -> (rocket::http::ContentType, String) {
    (rocket::http::ContentType::JSON, format!("{{\"status\": {}}}", status.code))
}

async fn site() -> Site {
    // Without the breaker, which has a test of its own: it would answer for a store that is back.
    let patient = |config: &mut SessionConfig| config.session_breaker_after = 1000;
    let site = Site::launch_with(patient, |rocket| {
        let routes = routes![login, visit, optional, member, tried, handled, untouched, write];
        rocket.mount("/", routes).register("/", catchers![in_json])
    })
    .await;
    assert_eq!(site.text("/login").await, "welcome");
    site
}

#[rocket::async_test]
async fn an_outage_is_a_503_for_whoever_wants_the_session_and_for_nobody_else() {
    let site = site().await;
    site.store.from_now_on(Fault::Fail);
    for path in ["/visit", "/optional", "/member", "/tried"] {
        let response = site.get(path).await;
        assert_eq!(response.status(), Status::ServiceUnavailable, "{path}");
        assert_eq!(header(&response, "Retry-After").len(), 1, "{path}");
        assert_eq!(header(&response, "Cache-Control"), ["no-store"], "{path}");
        assert_eq!(header(&response, "Vary"), ["Cookie"], "{path}");
        assert_eq!(header(&response, "Set-Cookie"), [""; 0], "{path}");
        assert_eq!(header(&response, "Location"), [""; 0], "{path}");
        assert_eq!(
            response.into_string().await.unwrap(),
            "{\"status\": 503}",
            "{path}: the application's catcher"
        );
    }
    assert_eq!(site.text("/handled").await, "the shop is open, carts are not");
    assert_eq!(site.text("/untouched").await, "ok");
    site.store.from_now_on(Fault::None);
    assert_eq!(site.text("/visit").await, "momo");
}

#[get("/handled-and-cached")]
fn handled_and_cached(visit: Result<Visit, SessionError>) -> Cached {
    let vary = Header::new("Vary", "Accept");
    Cached { body: handled(visit), vary, cache: Header::new("Cache-Control", "public, max-age=3600") }
}

#[derive(Responder)]
struct Cached {
    body: &'static str,
    vary: Header<'static>,
    cache: Header<'static>,
}

#[rocket::async_test]
async fn no_cache_keeps_an_answer_that_an_outage_has_made_what_it_is() {
    let site = Site::launch(|rocket| rocket.mount("/", routes![login, handled, handled_and_cached])).await;
    site.text("/login").await;
    let healthy = site.get("/handled-and-cached").await;
    assert_eq!(header(&healthy, "Cache-Control"), ["public, max-age=3600"], "the application's own");
    site.store.from_now_on(Fault::Fail);
    for (path, vary) in [("/handled", "Cookie"), ("/handled-and-cached", "Accept, Cookie")] {
        let response = site.get(path).await;
        assert_eq!(response.status(), Status::Ok);
        assert_eq!(header(&response, "Cache-Control"), ["no-store"], "{path}");
        assert_eq!(header(&response, "Vary"), [vary], "{path}");
        assert_eq!(response.into_string().await.unwrap(), "the shop is open, carts are not");
    }
}

#[derive(Responder)]
struct Telling {
    body: &'static str,
    accel: Header<'static>,
    htmx: Header<'static>,
    refresh: Header<'static>,
    link: Header<'static>,
    clear: Header<'static>,
    own: Header<'static>,
    vary: Header<'static>,
}

/// An answer that does everything by headers, as it would be if all went well.
fn telling() -> Telling {
    Telling {
        body: "done",
        accel: Header::new("X-Accel-Redirect", "/protected/file.pdf"),
        htmx: Header::new("HX-Redirect", "/done"),
        refresh: Header::new("refresh", "0; url=/done"),
        link: Header::new("Link", "</done>; rel=preload"),
        clear: Header::new("Clear-Site-Data", "\"*\""),
        own: Header::new("X-Nobody-Knows", "what"),
        vary: Header::new("Vary", "Accept"),
    }
}

#[get("/telling")]
fn telling_write(visit: Visit) -> Telling {
    visit.set_colour("red");
    telling()
}

#[get("/telling/<_tried..>")]
fn telling_tried(_visit: Option<Visit>, _tried: PathBuf) -> Telling {
    telling()
}

#[get("/telling-members")]
fn telling_members(_member: Option<Guarded>) -> (Status, Telling) {
    (Status::Unauthorized, telling())
}

#[require_session(Visit, login = "/login")]
struct Guarded;

#[rocket::async_test]
async fn an_answer_that_is_replaced_keeps_only_what_is_said_of_every_answer() {
    let policy = AdHoc::on_response("policy", |_, response| {
        Box::pin(async move {
            response.set_raw_header("Content-Security-Policy", "default-src 'self'");
            response.set_raw_header("X-Request-Id", "7");
        })
    });
    let patient = |config: &mut SessionConfig| config.session_breaker_after = 1000;
    let site = Site::launch_with(patient, |rocket| {
        let routes = routes![login, telling_write, telling_tried, telling_members];
        rocket.attach(policy).mount("/", routes).register("/", catchers![in_json])
    })
    .await;
    let keeps_nothing_else = async |response: LocalResponse<'_>, status: Status, own: &[&str]| {
        assert_eq!(response.status(), status);
        let mut names: Vec<String> =
            response.headers().iter().map(|header| header.name.as_str().to_ascii_lowercase()).collect();
        names.retain(|name| !own.contains(&name.as_str()));
        names.sort();
        names.dedup();
        let of_every_answer = [
            "cache-control",
            "content-security-policy",
            "permissions-policy",
            "server",
            "vary",
            "x-content-type-options",
            "x-frame-options",
            "x-request-id",
        ];
        assert_eq!(names, of_every_answer);
        assert_eq!(header(&response, "Cache-Control"), ["no-store"]);
        assert_ne!(response.into_string().await.as_deref(), Some("done"));
    };
    let browser = site.client.get("/telling-members").header(Accept::HTML);
    keeps_nothing_else(browser.dispatch().await, Status::SeeOther, &["location"]).await;
    assert_eq!(site.text("/login").await, "welcome");
    let outage = ["content-type", "retry-after"];
    site.store.from_now_on(Fault::FailWrites);
    keeps_nothing_else(site.get("/telling").await, Status::ServiceUnavailable, &outage).await;
    site.store.from_now_on(Fault::Fail);
    keeps_nothing_else(site.get("/telling/again").await, Status::ServiceUnavailable, &outage).await;
}

#[rocket::async_test]
async fn a_store_that_never_answers_is_given_up() {
    let site = Site::launch_with(
        |config| config.session_store_timeout = Duration::from_millis(50),
        |rocket| rocket.mount("/", routes![visit, untouched]),
    )
    .await;
    // Only an id that looks like one is looked up.
    let id = "A".repeat(43);
    site.store.from_now_on(Fault::Hang);
    let response = site.client.get("/visit").cookie(("session", id)).dispatch().await;
    assert_eq!(response.status(), Status::ServiceUnavailable);
    assert_eq!(site.text("/untouched").await, "ok");
}

#[rocket::async_test]
async fn a_save_that_fails_is_no_success() {
    let site = site().await;
    site.store.from_now_on(Fault::FailWrites);
    let response = site.get("/write").await;
    assert_eq!(response.status(), Status::ServiceUnavailable);
    assert_eq!(header(&response, "Location"), [""; 0]);
    assert_eq!(header(&response, "Set-Cookie"), [""; 0]);
    assert_eq!(header(&response, "Retry-After").len(), 1);
    assert_eq!(header(&response, "Content-Type"), ["application/json"]);
    assert!(!header(&response, "X-Content-Type-Options").is_empty(), "headers of other fairings stay");
    assert_eq!(response.into_string().await.unwrap(), "{\"status\": 503}");
}

/// The same with the real thing, and by way of Rocket's local client.
#[rocket::async_test]
async fn a_redis_that_is_stopped_is_no_anonymous_visitor_for_an_optional_guard() {
    let mut redis = session_tests::redis::Redis::start();
    let mut config = crate::site::config();
    config.session_type = rocket_session_state::config::SessionType::Redis;
    config.store.redis.url = redis.url().into();
    let rocket = crate::site::quiet()
        .attach(rocket_session_state::Sessions::with_config(config))
        .mount("/", routes![login, optional, tried, untouched]);
    let client = rocket::local::asynchronous::Client::tracked(rocket).await.unwrap();
    client.get("/login").dispatch().await;
    assert_eq!(client.get("/optional").dispatch().await.into_string().await.unwrap(), "momo");
    redis.stop();
    for path in ["/optional", "/tried"] {
        assert_eq!(client.get(path).dispatch().await.status(), Status::ServiceUnavailable, "{path}");
    }
    assert_eq!(client.get("/untouched").dispatch().await.status(), Status::Ok);
}

#[rocket::async_test]
async fn a_catcher_that_panics_does_not_cost_the_answer() {
    #[catch(503)]
    fn panics(_: &Request<'_>) -> &'static str {
        panic!("as catchers do");
    }

    let site =
        Site::launch(|rocket| rocket.mount("/", routes![write]).register("/", catchers![panics])).await;
    site.store.from_now_on(Fault::FailWrites);
    let response = site.get("/write").await;
    assert_eq!(response.status(), Status::ServiceUnavailable);
    assert!(response.into_string().await.unwrap().contains("503"), "Rocket's own page");
}
