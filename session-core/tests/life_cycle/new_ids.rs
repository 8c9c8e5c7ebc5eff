//! A new id that was asked for is given, whatever else the request does and in whatever order.

use rocket_session_state_core::session::{SaveError, Session};

use super::site::Site;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Call {
    Regenerate,
    Clear,
    Remove,
    TakeFlashes,
    Set,
    Save,
}

const CALLS: [Call; 6] =
    [Call::Regenerate, Call::Clear, Call::Remove, Call::TakeFlashes, Call::Set, Call::Save];

async fn make(session: &Session, call: Call) {
    match call {
        Call::Regenerate => session.regenerate(),
        Call::Clear => session.clear(),
        Call::Remove => drop(session.remove("k")),
        Call::TakeFlashes => drop(session.take_flashes()),
        Call::Set => session.set("user", "momo"),
        Call::Save => session.save().await.unwrap(),
    }
}

/// All sequences of different calls that continue `begun`, itself included.
fn sequences(begun: Vec<Call>) -> Vec<Vec<Call>> {
    let mut all = vec![begun.clone()];
    for call in CALLS {
        if !begun.contains(&call) {
            all.extend(sequences([begun.as_slice(), &[call]].concat()));
        }
    }
    all
}

#[tokio::test]
async fn whoever_asks_for_a_new_id_gets_one_in_any_order_of_calls() {
    let sequences = sequences(Vec::new());
    assert_eq!(sequences.len(), 1957);
    // One with data, and one that is empty once its message has been shown.
    let beginnings: [fn(&Session); 2] =
        [|session| session.set("k", "v"), |session| session.flash("hi", "info")];
    for begin in beginnings {
        for calls in sequences.iter().filter(|calls| calls.contains(&Call::Regenerate)) {
            let mut site = Site::new();
            site.request(begin).await;
            let before = site.cookie.clone();
            let session = site.open().await;
            for call in calls {
                make(&session, *call).await;
            }
            let left = session.keys();
            site.close(&session).await.unwrap();
            if left == ["_permanent"] {
                assert_eq!(site.cookie, None, "{calls:?}");
            } else {
                assert_eq!(site.open().await.keys(), left, "{calls:?}");
                assert_ne!(site.cookie, before, "{calls:?}");
            }
            site.cookie = before;
            assert!(site.open().await.is_new(), "{calls:?}: the old id is alive");
        }
    }
}

#[tokio::test]
async fn what_others_put_into_a_session_that_was_emptied_moves_to_the_new_id() {
    for emptied_first in [true, false] {
        let mut site = Site::new();
        site.request(|session| session.set("k", "v")).await;
        let (old, moving) = (site.cookie.clone(), site.open().await);
        site.request(|session| session.set("late", "kept")).await;
        if emptied_first {
            moving.clear();
        }
        moving.regenerate();
        moving.clear();
        site.close(&moving).await.unwrap();
        assert_eq!(site.open().await.keys(), ["late", "_permanent"]);
        assert_ne!(site.cookie, old);
        site.cookie = old;
        assert!(site.open().await.is_new());
    }
}

#[tokio::test]
async fn what_others_put_into_a_session_that_a_stream_empties_needs_a_cookie_that_comes_too_late() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let stream = site.open().await;
    site.close(&stream).await.unwrap();
    site.request(|session| session.set("late", "kept")).await;
    stream.regenerate();
    stream.clear();
    assert!(matches!(stream.save().await, Err(SaveError::TooLate)));
    assert_eq!(site.get("late").await.as_deref(), Some("kept"));
}
