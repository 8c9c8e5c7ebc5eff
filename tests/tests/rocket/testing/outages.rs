//! A store that a test breaks.

use std::time::Duration;

use rocket::http::Status;
use rocket::post;
use rocket::routes;
use rocket_session_state::SaveError;
use rocket_session_state::testing::{self, Client};

use super::{Visit, application, status, text};

#[post("/saved")]
async fn saved(visit: Visit) -> Result<(), SaveError> {
    visit.update_views(|views| *views += 1);
    visit.save().await
}

/// A login in an application that gives its store a day to answer: a test that waited for it would not end.
async fn patient() -> Client {
    let rocket = application(|config| {
        config.session_store_timeout = Duration::from_secs(86_400);
        config.session_request_timeout = Duration::from_secs(86_400);
    });
    let client = testing::client(rocket.mount("/", routes![saved])).await;
    client.log_in::<Visit>(|visit| visit.set_username("momo")).await;
    client
}

#[rocket::async_test]
async fn a_failing_store_is_a_503_and_logs_nobody_out() {
    let client = patient().await;
    client.store().fail();
    for path in ["/account", "/views"] {
        assert_eq!(status(&client, path).await, Status::ServiceUnavailable, "{path}");
    }
    assert_eq!(client.post("/saved").dispatch().await.status(), Status::ServiceUnavailable);
    assert_eq!(status(&client, "/open").await, Status::Ok, "a page without a session");
    client.store().heal();
    assert_eq!(
        (text(&client, "/account").await.as_str(), text(&client, "/views").await.as_str()),
        ("momo", "0")
    );
}

#[rocket::async_test]
async fn a_stalled_store_is_a_503_without_waiting() {
    let client = patient().await;
    client.store().stall();
    assert_eq!(status(&client, "/account").await, Status::ServiceUnavailable);
    let new = client.visitor();
    assert_eq!(new.post("/saved").dispatch().await.status(), Status::ServiceUnavailable, "only writes");
    client.store().heal();
    assert_eq!(text(&client, "/account").await, "momo");
}

#[rocket::async_test]
async fn a_store_that_has_failed_long_enough_for_any_breaker_works_at_once_when_it_is_healed() {
    let client = patient().await;
    let new = client.visitor();
    client.store().fail();
    for _ in 0..30 {
        assert_eq!(status(&client, "/account").await, Status::ServiceUnavailable);
        assert_eq!(new.post("/views").dispatch().await.status(), Status::ServiceUnavailable);
    }
    client.store().heal();
    assert_eq!(text(&client, "/account").await, "momo");
    assert_eq!(new.post("/views").dispatch().await.status(), Status::Ok);
    assert_eq!(text(&new, "/views").await, "1");
}

#[rocket::async_test]
async fn every_visitor_meets_the_same_outage() {
    let client = patient().await;
    client.visitor().store().fail();
    assert_eq!(status(&client, "/account").await, Status::ServiceUnavailable);
}
