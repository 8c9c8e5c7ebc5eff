//! The way of a page that htmx changes to the login page and back.

use rocket::http::uri::Host;
use rocket::http::{Accept, Header, Method, Status};
use rocket::local::asynchronous::LocalResponse;
use rocket::{Request, Responder, catch, catchers, get, post, routes};
use rocket_session_state::require_session;

use super::{Member, Visit, account, index, log_in, login, login_page};
use crate::site::{Site, header};

/// Sends to a login page which asks for what another guard keeps, whose login page does the same.
#[require_session(Visit, login = "/htmx/second-login")]
struct Second;

#[get("/htmx/second-login")]
fn second_login() {}

#[get("/htmx/second")]
fn second(_guard: Second) {}

#[post("/account")]
fn change_account(member: Member) -> String {
    member.username
}

#[get("/own-401")]
fn own_401() -> Status {
    Status::Unauthorized
}

/// What an application may have said to htmx before.
#[derive(Responder)]
#[response(status = 401)]
struct Own {
    text: &'static str,
    location: Header<'static>,
    refresh: Header<'static>,
}

#[catch(401)]
fn own(_: &Request<'_>) -> Own {
    let (location, refresh) = (Header::new("HX-Location", "/elsewhere"), Header::new("HX-Refresh", "true"));
    Own { text: "please log in", location, refresh }
}

async fn site() -> Site {
    Site::launch(|rocket| {
        let routes =
            routes![index, login_page, login, account, change_account, own_401, second_login, second];
        rocket.mount("/", routes).register("/", catchers![own])
    })
    .await
}

/// Asks as htmx does, from the page `on` of a site that is called `shop.example`.
async fn ask<'s>(
    site: &'s Site,
    method: Method,
    path: &str,
    on: Option<&str>,
    boosted: bool,
) -> LocalResponse<'s> {
    let mut request = site.client.req(method, path.to_owned()).header(Header::new("HX-Request", "true"));
    request.set_host(Host::parse("shop.example").unwrap());
    if let Some(on) = on {
        request = request.header(Header::new("HX-Current-URL", on.to_owned()));
    }
    if boosted {
        request = request.header(Header::new("HX-Boosted", "true"));
    }
    request.dispatch().await
}

#[rocket::async_test]
async fn htmx_is_sent_to_the_login_page_and_back_to_the_page_that_the_visitor_was_on() {
    let site = site().await;
    let here = Some("https://shop.example/orders?open=1#top");
    let back = "/login?next=%2Forders%3Fopen%3D1";
    for (method, on, boosted, expected) in [
        (Method::Get, here, false, back),
        (Method::Post, here, false, back),
        (Method::Post, here, true, back),
        (Method::Get, here, true, "/login?next=%2Faccount%3Fpage%3D2"),
        (Method::Get, Some("http://SHOP.example:80"), false, "/login?next=%2F"),
        (Method::Get, Some("http://shop.example?a=b"), false, "/login?next=%2F"),
        (Method::Get, Some("http://shop.example:8000/orders"), false, "/login"),
        (Method::Get, Some("https://evil.example/orders"), false, "/login"),
        (Method::Get, Some("https://shop.example@evil.example/orders"), false, "/login"),
        (Method::Get, Some("https://shop.example/\\evil.example"), false, "/login"),
        (Method::Get, Some("https://shop.example//evil.example/"), false, "/login?next=%2Fevil.example"),
        (Method::Get, Some("/orders"), false, "/login"),
        (Method::Get, None, false, "/login"),
    ] {
        let response = ask(&site, method, "/account?page=2", on, boosted).await;
        assert_eq!(response.status(), Status::Unauthorized, "{method} {on:?}");
        assert_eq!(header(&response, "HX-Redirect"), [expected], "{method} {on:?}");
        assert_eq!(header(&response, "Location"), [""; 0]);
    }
    log_in(&site.client, "momo").await;
    let response = ask(&site, Method::Get, "/account?page=2", here, false).await;
    assert_eq!(header(&response, "HX-Redirect"), [""; 0]);
    assert_eq!(response.into_string().await.unwrap(), "momo 0 2");
}

#[rocket::async_test]
async fn a_site_that_does_not_know_its_name_takes_no_page_from_htmx() {
    let site = site().await;
    let request = site.client.get("/account").header(Header::new("HX-Request", "true"));
    let on = Header::new("HX-Current-URL", "https://evil.example/orders");
    assert_eq!(header(&request.header(on).dispatch().await, "HX-Redirect"), ["/login"]);
}

#[rocket::async_test]
async fn the_answer_is_kept_by_no_cache_and_has_nothing_else_that_htmx_would_follow() {
    let site = site().await;
    let on = Some("https://shop.example/orders");
    let response = ask(&site, Method::Get, "/account", on, false).await;
    assert_eq!(header(&response, "Cache-Control"), ["no-store"]);
    assert!(header(&response, "Vary").join(", ").contains("HX-Request"));
    for name in ["HX-Location", "HX-Refresh"] {
        assert_eq!(header(&response, name), [""; 0], "{name}");
    }
    assert_eq!(response.into_string().await.unwrap(), "please log in", "the catcher's text stays");
    let response = ask(&site, Method::Get, "/own-401", on, false).await;
    assert_eq!(header(&response, "HX-Redirect"), [""; 0], "no guard said so");
    assert_eq!(header(&response, "HX-Location"), ["/elsewhere"]);
}

#[rocket::async_test]
async fn who_is_not_htmx_is_treated_as_ever() {
    let site = site().await;
    for htmx in [None, Some("false"), Some("")] {
        let mut request = site.client.get("/account").header(Accept::HTML);
        if let Some(htmx) = htmx {
            request = request.header(Header::new("HX-Request", htmx));
        }
        let response = request.dispatch().await;
        assert_eq!(response.status(), Status::SeeOther, "{htmx:?}");
        assert_eq!(header(&response, "HX-Redirect"), [""; 0], "{htmx:?}");
    }
}

#[rocket::async_test]
async fn a_login_page_whose_parts_need_a_login_is_not_loaded_again_and_again() {
    let site = site().await;
    for on in
        ["https://shop.example/login?next=%2F", "https://shop.example/%6cogin", "http://inside:8000/login"]
    {
        let response = ask(&site, Method::Get, "/account", Some(on), false).await;
        assert_eq!(response.status(), Status::Unauthorized);
        assert_eq!(header(&response, "HX-Redirect"), [""; 0], "{on}");
    }
    let response = ask(&site, Method::Get, "/account", Some("https://shop.example/login"), true).await;
    assert_eq!(header(&response, "HX-Redirect"), ["/login?next=%2Faccount"], "a link leads to another page");
    let (first, second) = ("https://shop.example/login", "https://shop.example/htmx/second-login");
    let response = ask(&site, Method::Get, "/htmx/second", Some(first), false).await;
    assert_eq!(header(&response, "HX-Redirect"), ["/htmx/second-login"]);
    let response = ask(&site, Method::Get, "/account", Some(second), false).await;
    assert_eq!(header(&response, "HX-Redirect"), [""; 0], "it would lead back to the first");
}
