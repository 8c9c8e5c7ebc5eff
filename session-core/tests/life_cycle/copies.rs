//! Sessions that are opened from copies: what they read may be old, and what they write is not made of it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use rocket_session_state_core::config::{Environment, SessionConfig};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::{SaveError, Session};
use rocket_session_state_core::store::{Call, Loaded, MemoryStore, New, Store, StoreError, Swap};

use crate::site::{log_in, log_out};

/// A store that hands out a record as it was some time ago.
struct Old {
    records: MemoryStore,
    copy: Mutex<Option<(String, Loaded)>>,
}

impl Store for Old {
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

    fn copy(&self, _: SystemTime, key: &str) -> Option<Loaded> {
        self.copy.lock().unwrap().clone().filter(|(copied, _)| copied == key).map(|(_, copy)| copy)
    }
}

struct Visitor {
    store: Arc<Old>,
    manager: Manager,
    cookie: String,
}

impl Visitor {
    /// A user whose session has a cart, of which there is a copy.
    async fn with_copy() -> Self {
        let store = Arc::new(Old { records: MemoryStore::new(100), copy: Mutex::new(None) });
        let environment = Environment { debug_profile: true, own_store: true, ..Environment::default() };
        let config = SessionConfig::default().check(environment).unwrap();
        let manager = Manager::with_store(config, Arc::clone(&store)).unwrap();
        manager.declare_login("username");
        let mut visitor = Visitor { store, manager, cookie: String::new() };
        visitor
            .request(|session| {
                log_in(session, "momo");
                session.set("cart", "tea");
            })
            .await
            .unwrap();
        let key = format!("session:{}", visitor.cookie);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        let call = Call { now: SystemTime::now(), deadline };
        let loaded = visitor.store.load(call, &key, None).await.unwrap().unwrap();
        *visitor.store.copy.lock().unwrap() = Some((key, loaded));
        visitor
    }

    async fn open(&self) -> Session {
        self.manager.open_to_read(Some(&self.cookie), SystemTime::now()).await.unwrap()
    }

    /// What the store holds.
    async fn stored(&self, key: &str) -> Option<String> {
        text(&self.manager.open(Some(&self.cookie), SystemTime::now()).await.unwrap(), key)
    }

    async fn close(&mut self, session: &Session) -> Result<(), SaveError> {
        let closed = self.manager.close(session, SystemTime::now()).await?;
        if let Some(set_cookie) = closed.set_cookie {
            self.cookie = set_cookie.split_once(';').unwrap().0.split_once('=').unwrap().1.to_owned();
        }
        Ok(())
    }

    async fn request(&mut self, handler: impl FnOnce(&Session)) -> Result<(), SaveError> {
        let session = self.open().await;
        handler(&session);
        self.close(&session).await
    }

    /// A request of another process.
    async fn elsewhere(&self, handler: impl FnOnce(&Session)) {
        let copy = self.store.copy.lock().unwrap().take();
        let session = self.open().await;
        handler(&session);
        self.manager.close(&session, SystemTime::now()).await.unwrap();
        *self.store.copy.lock().unwrap() = copy;
    }
}

fn text(session: &Session, key: &str) -> Option<String> {
    session.get(key).unwrap()
}

#[tokio::test]
async fn what_is_read_may_be_old_and_what_is_written_overwrites_nothing() {
    let mut visitor = Visitor::with_copy().await;
    visitor.elsewhere(|session| session.set("cart", "milk")).await;
    visitor
        .request(|session| {
            assert_eq!(text(session, "cart").as_deref(), Some("tea"));
            session.set("colour", "red");
        })
        .await
        .unwrap();
    *visitor.store.copy.lock().unwrap() = None;
    let session = visitor.open().await;
    assert_eq!([text(&session, "cart"), text(&session, "colour")].map(Option::unwrap), ["milk", "red"]);
}

#[tokio::test]
async fn a_session_that_has_ended_elsewhere_is_not_written() {
    let mut visitor = Visitor::with_copy().await;
    visitor.elsewhere(Session::destroy).await;
    let written = visitor.request(|session| session.set("cart", "milk")).await;
    assert!(matches!(written, Err(SaveError::Ended)), "{written:?}");
}

#[tokio::test]
async fn a_session_that_is_made_current_is_what_is_stored_and_keeps_what_the_request_has_changed() {
    let mut visitor = Visitor::with_copy().await;
    let session = visitor.open().await;
    session.ensure_current().await.unwrap();
    assert_eq!(text(&session, "cart").as_deref(), Some("tea"));

    visitor.elsewhere(|session| session.set("cart", "milk")).await;
    let session = visitor.open().await;
    session.set("colour", "red");
    session.ensure_current().await.unwrap();
    assert_eq!([text(&session, "cart"), text(&session, "colour")].map(Option::unwrap), ["milk", "red"]);
    visitor.close(&session).await.unwrap();
    *visitor.store.copy.lock().unwrap() = None;
    let session = visitor.open().await;
    assert_eq!([text(&session, "cart"), text(&session, "colour")].map(Option::unwrap), ["milk", "red"]);
}

#[tokio::test]
async fn one_that_has_ended_is_new_once_it_is_made_current() {
    let ends: [fn(&Session); 4] =
        [Session::destroy, log_out, Session::regenerate, |session| log_in(session, "another")];
    for end in ends {
        let mut visitor = Visitor::with_copy().await;
        visitor.elsewhere(end).await;
        let session = visitor.open().await;
        assert_eq!(text(&session, "username").as_deref(), Some("momo"));
        session.ensure_current().await.unwrap();
        assert!(session.is_new() && session.login_age().is_none());
        assert_eq!((text(&session, "username"), text(&session, "cart")), (None, None));
        let before = visitor.cookie.clone();
        visitor.close(&session).await.unwrap();
        assert_eq!(visitor.cookie, before, "the cookie is left alone, as that of any id that nobody has");
    }
}

#[tokio::test]
async fn one_that_has_ended_and_was_changed_here_is_told_so() {
    let visitor = Visitor::with_copy().await;
    visitor.elsewhere(Session::destroy).await;
    let session = visitor.open().await;
    session.set("cart", "milk");
    let current = session.ensure_current().await;
    assert!(matches!(current, Err(SaveError::Ended)), "{current:?}");
}

#[tokio::test]
async fn a_value_that_is_set_back_to_what_a_copy_still_shows_is_written() {
    let mut visitor = Visitor::with_copy().await;
    visitor.elsewhere(|session| session.set("cart", "milk")).await;
    visitor.request(|session| session.set("cart", "tea")).await.unwrap();
    assert_eq!(visitor.stored("cart").await.as_deref(), Some("tea"));
}

#[tokio::test]
async fn what_a_copy_does_not_show_yet_is_removed() {
    let removals: [fn(&Session); 2] = [
        |session| {
            session.remove("coupon");
        },
        Session::clear,
    ];
    for remove in removals {
        let mut visitor = Visitor::with_copy().await;
        visitor.elsewhere(|session| session.set("coupon", "x")).await;
        visitor.request(remove).await.unwrap();
        assert_eq!(visitor.stored("coupon").await, None);
    }
}

#[tokio::test]
async fn messages_that_a_copy_does_not_show_yet_wait_for_the_next_page() {
    let mut visitor = Visitor::with_copy().await;
    visitor.elsewhere(|session| session.flash("saved", "success")).await;
    visitor
        .request(|session| {
            assert!(session.take_flashes().is_empty());
            session.set("colour", "red");
        })
        .await
        .unwrap();
    *visitor.store.copy.lock().unwrap() = None;
    assert_eq!(visitor.open().await.take_flashes().len(), 1);
}

#[tokio::test]
async fn requests_that_may_change_something_read_no_copy() {
    let visitor = Visitor::with_copy().await;
    visitor.elsewhere(|session| session.set("cart", "milk")).await;
    let session = visitor.manager.open(Some(&visitor.cookie), SystemTime::now()).await.unwrap();
    assert_eq!(text(&session, "cart").as_deref(), Some("milk"));
}

#[tokio::test]
async fn another_user_who_is_found_behind_a_copy_is_a_change_of_login() {
    let visitor = Visitor::with_copy().await;
    // As Flask does: another user under the same id.
    let (key, copy) = visitor.store.copy.lock().unwrap().clone().unwrap();
    let bytes = copy.bytes.to_vec();
    let at = bytes.windows(4).position(|some| some == b"momo").unwrap();
    let others = [&bytes[..at], b"lila", &bytes[at + 4..]].concat();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    let call = Call { now: SystemTime::now(), deadline };
    let new = New { bytes: &others, lifetime: None };
    visitor.store.swap(call, &key, Some(&copy), Some(new)).await.unwrap();

    let session = visitor.open().await;
    let before = session.changes_of_login();
    assert_eq!(text(&session, "username").as_deref(), Some("momo"));
    session.ensure_current().await.unwrap();
    assert_eq!(text(&session, "username").as_deref(), Some("lila"));
    assert_ne!(session.changes_of_login(), before);
}
