//! The data of a session: the record as it was loaded, and the changes made to it since.

use std::sync::Arc;

use bytes::Bytes;

use super::changes::{Changes, FieldRule, Seq};
use crate::formats::codec::{DecodeError, EncodeError, Format, RawKey, Record};
use crate::formats::value::Value;
use crate::session::SaveError;

/// A map from keys to encoded values. Reading and writing it follows no rule of sessions.
pub(super) struct Contents {
    /// The record that the changes are made to.
    pub(super) record: Arc<Record>,
    pub(super) changes: Changes,
    /// Keys whose last value could not be encoded. While there is one, the session can't be saved.
    pub(super) encode_errors: Vec<(String, EncodeError)>,
}

impl Contents {
    pub(super) fn new(record: Arc<Record>) -> Self {
        Contents { record, changes: Changes::default(), encode_errors: Vec::new() }
    }

    /// Sets a value that is not a change of the session: see [`State::seal`](super::state::State::seal).
    pub(super) fn seal(&mut self, key: &str, value: &Value) {
        if let Ok(raw) = self.format().encode(value) {
            self.changes.seal(key, raw, self.record.get(key).is_some());
        }
    }

    pub(super) fn format(&self) -> Format {
        self.record.format()
    }

    /// The encoded value under `key` with the changes of this request.
    pub(super) fn raw(&self, key: &str) -> Option<&[u8]> {
        match self.changes.get(key) {
            Some(changed) => changed,
            None => self.record.get(key),
        }
    }

    pub(super) fn value(&self, key: &str) -> Result<Option<Value>, DecodeError> {
        self.raw(key).map(|raw| self.format().decode(raw)).transpose()
    }

    /// The value that was loaded, without the changes of this request.
    pub(super) fn loaded_value(&self, key: &str) -> Option<Value> {
        self.record.get(key).and_then(|raw| self.format().decode(raw).ok())
    }

    /// All entries in Python's order: loaded ones where they were, added ones after them.
    pub(super) fn entries(&self) -> impl Iterator<Item = (RawKey<'_>, &[u8])> {
        self.changes.applied_to(&self.record)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = RawKey<'_>> {
        self.entries().map(|(key, _)| key)
    }

    /// Returns `true` if there is no key but those that `is_ignored`, `ignored` at most, and what was only sealed.
    pub(super) fn is_empty_but_for(&self, ignored: usize, is_ignored: impl Fn(RawKey<'_>) -> bool) -> bool {
        if self.changes.are_none() {
            // Asked in every request: without the changes it takes a sixth.
            return self.record.len() <= ignored && self.record.entries().all(|(key, _)| is_ignored(key));
        }
        let is_sealed = |key: RawKey<'_>| key.as_text().is_some_and(|key| self.changes.is_sealed(key));
        self.keys().all(|key| is_ignored(key) || is_sealed(key))
    }

    pub(super) fn set(&mut self, key: &str, raw: Vec<u8>, rule: FieldRule) {
        self.clear_encode_error(key);
        self.changes.set(key, raw, rule, self.record.get(key).is_some());
    }

    /// As [`set`](Contents::set), with a value that was made of the one before.
    pub(super) fn set_updated(&mut self, key: &str, raw: Vec<u8>, rule: FieldRule) {
        self.clear_encode_error(key);
        self.changes.set_updated(key, raw, rule, self.record.get(key).is_some());
    }

    pub(super) fn remove(&mut self, key: &str, rule: FieldRule) {
        self.clear_encode_error(key);
        self.changes.remove(key, rule, self.record.get(key).is_some());
    }

    pub(super) fn remove_all(&mut self) {
        self.encode_errors.clear();
        self.changes.remove_all(&self.record);
    }

    pub(super) fn record_encode_error(&mut self, key: &str, error: EncodeError) {
        self.clear_encode_error(key);
        self.encode_errors.push((key.to_owned(), error));
    }

    /// Returns `true` if the value last set under `key` could not be encoded.
    pub(super) fn has_encode_error(&self, key: &str) -> bool {
        self.encode_errors.iter().any(|(failed, _)| failed == key)
    }

    /// Forgets that the value last set under `key` could not be encoded. `true` if that was so.
    pub(super) fn clear_encode_error(&mut self, key: &str) -> bool {
        let before = self.encode_errors.len();
        self.encode_errors.retain(|(failed, _)| failed != key);
        self.encode_errors.len() < before
    }

    /// # Errors
    ///
    /// A value could not be encoded: then the whole session can't be saved.
    pub(super) fn check_encoded(&self) -> Result<(), SaveError> {
        match self.encode_errors.first().cloned() {
            Some((key, source)) => Err(SaveError::Encode { key, source }),
            None => Ok(()),
        }
    }

    /// Takes over the record that a save has written. Changes after `point` stay changes.
    pub(super) fn saved_up_to(&mut self, point: Seq, record: Arc<Record>) {
        self.changes.saved_up_to(point, &record);
        self.record = record;
    }

    /// The whole session as bytes.
    pub(super) fn encoded(&self) -> Bytes {
        Bytes::from(self.format().join(&self.changes.list_applied_to(&self.record)))
    }

    /// The keys with the most bytes.
    pub(super) fn largest(&self) -> Vec<(String, usize)> {
        largest(self.entries())
    }
}

/// Returns the keys with the most bytes, the largest first.
pub(super) fn largest<'a>(entries: impl Iterator<Item = (RawKey<'a>, &'a [u8])>) -> Vec<(String, usize)> {
    let sizes = entries.filter_map(|(key, raw)| Some((key.as_text()?.to_owned(), raw.len())));
    let mut largest: Vec<(String, usize)> = sizes.collect();
    largest.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    largest.truncate(NAMED);
    largest
}

/// Fields that an error names.
const NAMED: usize = 3;
