//! What is sealed, such as the time from which an absolute lifetime counts, is written without being a change: whatever
//! comes of that, the request keeps its answer.

use std::time::{Duration, UNIX_EPOCH};

use rocket_session_state_conformance::{Fault, HoldPoint, Operation};
use rocket_session_state_core::session::Session;

use super::log_lines::captured;
use super::site::{Site, log_in, log_out};

const DAY: Duration = Duration::from_secs(86_400);

/// The session has no such time yet: its next use seals one.
async fn unsealed() -> Site {
    let mut site = Site::with(|config| config.permanent_session_lifetime = 10 * DAY);
    site.request(|session| {
        log_in(session, "momo");
        session.set("cart", "tea");
    })
    .await;
    site.reconfigure(|config| config.session_absolute_lifetime = Some(100 * DAY));
    site
}

/// What another process has changed the record to since the site opened its session.
async fn meanwhile(site: &Site, change: impl FnOnce(&Session)) {
    let elsewhere = site.other_process();
    let session = elsewhere.open(site.cookie.as_deref(), site.now).await.unwrap();
    change(&session);
    elsewhere.close(&session, site.now).await.unwrap();
}

fn seconds(site: &Site) -> u64 {
    site.now.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn created(site: &Site) -> Option<u64> {
    let value: serde_json::Value = site.open().await.get("_created_at").unwrap()?;
    value.get(0).unwrap_or(&value).as_u64()
}

#[tokio::test]
async fn a_read_seals_once_and_is_neither_modified_nor_accessed_by_it() {
    let mut site = unsealed().await;
    site.store.calls();
    let session = site.open().await;
    let closed = site.close(&session).await.unwrap();
    assert_eq!(site.store.calls(), 2, "a load and the seal");
    assert_eq!((closed.set_cookie, closed.vary_cookie), (None, false));
    assert!(!session.is_modified() && !session.has_unsaved_changes());
    let first = seconds(&site);
    site.now += Duration::from_secs(60);
    site.store.calls();
    site.request(|_| {}).await;
    assert_eq!(site.store.calls(), 1);
    assert_eq!(created(&site).await, Some(first));
}

#[tokio::test]
async fn a_seal_keeps_the_life_that_is_left_and_extends_it_in_the_same_call_when_that_is_due() {
    for (age, extended) in [(DAY / 2, false), (DAY, true)] {
        let mut site = unsealed().await;
        site.now += age;
        site.store.calls();
        let closed = site.request(|_| {}).await;
        assert_eq!(site.store.calls(), 2);
        assert_eq!(closed.set_cookie.is_some(), extended);
        assert_eq!(closed.only_extends, extended);
        let left = if extended { 10 * DAY } else { 10 * DAY - age };
        assert_eq!(site.ends_in().await, Some(left));
    }
}

#[tokio::test]
async fn without_refresh_a_seal_extends_nothing_and_ends_what_would_live_too_long() {
    for (absolute, left) in [(100 * DAY, 5 * DAY), (2 * DAY, 2 * DAY)] {
        let mut site = unsealed().await;
        site.reconfigure(|config| {
            config.session_refresh_each_request = false;
            config.session_absolute_lifetime = Some(absolute);
        });
        site.now += 5 * DAY;
        site.request(|_| {}).await;
        assert_eq!(created(&site).await, Some(seconds(&site)));
        assert_eq!(site.ends_in().await, Some(left));
    }
}

#[tokio::test]
async fn a_seal_travels_with_another_change_in_one_write() {
    let mut site = unsealed().await;
    site.store.calls();
    site.request(|session| session.set("cart", "milk")).await;
    assert_eq!(site.store.calls(), 2);
    assert_eq!(created(&site).await, Some(seconds(&site)));
    assert_eq!(site.get("cart").await.as_deref(), Some("milk"));
}

#[tokio::test]
async fn a_read_beside_a_log_out_brings_nothing_back_and_keeps_its_answer() {
    let mut site = unsealed().await;
    let reading = site.open().await;
    meanwhile(&site, log_out).await;
    let closed = site.close(&reading).await.unwrap();
    assert_eq!(closed.set_cookie, None);
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn a_read_beside_a_renewal_seals_nothing_under_the_old_id() {
    let mut site = unsealed().await;
    let reading = site.open().await;
    let elsewhere = site.other_process();
    let renewing = elsewhere.open(site.cookie.as_deref(), site.now).await.unwrap();
    renewing.regenerate();
    elsewhere.close(&renewing, site.now).await.unwrap();
    let closed = site.close(&reading).await.unwrap();
    assert_eq!(closed.set_cookie, None, "the browser may have the new id already");
    assert!(!site.open().await.contains("cart"));
    site.cookie = renewing.id().map(|id| id.as_str().to_owned());
    assert_eq!(site.get("cart").await.as_deref(), Some("tea"));
    assert_eq!(created(&site).await, Some(seconds(&site)));
}

#[tokio::test]
async fn what_others_have_written_since_stays_and_so_does_what_they_have_sealed() {
    let mut site = unsealed().await;
    let reading = site.open().await;
    let first = seconds(&site);
    meanwhile(&site, |session| session.set("cart", "milk")).await;
    site.now += Duration::from_secs(30);
    site.close(&reading).await.unwrap();
    assert_eq!(created(&site).await, Some(first));
    assert_eq!(site.get("cart").await.as_deref(), Some("milk"));
}

#[tokio::test]
async fn a_write_that_meets_another_seal_keeps_that_one() {
    let mut site = unsealed().await;
    let writing = site.open().await;
    let first = seconds(&site);
    meanwhile(&site, |_| {}).await;
    site.now += Duration::from_secs(30);
    writing.set("cart", "milk");
    site.close(&writing).await.unwrap();
    assert_eq!(created(&site).await, Some(first));
    assert_eq!(site.get("cart").await.as_deref(), Some("milk"));
}

#[tokio::test]
async fn a_session_that_has_become_another_users_meanwhile_is_left_alone() {
    let mut site = unsealed().await;
    site.manager.declare_login("username");
    let reading = site.open().await;
    // As Flask does: another user under the same id. Nobody has declared which key that is there.
    site.store_without_rules(|session| session.set("username", "bob")).await;
    site.close(&reading).await.unwrap();
    let session = site.open().await;
    assert_eq!(session.get::<String>("username").unwrap().as_deref(), Some("bob"));
    assert!(!session.contains("_created_at"));
}

#[tokio::test(start_paused = true)]
async fn a_read_keeps_its_answer_whatever_the_store_does_and_the_next_one_seals() {
    for fault in [Fault::Fail, Fault::LoseAnswer, Fault::KeepAnswer, Fault::Hang] {
        for saves in [false, true] {
            let mut site = unsealed().await;
            let session = site.open().await;
            site.store.next(Operation::Swap, fault);
            if saves {
                session.save().await.unwrap();
            }
            let closed = site.close(&session).await.unwrap();
            assert_eq!(closed.set_cookie, None, "{fault:?}");
            site.request(|_| {}).await;
            assert!(created(&site).await.is_some(), "{fault:?}");
            assert_eq!(site.get("cart").await.as_deref(), Some("tea"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_seal_whose_answer_was_lost_is_not_the_last_write_of_its_request() {
    for fault in [Fault::LoseAnswer, Fault::KeepAnswer] {
        let mut site = unsealed().await;
        let session = site.open().await;
        site.store.next(Operation::Swap, fault);
        session.save().await.unwrap();
        session.set("cart", "milk");
        site.close(&session).await.unwrap();
        assert_eq!(site.get("cart").await.as_deref(), Some("milk"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_record_that_has_no_room_for_a_seal_is_read_all_the_same() {
    let mut site = unsealed().await;
    let size = site.stored().await.unwrap().bytes.len();
    site.reconfigure(|config| config.session_max_size = size);
    let told = captured("what was sealed in a session could not be written: the session is too large");
    site.store.calls();
    site.request(|session| assert!(session.contains("cart"))).await;
    assert_eq!(site.store.calls(), 1, "nothing is sent");
    assert_eq!(site.stored().await.unwrap().bytes.len(), size);
    // Its life is extended all the same.
    site.now += 5 * DAY;
    let closed = site.request(|session| assert!(session.contains("cart"))).await;
    assert!(closed.only_extends);
    assert_eq!(site.ends_in().await, Some(10 * DAY));
    assert_eq!(told.lines(), 1, "once, and not at each read");
}

#[tokio::test]
async fn a_seal_alone_makes_no_record_and_a_session_that_is_emptied_has_none_left() {
    let mut site = Site::with(|config| config.session_absolute_lifetime = Some(DAY));
    site.store.calls();
    let closed = site.request(|session| assert!(session.is_empty())).await;
    assert_eq!((site.store.calls(), closed.set_cookie), (0, None));

    let mut site = unsealed().await;
    let closed = site.request(|session| {
        log_out(session);
        session.remove("cart");
    });
    assert!(closed.await.set_cookie.unwrap().contains("Max-Age=0"));
    assert!(site.cookie.is_none());
}

#[tokio::test]
async fn what_is_sealed_while_a_save_is_under_way_is_written_by_the_next_one() {
    let mut site = unsealed().await;
    let session = site.open().await;
    let mut held = site.store.hold(Operation::Swap, HoldPoint::After);
    let saving = tokio::spawn({
        let session = session.clone();
        async move { session.save().await }
    });
    held.reached().await.unwrap();
    session.remove("_created_at");
    held.release();
    saving.await.unwrap().unwrap();
    site.close(&session).await.unwrap();
    assert!(created(&site).await.is_some(), "it is sealed anew");
}

#[tokio::test]
async fn a_cookie_that_holds_the_session_is_sent_once_for_a_seal() {
    let mut site = Site::with_cookies(|_| {});
    site.request(|session| session.set("cart", "tea")).await;
    site.reconfigure_cookies(|config| config.session_absolute_lifetime = Some(100 * DAY));
    // An answer that caches may keep carries none, and the next one does.
    let closed = site.request(Session::keep_life).await;
    assert_eq!(closed.set_cookie, None);
    let closed = site.request(|session| assert!(!session.is_modified())).await;
    assert!(closed.set_cookie.is_some() && closed.only_extends);
    assert_eq!(created(&site).await, Some(seconds(&site)));
    assert_eq!(site.request(|_| {}).await.set_cookie, None);
}

#[tokio::test]
async fn a_cookie_that_has_no_room_for_a_seal_is_left_as_it_is_and_a_change_that_fits_is_sent_without() {
    let mut site = Site::with_cookies(|_| {});
    // Hardly compressible, so that the cookie grows with its length.
    let noise = |length: u64| {
        (0..length).map(|n| format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect::<String>()
    };
    let full = site.request(|session| session.set("noise", &noise(100))).await.set_cookie.unwrap().len();
    site.reconfigure_cookies(|config| {
        config.session_absolute_lifetime = Some(100 * DAY);
        config.max_cookie_size = full;
    });
    assert_eq!(site.request(|session| assert!(!session.is_modified())).await.set_cookie, None);
    let sent = site.request(|session| session.set("noise", &noise(99))).await.set_cookie.unwrap();
    assert!(sent.len() <= full);
    assert_eq!(site.get("noise").await, Some(noise(99)));
}

#[tokio::test]
async fn a_cookie_that_has_no_room_for_a_seal_is_extended_without_it() {
    let mut site = Site::with_cookies(|_| {});
    let begun = site.request(|session| {
        session.set_permanent(true);
        session.set("cart", "tea");
    });
    let full = begun.await.set_cookie.unwrap().len();
    site.reconfigure_cookies(|config| {
        config.session_absolute_lifetime = Some(100 * DAY);
        config.max_cookie_size = full;
    });
    for _ in 0..10 {
        site.now += 10 * DAY;
        let closed = site.request(|session| assert!(session.contains("cart"))).await;
        assert!(closed.set_cookie.is_some() && closed.only_extends);
    }
}

#[tokio::test]
async fn a_change_that_fits_is_written_without_a_seal_that_does_not() {
    let mut site = unsealed().await;
    let size = site.stored().await.unwrap().bytes.len();
    site.reconfigure(|config| config.session_max_size = size);
    site.request(|session| session.set("cart", "oil")).await;
    assert_eq!((site.get("cart").await.as_deref(), created(&site).await), (Some("oil"), None));
    assert_eq!(site.stored().await.unwrap().bytes.len(), size);
}
