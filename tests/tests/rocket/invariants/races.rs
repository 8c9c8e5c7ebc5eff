//! Requests that meet: 6 and 7. One of them is stopped at a store call until the others are done.

use rocket::futures::future::join_all;
use rocket::tokio::join;
use rocket_session_state::store::conformance::{HoldPoint, Operation};

use super::place::{Place, places};

#[rocket::async_test]
async fn two_requests_that_change_different_fields_both_survive() {
    for place in places().await {
        let cookie = place.logged_in("momo").await;
        let mut slow = place.store.hold(Operation::Swap, HoldPoint::Before);
        let (first, second) = join!(place.ask("/a/1", &cookie), async {
            slow.reached().await.unwrap();
            let second = place.ask_at(1, "/b/2", &cookie).await;
            slow.release();
            second
        });
        assert_eq!((first.status, second.status), (200, 200), "{}", place.name);
        assert_eq!(place.shown(&cookie).await, "momo 0 1 2 ", "{}", place.name);
    }
}

#[rocket::async_test]
async fn four_hundred_increments_are_four_hundred() {
    for place in places().await {
        let cookie = place.logged_in("momo").await;
        let visitors = (0..16).map(|visitor| {
            let (place, cookie) = (&place, &cookie);
            async move {
                for _ in 0..25 {
                    assert_eq!(place.ask_at(visitor % 2, "/count", cookie).await.status, 200);
                }
            }
        });
        join_all(visitors).await;
        assert_eq!(place.shown(&cookie).await, "momo 400 - - ", "{}", place.name);
    }
}

/// A request that was stopped before its write while the session was ended, here or in another process.
async fn late(place: &Place, path: &str, end: &str, process: usize) {
    let cookie = place.logged_in("momo").await;
    place.ask("/push/tea", &cookie).await;
    let what = format!("{}: {path} during {end} in process {process}", place.name);
    let mut slow = place.store.hold(Operation::Swap, HoldPoint::Before);
    let (late, ended) = join!(place.ask(path, &cookie), async {
        slow.reached().await.unwrap();
        let ended = place.ask_at(process, end, &cookie).await;
        slow.release();
        ended
    });
    assert_eq!(ended.status, 200, "{what}");
    assert_eq!(late.status, 409, "{what}");
    assert_eq!(late.all("Set-Cookie"), [""; 0], "{what}");
    for process in 0..2 {
        assert_eq!(place.ask_at(process, "/show", &cookie).await.body, "nobody 0 - - ", "{what}");
    }
}

#[rocket::async_test]
async fn a_late_write_brings_no_ended_session_back() {
    for place in places().await {
        for end in ["/logout", "/destroy"] {
            for process in 0..2 {
                late(&place, "/a/late", end, process).await;
                late(&place, "/count", end, process).await;
            }
        }
    }
}

/// The new record was created before the end, and is taken back.
#[rocket::async_test]
async fn a_rotation_brings_no_ended_session_back() {
    for place in places().await {
        for process in 0..2 {
            late(&place, "/login/momo", "/destroy", process).await;
        }
    }
}

#[rocket::async_test]
async fn a_late_reader_keeps_its_answer_and_revives_nothing() {
    for place in places().await {
        for process in 0..2 {
            let cookie = place.logged_in("momo").await;
            let mut slow = place.store.hold(Operation::Load, HoldPoint::After);
            let (read, _) = join!(place.ask("/show", &cookie), async {
                slow.reached().await.unwrap();
                place.ask_at(process, "/logout", &cookie).await;
                slow.release();
            });
            assert_eq!((read.status, read.body.as_str()), (200, "momo 0 - - "), "{}", place.name);
            if process == 0 {
                assert_eq!(read.cookie(), None, "{}: this process knows of the end", place.name);
            }
            assert_eq!(place.shown(&cookie).await, "nobody 0 - - ", "{}", place.name);
        }
    }
}
