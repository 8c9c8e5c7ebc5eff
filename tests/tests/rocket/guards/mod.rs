//! Guards: who may enter, and what becomes of those who may not.

mod by_hand;
mod caching;
mod elsewhere;
mod fresh;
mod handlers;
mod htmx;
mod redirects;
mod requirements;

use rocket::form::Form;
use rocket::http::{ContentType, Header};
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::{FromForm, get, post, uri};
use rocket_session_state::{Next, NextRedirect, require_session, session_state};

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
    team: Option<String>,
    views: u32,
}

#[require_session(Visit, login = |next| uri!(login_page(Some(next))))]
struct Member {
    username: String,
}

#[get("/login?<next>")]
fn login_page(next: Option<Next>) -> String {
    format!("log in for {}", next.unwrap_or_default())
}

#[derive(FromForm)]
struct Login {
    username: String,
    next: Next,
}

#[post("/login", data = "<form>")]
fn login(form: Form<Login>, visit: Visit) -> NextRedirect {
    visit.set_username(&form.username);
    form.next.redirect_or(uri!(index))
}

#[get("/")]
fn index() -> &'static str {
    "index"
}

#[get("/account?<page>")]
fn account(member: Member, page: Option<u8>) -> String {
    let _: &Visit = &member;
    format!("{} {} {}", member.username, member.views(), page.unwrap_or_default())
}

/// Asks as a browser does.
async fn browse<'c>(client: &'c Client, path: &str) -> LocalResponse<'c> {
    let accept = Header::new("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    client.get(path.to_owned()).header(accept).dispatch().await
}

async fn log_in(client: &Client, name: &str) {
    let body = format!("username={name}");
    client.post("/login").header(ContentType::Form).body(body).dispatch().await;
}
