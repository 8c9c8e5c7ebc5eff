//! The rules of logging in and out.
//!
//! They hold for typed and untyped access alike, once a state that was loaded in this request declares
//! which key says who is logged in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::changes::FieldRule;
use super::flash;
use super::identity::RotationReason;
use super::state::{PERMANENT, State};
use crate::formats::codec::Format;
use crate::formats::time::{later, unix_seconds};
use crate::formats::value::Value;

/// The key of the login time: Unix seconds, and the SHA-256 of the login value. So a login is "fresh" only for
/// the user who logged in then, also where Flask changed the user.
const LOGIN_AT: &str = "_login_at";

/// Logs a user in; `raw` is the encoded login value.
pub(super) fn log_in(state: &mut State, key: &str, raw: Vec<u8>, rule: FieldRule, now: SystemTime) {
    let format = state.contents.format();
    let user = format.decode(&raw).unwrap_or(Value::None);
    let before = state.contents.value(key).ok().flatten();
    let reason = match before.unwrap_or(Value::None) {
        Value::None => RotationReason::LogIn,
        before if before == user => RotationReason::Same,
        _ => {
            forget(state);
            RotationReason::OtherUser
        }
    };
    state.rotate(reason);
    state.contents.set(key, raw, rule);
    let stamp =
        Value::List(vec![Value::Int(unix_seconds(now).into()), Value::Str(fingerprint(format, &user))]);
    if let Ok(raw) = format.encode(&stamp) {
        state.contents.set(LOGIN_AT, raw, FieldRule::default());
    }
}

/// Logs the user out.
pub(super) fn log_out(state: &mut State) {
    forget(state);
    state.rotate(RotationReason::OtherUser);
}

/// Returns how long before `now` the current user logged in. `None` if that is not known: nobody is logged in, or
/// Flask has logged a user in or changed the user since.
pub(super) fn login_age(state: &State, now: SystemTime) -> Option<Duration> {
    let contents = &state.contents;
    let user = contents.value(state.login_key?).ok()??;
    let Value::List(stamp) = contents.value(LOGIN_AT).ok()?? else { return None };
    let [Value::Int(at), Value::Str(who)] = stamp.as_slice() else { return None };
    if *who != fingerprint(contents.format(), &user) {
        return None;
    }
    let at = later(UNIX_EPOCH, Duration::from_secs(u64::try_from(*at).ok()?));
    // A login in the future was stamped by a process whose clock is ahead of ours.
    let age = now.duration_since(at).unwrap_or_default();
    Some(Duration::from_secs(age.as_secs()))
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
fn fingerprint(format: Format, user: &Value) -> String {
    let encoded = Format::Msgpack.encode(user).or_else(|_| format.encode(user)).unwrap_or_default();
    format!("{:x}", Sha256::digest(&encoded))
}
