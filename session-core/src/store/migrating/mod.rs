//! Moving sessions from an old store to a new one, each at its first use (`session_migrate_from`).

mod source;
#[cfg(all(test, feature = "conformance"))]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;

use self::source::Old;
use super::client::deadline::in_time;
use crate::config::SessionConfig;
use crate::error_chain::Chain;
use crate::formats::codec::Format;
use crate::store::{Call, DynStore, Loaded, New, Store, StoreError, Swap, Touch};

/// Two stores as one: new records are written to the new one only.
///
/// A record that only the old store has is created in the new one and then deleted in the old one, by swap: of
/// all who want to move it, one does. If it was gone there already, its session has ended in the meantime,
/// and what was created is taken back; so it is if the outcome is unknown, since an ended session must not come
/// back. A move that has begun is carried to its end even if the request that wanted it has been given up.
///
/// Whatever deletes a record deletes it in both. A record that is too large for the new store stays in the old one and is
/// used there.
pub(crate) struct Moving(Arc<Both>);

struct Both {
    new: DynStore,
    old: Old,
    /// Of a record that was moved: a store does not say how much life one has left.
    lifetime: Duration,
    /// Of the new store's records.
    format: Format,
    warned: AtomicBool,
}

/// How often a move follows somebody who writes to the old store at the same time.
const ATTEMPTS: u32 = 20;

/// How long a move may go on after its request's deadline, and taking it back after that.
const GRACE: Duration = Duration::from_secs(2);

impl Moving {
    /// Out of `old`, which is what `session_migrate_from` of this configuration says.
    pub(crate) fn new(
        new: DynStore,
        old: DynStore,
        (config, old_config): (&SessionConfig, &SessionConfig),
        format: Format,
    ) -> Self {
        let prefixes = [config, old_config].map(|config| config.session_key_prefix.clone());
        Moving(Arc::new(Both {
            new,
            old: Old::new(old, prefixes, config.session_breaker_after),
            lifetime: config.permanent_session_lifetime,
            format,
            warned: AtomicBool::new(false),
        }))
    }
}

impl Both {
    /// Moves a record that the old store has.
    async fn fetch(&self, call: Call, key: &str, there: Loaded) -> Result<Option<Loaded>, StoreError> {
        let call = Call { deadline: call.deadline + GRACE, ..call };
        let mut here = Loaded::new(self.translated(&there));
        let created = self.put(call, key, None, here.bytes.clone());
        let created = in_time(call.deadline, created).await;
        let moved = match created {
            Ok(Swap::Done { version }) => {
                here = Loaded::versioned(here.bytes, version);
                let handed_over = self.hand_over(call, key, there, &mut here);
                in_time(call.deadline, handed_over).await
            }
            // Somebody else has moved it, and has taken care of the old one.
            Ok(Swap::Conflict(theirs)) => return Ok(theirs),
            Err(error) if error.is_too_large() => {
                if !self.warned.swap(true, Ordering::Relaxed) {
                    log::warn!("a session stays in the old store: {}", Chain(&error));
                }
                return Ok(Some(there));
            }
            Err(error) => Err(error),
        };
        if moved.is_err() {
            self.take_back(Call { deadline: call.deadline + GRACE, ..call }, key, &here).await;
        }
        moved
    }

    /// After a move of which nobody knows how far it got. While the old store has the record, its session has not
    /// ended, and a copy does no harm; what others have written to it stays in any case.
    async fn take_back(&self, call: Call, key: &str, here: &Loaded) {
        let taken_back = async {
            if !matches!(self.old.load(call, key).await, Ok(Some(_))) {
                self.new.swap(call, key, Some(here), None).await?;
            }
            Ok::<_, StoreError>(())
        };
        if in_time(call.deadline, taken_back).await.is_err() {
            log::error!("a session that could not be moved may have been left in the new store");
        }
    }

    /// Deletes in the old store what has been created in the new one.
    async fn hand_over(
        &self,
        call: Call,
        key: &str,
        mut there: Loaded,
        here: &mut Loaded,
    ) -> Result<Option<Loaded>, StoreError> {
        for _ in 0..ATTEMPTS {
            match self.old.swap(call, key, Some(&there), None).await? {
                Swap::Done { .. } => return Ok(Some(here.clone())),
                Swap::Conflict(None) => {
                    self.new.delete(call, key).await?;
                    return Ok(None);
                }
                Swap::Conflict(Some(changed)) => {
                    let bytes = self.translated(&changed);
                    *here = match self.put(call, key, Some(here), bytes.clone()).await? {
                        Swap::Done { version } => Loaded::versioned(bytes, version),
                        // Somebody uses it here already, which is where it lives from now on.
                        Swap::Conflict(theirs) => {
                            self.old.delete(call, key).await?;
                            return Ok(theirs);
                        }
                    };
                    there = changed;
                }
            }
        }
        Err(StoreError::unavailable("a record in the old store changes too fast to be moved"))
    }

    async fn put(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        bytes: Bytes,
    ) -> Result<Swap, StoreError> {
        let new = New { bytes: &bytes, lifetime: self.lifetime };
        self.new.swap(call, key, expected, Some(new)).await
    }

    /// Writes a record that is in the new store, or else in the old one because it is too large for the new one.
    async fn replace(
        &self,
        call: Call,
        key: &str,
        expected: &Loaded,
        new: New<'_>,
    ) -> Result<Swap, StoreError> {
        let swapped = self.new.swap(call, key, Some(expected), Some(new)).await;
        let stays = match &swapped {
            Ok(swap) => *swap == Swap::Conflict(None),
            Err(error) => error.is_too_large(),
        };
        if !stays {
            return swapped;
        }
        match self.old.swap(call, key, Some(expected), Some(new)).await? {
            // It has ended, or somebody moved it after the first swap looked: then it is here now.
            Swap::Conflict(None) if swapped.is_ok() => {
                self.new.swap(call, key, Some(expected), Some(new)).await
            }
            Swap::Conflict(None) => swapped,
            written => Ok(written),
        }
    }

    /// Deletes the record in both. The old store comes first: a load between the two would move what is there.
    async fn remove(&self, call: Call, key: &str, expected: &Loaded) -> Result<Swap, StoreError> {
        let there = self.old.swap(call, key, Some(expected), None).await?;
        let here = self.new.swap(call, key, Some(expected), None).await?;
        match (there, here) {
            // It was in the old store alone, or that had a copy.
            (Swap::Done { .. }, Swap::Done { .. } | Swap::Conflict(None)) => Ok(Swap::Done { version: None }),
            (Swap::Conflict(Some(_)), done @ Swap::Done { .. }) => {
                // What a move that was cut off has left behind.
                self.old.delete(call, key).await?;
                Ok(done)
            }
            // It is in the old store alone, and somebody has changed it.
            (there @ Swap::Conflict(Some(_)), Swap::Conflict(None)) => Ok(there),
            (_, here) => Ok(here),
        }
    }

    /// The record in the new store's format. What can't be read is moved as it is: who opens it reports it.
    fn translated(&self, loaded: &Loaded) -> Bytes {
        let record = match loaded.record(self.format) {
            // Of pickles, which files hold, no other format is read beside them.
            Err(_) => {
                let other = loaded.record(Format::Msgpack).ok().flatten();
                other.and_then(|record| record.converted(self.format)).map(Arc::new)
            }
            Ok(record) => record,
        };
        record.map_or_else(|| loaded.bytes.clone(), |record| record.bytes().clone())
    }
}

impl Store for Moving {
    async fn load(&self, call: Call, key: &str, touch: Option<Touch>) -> Result<Option<Loaded>, StoreError> {
        let Moving(both) = self;
        if let Some(loaded) = both.new.load(call, key, touch).await? {
            return Ok(Some(loaded));
        }
        let Some(there) = both.old.load(call, key).await? else {
            // Somebody may have moved it between the two looks. A move creates it here before it deletes it
            // there, so another look finds it.
            return both.new.load(call, key, touch).await;
        };
        let (both, key) = (Arc::clone(both), key.to_owned());
        // A task of its own, since a move that is cut in the middle could bring back an ended session.
        let moving = tokio::spawn(async move { both.fetch(call, &key, there).await });
        moving.await.map_err(StoreError::unavailable)?
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        match (expected, new) {
            (None, new) => self.0.new.swap(call, key, None, new).await,
            (Some(expected), Some(new)) => self.0.replace(call, key, expected, new).await,
            (Some(expected), None) => self.0.remove(call, key, expected).await,
        }
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        // The old one first: a load between the two would move what is there.
        let old = self.0.old.delete(call, key).await?;
        let new = self.0.new.delete(call, key).await?;
        Ok(old || new)
    }

    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        Ok(self.0.new.purge(call).await? + self.0.old.purge(call).await?)
    }

    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.0.new.ping(call).await?;
        self.0.old.ping(call).await
    }
}
