//! The browser of a login: `session_protection`.

use rocket::http::Header;
use rocket_session_state::config::SessionProtection;
use session_tests::jar::Jar;

use super::{Shop, remembered};

/// A visit of the same cookies from another address.
async fn from_elsewhere(shop: &Shop, jar: &Jar, path: &str) -> u16 {
    let request = shop.get(path).header(Header::new("X-Forwarded-For", "192.0.2.1, 10.0.0.7"));
    shop.visit(jar, request).await.0
}

#[rocket::async_test]
async fn a_login_is_not_fresh_any_more_once_it_comes_from_elsewhere() {
    for is_permanent in [true, false] {
        let shop = Shop::open_with(|config| config.session_permanent = is_permanent).await;
        let jar = Jar::default();
        shop.done(&jar, "/log-in/momo").await;
        assert_eq!(shop.shown(&jar, "/fresh").await, "");
        assert_eq!(from_elsewhere(&shop, &jar, "/member").await, 200);
        assert_eq!(shop.shown(&jar, "/fresh").await, "401", "also where it has begun");
        assert_eq!(shop.shown(&jar, "/member").await, "momo");
    }
}

#[rocket::async_test]
async fn a_strong_protection_ends_such_a_login_and_its_cookie_unless_the_session_is_permanent() {
    for is_permanent in [true, false] {
        let shop = Shop::open_with(|config| {
            config.session_protection = Some(SessionProtection::Strong);
            config.session_permanent = is_permanent;
        })
        .await;
        let jar = remembered("momo");
        assert_eq!(shop.shown(&jar, "/member").await, "momo");
        assert_eq!(shop.shown(&jar, "/member").await, "momo");
        let expected = if is_permanent { (200, true) } else { (401, false) };
        let status = from_elsewhere(&shop, &jar, "/member").await;
        assert_eq!((status, jar.get("remember_token").is_some()), expected);
        assert_eq!(shop.shown(&jar, "/who").await, if is_permanent { "momo" } else { "nobody" });
    }
}

#[rocket::async_test]
async fn without_protection_no_login_belongs_to_a_browser() {
    let shop = Shop::open_with(|config| config.session_protection = None).await;
    let jar = Jar::default();
    shop.done(&jar, "/log-in/momo").await;
    assert!(!shop.shown(&jar, "/keys").await.split(' ').any(|key| key == "_id"));
    assert_eq!(from_elsewhere(&shop, &jar, "/fresh").await, 200);
}

#[rocket::async_test]
async fn a_visitor_is_left_alone() {
    let shop = Shop::open().await;
    let jar = Jar::default();
    shop.shown(&jar, "/fill/tea").await;
    assert_eq!(from_elsewhere(&shop, &jar, "/cart").await, 200);
    assert_eq!(shop.shown(&jar, "/keys").await, "_permanent cart");
}
