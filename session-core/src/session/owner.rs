//! Whose a value is that holds for one user only, such as a lifetime: Flask-Session may log in another one in place.

use super::login::fingerprint;
use crate::formats::codec::Format;
use crate::formats::value::Value;

/// Who is logged in in a session.
pub(super) enum Owner {
    /// Nobody has said which key tells that: each value counts.
    Unknown,
    Visitor,
    /// The SHA-256 of the login value.
    User(String),
}

impl Owner {
    /// Finds out who is logged in in the session that has these values.
    pub(super) fn of(format: Format, login_key: Option<&str>, value: impl Fn(&str) -> Option<Value>) -> Self {
        let Some(key) = login_key else { return Owner::Unknown };
        match value(key) {
            None | Some(Value::None) => Owner::Visitor,
            Some(user) => Owner::User(fingerprint(format, &user)),
        }
    }

    /// Makes the value that says a number of this owner: a plain one, or a list of it and the fingerprint.
    pub(super) fn bind(&self, number: impl Into<i128>) -> Value {
        let number = Value::Int(number.into());
        match self {
            Owner::User(user) => Value::List(vec![number, Value::Str(user.clone())]),
            Owner::Unknown | Owner::Visitor => number,
        }
    }

    /// Returns the number that a value says of this owner; `None` if it says one of somebody else.
    pub(super) fn number(&self, value: &Value) -> Option<u64> {
        let number = match (value, self) {
            (number, Owner::Unknown | Owner::Visitor) if matches!(number, Value::Int(_)) => number,
            (Value::List(bound), owner) => match (bound.as_slice(), owner) {
                ([number, _], Owner::Unknown) => number,
                ([number, Value::Str(whose)], Owner::User(user)) if whose == user => number,
                _ => return None,
            },
            _ => return None,
        };
        let Value::Int(number) = number else { return None };
        u64::try_from(*number).ok()
    }
}
