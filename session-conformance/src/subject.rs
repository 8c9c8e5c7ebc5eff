//! The store under test, with keys and a time of one rule's own.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, timeout, timeout_at};

use super::violation::{Broken, ensure};
use rocket_session_state_core::store::{
    Call, DynStore, Hints, Loaded, New, Store, StoreError, Swap, Watcher,
};

/// Moves records of a store closer to their end without waiting.
///
/// A store whose records end by [`Call::now`] needs none of this: the suite moves the time that it
/// passes in. For one whose server expires records by a clock of its own, the remaining life of a
/// record is shortened by other means: an administrator's command, an `UPDATE`.
pub trait Ageing: Send + Sync + 'static {
    /// Shortens the remaining life of the record under `key` by `by`; a record that has no more
    /// left ends. A key without a record stays one.
    ///
    /// # Errors
    ///
    /// It could not be done; the suite reports it.
    fn age(&self, key: &str, by: Duration) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// [`Ageing`] as a trait object.
pub(super) trait ErasedAgeing: Send + Sync {
    fn age<'a>(
        &'a self,
        key: &'a str,
        by: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;
}

impl<A: Ageing> ErasedAgeing for A {
    fn age<'a>(
        &'a self,
        key: &'a str,
        by: Duration,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>> {
        Box::pin(Ageing::age(self, key, by))
    }
}

/// Plenty: what is slower does not answer.
const PATIENCE: Duration = Duration::from_secs(10);
pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// The store as one rule sees it.
pub(super) struct Subject {
    store: DynStore,
    ageing: Option<Arc<dyn ErasedAgeing>>,
    /// The distance by which the time that is passed in has moved.
    passed: Mutex<Duration>,
    began: SystemTime,
    prefix: String,
    used: Mutex<BTreeSet<String>>,
}

impl Subject {
    /// `prefix` is part of every key and of nobody else's.
    pub(super) fn new(store: DynStore, ageing: Option<Arc<dyn ErasedAgeing>>, prefix: String) -> Self {
        let began = SystemTime::now();
        Subject { store, ageing, passed: Mutex::default(), began, prefix, used: Mutex::default() }
    }

    pub(super) fn key(&self, name: &str) -> String {
        let key = format!("{}:{name}", self.prefix);
        self.used.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        key
    }

    pub(super) fn call(&self) -> Call {
        let now = match self.ageing {
            Some(_) => SystemTime::now(),
            None => self.began + *self.passed.lock().unwrap_or_else(PoisonError::into_inner),
        };
        Call { now, deadline: Instant::now() + PATIENCE }
    }

    /// Lets time pass for every record of this rule.
    pub(super) async fn pass(&self, by: Duration) -> Result<(), Broken> {
        let Some(ageing) = &self.ageing else {
            *self.passed.lock().unwrap_or_else(PoisonError::into_inner) += by;
            return Ok(());
        };
        for key in self.used() {
            let aged = ageing.age(&key, by).await;
            aged.map_err(|error| {
                Broken(format!(
                    "the test's own `Ageing` failed: {}",
                    rocket_session_state_core::Chain(&error)
                ))
            })?;
        }
        Ok(())
    }

    pub(super) async fn load(&self, key: &str, touch: Option<Duration>) -> Result<Option<Loaded>, Broken> {
        let call = self.call();
        self.answered(call, self.store.load(call, key, touch)).await
    }

    /// Loads a record without extending its life.
    pub(super) async fn stored(&self, key: &str) -> Result<Option<Loaded>, Broken> {
        self.load(key, None).await
    }

    /// A swap to bytes that live for an hour.
    pub(super) async fn swap(
        &self,
        key: &str,
        expected: Option<&Loaded>,
        bytes: Option<&[u8]>,
    ) -> Result<Swap, Broken> {
        self.swap_for(key, expected, bytes.map(|bytes| New { bytes, lifetime: Some(HOUR) })).await
    }

    pub(super) async fn swap_for(
        &self,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, Broken> {
        let call = self.call();
        self.answered(call, self.store.swap(call, key, expected, new)).await
    }

    /// A swap that a limit of the store may refuse.
    pub(super) async fn try_swap(&self, key: &str, bytes: &[u8]) -> Result<Swap, StoreError> {
        self.store.swap(self.call(), key, None, Some(New { bytes, lifetime: Some(HOUR) })).await
    }

    /// Begins a swap and drops it after its first poll, as a caller does whose deadline has passed.
    pub(super) async fn abandoned_swap(&self, key: &str, expected: &Loaded, bytes: &[u8]) {
        let new = New { bytes, lifetime: Some(HOUR) };
        let swap = self.store.swap(self.call(), key, Some(expected), Some(new));
        // Whether it was done before it was dropped is what the rule finds out.
        let _ = tokio::time::timeout(Duration::ZERO, swap).await;
    }

    /// Stores bytes under a key that has none, and loads them.
    pub(super) async fn create(&self, key: &str, bytes: &[u8]) -> Result<Loaded, Broken> {
        done(&self.swap(key, None, Some(bytes)).await?, "creating a record where there was none")?;
        let created = self.stored(key).await?;
        created.ok_or_else(|| Broken::because("a record that was just created is absent"))
    }

    pub(super) async fn delete(&self, key: &str) -> Result<bool, Broken> {
        let call = self.call();
        self.answered(call, self.store.delete(call, key)).await
    }

    pub(super) async fn purge(&self) -> Result<u64, Broken> {
        let call = self.call();
        self.answered(call, self.store.purge(call)).await
    }

    pub(super) async fn ping(&self) -> Result<(), Broken> {
        let call = self.call();
        self.answered(call, self.store.ping(call)).await
    }

    pub(super) fn watch(&self, key: &str) -> Hints {
        let (watcher, hints) = Watcher::new();
        self.store.watch(key, watcher);
        hints
    }

    /// Waits for a hint at this moment or later, unless the store has dropped the watcher.
    pub(super) async fn hint(&self, hints: &mut Hints, moment: Instant) -> Result<(), Broken> {
        match timeout(PATIENCE, hints.wait(moment)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Broken(format!("no hint came within {} s", PATIENCE.as_secs()))),
        }
    }

    /// Removes what the rule has left. A store that can't has failed the rule about deleting.
    pub(super) async fn clean_up(&self) {
        for key in self.used() {
            let _ = self.delete(&key).await;
        }
    }

    fn used(&self) -> BTreeSet<String> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn answered<T>(
        &self,
        call: Call,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Broken> {
        match timeout_at(call.deadline, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Broken(format!("a call did not answer within {} s", PATIENCE.as_secs()))),
        }
    }
}

/// Demands that a swap was done. Returns the version of the record that it wrote.
pub(super) fn done(swap: &Swap, what: &str) -> Result<Option<u64>, Broken> {
    match swap {
        Swap::Done { version } => Ok(*version),
        Swap::Conflict(current) => Err(Broken(format!(
            "{what} was a conflict with {}, expected it to be done",
            show(current.as_ref())
        ))),
    }
}

/// Demands that a swap was a conflict with `current`.
pub(super) fn conflict(swap: Swap, what: &str, current: Option<&[u8]>) -> Result<Option<Loaded>, Broken> {
    let Swap::Conflict(found) = swap else {
        return Err(Broken(format!("{what} was done, expected a conflict with {}", show_bytes(current))));
    };
    holds(found.as_ref(), current, &format!("the conflict of {what}"))?;
    Ok(found)
}

/// Demands that a record has these bytes, or that there is none.
pub(super) fn holds(found: Option<&Loaded>, expected: Option<&[u8]>, what: &str) -> Result<(), Broken> {
    let bytes = found.map(|found| &*found.bytes);
    ensure(bytes == expected, || {
        format!("{what} gave {}, expected {}", show_bytes(bytes), show_bytes(expected))
    })
}

pub(super) fn show(record: Option<&Loaded>) -> String {
    show_bytes(record.map(|record| &*record.bytes))
}

/// The beginning of some bytes; the suite's own, so that they may be shown.
fn show_bytes(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "nothing".to_owned() };
    match bytes.split_at_checked(32) {
        Some((head, _)) => format!("\"{}…\" ({} bytes)", head.escape_ascii(), bytes.len()),
        None => format!("\"{}\"", bytes.escape_ascii()),
    }
}
