//! Answers that depend on a guard, and the log-out.

use rocket::http::{Header, Status};
use rocket::response::Redirect;
use rocket::{get, post, routes, uri};
use rocket_session_state::{ClearSiteData, SessionError, require_session};

use super::{Member, Visit, account, index, log_in, login, login_page};
use crate::site::{Site, header};

#[post("/logout")]
fn logout(visit: Visit) -> ClearSiteData<Redirect> {
    visit.destroy();
    ClearSiteData(Redirect::to(uri!("/")))
}

#[require_session(Member, check = |member: &Member| member.username.ends_with("@staff"))]
struct Admin;

#[get("/admin")]
fn admin(_admin: Admin) {}

#[get("/tried")]
fn tried(member: Result<Member, SessionError>) -> &'static str {
    if member.is_ok() { "a member" } else { "welcome, stranger" }
}

#[get("/cached")]
fn cached(_member: Member) -> (Status, Cached) {
    (Status::Ok, Cached { body: "mine", cache: Header::new("Cache-Control", "private, max-age=60") })
}

#[derive(rocket::Responder)]
struct Cached {
    body: &'static str,
    cache: Header<'static>,
}

async fn site() -> Site {
    Site::launch(|rocket| {
        rocket.mount("/", routes![index, login_page, login, logout, account, admin, tried, cached])
    })
    .await
}

#[rocket::async_test]
async fn what_a_guard_has_decided_is_kept_by_no_cache_unless_the_application_says_so() {
    let site = site().await;
    assert_eq!(header(&site.get("/tried").await, "Cache-Control"), ["no-store"]);
    log_in(&site.client, "momo").await;
    for path in ["/account", "/tried", "/admin"] {
        assert_eq!(header(&site.get(path).await, "Cache-Control"), ["no-store"], "{path}");
    }
    assert_eq!(header(&site.get("/cached").await, "Cache-Control"), ["private, max-age=60"]);
    assert_eq!(header(&site.get("/").await, "Cache-Control"), [""; 0]);
}

#[rocket::async_test]
async fn logging_out_deletes_the_cookie_as_it_was_set_and_can_make_the_browser_forget() {
    let site = site().await;
    log_in(&site.client, "momo").await;
    let response = site.client.post("/logout").dispatch().await;
    assert_eq!(header(&response, "Clear-Site-Data"), ["\"cache\", \"storage\""]);
    let cookies = header(&response, "Set-Cookie");
    assert_eq!(cookies.len(), 1);
    for attribute in ["Max-Age=0", "Path=/", "HttpOnly", "SameSite=Lax"] {
        assert!(cookies[0].contains(attribute), "{attribute}: {}", cookies[0]);
    }
    assert_eq!(site.get("/account").await.status(), Status::Unauthorized);
    assert_eq!(site.client.get("/logout").dispatch().await.status(), Status::NotFound);
}
