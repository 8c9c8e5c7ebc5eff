//! Answers of requests that fail after a save, or whose save has an outcome that nobody knows.

use rocket::http::Status;
use rocket::{get, routes};
use rocket_session_state::store::conformance::{Fault, Operation};
use rocket_session_state::{Session, session_state};

use crate::site::{Site, header};

#[session_state]
struct Visit {
    #[session(merge = "add")]
    n: u32,
}

#[get("/n")]
fn read(visit: Visit) -> String {
    visit.n().to_string()
}

#[get("/renew/<end>")]
async fn renew(end: &str, visit: Visit) -> Status {
    visit.update_n(|n| *n += 1);
    visit.session().regenerate();
    visit.session().save().await.unwrap();
    match end {
        "unsaved" => visit.session().set("huge", &u128::MAX),
        "panic" => panic!("as handlers do"),
        _ => return Status::NotFound,
    }
    Status::Ok
}

#[get("/careless")]
async fn careless(visit: Visit) -> &'static str {
    visit.update_n(|n| *n += 1);
    match visit.session().save().await {
        Ok(()) => "saved",
        Err(_) => "it will be fine",
    }
}

#[get("/other")]
fn other(session: Session) {
    session.set("other", "1");
}

async fn site() -> Site {
    Site::launch(|rocket| rocket.mount("/", routes![read, renew, careless, other])).await
}

#[rocket::async_test]
async fn the_id_of_an_acknowledged_save_is_sent_with_every_kind_of_error() {
    for (end, status) in [
        ("unsaved", Status::InternalServerError),
        ("panic", Status::InternalServerError),
        ("error", Status::NotFound),
    ] {
        for known in [true, false] {
            let site = site().await;
            if known {
                site.get("/other").await;
            }
            let response = site.get(&format!("/renew/{end}")).await;
            assert_eq!(response.status(), status, "{end}");
            assert_eq!(header(&response, "Set-Cookie").len(), 1, "{end}, known: {known}");
            assert_eq!(header(&response, "Cache-Control"), ["no-store"], "{end}");
            assert_eq!(header(&response, "Vary"), ["Cookie"], "{end}");
            drop(response);
            assert_eq!(site.text("/n").await, "1", "{end}, known: {known}");
        }
    }
}

#[rocket::async_test]
async fn an_increment_whose_answer_was_lost_is_a_503_and_counts_once() {
    for fault in [Fault::LoseAnswer, Fault::KeepAnswer] {
        let site = site().await;
        site.get("/other").await;
        site.store.next(Operation::Swap, fault);
        let response = site.get("/careless").await;
        assert_eq!(response.status(), Status::ServiceUnavailable);
        assert_eq!(header(&response, "Retry-After").len(), 1);
        drop(response);
        assert_eq!(site.text("/n").await, "1");
    }
}

#[rocket::async_test]
async fn an_increment_that_was_certainly_not_written_is_saved_with_the_answer() {
    let site = site().await;
    site.get("/other").await;
    site.store.next(Operation::Swap, Fault::Fail);
    assert_eq!(site.text("/careless").await, "it will be fine");
    assert_eq!(site.text("/n").await, "1");
}
