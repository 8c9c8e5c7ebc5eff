//! Reading and writing one field.

use super::merging::{MergeFn, erased};
use crate::formats::codec::EncodeError;
use crate::formats::value::Value;
use crate::session::fields::{Field, Holds, SessionValue};
use crate::session::{FieldError, FieldRule, Session};

/// The field's value. Absent or null reads as the field's default.
///
/// A stored value of another type reads as the default too, and is logged once per request: with
/// its key, what was expected and what was found, never with the value. Its bytes stay as they are.
/// A field declared `Result<T, FieldError>` gives the reason instead.
pub fn get<F: Field>(session: &Session) -> F::Value {
    match F::Value::hold(F::Item::read(session, F::KEY)) {
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
pub fn set<F: Field>(session: &Session, value: F::Value) {
    session.set_with(F::KEY, encode::<F>(session, &value), rule::<F>());
}

/// Changes a copy of the field's value and sets the field if that made a difference to what is stored.
///
/// No lock is held while `change` runs: it may use the session itself. What it writes to this same
/// field meanwhile is overwritten if it also changes the copy.
pub fn update<F: Field, R>(session: &Session, change: impl FnOnce(&mut F::Value) -> R) -> R {
    let mut value = get::<F>(session);
    let before = encode::<F>(session, &value);
    let result = change(&mut value);
    let after = encode::<F>(session, &value);
    if !matches!((&before, &after), (Ok(before), Ok(after)) if before == after) {
        session.set_with(F::KEY, after, rule::<F>());
    }
    result
}

/// Gives the field's value, as [`get`] does, and removes its key.
pub fn take<F: Field>(session: &Session) -> F::Value {
    let value = get::<F>(session);
    session.remove_with(F::KEY, rule::<F>());
    value
}

/// What the session has to know of the field to save a change of it.
pub fn rule<F: Field>() -> FieldRule {
    FieldRule { merge: F::MERGE.map(|_| erased::<F> as MergeFn) }
}

/// The default of a field that is declared `Result<T, FieldError>`.
///
/// # Errors
///
/// Always [`FieldError::Missing`].
pub fn missing<F: Field>() -> Result<F::Item, FieldError> {
    Err(FieldError::Missing { key: F::KEY.to_owned() })
}

fn encode<F: Field>(session: &Session, value: &F::Value) -> Result<Value, EncodeError> {
    value.held().map_or(Ok(Value::None), |item| item.encode(session.format()))
}

/// The one place that reports a stored value of the wrong type.
fn log_once(session: &Session, key: &str, reason: &FieldError) {
    if let FieldError::Decode { expected, source, .. } = reason
        && session.note_undecodable(key)
    {
        log::warn!("the session field `{key}` should hold `{expected}` and reads as absent: {source}");
    }
}
