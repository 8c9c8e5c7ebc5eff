//! Sessions kept in the signed cookie.

use std::time::Duration;

use rocket_session_state_core::Chain;
use rocket_session_state_core::config::{Environment, SessionConfig, SessionType};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::session::SaveError;
use rocket_session_state_core::store::MemoryStore;

use super::site::Site;

#[tokio::test]
async fn a_cookie_session_comes_back_until_its_lifetime_is_over() {
    let mut site = Site::with_cookies(|config| config.permanent_session_lifetime = Duration::from_secs(60));
    site.request(|session| session.set("name", "游客")).await;
    site.now += Duration::from_secs(60);
    assert_eq!(site.get("name").await.as_deref(), Some("游客"));
    site.now += Duration::from_secs(1);
    assert_eq!(site.get("name").await, None);
}

#[tokio::test]
async fn a_changed_cookie_is_an_empty_session_and_is_not_answered() {
    let mut site = Site::with_cookies(|_| {});
    site.request(|session| session.set("name", "momo")).await;
    let cookie = site.cookie.take().unwrap();
    site.cookie = Some(cookie.replacen('e', "f", 1));
    let closed = site.request(|session| assert!(session.is_empty())).await;
    assert_eq!(closed.set_cookie, None);
}

#[tokio::test]
async fn a_lone_permanent_flag_is_a_session_in_a_cookie() {
    let mut site = Site::with_cookies(|_| {});
    site.request(|session| session.set_permanent(true)).await;
    let session = site.open().await;
    assert!(!session.is_empty());
    assert!(session.permanent());
}

#[tokio::test]
async fn clear_drops_the_permanent_flag_in_a_cookie() {
    let mut site = Site::with_cookies(|_| {});
    site.request(|session| session.set_permanent(true)).await;
    site.request(|session| {
        session.clear();
        session.set("k", "v");
    })
    .await;
    assert_eq!(site.open().await.keys(), ["k"]);
}

#[tokio::test]
async fn regenerate_does_nothing_to_a_cookie() {
    let mut site = Site::with_cookies(|_| {});
    site.request(|session| session.set("k", "v")).await;
    assert_eq!(site.request(|session| session.regenerate()).await.set_cookie, None);
}

/// Text that is random enough not to be compressed away.
fn noise(length: usize) -> String {
    let mut state = 1_u32;
    let letters = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + u8::try_from(state >> 24).unwrap() % 26)
    });
    letters.take(length).collect()
}

#[tokio::test]
async fn a_cookie_that_browsers_would_drop_is_an_error_that_names_the_largest_fields() {
    let mut site = Site::with_cookies(|_| {});
    let session = site.open().await;
    session.set("small", "v");
    session.set("large", &noise(6000));
    match site.close(&session).await {
        Err(SaveError::CookieTooLarge { bytes, limit, largest }) => {
            assert!(bytes > 4093 && limit == 4093);
            assert_eq!(largest.first().unwrap().0, "large");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_size_limit_every_cookie_that_is_sent_is_read_when_it_comes_back() {
    let mut site = Site::with_cookies(|config| config.max_cookie_size = 0);
    let session = site.open().await;
    session.set("large", &(0..3000).collect::<Vec<u32>>());
    assert!(site.close(&session).await.unwrap().set_cookie.unwrap().len() > 4093);
    assert_eq!(site.open().await.get::<Vec<u32>>("large").unwrap().unwrap().len(), 3000);

    let before = site.cookie.clone();
    let session = site.open().await;
    session.set("larger", &noise(20_000));
    match site.close(&session).await {
        Err(SaveError::CookieTooLarge { bytes, limit, largest }) => {
            assert!(bytes > 8192 && limit == 8192);
            assert_eq!(largest.first().unwrap().0, "larger");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(site.cookie, before);
}

#[tokio::test]
async fn a_session_that_shrinks_to_a_cookie_that_would_not_be_inflated_is_an_error_that_names_the_field() {
    let mut site = Site::with_cookies(|_| {});
    let session = site.open().await;
    session.set("large", &"a".repeat(1_100_000));
    let error = site.close(&session).await.unwrap_err();
    let text = Chain(&error).to_string();
    assert!(text.contains("large") && text.contains("1048576"), "{text}");
    assert!(matches!(error, SaveError::RecordTooLarge { .. }), "{text}");
}

#[tokio::test]
async fn a_cookie_session_can_not_be_saved_after_the_response_has_begun() {
    let mut site = Site::with_cookies(|_| {});
    let session = site.open().await;
    session.set("k", "v");
    session.save().await.unwrap();
    site.close(&session).await.unwrap();
    session.set("k", "w");
    assert!(matches!(session.save().await, Err(SaveError::TooLate)));
}

#[tokio::test]
async fn what_was_sent_in_the_cookie_is_saved() {
    let mut site = Site::with_cookies(|_| {});
    let session = site.open().await;
    session.set("k", "v");
    site.close(&session).await.unwrap();
    assert!(!session.has_unsaved_changes());
    assert_eq!(session.get::<String>("k").unwrap().as_deref(), Some("v"), "and can still be read");
}

/// Without a key everybody could sign. A check for a store made in code demands none, so its result makes no cookies.
#[test]
fn a_configuration_that_was_checked_for_a_store_made_in_code_makes_no_signed_cookies() {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Cookie;
    let environment = Environment { own_store: true, ..Environment::default() };
    let checked = config.check(environment).unwrap();
    assert!(checked.secret_key.is_none());
    let error = Manager::new(checked.clone()).unwrap_err();
    assert!(Chain(&error).to_string().contains("checked for a store made in code"), "{}", Chain(&error));
    Manager::with_store(checked, MemoryStore::new(1)).unwrap();
}
