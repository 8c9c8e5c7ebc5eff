//! Ten tests of an application, each of at most five lines, as a user writes them.

use rocket::http::{ContentType, Status};
use rocket_session_state::testing::{self, Client, days, hours, minutes};

use super::{Visit, momo, rocket};

#[rocket::async_test]
async fn a_member_who_is_logged_in_is_greeted() {
    let client = testing::client(rocket()).await;
    client.log_in::<Visit>(|visit| visit.set_user_id(1)).await;
    assert_eq!(text(&client, "/account").await, "Hello momo");
}

#[rocket::async_test]
async fn a_visit_is_counted() {
    let client = member().await;
    client.change_session(|visit: &Visit| visit.set_visits(41_u32)).await;
    client.get("/account").dispatch().await;
    assert_eq!(client.session::<Visit>().await.visits(), 42);
}

#[rocket::async_test]
async fn a_login_ends_after_two_hours() {
    let client = member().await;
    client.advance(hours(2));
    assert_eq!(status(&client, "/account").await, Status::Unauthorized);
}

#[rocket::async_test]
async fn a_password_is_changed_only_soon_after_the_login() {
    let client = member().await;
    client.advance(minutes(11));
    assert_eq!(post(&client, "/password", "password=new").await, Status::Unauthorized);
    assert_eq!(status(&client, "/account").await, Status::Ok);
}

#[rocket::async_test]
async fn two_members_each_have_their_own_account() {
    let momo = member().await;
    let bebe = momo.visitor();
    bebe.log_in_user(&super::bebe()).await;
    assert_eq!(text(&momo, "/account").await, "Hello momo");
    assert_eq!(text(&bebe, "/account").await, "Hello bebe");
}

#[rocket::async_test]
async fn an_outage_logs_nobody_out() {
    let client = member().await;
    client.store().fail();
    assert_eq!(status(&client, "/account").await, Status::ServiceUnavailable);
    client.store().heal();
    assert_eq!(text(&client, "/account").await, "Hello momo");
}

#[rocket::async_test]
async fn nothing_of_the_admins_is_open() {
    let client = testing::client(rocket()).await;
    assert_eq!(client.open_routes("/admin").await, [""; 0]);
}

#[rocket::async_test]
async fn a_new_password_ends_the_login_of_the_other_browser() {
    let (here, there) = two_browsers().await;
    assert_eq!(post(&here, "/password", "password=new").await, Status::Ok);
    assert_eq!(status(&here, "/account").await, Status::Ok);
    assert_eq!(status(&there, "/account").await, Status::Unauthorized);
}

#[rocket::async_test]
async fn a_message_is_shown_once() {
    let client = member().await;
    post(&client, "/password", "password=new").await;
    assert_eq!(text(&client, "/account").await, "Your password is changed.\nHello momo");
    assert_eq!(text(&client, "/account").await, "Hello momo");
}

#[rocket::async_test]
async fn a_member_who_wants_to_be_remembered_is() {
    let client = testing::client(rocket()).await;
    post(&client, "/login", "id=1&password=rice&remember=yes").await;
    client.advance(days(29));
    client.close_browser();
    assert_eq!(text(&client, "/account").await, "Hello momo");
}

/// A visitor who is logged in as momo.
async fn member() -> Client {
    let client = testing::client(rocket()).await;
    client.log_in_user(&momo()).await;
    client
}

/// Both are momo's.
async fn two_browsers() -> (Client, Client) {
    let here = member().await;
    let there = here.visitor();
    there.log_in_user(&momo()).await;
    (here, there)
}

async fn text(client: &Client, path: &str) -> String {
    client.get(path.to_owned()).dispatch().await.into_string().await.unwrap()
}

async fn status(client: &Client, path: &str) -> Status {
    client.get(path.to_owned()).dispatch().await.status()
}

async fn post(client: &Client, path: &str, form: &str) -> Status {
    client.post(path.to_owned()).header(ContentType::Form).body(form).dispatch().await.status()
}
