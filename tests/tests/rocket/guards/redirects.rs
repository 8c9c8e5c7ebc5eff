//! The way of a browser to the login page and back, and the 401 of everybody else.

use rocket::http::{Accept, ContentType, Header, Status};
use rocket::{Request, catch, catchers, get, post, put, routes};
use rocket_session_state::require_session;

use super::{Member, account, browse, index, log_in, login, login_page};
use crate::site::{Site, header};

#[require_session(Member, check = |member: &Member| member.username.ends_with("@staff"))]
struct Admin;

#[post("/account")]
fn change_account(member: Member) -> String {
    member.username
}

#[put("/orders")]
fn put_order(_member: Member) {}

#[get("/admin")]
fn admin(_admin: Admin) {}

#[get("/optional")]
fn optional(member: Option<Member>) -> Result<String, Status> {
    member.map(|member| member.username).ok_or(Status::Unauthorized)
}

#[get("/own-401")]
fn own_401() -> Status {
    Status::Unauthorized
}

async fn site() -> Site {
    Site::launch(|rocket| {
        rocket.mount("/", routes![index, login_page, login, account, change_account, put_order])
    })
    .await
}

#[rocket::async_test]
async fn a_browser_is_sent_to_the_login_page_and_back_to_where_it_was_going() {
    let site = site().await;
    let response = browse(&site.client, "/account?page=2").await;
    assert_eq!(response.status(), Status::SeeOther);
    assert_eq!(header(&response, "Location"), ["/login?next=%2Faccount%3Fpage%3D2"]);
    assert_eq!(header(&response, "Cache-Control"), ["no-store"]);
    assert_eq!(header(&response, "Content-Type"), [""; 0]);
    assert!(!header(&response, "X-Content-Type-Options").is_empty(), "headers of other fairings stay");
    assert_eq!(response.into_string().await, None);
    let page = browse(&site.client, "/login?next=%2Faccount%3Fpage%3D2").await.into_string().await.unwrap();
    assert_eq!(page, "log in for /account?page=2");
    let body = "username=momo&next=%2Faccount%3Fpage%3D2";
    let response = site.client.post("/login").header(ContentType::Form).body(body).dispatch().await;
    assert_eq!(header(&response, "Location"), ["/account?page=2"]);
    assert_eq!(browse(&site.client, "/account?page=2").await.into_string().await.unwrap(), "momo 0 2");
}

#[rocket::async_test]
async fn only_a_get_that_names_html_is_redirected() {
    let site = site().await;
    let html = Accept::HTML;
    for request in [
        site.client.get("/account"),
        site.client.get("/account").header(Accept::Any),
        site.client.get("/account").header(Accept::JSON),
        site.client.get("/account").header(Header::new("Accept", "text/*")),
        site.client.get("/account").header(Header::new("Accept", "text/html;q=0, application/json")),
        site.client.post("/account").header(html.clone()),
        site.client.put("/orders").header(html.clone()),
    ] {
        let response = request.dispatch().await;
        assert_eq!(response.status(), Status::Unauthorized);
        assert_eq!(header(&response, "Location"), [""; 0]);
        assert_eq!(header(&response, "Cache-Control"), ["no-store"]);
    }
    let head = site.client.head("/account").header(html).dispatch().await;
    assert_eq!(head.status(), Status::SeeOther);
}

#[rocket::async_test]
async fn every_other_401_is_the_applications() {
    #[catch(401)]
    fn own(_: &Request<'_>) -> (ContentType, &'static str) {
        (ContentType::JSON, "{}")
    }

    let site = Site::launch(|rocket| {
        rocket
            .mount("/", routes![account, login_page, own_401, optional, index])
            .register("/", catchers![own])
    })
    .await;
    let response = browse(&site.client, "/own-401").await;
    assert_eq!(response.status(), Status::Unauthorized);
    assert_eq!(response.into_string().await.unwrap(), "{}");
    let response = site.get("/account").await;
    assert_eq!(response.status(), Status::Unauthorized);
    assert_eq!(response.into_string().await.unwrap(), "{}", "the application's catcher answers programs");
    assert_eq!(browse(&site.client, "/account").await.status(), Status::SeeOther);
    let optional = browse(&site.client, "/optional").await;
    assert_eq!(header(&optional, "Location"), ["/login?next=%2Foptional"], "its handler said 401 itself");
}

#[rocket::async_test]
async fn a_default_catcher_of_the_application_keeps_working() {
    #[catch(default)]
    fn own(status: Status, _: &Request<'_>) -> String {
        format!("own {}", status.code)
    }

    let site = Site::launch(|rocket| {
        rocket.mount("/", routes![account, login_page, admin, login, index]).register("/", catchers![own])
    })
    .await;
    assert_eq!(site.text("/account").await, "own 401");
    assert_eq!(browse(&site.client, "/account").await.status(), Status::SeeOther);
    log_in(&site.client, "momo").await;
    let response = browse(&site.client, "/admin").await;
    assert_eq!(response.status(), Status::Forbidden);
    assert_eq!(response.into_string().await.unwrap(), "own 403");
}
