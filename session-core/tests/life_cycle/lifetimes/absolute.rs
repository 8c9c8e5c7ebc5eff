//! The absolute lifetime: since the log-in, whatever is used meanwhile.

use std::time::Duration;

use rocket_session_state_conformance::{Fault, Operation};
use rocket_session_state_core::session::Session;

use super::{DAY, HOUR, MINUTE, cookie_end, created, over, ten_days, thirty_days, unix};
use crate::site::{Site, log_in, log_out};

#[tokio::test]
async fn a_session_that_is_used_every_day_ends_thirty_days_after_its_log_in() {
    let mut site = thirty_days();
    site.request(|session| session.set("cart", "tea")).await;
    site.now += 5 * DAY;
    site.request(|session| log_in(session, "momo")).await;
    for day in 1..30 {
        site.now += DAY;
        site.request(|session| assert!(session.contains("username"), "day {day}")).await;
        let left = site.ends_in().await.unwrap();
        assert!(left <= 30 * DAY - day * DAY, "day {day}: the record would live {left:?}");
    }
    site.now += DAY - Duration::from_secs(1);
    assert!(site.open().await.contains("username"));
    site.now += Duration::from_secs(1);
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn near_its_end_a_session_sends_its_cookie_once_more_and_not_with_every_answer() {
    let mut site = thirty_days();
    site.request(|session| session.set("k", "v")).await;
    let end = site.now + 30 * DAY;
    let mut ends = Vec::new();
    for _ in 1..90 {
        site.now += 8 * HOUR;
        ends.extend(cookie_end(&site.request(|_| {}).await));
    }
    assert_eq!(ends.last(), Some(&end));
    assert_eq!(ends.iter().filter(|other| **other == end).count(), 1);
    assert_eq!(ends.len(), 20, "once a day until the end is in sight");
}

#[tokio::test]
async fn what_is_over_reads_as_a_new_visitor_and_is_deleted_by_a_request_that_only_reads() {
    let mut site = over().await;
    let (record, cookie) = (site.stored().await, site.cookie.clone());
    assert!(record.is_some());
    let session = site.open().await;
    assert!(session.is_new() && session.is_empty() && !session.is_modified());
    assert_eq!(session.login_age(), None);
    session.ended().await;
    let closed = site.close(&session).await.unwrap();
    assert!(closed.set_cookie.unwrap().contains("Max-Age=0"));
    site.cookie = cookie;
    assert!(site.stored().await.is_none());
}

#[tokio::test]
async fn a_request_that_finds_its_session_over_begins_another() {
    for outage in [false, true] {
        let mut site = over().await;
        let before = site.cookie.clone();
        if outage {
            // That the old record stays is no reason to fail.
            site.store.next(Operation::Delete, Fault::LoseAnswer);
        }
        let begun = site.request(|session| log_in(session, "bob")).await;
        assert!(begun.set_cookie.is_some());
        assert_ne!(site.cookie, before);
        assert_eq!(created(&site).await, Some(unix(site.now)));
        assert_eq!(site.get("username").await.as_deref(), Some("bob"));
    }
}

#[tokio::test]
async fn an_outage_does_not_keep_a_session_that_is_over_alive() {
    let mut site = over().await;
    let cookie = site.cookie.clone();
    site.store.next(Operation::Delete, Fault::Fail);
    let closed = site.request(|session| assert!(session.is_empty())).await;
    assert!(closed.set_cookie.unwrap().contains("Max-Age=0"));
    site.cookie = cookie;
    assert!(site.open().await.is_new());
}

#[tokio::test(start_paused = true)]
async fn the_session_that_is_begun_after_one_that_is_over_has_not_ended() {
    let site = over().await;
    let session = site.open().await;
    session.ended().await;
    session.set("k", "v");
    session.save().await.unwrap();
    let waited = tokio::time::timeout(HOUR, session.ended()).await;
    assert!(waited.is_err(), "it lives");
    session.destroy();
    session.save().await.unwrap();
    session.ended().await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_end_is_told_when_the_absolute_lifetime_has_passed() {
    let mut site = Site::with(|config| {
        config.permanent_session_lifetime = 10 * DAY;
        config.session_absolute_lifetime = Some(10 * MINUTE);
    });
    site.request(|session| session.set("k", "v")).await;
    // Another program keeps the record.
    site.touch(10 * DAY).await;
    let session = site.open().await;
    let began = tokio::time::Instant::now();
    session.ended().await;
    assert!((10 * MINUTE..11 * MINUTE).contains(&began.elapsed()));
}

#[tokio::test]
async fn each_log_in_begins_the_absolute_lifetime_anew_and_a_renewal_keeps_it() {
    type Change = fn(&Session);
    const CHANGES: [(Change, bool); 6] = [
        (|session| log_in(session, "momo"), true),
        (
            |session| {
                session.declare_login("username");
                session.set("username", "momo");
            },
            true,
        ),
        (|session| log_in(session, "bob"), true),
        (Session::regenerate, false),
        (|session| session.set("k", "w"), false),
        (
            |session| {
                log_out(session);
                session.set("k", "w");
            },
            true,
        ),
    ];
    for (number, (change, anew)) in CHANGES.into_iter().enumerate() {
        let mut site = thirty_days();
        site.request(|session| log_in(session, "momo")).await;
        let first = unix(site.now);
        site.now += DAY;
        site.request(change).await;
        let expected = if anew { unix(site.now) } else { first };
        assert_eq!(created(&site).await, Some(expected), "change {number}");
    }
}

#[tokio::test]
async fn a_time_that_is_not_to_be_trusted_counts_as_none() {
    for (value, is_kept) in [
        ("\"yesterday\"", false),
        ("null", false),
        ("-5", false),
        ("1704164645.5", false),
        ("1704164645", true),
        ("1704164945", true),
        ("1704164946", false),
    ] {
        let mut site = thirty_days();
        site.request(|session| session.set("k", "v")).await;
        let value: serde_json::Value = serde_json::from_str(value).unwrap();
        site.store_without_rules(|session| session.set("_created_at", &value)).await;
        assert_eq!(unix(site.now), 1_704_164_645);
        site.request(|session| assert!(session.contains("k"))).await;
        let now: serde_json::Value = site.open().await.get("_created_at").unwrap().unwrap();
        if is_kept {
            assert_eq!(now, value);
        } else {
            assert_eq!(now, 1_704_164_645, "{value}");
        }
    }
}

#[tokio::test]
async fn without_an_absolute_lifetime_nothing_is_noted_and_nothing_ends() {
    let mut site = ten_days();
    site.request(|session| log_in(session, "momo")).await;
    assert_eq!(created(&site).await, None);
    site.request(|session| session.set("_created_at", &1)).await;
    assert!(site.open().await.contains("username"));
    // An old time goes with a log-in, or the login would be over as soon as the setting is turned on again.
    site.request(|session| log_in(session, "momo")).await;
    assert!(!site.open().await.contains("_created_at"));
}
