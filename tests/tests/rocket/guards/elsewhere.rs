//! A login page on another origin, which the configuration names.

use rocket::http::uri::Host;
use rocket::http::{Accept, Header, Status};
use rocket::local::asynchronous::{LocalRequest, LocalResponse};
use rocket::{Request, get, routes};
use rocket_session_state::config::SessionConfig;
use rocket_session_state::guard::{self, LoginTarget, SessionGuard};
use rocket_session_state::{SessionError, Sessions, require_session};

use super::Visit;
use crate::log::lines_with;
use crate::site::{Site, config, header, launches, quiet};

#[require_session(Visit, login = "https://accounts.example/login?app=shop")]
struct Member;

/// Its login page is named by its whole address, though it is one of this site.
#[require_session(Visit, login = "http://shop.example/elsewhere/own")]
struct Own;

#[get("/elsewhere/account?<page>")]
fn account(_member: Member, page: Option<u8>) -> String {
    format!("{page:?}")
}

#[get("/elsewhere/own")]
fn own(_guard: Own) {}

#[get("/elsewhere/page")]
fn page(_guard: Own) {}

const TRUSTED: [&str; 2] = ["HTTPS://Accounts.example:443", "http://shop.example"];

async fn site(change: impl FnOnce(&mut SessionConfig)) -> Site {
    let trusting = |config: &mut SessionConfig| {
        config.session_trusted_origins = TRUSTED.map(str::to_owned).to_vec();
        change(config);
    };
    Site::launch_with(trusting, |rocket| rocket.mount("/", routes![account, own, page])).await
}

async fn ask<'s>(request: LocalRequest<'s>, host: Option<&str>) -> LocalResponse<'s> {
    let mut request = request.header(Accept::HTML);
    if let Some(host) = host {
        request.set_host(Host::parse_owned(host.to_owned()).unwrap());
    }
    request.dispatch().await
}

#[rocket::async_test]
async fn a_browser_is_sent_there_with_the_whole_address_of_the_page_that_it_wanted() {
    let (plain, secure) = (
        site(|config| config.session_cookie_secure = Some(false)).await,
        site(|config| config.session_cookie_secure = Some(true)).await,
    );
    for (site, host, next) in [
        (&plain, Some("shop.example"), "&next=http:%2F%2Fshop.example%2Felsewhere%2Faccount%3Fpage%3D2"),
        (&plain, Some("[::1]:8000"), "&next=http:%2F%2F[::1]:8000%2Felsewhere%2Faccount%3Fpage%3D2"),
        (&secure, Some("Shop.example"), "&next=https:%2F%2Fshop.example%2Felsewhere%2Faccount%3Fpage%3D2"),
        (&secure, Some("a!b.example"), ""),
        (&secure, Some(".example"), ""),
        (&secure, None, ""),
    ] {
        let response = ask(site.client.get("/elsewhere/account?page=2"), host).await;
        assert_eq!(response.status(), Status::SeeOther, "{host:?}");
        let expected = format!("https://accounts.example/login?app=shop{next}");
        assert_eq!(header(&response, "Location"), [expected], "{host:?}");
        assert_eq!(header(&response, "Cache-Control"), ["no-store"], "{host:?}");
    }
    let line = "GET /elsewhere/account: the visitor has to log in first, redirected (303) to https://accounts.example/login";
    assert!(lines_with(line).iter().all(|logged| logged.ends_with(line)), "without the query");
    assert_eq!(lines_with(line).len(), 6);
}

#[rocket::async_test]
async fn htmx_is_sent_there_with_the_whole_address_of_the_page_that_the_visitor_was_on() {
    let site = site(|config| config.session_cookie_secure = Some(true)).await;
    for (on, next) in [
        ("https://shop.example/orders", "&next=https:%2F%2Fshop.example%2Forders"),
        ("https://evil.example/orders", ""),
    ] {
        let request = site.client.get("/elsewhere/account").header(Header::new("HX-Request", "true"));
        let response = ask(request.header(Header::new("HX-Current-URL", on)), Some("shop.example")).await;
        assert_eq!(response.status(), Status::Unauthorized);
        let expected = format!("https://accounts.example/login?app=shop{next}");
        assert_eq!(header(&response, "HX-Redirect"), [expected], "{on}");
    }
}

#[rocket::async_test]
async fn the_address_of_a_page_of_this_site_leads_in_no_circle() {
    let site = site(|config| config.session_cookie_secure = Some(false)).await;
    let response = ask(site.client.get("/elsewhere/page"), Some("shop.example")).await;
    let expected = "http://shop.example/elsewhere/own?next=http:%2F%2Fshop.example%2Felsewhere%2Fpage";
    assert_eq!(header(&response, "Location"), [expected]);
    let response = ask(site.client.get("/elsewhere/own"), Some("shop.example")).await;
    assert_eq!(response.status(), Status::Unauthorized);
    let response = ask(site.client.get("/elsewhere/own"), Some("other.example")).await;
    assert_eq!(response.status(), Status::SeeOther, "at another host it is another page");
}

#[rocket::async_test]
async fn an_origin_that_is_not_trusted_does_not_launch_and_the_log_says_what_to_write() {
    let launch = |trusted: &[&str]| {
        let mut config = config();
        config.session_trusted_origins = trusted.iter().map(ToString::to_string).collect();
        launches(quiet().attach(Sessions::with_config(config)).mount("/", routes![account]))
    };
    for (trusted, remedy) in [
        (&[][..], r#"write session_trusted_origins = ["https://accounts.example"]"#),
        (
            &["http://accounts.example"],
            r#"write session_trusted_origins = ["http://accounts.example", "https://accounts.example"]"#,
        ),
    ] {
        assert!(!launch(trusted).await, "{trusted:?}");
        let lines = lines_with(remedy);
        assert_eq!(lines.len(), 1, "{remedy}");
        assert!(
            lines[0].contains("::elsewhere::Member sends visitors to https://accounts.example"),
            "{lines:?}"
        );
    }
    assert!(launch(&["https://accounts.example:443"]).await);
}

#[rocket::async_test]
async fn an_address_that_is_none_does_not_launch() {
    struct ByHand;

    impl SessionGuard for ByHand {
        type State = Visit;
        const REQUIRES: bool = true;
        const LOGIN: Option<LoginTarget> = Some(LoginTarget::Url("accounts.example/login"));

        async fn authorize(_: &Request<'_>) -> Result<Self, SessionError> {
            Err(SessionError::LoggedOut)
        }
    }

    #[rocket::async_trait]
    impl<'r> rocket::request::FromRequest<'r> for ByHand {
        type Error = SessionError;

        async fn from_request(request: &'r Request<'_>) -> rocket::request::Outcome<Self, SessionError> {
            guard::enter(request).await
        }
    }

    impl rocket::Sentinel for ByHand {
        fn abort(rocket: &rocket::Rocket<rocket::Ignite>) -> bool {
            guard::abort::<Self>(rocket)
        }
    }

    #[get("/by-hand")]
    fn by_hand(_guard: ByHand) {}

    assert!(!launches(quiet().attach(Sessions::with_config(config())).mount("/", routes![by_hand])).await);
    assert_eq!(lines_with(r#""accounts.example/login" to log in, and that has no scheme"#).len(), 1);
}
