//! Lists of sessions where Flask, lost answers, limits and requests at the same time meet.

use std::time::Duration;

use rocket_session_state_conformance::{Fault, HoldPoint, Operation};
use rocket_session_state_core::config::WhenFull;
use rocket_session_state_core::session::{SaveError, Session};

use super::listed::{DAY, all_of, browser, declare, is_user, labels, listing, logged_in, shown};
use super::site::{Site, log_in, log_out};

/// A visitor's browser that logs in twice at once, with two cookies in this order.
async fn log_in_twice(site: &Site) -> [Result<Option<String>, SaveError>; 2] {
    let mut visitor = browser(site);
    visitor.request(|session| session.set("cart", "tea")).await;
    let (first, second) = (visitor.open().await, visitor.open().await);
    let mut answers = Vec::new();
    for session in [first, second] {
        log_in(&session, "ann");
        let closed = visitor.close(&session).await;
        answers.push(closed.map(|_| visitor.cookie.clone()));
    }
    answers.try_into().unwrap()
}

async fn lives(site: &Site, cookie: Option<String>) -> bool {
    let mut browser = browser(site);
    browser.cookie = cookie;
    is_user(&browser, "ann").await
}

#[tokio::test]
async fn a_session_that_flask_logs_out_and_in_in_place_stays_in_the_list() {
    type Between = fn(&Site) -> std::pin::Pin<Box<dyn Future<Output = ()> + '_>>;
    let meanwhile: [Between; 3] = [
        |site| Box::pin(async { assert_eq!(labels(site, "ann").await, ["two"]) }),
        |site| Box::pin(async { assert_eq!(all_of(site, "ann").end_all().await.unwrap(), 1) }),
        |site| Box::pin(async { drop(logged_in(site, "ann", "three").await) }),
    ];
    for between in meanwhile {
        let site = listing(|config| config.session_max_per_user = Some(2));
        let mut ann = logged_in(&site, "ann", "one").await;
        let _two = logged_in(&site, "ann", "two").await;
        ann.store_without_rules(|session| assert!(session.remove("username"))).await;
        between(&site).await;
        ann.store_without_rules(|session| session.set("username", "ann")).await;
        ann.request(|session| assert!(session.contains("username"))).await;
        all_of(&site, "ann").end_all().await.unwrap();
        assert!(!is_user(&ann, "ann").await);
    }
}

#[tokio::test]
async fn who_logs_in_twice_at_once_has_one_session_whatever_the_limit() {
    for (limit, when_full) in [(1, WhenFull::Oldest), (1, WhenFull::Refuse), (2, WhenFull::Oldest)] {
        let site = listing(|config| {
            config.session_max_per_user = Some(limit);
            config.session_when_full = when_full;
        });
        let other = if limit == 2 { Some(logged_in(&site, "ann", "other").await) } else { None };
        // In whatever order the answers arrive.
        for cookie in log_in_twice(&site).await {
            assert!(lives(&site, cookie.unwrap()).await, "{limit} {when_full}");
        }
        assert_eq!(shown(&site, "ann").await.len(), limit);
        if let Some(other) = other {
            assert!(is_user(&other, "ann").await);
        }
    }
}

#[tokio::test]
async fn a_list_goes_with_its_last_session_also_where_ids_were_renewed() {
    let site = listing(|_| {});
    let mut ann = browser(&site);
    for end in [log_out, Session::destroy, Session::clear] {
        ann.request(|session| session.set("cart", "tea")).await;
        ann.request(|session| log_in(session, "ann")).await;
        ann.request(Session::regenerate).await;
        assert!(site.list_of("ann").await.is_some());
        ann.request(end).await;
        assert!(site.list_of("ann").await.is_none());
    }
}

#[tokio::test]
async fn a_log_in_whose_first_try_lost_its_answer_is_one_session() {
    for lost_after in [1, 2] {
        let mut site = listing(|config| {
            config.session_max_per_user = Some(1);
            config.session_when_full = WhenFull::Refuse;
        });
        let mut ann = browser(&site);
        let session = ann.open().await;
        log_in(&session, "ann");
        let store = site.store.clone();
        // The answer that is lost is that of the list, or of the session itself.
        if lost_after == 1 {
            store.next(Operation::Swap, Fault::LoseAnswer);
            ann.close(&session).await.unwrap();
        } else {
            let mut entered = store.hold(Operation::Swap, HoldPoint::After);
            let lose = async {
                entered.reached().await.unwrap();
                store.next(Operation::Swap, Fault::LoseAnswer);
                entered.release();
            };
            let (closed, ()) = tokio::join!(ann.close(&session), lose);
            closed.unwrap();
        }
        assert!(is_user(&ann, "ann").await);
        assert_eq!(shown(&site, "ann").await.len(), 1, "no session that nobody has");
        ann.request(Session::destroy).await;
        site.now += Duration::from_secs(90);
        assert!(is_user(&logged_in(&site, "ann", "later").await, "ann").await, "nobody is locked out");
    }
}

#[tokio::test]
async fn a_page_of_a_session_that_has_ended_ends_no_other() {
    let site = listing(|config| config.session_max_per_user = Some(1));
    let one = logged_in(&site, "ann", "one").await;
    let page = one.open().await;
    let two = logged_in(&site, "ann", "two").await;
    let mine = page.sessions_of_user().unwrap();
    assert_eq!(mine.list().await.unwrap().len(), 1);
    assert!(matches!(mine.end_others().await, Err(SaveError::Ended)));
    assert!(is_user(&two, "ann").await);

    // The same with a session of Flask's, that a request here sees for the first time.
    let mut seen = browser(&site);
    seen.request(|session| session.set("cart", "tea")).await;
    seen.store_without_rules(|session| session.set("username", "ann")).await;
    let page = seen.open().await;
    assert!(page.contains("username"));
    seen.store_without_rules(Session::clear).await;
    let three = logged_in(&site, "ann", "three").await;
    seen.close(&page).await.unwrap();
    assert!(is_user(&three, "ann").await);
}

#[tokio::test]
async fn a_stream_under_a_renewed_id_spares_its_own_session() {
    let mut site = listing(|config| config.session_successor_seconds = Some(Duration::from_secs(600)));
    let mut ann = logged_in(&site, "ann", "one").await;
    let other = logged_in(&site, "ann", "two").await;
    let stream = ann.open().await;
    ann.request(Session::regenerate).await;
    site.now += Duration::from_secs(90);
    assert_eq!(labels(&site, "ann").await, ["two", "one"], "the old id leaves the list");
    let mine = stream.sessions_of_user().unwrap();
    assert_eq!(mine.list().await.unwrap().iter().filter(|session| session.is_current()).count(), 1);
    assert_eq!(mine.end_others().await.unwrap(), 1);
    ann.now = site.now;
    assert!(is_user(&ann, "ann").await && !is_user(&other, "ann").await);
}

#[tokio::test]
async fn where_log_ins_are_refused_dead_sessions_make_room_wherever_they_are_in_the_list() {
    let mut site = listing(|config| {
        config.session_max_per_user = Some(40);
        config.session_when_full = WhenFull::Refuse;
    });
    for _ in 0..39 {
        logged_in(&site, "ann", "long").await;
    }
    let mut short = browser(&site);
    short
        .request(|session| {
            log_in(session, "ann");
            session.set_lifetime(Duration::from_secs(300)).unwrap();
        })
        .await;
    site.now += DAY;
    assert!(is_user(&logged_in(&site, "ann", "one more").await, "ann").await);
}

#[tokio::test]
async fn a_list_outlives_sessions_that_began_when_they_might_live_longer() {
    let mut site = listing(|_| {});
    let mut idle = logged_in(&site, "ann", "idle").await;
    site.now += 3 * DAY;
    let hour = Duration::from_secs(3600);
    site.reconfigure(|config| {
        config.permanent_session_lifetime = hour;
        config.session_lifetime_max = Some(hour);
    });
    declare(&site.manager);
    drop(logged_in(&site, "ann", "new").await);
    site.now += 10 * DAY;
    assert_eq!(all_of(&site, "ann").end_all().await.unwrap(), 1);
    (idle.now, idle.manager) = (site.now, site.manager.clone());
    assert!(!is_user(&idle, "ann").await);
}

#[tokio::test]
async fn many_renewals_in_a_moment_cost_no_more_and_more_and_end_no_other_session() {
    let site = listing(|_| {});
    let other = logged_in(&site, "ann", "other").await;
    let mut ann = logged_in(&site, "ann", "one").await;
    for number in 0..500 {
        ann.now += Duration::from_millis(10);
        site.store.calls();
        ann.request(Session::regenerate).await;
        let calls = site.store.calls();
        assert!(calls <= 14, "renewal {number} takes {calls} calls");
    }
    assert!(is_user(&other, "ann").await && is_user(&ann, "ann").await);
}

#[tokio::test]
async fn who_ends_all_is_told_if_something_is_left() {
    let site = listing(|config| config.session_swap_attempts = 1);
    let mut ann = logged_in(&site, "ann", "one").await;
    let session = ann.open().await;
    session.regenerate();
    let mut looked = site.store.hold(Operation::Load, HoldPoint::After);
    let renewal = async {
        looked.reached().await.unwrap();
        ann.close(&session).await.unwrap();
        looked.release();
    };
    let all = all_of(&site, "ann");
    let (ended, ()) = tokio::join!(all.end_all(), renewal);
    assert!(matches!(ended, Err(SaveError::Contended)) || !is_user(&ann, "ann").await, "{ended:?}");
}

#[tokio::test]
async fn a_session_that_fits_without_its_seal_is_stored_and_one_that_does_not_ends_no_other() {
    for length in (700..1000).step_by(7) {
        let limited = |config: &mut rocket_session_state_core::config::SessionConfig| {
            config.session_max_size = 1000;
            config.session_max_per_user = Some(1);
        };
        let plain = Site::with(limited);
        plain.manager.declare_login("username");
        let listed = listing(limited);
        let one = logged_in(&listed, "ann", "one").await;
        let mut fits = Vec::new();
        for mut site in [plain, browser(&listed)] {
            let session = site.open().await;
            log_in(&session, "ann");
            session.set("cart", &"x".repeat(length));
            fits.push(site.close(&session).await.is_ok());
        }
        assert_eq!(fits[0], fits[1], "{length}");
        assert_eq!(is_user(&one, "ann").await, !fits[1], "{length}");
    }
}

#[tokio::test]
async fn a_session_that_the_page_of_devices_sees_first_has_the_label_of_its_browser() {
    let site = listing(|_| {});
    let mut ann = browser(&site);
    ann.request(|session| session.set("cart", "tea")).await;
    ann.store_without_rules(|session| session.set("username", "ann")).await;
    let page = ann.open().await;
    page.suggest_label("Firefox");
    assert_eq!(page.sessions_of_user().unwrap().list().await.unwrap()[0].label(), "Firefox");
    ann.close(&page).await.unwrap();
    assert_eq!(labels(&site, "ann").await, ["Firefox"]);
}

#[tokio::test]
async fn what_had_ended_before_is_not_counted_as_ended() {
    let site = listing(|_| {});
    let ann = logged_in(&site, "ann", "one").await;
    let handle = shown(&site, "ann").await[0].handle().to_owned();
    ann.store_without_rules(Session::clear).await;
    assert!(!all_of(&site, "ann").end(&handle).await.unwrap());
    let bob = logged_in(&site, "bob", "one").await;
    bob.store_without_rules(Session::clear).await;
    assert_eq!(all_of(&site, "bob").end_all().await.unwrap(), 0);
}

#[tokio::test]
async fn a_mark_that_is_touched_in_flasks_way_ends_soon_all_the_same() {
    let mut site = listing(|config| config.session_refresh_after = 0.0);
    let mut ann = logged_in(&site, "ann", "one").await;
    // The entry is young, and its session gone.
    ann.store_without_rules(Session::clear).await;
    all_of(&site, "ann").end_all().await.unwrap();
    assert!(ann.open().await.is_new());
    site.now += Duration::from_secs(600);
    ann.now = site.now;
    assert!(ann.stored().await.is_none());
}

#[tokio::test]
async fn a_full_list_with_a_session_that_flask_has_logged_out_refuses_at_once() {
    let site = listing(|config| {
        config.session_max_per_user = Some(2);
        config.session_when_full = WhenFull::Refuse;
    });
    let out = logged_in(&site, "ann", "out").await;
    let _living = logged_in(&site, "ann", "living").await;
    out.store_without_rules(|session| assert!(session.remove("username"))).await;
    // Two log-ins at once find one place, and both learn who has it.
    let mut browsers = [browser(&site), browser(&site), browser(&site)];
    let mut answers = Vec::new();
    for browser in &mut browsers {
        let session = browser.open().await;
        log_in(&session, "ann");
        answers.push(session);
    }
    let [one, two, three] = &mut browsers;
    let closed = tokio::join!(one.close(&answers[0]), two.close(&answers[1]), three.close(&answers[2]));
    let refused = [closed.0, closed.1, closed.2].map(|closed| match closed {
        Ok(_) => false,
        Err(SaveError::TooManySessions { limit: 2 }) => true,
        Err(error) => panic!("{error:?}"),
    });
    assert_eq!(refused.iter().filter(|refused| **refused).count(), 2);
    assert!(site.store.calls() < 200);
}

#[tokio::test]
async fn a_log_in_whose_place_could_not_be_made_makes_it_when_it_is_tried_again() {
    let site = listing(|config| config.session_max_per_user = Some(1));
    let one = logged_in(&site, "ann", "one").await;
    let mut two = browser(&site);
    let session = two.open().await;
    log_in(&session, "ann");
    let store = site.store.clone();
    let mut entered = store.hold(Operation::Swap, HoldPoint::After);
    let fail = async {
        entered.reached().await.unwrap();
        // The end of the other session, of which nobody knows whether it was done.
        store.next(Operation::Swap, Fault::LoseAnswer);
        entered.release();
    };
    let (closed, ()) = tokio::join!(two.close(&session), fail);
    if closed.is_err() {
        two.request(|session| log_in(session, "ann")).await;
    }
    assert!(is_user(&two, "ann").await && !is_user(&one, "ann").await);
    assert_eq!(shown(&site, "ann").await.len(), 1);
}

#[tokio::test]
async fn dead_sessions_leave_a_list_that_is_too_long_before_a_living_one_ends() {
    let mut site = listing(|_| {});
    let mut telephone = logged_in(&site, "ann", "telephone").await;
    for day in 0..400 {
        site.now += DAY;
        telephone.now = site.now;
        if day % 3 == 0 {
            telephone.request(|session| assert!(session.contains("username"))).await;
        }
        drop(logged_in(&site, "ann", &"a long name of a browser ".repeat(8)).await);
    }
    telephone.now = site.now;
    assert!(is_user(&telephone, "ann").await);
}

#[tokio::test]
async fn a_log_out_under_a_renewed_id_leaves_the_list() {
    let site = listing(|_| {});
    let mut ann = logged_in(&site, "ann", "one").await;
    let old = ann.cookie.clone();
    ann.request(Session::regenerate).await;
    ann.cookie = old;
    ann.request(log_out).await;
    assert!(site.list_of("ann").await.is_none());
}

#[tokio::test]
async fn two_log_ins_of_one_visitor_that_are_far_apart_are_two_sessions() {
    let site = listing(|config| config.session_successor_seconds = None);
    let mut visitor = browser(&site);
    visitor.request(|session| session.set("cart", "tea")).await;
    let (first, slow) = (visitor.open().await, visitor.open().await);
    log_in(&first, "ann");
    visitor.close(&first).await.unwrap();
    let first = visitor.cookie.clone();
    log_in(&slow, "ann");
    visitor.close(&slow).await.unwrap();
    assert!(lives(&site, first.clone()).await && is_user(&visitor, "ann").await);
    assert_eq!(shown(&site, "ann").await.len(), 2);
    let session = visitor.open().await;
    assert_eq!(session.sessions_of_user().unwrap().end_others().await.unwrap(), 1);
    assert!(!lives(&site, first).await && is_user(&visitor, "ann").await);
}
