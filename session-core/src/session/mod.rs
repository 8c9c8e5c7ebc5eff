//! The session that a request sees: Flask's map, its flags, and what was changed.

mod change;
mod error;
mod flash;
mod login;
mod state;

pub use change::FieldRule;
pub use error::{FieldError, SessionError};
pub use flash::Flash;

pub(crate) use change::{Changes, Unmergeable};
pub(crate) use state::{Flags, PERMANENT, Rotation, State};

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::codec::EncodeError;
use crate::id::SessionId;
use crate::manager::Manager;
use crate::value::{Value, from_value, to_value};

/// A handle to the session of one request. Clones are handles to the same session.
///
/// It is a map from text keys to values with the vocabulary of Flask's `session`. No lock is ever
/// handed out: values come back decoded and owned, changes are noted at once and written when the
/// response is ready ([`Manager::close`]) or by [`save`](Session::save).
///
/// Every method counts as using the session (Flask's `accessed`, rule L13), so that the response
/// gets `Vary: Cookie`.
///
/// A handle that is dropped by a panic makes the session give up its changes: a handler that panics
/// saves nothing.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    manager: Manager,
    state: Mutex<State>,
    /// One save at a time; the state itself is never locked across an await.
    saving: tokio::sync::Mutex<()>,
    opened: SystemTime,
    opened_at: Instant,
    /// Microseconds spent in store calls (`session_request_timeout`).
    spent: AtomicU64,
    abandoned: AtomicBool,
    response_begun: AtomicBool,
}

impl Session {
    pub(crate) fn new(manager: Manager, state: State, now: SystemTime, spent: Duration) -> Self {
        let session = Session {
            shared: Arc::new(Shared {
                manager,
                state: Mutex::new(state),
                saving: tokio::sync::Mutex::new(()),
                opened: now,
                opened_at: Instant::now(),
                spent: AtomicU64::new(0),
                abandoned: AtomicBool::new(false),
                response_begun: AtomicBool::new(false),
            }),
        };
        session.spend(spent);
        session
    }

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
    /// [`SessionError::Encode`]; the record keeps what it had (A24).
    pub fn set<T: Serialize + ?Sized>(&self, key: &str, value: &T) {
        let value = to_value(value);
        let now = self.now();
        let mut state = self.used();
        match value {
            Ok(value) => state.put(key, value, FieldRule::default(), now),
            Err(error) => state.refuse(key, error),
        }
    }

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
            Some(value) => match to_value(&value) {
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
    /// the same messages, as in Flask.
    pub fn take_flashes(&self) -> Vec<Flash> {
        flash::take(&mut self.used())
    }

    /// How long ago the user who is logged in now did log in, in whole seconds.
    ///
    /// `None` if that is not known: nobody is logged in, no state with a login field was loaded in
    /// this request, or Flask has logged somebody in or changed the user since the last login here.
    pub fn login_age(&self) -> Option<Duration> {
        let now = self.now();
        login::login_age(&self.used(), now)
    }

    /// Gives the session a new id at the next save and ends the old one; the data stays. A session
    /// without data keeps its id (B25, B26). Cookie sessions have no id.
    pub fn regenerate(&self) {
        let mut state = self.used();
        if !state.is_empty() {
            state.flags.modified = true;
            login::rotate(&mut state, Rotation::Same);
        }
    }

    /// Ends the session: record and cookie are removed. What is set afterwards is a new session
    /// with an id of its own.
    pub fn destroy(&self) {
        self.used().start_anew();
    }

    /// The session's id; `None` for a session that was never stored and for cookie sessions.
    pub fn id(&self) -> Option<SessionId> {
        self.used().id.clone()
    }

    /// Whether the session was not stored when the request came.
    pub fn is_new(&self) -> bool {
        self.used().flags.new
    }

    /// Whether the session was changed in this request (Flask's `modified`).
    pub fn is_modified(&self) -> bool {
        self.used().flags.modified
    }

    /// Sets Flask's `modified` by hand: `true` sends the cookie again, `false` keeps it from being
    /// sent (A23, B17). What was changed is saved in either case where there is a server record.
    pub fn set_modified(&self, modified: bool) {
        self.used().flags.modified = modified;
    }

    /// Writes the changes now instead of when the response is ready.
    ///
    /// # Errors
    ///
    /// As [`Manager::close`]; the changes stay and are tried again at the close.
    pub async fn save(&self) -> Result<(), SessionError> {
        self.shared.manager.save(self).await
    }

    /// The time as this session sees it: what the request came with, moved on by the time since.
    pub fn now(&self) -> SystemTime {
        crate::time::later(self.shared.opened, self.shared.opened_at.elapsed())
    }

    /// Whether a handle was dropped by a panic: the session gives up its changes.
    pub fn is_abandoned(&self) -> bool {
        self.shared.abandoned.load(Ordering::Acquire)
    }

    /// Notes that headers can't be changed any more.
    pub(crate) fn response_begins(&self) {
        self.shared.response_begun.store(true, Ordering::Release);
    }

    pub(crate) fn response_has_begun(&self) -> bool {
        self.shared.response_begun.load(Ordering::Acquire)
    }

    /// The state, without counting as use.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held can't have left the state half changed: every method
        // finishes one change before the next.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn used(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.flags.accessed = true;
        state
    }

    pub(crate) async fn saving(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.saving.lock().await
    }

    /// How long this request's store calls have taken so far.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_micros(self.shared.spent.load(Ordering::Relaxed))
    }

    pub(crate) fn spend(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.shared.spent.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.shared.abandoned.store(true, Ordering::Release);
        }
    }
}

/// Never shows ids, keys or values.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Flags { new, modified, accessed, ended, .. } = self.state().flags;
        f.debug_struct("Session")
            .field("new", &new)
            .field("modified", &modified)
            .field("accessed", &accessed)
            .field("ended", &ended)
            .finish_non_exhaustive()
    }
}

fn typed<T: DeserializeOwned>(key: &str, value: Value) -> Result<T, FieldError> {
    from_value(value).map_err(|source| FieldError::decode::<T>(key, source))
}
