//! Requests of one browser that come together: one session, and nothing that another log-in has done is undone.

use std::collections::BTreeSet;

use rocket::futures::future::join_all;
use rocket::tokio::join;
use rocket_session_state::Sessions;
use rocket_session_state::config::SessionProtection;
use rocket_session_state::store::conformance::{HoldPoint, Operation};
use session_tests::jar::Jar;

use super::{Shop, Visit, keep, remembered, with_cookies};

async fn eight_at_once(shop: &Shop, jar: &Jar) -> BTreeSet<String> {
    let requests = (0..8).map(|n| async move {
        let response = with_cookies(shop.get(&format!("/fill/{n}")), jar).dispatch().await;
        let answered = Jar::default();
        keep(&response, &answered);
        assert_eq!(response.status().code, 200);
        assert_eq!(shop.shown(&answered, "/member").await, "momo", "request {n}");
        answered.get("session").expect("a session")
    });
    join_all(requests).await.into_iter().collect()
}

#[rocket::async_test]
async fn eight_requests_with_the_cookie_alone_are_one_session() {
    let shop = Shop::open().await;
    let jar = remembered("momo");
    let sessions = eight_at_once(&shop, &jar).await;
    assert_eq!(sessions.len(), 1);
    jar.put("session", sessions.first().unwrap());
    assert_eq!(shop.shown(&jar, "/cart").await.split(' ').collect::<BTreeSet<_>>().len(), 8, "none is lost");
    let listed = shop.client.rocket().state::<Sessions>().unwrap().of::<Visit>("momo").list().await.unwrap();
    assert_eq!(listed.len(), 1);
}

#[rocket::async_test]
async fn eight_requests_of_a_visitor_are_one_session() {
    let shop = Shop::open().await;
    let jar = Jar::default();
    shop.shown(&jar, "/fill/tea").await;
    jar.put("remember_token", &remembered("momo").get("remember_token").unwrap());
    let sessions = eight_at_once(&shop, &jar).await;
    assert_eq!(sessions.len(), 1);
    jar.put("session", sessions.first().unwrap());
    assert_eq!(shop.shown(&jar, "/cart").await.split(' ').count(), 9);
}

#[rocket::async_test]
async fn eight_requests_without_notes_are_all_logged_in() {
    let shop = Shop::open_with(|config| config.session_successor_seconds = None).await;
    assert!(!eight_at_once(&shop, &remembered("momo")).await.is_empty());
}

#[rocket::async_test]
async fn another_browser_of_the_user_has_a_session_of_its_own() {
    for protection in [Some(SessionProtection::Basic), None] {
        let shop = Shop::open_with(|config| config.session_protection = protection).await;
        let (one, other) = (remembered("momo"), remembered("momo"));
        shop.shown(&one, "/fill/tea").await;
        let elsewhere = shop.get("/cart").remote("10.0.0.8:4000".parse().unwrap());
        assert_eq!(shop.visit(&other, elsewhere).await.1, "");
        assert_ne!(one.get("session"), other.get("session"));
    }
}

/// A password is given in one request, for the same user or another one, while the cookie logs in in another.
#[rocket::async_test]
async fn a_log_in_with_a_password_stays_fresh_beside_one_by_the_cookie() {
    for password in ["/log-in/momo", "/log-in/lili"] {
        let shop = Shop::open().await;
        let jar = Jar::default();
        shop.shown(&jar, "/fill/tea").await;
        let visitor = Jar::default();
        visitor.put("session", &jar.get("session").unwrap());
        jar.put("remember_token", &remembered("momo").get("remember_token").unwrap());
        let other = shop.beside().await;
        let mut slow = shop.store.hold(Operation::Swap, HoldPoint::Before);
        let (late, proven) = join!(with_cookies(shop.get("/who"), &jar).dispatch(), async {
            slow.reached().await.unwrap();
            let proven = with_cookies(other.post(password), &visitor).dispatch().await;
            slow.release();
            proven
        });
        assert_eq!(proven.status().code, 200, "{password}");
        assert_eq!((late.status().code, late.headers().get("Set-Cookie").next()), (200, None), "{password}");
        keep(&proven, &jar);
        assert_eq!(shop.shown(&jar, "/fresh").await, "", "{password}");
        assert_eq!(shop.shown(&jar, "/cart").await, "tea", "{password}");
    }
}

/// A thief who has the cookie and the id of a visitor is in a session of the user. It does not become the one in which the user
/// gives the password.
#[rocket::async_test]
async fn a_password_makes_no_session_fresh_that_a_cookie_has_begun_elsewhere() {
    let shop = Shop::open().await;
    let visitor = Jar::default();
    shop.shown(&visitor, "/fill/tea").await;
    let thief = Jar::default();
    thief.put("session", &visitor.get("session").unwrap());
    thief.put("remember_token", &remembered("momo").get("remember_token").unwrap());
    assert_eq!(shop.shown(&thief, "/member").await, "momo");

    shop.done(&visitor, "/log-in/momo").await;
    assert_eq!(shop.shown(&visitor, "/fresh").await, "");
    assert_eq!(shop.shown(&thief, "/fresh").await, "401");

    let copied = Jar::default();
    copied.put("session", &visitor.get("session").unwrap());
    copied.put("remember_token", &thief.get("remember_token").unwrap());
    shop.done(&visitor, "/log-in/momo").await;
    assert_eq!(shop.shown(&copied, "/fresh").await, "401", "the cookie joins no session with a password");
}
