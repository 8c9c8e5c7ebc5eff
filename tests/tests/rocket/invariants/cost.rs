//! The cost of a request.

use super::place::places;

#[rocket::async_test]
async fn a_request_that_touches_no_session_does_and_says_nothing() {
    for place in places().await {
        let known = place.logged_in("momo").await;
        for cookie in [known.as_str(), "", "x", &"A".repeat(known.len())] {
            place.store.calls();
            let answer = place.ask("/untouched", cookie).await;
            assert_eq!(place.store.calls(), 0, "{}", place.name);
            assert_eq!((answer.all("Set-Cookie").len(), answer.all("Vary").len()), (0, 0), "{}", place.name);
        }
    }
}

#[rocket::async_test]
async fn a_cookie_that_can_not_be_ours_costs_no_store_access() {
    for place in places().await {
        let known = place.logged_in("momo").await;
        let wrong = [
            String::new(),
            known[1..].to_owned(),
            format!("{known}A"),
            format!("{}!", &known[1..]),
            format!("{}%00", &known[1..]),
            "A".repeat(100_000),
            format!("\"{known}\"x"),
        ];
        for cookie in &wrong {
            assert_eq!(place.cost("/show", cookie).await, 0, "{}: {} bytes", place.name, cookie.len());
        }
    }
}

#[rocket::async_test]
async fn an_id_that_the_store_does_not_know_is_never_adopted() {
    for place in places().await {
        let planted = "A".repeat(place.logged_in("momo").await.len());
        let answer = place.ask("/login/momo", &planted).await;
        let cookie = answer.cookie().unwrap();
        assert_ne!(cookie, planted, "{}", place.name);
        assert_eq!(place.shown(&planted).await, "nobody 0 - - ", "{}", place.name);
        assert_eq!(place.shown(&cookie).await, "momo 0 - - ", "{}", place.name);
    }
}

#[rocket::async_test]
async fn a_read_costs_one_call_a_write_two_a_login_four() {
    for place in places().await {
        let visitor = place.ask("/count", "").await.cookie().unwrap();
        assert_eq!(place.cost("/show", &visitor).await, 1, "{}", place.name);
        assert_eq!(place.cost("/count", &visitor).await, 2, "{}", place.name);
        assert_eq!(place.cost("/no-such-page", &visitor).await, 1, "{}: a catcher", place.name);
        assert_eq!(place.cost("/login/momo", &visitor).await, 4, "{}", place.name);
        let member = place.logged_in("momo").await;
        place.store.calls();
        assert_eq!(place.ask("/forwards/text", &member).await.body, "momo", "{}", place.name);
        assert_eq!(place.store.calls(), 1, "{}: guards and a forward", place.name);
    }
}

#[rocket::async_test]
async fn nothing_is_written_that_did_not_change() {
    for place in places().await {
        let cookie = place.logged_in("momo").await;
        place.ask("/a/x", &cookie).await;
        assert_eq!(place.cost("/a/x", &cookie).await, 1, "{}: the same value", place.name);
        place.ask("/push/b", &cookie).await;
        place.ask("/push/a", &cookie).await;
        assert_eq!(place.cost("/sort", &cookie).await, 2, "{}: a nested change", place.name);
        assert_eq!(place.cost("/sort", &cookie).await, 1, "{}: nothing to sort", place.name);
        assert_eq!(place.shown(&cookie).await, "momo 0 x - a,b", "{}", place.name);
    }
}
