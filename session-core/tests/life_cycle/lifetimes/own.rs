//! A session's own life.

use std::time::Duration;

use rocket_session_state_core::session::Session;

use super::{DAY, HOUR, MINUTE, cookie_end, live_for, ten_days, thirty_days};
use crate::site::{Site, log_in};

#[tokio::test]
async fn a_life_of_its_own_is_that_of_record_and_cookie_in_the_same_answer() {
    for lifetime in [5 * MINUTE, 20 * DAY] {
        for permanent in [true, false] {
            let mut site = ten_days();
            site.request(|session| {
                session.set("k", "v");
                session.set_permanent(permanent);
            })
            .await;
            site.now += HOUR;
            let closed = site.request(|session| live_for(session, lifetime)).await;
            assert_eq!(cookie_end(&closed), Some(site.now + lifetime));
            assert_eq!(site.ends_in().await, Some(lifetime));
            assert_eq!(site.open().await.lifetime(), Some(lifetime));

            site.now += lifetime / 20;
            assert_eq!(site.request(|_| {}).await.set_cookie, None, "a twentieth of its life is not due");
            site.now += lifetime / 10;
            let closed = site.request(|_| {}).await;
            assert!(closed.only_extends);
            assert_eq!(cookie_end(&closed), Some(site.now + lifetime));
            assert_eq!(site.ends_in().await, Some(lifetime));

            let closed = site.request(Session::clear_lifetime).await;
            assert_eq!(cookie_end(&closed), permanent.then(|| site.now + 10 * DAY));
            assert!(closed.set_cookie.is_some());
            assert_eq!(site.ends_in().await, Some(10 * DAY));
            assert_eq!(site.open().await.lifetime(), None);
        }
    }
}

#[tokio::test]
async fn a_session_that_begins_with_a_life_of_its_own_has_it_from_the_first_answer_on() {
    let mut site = ten_days();
    let closed = site.request(|session| {
        live_for(session, HOUR);
        log_in(session, "momo");
    });
    assert_eq!(cookie_end(&closed.await), Some(site.now + HOUR));
    assert_eq!(site.ends_in().await, Some(HOUR));
    // Also under another id.
    site.now += MINUTE;
    for renew in [Session::regenerate, |session: &Session| log_in(session, "momo")] {
        let closed = site.request(renew).await;
        assert_eq!(cookie_end(&closed), Some(site.now + HOUR));
        assert_eq!(site.ends_in().await, Some(HOUR));
    }
    site.now += HOUR;
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn no_life_of_its_own_is_longer_than_the_configuration_allows() {
    let mut site = ten_days();
    site.reconfigure(|config| config.session_lifetime_max = Some(15 * DAY));
    site.request(|session| {
        session.set("k", "v");
        live_for(session, 400 * DAY);
        assert_eq!(session.lifetime(), Some(15 * DAY));
    })
    .await;
    assert_eq!(site.ends_in().await, Some(15 * DAY));
    // What was set when more was allowed counts as the most that is.
    site.reconfigure(|config| config.session_lifetime_max = Some(12 * DAY));
    let closed = site.request(|session| assert_eq!(session.lifetime(), Some(12 * DAY))).await;
    assert_eq!(cookie_end(&closed), Some(site.now + 12 * DAY));
    assert_eq!(site.ends_in().await, Some(12 * DAY));
}

#[tokio::test]
async fn the_absolute_lifetime_ends_a_longer_life_of_its_own() {
    let mut site = thirty_days();
    let closed = site.request(|session| {
        session.set("k", "v");
        live_for(session, 31 * DAY);
    });
    assert_eq!(cookie_end(&closed.await), Some(site.now + 30 * DAY));
    site.now += 20 * DAY;
    assert_eq!(site.request(|_| {}).await.set_cookie, None, "it can't be extended");
    assert_eq!(site.ends_in().await, Some(10 * DAY));
}

#[tokio::test]
async fn less_than_a_second_is_an_error_that_changes_nothing() {
    let mut site = ten_days();
    site.request(|session| session.set("k", "v")).await;
    site.request(|session| {
        let short = Duration::from_millis(999);
        let error = session.set_lifetime(short).unwrap_err();
        assert_eq!(error.asked(), short);
        assert!(error.to_string().contains("999ms"), "{error}");
        assert!(!session.is_modified() && session.lifetime().is_none());
        live_for(session, Duration::from_millis(1_999));
        assert_eq!(session.lifetime(), Some(Duration::from_secs(1)));
    })
    .await;
}

#[tokio::test]
async fn a_life_that_makes_no_sense_counts_as_none() {
    for value in ["\"long\"", "0", "-1", "1.5", "true", "null", "99999999999999999999999"] {
        let mut site = ten_days();
        site.request(|session| session.set("k", "v")).await;
        let value: serde_json::Value = serde_json::from_str(value).unwrap();
        site.request(|session| session.set("_lifetime", &value)).await;
        assert_eq!(site.open().await.lifetime(), None, "{value}");
        assert_eq!(site.ends_in().await, Some(10 * DAY), "{value}");
    }
}

#[tokio::test]
async fn nothing_but_its_life_is_nothing_to_keep() {
    for mut site in [thirty_days(), Site::with_cookies(|config| config.session_absolute_lifetime = Some(DAY))]
    {
        site.store.calls();
        site.request(|session| live_for(session, HOUR)).await;
        assert_eq!((site.store.calls(), site.cookie.is_none()), (0, true));
        site.request(|session| {
            session.set("k", "v");
            live_for(session, HOUR);
        })
        .await;
        assert!(site.cookie.is_some());
        let closed = site.request(|session| assert!(session.remove("k"))).await;
        assert!(closed.set_cookie.unwrap().contains("Max-Age=0"));
    }
}
