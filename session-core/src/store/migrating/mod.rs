//! A store that moves sessions out of another one, each at its first use (`session_migrate_from`).

mod moving;
mod source;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use self::moving::is_unsettled;
use self::source::Source;
use crate::formats::codec::Format;
use crate::store::{Call, DynStore, Loaded, New, OpenTo, Part, Store, StoreError, Swap, Watcher};

/// Two stores as one: new records are written to the target only.
///
/// A record that only the source has is copied into the target, deleted in the source by swap, and then settled in the
/// target by another one: of all who want to move it, one does. Until then the copy is marked, so that nobody uses it, and
/// has a life of seconds. If the source has lost the record meanwhile, its session has ended, and the copy is deleted
/// again. So it is if the outcome is unknown, since an ended session must not come back. A move that has begun is finished
/// even if its request has been given up; one that was cut off with its process is begun anew by whoever needs the
/// record.
///
/// A deletion deletes in both stores. A record that is too large for the target stays in the source and is
/// used there.
pub struct MigratingStore(Arc<Migration>);

/// Settings of a migration.
pub struct MigrationSettings {
    /// The beginning of a key in the source, and in the target.
    pub prefixes: [String; 2],
    /// The life that a record begins when it is moved, if the source does not tell its end.
    pub lifetime: Duration,
    /// The format of the target's records.
    pub format: Format,
    /// The number of failures in a row after which the source is not asked for a while.
    pub breaker_after: u32,
    /// Greatest duration of one call.
    pub call_timeout: Duration,
}

struct Migration {
    target: DynStore,
    source: Source,
    lifetime: Duration,
    format: Format,
    warned: AtomicBool,
}

impl MigratingStore {
    /// Moves sessions out of `source` into `target`.
    pub fn new(target: DynStore, source: DynStore, settings: MigrationSettings) -> Self {
        let MigrationSettings { prefixes, lifetime, format, breaker_after, call_timeout } = settings;
        let source = Source::new(source, prefixes, breaker_after, call_timeout);
        let warned = AtomicBool::new(false);
        MigratingStore(Arc::new(Migration { target, source, lifetime, format, warned }))
    }
}

impl Migration {
    /// Returns what the target has under `key`, after a move that is under way there.
    async fn in_target(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        match self.target.boxed().load(call, key, touch).await? {
            Some(loaded) if is_unsettled(&loaded) => self.moved_by_others(call, key).await,
            settled => Ok(settled),
        }
    }

    /// Swaps in the target, after a move that is under way there.
    async fn swap_in_target(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        for _ in 0..2 {
            match self.target.boxed().swap(call, key, expected, new).await? {
                Swap::Conflict(Some(current)) if is_unsettled(&current) => {
                    self.moved_by_others(call, key).await?;
                }
                swapped => return Ok(swapped),
            }
        }
        Err(StoreError::refused("a record is moved again and again").before_writing())
    }

    /// Writes a record that is in the target, or in the source because it is too large for the target.
    async fn replace(
        &self,
        call: Call,
        key: &str,
        expected: &Loaded,
        new: New<'_>,
    ) -> Result<Swap, StoreError> {
        let swapped = self.swap_in_target(call, key, Some(expected), Some(new)).await;
        let stays = match &swapped {
            Ok(swap) => *swap == Swap::Conflict(None),
            Err(error) => error.is_too_large(),
        };
        if !stays {
            return swapped;
        }
        match self.source.swap(call, key, Some(expected), Some(new)).await? {
            // It has ended, or it was moved after the first swap: then it is in the target now.
            Swap::Conflict(None) if swapped.is_ok() => {
                self.swap_in_target(call, key, Some(expected), Some(new)).await
            }
            Swap::Conflict(None) => swapped,
            written => Ok(written),
        }
    }

    /// Deletes the record in both. The source comes first: a load between the two would move its record.
    async fn remove(&self, call: Call, key: &str, expected: &Loaded) -> Result<Swap, StoreError> {
        let in_source = self.source.swap(call, key, Some(expected), None).await?;
        if let Swap::Done { .. } = in_source {
            // It was in the source alone, or a move of it has not ended, or has been cut off and left it there.
            let in_target = self.target.boxed().swap(call, key, Some(expected), None).await;
            let in_target = in_target.map_err(StoreError::after_writing)?;
            if matches!(&in_target, Swap::Conflict(Some(copy)) if is_unsettled(copy)) {
                self.target.boxed().delete(call, key).await.map_err(StoreError::after_writing)?;
            }
            return match in_target {
                Swap::Conflict(Some(current)) if !is_unsettled(&current) => Ok(Swap::Conflict(Some(current))),
                _ => Ok(Swap::Done { version: None }),
            };
        }
        let in_target = self.swap_in_target(call, key, Some(expected), None).await?;
        match (in_source, in_target) {
            (Swap::Conflict(Some(_)), done @ Swap::Done { .. }) => {
                // A move that was cut off has left it behind.
                self.source.delete(call, key).await.map_err(StoreError::after_writing)?;
                Ok(done)
            }
            // It is in the source alone, and another request has changed it.
            (in_source @ Swap::Conflict(Some(_)), Swap::Conflict(None)) => Ok(in_source),
            (_, in_target) => Ok(in_target),
        }
    }

    /// Returns the record in the target's format. A record that can't be read is moved as it is: the session
    /// that opens it reports that.
    fn converted(&self, loaded: &Loaded) -> Bytes {
        let record = match loaded.record(self.format) {
            // Where pickles are expected, as in files, no other format is tried.
            Err(_) => {
                let other = loaded.record(Format::Msgpack).ok().flatten();
                other.and_then(|record| record.converted(self.format)).map(Arc::new)
            }
            Ok(record) => record,
        };
        record.map_or_else(|| loaded.bytes.clone(), |record| record.bytes().clone())
    }
}

impl Store for MigratingStore {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        let MigratingStore(migration) = self;
        if let Some(loaded) = migration.in_target(call, key, touch).await? {
            return Ok(Some(loaded));
        }
        let Some(old) = migration.source.load(call, key, None).await? else {
            // It may have been moved between the two loads. A move creates it in the target before it deletes
            // it in the source, so another load finds it.
            return migration.in_target(call, key, touch).await;
        };
        let (migration, key) = (Arc::clone(migration), key.to_owned());
        // A task of its own, since a move that is cut in the middle could bring back an ended session.
        let moving = tokio::spawn(async move { migration.move_record(call, &key, old, touch).await });
        moving.await.map_err(StoreError::refused)?
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        match (expected, new) {
            (None, new) => self.0.swap_in_target(call, key, None, new).await,
            (Some(expected), Some(new)) => self.0.replace(call, key, expected, new).await,
            (Some(expected), None) => self.0.remove(call, key, expected).await,
        }
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        // The source first: a load between the two would move its record.
        let in_source = self.0.source.delete(call, key).await?;
        let in_target = self.0.target.boxed().delete(call, key).await;
        let in_target = in_target.map_err(|error| if in_source { error.after_writing() } else { error })?;
        Ok(in_source || in_target)
    }

    async fn purge(&self, call: Call) -> Result<u64, StoreError> {
        Ok(self.0.target.boxed().purge(call).await? + self.0.source.purge(call).await?)
    }

    async fn ping(&self, call: Call) -> Result<(), StoreError> {
        self.0.target.boxed().ping(call).await?;
        self.0.source.ping(call).await
    }

    /// What is in the target is in no other store any more, unless it is being moved.
    fn copy(&self, now: SystemTime, key: &str) -> Option<Loaded> {
        self.0.target.boxed().copy(now, key).filter(|copy| !is_unsettled(copy))
    }

    fn seen_everywhere_after(&self) -> Duration {
        self.0.target.boxed().seen_everywhere_after()
    }

    /// The old store has a breaker of its own.
    fn part_of(&self, key: &str) -> Option<Part> {
        self.0.target.boxed().part_of(key)
    }

    async fn ping_part(&self, call: Call, part: &Part) -> Result<bool, StoreError> {
        self.0.target.boxed().ping_part(call, part).await
    }

    /// An end is in the store that has the record: until it is moved, that is the old one, for processes that know no other.
    fn watch(&self, key: &str, watcher: Watcher) {
        self.0.target.boxed().watch(key, watcher.clone());
        self.0.source.watch(key, watcher);
    }

    fn address(&self) -> Option<String> {
        self.0.target.boxed().address()
    }

    /// Whoever can write in the old store can be any user here.
    fn open_to_others(&self) -> Option<OpenTo> {
        OpenTo::worst([self.0.target.boxed().open_to_others(), self.0.source.open_to_others()])
    }
}
