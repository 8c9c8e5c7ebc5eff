//! A session whose user changes: here, or in place by Flask, which keeps the id.

use std::sync::Arc;

use rocket_session_state_core::fields;
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::{SaveError, Session};

use super::site::{Site, field, log_in};

field!(Generation, "generation", u32, u32, 0);
field!(Views, "views", u32, u32, 0);

/// A site whose application has a login field, as a launch finds it.
fn site() -> Site {
    let site = Site::new();
    site.manager.declare_login("username");
    site
}

/// A request to another process, which knows nothing of users.
async fn in_flask(site: &Site, handler: impl FnOnce(&Session)) {
    let store = Arc::new(site.store.clone());
    let flask = Manager::with_store(site.manager.config().clone(), store).unwrap();
    let session = flask.open(site.cookie.as_deref(), site.now).await.unwrap();
    handler(&session);
    flask.close(&session, site.now).await.unwrap();
}

fn become_bob(session: &Session) {
    session.set("username", "bob");
    session.set("b", "bob's");
}

/// A session of a user, or of nobody, which becomes Bob's while a request is running.
async fn taken_over(user: Option<&str>) -> (Site, Session) {
    let mut site = site();
    site.request(|session| {
        session.set("cart", "tea");
        if let Some(user) = user {
            session.set("username", user);
        }
    })
    .await;
    let running = site.open().await;
    in_flask(&site, become_bob).await;
    (site, running)
}

#[tokio::test]
async fn nothing_is_written_to_a_session_that_has_become_another_users() {
    let changes: [fn(&Session); 4] = [
        |session| session.set("a", "alice's"),
        |session| session.flash("for alice", "info"),
        |session| fields::update::<Views, _>(session, |views| *views += 1),
        Session::regenerate,
    ];
    for user in [Some("alice"), None] {
        for change in changes {
            let (mut site, running) = taken_over(user).await;
            change(&running);
            assert!(matches!(site.close(&running).await, Err(SaveError::Ended)));
            let mut keys = site.open().await.keys();
            keys.retain(|key| !key.starts_with('_'));
            keys.sort();
            assert_eq!(keys, ["b", "cart", "username"]);
            assert_eq!(site.get("username").await.as_deref(), Some("bob"));
        }
    }
}

#[tokio::test]
async fn who_only_reads_a_session_that_has_become_another_users_keeps_the_answer() {
    let (mut site, running) = taken_over(Some("alice")).await;
    assert_eq!(running.get::<String>("username").unwrap().as_deref(), Some("alice"));
    site.close(&running).await.unwrap();
}

#[tokio::test]
async fn a_log_in_takes_nothing_over_from_a_user_who_has_come_meanwhile() {
    for user in [Some("alice"), None] {
        let (mut site, running) = taken_over(user).await;
        let old = site.cookie.clone();
        running.set("username", "alice");
        running.set("a", "alice's");
        site.close(&running).await.unwrap();
        assert_eq!(site.open().await.keys(), ["_permanent", "username", "_login_at", "a"]);
        assert_eq!(site.get("username").await.as_deref(), Some("alice"));
        assert_ne!(site.cookie, old);
        site.cookie = old;
        assert!(site.open().await.is_new(), "the old id is alive");
    }
}

#[tokio::test]
async fn who_has_come_meanwhile_and_logs_in_here_too_keeps_the_data() {
    let (mut site, running) = taken_over(None).await;
    running.set("username", "bob");
    site.close(&running).await.unwrap();
    let session = site.open().await;
    assert!(session.contains("b") && session.contains("cart"));
}

#[tokio::test]
async fn nothing_is_written_to_a_session_whose_user_has_logged_out_in_place() {
    let mut site = site();
    site.request(|session| session.set("username", "alice")).await;
    let running = site.open().await;
    in_flask(&site, |session| {
        session.remove("username");
        session.set("bye", "1");
    })
    .await;
    running.set("a", "alice's");
    assert!(matches!(site.close(&running).await, Err(SaveError::Ended)));
    assert!(!site.open().await.contains("a"));
}

#[tokio::test]
async fn what_others_write_for_the_same_user_is_merged_as_ever() {
    let mut site = site();
    site.request(|session| session.set("username", "alice")).await;
    for change in [|session: &Session| session.set("a", "1"), Session::regenerate] {
        let running = site.open().await;
        in_flask(&site, |session| {
            session.set("late", "kept");
            session.set("username", "alice");
        })
        .await;
        change(&running);
        site.close(&running).await.unwrap();
        let session = site.open().await;
        assert!(session.contains("late") && session.contains("a"));
    }
}

#[tokio::test]
async fn untyped_code_logs_in_and_out_by_the_rules() {
    let mut site = site();
    site.request(|session| session.set("cart", "tea")).await;
    let planted = site.cookie.clone();
    site.request(|session| session.set("username", "alice")).await;
    assert_ne!(site.cookie, planted);
    assert_eq!(site.get("cart").await.as_deref(), Some("tea"));
    let alices = std::mem::replace(&mut site.cookie, planted);
    assert!(site.open().await.is_new(), "the id of before the login is alive");
    site.cookie = alices.clone();
    site.request(|session| {
        assert!(session.login_age().is_some());
        assert_eq!(session.pop::<String>("username").unwrap().as_deref(), Some("alice"));
    })
    .await;
    assert_eq!(site.cookie, None, "nothing of alice is left");
    site.cookie = alices;
    assert!(site.open().await.is_new());
    site.request(|session| session.set("username", "bob")).await;
    assert!(!site.open().await.contains("cart"));
}

#[tokio::test]
async fn the_login_key_holds_for_sessions_in_cookies_too() {
    let mut site = Site::with_cookies(|_| {});
    site.manager.declare_login("username");
    for user in ["alice", "bob"] {
        site.request(|session| {
            session.set("username", user);
            session.set(user, "private");
        })
        .await;
    }
    assert_eq!(site.open().await.keys(), ["_login_at", "bob", "username"]);
}

/// What a request does before another user logs in, or after it.
type Step = (&'static str, fn(&Session));

const SET: Step = ("set", |session| fields::set::<Generation>(session, 7));
const SET_UNTYPED: Step = ("set untyped", |session| session.set("note", "new"));
const USER: Step = ("user", |session| log_in(session, "bob"));

#[tokio::test]
async fn what_a_request_sets_belongs_to_its_last_user_in_any_order() {
    let orders = [
        [SET, SET_UNTYPED, USER],
        [SET, USER, SET_UNTYPED],
        [SET_UNTYPED, USER, SET],
        [USER, SET_UNTYPED, SET],
    ];
    for order in orders {
        let mut site = site();
        site.request(|session| {
            log_in(session, "alice");
            fields::set::<Generation>(session, 3);
            session.set("private", "alice's");
        })
        .await;
        site.request(|session| order.iter().for_each(|(_, step)| step(session))).await;
        let session = site.open().await;
        let mut keys = session.keys();
        keys.sort();
        let names = order.map(|(name, _)| name);
        assert_eq!(keys, ["_login_at", "_permanent", "generation", "note", "username"], "{names:?}");
        assert_eq!(fields::get::<Generation>(&session), 7, "{names:?}");
        assert!(session.login_age().is_some());
    }
}

#[tokio::test]
async fn what_a_request_has_made_of_a_value_goes_with_the_user_of_that_value() {
    /// What the request does before the other user logs in, and what that one finds.
    type Case = (fn(&Session), Option<u32>);
    let cases: [Case; 6] = [
        (|session| fields::update::<Views, _>(session, |views| *views += 1), None),
        (
            |session| {
                session.update("views", |views: &mut Option<u32>| *views = views.map(|n| n + 1)).unwrap()
            },
            None,
        ),
        (
            |session| {
                fields::update::<Views, _>(session, |views| *views += 1);
                fields::update::<Views, _>(session, |views| *views += 1);
            },
            None,
        ),
        // Nothing of the old value is in these.
        (
            |session| {
                fields::set::<Views>(session, 1);
                fields::update::<Views, _>(session, |views| *views += 1);
            },
            Some(2),
        ),
        (
            |session| {
                fields::take::<Views>(session);
                fields::update::<Views, _>(session, |views| *views += 1);
            },
            Some(1),
        ),
        (
            |session| {
                fields::update::<Views, _>(session, |views| *views += 1);
                fields::set::<Views>(session, 5);
            },
            Some(5),
        ),
    ];
    for (number, (change, expected)) in cases.into_iter().enumerate() {
        let mut site = site();
        site.request(|session| {
            log_in(session, "alice");
            fields::set::<Views>(session, 10);
        })
        .await;
        site.request(|session| {
            change(session);
            log_in(session, "bob");
        })
        .await;
        assert_eq!(site.open().await.get::<u32>("views").unwrap(), expected, "{number}");
    }
}

#[tokio::test]
async fn a_value_that_no_session_holds_is_an_error_also_after_a_change_of_user() {
    let mut site = site();
    site.request(|session| log_in(session, "alice")).await;
    let session = site.open().await;
    session.set("huge", &u128::MAX);
    log_in(&session, "bob");
    assert!(matches!(site.close(&session).await, Err(SaveError::Encode { .. })));
}
