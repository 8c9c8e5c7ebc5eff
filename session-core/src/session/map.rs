//! The session as a map, with the vocabulary of Flask's `session`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FieldError, FieldRule, Flash, PERMANENT, Session, flash};
use crate::formats::value::{Value, from_value, to_value_for};

impl Session {
    /// The value under `key`, or `None` if there is none.
    ///
    /// Python's `None` reads as `None` where `T` is an `Option`, and is an error otherwise.
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if what is stored is no `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, FieldError> {
        let value = self.used().value(key)?;
        value.map(|value| typed(key, value)).transpose()
    }

    /// Stores `value` under `key`, and marks the session modified even if it is the same.
    ///
    /// A value that the session's format can't hold makes the save fail with
    /// [`SaveError::Encode`](super::SaveError::Encode); the record keeps what it had (A24).
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) {
        let value = to_value_for(self.format(), value);
        let now = self.now();
        let mut state = self.used();
        match value {
            Ok(value) => state.put(key, value, FieldRule::default(), now),
            Err(error) => state.refuse(key, error),
        }
    }

    /// Takes the value under `key` out of the session (`session.pop(key, None)`).
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if what is stored is no `T`; then it stays.
    pub fn pop<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, FieldError> {
        let value = self.get(key)?;
        if value.is_some() {
            self.remove(key);
        }
        Ok(value)
    }

    /// The value under `key`; if there is none, `value` is stored and returned (`setdefault`).
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if what is stored is no `T`; then it stays.
    pub fn set_default<T: Serialize + DeserializeOwned>(&self, key: &str, value: T) -> Result<T, FieldError> {
        if let Some(value) = self.get(key)? {
            return Ok(value);
        }
        self.set(key, &value);
        Ok(value)
    }

    /// Changes the value under `key` with a closure, which runs outside any lock and may use the
    /// session itself. `None` is "absent", before and after.
    ///
    /// The session is marked modified only if the closure changed something, nested values included.
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if what is stored is no `T`; then the closure does not run.
    pub fn update<T, R>(&self, key: &str, change: impl FnOnce(&mut Option<T>) -> R) -> Result<R, FieldError>
    where
        T: Serialize + DeserializeOwned,
    {
        let before = self.used().value(key)?;
        let mut value = before.clone().map(|value| typed(key, value)).transpose()?;
        let result = change(&mut value);
        match value {
            Some(value) => match to_value_for(self.format(), &value) {
                Ok(after) if before.as_ref() == Some(&after) => {}
                Ok(after) => {
                    let now = self.now();
                    self.used().put(key, after, FieldRule::default(), now);
                }
                Err(error) => self.used().refuse(key, error),
            },
            None => {
                self.remove(key);
            }
        }
        Ok(result)
    }

    /// Removes the value under `key`. `true` if there was one.
    pub fn remove(&self, key: &str) -> bool {
        self.used().take(key, FieldRule::default())
    }

    /// Whether there is a value under `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.used().raw(key).is_some()
    }

    /// All keys that are text, in Python's order: as stored, added ones last.
    pub fn keys(&self) -> Vec<String> {
        self.used().keys().filter_map(|key| key.as_text().map(str::to_owned)).collect()
    }

    /// All keys with their values as they are now, whatever their types.
    pub fn iter(&self) -> impl Iterator<Item = (String, Result<Value, FieldError>)> + use<> {
        let entries: Vec<_> = {
            let state = self.used();
            let keys: Vec<String> = state.keys().filter_map(|key| key.as_text().map(str::to_owned)).collect();
            keys.into_iter()
                .filter_map(|key| {
                    let value = state.value(&key).transpose()?;
                    Some((key, value))
                })
                .collect()
        };
        entries.into_iter()
    }

    /// How many keys there are, `_permanent` included, as in Flask.
    pub fn len(&self) -> usize {
        self.used().keys().count()
    }

    /// Whether the session holds nothing. A server session that holds only `_permanent` is empty
    /// (B9), a cookie session that does is not.
    pub fn is_empty(&self) -> bool {
        self.used().is_empty()
    }

    /// Removes all keys. A server session keeps its `_permanent`, or gets a false one (B21).
    ///
    /// The session itself stays: what is set afterwards has the same id. To log somebody out, take
    /// the login field or [`destroy`](Session::destroy).
    pub fn clear(&self) {
        let now = self.now();
        self.used().clear(now);
    }

    /// Whether the cookie outlives the browser (`_permanent`).
    pub fn permanent(&self) -> bool {
        self.used().permanent()
    }

    /// Sets whether the cookie outlives the browser. The lifetime in the store is the same for both.
    pub fn set_permanent(&self, permanent: bool) {
        let now = self.now();
        self.used().put(PERMANENT, Value::Bool(permanent), FieldRule::default(), now);
    }

    /// Queues a message for the next page, as Flask's `flash(message, category)`; its default
    /// category is `"message"`.
    pub fn flash(&self, message: impl Into<String>, category: impl Into<String>) {
        let flash = Flash { category: category.into(), message: message.into() };
        let now = self.now();
        flash::push(&mut self.used(), flash, now);
    }

    /// Takes all queued messages (`get_flashed_messages`). Further calls in the same request give
    /// the same messages, as in Flask. One that Flask flashed as HTML is its text; one that is no text
    /// at all stays in the queue, for Flask.
    pub fn take_flashes(&self) -> Vec<Flash> {
        let now = self.now();
        flash::take(&mut self.used(), now)
    }
}

fn typed<T: DeserializeOwned>(key: &str, value: Value) -> Result<T, FieldError> {
    from_value(value).map_err(|source| FieldError::decode::<T>(key, source))
}
