//! Logging in and out: 8. Error responses and panics: 12. What may be seen: 13.

use rocket::tokio::join;
use rocket_session_state::store::conformance::{Fault, HoldPoint, Operation};

use super::place::{SECRET, places};
use crate::log;

#[rocket::async_test]
async fn logging_in_gives_a_new_id_and_the_old_one_is_dead() {
    for place in places().await {
        let visitor = place.ask("/push/tea", "").await.cookie().unwrap();
        let member = place.ask("/login/momo", &visitor).await.cookie().unwrap();
        assert_ne!(member, visitor, "{}", place.name);
        assert_eq!(place.shown(&member).await, "momo 0 - - tea", "{}", place.name);
        assert_eq!(place.shown(&visitor).await, "nobody 0 - - ", "{}", place.name);
        let again = place.ask("/login/momo", &member).await.cookie().unwrap();
        assert_ne!(again, member, "{}: the same user again", place.name);
        assert_eq!(place.shown(&member).await, "nobody 0 - - ", "{}", place.name);
        let left = place.ask("/logout", &again).await;
        assert!(left.all("Set-Cookie")[0].contains("Max-Age=0"), "{}", place.name);
        assert_eq!(place.shown(&again).await, "nobody 0 - - ", "{}", place.name);
    }
}

#[rocket::async_test]
async fn nothing_of_one_user_reaches_another() {
    for place in places().await {
        let momo = place.logged_in("momo").await;
        place.ask("/a/of-momo", &momo).await;
        // A change that comes late in the middle of the change of user.
        let mut slow = place.store.hold(Operation::Delete, HoldPoint::Before);
        let (lulu, _) = join!(place.ask("/login/lulu", &momo), async {
            slow.reached().await.unwrap();
            place.ask_at(1, "/b/of-momo", &momo).await;
            slow.release();
        });
        let lulu = lulu.cookie().unwrap();
        assert_eq!(place.shown(&lulu).await, "lulu 0 - - ", "{}", place.name);
        assert_eq!(place.shown(&momo).await, "nobody 0 - - ", "{}", place.name);
    }
}

#[rocket::async_test]
async fn the_new_record_is_there_before_the_old_one_goes() {
    for place in places().await {
        for fault in [Fault::Fail, Fault::Hang] {
            let visitor = place.ask("/push/tea", "").await.cookie().unwrap();
            place.store.next(Operation::Swap, Fault::None);
            place.store.next(Operation::Swap, fault);
            let answer = place.ask("/login/momo", &visitor).await;
            assert_eq!((answer.status, answer.cookie()), (503, None), "{}: {fault:?}", place.name);
            assert_eq!(place.shown(&visitor).await, "nobody 0 - - tea", "{}: {fault:?}", place.name);
        }
    }
}

#[rocket::async_test]
async fn a_write_acknowledged_during_a_rotation_is_in_the_new_record() {
    for place in places().await {
        let visitor = place.ask("/push/tea", "").await.cookie().unwrap();
        let creates = place.store.hold(Operation::Swap, HoldPoint::Before);
        let mut deletes = place.store.hold(Operation::Swap, HoldPoint::Before);
        creates.release();
        let (member, late) = join!(place.ask("/login/momo", &visitor), async {
            deletes.reached().await.unwrap();
            let late = place.ask_at(1, "/a/late", &visitor).await;
            deletes.release();
            late
        });
        assert_eq!((member.status, late.status), (200, 200), "{}", place.name);
        assert_eq!(place.shown(&member.cookie().unwrap()).await, "momo 0 late - tea", "{}", place.name);
    }
}

#[rocket::async_test]
async fn the_cookie_survives_an_error_and_a_panic_saves_nothing() {
    for place in places().await {
        let failed = place.ask("/fail/kept", "").await;
        assert_eq!((failed.status, failed.body.as_str()), (404, "not found, 2"), "{}", place.name);
        let cookie = failed.cookie().expect("an error response sends the cookie, too");
        assert_eq!(place.shown(&cookie).await, "nobody 0 kept - ", "{}", place.name);
        let panicked = place.ask("/panic/half-made", &cookie).await;
        assert_eq!((panicked.status, panicked.all("Set-Cookie").len()), (500, 0), "{}", place.name);
        assert_eq!(place.shown(&cookie).await, "nobody 0 kept - ", "{}", place.name);
    }
}

#[rocket::async_test]
async fn ids_and_values_appear_in_no_log_and_on_no_error_page() {
    for place in places().await {
        let cookie = place.logged_in("momo").await;
        place.ask("/set-secret", &cookie).await;
        let refused = place.ask("/keep-secret", &cookie).await;
        assert_eq!(refused.status, 500);
        let mut pages = refused.body;
        for fault in [Fault::Fail, Fault::FailWrites, Fault::LoseAnswer] {
            place.store.from_now_on(fault);
            pages += &place.ask("/set-secret", &cookie).await.body;
            pages += &place.ask("/count", &cookie).await.body;
        }
        place.store.from_now_on(Fault::None);
        place.ask("/destroy", &cookie).await;
        for (what, text) in [("id", cookie.as_str()), ("value", SECRET)] {
            assert!(!pages.contains(text), "{}: an error page shows the {what}: {pages}", place.name);
            let lines = log::lines_with(text);
            assert!(lines.is_empty(), "{}: the log shows the {what}: {lines:?}", place.name);
        }
        assert!(!log::lines_with("/keep-secret").is_empty(), "the failures were logged at all");
    }
}
