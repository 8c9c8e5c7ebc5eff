//! The session as a map, with the vocabulary of Flask's `session`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Session;
use crate::value::Value;
use crate::{FieldError, Flash};

impl Session {
    /// Returns the value under `key`, or `None` if there is none.
    ///
    /// Python's `None` reads as `None` where `T` is an `Option`, and is an error otherwise.
    ///
    /// ```
    /// use rocket_session_state::{FieldError, Session};
    ///
    /// fn colour(session: &Session) -> Result<String, FieldError> {
    ///     Ok(session.get("colour")?.unwrap_or_else(|| "blue".to_string()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if what is stored is not a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, FieldError> {
        self.0.get(key)
    }

    /// Stores `value` under `key`, and marks the session modified even if it is the same.
    ///
    /// A value that the session's format can't hold makes the save fail with
    /// [`SaveError::Encode`](crate::SaveError::Encode); the record keeps what it had.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn choose(session: &Session) {
    ///     session.set("colour", "red");
    ///     session.set("sizes", &[38, 40]);
    /// }
    /// ```
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) {
        self.0.set(key, value);
    }

    /// Takes the value under `key` out of the session (Flask's `session.pop(key, None)`).
    ///
    /// ```
    /// use rocket_session_state::{FieldError, Session};
    ///
    /// fn coupon(session: &Session) -> Result<Option<String>, FieldError> {
    ///     session.pop("coupon") // it counts once
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if what is stored is not a `T`; then it stays.
    pub fn pop<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, FieldError> {
        self.0.pop(key)
    }

    /// Returns the value under `key`. If there is none, `value` is stored and returned (`setdefault`).
    ///
    /// ```
    /// use rocket_session_state::{FieldError, Session};
    ///
    /// fn language(session: &Session) -> Result<String, FieldError> {
    ///     session.set_default("language", "en".to_string())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if what is stored is not a `T`; then it stays.
    pub fn set_default<T: Serialize + DeserializeOwned>(&self, key: &str, value: T) -> Result<T, FieldError> {
        self.0.set_default(key, value)
    }

    /// Changes the value under `key` with a closure, which runs outside any lock and may use the session
    /// itself. `None` is "absent", before and after.
    ///
    /// The session is marked modified only if the closure changed something, nested values included.
    ///
    /// ```
    /// use rocket_session_state::{FieldError, Session};
    ///
    /// fn add_to_cart(session: &Session, article: u32) -> Result<usize, FieldError> {
    ///     session.update("cart", |cart: &mut Option<Vec<u32>>| {
    ///         let cart = cart.get_or_insert_default();
    ///         cart.push(article);
    ///         cart.len()
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FieldError::Decode`] if what is stored is not a `T`; then the closure does not run.
    pub fn update<T, R>(&self, key: &str, change: impl FnOnce(&mut Option<T>) -> R) -> Result<R, FieldError>
    where
        T: Serialize + DeserializeOwned,
    {
        self.0.update(key, change)
    }

    /// Removes the value under `key` and says whether there was one.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn forget_colour(session: &Session) -> &'static str {
    ///     if session.remove("colour") { "forgotten" } else { "there was none" }
    /// }
    /// ```
    pub fn remove(&self, key: &str) -> bool {
        self.0.remove(key)
    }

    /// Whether there is a value under `key`, of whatever type.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn has_cart(session: &Session) -> bool {
    ///     session.contains("cart")
    /// }
    /// ```
    pub fn contains(&self, key: &str) -> bool {
        self.0.contains(key)
    }

    /// Returns all keys that are text, in Python's order: as stored, added ones last.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn of_the_shop(session: &Session) -> Vec<String> {
    ///     session.keys().into_iter().filter(|key| key.starts_with("shop_")).collect()
    /// }
    /// ```
    pub fn keys(&self) -> Vec<String> {
        self.0.keys()
    }

    /// Returns all keys that are text with their values as they are now, whatever their types.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn show(session: &Session) {
    ///     for (key, value) in session.iter() {
    ///         match value {
    ///             Ok(value) => println!("{key}: {value:?}"),
    ///             Err(error) => println!("{error}"),
    ///         }
    ///     }
    /// }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (String, Result<Value, FieldError>)> + use<> {
        self.0.iter()
    }

    /// Returns the number of keys, `_permanent` included, as in Flask.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn size(session: &Session) -> String {
    ///     format!("{} keys", session.len())
    /// }
    /// ```
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the session holds nothing.
    ///
    /// A session in a store that holds only `_permanent` is empty; one that is kept in its cookie is not. Both
    /// are as in Flask.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn is_known(session: &Session) -> bool {
    ///     !session.is_empty()
    /// }
    /// ```
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes all keys. A session in a store keeps its `_permanent`, or gets a false one.
    ///
    /// The session itself stays: what is set afterwards has the same id. To log somebody out, take the login
    /// field or [`destroy`](Session::destroy) the session.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn start_over(session: &Session) {
    ///     session.clear();
    ///     session.set("step", &1);
    /// }
    /// ```
    pub fn clear(&self) {
        self.0.clear();
    }

    /// Whether the cookie outlives the browser (`_permanent`).
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn note(session: &Session) -> &'static str {
    ///     if session.permanent() { "you stay logged in" } else { "until you close the browser" }
    /// }
    /// ```
    pub fn permanent(&self) -> bool {
        self.0.permanent()
    }

    /// Sets whether the cookie outlives the browser. The lifetime in the store is the same for both.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn remember_me(session: &Session, wanted: bool) {
    ///     session.set_permanent(wanted);
    /// }
    /// ```
    pub fn set_permanent(&self, permanent: bool) {
        self.0.set_permanent(permanent);
    }

    /// Queues a message for the next page, as Flask's `flash(message, category)`. Flask's default category
    /// is `"message"`.
    ///
    /// ```
    /// # use rocket::{post, response::Redirect, uri};
    /// use rocket_session_state::Session;
    ///
    /// #[post("/orders")]
    /// fn order(session: Session) -> Redirect {
    ///     session.flash("Your order is on its way.", "success");
    ///     Redirect::to(uri!("/"))
    /// }
    /// ```
    pub fn flash(&self, message: impl Into<String>, category: impl Into<String>) {
        self.0.flash(message, category);
    }

    /// Takes all queued messages (Flask's `get_flashed_messages`). Further calls in the same request give the
    /// same messages, as in Flask.
    ///
    /// A message that Flask flashed as HTML comes as its text. One that is not text stays in the queue, for
    /// Flask.
    ///
    /// ```
    /// use rocket_session_state::Session;
    ///
    /// fn messages(session: &Session) -> String {
    ///     let flashes = session.take_flashes();
    ///     flashes.iter().map(|flash| format!("{}: {}\n", flash.category, flash.message)).collect()
    /// }
    /// ```
    pub fn take_flashes(&self) -> Vec<Flash> {
        self.0.take_flashes()
    }
}
