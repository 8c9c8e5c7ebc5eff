//! The rules of logging in and out.
//!
//! They hold for typed and untyped access alike: the key that says who is logged in belongs to the application. Only
//! a state that the launch has not seen, as in a catcher, declares its key when it is loaded.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::changes::FieldRule;
use super::flash;
use super::identity::RotationReason;
use super::owner::Owner;
use super::stamp::STAMP;
use super::state::{PERMANENT, State};
use super::term::{CLOCKS_DIFFER_BY, CREATED_AT, LIFETIME};
use crate::formats::codec::{Format, Record};
use crate::formats::time::{later, unix_seconds};
use crate::formats::value::Value;

/// The key of the login time: Unix seconds, and the SHA-256 of the login value. So a login is "fresh" only for
/// the user who logged in then, also where Flask-Session changed the user. The time is 0 of a login by a remember-me
/// cookie.
pub(super) const LOGIN_AT: &str = "_login_at";

/// Logs a user in; `raw` is the encoded login value.
pub(super) fn log_in(state: &mut State, key: &str, raw: Vec<u8>, rule: FieldRule, now: SystemTime) {
    state.changes_of_login += 1;
    let format = state.contents.format();
    let user = format.decode(&raw).unwrap_or(Value::None);
    let own_lifetime = state.own_seconds();
    let before = state.contents.value(key).ok().flatten();
    let reason = match before.unwrap_or(Value::None) {
        Value::None => RotationReason::LogIn,
        // The visitor, whom a cookie has made a user in this request.
        before if before == user && state.identity.rotation_reason() == Some(RotationReason::Recall) => {
            RotationReason::LogIn
        }
        before if before == user => RotationReason::LogInAgain,
        _ => {
            change_user(state);
            RotationReason::OtherUser
        }
    };
    state.rotate(reason);
    // The login is bound to the user's stamp by whoever knows it.
    let in_record = state.contents.raw(STAMP).is_some();
    if in_record {
        state.contents.remove(STAMP, FieldRule::default());
    }
    state.contents.set(key, raw, rule);
    let owner = Owner::User(fingerprint(format, &user));
    own(state, LOGIN_AT, Some(owner.bind(unix_seconds(now))));
    state.mark_fresh();
    // A time that is not kept up to date is none: the setting may be turned on again.
    own(state, CREATED_AT, state.is_dated.then(|| owner.bind(unix_seconds(now))));
    // What the visitor or this request has asked for is the user's; of another user's nothing is left.
    if state.contents.raw(LIFETIME).is_some() {
        own(state, LIFETIME, own_lifetime.map(|seconds| owner.bind(seconds)));
    }
}

/// Sets or removes what belongs to the user who logs in.
fn own(state: &mut State, key: &str, value: Option<Value>) {
    let raw = value.and_then(|value| state.contents.format().encode(&value).ok());
    match raw {
        Some(raw) => state.contents.set(key, raw, FieldRule::default()),
        None if state.contents.raw(key).is_some() => state.contents.remove(key, FieldRule::default()),
        _ => {}
    }
}

/// Logs the user out.
pub(super) fn log_out(state: &mut State) {
    state.changes_of_login += 1;
    state.note_log_out();
    forget(state);
    state.rotate(RotationReason::OtherUser);
}

/// Returns the SHA-256 of the login value, as hex text; `None` if nobody is logged in.
pub(super) fn user_fingerprint(state: &State) -> Option<String> {
    let user = state.contents.value(state.login_key?).ok()??;
    (user != Value::None).then(|| fingerprint(state.contents.format(), &user))
}

/// Returns how long before `now` the current user logged in. `None` if that is not known: nobody is logged in, or
/// Flask-Session has logged a user in or changed the user since.
pub(super) fn login_age(state: &State, now: SystemTime) -> Option<Duration> {
    let owner = Owner::User(user_fingerprint(state).filter(|_| !state.is_marked_stale())?);
    let at = owner.number(&state.contents.value(LOGIN_AT).ok()??).filter(|at| *at > 0)?;
    let at = later(UNIX_EPOCH, Duration::from_secs(at));
    match now.duration_since(at) {
        Ok(age) => Some(Duration::from_secs(age.as_secs())),
        // It was stamped by a process whose clock is ahead of ours. One that is far ahead is wrong, and its logins
        // would be fresh until ours has come there.
        Err(ahead) => (ahead.duration() <= CLOCKS_DIFFER_BY).then_some(Duration::ZERO),
    }
}

/// Tells whether the user of a record has logged in here, so that Flask-Session has not changed the user since.
pub(super) fn has_logged_in_here(record: &Record, key: &str) -> bool {
    let value = |key: &str| record.get(key).and_then(|raw| record.format().decode(raw).ok());
    let owner = Owner::of(record.format(), Some(key), value);
    matches!(owner, Owner::User(_)) && value(LOGIN_AT).is_some_and(|at| owner.number(&at).is_some())
}

/// Tells whether two login values, as records of `format` hold them, say the same. One that is null is absent.
pub(super) fn is_same_user(format: Format, one: Option<&[u8]>, other: Option<&[u8]>) -> bool {
    let user = |raw: Option<&[u8]>| raw.map_or(Ok(Value::None), |raw| format.decode(raw));
    one == other || matches!((user(one), user(other)), (Ok(one), Ok(other)) if one == other)
}

/// Drops the data of the user who was logged in. What this request has set stays, since it may as well have set it a
/// moment later; but not what it has made of that user's data.
fn change_user(state: &mut State) {
    let before = state.contents.changes.clone();
    let errors = std::mem::take(&mut state.contents.encode_errors);
    forget(state);
    for (key, raw, rule) in before.set_values() {
        let is_ours = [PERMANENT, LOGIN_AT, CREATED_AT, STAMP, flash::FLASHES].contains(&key);
        if !is_ours && state.login_key != Some(key) {
            state.contents.set(key, raw.to_vec(), rule);
        }
    }
    state.contents.encode_errors = errors;
    let updated: Vec<&str> = before.updated_keys().collect();
    if !updated.is_empty() {
        log::warn!(
            "another user has logged in, and what the request had made of the values of the user before is dropped: \
             {updated:?}; set such a field instead of updating it, or do so after the login"
        );
    }
}

/// Drops all data but `_permanent` and the flash messages that this request has added.
fn forget(state: &mut State) {
    let permanent = state.contents.raw(PERMANENT).map(<[u8]>::to_vec);
    let added = flash::added_messages(state);
    state.contents.remove_all();
    if let Some(raw) = permanent {
        state.contents.set(PERMANENT, raw, FieldRule::default());
    }
    flash::restore(state, added);
}

/// Returns the SHA-256 of a login value as hex text, the same for all formats of sessions.
pub(super) fn fingerprint(format: Format, user: &Value) -> String {
    let encoded = Format::Msgpack.encode(user).or_else(|_| format.encode(user)).unwrap_or_default();
    format!("{:x}", Sha256::digest(&encoded))
}
