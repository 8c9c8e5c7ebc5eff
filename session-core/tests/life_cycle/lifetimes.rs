//! How long a session lives: since its last use, for a life of its own, and since its log-in at most.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use rocket_session_state_conformance::{Fault, HoldPoint, Operation};
use rocket_session_state_core::manager::Closed;
use rocket_session_state_core::session::Session;

use super::site::{Site, log_in, log_out};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Ten days since the last use, and thirty since the log-in.
fn thirty_days() -> Site {
    Site::with(|config| {
        config.permanent_session_lifetime = 10 * DAY;
        config.session_absolute_lifetime = Some(30 * DAY);
    })
}

fn ten_days() -> Site {
    Site::with(|config| config.permanent_session_lifetime = 10 * DAY)
}

/// A session whose absolute lifetime, a day, has just passed, and that another program has kept alive.
async fn over() -> Site {
    let mut site = ten_days();
    site.request(|session| log_in(session, "momo")).await;
    site.reconfigure(|config| config.session_absolute_lifetime = Some(DAY));
    site.request(|_| {}).await;
    site.touch(10 * DAY).await;
    site.now += DAY;
    site
}

fn live_for(session: &Session, lifetime: Duration) {
    session.set_lifetime(lifetime).unwrap();
}

/// When the cookie ends that an answer carries; `None` with the browser.
fn cookie_end(closed: &Closed) -> Option<SystemTime> {
    let (_, rest) = closed.set_cookie.as_deref()?.split_once("Expires=")?;
    let date = chrono::NaiveDateTime::parse_from_str(rest.split(';').next()?, "%a, %d %b %Y %H:%M:%S GMT");
    let seconds = date.unwrap().and_utc().timestamp();
    Some(UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap()))
}

async fn created(site: &Site) -> Option<u64> {
    created_in(&site.open().await)
}

/// A visitor's is a number, a user's a list of it and whose it is.
fn created_in(session: &Session) -> Option<u64> {
    let value: serde_json::Value = session.get("_created_at").unwrap()?;
    value.get(0).unwrap_or(&value).as_u64()
}

fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

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
