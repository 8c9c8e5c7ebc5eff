//! Two requests that change one session at once.

use rocket_session_state_core::fields;
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::merge;
use rocket_session_state_core::session::{Flash, SaveError, Session};

use super::site::{Site, field};

#[tokio::test]
async fn changes_of_different_keys_both_survive() {
    let mut site = Site::new();
    site.request(|session| session.set("old", "stays")).await;
    let (first, second) = (site.open().await, site.open().await);
    first.set("a", "1");
    second.set("b", "2");
    site.close(&first).await.unwrap();
    site.close(&second).await.unwrap();
    assert_eq!(site.open().await.keys(), ["_permanent", "old", "a", "b"]);
}

#[tokio::test]
async fn of_two_changes_of_one_key_the_last_stands() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "0")).await;
    let (first, second) = (site.open().await, site.open().await);
    first.set("k", "1");
    second.set("k", "2");
    site.close(&second).await.unwrap();
    site.close(&first).await.unwrap();
    assert_eq!(site.get("k").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_destroyed_session_is_not_revived_by_a_request_still_running() {
    let mut site = Site::new();
    site.request(|session| session.set("username", "momo")).await;
    let cookie = site.cookie.clone();
    let running = site.open().await;
    running.set("theme", "dark");
    site.request(|session| session.destroy()).await;
    assert!(matches!(site.close(&running).await, Err(SaveError::Ended)));
    site.cookie = cookie;
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn what_is_set_after_destroy_is_a_session_with_another_id() {
    let mut site = Site::new();
    site.request(|session| session.set("username", "momo")).await;
    let before = site.cookie.clone();
    site.request(|session| {
        session.destroy();
        session.flash("You are logged out.", "info");
    })
    .await;
    assert!(site.cookie.is_some());
    assert_ne!(site.cookie, before);
    let session = site.open().await;
    assert!(!session.contains("username"));
    assert_eq!(session.take_flashes().len(), 1);
    site.cookie = before;
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn a_session_begun_after_destroy_is_as_permanent_as_any_new_one() {
    for permanent in [true, false] {
        let mut site = Site::with(|config| config.session_permanent = permanent);
        site.request(|session| session.set("username", "momo")).await;
        site.request(|session| {
            session.destroy();
            session.set("k", "v");
        })
        .await;
        assert_eq!(site.open().await.permanent(), permanent);
    }
}

#[tokio::test]
async fn regenerate_keeps_the_data_and_ends_the_old_id() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let before = site.cookie.clone();
    site.store.calls();
    site.request(|session| session.regenerate()).await;
    assert_eq!(site.store.calls(), 4, "load, create, leave a note, delete the old one");
    assert_ne!(site.cookie, before);
    assert_eq!(site.get("k").await.as_deref(), Some("v"));
    site.cookie = before;
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn a_write_that_was_acknowledged_during_a_rotation_is_in_the_new_record() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let (rotating, writing) = (site.open().await, site.open().await);
    rotating.regenerate();
    writing.set("late", "kept");
    site.close(&writing).await.unwrap();
    site.close(&rotating).await.unwrap();
    assert_eq!(site.get("late").await.as_deref(), Some("kept"));
    assert_eq!(site.get("k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn a_session_that_was_destroyed_meanwhile_is_not_regenerated() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let rotating = site.open().await;
    rotating.regenerate();
    site.request(|session| session.destroy()).await;
    assert!(matches!(site.close(&rotating).await, Err(SaveError::Ended)));
}

#[tokio::test]
async fn messages_flashed_by_parallel_requests_are_all_shown_once() {
    let mut site = Site::new();
    site.request(|session| session.flash("zero", "message")).await;
    let (first, second) = (site.open().await, site.open().await);
    assert_eq!(first.take_flashes().len(), 1);
    first.flash("one", "info");
    second.flash("two", "info");
    site.close(&first).await.unwrap();
    site.close(&second).await.unwrap();
    let messages: Vec<String> =
        site.open().await.take_flashes().into_iter().map(|Flash { message, .. }| message).collect();
    assert_eq!(messages, ["one", "two"]);
}

#[tokio::test]
async fn messages_of_parallel_requests_push_the_oldest_out_of_a_full_queue() {
    let mut site = Site::new();
    let flash = |session: &Session, numbers: std::ops::Range<u32>| {
        numbers.for_each(|number| session.flash(number.to_string(), "info"));
    };
    site.request(|session| flash(session, 0..90)).await;
    let (first, second) = (site.open().await, site.open().await);
    flash(&first, 90..98);
    flash(&second, 98..106);
    site.close(&first).await.unwrap();
    site.close(&second).await.unwrap();
    let messages = site.open().await.take_flashes().into_iter().map(|flash| flash.message);
    assert!(messages.eq((6..106).map(|number| number.to_string())));
}

#[tokio::test]
async fn a_change_after_a_save_is_saved_at_the_close() {
    let mut site = Site::new();
    let session = site.open().await;
    session.set("a", "1");
    session.save().await.unwrap();
    assert!(session.id().is_some());
    session.set("b", "2");
    site.close(&session).await.unwrap();
    assert_eq!(site.get("a").await.as_deref(), Some("1"));
    assert_eq!(site.get("b").await.as_deref(), Some("2"));
}

#[tokio::test]
async fn a_panic_while_a_handle_exists_saves_nothing() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    let handle = session.clone();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        handle.set("k", "half-made");
        panic!("as a handler might");
    }));
    assert!(panicked.is_err());
    let closed = site.close(&session).await.unwrap();
    assert_eq!(closed.set_cookie, None);
    assert_eq!(site.get("k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn a_value_that_no_format_holds_fails_the_save_and_names_its_key() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    session.set("huge", &u128::MAX);
    match site.close(&session).await {
        Err(SaveError::Encode { key, .. }) => assert_eq!(key, "huge"),
        other => panic!("{other:?}"),
    }
    assert_eq!(site.get("k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn a_request_that_only_read_sends_no_cookie_for_a_session_that_has_ended_here() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let reading = site.open().await;
    site.request(|session| session.destroy()).await;
    assert_eq!(reading.get::<String>("k").unwrap().as_deref(), Some("v"), "its answer stands");
    assert_eq!(site.manager.close(&reading, site.now).await.unwrap().set_cookie, None);
}

#[tokio::test]
async fn a_record_that_was_put_back_after_the_end_is_a_session_again() {
    use rocket_session_state_core::store::{Call, New, Store, Swap};

    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let cookie = site.cookie.clone();
    site.request(|session| session.destroy()).await;

    let key = format!("session:{}", cookie.as_deref().unwrap());
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    let record = New { bytes: b"\x81\xaa_permanent\xc3", lifetime: Some(std::time::Duration::from_secs(60)) };
    let swap = site.store.swap(Call { now: site.now, deadline }, &key, None, Some(record)).await.unwrap();
    assert!(matches!(swap, Swap::Done { .. }));
    site.cookie = cookie;
    let session = site.open().await;
    assert!(!session.is_new());
    session.set("again", "1");
    let closed = site.close(&session).await.unwrap();
    // A minute is less than the lifetime: its life is extended, and the cookie with it.
    assert!(closed.set_cookie.is_some(), "the cookie of a session that was put back is kept alive");
}

#[tokio::test]
async fn who_waits_for_the_end_is_told_at_once_when_it_comes_in_this_process() {
    for renewals in 0..3 {
        let mut site = Site::new();
        site.request(|session| session.set("k", "v")).await;
        let stream = site.open().await;
        let waiting = tokio::spawn({
            let stream = stream.clone();
            async move { stream.ended().await }
        });
        // Under a clock of its own, which does not move: only being told can end the wait.
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        for _ in 0..renewals {
            site.request(Session::regenerate).await;
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished(), "a new id is not the end");
        }
        site.request(Session::destroy).await;
        waiting.await.unwrap();
    }
}

#[tokio::test]
async fn who_waits_for_the_end_finds_it_in_the_store_when_it_comes_from_elsewhere() {
    let mut site = Site::with(|config| config.session_ended_poll = std::time::Duration::from_millis(5));
    site.request(|session| session.set("k", "v")).await;
    let stream = site.open().await;
    let elsewhere =
        Manager::with_store(site.manager.config().clone(), std::sync::Arc::new(site.store.clone())).unwrap();
    let other = elsewhere.open(site.cookie.as_deref(), site.now).await.unwrap();
    other.destroy();
    elsewhere.close(&other, site.now).await.unwrap();
    stream.ended().await;
}

#[tokio::test]
async fn a_change_after_the_response_is_unsaved_until_it_is_saved() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    session.set("k", "w");
    assert!(session.has_unsaved_changes());
    site.close(&session).await.unwrap();
    assert!(!session.has_unsaved_changes());
    session.set("k", "x");
    assert!(session.has_unsaved_changes());
    session.save().await.unwrap();
    assert!(!session.has_unsaved_changes());
    assert_eq!(site.get("k").await.as_deref(), Some("x"));
}

#[tokio::test]
async fn after_the_response_nobody_logs_in_and_no_session_begins() {
    let mut site = Site::new();
    let session = site.open().await;
    site.close(&session).await.unwrap();
    session.set("k", "v");
    assert!(matches!(session.save().await, Err(SaveError::TooLate)));

    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    site.close(&session).await.unwrap();
    session.regenerate();
    assert!(matches!(session.save().await, Err(SaveError::TooLate)));
}

#[tokio::test]
async fn a_stream_may_end_the_session() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    site.close(&session).await.unwrap();
    session.destroy();
    session.save().await.unwrap();
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn what_was_refused_at_the_close_is_not_saved_later() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    session.set("huge", &u128::MAX);
    session.set("k", "w");
    assert!(site.close(&session).await.is_err());
    assert!(!session.has_unsaved_changes());
    assert_eq!(site.get("k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn a_value_that_no_format_holds_does_no_harm_once_it_is_replaced_or_removed() {
    let mut site = Site::new();
    site.request(|session| {
        session.set("replaced", &u128::MAX);
        session.set("replaced", "by text");
        session.set("removed", &u128::MAX);
        assert!(session.remove("removed"), "in Flask it is there until it is removed");
        assert!(!session.remove("removed"));
    })
    .await;
    site.request(|session| {
        assert_eq!(session.keys(), ["_permanent", "replaced"]);
        session.set("cleared", &u128::MAX);
        session.clear();
        session.set("k", "v");
    })
    .await;
    assert_eq!(site.open().await.keys(), ["_permanent", "k"]);
}

#[tokio::test]
async fn a_save_is_a_use_of_the_session() {
    let mut site = Site::new();
    let session = site.open().await;
    session.save().await.unwrap();
    assert!(site.close(&session).await.unwrap().vary_cookie);
}

#[tokio::test]
async fn a_value_that_is_set_to_what_it_was_sends_no_cookie_of_a_session_that_has_ended_here() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let running = site.open().await;
    running.set("k", "v");
    site.request(|session| session.regenerate()).await;
    assert_eq!(site.manager.close(&running, site.now).await.unwrap().set_cookie, None);
}

#[tokio::test]
async fn a_stream_that_ends_the_session_has_ended_it_whatever_it_sets_then() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    site.close(&session).await.unwrap();
    session.destroy();
    session.flash("bye", "info");
    assert!(matches!(session.save().await, Err(SaveError::TooLate)), "the message needs a cookie");
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn a_rotation_that_is_refused_leaves_no_record_behind() {
    field!(Strict, "strict", i32, i32, 0, merge::refuse);

    let mut site = Site::new();
    site.request(|session| session.set("strict", &1)).await;
    let (rotating, writing) = (site.open().await, site.open().await);
    rotating.regenerate();
    fields::set::<Strict>(&rotating, 2);
    writing.set("strict", &3);
    site.manager.close(&writing, site.now).await.unwrap();
    site.store.calls();
    assert!(matches!(site.close(&rotating).await, Err(SaveError::Refused { .. })));
    assert_eq!(site.store.calls(), 5, "created, noted, refused at the old record, both taken back");
    assert_eq!(site.open().await.get::<i32>("strict").unwrap(), Some(3));
}

#[tokio::test]
async fn a_socket_may_save_for_longer_than_a_request_may_take() {
    use std::time::Duration;

    use rocket_session_state_conformance::Fault;

    let mut site = Site::with(|config| {
        config.session_store_timeout = Duration::from_millis(200);
        config.session_request_timeout = Duration::from_millis(200);
    });
    site.request(|session| session.set("k", &0)).await;
    let session = site.open().await;
    site.close(&session).await.unwrap();
    site.store.from_now_on(Fault::Delay(Duration::from_millis(50)));
    for message in 1..8 {
        session.set("k", &message);
        session.save().await.unwrap();
    }
}

#[tokio::test]
async fn a_session_over_its_greatest_size_is_refused_before_it_is_sent_and_can_shrink_and_end() {
    let mut site = Site::with(|config| config.session_max_size = 1_000);
    site.request(|session| session.set("small", "v")).await;
    let session = site.open().await;
    session.set("small", "w");
    session.set("large", &"x".repeat(2_000));
    site.store.calls();
    match session.save().await {
        Err(error @ SaveError::RecordTooLarge { .. }) => {
            let text = rocket_session_state_core::Chain(&error).to_string();
            assert!(
                text.contains("\"large\" 2003 bytes") && text.contains("session_max_size allows 1000"),
                "{text}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(site.store.calls(), 0, "nothing was sent");
    session.set("large", "x");
    session.save().await.unwrap();
    assert_eq!(site.get("small").await.as_deref(), Some("w"));
    // A record that was stored while more was allowed.
    site.reconfigure(|config| config.session_max_size = 10);
    assert_eq!(site.get("small").await.as_deref(), Some("w"));
    site.request(|session| session.destroy()).await;
    assert_eq!(site.get("small").await, None);
}

#[tokio::test]
async fn the_greatest_size_can_be_switched_off() {
    let mut site = Site::with(|config| config.session_max_size = 0);
    site.request(|session| session.set("large", &"x".repeat(2 * 1024 * 1024))).await;
    assert_eq!(site.get("large").await.map(|text| text.len()), Some(2 * 1024 * 1024));
}
