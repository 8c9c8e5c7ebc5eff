//! The page after logging in: never to another site, and never in a circle.

use proptest::prelude::*;
use rocket::http::uri::{Origin, Reference};
use rocket::http::{Accept, ContentType, Status};
use rocket::local::asynchronous::Client;
use rocket::{FromForm, form::Form, get, post, routes, uri};
use rocket_session_state::{Next, NextRedirect, Sessions, require_session};

use crate::member::Visit;
use crate::site::{Site, config, header, quiet};

#[require_session(Visit, login = |next| uri!(log_in_here(Some(next))))]
struct Member;

#[get("/log-in-here?<next>")]
fn log_in_here(next: Option<Next>) -> String {
    format!("{:?}", next.map(|next| next.to_string()))
}

#[derive(FromForm)]
struct Login {
    next: Next,
}

#[post("/log-in-here", data = "<form>")]
fn log_in(form: Form<Login>) -> NextRedirect {
    form.next.redirect_or(uri!(index))
}

#[get("/")]
fn index() {}

#[get("/<_page..>", rank = 20)]
fn page(_page: std::path::PathBuf, _member: Member) {}

async fn site() -> Site {
    Site::launch(|rocket| rocket.mount("/", routes![log_in_here, log_in, index, page])).await
}

/// Each leads elsewhere in some browser, or might in some framework.
const HOSTILE: [&str; 60] = [
    "",
    " ",
    "evil.example",
    "evil.example/path",
    "https://evil.example",
    "HTTPS://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "https:\\\\evil.example",
    "ftp://evil.example",
    "//evil.example",
    "//evil.example/%2f..",
    "///evil.example",
    "////evil.example",
    "//evil.example@localhost",
    "//localhost@evil.example",
    "//",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "\\evil.example",
    "/\\/evil.example",
    "/\\\\evil.example",
    "/x\\..\\..\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\u{0}//evil.example",
    "/\u{0}/evil.example",
    "/\u{b}/evil.example",
    "/\u{7f}/evil.example",
    "/\u{85}/evil.example",
    "/\u{a0}/evil.example",
    "/\u{200b}/evil.example",
    "/\u{2028}/evil.example",
    "\u{feff}//evil.example",
    "\u{ff0f}\u{ff0f}evil.example",
    "/\u{ff0f}evil.example",
    "/\u{2215}evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "javascript://%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "/.//evil.example",
    "/..//evil.example",
    "/%2e%2e//evil.example",
    "/./evil.example",
    "/x/%2E%2e/evil.example",
    "/a\r\nSet-Cookie: session=1",
    "/a\r\n\r\n<html>",
    "/a b",
    "/a#//evil.example",
    "?next=//evil.example",
    "#//evil.example",
    "*",
];

/// Each leads back to the login page of the application.
const LOGIN_PAGES: [&str; 4] =
    ["/log-in-here", "/log-in-here/", "/log-in-here?next=/account", "/%6cog-in-here"];

#[rocket::async_test]
async fn no_hostile_next_leaves_the_site_by_query_or_by_form() {
    let site = site().await;
    for hostile in HOSTILE {
        assert_eq!(Next::parse(hostile), None, "{hostile:?}");
        let encoded = hostile.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        assert_eq!(site.text(&format!("/log-in-here?next={encoded}")).await, "None", "{hostile:?}");
        assert_eq!(location_after_login(&site, hostile).await, "/", "{hostile:?}");
    }
    let without = site.client.post("/log-in-here").header(ContentType::Form).body("").dispatch().await;
    assert_eq!(header(&without, "Location"), ["/"]);
}

/// Logs in with this `next` and returns where the answer redirects to.
async fn location_after_login(site: &Site, next: &str) -> String {
    let encoded = next.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let body = format!("next={encoded}");
    let response = site.client.post("/log-in-here").header(ContentType::Form).body(body).dispatch().await;
    assert_eq!(response.status(), Status::SeeOther);
    header(&response, "Location").concat()
}

#[rocket::async_test]
async fn a_login_page_is_no_place_to_go_on_to_in_its_own_application() {
    let site = site().await;
    let other = Site::launch(|rocket| rocket.mount("/", routes![log_in, index])).await;
    for login_page in LOGIN_PAGES {
        assert_eq!(location_after_login(&site, login_page).await, "/", "{login_page:?}");
        assert_eq!(location_after_login(&other, login_page).await, login_page, "it is a page like any other");
    }
}

#[rocket::async_test]
async fn an_honest_next_comes_through_as_it_was_asked_for() {
    let site = site().await;
    for (asked, next) in [
        ("/account", "/account"),
        ("/a?x=1%262&y=%C3%A4", "/a?x=1%262&y=%C3%A4"),
        ("/%2f/evil.example", "/%2f/evil.example"),
        ("//account//orders", "/account/orders"),
        ("/a/../b", "/b"),
    ] {
        let response = site.client.get(asked).header(Accept::HTML).dispatch().await;
        let [location] = &header(&response, "Location")[..] else { panic!("{asked}: {}", response.status()) };
        let page = site.text(location).await;
        assert_eq!(page, format!("{:?}", Some(next)), "{asked}: {location}");
        assert!(Next::parse(next).is_some());
    }
}

#[test]
fn a_page_may_end_in_a_slash() {
    assert!(Next::parse("/account/").is_some());
}

#[test]
fn a_next_in_a_uri_is_left_out_where_there_is_none() {
    assert_eq!(uri!(log_in_here(Some(Next::default()))), "/log-in-here");
    assert_eq!(uri!(log_in_here(Next::parse("/a?b=c"))), "/log-in-here?next=%2Fa%3Fb%3Dc");
    assert_eq!(Next::default().as_str(), None);
}

/// Text as an attacker would put it together.
fn crafted() -> impl Strategy<Value = String> {
    let pieces =
        ["/", "\\", ".", "..", "%2e", "%2F", "%5c", "@", ":", "?", "#", "\t", "evil.example", "a", "//"];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_a_path_on_this_site(text in prop_oneof![crafted(), "\\PC*", "/\\PC*", "/[ -~]*"]) {
        if let Some(next) = Next::parse(&text) {
            prop_assert_eq!(next.to_string(), &text[..]);
            prop_assert!(text.starts_with('/') && !text.starts_with("//"));
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'));
            let origin = Origin::parse(&text).unwrap();
            prop_assert!(!origin.path().raw_segments().any(|segment| segment == "." || segment == ".."));
            let reference = Reference::parse(&text).unwrap();
            prop_assert!(reference.scheme().is_none() && reference.authority().is_none());
            prop_assert_eq!(Next::parse(&text), Some(next));
        }
    }
}

/// Follows redirects as a browser does; the status in the end, or `None` in a circle.
async fn follow(client: &Client, start: &str) -> Option<Status> {
    let mut path = start.to_owned();
    for _ in 0..20 {
        let response = client.get(path.clone()).header(Accept::HTML).dispatch().await;
        match response.headers().get_one("Location") {
            Some(location) => location.clone_into(&mut path),
            None => return Some(response.status()),
        }
    }
    None
}

mod circles {
    use super::*;

    /// Each login page is guarded by the guard that sends to the other, with and without a `next`.
    #[require_session(Visit, login = |next| uri!(second_page(Some(next))))]
    pub(super) struct First;

    #[require_session(Visit, login = |_| uri!(third_page))]
    pub(super) struct Second;

    #[require_session(First, login = "/circles/first")]
    pub(super) struct Third;

    #[require_session(Visit, login = "/circles/own")]
    pub(super) struct Own;

    #[require_session(Second, fresh = "1 minute", login = "/circles/way-out")]
    pub(super) struct WayOut;

    #[get("/circles/first")]
    pub(super) fn first_page(_guard: First) {}

    #[get("/circles/second?<next>")]
    pub(super) fn second_page(next: Option<Next>, _guard: Second) {
        let _ = next;
    }

    #[get("/circles/third")]
    pub(super) fn third_page(_guard: Third) {}

    #[get("/circles/own")]
    pub(super) fn own_page(_guard: Own) {}

    #[get("/circles/way-out")]
    pub(super) fn way_out_page() {}

    #[get("/1")]
    pub(super) fn one(_guard: First) {}

    #[get("/2")]
    pub(super) fn two(_guard: Second) {}

    #[get("/3")]
    pub(super) fn three(_guard: Third) {}

    #[get("/4")]
    pub(super) fn four(_guard: Own) {}

    #[get("/5")]
    pub(super) fn five(_guard: WayOut) {}
}

#[rocket::async_test]
async fn guards_never_send_a_visitor_in_a_circle() {
    use circles::*;
    let routes =
        routes![first_page, second_page, third_page, own_page, way_out_page, one, two, three, four, five];
    let rocket = quiet().attach(Sessions::with_config(config())).mount("/", routes);
    let client = Client::untracked(rocket).await.unwrap();
    for _ in 0..2 {
        for path in
            ["/1", "/2", "/3", "/4", "/circles/third", "/circles/first", "/circles/second", "/circles/own"]
        {
            assert_eq!(follow(&client, path).await, Some(Status::Unauthorized), "{path}");
        }
        assert_eq!(follow(&client, "/5").await, Some(Status::Ok));
    }
}
