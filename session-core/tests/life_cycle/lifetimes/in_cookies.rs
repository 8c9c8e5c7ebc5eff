//! Sessions in cookies.

use std::time::Duration;

use super::{DAY, HOUR, cookie_end, live_for};
use crate::site::{Site, log_in};

#[tokio::test]
async fn a_signed_cookie_lives_as_long_as_it_says_itself() {
    for lifetime in [HOUR, 20 * DAY] {
        let mut site = Site::with_cookies(|config| config.permanent_session_lifetime = 10 * DAY);
        let closed = site.request(|session| {
            session.set("k", "v");
            live_for(session, lifetime);
        });
        assert_eq!(cookie_end(&closed.await), Some(site.now + lifetime));
        site.now += lifetime / 20;
        assert_eq!(site.request(|_| {}).await.set_cookie, None);
        site.now += lifetime / 10;
        assert_eq!(cookie_end(&site.request(|_| {}).await), Some(site.now + lifetime));
        site.now += lifetime;
        assert!(!site.open().await.is_new(), "a cookie as old as its lifetime is good");
        site.now += Duration::from_secs(1);
        assert!(site.open().await.is_new());
    }
}

#[tokio::test]
async fn a_signed_cookie_ends_with_the_absolute_lifetime() {
    let mut site = Site::with_cookies(|config| {
        config.permanent_session_lifetime = 10 * DAY;
        config.session_absolute_lifetime = Some(15 * DAY);
    });
    site.request(|session| {
        session.set_permanent(true);
        log_in(session, "momo");
    })
    .await;
    let end = site.now + 15 * DAY;
    let mut ends = Vec::new();
    for _ in 1..15 {
        site.now += DAY;
        let closed = site.request(|session| assert!(session.contains("username"))).await;
        ends.extend(cookie_end(&closed));
    }
    assert_eq!(ends.iter().filter(|other| **other == end).count(), 1);
    assert_eq!(ends.iter().max(), Some(&end));
    site.now = end;
    let closed =
        site.request(|session| assert!(session.is_new(), "though it was signed a few days ago")).await;
    assert!(closed.set_cookie.unwrap().contains("Max-Age=0"));
}
