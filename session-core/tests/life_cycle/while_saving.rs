//! Changes that are made during `save().await`.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use rocket_session_state_conformance::{HoldPoint, Operation};
use rocket_session_state_core::fields;
use rocket_session_state_core::manager::Closed;
use rocket_session_state_core::session::{SaveError, Session};
use tokio::task::JoinHandle;

use super::site::{Site, Username};

/// Saves, and does something to the session while the store call of that save is stopped.
async fn meanwhile(site: &Site, session: &Session, operation: Operation, change: impl FnOnce(&Session)) {
    let mut held = site.store.hold(operation, HoldPoint::After);
    let saving = tokio::spawn({
        let session = session.clone();
        async move { session.save().await }
    });
    held.reached().await.unwrap();
    change(session);
    held.release();
    saving.await.unwrap().unwrap();
}

/// Begins something that has to wait, and gives it up.
fn begin_and_drop(work: impl Future) {
    assert!(pin!(work).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// Closes the session in a task of its own.
fn close(site: &Site, session: &Session) -> JoinHandle<Result<Closed, SaveError>> {
    let (manager, session, now) = (site.manager.clone(), session.clone(), site.now);
    tokio::spawn(async move { manager.close(&session, now).await })
}

#[tokio::test]
async fn a_change_made_during_a_save_is_in_the_next_one() {
    let mut site = Site::new();
    site.request(|session| session.set("a", "0")).await;
    let session = site.open().await;
    session.set("a", "1");
    meanwhile(&site, &session, Operation::Swap, |session| session.set("a", "2")).await;
    site.close(&session).await.unwrap();
    assert_eq!(site.get("a").await.as_deref(), Some("2"));
}

#[tokio::test]
async fn a_key_removed_during_the_save_that_adds_it_is_gone() {
    let mut site = Site::new();
    site.request(|session| session.set("anchor", "stays")).await;
    let session = site.open().await;
    session.set("added", "1");
    meanwhile(&site, &session, Operation::Swap, |session| assert!(session.remove("added"))).await;
    assert!(!session.contains("added"), "it came back within the request");
    site.close(&session).await.unwrap();
    assert_eq!(site.get("added").await, None);
}

#[tokio::test]
async fn a_session_cleared_during_a_save_is_empty() {
    let mut site = Site::new();
    site.request(|session| session.set("old", "1")).await;
    let session = site.open().await;
    session.set("added", "1");
    meanwhile(&site, &session, Operation::Swap, Session::clear).await;
    session.set("anchor", "stays");
    site.close(&session).await.unwrap();
    assert_eq!(site.open().await.keys(), ["_permanent", "anchor"]);
}

#[tokio::test]
async fn a_session_destroyed_during_its_first_save_is_gone() {
    let mut site = Site::new();
    let session = site.open().await;
    session.set("k", "v");
    meanwhile(&site, &session, Operation::Swap, Session::destroy).await;
    let closed = site.close(&session).await.unwrap();
    assert!(
        closed.set_cookie.is_none_or(|line| line.contains("Max-Age=0")),
        "a cookie for a destroyed session"
    );
    assert!(session.id().is_none());
}

#[tokio::test]
async fn a_session_destroyed_during_a_rotation_is_gone() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    session.regenerate();
    meanwhile(&site, &session, Operation::Swap, Session::destroy).await;
    site.close(&session).await.unwrap();
    assert_eq!(site.get("k").await, None, "its data is still there");
}

#[tokio::test]
async fn what_is_set_after_a_destroy_during_a_save_is_a_session_of_its_own() {
    let mut site = Site::new();
    site.request(|session| session.set("old", "v")).await;
    let before = site.cookie.clone();
    let session = site.open().await;
    session.set("a", "1");
    session.set("b", "2");
    meanwhile(&site, &session, Operation::Swap, |session| {
        session.destroy();
        session.set("new", "kept");
    })
    .await;
    site.close(&session).await.unwrap();
    assert_ne!(site.cookie, before);
    let session = site.open().await;
    assert!(
        session.contains("new") && !session.contains("old") && !session.contains("a"),
        "{:?}",
        session.keys()
    );
}

#[tokio::test]
async fn a_login_during_a_save_gives_a_new_id() {
    let mut site = Site::new();
    site.request(|session| session.set("cart", "tea")).await;
    let before = site.cookie.clone();
    let session = site.open().await;
    session.declare_login("username");
    session.set("a", "1");
    meanwhile(&site, &session, Operation::Swap, |session| {
        fields::set::<Username>(session, Some("momo".to_owned()));
    })
    .await;
    site.close(&session).await.unwrap();
    assert_ne!(site.cookie, before, "the id of before the login");
    assert_eq!(site.get("username").await.as_deref(), Some("momo"));
    site.cookie = before;
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn a_save_that_is_dropped_while_it_waits_leaves_the_change_for_the_close() {
    let mut site = Site::new();
    site.request(|session| session.set("a", "0")).await;
    let session = site.open().await;
    session.set("a", "1");
    meanwhile(&site, &session, Operation::Swap, |session| {
        session.set("a", "2");
        begin_and_drop(session.save());
    })
    .await;
    site.close(&session).await.unwrap();
    assert_eq!(site.get("a").await.as_deref(), Some("2"));
}

#[tokio::test]
async fn a_save_that_is_dropped_while_the_store_works_is_not_done_again() {
    for point in [HoldPoint::Before, HoldPoint::After] {
        let mut site = Site::new();
        site.request(|session| session.set("a", &0)).await;
        let session = site.open().await;
        session.set("a", &1);
        let held = site.store.hold(Operation::Swap, point);
        begin_and_drop(session.save());
        drop(held);
        site.store.calls();
        let error = site.close(&session).await.unwrap_err();
        assert!(matches!(&error, SaveError::Unavailable(cause) if cause.to_string().contains("given up")));
        assert_eq!(site.store.calls(), 0);
    }
}

#[tokio::test]
async fn a_session_destroyed_while_the_one_before_it_is_deleted_leaves_no_record() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    session.destroy();
    session.set("k", "of the second one");
    site.store.calls();
    meanwhile(&site, &session, Operation::Delete, Session::destroy).await;
    assert_eq!(
        (site.store.calls(), session.id()),
        (1, None),
        "the first one was deleted, no second one stored"
    );
}

#[tokio::test]
async fn a_change_made_while_a_destroyed_session_is_deleted_is_saved_with_the_next_one() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    session.destroy();
    session.set("a", "1");
    meanwhile(&site, &session, Operation::Delete, |session| session.set("b", "2")).await;
    assert!(!session.has_unsaved_changes());
    site.close(&session).await.unwrap();
    assert_eq!(site.open().await.keys(), ["_permanent", "a", "b"]);
}

#[tokio::test]
async fn a_session_destroyed_during_the_save_of_its_response_leaves_no_record() {
    let site = Site::new();
    let session = site.open().await;
    session.set("k", "v");
    let mut held = site.store.hold(Operation::Swap, HoldPoint::After);
    let closing = close(&site, &session);
    held.reached().await.unwrap();
    session.destroy();
    held.release();
    let closed = closing.await.unwrap().unwrap();
    assert!(closed.set_cookie.unwrap().contains("Max-Age=0"));
    assert_eq!(site.store.calls(), 2, "stored and deleted");
    assert!(!session.has_unsaved_changes());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_id_that_is_asked_for_during_the_save_of_the_response_comes_too_late() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    session.set("k", "w");
    let mut held = site.store.hold(Operation::Swap, HoldPoint::After);
    let closing = close(&site, &session);
    held.reached().await.unwrap();
    session.regenerate();
    let saving = session.save();
    tokio::pin!(saving);
    assert!(tokio::time::timeout(Duration::from_millis(10), &mut saving).await.is_err());
    held.release();
    assert!(matches!(saving.await, Err(SaveError::TooLate)));
    closing.await.unwrap().unwrap();
    assert_eq!(site.get("k").await.as_deref(), Some("w"), "under the id that the browser has");
}
