//! Reading and writing one field.

use std::time::SystemTime;

use crate::formats::codec::{DecodeError, EncodeError, Format};
use crate::formats::value::Value;
use crate::session::fields::{Field, FieldShape, SessionValue};
use crate::session::merge::{MergeError, ValuePolicy};
use crate::session::quoted_key::QuotedKey;
use crate::session::state::State;
use crate::session::{FieldError, FieldRule, Session};

/// Returns the field's value. An absent or null field reads as its default.
///
/// A stored value of another type reads as the default too. Its bytes stay as they are. It is logged
/// once per request, with its key, the expected type and the type that was found, never with the value.
/// A field declared as `Result<T, FieldError>` gives the reason instead.
pub fn get<F: Field>(session: &Session) -> F::Declared {
    let value = session.used().contents.value(F::KEY);
    let stored = value.and_then(decode).map_err(|source| FieldError::decode::<F::Stored>(F::KEY, source));
    match F::Declared::from_stored(stored) {
        Ok(Some(value)) => value,
        Ok(None) => F::default(),
        Err(reason) => {
            log_once(session, F::KEY, &reason);
            F::default()
        }
    }
}

/// Sets the field. `None`, or an `Err` in a field declared as `Result`, removes its key.
///
/// A value that can't be encoded makes the response an error when the session is saved.
pub fn set<F: Field>(session: &Session, value: F::Declared) {
    store::<F>(session, to_value::<F>(session.format(), &value), State::put);
}

/// Changes a copy of the field's value, and sets the field if that made a difference to the stored value.
///
/// No lock is held while `change` runs: it may use the session itself. Anything that it writes to this
/// same field is overwritten if it also changes the copy.
pub fn update<F: Field, R>(session: &Session, change: impl FnOnce(&mut F::Declared) -> R) -> R {
    let mut value = get::<F>(session);
    let format = session.format();
    let before = to_value::<F>(format, &value);
    let result = change(&mut value);
    let after = to_value::<F>(format, &value);
    if !matches!((&before, &after), (Ok(before), Ok(after)) if before == after) {
        store::<F>(session, after, State::put_updated);
    }
    result
}

/// Returns the field's value, as [`get`] does, and removes its key.
pub fn take<F: Field>(session: &Session) -> F::Declared {
    let value = get::<F>(session);
    session.used().take(F::KEY, rule::<F>());
    value
}

/// The rule by which the session saves a change of the field.
pub fn rule<F: Field>() -> FieldRule {
    FieldRule { merge: F::MERGE.map(|_| merge_field::<F> as ValuePolicy) }
}

/// Applies the policy of the field `F` to stored values.
///
/// A base that is absent or of another type counts as the field's default: that is what the request
/// has read and changed.
///
/// # Errors
///
/// The policy refused, the value in the store is not of the field's type, or the result can't be stored.
pub fn merge_field<F: Field>(
    base: Option<Value>,
    mine: Option<Value>,
    theirs: Option<Value>,
) -> Result<Option<Value>, MergeError> {
    let Some(policy) = F::MERGE else { return Ok(mine) };
    if base == theirs {
        return Ok(mine);
    }
    let base = decode(base).unwrap_or_default().or_else(|| F::default().into_stored());
    let mine = decode(mine).map_err(MergeError::Decode)?;
    let theirs = decode(theirs).map_err(MergeError::Decode)?;
    // The format that keeps all kinds of values. HTML becomes text later, where the session's format has no HTML.
    let merged = policy(base, mine, theirs)?.map(|merged| merged.to_value(Format::TaggedJson));
    merged.transpose().map_err(MergeError::Encode)
}

/// The default of a field that is declared as `Result<T, FieldError>`.
///
/// # Errors
///
/// Always [`FieldError::Missing`].
pub fn missing<F: Field>() -> Result<F::Stored, FieldError> {
    Err(FieldError::Missing { key: F::KEY.to_owned() })
}

fn to_value<F: Field>(format: Format, value: &F::Declared) -> Result<Value, EncodeError> {
    value.as_stored().map_or(Ok(Value::None), |stored| stored.to_value(format))
}

fn decode<T: SessionValue>(value: Option<Value>) -> Result<Option<T>, DecodeError> {
    value.map_or(Ok(None), T::from_value)
}

/// Stores a converted value; `Value::None` removes the key.
fn store<F: Field>(session: &Session, value: Result<Value, EncodeError>, put: Put) {
    let now = session.now();
    let mut state = session.used();
    if let Ok(Value::None) = value {
        state.take(F::KEY, rule::<F>());
    } else {
        put(&mut state, F::KEY, value, rule::<F>(), now);
    }
}

type Put = fn(&mut State, &str, Result<Value, EncodeError>, FieldRule, SystemTime);

/// The one place that reports a stored value of the wrong type.
fn log_once(session: &Session, key: &str, reason: &FieldError) {
    if let FieldError::Decode { expected, source, .. } = reason
        && session.state().reported.insert(key.to_owned())
    {
        log::warn!(
            "the session field {} should hold `{expected}` and reads as absent: {source}",
            QuotedKey(key)
        );
    }
}
