//! The cookies of a visitor, whoever sets them.

use rocket::fairing::AdHoc;
use rocket::http::{Cookie, CookieJar, Header, Status};
use rocket::{Request, catch, catchers, get, routes};
use rocket_session_state::testing::{self, Client, minutes};

use super::{Visit, application, momo, status, text};

#[get("/set")]
fn set(jar: &CookieJar<'_>) {
    jar.add(("colour", "red and blue"));
    jar.add(Cookie::build(("shop", "1")).path("/shop"));
    jar.add(Cookie::build(("code", "7")).max_age(rocket::time::Duration::minutes(5)));
}

#[get("/unset")]
fn unset(jar: &CookieJar<'_>) {
    jar.remove("colour");
}

#[get("/sent")]
fn sent(jar: &CookieJar<'_>) -> String {
    let mut all: Vec<_> = jar.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
    all.sort();
    all.join(", ")
}

#[get("/shop/sent")]
fn sent_to_shop(jar: &CookieJar<'_>) -> String {
    sent(jar)
}

#[catch(404)]
fn lost(request: &Request<'_>) {
    request.cookies().add(("lost", "yes"));
}

async fn client() -> Client {
    let by_fairing = AdHoc::on_response("by a fairing", |_, response| {
        Box::pin(async move {
            response.adjoin_header(Header::new("Set-Cookie", "fairing=yes; Path=/fairing"));
        })
    });
    let routes = routes![set, unset, sent, sent_to_shop];
    let rocket = application(|_| {}).mount("/", routes).register("/", catchers![lost]).attach(by_fairing);
    testing::client(rocket).await
}

#[rocket::async_test]
async fn cookies_of_every_kind_of_answer_come_back_where_a_browser_sends_them() {
    let client = client().await;
    status(&client, "/set").await;
    assert_eq!(text(&client, "/sent").await, "code=7, colour=red and blue");
    assert_eq!(text(&client, "/shop/sent").await, "code=7, colour=red and blue, shop=1");
    assert!(client.cookie("fairing").is_some(), "that of a fairing");

    assert_eq!(status(&client, "/nowhere").await, Status::NotFound);
    status(&client, "/unset").await;
    client.advance(minutes(5));
    assert_eq!(text(&client, "/sent").await, "lost=yes");
}

#[rocket::async_test]
async fn a_cookie_of_the_request_itself_takes_the_place_of_the_jars() {
    let client = client().await;
    status(&client, "/set").await;
    let answer = client.get("/sent").cookie(("colour", "green")).dispatch().await;
    assert_eq!(answer.into_string().await.unwrap(), "code=7, colour=green");
}

#[rocket::async_test]
async fn another_visitor_has_none_of_them() {
    let client = client().await;
    status(&client, "/set").await;
    assert_eq!(text(&client.visitor(), "/sent").await, "");
}

#[rocket::async_test]
async fn the_session_cookie_shows_its_attributes_and_goes_with_the_session() {
    let client = momo().await;
    let cookie = client.cookie("session").expect("a login");
    assert_eq!((cookie.http_only(), cookie.path()), (Some(true), Some("/")));
    assert!(cookie.expires_datetime().is_some(), "Flask-Session's sessions are permanent");
    client.change_session(|visit: &Visit| visit.destroy()).await;
    assert!(client.cookie("session").is_none());
}

#[rocket::async_test]
async fn a_session_is_found_below_its_path_only() {
    let client = testing::client(application(|config| {
        config.session_cookie_path = Some("/account".to_owned());
    }))
    .await;
    client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    client.change_session(|visit: &Visit| visit.set_views(1_u32)).await;
    assert_eq!(text(&client, "/account").await, "momo");
    assert_eq!(text(&client, "/views").await, "0", "as a browser would have it");
    assert_eq!(client.session::<Visit>().await.views(), 1);
}

#[rocket::async_test]
async fn a_closed_browser_loses_the_session_that_has_no_end() {
    let client = momo().await;
    client.close_browser();
    assert_eq!(status(&client, "/account").await, Status::Ok);
    client.change_session(|visit: &Visit| visit.session().set_permanent(false)).await;
    client.close_browser();
    assert_eq!(status(&client, "/account").await, Status::Unauthorized);
}
