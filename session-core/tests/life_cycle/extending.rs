//! When a record and a cookie get a new life.

use std::time::Duration;

use rocket_session_state_core::session::Session;

use super::site::Site;

const DAY: Duration = Duration::from_secs(86_400);

type Use = fn(&Session);

async fn ends_in(site: &Site) -> Duration {
    site.ends_in().await.unwrap()
}

fn ten_days() -> Site {
    Site::with(|config| config.permanent_session_lifetime = 10 * DAY)
}

#[tokio::test]
async fn a_hundred_reads_of_a_fresh_session_send_no_cookie_and_write_nothing() {
    let mut site = ten_days();
    site.request(|session| session.set("k", "v")).await;
    site.store.calls();
    for _ in 0..100 {
        let closed = site.request(|session| assert!(session.contains("k"))).await;
        assert_eq!((closed.set_cookie, closed.vary_cookie), (None, true));
    }
    assert_eq!(site.store.calls(), 100, "a load each");
}

#[tokio::test]
async fn a_read_extends_record_and_cookie_with_a_second_call_when_a_tenth_of_the_life_has_passed() {
    let mut site = ten_days();
    site.request(|session| session.set("k", "v")).await;
    site.now += DAY - Duration::from_secs(1);
    assert_eq!(site.request(|_| {}).await.set_cookie, None);
    site.now += Duration::from_secs(1);
    site.store.calls();
    let closed = site.request(|_| {}).await;
    assert_eq!(site.store.calls(), 2);
    assert!(closed.only_extends);
    let expires = "Expires=Sat, 13 Jan 2024 03:04:05 GMT";
    assert!(closed.set_cookie.unwrap().contains(expires));
    assert_eq!(ends_in(&site).await, 10 * DAY);
    assert_eq!(site.request(|_| {}).await.set_cookie, None, "it is young again");
}

#[tokio::test]
async fn a_write_keeps_the_life_that_is_left_and_sends_no_cookie_until_extending_is_due() {
    let mut site = ten_days();
    site.request(|session| session.set("n", &0)).await;
    // A visitor who writes with every request: the record must not be young for ever under a cookie that is never
    // sent again.
    for hour in 1..24 {
        site.now += DAY / 24;
        let closed = site.request(|session| session.set("n", &hour)).await;
        assert_eq!(closed.set_cookie, None, "after {hour} hours");
        assert_eq!(ends_in(&site).await, 10 * DAY - hour * DAY / 24);
    }
    site.now += DAY / 24;
    site.store.calls();
    let closed = site.request(|session| session.set("n", &24)).await;
    assert_eq!(site.store.calls(), 2, "the write extends");
    assert!(closed.set_cookie.is_some());
    assert_eq!(ends_in(&site).await, 10 * DAY);
}

#[tokio::test]
async fn what_is_saved_before_the_answer_extends_once_and_the_answer_has_the_cookie() {
    let mut site = ten_days();
    site.request(|session| session.set("n", &0)).await;
    site.now += DAY;
    let session = site.open().await;
    session.set("n", &1);
    session.save().await.unwrap();
    assert!(ends_in(&site).await >= 10 * DAY);
    session.set("n", &2);
    assert!(site.close(&session).await.unwrap().set_cookie.is_some());
    assert_eq!(site.open().await.get::<u32>("n").unwrap(), Some(2));
}

#[tokio::test]
async fn a_lifetime_that_was_made_shorter_shortens_the_life_at_the_next_use() {
    let mut site = ten_days();
    site.request(|session| session.set("k", "v")).await;
    site.reconfigure(|config| config.permanent_session_lifetime = DAY);
    assert!(site.request(|_| {}).await.set_cookie.is_some());
    assert_eq!(ends_in(&site).await, DAY);
    assert_eq!(site.request(|_| {}).await.set_cookie, None);
}

#[tokio::test]
async fn without_refresh_only_a_change_extends() {
    let mut site = Site::with(|config| {
        config.permanent_session_lifetime = 10 * DAY;
        config.session_refresh_each_request = false;
    });
    site.request(|session| session.set("n", &0)).await;
    site.now += 5 * DAY;
    site.store.calls();
    assert_eq!(site.request(|_| {}).await.set_cookie, None);
    assert_eq!(site.store.calls(), 1);
    assert!(site.request(|session| session.set("n", &1)).await.set_cookie.is_some());
    assert_eq!(ends_in(&site).await, 10 * DAY);
}

#[tokio::test]
async fn a_session_that_ends_with_the_browser_lives_on_in_the_store_and_needs_no_cookie() {
    let mut site = ten_days();
    let set_cookie = site.request(|session| {
        session.set("k", "v");
        session.set_permanent(false);
    });
    assert!(!set_cookie.await.set_cookie.unwrap().contains("Expires"));
    site.now += 2 * DAY;
    assert_eq!(site.request(|_| {}).await.set_cookie, None);
    assert_eq!(ends_in(&site).await, 10 * DAY);
    // Now it is to outlive the browser: that is another cookie.
    let closed = site.request(|session| session.set_permanent(true)).await;
    assert!(closed.set_cookie.unwrap().contains("Expires"));
}

#[tokio::test]
async fn in_flasks_way_every_use_extends_in_one_call_and_sends() {
    let mut site = Site::with(|config| {
        config.permanent_session_lifetime = 10 * DAY;
        config.session_refresh_after = 0.0;
    });
    site.request(|session| session.set("n", &0)).await;
    let uses: [(Use, usize); 2] = [(|_| {}, 1), (|session| session.set("n", &1), 2)];
    for (use_it, calls) in uses {
        site.now += Duration::from_secs(1);
        site.store.calls();
        assert!(site.request(use_it).await.set_cookie.is_some());
        assert_eq!(site.store.calls(), calls);
        assert_eq!(ends_in(&site).await, 10 * DAY);
    }
}

#[tokio::test]
async fn a_cookie_that_holds_the_session_is_signed_anew_when_that_is_due_or_the_session_changes() {
    let mut site = Site::with_cookies(|config| config.permanent_session_lifetime = 10 * DAY);
    site.request(|session| {
        session.set_permanent(true);
        session.set("n", &0);
    })
    .await;
    site.now += DAY - Duration::from_secs(1);
    assert_eq!(site.request(|_| {}).await.set_cookie, None);
    assert!(site.request(|session| session.set("n", &1)).await.set_cookie.is_some());
    site.now += DAY - Duration::from_secs(1);
    assert_eq!(site.request(|_| {}).await.set_cookie, None);
    site.now += Duration::from_secs(1);
    assert!(site.request(|_| {}).await.only_extends);
}

#[tokio::test]
async fn a_read_whose_life_can_not_be_extended_keeps_its_answer() {
    use rocket_session_state_conformance::{Fault, Operation};

    let mut site = ten_days();
    site.request(|session| session.set("k", "v")).await;
    site.now += 2 * DAY;
    let session = site.open().await;
    site.store.next(Operation::Swap, Fault::Fail);
    assert_eq!(site.close(&session).await.unwrap().set_cookie, None);
    let closed = site.request(|_| {}).await;
    assert!(closed.set_cookie.is_some(), "the next one extends it");
}

#[tokio::test]
async fn a_read_beside_a_change_extends_the_record_as_it_is_then_and_the_cookie_with_it() {
    let mut site = Site::with(|config| config.permanent_session_lifetime = Duration::from_secs(1_000));
    site.request(|session| session.set("k", "v")).await;
    site.now += Duration::from_secs(500);
    let reading = site.open().await;
    let elsewhere = site.other_process();
    let changing = elsewhere.open(site.cookie.as_deref(), site.now).await.unwrap();
    changing.set("k", "w");
    changing.keep_life();
    elsewhere.close(&changing, site.now).await.unwrap();
    let closed = site.close(&reading).await.unwrap();
    assert!(closed.set_cookie.is_some() && closed.only_extends);
    assert_eq!(site.ends_in().await, Some(Duration::from_secs(1_000)));
    assert_eq!(site.get("k").await.as_deref(), Some("w"));
}
