//! What typed fields do with the session that nobody else may.

use super::{FieldRule, Session};
use crate::formats::codec::EncodeError;
use crate::formats::value::Value;

impl Session {
    /// Stores the result of encoding a typed field; `Value::None` removes it.
    #[doc(hidden)]
    pub fn set_with(&self, key: &'static str, value: Result<Value, EncodeError>, rule: FieldRule) {
        let now = self.now();
        let mut state = self.used();
        match value {
            Ok(Value::None) => {
                state.take(key, rule);
            }
            Ok(value) => state.put(key, value, rule, now),
            Err(error) => state.refuse(key, error),
        }
    }

    /// Removes a typed field.
    #[doc(hidden)]
    pub fn remove_with(&self, key: &'static str, rule: FieldRule) {
        self.used().take(key, rule);
    }

    /// Names the key that says who is logged in; called when a state that has one is loaded.
    #[doc(hidden)]
    pub fn declare_login(&self, key: &'static str) {
        self.state().login.get_or_insert(key);
    }

    /// Whether this is the first time that `key` is reported as undecodable in this request.
    #[doc(hidden)]
    pub fn note_undecodable(&self, key: &str) -> bool {
        let mut state = self.state();
        let first = !state.reported.iter().any(|reported| reported == key);
        if first {
            state.reported.push(key.to_owned());
        }
        first
    }
}
