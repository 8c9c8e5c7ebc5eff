//! Any sequence of uses, against a model.

use std::time::Duration;

use proptest::prelude::*;

use super::{DAY, cookie_end, created, live_for, thirty_days, unix};
use crate::site::log_in;

/// What a visitor does, after a pause.
#[derive(Debug, Clone)]
enum Use {
    Read,
    Write,
    Renew,
    LogIn,
    LiveFor(u64),
    LiveAsOthers,
    /// Another program gives record and cookie a life of ten days.
    Flask,
}

fn uses() -> impl Strategy<Value = Vec<(u64, Use)>> {
    let action = prop_oneof![
        4 => Just(Use::Read),
        2 => Just(Use::Write),
        1 => Just(Use::Renew),
        1 => Just(Use::LogIn),
        2 => (1..60 * 24 * 3600_u64).prop_map(Use::LiveFor),
        1 => Just(Use::LiveAsOthers),
        1 => Just(Use::Flask),
    ];
    prop::collection::vec((0..5 * 24 * 3600_u64, action), 1..20)
}

async fn follow(uses: &[(u64, Use)], refresh_after: f64) {
    let mut site = thirty_days();
    site.reconfigure(|config| config.session_refresh_after = refresh_after);
    let mut end_of_cookie = cookie_end(&site.request(|session| log_in(session, "momo")).await);
    let mut by_flask = false;
    for (pause, action) in uses {
        site.now += Duration::from_secs(*pause);
        if end_of_cookie.is_some_and(|end| end < site.now) {
            // The browser has dropped it.
            site.cookie = None;
        }
        if matches!(action, Use::Flask) {
            site.touch(10 * DAY).await;
            end_of_cookie = Some(site.now + 10 * DAY);
            by_flask = true;
        }
        let session = site.open().await;
        match action {
            Use::Read | Use::Flask => {}
            Use::Write => session.set("k", &unix(site.now)),
            Use::Renew => session.regenerate(),
            Use::LogIn => log_in(&session, "momo"),
            Use::LiveFor(seconds) => live_for(&session, Duration::from_secs(*seconds)),
            Use::LiveAsOthers => session.clear_lifetime(),
        }
        let closed = site.close(&session).await.unwrap();
        if closed.set_cookie.is_some() {
            end_of_cookie = cookie_end(&closed);
        }
        let Some(left) = site.ends_in().await else { continue };
        let end = site.now + left;
        assert_eq!(end_of_cookie, Some(end), "record and cookie end together");
        let limit = created(&site).await.unwrap_or(0) + 30 * 24 * 3600;
        // What the other program has made longer by less than a minute stays: clocks differ.
        let limit = if by_flask { limit + 60 } else { limit };
        assert!(unix(end) <= limit, "{} seconds too long", unix(end) - limit);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn record_and_cookie_end_together_and_never_after_the_absolute_lifetime(
        uses in uses(),
        refresh_after in prop_oneof![Just(0.0), Just(0.1), Just(0.5), Just(1.0)],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(follow(&uses, refresh_after));
    }
}
