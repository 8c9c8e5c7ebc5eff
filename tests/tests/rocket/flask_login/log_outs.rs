//! Who has logged out stays logged out, whatever cookie the browser still has.

use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

use rocket::tokio::join;
use rocket_session_state::store::conformance::{HoldPoint, Operation};
use session_tests::jar::Jar;

use super::{Shop, forgets, keep, remembered, with_cookies};

#[rocket::async_test]
async fn a_log_out_deletes_the_cookie_and_so_does_each_end_that_the_visitor_asks_for() {
    for end in ["/log-out", "/log-out?farewell", "/destroy"] {
        let shop = Shop::open_with(|config| {
            config.remember_cookie_domain = Some("example.org".into());
            config.remember_cookie_path = "/app".into();
        })
        .await;
        let jar = remembered("momo");
        assert_eq!(shop.shown(&jar, "/member").await, "momo");
        let response = with_cookies(shop.post(end), &jar).dispatch().await;
        let lines: Vec<_> = response.headers().get("Set-Cookie").map(str::to_owned).collect();
        let deletion = "remember_token=; Domain=example.org; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; \
                        Path=/app; SameSite=Lax";
        assert!(lines.iter().any(|line| line == deletion), "{end}: {lines:?}");
        keep(&response, &jar);
        assert_eq!(shop.shown(&jar, "/who").await, "nobody", "{end}");
    }
}

#[rocket::async_test]
async fn the_first_request_of_a_remembered_visitor_may_be_the_log_out() {
    let shop = Shop::open().await;
    let jar = remembered("momo");
    assert_eq!(shop.done(&jar, "/log-out").await, 200);
    assert_eq!(jar.header(0), None, "neither a session nor a cookie is left");
}

#[rocket::async_test]
async fn a_log_out_without_such_a_cookie_sends_none() {
    let shop = Shop::open().await;
    let jar = Jar::default();
    shop.done(&jar, "/log-in/momo").await;
    let response = with_cookies(shop.post("/log-out"), &jar).dispatch().await;
    assert!(!forgets(&response));
}

/// A request that has come with the cookies of before the log-out, and is looked at after it.
#[rocket::async_test]
async fn a_request_under_way_is_not_logged_in_again_by_its_cookie() {
    for end in ["/log-out", "/log-out?farewell", "/destroy"] {
        let shop = Shop::open().await;
        let jar = Jar::default();
        shop.done(&jar, "/log-in/momo?remember").await;
        let before = with_cookies(shop.get("/who"), &jar);
        assert_eq!(shop.done(&jar, end).await, 200);
        let late = before.dispatch().await;
        assert_eq!(late.headers().get("Set-Cookie").next(), None, "{end}");
        assert_eq!(late.into_string().await.as_deref(), Some("nobody"), "{end}");
    }
}

/// The visitor's session is loaded by both. One logs in by the cookie and out again, the other is still on its way.
#[rocket::async_test]
async fn a_login_by_the_cookie_that_is_being_saved_does_not_undo_a_log_out() {
    let shop = Shop::open().await;
    let jar = Jar::default();
    shop.shown(&jar, "/fill/tea").await;
    jar.put("remember_token", &remembered("momo").get("remember_token").unwrap());
    let other = shop.beside().await;
    let mut slow = shop.store.hold(Operation::Swap, HoldPoint::Before);
    let (late, ended) = join!(with_cookies(shop.get("/who"), &jar).dispatch(), async {
        slow.reached().await.unwrap();
        let ended = with_cookies(other.post("/log-out"), &jar).dispatch().await;
        slow.release();
        ended
    });
    assert_eq!((ended.status().code, forgets(&ended)), (200, true));
    assert_eq!((late.status().code, late.headers().get("Set-Cookie").next()), (200, None));
    keep(&ended, &jar);
    assert_eq!(shop.shown(&jar, "/who").await, "nobody");
}

#[rocket::async_test]
async fn another_password_ends_the_cookie_with_the_session() {
    let shop = Shop::open().await;
    let jar = remembered("momo");
    shop.shown(&jar, "/member").await;
    shop.users().stamp.fetch_add(1, Ordering::Relaxed);
    assert_eq!(shop.shown(&jar, "/member").await, "401");
    assert_eq!(jar.get("remember_token"), None);
}

#[rocket::async_test]
async fn what_flask_login_leaves_in_the_session_is_done_by_the_next_answer() {
    let shop = Shop::open().await;
    let jar = remembered("momo");
    shop.shown(&jar, "/member").await;
    assert_eq!(shop.done(&jar, "/leave/clear").await, 200);
    assert_eq!(jar.get("remember_token"), None);
    assert_eq!(shop.done(&jar, "/leave/set").await, 200);
    assert_eq!(jar.get("remember_token"), remembered("momo").get("remember_token"));
    assert!(!shop.shown(&jar, "/keys").await.contains("_remember"));
}

#[rocket::async_test]
async fn a_log_in_is_remembered_if_it_is_asked_for() {
    let shop = Shop::open().await;
    for (path, cookie) in
        [("/log-in/momo", None), ("/log-in/momo?remember", remembered("momo").get("remember_token"))]
    {
        let jar = Jar::default();
        assert_eq!(shop.done(&jar, path).await, 200);
        assert_eq!(jar.get("remember_token"), cookie);
        assert!(!shop.shown(&jar, "/keys").await.contains("_remember"));
    }
}

#[rocket::async_test]
async fn the_cookie_is_set_again_with_each_answer_if_the_configuration_says_so() {
    let shop = Shop::open_with(|config| config.remember_cookie_refresh_each_request = true).await;
    let jar = Jar::default();
    shop.shown(&jar, "/who").await;
    assert_eq!(jar.get("remember_token"), None, "nobody is logged in");
    shop.done(&jar, "/log-in/momo").await;
    assert_eq!(jar.get("remember_token"), remembered("momo").get("remember_token"));
    assert_eq!(shop.done(&jar, "/log-out").await, 200);
    assert_eq!(jar.get("remember_token"), None);
}

/// The page was read before the log-out, and its answer comes after that of the log-out.
#[rocket::async_test]
async fn the_answer_of_a_page_under_way_does_not_set_a_cookie_again_that_a_log_out_has_deleted() {
    for end in ["/log-out", "/destroy"] {
        let shop = Shop::open_with(|config| config.remember_cookie_refresh_each_request = true).await;
        let jar = Jar::default();
        shop.done(&jar, "/log-in/momo?remember").await;
        let (late, ended) = join!(with_cookies(shop.get("/linger"), &jar).dispatch(), async {
            shop.users().lingers.notified().await;
            let ended = with_cookies(shop.post(end), &jar).dispatch().await;
            shop.users().goes_on.notify_one();
            ended
        });
        assert!(forgets(&ended), "{end}");
        assert_eq!((late.status().code, late.headers().get("Set-Cookie").next()), (200, None), "{end}");
    }
}

#[rocket::async_test]
async fn who_ends_all_sessions_is_logged_out_of_this_browser_too() {
    let shop = Shop::open().await;
    let jar = Jar::default();
    shop.done(&jar, "/log-in/momo?remember").await;
    let before = with_cookies(shop.get("/who"), &jar);
    assert_eq!(shop.done(&jar, "/end-all").await, 200);
    assert_eq!(jar.get("remember_token"), None);
    assert_eq!(shop.shown(&jar, "/who").await, "nobody");
    assert_eq!(before.dispatch().await.into_string().await.as_deref(), Some("nobody"));
}

#[rocket::async_test]
async fn a_cookie_may_be_kept_for_as_long_as_anybody_asks() {
    let shop = Shop::open().await;
    for (seconds, is_kept) in [(0, false), (3600, true), (u64::MAX, true)] {
        let jar = Jar::default();
        shop.done(&jar, &format!("/remember-for/{seconds}")).await;
        let now = UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
        assert_eq!(jar.header(now + 60).unwrap_or_default().contains("remember_token"), is_kept, "{seconds}");
    }
}
