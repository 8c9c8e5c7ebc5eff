//! A session may be read from a copy by requests that are to change nothing, and by no others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use rocket::http::{ContentType, Cookie, Method, Status};
use rocket::local::asynchronous::Client;
use rocket::{get, post, put, routes};
use rocket_session_state::store::{Call, Loaded, MemoryStore, New, Store, StoreError, Swap};
use rocket_session_state::{Session, Sessions};

use crate::site::quiet;

/// A store without sessions, which counts how often it is asked for a copy.
struct Counting {
    records: MemoryStore,
    asked: AtomicUsize,
}

impl Store for Counting {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        self.records.load(call, key, touch).await
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        self.records.swap(call, key, expected, new).await
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.records.delete(call, key).await
    }

    fn copy(&self, _: SystemTime, _: &str) -> Option<Loaded> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[get("/")]
fn read(_session: Session) {}

#[post("/")]
fn change(_session: Session) {}

#[put("/")]
fn replace(_session: Session) {}

#[rocket::async_test]
async fn only_requests_that_are_to_change_nothing_read_copies() {
    let store = Arc::new(Counting { records: MemoryStore::new(10), asked: AtomicUsize::new(0) });
    let sessions = Sessions::fairing().store(Arc::clone(&store));
    let rocket = quiet().attach(sessions).mount("/", routes![read, change, replace]);
    let client = Client::untracked(rocket).await.unwrap();
    let ask = async |method: Method, body: &str| {
        store.asked.store(0, Ordering::Relaxed);
        let mut request = client.req(method, "/").cookie(Cookie::new("session", "a".repeat(43)));
        if !body.is_empty() {
            request = request.header(ContentType::Form).body(body);
        }
        assert_eq!(request.dispatch().await.status(), Status::Ok, "{method} {body}");
        store.asked.load(Ordering::Relaxed)
    };
    assert_eq!(ask(Method::Get, "").await, 1);
    assert_eq!(ask(Method::Head, "").await, 1);
    assert_eq!(ask(Method::Post, "").await, 0);
    assert_eq!(ask(Method::Put, "").await, 0);
    // Rocket hands a form to the route of the method that it names.
    assert_eq!(ask(Method::Post, "_method=get").await, 0);
}
