//! Reading and writing one field.

use super::policy::merge_field;
use crate::formats::codec::{EncodeError, Format};
use crate::formats::value::Value;
use crate::session::fields::{Field, FieldShape, SessionValue};
use crate::session::merge::ValuePolicy;
use crate::session::{FieldError, FieldRule, Session};

/// Returns the field's value. An absent or null field reads as its default.
///
/// A stored value of another type reads as the default too. Its bytes stay as they are. It is logged
/// once per request, with its key, the expected type and the type that was found, never with the value.
/// A field declared as `Result<T, FieldError>` gives the reason instead.
pub fn get<F: Field>(session: &Session) -> F::Declared {
    match F::Declared::from_stored(F::Stored::read(session, F::KEY)) {
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
    store::<F>(session, to_value::<F>(session.format(), &value));
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
        store::<F>(session, after);
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

/// Stores a converted value; `Value::None` removes the key.
fn store<F: Field>(session: &Session, value: Result<Value, EncodeError>) {
    let now = session.now();
    let mut state = session.used();
    if let Ok(Value::None) = value {
        state.take(F::KEY, rule::<F>());
    } else {
        state.put_result(F::KEY, value, rule::<F>(), now);
    }
}

/// The one place that reports a stored value of the wrong type.
fn log_once(session: &Session, key: &str, reason: &FieldError) {
    if let FieldError::Decode { expected, source, .. } = reason
        && session.state().note_undecodable(key)
    {
        log::warn!("the session field `{key}` should hold `{expected}` and reads as absent: {source}");
    }
}
