//! What is told of sessions: one event for each action, and nothing in it that lets anybody in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use rocket_session_state_conformance::Fault;
use rocket_session_state_core::config::SessionConfig;
use rocket_session_state_core::events::{Event, EventKind, Listener};

use crate::site::Site;

/// Everything that a site tells, with its users.
pub(crate) struct Told(Arc<Mutex<Vec<Event>>>);

impl Told {
    pub(crate) fn by(site: &Site) -> Self {
        let events = Arc::<Mutex<Vec<Event>>>::default();
        let told = Arc::clone(&events);
        let listener: Listener = Arc::new(move |event: &Event| told.lock().unwrap().push(event.clone()));
        site.manager.listen(vec![listener], true);
        Told(events)
    }

    /// The events since the last call, as lines of the audit log without handles and times.
    pub(crate) async fn since(&self, site: &Site) -> Vec<String> {
        self.events(site).await.iter().map(without_handles_and_time).collect()
    }

    pub(crate) async fn events(&self, site: &Site) -> Vec<Event> {
        site.manager.listeners_have_heard().await;
        let events = std::mem::take(&mut *self.0.lock().unwrap());
        for event in &events {
            for text in [event.to_string(), format!("{event:?}"), serde_json::to_string(event).unwrap()] {
                let cookie = site.cookie.as_deref().unwrap_or("no cookie");
                assert!(!text.contains(cookie) && !text.contains("alice") && !text.contains("tea"), "{text}");
            }
        }
        events
    }
}

fn without_handles_and_time(event: &Event) -> String {
    let line = event.to_string();
    line.split(' ')
        .filter(|part| !["handle=", "before=", "at="].iter().any(|detail| part.starts_with(detail)))
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn a_cookie_that_leads_nowhere_is_told_with_the_reason() {
    let mut site = Site::with(|config| {
        config.session_use_signer = true;
        config.secret_key = Some(crate::site::SECRET.into());
    });
    let told = Told::by(&site);
    let id = "A".repeat(43);
    for (cookie, line) in [
        ("no-signature", "cookie_refused why=unsigned"),
        (&format!("{id}.AAAAAAAAAAAAAAAAAAAAAAAAAAA"), "cookie_refused why=bad_signature"),
    ] {
        site.cookie = Some(cookie.into());
        site.open().await;
        assert_eq!(told.since(&site).await, [line]);
    }
    let mut site = Site::new();
    let told = Told::by(&site);
    site.cookie = Some("../../etc/passwd".into());
    site.open().await;
    assert_eq!(told.since(&site).await, ["cookie_refused why=not_an_id"]);
    site.cookie = Some(id);
    for _ in 0..2 {
        site.open().await;
    }
    let events = told.events(&site).await;
    let [first, second] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(first.kind(), EventKind::IdUnknown);
    assert!(first.handle().is_some_and(|handle| handle.len() == 8) && first.handle() == second.handle());
    assert_eq!(site.manager.stats().count(EventKind::IdUnknown), 2);
}

#[tokio::test]
async fn a_cookie_of_a_session_that_was_not_used_for_too_long_has_expired() {
    let mut site = Site::with_cookies(|_| {});
    let told = Told::by(&site);
    site.request(|session| session.set("cart", "tea")).await;
    told.since(&site).await;
    site.now += site.manager.config().permanent_session_lifetime + std::time::Duration::from_secs(2);
    site.open().await;
    assert_eq!(told.since(&site).await, ["ended by=expired"]);
}

#[tokio::test]
async fn a_record_that_nobody_can_read_is_told() {
    let mut site = Site::new();
    let told = Told::by(&site);
    site.request(|session| session.set("cart", "tea")).await;
    told.since(&site).await;
    site.overwrite(b"\xc1").await;
    site.open().await;
    assert_eq!(told.since(&site).await, ["record_undecodable"]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_told_at_its_begin_and_at_its_end() {
    let mut site = Site::new();
    let told = Told::by(&site);
    site.request(|session| session.set("cart", "tea")).await;
    told.since(&site).await;
    site.store.from_now_on(Fault::Fail);
    for _ in 0..10 {
        assert!(site.manager.open(site.cookie.as_deref(), site.now).await.is_err());
    }
    assert_eq!(told.since(&site).await, ["store_failed"]);
    site.store.from_now_on(Fault::None);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    site.open().await;
    site.open().await;
    assert_eq!(told.since(&site).await, ["store_back"]);
}

#[tokio::test]
async fn calls_of_the_store_are_counted_with_their_failures() {
    let mut site = Site::new();
    site.request(|session| session.set("cart", "tea")).await;
    site.open().await;
    site.store.from_now_on(Fault::FailWrites);
    let session = site.open().await;
    session.set("cart", "milk");
    site.close(&session).await.unwrap_err();
    let stats = site.manager.stats();
    assert_eq!((stats.loads().count(), stats.loads().failed()), (2, 0));
    assert_eq!((stats.writes().count(), stats.writes().failed()), (2, 1));
    let numbers = serde_json::to_value(&stats).unwrap();
    assert_eq!(numbers["writes"]["failed"], 1);
    assert_eq!(numbers["store_failed"], 1);
    assert_eq!(numbers["loads"]["buckets"].as_array().unwrap().last().unwrap()[1], 2);
}

/// A listener that waits until it is let go on.
fn blocked() -> (Listener, Sender<()>, Receiver<String>) {
    let ((go, wait), (tell, told)) = (channel(), channel());
    let wait = Mutex::new(wait);
    let listener: Listener = Arc::new(move |event: &Event| {
        let _ = wait.lock().unwrap().recv();
        tell.send(event.to_string()).unwrap();
    });
    (listener, go, told)
}

#[tokio::test]
async fn a_slow_listener_keeps_nobody_waiting_and_what_it_misses_is_counted() {
    let mut site = Site::new();
    let (listener, go, told) = blocked();
    site.manager.listen(vec![listener], false);
    site.cookie = Some("not an id".into());
    for _ in 0..3000 {
        site.open().await;
    }
    let stats = site.manager.stats();
    // One has the listener, and 1,024 wait; the thread may not have taken the first one yet.
    assert!((3000 - 1025..=3000 - 1024).contains(&stats.dropped()), "{stats:?}");
    assert_eq!(stats.count(EventKind::CookieRefused), 3000);
    drop(go);
    assert!(told.recv().unwrap().starts_with("cookie_refused why=not_an_id at="));
    site.manager.listeners_have_heard().await;
    assert_eq!(told.try_iter().count() as u64, 3000 - stats.dropped() - 1);
}

#[tokio::test]
async fn a_listener_that_panics_keeps_nobody_from_being_told() {
    let mut site = Site::new();
    let panics = Arc::new(AtomicBool::new(false));
    let has = Arc::clone(&panics);
    let panicking: Listener = Arc::new(move |_: &Event| {
        has.store(true, Ordering::Relaxed);
        panic!("a mistake in a listener")
    });
    let (other, go, told) = blocked();
    drop(go);
    site.manager.listen(vec![panicking, other], false);
    site.cookie = Some("not an id".into());
    for _ in 0..2 {
        site.open().await;
    }
    site.manager.listeners_have_heard().await;
    assert!(panics.load(Ordering::Relaxed));
    assert_eq!(told.try_iter().count(), 2);
}

#[tokio::test]
async fn users_are_named_only_where_that_was_asked_for() {
    for names_users in [false, true] {
        let mut site = Site::new();
        let users = Arc::<Mutex<Vec<Option<String>>>>::default();
        let told = Arc::clone(&users);
        let listener: Listener = Arc::new(move |event: &Event| {
            if event.kind() == EventKind::LoggedIn {
                told.lock().unwrap().push(event.user());
            }
        });
        site.manager.listen(vec![listener], names_users);
        site.request(|session| crate::site::log_in(session, "alice")).await;
        site.manager.listeners_have_heard().await;
        assert_eq!(*users.lock().unwrap(), [names_users.then(|| "alice".to_owned())]);
    }
}

#[test]
fn words_are_read_as_they_are_written() {
    for kind in EventKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(*kind));
    }
    assert_eq!(EventKind::ALL.len(), 15);
    assert!(!SessionConfig::default().session_audit_log);
}
