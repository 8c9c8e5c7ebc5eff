//! Expired records are removed in the background, and as often as requests are told to.

use std::time::{Duration, SystemTime};

use rocket_session_state_conformance::{Fault, Operation};
use rocket_session_state_core::store::{Call, New, Store};
use tokio::time::{Instant, timeout};

use crate::site::Site;

const HOUR: Duration = Duration::from_secs(3600);

fn call(now: SystemTime) -> Call {
    Call { now, deadline: Instant::now() + HOUR }
}

async fn put(site: &Site, key: &str) {
    let new = New { bytes: b"x", lifetime: Some(Duration::from_secs(60)) };
    site.store.swap(call(site.now), key, None, Some(new)).await.unwrap();
}

/// Returns the number of records that an hour of purging has left over.
async fn left_after_an_hour(site: &Site) -> u64 {
    let later = site.now + HOUR;
    let purging = site.manager.purge_regularly(|| later);
    assert!(timeout(HOUR, purging).await.is_err(), "purging has ended");
    site.store.purge(call(later)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn expired_records_are_removed_within_one_and_a_half_intervals_also_after_failures() {
    let site = Site::with(|config| config.session_purge_interval = Some(HOUR / 6));
    put(&site, "a").await;
    site.store.next(Operation::Purge, Fault::Fail);
    site.store.next(Operation::Purge, Fault::Hang);
    let began = Instant::now();
    assert_eq!(left_after_an_hour(&site).await, 0);
    assert_eq!(began.elapsed(), HOUR);
}

#[tokio::test(start_paused = true)]
async fn without_an_interval_nothing_is_removed() {
    let site = Site::with(|config| config.session_purge_interval = None);
    put(&site, "a").await;
    timeout(HOUR, site.manager.purge_regularly(|| site.now)).await.unwrap();
    assert_eq!(site.store.purge(call(site.now + HOUR)).await.unwrap(), 1);
}

#[test]
fn one_use_in_n_plus_one_asks_for_a_purge() {
    let due = |n: Option<u32>| {
        let site = Site::with(|config| config.session_cleanup_n_requests = n);
        (0..2_000).filter(|_| site.manager.is_purge_due()).count()
    };
    assert_eq!(due(None), 0);
    // The chance of being outside is below one in a million.
    assert!((880..1_120).contains(&due(Some(1))));
    assert!((120..290).contains(&due(Some(9))));
}

#[test]
fn cookies_have_nothing_to_purge() {
    let site = Site::with_cookies(|config| config.session_cleanup_n_requests = Some(1));
    assert!((0..100).all(|_| !site.manager.is_purge_due()));
}
