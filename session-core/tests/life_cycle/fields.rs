//! Typed fields of a session.

#[cfg(feature = "filesystem")]
use std::time::SystemTime;

#[cfg(feature = "filesystem")]
use rocket_session_state_core::config::{Environment, SessionConfig, SessionType};
use rocket_session_state_core::fields::{self, IntoField};
#[cfg(feature = "filesystem")]
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::merge;
use rocket_session_state_core::session::{FieldError, Session};
use rocket_session_state_core::value::{Markup, Value};

use super::site::{Site, field};

field!(Name, "name", String, Option<String>, None);
field!(Views, "views", u32, u32, 7, merge::add);
field!(Cart, "cart", Vec<String>, Vec<String>, Vec::new());
field!(Note, "note", Markup, Option<Markup>, None);
field!(Notes, "notes", Vec<Markup>, Vec<Markup>, Vec::new(), merge::union);
field!(Age, "age", u8, Result<u8, FieldError>, fields::missing::<Age>());

/// A new session, without a manager's work around it.
#[tokio::main(flavor = "current_thread")]
async fn session() -> Session {
    Site::new().open().await
}

/// A session that holds `value` under `key`.
fn holding(key: &'static str, value: impl serde::Serialize) -> Session {
    let session = session();
    session.set(key, &value);
    session
}

#[test]
fn an_absent_field_reads_as_its_default() {
    let session = session();
    assert_eq!(fields::get::<Name>(&session), None);
    assert_eq!(fields::get::<Views>(&session), 7);
    assert!(matches!(fields::get::<Age>(&session), Err(FieldError::Missing { key }) if key == "age"));
}

#[test]
fn a_value_of_another_type_reads_as_the_default_and_stays_until_the_field_is_written() {
    let session = holding("views", "many");
    assert_eq!(fields::get::<Views>(&session), 7);
    assert_eq!(fields::update::<Views, _>(&session, |views| *views), 7);
    assert_eq!(session.get::<String>("views").unwrap().as_deref(), Some("many"));
    fields::update::<Views, _>(&session, |views| *views += 1);
    assert_eq!(fields::get::<Views>(&session), 8);
}

#[test]
fn a_field_declared_as_result_says_what_is_wrong() {
    let session = holding("age", "thirty");
    let error = fields::get::<Age>(&session).unwrap_err();
    assert!(matches!(&error, FieldError::Decode { key, expected: "u8", .. } if key == "age"), "{error:?}");
    fields::update::<Age, _>(&session, |age| *age = Ok(30));
    assert!(matches!(fields::get::<Age>(&session), Ok(30)));
}

#[test]
fn setting_an_optional_field_to_none_leaves_no_key() {
    let session = holding("name", "momo");
    fields::set::<Name>(&session, None);
    assert!(session.get::<String>("name").unwrap().is_none());
}

#[test]
fn taking_gives_the_value_and_leaves_the_default() {
    let session = holding("name", "momo");
    assert_eq!(fields::take::<Name>(&session).as_deref(), Some("momo"));
    assert_eq!(fields::take::<Name>(&session), None);
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let session = session();
    fields::update::<Cart, _>(&session, |cart| cart.retain(|_| true));
    fields::update::<Views, _>(&session, |views| *views += 0);
    assert!(!session.is_modified());
    fields::update::<Cart, _>(&session, |cart| cart.push("pear".to_owned()));
    assert!(session.is_modified());
}

#[test]
fn an_update_may_use_the_session() {
    let session = session();
    fields::update::<Cart, _>(&session, |cart| {
        fields::set::<Views>(&session, 1);
        cart.extend(fields::get::<Name>(&session));
        cart.push(fields::get::<Views>(&session).to_string());
    });
    assert_eq!(fields::get::<Cart>(&session), ["1"]);
}

#[test]
fn a_field_merges_by_its_policy_and_otherwise_not_at_all() {
    assert!(fields::rule::<Views>().merge.is_some());
    assert!(fields::rule::<Cart>().merge.is_none());
}

#[test]
fn a_setter_takes_what_is_natural_to_write() {
    fn text(value: impl IntoField<Option<String>>) -> Option<String> {
        value.into_field()
    }
    let name = "momo".to_owned();
    assert_eq!(text("momo"), text(&name));
    assert_eq!(text(Some(name.clone())), text(name));
    assert_eq!(text(None), None);
    let number: Option<u64> = 3.into_field();
    assert_eq!(number, Some(3));
}

fn html(text: &str) -> Markup {
    Markup(text.to_owned())
}

#[test]
fn html_is_text_in_a_record_and_an_unchanged_one_is_not_written_again() {
    let session = session();
    fields::set::<Note>(&session, Some(html("<b>")));
    session.set("untyped", &html("<i>"));
    assert_eq!(session.get("note").unwrap(), Some(Value::Str("<b>".to_owned())));
    assert_eq!(session.get("untyped").unwrap(), Some(Value::Str("<i>".to_owned())));
    session.set_modified(false);
    fields::update::<Note, _>(&session, |note| assert_eq!(*note, Some(html("<b>"))));
    assert!(!session.is_modified());
}

#[tokio::test]
async fn html_is_html_in_a_cookie() {
    let session = Site::with_cookies(|_| {}).open().await;
    fields::set::<Note>(&session, Some(html("<b>")));
    assert_eq!(session.get("note").unwrap(), Some(Value::Markup("<b>".to_owned())));
}

#[tokio::test]
async fn html_that_two_requests_add_is_text_in_the_merged_record_too() {
    let mut site = Site::new();
    site.request(|session| fields::set::<Notes>(session, vec![html("a")])).await;
    let (first, second) = (site.open().await, site.open().await);
    for (session, note) in [(&first, "b"), (&second, "c")] {
        fields::update::<Notes, _>(session, |notes| notes.push(html(note)));
    }
    site.close(&first).await.unwrap();
    site.close(&second).await.unwrap();
    assert_eq!(fields::get::<Notes>(&site.open().await), ["a", "b", "c"].map(html));
}

/// Files hold Python's own types, so that what others have changed meanwhile makes no text of it.
#[cfg(feature = "filesystem")]
#[tokio::test]
async fn html_that_two_requests_add_is_html_in_a_merged_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = SessionConfig::default();
    config.session_type = SessionType::CacheLib;
    config.store.files.dir = folder.path().to_owned();
    let manager = Manager::new(config.check(Environment::default()).unwrap()).unwrap();
    let now = SystemTime::now();
    let new = manager.open(None, now).await.unwrap();
    fields::set::<Notes>(&new, vec![html("a")]);
    let set_cookie = manager.close(&new, now).await.unwrap().set_cookie.unwrap();
    let id = set_cookie.strip_prefix("session=").unwrap().split(';').next();
    let (first, second) = (manager.open(id, now).await.unwrap(), manager.open(id, now).await.unwrap());
    for (session, note) in [(&first, "b"), (&second, "c")] {
        fields::update::<Notes, _>(session, |notes| notes.push(html(note)));
    }
    manager.close(&first, now).await.unwrap();
    manager.close(&second, now).await.unwrap();
    let notes = manager.open(id, now).await.unwrap().get("notes").unwrap();
    assert_eq!(notes, Some(Value::List(["a", "b", "c"].map(|text| Value::Markup(text.to_owned())).to_vec())));
}
