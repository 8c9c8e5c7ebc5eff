//! The login field belongs to the application: its rules hold in requests that never load a state.

use rocket::http::Status;
use rocket::{get, routes};
use rocket_session_state::{Session, require_session, session_state};

use crate::log::lines_with;
use crate::site::{Site, header};

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
    cart: Option<String>,
    pages_seen_by_the_last_user: u32,
}

#[require_session(Visit)]
struct Member {
    username: String,
}

#[get("/member")]
fn member(member: Member) -> String {
    member.username
}

#[get("/cart/<item>")]
fn cart(item: &str, visit: Visit) {
    visit.set_cart(Some(item.to_owned()));
}

#[get("/in/<name>")]
fn untyped_login(name: &str, session: Session) {
    session.set("username", name);
}

#[get("/out")]
fn untyped_logout(session: Session) {
    session.remove("username");
}

#[get("/keys")]
fn keys(session: Session) -> String {
    session.keys().join(" ")
}

#[get("/switch/<name>")]
fn switch(name: &str, visit: Visit) {
    visit.set_cart(Some("new".to_owned()));
    visit.update_pages_seen_by_the_last_user(|pages| *pages += 1);
    visit.set_username(name);
}

async fn site() -> Site {
    let all = routes![member, cart, untyped_login, untyped_logout, keys, switch];
    Site::launch(|rocket| rocket.mount("/", all)).await
}

#[rocket::async_test]
async fn untyped_code_that_logs_in_gives_a_new_id_and_the_old_one_is_dead() {
    let site = site().await;
    site.get("/cart/tea").await;
    let planted = site.client.cookies().get("session").unwrap().clone().into_owned();
    assert_eq!(header(&site.get("/in/alice").await, "Set-Cookie").len(), 1);
    assert_eq!(site.text("/member").await, "alice");
    assert_eq!(site.text("/keys").await, "_permanent cart username _login_at");
    let attacker = site.client.get("/member").cookie(planted).dispatch().await;
    assert_eq!(attacker.status(), Status::Unauthorized, "who planted the id is logged in");
}

#[rocket::async_test]
async fn untyped_code_that_logs_out_or_changes_the_user_leaves_nothing_of_the_last_one() {
    for between in [&["/out"][..], &[]] {
        let site = site().await;
        for path in [&["/in/alice", "/cart/tea"], between, &["/in/bob"]].concat() {
            site.get(path).await;
        }
        assert_eq!(site.text("/member").await, "bob");
        assert_eq!(site.text("/keys").await, "_permanent username _login_at");
    }
}

#[rocket::async_test]
async fn what_was_made_of_the_last_users_values_goes_with_a_warning_that_names_the_fields() {
    let site = site().await;
    site.get("/in/alice").await;
    site.get("/switch/bob").await;
    assert_eq!(site.text("/keys").await, "_permanent cart username _login_at");
    let lines = lines_with("pages_seen_by_the_last_user");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].starts_with("WARN ") && !lines[0].contains("cart"), "{lines:#?}");
    site.get("/switch/bob").await;
    assert_eq!(lines_with("pages_seen_by_the_last_user").len(), 1, "the same user again keeps it");
}
