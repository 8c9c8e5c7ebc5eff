//! The list of a user's sessions: who is in it, what it costs, and how sessions are ended by it.

use std::time::Duration;

use rocket_session_state_core::config::WhenFull;
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::{SaveError, UserSession, UserSessions};
use rocket_session_state_core::value::Value;

use super::site::{Site, log_in, log_out};

pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// A site whose application lists sessions, in every process.
pub(super) fn listing(change: impl FnOnce(&mut rocket_session_state_core::config::SessionConfig)) -> Site {
    let site = Site::with(change);
    declare(&site.manager);
    site
}

pub(super) fn declare(manager: &Manager) {
    manager.declare_login("username");
    manager.declare_listed();
}

/// Another browser at the same site.
pub(super) fn browser(site: &Site) -> Site {
    let manager = site.other_process();
    declare(&manager);
    Site { manager, store: site.store.clone(), cookie: None, now: site.now }
}

pub(super) async fn logged_in(site: &Site, user: &str, label: &str) -> Site {
    let mut browser = browser(site);
    browser
        .request(|session| {
            session.suggest_label(label);
            log_in(session, user);
        })
        .await;
    browser
}

pub(super) fn all_of(site: &Site, user: &str) -> UserSessions {
    site.manager.sessions_of(&Value::Str(user.to_owned()), site.now).unwrap()
}

pub(super) async fn shown(site: &Site, user: &str) -> Vec<UserSession> {
    all_of(site, user).list().await.unwrap()
}

pub(super) async fn labels(site: &Site, user: &str) -> Vec<String> {
    shown(site, user).await.iter().map(|session| session.label().to_owned()).collect()
}

pub(super) async fn is_user(site: &Site, user: &str) -> bool {
    site.get("username").await.as_deref() == Some(user)
}

#[tokio::test]
async fn sessions_of_a_user_are_listed_and_ended_one_by_one_and_all_others() {
    let site = listing(|_| {});
    let (one, two, three) = (
        logged_in(&site, "ann", "one").await,
        logged_in(&site, "ann", "two").await,
        logged_in(&site, "ann", "three").await,
    );
    let bob = logged_in(&site, "bob", "bob's").await;
    assert_eq!(labels(&site, "ann").await, ["three", "two", "one"]);
    let session = two.open().await;
    let mine = session.sessions_of_user().unwrap();
    let list = mine.list().await.unwrap();
    let current: Vec<bool> = list.iter().map(UserSession::is_current).collect();
    assert_eq!(current, [false, true, false]);
    assert!(list.iter().all(|session| session.created() == site.now && session.last_seen() == site.now));

    assert!(mine.end(list[2].handle()).await.unwrap());
    assert!(!mine.end(list[2].handle()).await.unwrap());
    assert!(!mine.end("unknown").await.unwrap());
    assert!(!is_user(&one, "ann").await);
    assert!(is_user(&two, "ann").await && is_user(&three, "ann").await);

    assert_eq!(mine.end_others().await.unwrap(), 1);
    assert!(is_user(&two, "ann").await && !is_user(&three, "ann").await);
    assert_eq!(labels(&site, "ann").await, ["two"]);

    assert_eq!(all_of(&site, "ann").end_all().await.unwrap(), 1);
    assert!(!is_user(&two, "ann").await && is_user(&bob, "bob").await);
    assert_eq!(labels(&site, "ann").await, [""; 0]);
}

#[tokio::test]
async fn a_request_that_ends_its_own_session_goes_on_as_a_visitor_and_loses_its_cookie() {
    let site = listing(|_| {});
    let mut ann = logged_in(&site, "ann", "").await;
    let other = logged_in(&site, "ann", "").await;
    let session = ann.open().await;
    assert_eq!(session.sessions_of_user().unwrap().end_all().await.unwrap(), 2);
    assert!(!session.contains("username"));
    assert!(session.sessions_of_user().is_none());
    ann.close(&session).await.unwrap();
    assert_eq!(ann.cookie, None);
    assert!(!is_user(&other, "ann").await);
}

#[tokio::test]
async fn a_change_in_flight_is_refused_when_its_session_is_ended_from_elsewhere() {
    let site = listing(|_| {});
    let mut ann = logged_in(&site, "ann", "").await;
    let session = ann.open().await;
    all_of(&site, "ann").end_all().await.unwrap();
    session.set("cart", "tea");
    assert!(matches!(ann.close(&session).await, Err(SaveError::Ended)));
    tokio::time::timeout(Duration::from_secs(60), session.ended()).await.unwrap();
}

#[tokio::test]
async fn a_log_in_takes_two_round_trips_more_a_log_out_two_and_a_read_none() {
    let calls = async |is_listed: bool| {
        let mut site = Site::new();
        site.manager.declare_login("username");
        if is_listed {
            declare(&site.manager);
        }
        let mut counts = Vec::new();
        let mut count = |site: &Site| counts.push(site.store.calls());
        site.request(|session| log_in(session, "ann")).await;
        count(&site);
        site.request(|session| assert!(session.contains("username"))).await;
        count(&site);
        site.request(|session| session.set("cart", "tea")).await;
        count(&site);
        site.request(|session| log_in(session, "ann")).await;
        count(&site);
        site.request(log_out).await;
        count(&site);
        counts
    };
    let (plain, listed) = (calls(false).await, calls(true).await);
    let more: Vec<usize> = listed.iter().zip(&plain).map(|(listed, plain)| listed - plain).collect();
    assert_eq!(more, [2, 0, 0, 2, 2], "log-in, read, write, log-in again, log-out");
}

#[tokio::test]
async fn a_renewed_id_and_another_log_in_of_the_user_keep_handle_time_and_label() {
    let mut site = listing(|_| {});
    let mut ann = logged_in(&site, "ann", "Firefox").await;
    let first = shown(&site, "ann").await;
    for change in
        [|session: &_| log_in(session, "ann"), rocket_session_state_core::session::Session::regenerate]
    {
        for browser in [&mut ann, &mut site] {
            browser.now += DAY;
        }
        let before = ann.cookie.clone();
        ann.request(change).await;
        assert_ne!(ann.cookie, before);
    }
    let now = shown(&site, "ann").await;
    assert_eq!(now.len(), 1);
    assert_eq!(
        (now[0].handle(), now[0].created(), now[0].label()),
        (first[0].handle(), first[0].created(), "Firefox")
    );
    // Ids that were renewed long ago do not stay in the list.
    for _ in 0..20 {
        ann.now += DAY;
        ann.request(rocket_session_state_core::session::Session::regenerate).await;
    }
    site.now = ann.now;
    assert_eq!(all_of(&site, "ann").end_all().await.unwrap(), 1);
    assert!(!is_user(&ann, "ann").await);
}

#[tokio::test]
async fn a_log_out_a_change_of_user_and_a_destroyed_session_leave_the_list() {
    let site = listing(|_| {});
    let mut out = logged_in(&site, "ann", "out").await;
    let mut changed = logged_in(&site, "ann", "changed").await;
    let mut destroyed = logged_in(&site, "ann", "destroyed").await;
    let mut emptied = logged_in(&site, "ann", "emptied").await;
    out.request(log_out).await;
    changed.request(|session| log_in(session, "bob")).await;
    destroyed.request(rocket_session_state_core::session::Session::destroy).await;
    emptied.request(rocket_session_state_core::session::Session::clear).await;
    assert_eq!(labels(&site, "ann").await, [""; 0]);
    assert_eq!(labels(&site, "bob").await, [""]);
}

#[tokio::test]
async fn a_session_that_flask_made_is_entered_when_it_is_first_seen() {
    let site = listing(|_| {});
    let mut ann = browser(&site);
    ann.request(|session| session.set("cart", "tea")).await;
    // Flask logs in in place.
    ann.store_without_rules(|session| session.set("username", "ann")).await;
    assert_eq!(labels(&site, "ann").await, [""; 0]);
    ann.request(|session| {
        session.suggest_label("seen");
        assert!(session.contains("username"));
    })
    .await;
    assert_eq!(labels(&site, "ann").await, ["seen"]);
    site.store.calls();
    ann.request(|session| assert!(session.contains("username"))).await;
    assert_eq!(site.store.calls(), 1, "it is not entered again");
    // Flask changes the user in place: the session is the other's from then on.
    ann.store_without_rules(|session| session.set("username", "bob")).await;
    assert_eq!(all_of(&site, "ann").end_all().await.unwrap(), 0);
    assert!(is_user(&ann, "bob").await);
    ann.request(|session| assert!(session.contains("username"))).await;
    assert_eq!(all_of(&site, "bob").end_all().await.unwrap(), 1);
    assert!(ann.open().await.is_new());
}

#[tokio::test]
async fn a_list_outlives_sessions_that_are_used_and_forgets_those_that_are_not() {
    let mut site = listing(|_| {});
    let mut used = logged_in(&site, "ann", "used").await;
    let _idle = logged_in(&site, "ann", "idle").await;
    for _ in 0..40 {
        used.now += 5 * DAY;
        used.request(|session| assert!(session.contains("username"))).await;
    }
    site.now = used.now;
    assert_eq!(labels(&site, "ann").await, ["used"]);
    assert_eq!(all_of(&site, "ann").end_all().await.unwrap(), 1);
}

#[tokio::test]
async fn the_application_may_choose_the_label_at_any_time() {
    let site = listing(|_| {});
    let mut ann = logged_in(&site, "ann", "Mozilla/5.0").await;
    ann.request(|session| session.set_label("Ann's\n\u{202e}telephone")).await;
    assert_eq!(labels(&site, "ann").await, ["Ann'stelephone"]);
    ann.request(|session| {
        session.suggest_label("Mozilla/5.0");
        session.regenerate();
    })
    .await;
    assert_eq!(labels(&site, "ann").await, ["Ann'stelephone"]);
    ann.request(|session| session.set_label(&"\u{1f980}".repeat(100))).await;
    assert_eq!(labels(&site, "ann").await, ["\u{1f980}".repeat(50)]);
}

#[tokio::test]
async fn beyond_the_limit_the_oldest_session_is_ended_and_dead_ones_do_not_count() {
    let mut site = listing(|config| config.session_max_per_user = Some(2));
    let one = logged_in(&site, "ann", "one").await;
    let mut two = logged_in(&site, "ann", "two").await;
    let three = logged_in(&site, "ann", "three").await;
    assert!(!is_user(&one, "ann").await);
    assert_eq!(labels(&site, "ann").await, ["three", "two"]);
    // Two ends where no list hears of it, and is not counted when four comes.
    two.store_without_rules(|session| session.clear()).await;
    site.now += 2 * DAY;
    let four = logged_in(&site, "ann", "four").await;
    assert!(is_user(&three, "ann").await && is_user(&four, "ann").await);
    two.cookie = None;
}

#[tokio::test]
async fn where_log_ins_are_refused_one_too_many_changes_nothing() {
    let mut site = listing(|config| {
        config.session_max_per_user = Some(2);
        config.session_when_full = WhenFull::Refuse;
    });
    let mut one = logged_in(&site, "ann", "one").await;
    let two = logged_in(&site, "ann", "two").await;
    let mut three = browser(&site);
    three.request(|session| session.set("cart", "tea")).await;
    let session = three.open().await;
    log_in(&session, "ann");
    assert!(matches!(session.save().await, Err(SaveError::TooManySessions { limit: 2 })));
    assert!(matches!(three.close(&session).await, Err(SaveError::TooManySessions { limit: 2 })));
    assert_eq!(three.get("cart").await.as_deref(), Some("tea"));
    assert!(is_user(&one, "ann").await && is_user(&two, "ann").await);
    // Whoever is in already may log in again.
    one.request(|session| log_in(session, "ann")).await;
    // One that has ended makes room, also if no list has heard of it.
    one.store_without_rules(|session| session.clear()).await;
    site.now += 2 * DAY;
    let four = logged_in(&site, "ann", "four").await;
    assert!(is_user(&four, "ann").await);
}

#[tokio::test]
async fn where_sessions_live_in_cookies_there_is_no_list() {
    let mut site = Site::with_cookies(|_| {});
    declare(&site.manager);
    site.request(|session| log_in(session, "ann")).await;
    assert!(site.get("_listed").await.is_none());
    assert_eq!(labels(&site, "ann").await, [""; 0]);
    assert_eq!(all_of(&site, "ann").end_all().await.unwrap(), 0);
    assert!(is_user(&site, "ann").await);
}
