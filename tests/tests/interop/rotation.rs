//! A secret that is replaced: what Flask signed with the old one logs in here, and goes on with the new one.

use serde_json::json;
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::redis::Redis;

use crate::pair::{Settings, perform};

const OLD: &str = "the key of the year before";
const NEW: &str = "the key of this year, and of no other";

fn rotated(old: Settings<'_>) {
    assert_eq!(old.secret_key, OLD);
    let old_flask = old.start_flask();
    let new = Settings { secret_key: NEW, ..old };
    let fallbacks = Settings { secret_key_fallbacks: &["a key that was never used", OLD], ..new };
    let (ours, new_flask) = (fallbacks.start_ours(), new.start_flask());
    let without_fallbacks = new.start_ours();
    let jar = Jar::default();
    let at = |url: &str| Client::with_jar(url, &jar);
    let name = || json!([["get", "name"]]);

    perform(&at(&old_flask.url()), &json!([["set", "name", "游客"], ["set_permanent", false]]));
    let signed_by_old = jar.get("session").unwrap();
    assert_eq!(perform(&at(&ours.url()), &name()), json!(["游客"]));
    assert_eq!(perform(&at(&without_fallbacks.url()), &name()), json!([null]));
    assert_eq!(
        perform(&at(&new_flask.url()), &name()),
        json!([null]),
        "Flask does not know the old key here"
    );
    assert_eq!(jar.get("session").unwrap(), signed_by_old, "reading signs nothing");

    perform(&at(&ours.url()), &json!([["set", "cart", [1]]]));
    assert_ne!(jar.get("session").unwrap(), signed_by_old);
    assert_eq!(
        perform(&at(&new_flask.url()), &json!([["get", "name"], ["get", "cart"]])),
        json!(["游客", [1]])
    );
    assert_eq!(perform(&at(&without_fallbacks.url()), &name()), json!(["游客"]));
    assert_eq!(perform(&at(&old_flask.url()), &name()), json!([null]));
}

#[test]
fn a_cookie_signed_with_an_old_key_is_read_and_signed_with_the_new_key_at_the_next_write() {
    rotated(Settings { secret_key: OLD, ..Settings::cookie() });
}

#[test]
fn an_id_signed_with_an_old_key_is_read_and_signed_with_the_new_key_at_the_next_write() {
    let redis = Redis::start();
    rotated(Settings { secret_key: OLD, ..Settings::records(&redis, "msgpack", true) });
}

#[test]
fn a_refresh_of_a_permanent_session_signs_with_the_new_key_too() {
    let redis = Redis::start();
    for old in [Settings::cookie(), Settings::records(&redis, "json", true)] {
        let old = Settings { secret_key: OLD, ..old };
        let fallbacks = Settings { secret_key: NEW, secret_key_fallbacks: &[OLD], ..old };
        let (old_flask, ours) = (old.start_flask(), fallbacks.start_ours());
        let jar = Jar::default();
        perform(
            &Client::with_jar(&old_flask.url(), &jar),
            &json!([["set_permanent", true], ["set", "k", 1]]),
        );
        perform(&Client::with_jar(&ours.url(), &jar), &json!([["get", "k"]]));
        let without = Settings { secret_key_fallbacks: &[], ..fallbacks }.start_ours();
        assert_eq!(perform(&Client::with_jar(&without.url(), &jar), &json!([["get", "k"]])), json!([1]));
    }
}

#[test]
fn what_was_signed_here_with_an_old_key_is_read_by_flask_with_it_among_its_fallbacks() {
    let old = Settings { secret_key: OLD, ..Settings::cookie() };
    let ours = old.start_ours();
    let flask = Settings { secret_key: NEW, secret_key_fallbacks: &[OLD], ..old }.start_flask();
    let jar = Jar::default();
    perform(&Client::with_jar(&ours.url(), &jar), &json!([["set", "name", "游客"]]));
    let seen = perform(&Client::with_jar(&flask.url(), &jar), &json!([["get", "name"]]));
    assert_eq!(seen, json!(["游客"]));
}
