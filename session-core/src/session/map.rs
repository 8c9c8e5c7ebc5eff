//! The session as a map, with the vocabulary of Flask's `session`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::state::PERMANENT;
use super::{FieldError, FieldRule, Session};
use crate::formats::codec::DecodeError;
use crate::formats::value::{Value, from_value, to_value_for};

impl Session {
    /// Returns the value under `key`, or `None` if there is none.
    ///
    /// Python's `None` reads as `None` if `T` is an `Option`, and is an error otherwise.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("views", &3);
    /// assert_eq!(session.get::<u32>("views")?, Some(3));
    /// assert_eq!(session.get::<String>("name")?, None);
    /// # Ok::<(), rocket_session_state_core::session::FieldError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if the stored value is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, FieldError> {
        let value = self.used().contents.value(key);
        value.and_then(decode).map_err(|source| FieldError::decode::<T>(key, source))
    }

    /// Stores `value` under `key`, and marks the session as modified even if the value is the same.
    ///
    /// A value that the session's format can't hold makes the save fail with
    /// [`SaveError::Encode`](super::SaveError::Encode); the record keeps its value.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("colour", "red");
    /// session.set("cart", &["tea", "milk"]);
    /// assert!(session.contains("cart"));
    /// # });
    /// ```
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) {
        let value = to_value_for(self.format(), value);
        let now = self.now();
        self.used().put(key, value, FieldRule::default(), now);
    }

    /// Takes the value under `key` out of the session (`session.pop(key, None)`).
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("next", "/cart");
    /// assert_eq!(session.pop::<String>("next")?.as_deref(), Some("/cart"));
    /// assert!(!session.contains("next"));
    /// # Ok::<(), rocket_session_state_core::session::FieldError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if the stored value is not a `T`; then it stays.
    pub fn pop<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, FieldError> {
        let value = self.get(key)?;
        if value.is_some() {
            self.remove(key);
        }
        Ok(value)
    }

    /// Returns the value under `key`; if there is none, stores `value` and returns it (`setdefault`).
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// assert_eq!(session.set_default("theme", "light".to_owned())?, "light");
    /// assert_eq!(session.set_default("theme", "dark".to_owned())?, "light");
    /// # Ok::<(), rocket_session_state_core::session::FieldError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if the stored value is not a `T`; then it stays.
    pub fn set_default<T: Serialize + DeserializeOwned>(&self, key: &str, value: T) -> Result<T, FieldError> {
        if let Some(value) = self.get(key)? {
            return Ok(value);
        }
        self.set(key, &value);
        Ok(value)
    }

    /// Changes the value under `key` with a closure. `None` is an absent value, before and after.
    ///
    /// The closure runs outside of any lock and may use the session itself. The session is marked as modified
    /// only if the closure changed something, nested values included.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.update("cart", |cart: &mut Option<Vec<String>>| {
    ///     cart.get_or_insert_default().push("tea".to_owned());
    /// })?;
    /// assert_eq!(session.get::<Vec<String>>("cart")?.unwrap(), ["tea"]);
    /// # Ok::<(), rocket_session_state_core::session::FieldError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if the stored value is not a `T`; then the closure does not run.
    pub fn update<T, R>(&self, key: &str, change: impl FnOnce(&mut Option<T>) -> R) -> Result<R, FieldError>
    where
        T: Serialize + DeserializeOwned,
    {
        let before = self.used().contents.value(key);
        let not_decoded = |source| FieldError::decode::<T>(key, source);
        let before = before.map_err(not_decoded)?;
        let mut value = decode(before.clone()).map_err(not_decoded)?;
        let result = change(&mut value);
        match value.map(|value| to_value_for(self.format(), &value)) {
            Some(Ok(after)) if before.as_ref() == Some(&after) => {}
            Some(after) => {
                let now = self.now();
                self.used().put_updated(key, after, FieldRule::default(), now);
            }
            None => {
                self.remove(key);
            }
        }
        Ok(result)
    }

    /// Removes the value under `key`, and returns `true` if there was one.
    ///
    /// Removing the login field logs the user out, as [`pop`](#method.pop) does.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("colour", "red");
    /// assert!(session.remove("colour"));
    /// assert!(!session.remove("colour"));
    /// # });
    /// ```
    pub fn remove(&self, key: &str) -> bool {
        self.used().take(key, FieldRule::default())
    }

    /// Returns `true` if there is a value under `key`, of whatever type.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("colour", "red");
    /// assert!(session.contains("colour"));
    /// # });
    /// ```
    pub fn contains(&self, key: &str) -> bool {
        self.used().contents.raw(key).is_some()
    }

    /// Returns all keys that are text, in Python's order: as stored, added ones last.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("b", &1);
    /// session.set("a", &2);
    /// assert_eq!(session.keys(), ["_permanent", "b", "a"]);
    /// # });
    /// ```
    pub fn keys(&self) -> Vec<String> {
        self.used().contents.keys().filter_map(|key| key.as_text().map(str::to_owned)).collect()
    }

    /// Iterates over all keys with their values as they are now, whatever their types.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("name", "momo");
    /// for (key, value) in session.iter() {
    ///     println!("{key}: {:?}", value?);
    /// }
    /// # Ok::<(), rocket_session_state_core::session::FieldError>(()) }).unwrap();
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (String, Result<Value, FieldError>)> + use<> {
        let entries: Vec<_> = {
            let state = self.used();
            let keys = state.contents.keys().filter_map(|key| key.as_text());
            keys.filter_map(|key| {
                let value = state.contents.value(key).transpose()?;
                Some((key.to_owned(), value.map_err(|source| FieldError::decode::<Value>(key, source))))
            })
            .collect()
        };
        entries.into_iter()
    }

    /// Returns the number of keys, `_permanent` included, as in Flask.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("colour", "red");
    /// assert_eq!(session.len(), 2); // `_permanent` and `colour`
    /// # });
    /// ```
    pub fn len(&self) -> usize {
        self.used().contents.keys().count()
    }

    /// Returns `true` if the session holds nothing.
    ///
    /// A session in a store that holds only `_permanent` is empty. A session in a cookie that does is not. Both
    /// are as in Flask.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// assert!(session.is_empty());
    /// session.set("colour", "red");
    /// assert!(!session.is_empty());
    /// # });
    /// ```
    pub fn is_empty(&self) -> bool {
        self.used().is_empty()
    }

    /// Removes all keys. A session in a store keeps its `_permanent`, or gets a false one.
    ///
    /// The session itself stays: it keeps its id. To log a user out, remove the login field or
    /// [`destroy`](#method.destroy) the session.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set("step", &3);
    /// session.clear();
    /// assert_eq!(session.keys(), ["_permanent"]);
    /// # });
    /// ```
    pub fn clear(&self) {
        let now = self.now();
        self.used().clear(now);
    }

    /// Returns `true` if the cookie outlives the browser (`_permanent`).
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// let stay = if session.permanent() { "you stay logged in" } else { "until you close the browser" };
    /// # assert_eq!(stay, "you stay logged in");
    /// # });
    /// ```
    pub fn permanent(&self) -> bool {
        self.used().permanent()
    }

    /// Sets whether the cookie outlives the browser. The lifetime in the store is the same for both.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_session(|session| {
    /// session.set_permanent(false); // the cookie goes when the browser is closed
    /// assert!(!session.permanent());
    /// # });
    /// ```
    pub fn set_permanent(&self, permanent: bool) {
        let now = self.now();
        self.used().put(PERMANENT, Ok(Value::Bool(permanent)), FieldRule::default(), now);
    }
}

fn decode<T: DeserializeOwned>(value: Option<Value>) -> Result<Option<T>, DecodeError> {
    value.map(from_value).transpose()
}
