//! Records on their way to the store: what a session's changes make of a record.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::changes::Changes;
use super::contents::largest;
use super::identity::StoredRecord;
use super::state::{PERMANENT, Saved};
use super::term::{Term, is_of_life};
use super::{SaveError, login};
use crate::formats::codec::{Format, RawKey, Record};
use crate::formats::id::SessionId;
use crate::store::{Loaded, StoreError};

/// A record that is to be written.
pub(super) struct Draft {
    pub(super) record: Record,
    pub(super) empty: bool,
}

impl Draft {
    pub(super) fn new(changes: &Changes, record: &Record) -> Result<Self, SaveError> {
        let record = join(record.format(), &changes.list_applied_to(record))?;
        let is_content =
            |key: RawKey<'_>| !is_of_life(key) && !key.as_text().is_some_and(|key| changes.is_sealed(key));
        let empty = !record.entries().any(|(key, _)| is_content(key));
        Ok(Draft { record, empty })
    }

    /// Applies changes that were made to `base` to what others have made of it.
    pub(super) fn merged(changes: &Changes, base: &Record, theirs: &Record) -> Result<Self, SaveError> {
        Draft::new(&changes.rebased(base, theirs)?, theirs)
    }

    /// The result of a save that has written this under `id`.
    pub(super) fn stored(self, id: SessionId, version: Option<u64>, life: Life) -> Saved {
        let mut loaded = Loaded::versioned(self.record.bytes().clone(), version);
        loaded.expires = life.expires;
        let stored = StoredRecord { id, loaded };
        Saved::new(Some(stored), Arc::new(self.record)).extended(life.lifetime.is_some())
    }

    /// The result of a save after which nothing is stored.
    pub(super) fn not_stored(self) -> Saved {
        Saved::new(None, Arc::new(self.record))
    }
}

/// The life that a record gets when it is written.
#[derive(Clone, Copy)]
pub(super) struct Life {
    /// `None` keeps the end that it has.
    pub(super) lifetime: Option<Duration>,
    pub(super) expires: Option<SystemTime>,
}

impl Life {
    pub(super) fn beginning(now: SystemTime, term: &Term) -> Self {
        Life { lifetime: Some(term.life(now)), expires: Some(term.end(now)) }
    }

    pub(super) fn of(loaded: &Loaded) -> Self {
        Life { lifetime: None, expires: loaded.expires }
    }
}

/// Reads the record that others have written meanwhile.
pub(super) fn theirs(current: &Loaded, format: Format) -> Result<Arc<Record>, StoreError> {
    let unreadable = || StoreError::invalid_response("a session record");
    let record = current.record(format).map_err(|_| unreadable())?;
    let theirs = record.unwrap_or_else(|| Arc::new(Record::empty(format)));
    if theirs.format() == format { Ok(theirs) } else { Err(unreadable()) }
}

/// Tells whether a record belongs neither to the user whose record was loaded nor to the one who logs in now.
pub(super) fn has_changed_hands(changes: &Changes, base: &Record, theirs: &Record, key: &str) -> bool {
    let (before, now) = (base.get(key), theirs.get(key));
    let mine = changes.get(key).unwrap_or(before);
    ![before, mine].into_iter().any(|user| login::is_same_user(base.format(), user, now))
}

/// Returns an empty record that is as permanent as `record`.
pub(super) fn without_data(record: &Record) -> Result<Record, SaveError> {
    let flag = RawKey::Text(PERMANENT);
    let entries = record.get(PERMANENT).map(|raw| (flag, raw));
    join(record.format(), entries.as_slice())
}

/// Makes a record. What is too long for any is not taken for a session that was emptied.
fn join(format: Format, entries: &[(RawKey<'_>, &[u8])]) -> Result<Record, SaveError> {
    Record::join(format, entries).map_err(|_| {
        let bytes = entries.iter().map(|(_, raw)| raw.len()).sum();
        let largest = largest(entries.iter().copied());
        SaveError::RecordTooLarge { source: StoreError::over_every_size(bytes), largest }
    })
}
