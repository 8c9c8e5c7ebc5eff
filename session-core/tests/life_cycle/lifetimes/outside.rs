//! What other programs and other requests make of a life, with refresh, without it, and in Flask's way.

use rocket_session_state_conformance::{Fault, HoldPoint, Operation};

use super::{DAY, HOUR, MINUTE, cookie_end, live_for, ten_days};
use crate::site::Site;

#[tokio::test]
async fn what_another_program_has_made_of_the_life_is_put_right_at_the_next_use() {
    for lifetime in [HOUR, 20 * DAY] {
        let mut site = ten_days();
        site.request(|session| {
            session.set("k", "v");
            live_for(session, lifetime);
        })
        .await;
        // Flask gives each record that it saves the configured life.
        site.touch(10 * DAY).await;
        let closed = site.request(|_| {}).await;
        assert_eq!(cookie_end(&closed), Some(site.now + lifetime));
        assert_eq!(site.ends_in().await, Some(lifetime));
    }
}

#[tokio::test]
async fn a_read_gives_a_session_no_longer_life_than_another_request_has_just_set() {
    for refresh_after in [0.1, 0.0] {
        let mut site = ten_days();
        site.reconfigure(|config| config.session_refresh_after = refresh_after);
        site.request(|session| {
            session.set("k", "v");
            live_for(session, 20 * DAY);
        })
        .await;
        site.now += 5 * DAY;
        let elsewhere = site.other_process();
        let cookie = site.cookie.clone();
        let shorten = async |now| {
            let session = elsewhere.open(cookie.as_deref(), now).await.unwrap();
            live_for(&session, 5 * MINUTE);
            elsewhere.close(&session, now).await.unwrap();
        };
        if refresh_after > 0.0 {
            let reading = site.open().await;
            shorten(site.now).await;
            assert_eq!(site.close(&reading).await.unwrap().set_cookie, None);
        } else {
            // In Flask's way a life of its own is given right after the load.
            let mut held = site.store.hold(Operation::Swap, HoldPoint::Before);
            let (manager, now, cookie) = (site.manager.clone(), site.now, cookie.clone());
            let opening = tokio::spawn(async move { manager.open(cookie.as_deref(), now).await.unwrap() });
            held.reached().await.unwrap();
            shorten(site.now).await;
            held.release();
            let reading = opening.await.unwrap();
            let closed = site.close(&reading).await.unwrap();
            assert_eq!(closed.set_cookie, None);
        }
        assert_eq!(site.ends_in().await, Some(5 * MINUTE), "{refresh_after}");
    }
}

#[tokio::test]
async fn a_life_of_its_own_that_meets_a_new_id_is_that_of_the_session_under_it() {
    for (lifetime, left) in [(Some(5 * MINUTE), 5 * MINUTE), (None, 10 * DAY - MINUTE / 2)] {
        let mut site = ten_days();
        site.request(|session| session.set("k", "v")).await;
        let shortening = site.open().await;
        let renewing = site.open().await;
        renewing.regenerate();
        let elsewhere = site.other_process();
        elsewhere.close(&renewing, site.now).await.unwrap();
        site.now += MINUTE / 2;
        shortening.set("k", "w");
        if let Some(lifetime) = lifetime {
            live_for(&shortening, lifetime);
        }
        site.close(&shortening).await.unwrap();
        site.cookie = renewing.id().map(|id| id.as_str().to_owned());
        assert_eq!(site.open().await.lifetime(), lifetime);
        assert_eq!(site.ends_in().await, Some(left));
    }
}

#[tokio::test]
async fn without_refresh_a_read_shortens_what_another_program_has_made_too_long() {
    let mut site = ten_days();
    site.reconfigure(|config| config.session_refresh_each_request = false);
    site.request(|session| {
        session.set("k", "v");
        live_for(session, 5 * MINUTE);
    })
    .await;
    site.touch(31 * DAY).await;
    let closed = site.request(|session| assert!(session.contains("k"))).await;
    assert_eq!(site.ends_in().await, Some(5 * MINUTE));
    assert_eq!(cookie_end(&closed), Some(site.now + 5 * MINUTE));
    site.now += 4 * MINUTE;
    site.request(|session| assert!(session.contains("k"))).await;
    assert_eq!(site.ends_in().await, Some(MINUTE), "no use extends it");
}

#[tokio::test]
async fn in_flasks_way_the_cookie_does_not_outlive_a_record_that_could_not_get_its_own_life() {
    let mut site = ten_days();
    site.reconfigure(|config| config.session_refresh_after = 0.0);
    site.request(|session| {
        session.set("k", "v");
        live_for(session, 20 * DAY);
    })
    .await;
    for failures in [1, 2] {
        site.now += HOUR;
        for _ in 0..failures {
            site.store.next(Operation::Swap, Fault::Fail);
        }
        let closed = site.request(|session| assert!(session.contains("k"))).await;
        // The load has touched it, and the close has tried once more.
        let end = if failures == 1 { Some(site.now + 20 * DAY) } else { None };
        assert_eq!(cookie_end(&closed), end);
        assert_eq!(site.ends_in().await, Some(if failures == 1 { 20 * DAY } else { 10 * DAY }));
    }
}

#[tokio::test]
async fn in_flasks_way_the_first_note_of_its_age_ends_a_session_that_would_live_too_long() {
    let mut site = ten_days();
    site.request(|session| session.set("k", "v")).await;
    site.reconfigure(|config| {
        config.session_refresh_after = 0.0;
        config.session_absolute_lifetime = Some(DAY);
    });
    let closed = site.request(|session| assert!(session.contains("k"))).await;
    assert_eq!(cookie_end(&closed), Some(site.now + DAY));
    assert_eq!(site.ends_in().await, Some(DAY));
}

#[tokio::test]
async fn in_flasks_way_each_use_gives_the_life_that_the_session_has() {
    let mut site = Site::with(|config| {
        config.permanent_session_lifetime = 10 * DAY;
        config.session_absolute_lifetime = Some(25 * DAY);
        config.session_refresh_after = 0.0;
    });
    site.request(|session| session.set("k", "v")).await;
    let end = site.now + 25 * DAY;
    for lifetime in [Some(HOUR), Some(20 * DAY), None] {
        site.request(|session| {
            lifetime.map_or_else(|| session.clear_lifetime(), |own| live_for(session, own))
        })
        .await;
        site.now += MINUTE;
        let right = lifetime.unwrap_or(10 * DAY);
        // Also if the request comes to nothing.
        let session = site.open().await;
        assert_eq!(site.ends_in().await, Some(right));
        session.set("k", "w");
        assert_eq!(cookie_end(&site.close(&session).await.unwrap()), Some(site.now + right));
        assert_eq!(site.ends_in().await, Some(right));
        let closed = site.request(|_| {}).await;
        assert_eq!(cookie_end(&closed), Some(site.now + right));
    }
    site.now += 9 * DAY;
    site.request(|_| {}).await;
    site.now += 9 * DAY;
    let closed = site.request(|_| {}).await;
    assert_eq!(cookie_end(&closed), Some(end));
    assert_eq!(site.ends_in().await, Some(end.duration_since(site.now).unwrap()));
}
