//! Sessions in a store: lookups, writes and cookies.

use std::time::Duration;

use rocket_session_state_conformance::Fault;
use rocket_session_state_core::session::SaveError;

use rocket_session_state_core::value::Value;

use super::site::Site;

#[tokio::test]
async fn a_request_without_a_cookie_costs_no_store_access() {
    let mut site = Site::new();
    let closed = site.request(|session| assert!(session.is_new() && session.is_empty())).await;
    assert_eq!(site.store.calls(), 0);
    assert_eq!(closed.set_cookie, None);
    assert!(closed.vary_cookie, "the handler asked whether the session is new");
}

#[tokio::test]
async fn a_session_that_nobody_uses_says_nothing() {
    let mut site = Site::new();
    let closed = site.request(|_| {}).await;
    assert_eq!((closed.set_cookie, closed.vary_cookie), (None, false));
}

#[tokio::test]
async fn ids_of_the_wrong_form_are_not_looked_up() {
    let long = "a".repeat(10_000);
    for cookie in ["", "short", "../../../../etc/passwd", &"ä".repeat(43), &" ".repeat(43), &long, "a.b"] {
        let mut site = Site::new();
        site.cookie = Some(cookie.to_owned());
        site.request(|session| session.set("k", "v")).await;
        assert_eq!(site.store.calls(), 1, "{cookie:.20}: only the new record is written");
    }
}

#[tokio::test]
async fn an_id_that_the_store_does_not_know_is_never_adopted() {
    let mut site = Site::new();
    let planted = "A".repeat(43);
    site.cookie = Some(planted.clone());
    site.request(|session| session.set("k", "v")).await;
    assert!(site.cookie.is_some());
    assert_ne!(site.cookie, Some(planted));
}

#[tokio::test]
async fn a_read_costs_one_call_and_a_write_two() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    assert_eq!(site.store.calls(), 1);
    site.request(|session| assert_eq!(session.get::<String>("k").unwrap().unwrap(), "v")).await;
    assert_eq!(site.store.calls(), 1);
    site.request(|session| session.set("k", "w")).await;
    assert_eq!(site.store.calls(), 2);
}

#[tokio::test]
async fn what_did_not_change_is_not_written() {
    let mut site = Site::new();
    site.request(|session| session.set("list", &["a"])).await;
    site.store.calls();
    site.request(|session| session.set("list", &["a"])).await;
    assert_eq!(site.store.calls(), 1);
    site.request(|session| {
        session.update::<Vec<String>, _>("list", |list| assert_eq!(list.as_ref().unwrap().len(), 1)).unwrap();
        assert!(!session.is_modified());
    })
    .await;
    assert_eq!(site.store.calls(), 1);
}

#[tokio::test]
async fn a_nested_change_is_noticed() {
    let mut site = Site::new();
    site.request(|session| session.set("list", &["a"])).await;
    site.request(|session| {
        session.update::<Vec<String>, _>("list", |list| list.as_mut().unwrap().push("b".into())).unwrap();
    })
    .await;
    assert_eq!(site.open().await.get::<Vec<String>>("list").unwrap().unwrap(), ["a", "b"]);
}

#[tokio::test]
async fn a_float_has_changed_if_other_bytes_are_stored() {
    let mut site = Site::new();
    site.request(|session| session.set("floats", &[f64::NAN, 0.0])).await;
    let change = |session: &rocket_session_state_core::session::Session, to: f64| {
        session.update::<Vec<f64>, _>("floats", |floats| floats.as_mut().unwrap()[1] = to).unwrap();
        session.is_modified()
    };
    site.request(|session| assert!(!change(session, 0.0), "NaN does not differ from itself")).await;
    site.request(|session| assert!(change(session, -0.0))).await;
}

#[tokio::test]
async fn an_emptied_session_is_kept_if_modified_is_set_back_to_false() {
    for refresh in [true, false] {
        let mut site = Site::with(|config| config.session_refresh_each_request = refresh);
        site.request(|session| session.set("k", "v")).await;
        site.request(|session| {
            session.clear();
            session.set_modified(false);
        })
        .await;
        assert_eq!(site.get("k").await.as_deref(), Some("v"));
    }
}

#[tokio::test]
async fn with_modified_set_back_to_false_a_value_that_can_not_be_stored_fails_only_a_save_that_writes() {
    for refresh in [true, false] {
        let mut site = Site::with(|config| config.session_refresh_each_request = refresh);
        site.request(|session| session.set("k", "v")).await;
        let session = site.open().await;
        session.set("huge", &u128::MAX);
        session.set_modified(false);
        assert_eq!(site.close(&session).await.is_err(), refresh, "without refresh nothing is written");
    }
}

#[tokio::test]
async fn modified_set_back_to_false_does_not_undo_an_end() {
    let mut site = Site::with(|config| config.session_refresh_each_request = false);
    site.request(|session| session.set("username", "momo")).await;
    let cookie = site.cookie.clone();
    site.request(|session| {
        session.declare_login("username");
        session.remove("username");
        session.set_modified(false);
    })
    .await;
    site.cookie = cookie;
    assert!(site.open().await.is_new());
}

#[tokio::test]
async fn a_lone_permanent_flag_is_not_worth_a_record() {
    let mut site = Site::new();
    let closed = site.request(|session| assert!(session.permanent())).await;
    assert_eq!((site.store.calls(), closed.set_cookie), (0, None));
    // Setting it on an empty session makes that "empty and modified", for which Flask deletes the cookie.
    let closed = site.request(|session| session.set_permanent(true)).await;
    assert_eq!(site.store.calls(), 0);
    assert!(closed.set_cookie.unwrap().contains("Max-Age=0"));
}

#[tokio::test]
async fn removing_the_last_key_removes_record_and_cookie() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let cookie = site.cookie.clone();
    site.request(|session| assert!(session.remove("k"))).await;
    assert_eq!(site.cookie, None);
    site.cookie = cookie;
    assert!(site.open().await.is_new(), "the record is gone");
}

#[tokio::test]
async fn clear_keeps_the_permanent_flag_or_inserts_a_false_one() {
    let mut site = Site::with(|config| config.session_permanent = false);
    site.request(|session| {
        session.set("k", "v");
        session.clear();
        session.set("x", "y");
    })
    .await;
    let session = site.open().await;
    assert_eq!(session.keys(), ["_permanent", "x"]);
    assert!(!session.permanent());
}

#[tokio::test]
async fn a_permanent_session_sends_its_cookie_again_with_a_later_end() {
    let mut site = Site::with(|config| config.permanent_session_lifetime = Duration::from_secs(60));
    let first = site.request(|session| session.set("k", "v")).await.set_cookie.unwrap();
    site.now += Duration::from_secs(30);
    let again = site.request(|_| {}).await;
    let second = again.set_cookie.unwrap();
    assert!(again.vary_cookie);
    assert!(first.contains("Expires=Tue, 02 Jan 2024 03:05:05 GMT"), "{first}");
    assert!(second.contains("Expires=Tue, 02 Jan 2024 03:05:35 GMT"), "{second}");
    // The record lives on as well.
    site.now += Duration::from_secs(59);
    assert_eq!(site.get("k").await.as_deref(), Some("v"));
    site.now += Duration::from_secs(60);
    assert_eq!(site.get("k").await, None);
}

#[tokio::test]
async fn without_refresh_a_read_extends_nothing_and_a_change_does() {
    let mut site = Site::with(|config| {
        config.permanent_session_lifetime = Duration::from_secs(60);
        config.session_refresh_each_request = false;
    });
    site.request(|session| session.set("k", "v")).await;
    site.now += Duration::from_secs(30);
    assert_eq!(
        site.request(|session| {
            let _ = session.len();
        })
        .await
        .set_cookie,
        None
    );
    site.request(|session| session.set("k", "v")).await;
    site.now += Duration::from_secs(45);
    assert_eq!(site.get("k").await.as_deref(), Some("v"), "setting the same value extended it");
    site.now += Duration::from_secs(15);
    assert_eq!(site.get("k").await, None);
}

#[tokio::test]
async fn a_non_permanent_session_has_a_browser_session_cookie() {
    let mut site = Site::with(|config| config.session_permanent = false);
    let set_cookie = site.request(|session| session.set("k", "v")).await.set_cookie.unwrap();
    assert!(!set_cookie.contains("Expires"), "{set_cookie}");
    assert_eq!(
        site.request(|session| {
            let _ = session.len();
        })
        .await
        .set_cookie,
        None
    );
}

#[tokio::test]
async fn a_signed_id_is_accepted_only_with_its_signature() {
    let mut site = Site::with(|config| {
        config.session_use_signer = true;
        config.secret_key = Some("the older of the two keys".into());
    });
    site.request(|session| session.set("k", "v")).await;
    let signed = site.cookie.clone().unwrap();
    let (bare, _) = signed.split_once('.').unwrap();
    assert_eq!(bare.len(), 43);
    site.cookie = Some(bare.to_owned());
    site.store.calls();
    assert_eq!(site.get("k").await, None);
    assert_eq!(site.store.calls(), 0, "a cookie without a good signature is not looked up");
}

#[tokio::test]
async fn an_id_that_an_older_key_has_signed_is_accepted_and_signed_anew() {
    let mut site = Site::with(|config| {
        config.session_use_signer = true;
        config.secret_key = Some("the older of the two keys".into());
    });
    site.request(|session| session.set("k", "v")).await;
    let signed = site.cookie.clone().unwrap();
    site.reconfigure(|config| {
        config.secret_key = Some("the newer of the two keys".into());
        config.secret_key_fallbacks = vec!["the older of the two keys".into()];
    });
    site.cookie = Some(signed.clone());
    site.request(|session| session.set("k", "w")).await;
    assert_ne!(site.cookie, Some(signed), "signed anew");
    assert_eq!(site.get("k").await.as_deref(), Some("w"));
}

#[tokio::test]
async fn an_outage_is_an_error_and_never_an_anonymous_visitor() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    site.store.from_now_on(Fault::Fail);
    let opened = site.manager.open(site.cookie.as_deref(), site.now).await;
    assert!(matches!(&opened, Err(error) if !error.is_too_large()), "{opened:?}");
    site.store.from_now_on(Fault::None);
    assert_eq!(site.get("k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn a_save_that_fails_sends_no_cookie_and_changes_nothing() {
    let mut site = Site::new();
    site.request(|session| session.set("k", "v")).await;
    let session = site.open().await;
    session.set("k", "w");
    site.store.from_now_on(Fault::Fail);
    assert!(matches!(site.close(&session).await, Err(SaveError::Unavailable(_))));
    site.store.from_now_on(Fault::None);
    assert_eq!(site.get("k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn a_store_that_keeps_failing_is_not_asked_any_more() {
    let site = Site::with(|config| config.session_breaker_after = 2);
    site.store.from_now_on(Fault::Fail);
    let cookie = "A".repeat(43);
    for _ in 0..10 {
        assert!(site.manager.open(Some(&cookie), site.now).await.is_err());
    }
    assert_eq!(site.store.calls(), 4, "two loads, of which each was tried twice");
}

#[tokio::test]
async fn an_undecodable_record_is_a_new_session() {
    use rocket_session_state_core::store::{Call, New, Store, Swap};

    let mut site = Site::new();
    let id = "B".repeat(43);
    let call = Call { now: site.now, deadline: tokio::time::Instant::now() + Duration::from_secs(5) };
    let new = New { bytes: b"\xc1 no record", lifetime: Some(Duration::from_secs(60)) };
    let swap = site.store.swap(call, &format!("session:{id}"), None, Some(new)).await.unwrap();
    assert!(matches!(swap, Swap::Done { .. }));
    site.cookie = Some(id.clone());
    site.request(|session| {
        assert!(session.is_new());
        session.set("k", "v");
    })
    .await;
    assert_ne!(site.cookie, Some(id));
    assert_eq!(site.get("k").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn permanent_is_what_python_takes_for_true() {
    let text = |text: &str| Value::Str(text.to_owned());
    let zero = || Value::Int(0);
    let truths = [
        (Value::Bool(true), true),
        (Value::Int(-1), true),
        (Value::Float(0.5), true),
        (Value::Float(f64::NAN), true),
        (text("False"), true),
        (Value::Bytes(vec![0]), true),
        (Value::List(vec![zero()]), true),
        (Value::Map(vec![(text("k"), Value::None)]), true),
        (Value::Bool(false), false),
        (Value::Int(0), false),
        (Value::Float(0.0), false),
        (Value::Float(-0.0), false),
        (text(""), false),
        (Value::Bytes(Vec::new()), false),
        (Value::List(Vec::new()), false),
        (Value::Tuple(Vec::new()), false),
        (Value::Map(Vec::new()), false),
    ];
    for (value, is_true) in truths {
        let mut site = Site::new();
        let closed = site
            .request(|session| {
                session.set("k", "v");
                session.set("_permanent", &value);
            })
            .await;
        assert_eq!(closed.set_cookie.unwrap().contains("Expires="), is_true, "{value:?}");
        assert_eq!(site.open().await.permanent(), is_true, "{value:?}");
    }
}
