//! Saves whose outcome nobody knows, and errors after saves that succeeded.

use rocket_session_state_conformance::{Fault, Operation};
use rocket_session_state_core::fields;
use rocket_session_state_core::merge;
use rocket_session_state_core::session::{SaveError, Session};

use super::site::{Site, field, log_in, log_out};

field!(Counter, "n", u32, u32, 0, merge::add);

fn count(session: &Session) {
    fields::update::<Counter, _>(session, |n| *n += 1);
}

/// A value that no session holds.
const TOO_MUCH: u128 = u128::MAX;

/// A change, and the write of its save whose answer is lost.
type Change = (fn(&Session), Operation, usize);

const CHANGES: [Change; 6] = [
    (count, Operation::Swap, 1),
    // After the creation of the new record: the note, and the deletion of the old one.
    (|session| log_in(session, "momo"), Operation::Swap, 2),
    (|session| log_in(session, "momo"), Operation::Swap, 3),
    (|session| log_in(session, "bob"), Operation::Delete, 1),
    (log_out, Operation::Delete, 1),
    (Session::destroy, Operation::Delete, 1),
];

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_the_last_one_of_its_request() {
    for fault in [Fault::LoseAnswer, Fault::KeepAnswer] {
        for (number, (change, operation, th)) in CHANGES.into_iter().enumerate() {
            let mut site = Site::new();
            site.request(|session| {
                log_in(session, "momo");
                session.set("cart", "tea");
            })
            .await;
            let session = site.open().await;
            change(&session);
            for _ in 1..th {
                site.store.next(operation, Fault::None);
            }
            site.store.next(operation, fault);
            assert!(matches!(session.save().await, Err(SaveError::Unavailable(_))), "{number}");
            site.store.calls();
            count(&session);
            assert!(matches!(session.save().await, Err(SaveError::Unavailable(_))), "{number}");
            assert!(matches!(site.close(&session).await, Err(SaveError::Unavailable(_))), "{number}");
            assert_eq!(site.store.calls(), 0, "{number}: written again after {fault:?}");
            let after = site.open().await;
            assert!(fields::get::<Counter>(&after) <= 1, "{number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_increment_whose_answer_was_lost_counts_once() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    count(&session);
    site.store.next(Operation::Swap, Fault::KeepAnswer);
    session.save().await.unwrap_err();
    site.close(&session).await.unwrap_err();
    assert_eq!(fields::get::<Counter>(&site.open().await), 1);
}

#[tokio::test(start_paused = true)]
async fn a_creation_whose_answer_was_lost_is_done_again_under_another_id() {
    for fault in [Fault::Fail, Fault::LoseAnswer, Fault::KeepAnswer] {
        for begin in [|_: &Session| {}, |session: &Session| session.set("k", "v")] {
            let mut site = Site::new();
            site.request(begin).await;
            let session = site.open().await;
            log_in(&session, "momo");
            count(&session);
            site.store.next(Operation::Swap, fault);
            session.save().await.unwrap();
            count(&session);
            site.close(&session).await.unwrap();
            let after = site.open().await;
            assert_eq!(fields::get::<Counter>(&after), 2);
            assert!(after.contains("username"));
        }
    }
}

#[tokio::test]
async fn a_failure_that_certainly_wrote_nothing_is_tried_again() {
    let mut site = Site::new();
    site.request(count).await;
    let session = site.open().await;
    count(&session);
    site.store.next(Operation::Swap, Fault::Fail);
    session.save().await.unwrap_err();
    session.set("huge", &TOO_MUCH);
    assert!(matches!(session.save().await, Err(SaveError::Encode { .. })));
    session.remove("huge");
    site.close(&session).await.unwrap();
    assert_eq!(fields::get::<Counter>(&site.open().await), 2);
}

#[tokio::test]
async fn what_the_breaker_refuses_is_tried_again() {
    let mut site = Site::with(|config| config.session_breaker_after = 1);
    site.request(count).await;
    let (failing, session) = (site.open().await, site.open().await);
    site.store.next(Operation::Swap, Fault::Fail);
    count(&failing);
    failing.save().await.unwrap_err();
    count(&session);
    site.store.calls();
    match session.save().await {
        Err(SaveError::Unavailable(error)) => assert!(error.wrote_nothing(), "{error}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(site.store.calls(), 0, "the breaker was closed");
    // Time that is not real: meanwhile the store answers a ping.
    tokio::time::pause();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    site.close(&session).await.unwrap();
    assert_eq!(fields::get::<Counter>(&site.open().await), 2);
}

#[tokio::test]
async fn a_new_id_that_was_acknowledged_is_sent_though_the_request_fails() {
    let renewals: [fn(&Session); 3] = [
        Session::regenerate,
        |session| log_in(session, "momo"),
        |session| {
            session.destroy();
            session.set("k", "v");
        },
    ];
    for permanent in [true, false] {
        for renew in renewals {
            let mut site = Site::new();
            site.request(|session| {
                session.set_permanent(permanent);
                session.set("k", "v");
            })
            .await;
            let session = site.open().await;
            renew(&session);
            session.set_permanent(permanent);
            session.save().await.unwrap();
            session.set_permanent(!permanent);
            session.set("huge", &TOO_MUCH);
            site.close(&session).await.unwrap_err();
            let line = site.manager.acknowledged_cookie(&session, site.now).unwrap();
            assert_eq!(line.contains("Expires="), permanent, "as it was saved: {line}");
            site.cookie = line.split_once(';').and_then(|(pair, _)| Some(pair.split_once('=')?.1.to_owned()));
            assert_eq!(site.get("k").await.as_deref(), Some("v"));
        }
    }
}

#[tokio::test]
async fn the_first_id_that_was_acknowledged_is_sent_though_the_request_panics() {
    let mut site = Site::new();
    let session = site.open().await;
    session.set("k", "v");
    session.save().await.unwrap();
    let panicking = session.clone();
    std::thread::spawn(move || {
        let _session = panicking;
        panic!("a mistake");
    })
    .join()
    .unwrap_err();
    let closed = site.close(&session).await.unwrap();
    assert!(closed.set_cookie.is_some() && closed.vary_cookie);
    assert_eq!(site.get("k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn an_error_sends_no_cookie_for_an_id_that_no_save_has_given() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let changes: [fn(&Session); 3] = [count, Session::regenerate, Session::destroy];
    for change in changes {
        let session = site.open().await;
        session.save().await.unwrap();
        change(&session);
        session.set("huge", &TOO_MUCH);
        site.close(&session).await.unwrap_err();
        assert_eq!(site.manager.acknowledged_cookie(&session, site.now), None);
    }
}
