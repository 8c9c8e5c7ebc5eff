//! Requests that come with an id which another request has renewed, or run under it.

use std::time::Duration;

use rocket_session_state_conformance::{Held, HoldPoint, Operation};
use rocket_session_state_core::fields;
use rocket_session_state_core::manager::{Closed, Manager};
use rocket_session_state_core::merge;
use rocket_session_state_core::session::{SaveError, Session};
use tokio::task::JoinHandle;

use super::site::{Site, field, log_in, log_out};

field!(Counter, "n", u32, u32, 0, merge::add);

fn count(session: &Session) {
    fields::update::<Counter, _>(session, |n| *n += 1);
}

/// A visitor with a cart, and the cookie.
async fn visitor() -> (Site, String) {
    // A call that is held waits for another request that waits.
    let mut site = Site::with(|config| {
        config.session_store_timeout = Duration::from_secs(30);
        config.session_request_timeout = Duration::from_secs(60);
    });
    site.request(|session| {
        session.set("cart", &["tea"]);
        count(session);
    })
    .await;
    site.manager.declare_login("username");
    let cookie = site.cookie.clone().unwrap();
    (site, cookie)
}

async fn open(site: &Site, cookie: &str) -> Session {
    site.manager.open(Some(cookie), site.now).await.unwrap()
}

/// The cookie of an answer, without its name and attributes; empty if it deletes the browser's.
async fn close(site: &Site, session: &Session) -> Result<Option<String>, SaveError> {
    let closed = site.manager.close(session, site.now).await?;
    Ok(closed.set_cookie.map(|line| line.split(';').next().unwrap().split_once('=').unwrap().1.to_owned()))
}

async fn user(site: &Site) -> Option<String> {
    site.open().await.get("username").unwrap()
}

#[tokio::test]
async fn a_change_of_a_request_that_began_before_is_merged_into_the_successor_without_a_cookie() {
    for renew in [|session: &Session| log_in(session, "momo"), Session::regenerate] {
        let (mut site, old) = visitor().await;
        let late = open(&site, &old).await;
        site.request(renew).await;
        count(&late);
        late.set("late", "yes");
        assert_eq!(close(&site, &late).await.unwrap(), None);
        let after = site.open().await;
        assert_eq!(fields::get::<Counter>(&after), 2);
        assert_eq!(after.get::<String>("late").unwrap().as_deref(), Some("yes"));
        assert!(after.contains("cart"));
    }
}

#[tokio::test]
async fn whoever_has_the_old_id_alone_is_told_nothing_of_the_successor() {
    let (mut site, old) = visitor().await;
    let late = open(&site, &old).await;
    site.request(|session| log_in(session, "momo")).await;
    late.set("first", &1);
    late.save().await.unwrap();
    assert!(!late.contains("username"), "the user of the successor");
    assert_ne!(late.id().map(|id| id.as_str().to_owned()), site.cookie);
    late.set("second", &2);
    assert_eq!(close(&site, &late).await.unwrap(), None);
    let after = site.open().await;
    assert_eq!((after.get("first").unwrap(), after.get("second").unwrap()), (Some(1), Some(2)));
    assert_eq!(user(&site).await.as_deref(), Some("momo"));
}

#[tokio::test]
async fn a_request_that_comes_afterwards_reads_as_new_and_what_it_changes_is_not_kept() {
    let (mut site, old) = visitor().await;
    site.request(|session| log_in(session, "momo")).await;
    site.store.calls();
    let read = open(&site, &old).await;
    assert_eq!(site.store.calls(), 2, "the record and the note");
    assert!(read.is_new() && read.is_empty());
    assert_eq!(close(&site, &read).await.unwrap(), None);
    let write = open(&site, &old).await;
    count(&write);
    assert!(matches!(write.save().await, Err(SaveError::Renewed)));
    assert!(matches!(close(&site, &write).await, Err(SaveError::Renewed)));
    let removed = open(&site, &old).await;
    removed.set("k", "v");
    removed.remove("k");
    assert_eq!(close(&site, &removed).await.unwrap(), None, "the browser's cookie is not deleted");
    assert_eq!(fields::get::<Counter>(&site.open().await), 1);
    // After a minute nobody remembers.
    site.now += Duration::from_secs(61);
    let later = open(&site, &old).await;
    count(&later);
    assert!(close(&site, &later).await.unwrap().is_some());
}

#[tokio::test]
async fn nothing_is_merged_after_a_change_of_user_or_a_log_out() {
    let ends: [fn(&Session); 3] = [
        |session| log_in(session, "bob"),
        log_out,
        |session| {
            log_out(session);
            session.flash("bye", "info");
        },
    ];
    for end in ends {
        let (mut site, _) = visitor().await;
        site.request(|session| log_in(session, "momo")).await;
        let session = site.open().await;
        site.request(end).await;
        count(&session);
        assert!(matches!(close(&site, &session).await, Err(SaveError::Ended)));
    }
}

#[tokio::test]
async fn the_same_user_joins_whether_the_log_in_began_before_the_other_or_comes_after_it() {
    for comes_after in [false, true] {
        let (mut site, old) = visitor().await;
        let mut second = open(&site, &old).await;
        site.request(|session| log_in(session, "momo")).await;
        if comes_after {
            second = open(&site, &old).await;
        }
        log_in(&second, "momo");
        count(&second);
        assert_eq!(close(&site, &second).await.unwrap(), site.cookie, "{comes_after}");
        assert_eq!(fields::get::<Counter>(&second), 2, "it goes on with the session that it has joined");
        let after = site.open().await;
        assert!(after.contains("cart"));
        assert_eq!(fields::get::<Counter>(&after), 2);
    }
}

#[tokio::test]
async fn the_same_user_joins_through_several_log_ins() {
    let (mut site, old) = visitor().await;
    let late = open(&site, &old).await;
    site.request(|session| log_in(session, "momo")).await;
    site.request(|session| log_in(session, "momo")).await;
    count(&late);
    assert_eq!(close(&site, &late).await.unwrap(), None);
    let again = open(&site, &old).await;
    log_in(&again, "momo");
    assert_eq!(close(&site, &again).await.unwrap(), site.cookie);
    assert_eq!(fields::get::<Counter>(&site.open().await), 2);
}

/// Whoever has the old id without having logged in, a thief or somebody who has planted it, can renew the id too.
#[tokio::test]
async fn a_log_in_moves_on_from_an_id_that_another_may_have_made_and_takes_the_data_along() {
    for began_as_momos in [false, true] {
        for comes_after in [false, true] {
            let (mut site, _) = visitor().await;
            if began_as_momos {
                site.request(|session| log_in(session, "momo")).await;
            }
            let old = site.cookie.clone().unwrap();
            let mut victim = open(&site, &old).await;
            site.request(Session::regenerate).await;
            let thief = site.cookie.clone().unwrap();
            if comes_after {
                victim = open(&site, &old).await;
            }
            log_in(&victim, "momo");
            count(&victim);
            let cookie = close(&site, &victim).await.unwrap().unwrap();
            assert!(cookie != thief && cookie != old, "{began_as_momos}, {comes_after}");
            let after = open(&site, &cookie).await;
            assert!(after.contains("username"));
            // Who comes with the old id of a visitor may as well be the one who has planted it.
            let takes_data = began_as_momos || !comes_after;
            assert_eq!(after.contains("cart"), takes_data, "{began_as_momos}, {comes_after}");
            assert_eq!(fields::get::<Counter>(&after), if takes_data { 2 } else { 1 });
            assert_eq!(open(&site, &thief).await.is_new(), takes_data);
        }
    }
}

#[tokio::test]
async fn a_change_of_user_ends_what_another_request_has_renewed() {
    let (mut site, _) = visitor().await;
    site.request(|session| log_in(session, "momo")).await;
    let second = site.open().await;
    site.request(Session::regenerate).await;
    log_in(&second, "bob");
    let cookie = close(&site, &second).await.unwrap().unwrap();
    assert!(site.open().await.is_new(), "momo's session");
    assert!(!open(&site, &cookie).await.contains("cart"));
}

#[tokio::test]
async fn another_user_has_a_session_of_their_own_without_data() {
    for comes_after in [false, true] {
        let (mut site, old) = visitor().await;
        let mut second = open(&site, &old).await;
        site.request(|session| log_in(session, "momo")).await;
        if comes_after {
            second = open(&site, &old).await;
        }
        log_in(&second, "bob");
        let cookie = close(&site, &second).await.unwrap().unwrap();
        assert_ne!(Some(&cookie), site.cookie.as_ref());
        let bobs = open(&site, &cookie).await;
        assert_eq!(bobs.get::<String>("username").unwrap().as_deref(), Some("bob"));
        assert!(!bobs.contains("cart"));
        assert_eq!(user(&site).await.as_deref(), Some("momo"));
    }
}

#[tokio::test]
async fn a_change_of_user_that_is_sent_twice_is_one_session() {
    let (mut site, _) = visitor().await;
    site.request(|session| log_in(session, "momo")).await;
    let second = site.open().await;
    site.request(|session| {
        log_in(session, "bob");
        session.set("bobs", "first");
    })
    .await;
    log_in(&second, "bob");
    second.set("second", "too");
    assert_eq!(close(&site, &second).await.unwrap(), site.cookie);
    let after = site.open().await;
    assert!(after.contains("bobs") && after.contains("second") && !after.contains("cart"));
}

#[tokio::test]
async fn an_end_ends_the_successor_too() {
    let ends: [fn(&Session); 4] = [log_out, Session::destroy, Session::clear, |session| {
        session.declare_login("username");
        session.remove("username");
    }];
    for end in ends {
        for comes_after in [false, true] {
            let (mut site, _) = visitor().await;
            site.request(|session| log_in(session, "momo")).await;
            let old = site.cookie.clone().unwrap();
            let mut second = open(&site, &old).await;
            site.request(Session::regenerate).await;
            site.request(Session::regenerate).await;
            if comes_after {
                second = open(&site, &old).await;
                assert!(second.is_new());
            }
            end(&second);
            assert_eq!(close(&site, &second).await.unwrap().as_deref(), Some(""), "{comes_after}");
            assert!(site.open().await.is_new(), "{comes_after}");
        }
    }
}

#[tokio::test]
async fn what_is_set_after_such_an_end_is_another_session() {
    let (mut site, _) = visitor().await;
    site.request(|session| log_in(session, "momo")).await;
    let old = site.cookie.clone().unwrap();
    site.request(Session::regenerate).await;
    let second = open(&site, &old).await;
    log_out(&second);
    second.flash("bye", "info");
    let cookie = close(&site, &second).await.unwrap().unwrap();
    assert!(site.open().await.is_new());
    assert_eq!(open(&site, &cookie).await.take_flashes().len(), 1);
}

#[tokio::test]
async fn who_waits_for_the_end_follows_the_successor_from_the_old_id_too() {
    let (mut site, old) = visitor().await;
    site.request(|session| log_in(session, "momo")).await;
    let stream = open(&site, &old).await;
    let waiting = tokio::spawn(async move { stream.ended().await });
    tokio::task::yield_now().await;
    site.request(Session::regenerate).await;
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    site.request(log_out).await;
    waiting.await.unwrap();
}

/// As in a loop of a stream, which asks anew with each event.
#[tokio::test(start_paused = true)]
async fn waits_for_the_end_that_are_given_up_ask_the_store_once_per_poll_and_forget_no_successor() {
    let (mut site, old) = visitor().await;
    site.request(|session| log_in(session, "momo")).await;
    let elsewhere =
        Manager::with_store(site.manager.config().clone(), std::sync::Arc::new(site.store.clone())).unwrap();
    let stream = elsewhere.open(Some(&old), site.now).await.unwrap();
    site.store.calls();
    // The note is gone after a minute of the store's time, which is the request's own.
    for second in 1..=50 {
        let ended = tokio::time::timeout(Duration::from_secs(1), stream.ended()).await;
        assert!(ended.is_err(), "after {second} seconds");
    }
    let calls = site.store.calls();
    assert!((10..=14).contains(&calls), "{calls} calls in ten polls");
    site.request(log_out).await;
    tokio::time::timeout(Duration::from_secs(6), stream.ended()).await.unwrap();
}

#[tokio::test]
async fn where_no_state_has_a_login_field_a_new_id_is_a_session_of_its_own_without_data() {
    let mut site = Site::new();
    site.request(|session| session.set("cart", "tea")).await;
    let old = site.cookie.clone().unwrap();
    site.request(|session| {
        session.set("user", "momo");
        session.regenerate();
    })
    .await;
    // Whoever has planted the old id.
    let thief = open(&site, &old).await;
    thief.set("k", "v");
    thief.regenerate();
    let cookie = close(&site, &thief).await.unwrap().unwrap();
    assert_ne!(Some(&cookie), site.cookie.as_ref());
    let thief = open(&site, &cookie).await;
    assert!(!thief.contains("user") && !thief.contains("cart"));
    assert_eq!(site.get("user").await.as_deref(), Some("momo"));
}

#[tokio::test]
async fn without_notes_a_renewed_id_is_one_that_nobody_knows() {
    let mut site = Site::with(|config| config.session_successor_seconds = None);
    site.request(|session| session.set("k", "v")).await;
    let old = site.cookie.clone().unwrap();
    site.store.calls();
    site.request(Session::regenerate).await;
    assert_eq!(site.store.calls(), 3);
    let stranger = open(&site, &old).await;
    assert_eq!(site.store.calls(), 1);
    count(&stranger);
    assert!(close(&site, &stranger).await.unwrap().is_some());
}

fn log_out_with_a_message(session: &Session) {
    log_out(session);
    session.flash("bye", "info");
}

/// Closes a session in a task of its own.
fn close_meanwhile(site: &Site, session: Session) -> JoinHandle<Result<Closed, SaveError>> {
    let (manager, now) = (site.manager.clone(), site.now);
    tokio::spawn(async move { manager.close(&session, now).await })
}

/// Holds the swap that comes after so many others.
fn hold_swap_after(site: &Site, others: usize) -> Held {
    // A hold that is dropped stops nobody.
    (0..others).for_each(|_| drop(site.store.hold(Operation::Swap, HoldPoint::Before)));
    site.store.hold(Operation::Swap, HoldPoint::Before)
}

/// Lets another process serve the site.
fn in_another_process(site: &mut Site) {
    site.reconfigure(|_| {});
    site.manager.declare_login("username");
}

#[tokio::test]
async fn a_log_out_that_another_process_takes_for_dead_ends_what_that_one_has_renewed() {
    let (mut site, _) = visitor().await;
    site.request(|session| log_in(session, "momo")).await;
    let leaving = site.open().await;
    log_out_with_a_message(&leaving);
    let mut deletion = site.store.hold(Operation::Delete, HoldPoint::Before);
    let leaving = close_meanwhile(&site, leaving);
    deletion.reached().await.unwrap();
    in_another_process(&mut site);
    site.request(Session::regenerate).await;
    assert_eq!(user(&site).await.as_deref(), Some("momo"));
    deletion.release();
    leaving.await.unwrap().unwrap();
    assert_eq!(user(&site).await, None);
}

#[tokio::test]
async fn a_log_out_that_takes_a_renewal_for_dead_ends_what_comes_of_it() {
    let (mut site, _) = visitor().await;
    site.request(|session| log_in(session, "momo")).await;
    let (renewed, leaving) = (site.open().await, site.open().await);
    renewed.regenerate();
    log_out_with_a_message(&leaving);
    let mut last_of_renewal = hold_swap_after(&site, 2);
    let renewed = close_meanwhile(&site, renewed);
    last_of_renewal.reached().await.unwrap();
    in_another_process(&mut site);
    // The new record; then the note, for which it looks 21 times before it replaces the one that is there.
    let mut note = hold_swap_after(&site, 22);
    let leaving = close_meanwhile(&site, leaving);
    note.reached().await.unwrap();
    last_of_renewal.release();
    let cookie = renewed.await.unwrap().unwrap().set_cookie.unwrap();
    note.release();
    leaving.await.unwrap().unwrap();
    let cookie = cookie.split([';', '=']).nth(1).unwrap();
    assert!(open(&site, cookie).await.is_new());
}

#[tokio::test]
async fn a_log_in_again_that_began_before_a_log_out_is_told_that_the_session_has_ended() {
    for end in [log_out, log_out_with_a_message] {
        for renewed in [false, true] {
            let (mut site, _) = visitor().await;
            site.request(|session| log_in(session, "momo")).await;
            let again = site.open().await;
            if renewed {
                site.request(Session::regenerate).await;
            }
            site.request(end).await;
            log_in(&again, "momo");
            assert!(matches!(close(&site, &again).await, Err(SaveError::Ended)), "{renewed}");
            assert_eq!(user(&site).await, None, "{renewed}");
        }
    }
}

#[tokio::test]
async fn a_log_in_again_does_not_join_what_is_logged_out_at_that_moment() {
    let (mut site, _) = visitor().await;
    site.request(|session| log_in(session, "momo")).await;
    let again = site.open().await;
    site.request(Session::regenerate).await;
    log_in(&again, "momo");
    // The new record and the note, which is there; then it joins.
    let mut joining = hold_swap_after(&site, 2);
    let again = close_meanwhile(&site, again);
    joining.reached().await.unwrap();
    site.request(log_out).await;
    joining.release();
    assert!(matches!(again.await.unwrap(), Err(SaveError::Ended)));
}

#[tokio::test]
async fn a_log_in_that_another_one_of_the_same_user_takes_for_dead_joins_that_one() {
    let (mut site, old) = visitor().await;
    let first = open(&site, &old).await;
    log_in(&first, "momo");
    count(&first);
    let mut last = hold_swap_after(&site, 2);
    let first = close_meanwhile(&site, first);
    last.reached().await.unwrap();
    in_another_process(&mut site);
    site.request(|session| log_in(session, "momo")).await;
    last.release();
    let cookie = first.await.unwrap().unwrap().set_cookie.unwrap();
    assert_eq!(cookie.split([';', '=']).nth(1), site.cookie.as_deref());
    let after = site.open().await;
    assert!(after.contains("cart"));
    assert_eq!(fields::get::<Counter>(&after), 2);
}
