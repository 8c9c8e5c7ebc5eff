//! Whose life it is: the user who is logged in.

use std::time::Duration;

use rocket_session_state_core::session::Session;

use super::{DAY, HOUR, MINUTE, cookie_end, created, live_for, ten_days, thirty_days, unix};
use crate::site::{Site, log_in, log_out};

#[tokio::test]
async fn a_log_out_and_another_user_end_the_life_of_its_own_unless_it_was_set_just_then() {
    type Change = fn(&Session);
    let changes: [(Change, Option<Duration>); 5] = [
        (
            |session| {
                log_out(session);
                session.set("k", "v");
            },
            None,
        ),
        (|session| log_in(session, "bob"), None),
        (
            |session| {
                live_for(session, HOUR);
                log_in(session, "bob");
            },
            Some(HOUR),
        ),
        (
            |session| {
                log_in(session, "bob");
                live_for(session, HOUR);
            },
            Some(HOUR),
        ),
        (|session| log_in(session, "momo"), Some(20 * DAY)),
    ];
    for (number, (change, left)) in changes.into_iter().enumerate() {
        let mut site = ten_days();
        site.request(|session| {
            log_in(session, "momo");
            live_for(session, 20 * DAY);
        })
        .await;
        let closed = site.request(change).await;
        assert_eq!(site.open().await.lifetime(), left, "change {number}");
        assert_eq!(site.ends_in().await, Some(left.unwrap_or(10 * DAY)), "change {number}");
        assert_eq!(cookie_end(&closed), Some(site.now + left.unwrap_or(10 * DAY)), "change {number}");
    }
}

#[tokio::test]
async fn a_user_whom_flask_has_logged_in_has_neither_the_age_nor_the_life_of_the_session_before() {
    for before in [None, Some("momo")] {
        let mut site = Site::with(|config| {
            config.permanent_session_lifetime = HOUR;
            config.session_absolute_lifetime = Some(12 * HOUR);
        });
        site.manager.declare_login("username");
        site.request(|session| {
            session.set("cart", "tea");
            if let Some(user) = before {
                log_in(session, user);
            }
            live_for(session, 20 * HOUR);
        })
        .await;
        site.now += 11 * HOUR;
        let kept = site.request(|session| assert_eq!(session.lifetime(), Some(20 * HOUR))).await;
        assert_eq!(kept.set_cookie, None, "it ends with its absolute lifetime");
        // In place, under the same id.
        site.store_without_rules(|session| session.set("username", "bob")).await;
        let began = unix(site.now);
        let closed = site.request(|session| assert_eq!(session.lifetime(), None)).await;
        assert_eq!(cookie_end(&closed), Some(site.now + HOUR), "{before:?}");
        assert_eq!(created(&site).await, Some(began));
        for _ in 0..11 {
            site.now += HOUR - MINUTE;
            site.request(|session| assert!(session.contains("username"))).await;
            assert!(site.ends_in().await.unwrap() <= HOUR);
        }
        // A life that is set now is bob's, and goes with him.
        site.request(|session| live_for(session, 2 * HOUR)).await;
        assert_eq!(site.open().await.lifetime(), Some(2 * HOUR));
        site.store_without_rules(|session| session.set("username", "momo")).await;
        assert_eq!(site.open().await.lifetime(), None);
        site.store_without_rules(|session| assert!(session.remove("username"))).await;
        assert_eq!(site.open().await.lifetime(), None);
    }
}

#[tokio::test]
async fn a_visitor_who_logs_in_keeps_the_life_that_was_set_before_the_log_in_or_after_it() {
    type Change = fn(&Session);
    let before: Change = |session| log_in(session, "momo");
    let with: Change = |session| {
        live_for(session, 2 * HOUR);
        log_in(session, "momo");
    };
    let after: Change = |session| {
        log_in(session, "momo");
        live_for(session, 2 * HOUR);
    };
    for (visitors, change, left) in [
        (Some(HOUR), before, Some(HOUR)),
        (Some(HOUR), with, Some(2 * HOUR)),
        (Some(HOUR), after, Some(2 * HOUR)),
        (None, before, None),
        (None, with, Some(2 * HOUR)),
    ] {
        let mut site = ten_days();
        site.manager.declare_login("username");
        site.request(|session| {
            session.set("cart", "tea");
            if let Some(own) = visitors {
                live_for(session, own);
            }
        })
        .await;
        site.request(change).await;
        assert_eq!(site.open().await.lifetime(), left);
        assert_eq!(site.ends_in().await, Some(left.unwrap_or(10 * DAY)));
        // Whom Flask logs in over it does not have it.
        site.store_without_rules(|session| session.set("username", "bob")).await;
        site.request(|session| log_in(session, "eve")).await;
        assert_eq!(site.open().await.lifetime(), None);
        assert!(!site.open().await.contains("_lifetime"));
    }
}

#[tokio::test]
async fn the_age_of_a_log_in_is_known_as_long_as_the_session_lives() {
    let mut site = thirty_days();
    site.manager.declare_login("username");
    site.request(|session| {
        log_in(session, "momo");
        live_for(session, 25 * DAY);
    })
    .await;
    site.now += 24 * DAY;
    site.request(|session| assert_eq!(session.login_age(), Some(24 * DAY))).await;
    // To log in again makes it young, and the session too.
    site.request(|session| log_in(session, "momo")).await;
    site.now += 7 * DAY;
    site.request(|session| assert_eq!(session.login_age(), Some(7 * DAY))).await;
    site.now += 23 * DAY;
    assert_eq!(site.open().await.login_age(), None);
}
