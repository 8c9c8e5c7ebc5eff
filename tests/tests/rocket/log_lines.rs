//! The lines of the log about a request, and their number.

use std::time::Duration;

use rocket::http::uri::Host;
use rocket::http::{Accept, Header, Status};
use rocket::{get, routes};
use rocket_session_state::config::{SessionConfig, SessionType};
use rocket_session_state::store::RedisStore;
use rocket_session_state::store::conformance::Fault;
use rocket_session_state::{FieldError, LifetimeTooShort, SaveError, Session, SessionError, Sessions};

use crate::log::lines_with;
use crate::member::{Member, login_page};
use crate::site::{self, Site, launches};

#[get("/log-lines/member?<_secret>")]
fn member(_member: Member, _secret: Option<&str>) {}

#[get("/log-lines/set/<value>")]
fn set(value: u8, session: Session) {
    session.set("value", &value);
}

#[rocket::async_test]
async fn a_redirect_to_the_login_page_is_one_line_that_says_so() {
    let site = Site::launch(|rocket| rocket.mount("/", routes![member, login_page])).await;
    let response = site.client.get("/log-lines/member?_secret=k").header(Accept::HTML).dispatch().await;
    assert_eq!(response.status(), Status::SeeOther);
    let lines = lines_with("/log-lines/member");
    let ours: Vec<&String> = lines.iter().filter(|line| line.contains("rocket_session_state")).collect();
    assert_eq!(
        ours,
        [
            "INFO rocket_session_state::login::redirect GET /log-lines/member: the visitor has to log in first, \
          redirected (303) to /login"
        ]
    );
}

#[rocket::async_test]
async fn an_outage_is_told_by_the_client_of_the_store_and_not_by_each_request() {
    #[get("/log-lines/outage/<_number>")]
    fn outage(_number: u8, _session: Session) {}

    let site = Site::launch_with(
        |config| config.session_breaker_after = 1000,
        |rocket| rocket.mount("/", routes![outage, set]),
    )
    .await;
    site.get("/log-lines/set/1").await;
    site.store.from_now_on(Fault::Fail);
    for number in 0..20 {
        assert_eq!(
            site.get(&format!("/log-lines/outage/{number}")).await.status(),
            Status::ServiceUnavailable
        );
    }
    assert_eq!(site.get("/log-lines/set/2").await.status(), Status::ServiceUnavailable);
    let lines = [lines_with("/log-lines/outage/"), lines_with("/log-lines/set/2")].concat();
    let errors: Vec<&String> =
        lines.iter().filter(|line| line.starts_with("ERROR rocket_session_state")).collect();
    assert_eq!(errors, [""; 0]);
}

#[rocket::async_test]
async fn a_launch_without_its_store_names_the_address_once() {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Redis;
    config.store.redis.url = "redis://127.0.0.1:1/7".into();
    let given = RedisStore::from_url("redis://127.0.0.1:1/8").unwrap();
    for sessions in [Sessions::with_config(config), Sessions::with_config(site::config()).store(given)] {
        assert!(!launches(site::quiet().attach(sessions)).await);
    }
    for database in ["127.0.0.1:1/7", "127.0.0.1:1, database 8"] {
        let lines = lines_with(database);
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(line.contains("sessions can't be served from "), "{line}");
        assert_eq!(line.matches("127.0.0.1:1").count(), 1, "{line}");
    }
}

/// Rocket itself shows headers at that level, and no fairing can keep it from doing so.
#[rocket::async_test]
async fn a_log_that_shows_cookies_is_warned_about_outside_the_debug_profile() {
    const PART: &str = "the cookies of sessions among them";
    for (level, debug_profile) in [("debug", true), ("normal", false), ("off", false), ("debug", false)] {
        assert_eq!(lines_with(PART), [""; 0]);
        let profile = if debug_profile { "debug" } else { "release" };
        let figment = site::quiet().figment().clone().select(profile).merge(("log_level", level));
        let sessions = Sessions::with_config(site::config());
        assert!(launches(rocket::custom(figment).attach(sessions)).await);
    }
    let lines = lines_with(PART);
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(line.starts_with("WARN ") && line.contains("log_level = \"normal\""), "{line}");
}

#[rocket::async_test]
async fn the_debug_text_of_an_error_is_short() {
    #[get("/log-lines/debug")]
    fn debug(session: Result<Session, SessionError>) -> String {
        session.map_or_else(
            |error| {
                error.handled();
                format!("{error:?}")
            },
            |_| String::new(),
        )
    }

    let site = Site::launch(|rocket| rocket.mount("/", routes![debug, set])).await;
    site.get("/log-lines/set/1").await;
    site.store.from_now_on(Fault::Fail);
    let text = site.text("/log-lines/debug").await;
    assert!(text.starts_with("Unavailable(") && text.len() < 100, "{text}");
}

#[rocket::async_test]
async fn errors_of_fields_and_saves_are_answers_and_lines_of_the_log() {
    #[get("/log-lines/field")]
    fn field(session: Session) -> Result<String, FieldError> {
        session.set("number", "not one");
        Ok(session.get::<u8>("number")?.unwrap_or_default().to_string())
    }

    #[get("/log-lines/save")]
    async fn save(session: Session) -> Result<(), SaveError> {
        session.set("number", &1);
        session.save().await
    }

    #[get("/log-lines/lifetime")]
    fn lifetime(session: Session) -> Result<(), LifetimeTooShort> {
        session.set_lifetime(Duration::ZERO)
    }

    #[get("/log-lines/guard")]
    fn guard(member: Result<Member, SessionError>) -> Result<(), SessionError> {
        member.map(|_| ())
    }

    let site =
        Site::launch(|rocket| rocket.mount("/", routes![field, lifetime, save, guard, login_page])).await;
    assert_eq!(site.get("/log-lines/field").await.status(), Status::InternalServerError);
    let lines = lines_with("GET /log-lines/field: ");
    assert!(
        lines.len() == 1 && lines[0].contains("\"number\"") && !lines[0].contains("not one"),
        "{lines:?}"
    );
    assert_eq!(site.get("/log-lines/lifetime").await.status(), Status::InternalServerError);
    let lines = lines_with("GET /log-lines/lifetime: ");
    assert!(lines.len() == 1 && lines[0].contains("its shortest life is one second"), "{lines:?}");
    assert_eq!(site.get("/log-lines/guard").await.status(), Status::Unauthorized);
    let browser = site.client.get("/log-lines/guard").header(Accept::HTML).dispatch().await;
    assert_eq!(browser.status(), Status::SeeOther, "as if the guard were a plain argument");
    site.store.from_now_on(Fault::FailWrites);
    assert_eq!(site.get("/log-lines/save").await.status(), Status::ServiceUnavailable);
    assert!(lines_with("GET /log-lines/save: ")[0].starts_with("DEBUG"));
}

/// The lines that warn of a cookie which the browser will drop, after requests for these hosts with these headers.
async fn warnings(
    path: &'static str,
    asked: &[(&'static str, Option<(&'static str, &'static str)>)],
) -> usize {
    #[get("/log-lines/<_kind>/secure")]
    fn secure(_kind: &str, session: Session) {
        session.set("key", &1);
    }

    let site = Site::launch_with(
        |config| config.session_cookie_secure = Some(true),
        |rocket| rocket.mount("/", routes![secure]),
    )
    .await;
    for (host, header) in asked {
        let mut request = site.client.get(path);
        request.set_host(Host::parse(host).expect("a host"));
        if let Some((name, value)) = header {
            request = request.header(Header::new(*name, *value));
        }
        assert_eq!(request.dispatch().await.status(), Status::Ok);
    }
    let lines = lines_with(&format!("GET {path}: the session cookie is `Secure`"));
    assert!(lines.iter().all(|line| line.contains("session_cookie_secure = false")), "{lines:?}");
    lines.len()
}

#[rocket::async_test]
async fn a_secure_cookie_for_a_host_that_was_asked_by_plain_http_is_one_warning() {
    let plain = [("shop.example", None), ("shop.example:8000", None), ("192.0.2.1", None)];
    assert_eq!(warnings("/log-lines/plain/secure", &plain).await, 1);
}

#[rocket::async_test]
async fn a_secure_cookie_is_no_warning_where_browsers_take_it_or_https_was_spoken() {
    let local = ["localhost", "LOCALHOST:8000", "app.localhost", "127.0.0.1:8000", "[::1]:8000"];
    assert_eq!(warnings("/log-lines/local/secure", &local.map(|host| (host, None))).await, 0);
    let proxied = [
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Proto", "HTTPS, http"),
        ("Forwarded", "for=192.0.2.1;proto=https;by=192.0.2.2"),
        ("Forwarded", "for=192.0.2.1, for=192.0.2.9; proto=\"https\""),
        ("X-Forwarded-Ssl", "on"),
    ];
    let proxied = proxied.map(|header| ("shop.example", Some(header)));
    assert_eq!(warnings("/log-lines/proxied/secure", &proxied).await, 0);
    let http = [("shop.example", Some(("X-Forwarded-Proto", "http")))];
    assert_eq!(warnings("/log-lines/proxied-http/secure", &http).await, 1);
}
