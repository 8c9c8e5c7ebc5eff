//! Logging in and out, once a state has declared which key says who is logged in.

use std::time::Duration;

use rocket_session_state_core::session::Session;

use super::site::{Site, log_in, log_out};

#[tokio::test]
async fn logging_in_gives_a_new_id_and_keeps_the_cart() {
    let mut site = Site::new();
    site.request(|session| session.set("cart", &["tea"])).await;
    let before = site.cookie.clone();
    site.store.calls();
    site.request(|session| log_in(session, "momo")).await;
    assert_eq!(site.store.calls(), 4, "load, create, leave a note, delete the old one");
    assert_ne!(site.cookie, before);
    let session = site.open().await;
    assert_eq!(session.get::<Vec<String>>("cart").unwrap().unwrap(), ["tea"]);
    let (at, who): (i64, String) = session.get("_login_at").unwrap().unwrap();
    assert_eq!((at, who.len()), (1_704_164_645, 64));
    site.cookie = before;
    assert!(site.open().await.is_new(), "the old id is dead");
}

#[tokio::test]
async fn the_same_user_again_keeps_everything_under_a_new_id() {
    let mut site = Site::new();
    site.request(|session| log_in(session, "momo")).await;
    let before = site.cookie.clone();
    site.request(|session| session.set("cart", &["tea"])).await;
    site.request(|session| log_in(session, "momo")).await;
    assert_ne!(site.cookie, before);
    assert!(site.open().await.contains("cart"));
}

#[tokio::test]
async fn nothing_of_one_user_reaches_another() {
    let mut site = Site::new();
    site.request(|session| {
        log_in(session, "momo");
        session.set("cart", &["tea"]);
        session.flash("for momo", "info");
    })
    .await;
    let late = site.open().await;
    let switching = site.open().await;
    switching
        .update("cart", |cart: &mut Option<Vec<String>>| cart.get_or_insert_default().push("milk".into()))
        .unwrap();
    log_in(&switching, "lulu");
    switching.set("hello", "lulu");
    late.set("secret", "of momo");
    site.manager.close(&late, site.now).await.unwrap();
    site.close(&switching).await.unwrap();
    let session = site.open().await;
    assert_eq!(session.keys(), ["_permanent", "username", "_login_at", "hello"]);
    assert!(session.take_flashes().is_empty());
}

#[tokio::test]
async fn logging_out_leaves_nothing_but_a_deleted_cookie() {
    let mut site = Site::new();
    site.request(|session| {
        log_in(session, "momo");
        session.set("cart", &["tea"]);
    })
    .await;
    let before = site.cookie.clone();
    let closed = site.request(log_out).await;
    assert!(closed.set_cookie.unwrap().contains("Max-Age=0"));
    site.cookie = before;
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn a_message_flashed_at_logout_is_shown_and_older_ones_are_not() {
    let mut site = Site::new();
    site.request(|session| {
        log_in(session, "momo");
        session.flash("old", "info");
    })
    .await;
    site.request(|session| {
        session.flash("goodbye", "info");
        log_out(session);
    })
    .await;
    let session = site.open().await;
    assert!(!session.contains("username"));
    let flashes = session.take_flashes();
    assert_eq!(flashes.len(), 1);
    assert_eq!(flashes[0].message, "goodbye");
}

#[tokio::test]
async fn the_untyped_map_follows_the_same_rules() {
    let mut site = Site::new();
    site.request(|session| session.set("cart", &["tea"])).await;
    let before = site.cookie.clone();
    site.request(|session| {
        session.declare_login("username");
        session.set("username", "momo");
    })
    .await;
    assert_ne!(site.cookie, before);
    site.request(|session| {
        session.declare_login("username");
        session.clear();
    })
    .await;
    assert_eq!(site.cookie, None);
}

#[tokio::test]
async fn a_request_still_running_does_not_log_the_user_in_again() {
    let mut site = Site::new();
    site.request(|session| log_in(session, "momo")).await;
    let cookie = site.cookie.clone();
    let running = site.open().await;
    assert!(running.contains("username"));
    site.request(log_out).await;
    site.cookie = cookie;
    // It only read: its answer stands.
    site.close(&running).await.unwrap();
    assert_eq!(site.get("username").await, None);
}

#[tokio::test]
async fn who_logs_in_while_the_old_session_ends_starts_without_its_data() {
    let mut site = Site::new();
    site.request(|session| session.set("cart", &["tea"])).await;
    let logging_in = site.open().await;
    log_in(&logging_in, "momo");
    site.request(|session| session.destroy()).await;
    site.close(&logging_in).await.unwrap();
    let session = site.open().await;
    assert_eq!(session.keys(), ["_permanent", "username", "_login_at"]);
}

#[tokio::test]
async fn the_age_of_a_login_is_known_of_the_user_who_logged_in_then_and_of_nobody_else() {
    let mut site = Site::new();
    let age = |session: &Session| {
        session.declare_login("username");
        session.login_age()
    };
    assert_eq!(age(&site.open().await), None, "nobody has logged in");
    site.request(|session| log_in(session, "momo")).await;
    site.now += Duration::from_secs(600);
    assert_eq!(age(&site.open().await).map(|age| age.as_secs()), Some(600));
    // As Flask does it: it writes the name and knows nothing of the rest.
    site.request(|session| session.set("username", "lulu")).await;
    assert_eq!(age(&site.open().await), None, "another user has not logged in here");
    site.request(|session| session.set("username", "momo")).await;
    assert!(age(&site.open().await).is_some());
    // The clock of another process was ahead: a little, or so far that it tells nothing.
    for (ahead, known) in [(1, Some(Duration::ZERO)), (300, Some(Duration::ZERO)), (301, None), (3600, None)]
    {
        let login = site.now - Duration::from_secs(600);
        let now = std::mem::replace(&mut site.now, login - Duration::from_secs(ahead));
        assert_eq!(age(&site.open().await), known, "{ahead} seconds");
        site.now = now;
    }
    site.request(|session| session.set("_login_at", &("long ago", 3))).await;
    assert_eq!(age(&site.open().await), None, "what is written there makes no sense");
    site.request(log_out).await;
    assert_eq!(age(&site.open().await), None);
}
