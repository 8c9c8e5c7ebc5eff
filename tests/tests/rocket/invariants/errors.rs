//! A store that does not work: 9 and 10. Changes after the response has begun: 11. Hostile requests: 17.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rocket::http::{Header, Status};
use rocket::local::asynchronous::Client;
use rocket::{get, routes};
use rocket_session_state::config::SessionConfig;
use rocket_session_state::store::conformance::{Fault, Operation};
use rocket_session_state::store::{Call, Loaded, MemoryStore, New, Store, StoreError, Swap};
use rocket_session_state::{Session, Sessions};

use super::place::{places, places_with};
use crate::log;
use crate::site::quiet;

#[rocket::async_test]
async fn a_store_that_does_not_work_is_a_503_and_changes_nothing() {
    let impatient = |config: &mut SessionConfig| config.session_store_timeout = Duration::from_millis(200);
    for place in places_with(impatient).await {
        let cookie = place.logged_in("momo").await;
        place.ask("/a/before", &cookie).await;
        for fault in [Fault::Fail, Fault::Hang, Fault::Delay(Duration::from_secs(60)), Fault::LoseAnswer] {
            place.store.from_now_on(fault);
            for path in ["/show", "/optional", "/tried", "/member", "/a/lost", "/login/lulu", "/destroy"] {
                let answer = place.ask(path, &cookie).await;
                let what = format!("{}: {path} with {fault:?}", place.name);
                assert_eq!(answer.status, 503, "{what}");
                assert_eq!(answer.all("Retry-After").len(), 1, "{what}");
                assert_eq!(answer.all("Set-Cookie"), [""; 0], "{what}");
            }
            place.store.from_now_on(Fault::None);
            assert_eq!(place.shown(&cookie).await, "momo 0 before - ", "{}: {fault:?}", place.name);
        }
        // An outage is told as a whole, not for each request that meets it.
        let lines = log::lines_with("GET /optional: ");
        assert!(!lines.iter().any(|line| line.starts_with("ERROR")), "{}: {lines:?}", place.name);
    }
}

/// A store that works until its cable is cut, and then fails with an error that names it.
struct Down {
    cause: &'static str,
    is_cut: AtomicBool,
    records: MemoryStore,
}

impl Down {
    fn answers(&self) -> Result<&MemoryStore, StoreError> {
        if self.is_cut.load(Ordering::Relaxed) {
            return Err(StoreError::unavailable(self.cause));
        }
        Ok(&self.records)
    }
}

impl Store for Down {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        self.answers()?.load(call, key, touch).await
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        self.answers()?.swap(call, key, expected, new).await
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.answers()?.delete(call, key).await
    }

    async fn ping(&self, _: Call) -> Result<(), StoreError> {
        Ok(())
    }
}

#[rocket::async_test]
async fn an_outage_is_one_error_in_the_log_with_its_cause() {
    let cause = "the cable of this very store is cut";
    let store = Arc::new(Down { cause, is_cut: AtomicBool::new(false), records: MemoryStore::new(10) });
    let sessions = Sessions::fairing().store(Arc::clone(&store));
    let client = Client::untracked(quiet().attach(sessions).mount("/", routes![fill])).await.unwrap();
    store.is_cut.store(true, Ordering::Relaxed);
    for _ in 0..4 {
        let request =
            client.get("/fill/momo/1").header(Header::new("Cookie", format!("session={}", "a".repeat(43))));
        assert_eq!(request.dispatch().await.status(), Status::ServiceUnavailable);
    }
    let lines = log::lines_with(cause);
    let (errors, rest): (Vec<&String>, Vec<&String>) =
        lines.iter().partition(|line| line.starts_with("ERROR"));
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("the session store failed: "), "{errors:?}");
    assert!(rest.iter().all(|line| line.starts_with("DEBUG")), "{rest:?}");
}

#[rocket::async_test]
async fn a_save_that_fails_is_an_error_and_a_200_has_been_saved() {
    for place in places().await {
        let cookie = place.logged_in("momo").await;
        for fault in [Fault::Fail, Fault::LoseAnswer] {
            place.store.next(Operation::Swap, fault);
            let answer = place.ask("/a/open", &cookie).await;
            assert_eq!((answer.status, answer.cookie()), (503, None), "{}: {fault:?}", place.name);
        }
        // Compare-and-swap: a request that the network repeats is written once.
        place.store.next(Operation::Swap, Fault::Twice);
        assert_eq!(place.ask("/count", &cookie).await.status, 200);
        assert_eq!(place.shown(&cookie).await, "momo 1 open - ", "{}", place.name);
    }
}

#[get("/fill/<name>/<bytes>")]
fn fill(name: &str, bytes: usize, session: Session) -> &'static str {
    session.set("small", "s");
    session.set(name, &"x".repeat(bytes));
    "filled"
}

#[rocket::async_test]
async fn a_cookie_that_browsers_drop_is_an_error_that_names_its_largest_field() {
    let mut config = SessionConfig::default();
    config.secret_key = Some("a secret for tests, long enough".into());
    let rocket = quiet().attach(Sessions::with_config(config)).mount("/", routes![fill]);
    let client = Client::tracked(rocket).await.unwrap();
    // What repeats is compressed: only much of it is too much.
    assert_eq!(client.get("/fill/fits/1000").dispatch().await.status(), Status::Ok);
    let answer = client.get("/fill/the_large_one/9000000").dispatch().await;
    assert_eq!(answer.status(), Status::InternalServerError);
    assert!(answer.headers().get_one("Set-Cookie").is_none());
    let lines = log::lines_with("the_large_one");
    assert!(lines.iter().any(|line| line.starts_with("ERROR") && !line.contains("xxx")), "{lines:?}");
}

#[rocket::async_test]
async fn a_change_after_the_response_began_is_saved_or_logged() {
    for place in places().await {
        let cookie = place.logged_in("momo").await;
        let saved = place.ask("/stream/saved?forget=false", &cookie).await;
        assert_eq!(saved.body, "saved", "{}", place.name);
        assert_eq!(place.shown(&cookie).await, "momo 0 saved - ", "{}", place.name);
        let before = log::lines_with("GET /stream/forgotten").len();
        place.ask("/stream/forgotten?forget=true", &cookie).await;
        assert_eq!(place.shown(&cookie).await, "momo 0 saved - ", "{}", place.name);
        let lines = log::lines_with("GET /stream/forgotten");
        assert!(lines[before..].iter().any(|line| line.starts_with("ERROR")), "{}: {lines:?}", place.name);
    }
}

#[rocket::async_test]
async fn no_cookie_makes_a_request_fail() {
    for place in places().await {
        let known = place.logged_in("momo").await;
        let wrong = ["%", "%ff%fe", "\"", "=", ";;;", "游客", "\u{1}", "a,b", "%00", "{}", "..", "\\"];
        for cookie in wrong.into_iter().chain([known.as_str()]) {
            for path in ["/show", "/count", "/login/momo", "/destroy", "/forwards/x"] {
                let answer = place.ask(path, cookie).await;
                assert!(matches!(answer.status, 200 | 401), "{}: {path} with {cookie:?}", place.name);
            }
        }
    }
}
