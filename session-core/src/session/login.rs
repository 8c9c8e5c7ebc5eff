//! What happens to a session when somebody logs in or out.
//!
//! The rules hold for typed and untyped access alike, once a state that was loaded in this request
//! declares which key says who is logged in.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::changes::FieldRule;
use super::flash;
use super::state::{PERMANENT, Rotation, State};
use crate::formats::codec::Format;
use crate::formats::time::{later, unix_seconds};
use crate::formats::value::Value;

/// Unix seconds of the login, and the SHA-256 of the login value: "fresh" holds only for the user
/// who logged in then, also where Flask changed the user.
pub(crate) const LOGIN_AT: &str = "_login_at";

/// Somebody logs in: `raw` is the encoded login value.
pub(crate) fn logged_in(state: &mut State, key: &str, raw: Vec<u8>, rule: FieldRule, now: SystemTime) {
    let format = state.format();
    let user = format.decode(&raw).unwrap_or(Value::None);
    let before = match state.raw(key) {
        Some(raw) => format.decode(raw).unwrap_or(Value::None),
        None => Value::None,
    };
    let rotation = match before {
        Value::None => Rotation::LogIn,
        before if before == user => Rotation::Same,
        _ => {
            forget(state);
            Rotation::OtherUser
        }
    };
    state.rotate(rotation);
    state.insert(key, raw, rule);
    let stamp =
        Value::List(vec![Value::Int(unix_seconds(now).into()), Value::Str(fingerprint(format, &user))]);
    if let Ok(raw) = format.encode(&stamp) {
        state.insert(LOGIN_AT, raw, FieldRule::default());
    }
}

/// Nobody is logged in any more.
pub(crate) fn logged_out(state: &mut State) {
    forget(state);
    state.rotate(Rotation::OtherUser);
}

/// How long before `now` the user who is logged in gave proof of that; `None` if that is not known of
/// this user: nobody is logged in, or Flask has logged somebody in or changed the user since.
pub(crate) fn login_age(state: &State, now: SystemTime) -> Option<Duration> {
    let format = state.format();
    let user = format.decode(state.raw(state.login?)?).ok()?;
    let Value::List(stamp) = format.decode(state.raw(LOGIN_AT)?).ok()? else { return None };
    let [Value::Int(at), Value::Str(who)] = stamp.as_slice() else { return None };
    if *who != fingerprint(format, &user) {
        return None;
    }
    let at = later(UNIX_EPOCH, Duration::from_secs(u64::try_from(*at).ok()?));
    // A login that lies ahead was stamped by a process whose clock is ahead of ours.
    let age = now.duration_since(at).unwrap_or_default();
    Some(Duration::from_secs(age.as_secs()))
}

/// Drops what the session holds, except whether it is permanent and the flash messages that this
/// request has queued.
fn forget(state: &mut State) {
    let permanent = state.raw(PERMANENT).map(<[u8]>::to_vec);
    let queued = flash::queued(state);
    state.remove_all();
    if let Some(raw) = permanent {
        state.insert(PERMANENT, raw, FieldRule::default());
    }
    flash::queue_again(state, queued);
}

/// The SHA-256 of a login value as hex text; the same in whatever format the session is stored.
fn fingerprint(format: Format, user: &Value) -> String {
    let encoded = Format::Msgpack.encode(user).or_else(|_| format.encode(user)).unwrap_or_default();
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(&encoded) {
        // Writing to a String can't fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
