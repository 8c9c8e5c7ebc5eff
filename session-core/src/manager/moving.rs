//! Moving sessions from an old store to a new one, each at its first use (`session_migrate_from`).

#[cfg(all(test, feature = "conformance"))]
mod tests;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::open::{converted, read};
use crate::codec::Format;
use crate::store::{Call, Loaded, New, Store, StoreError, StoreFuture, Swap, Touch};

/// Two stores as one: records are written to the new one only.
///
/// A record that only the old store has is created in the new one and then deleted in the old one, by swap: of
/// all who want to move it, one does. If it was gone there already, its session has ended in the meantime,
/// and what was created is taken back. Whatever deletes a record deletes it in both: a move that was cut off
/// between its two steps leaves a copy behind, which must not bring back an ended session.
pub(super) struct Moving {
    pub(super) new: Arc<dyn Store>,
    pub(super) old: Arc<dyn Store>,
    /// What stands before the id in the new store, and in the old one.
    pub(super) prefixes: (String, String),
    /// Of a record that was moved: a store does not say how much life one has left.
    pub(super) lifetime: Duration,
    /// Of the new store's records.
    pub(super) format: Format,
}

/// How often a move follows somebody who writes to the old store at the same time.
const ATTEMPTS: u32 = 20;

impl Moving {
    /// The key of the same session in the old store.
    fn old_key(&self, key: &str) -> String {
        let (new, old) = &self.prefixes;
        format!("{old}{}", key.strip_prefix(new.as_str()).unwrap_or(key))
    }

    /// Moves the record, if the old store has it.
    async fn fetch(&self, call: Call, key: &str) -> Result<Option<Loaded>, StoreError> {
        let old_key = self.old_key(key);
        let Some(mut there) = self.old.load(call, &old_key, None).await? else { return Ok(None) };
        let bytes = self.translated(&there);
        let mut here = match self.put(call, key, None, bytes.clone()).await? {
            Swap::Done { version } => Loaded::versioned(bytes, version),
            // Somebody else has moved it, and has taken care of the old one.
            Swap::Conflict(theirs) => return Ok(theirs),
        };
        for _ in 0..ATTEMPTS {
            match self.old.swap(call, &old_key, Some(&there), None).await? {
                Swap::Done { .. } => return Ok(Some(here)),
                Swap::Conflict(None) => {
                    self.new.delete(call, key).await?;
                    return Ok(None);
                }
                Swap::Conflict(Some(changed)) => {
                    let bytes = self.translated(&changed);
                    here = match self.put(call, key, Some(&here), bytes.clone()).await? {
                        Swap::Done { version } => Loaded::versioned(bytes, version),
                        // Somebody uses it here already, which is where it lives from now on.
                        Swap::Conflict(theirs) => {
                            self.old.delete(call, &old_key).await?;
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

    /// The record in the new store's format. What can't be read is moved as it is: who opens it reports it.
    fn translated(&self, loaded: &Loaded) -> Bytes {
        let record = match read(self.format, loaded) {
            // Of pickles, which files hold, no other format is read beside them.
            Err(_) => {
                let other = read(Format::Msgpack, loaded).ok().flatten();
                other.and_then(|record| converted(&record, self.format)).map(Arc::new)
            }
            Ok(record) => record,
        };
        record.map_or_else(|| loaded.bytes.clone(), |record| record.bytes().clone())
    }
}

impl Store for Moving {
    fn load<'a>(&'a self, call: Call, key: &'a str, touch: Option<Touch>) -> StoreFuture<'a, Option<Loaded>> {
        Box::pin(async move {
            match self.new.load(call, key, touch).await? {
                Some(loaded) => Ok(Some(loaded)),
                None => self.fetch(call, key).await,
            }
        })
    }

    fn swap<'a>(
        &'a self,
        call: Call,
        key: &'a str,
        expected: Option<&'a Loaded>,
        new: Option<New<'a>>,
    ) -> StoreFuture<'a, Swap> {
        Box::pin(async move {
            let swapped = self.new.swap(call, key, expected, new).await?;
            if new.is_none() && matches!(swapped, Swap::Done { .. }) {
                self.old.delete(call, &self.old_key(key)).await?;
            }
            Ok(swapped)
        })
    }

    fn delete<'a>(&'a self, call: Call, key: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            // The old one first: a load between the two would move it.
            let old = self.old.delete(call, &self.old_key(key)).await?;
            let new = self.new.delete(call, key).await?;
            Ok(old || new)
        })
    }

    fn purge(&self, call: Call) -> StoreFuture<'_, u64> {
        Box::pin(async move { Ok(self.old.purge(call).await? + self.new.purge(call).await?) })
    }

    fn ping(&self, call: Call) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.new.ping(call).await?;
            self.old.ping(call).await.map_err(|error| StoreError::unavailable(OldStore(error)))
        })
    }
}

/// Says which of the two stores failed at launch.
#[derive(Debug)]
struct OldStore(StoreError);

impl fmt::Display for OldStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the old store, of `session_migrate_from`, failed")
    }
}

impl Error for OldStore {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
