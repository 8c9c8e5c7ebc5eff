//! The changes that a request made, field by field, and how they combine with what others wrote meanwhile.

use indexmap::IndexMap;

use crate::formats::codec::{Format, RawKey, Record};
use crate::formats::value::Value;
use crate::session::SaveError;
use crate::session::merge::{MergeError, ValuePolicy};

/// The rule by which a change of one field is saved.
#[derive(Debug, Clone, Copy, Default)]
pub struct FieldRule {
    /// The policy if the field changed in the store since it was loaded. `None`: the last write stays.
    pub merge: Option<ValuePolicy>,
}

/// A position in the sequence of all changes of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Seq(u64);

/// All changes since the record was loaded or last saved, in the order of the first change.
#[derive(Clone, Default)]
pub(super) struct Changes {
    by_key: IndexMap<String, Change>,
    /// The latest change, quiet ones included.
    pub(super) last: Seq,
    /// The latest change that has to be saved.
    loud: Seq,
    /// The latest change that is in the record.
    saved: Seq,
    /// The change that removed everything; fields set later are newer.
    emptied: Seq,
}

/// The new state of one field.
#[derive(Clone, Default)]
struct Change {
    /// The encoded value; `None` if the field was removed.
    value: Option<Vec<u8>>,
    rule: FieldRule,
    /// Removed and set again: Python puts such a key last.
    reinserted: bool,
    /// The value was made of what the field held before this request set anything.
    updated: bool,
    /// Set and removed again in this request: this is not a change, unless a save has written the value.
    cancelled: bool,
    /// Set by [`Changes::seal`].
    quiet: bool,
    seq: Seq,
}

impl Change {
    fn removal(rule: FieldRule, in_record: bool, seq: Seq) -> Self {
        Change { rule, cancelled: !in_record, seq, ..Change::default() }
    }
}

impl Changes {
    /// The new value of a field that was changed: `Some(None)` if it was removed.
    pub(super) fn get(&self, key: &str) -> Option<Option<&[u8]>> {
        let change = self.by_key.get(key).filter(|change| !change.cancelled)?;
        Some(change.value.as_deref())
    }

    /// Returns `true` if there is anything to save. What was only sealed is not.
    pub(super) fn is_dirty(&self) -> bool {
        self.loud > self.saved
    }

    /// Returns `true` if anything was sealed that no record has.
    pub(super) fn has_seals(&self) -> bool {
        self.by_key.values().any(|change| change.quiet)
    }

    /// Forgets what was sealed. `true` if anything was.
    pub(super) fn drop_seals(&mut self) -> bool {
        let before = self.by_key.len();
        self.by_key.retain(|_, change| !change.quiet);
        self.by_key.len() < before
    }

    /// Returns `true` if the value under `key` was sealed, and is not in the record.
    pub(super) fn is_sealed(&self, key: &str) -> bool {
        self.by_key.get(key).is_some_and(|change| change.quiet)
    }

    /// Returns `true` if the session holds exactly what the record holds, as in most requests.
    pub(super) fn are_none(&self) -> bool {
        self.by_key.is_empty() && !self.removes_other_keys()
    }

    /// Sets a value that is not a change of the session: see [`State::seal`](super::state::State::seal). What the request
    /// has itself done with the key is a change, and so is this then.
    pub(super) fn seal(&mut self, key: &str, value: Vec<u8>, in_record: bool) {
        if self.by_key.get(key).is_some_and(|change| !change.quiet) {
            return self.set(key, value, FieldRule::default(), in_record);
        }
        let rule = FieldRule { merge: Some(theirs_or_mine) };
        let seq = self.next_quiet();
        self.by_key.insert(
            key.to_owned(),
            Change { value: Some(value), rule, quiet: true, seq, ..Change::default() },
        );
    }

    pub(super) fn set(&mut self, key: &str, value: Vec<u8>, rule: FieldRule, in_record: bool) {
        let seq = self.next();
        let mut change = Change { value: Some(value), rule, seq, ..Change::default() };
        if let Some(earlier) = self.by_key.get_mut(key)
            && earlier.value.is_some()
        {
            change.reinserted = earlier.reinserted;
            *earlier = change;
        } else {
            change.reinserted = self.by_key.shift_remove(key).is_some() && in_record;
            self.by_key.insert(key.to_owned(), change);
        }
    }

    pub(super) fn remove(&mut self, key: &str, rule: FieldRule, in_record: bool) {
        let seq = self.next();
        // A value that was set in this request may be on its way to the record: its removal is a change too.
        if in_record || self.by_key.contains_key(key) {
            self.by_key.insert(key.to_owned(), Change::removal(rule, in_record, seq));
        }
    }

    /// Removes a value that a copy of the record does not show. The record itself may have it by now.
    pub(super) fn remove_unseen(&mut self, key: &str, rule: FieldRule) {
        let seq = self.next();
        self.by_key.insert(key.to_owned(), Change::removal(rule, false, seq));
    }

    /// Counts the latest value of a field as made of the one before. Where this request has set that one or removed it,
    /// nothing that was loaded is in it.
    pub(super) fn set_updated(&mut self, key: &str, value: Vec<u8>, rule: FieldRule, in_record: bool) {
        let of_this_request = self.by_key.get(key).is_some_and(|change| !change.updated);
        self.set(key, value, rule, in_record);
        if let Some(change) = self.by_key.get_mut(key) {
            change.updated = !of_this_request;
        }
    }

    /// The values that were set, with their rules, but those that were only updated or sealed.
    pub(super) fn set_values(&self) -> impl Iterator<Item = (&str, &[u8], FieldRule)> {
        let set = self.by_key.iter().filter(|(_, change)| !change.updated && !change.quiet);
        set.filter_map(|(key, change)| Some((key.as_str(), change.value.as_deref()?, change.rule)))
    }

    /// The keys of the values that were only updated.
    pub(super) fn updated_keys(&self) -> impl Iterator<Item = &str> {
        let updated = self.by_key.iter().filter(|(_, change)| change.updated && change.value.is_some());
        updated.map(|(key, _)| key.as_str())
    }

    /// Removes the fields of `record`, those that were set in this request, and those that a save in progress
    /// may find.
    pub(super) fn remove_all(&mut self, record: &Record) {
        let seq = self.next();
        self.emptied = seq;
        let removal = |in_record| Change::removal(FieldRule::default(), in_record, seq);
        for change in self.by_key.values_mut() {
            *change = removal(false);
        }
        for key in record.entries().filter_map(|(key, _)| key.as_text()) {
            self.by_key.insert(key.to_owned(), removal(true));
        }
    }

    /// The values that were set, without what was removed: for a record that has nothing in common with the one before.
    pub(super) fn without_removals(&self) -> Changes {
        let mut changes = Changes { emptied: Seq::default(), ..self.clone() };
        changes.by_key.retain(|_, change| change.value.is_some());
        changes
    }

    /// Counts a change, of a field or of something else.
    pub(super) fn next(&mut self) -> Seq {
        self.loud = self.next_quiet();
        self.loud
    }

    fn next_quiet(&mut self) -> Seq {
        self.last = Seq(self.last.0 + 1);
        self.last
    }

    /// Counts all changes as saved and keeps them.
    pub(super) fn mark_saved(&mut self) {
        self.saved = self.last;
    }

    /// Forgets the changes up to `point`, which are in `record` now.
    pub(super) fn saved_up_to(&mut self, point: Seq, record: &Record) {
        self.by_key.retain(|key, change| {
            change.cancelled &= record.get(key).is_none();
            change.seq > point && !change.cancelled
        });
        self.saved = point;
        if self.emptied > point {
            // Emptied during the save: the fields that the save wrote go, too.
            self.remove_all_after_emptying(record);
        }
    }

    /// Returns `true` if keys that are not text, which Python allows, are removed too.
    fn removes_other_keys(&self) -> bool {
        self.emptied > self.saved
    }

    /// The entries of `record` with the changes made to them, in Python's order.
    pub(super) fn applied_to<'a>(
        &'a self,
        record: &'a Record,
    ) -> impl Iterator<Item = (RawKey<'a>, &'a [u8])> {
        let kept = record.entries().filter_map(|(key, value)| match key.as_text() {
            None if self.removes_other_keys() => None,
            None => Some((key, value)),
            Some(text) => match self.by_key.get(text).filter(|change| !change.cancelled) {
                None => Some((key, value)),
                Some(change) if change.reinserted => None,
                Some(change) => Some((key, change.value.as_deref()?)),
            },
        });
        let added = self
            .by_key
            .iter()
            .filter(|(key, change)| change.reinserted || record.get(key).is_none())
            .filter_map(|(key, change)| Some((RawKey::Text(key), change.value.as_deref()?)));
        kept.chain(added)
    }

    /// As [`applied_to`](Changes::applied_to), in a list.
    pub(super) fn list_applied_to<'a>(&'a self, record: &'a Record) -> Vec<(RawKey<'a>, &'a [u8])> {
        // The iterator does not know its length, and growing step by step took a third of the time.
        let mut entries = Vec::with_capacity(record.len() + self.by_key.len());
        entries.extend(self.applied_to(record));
        entries
    }

    /// Returns the changes for the record `theirs`, which has replaced `base`: a field that others have changed
    /// follows its policy, and every other change stays as it is. Both records have one format.
    ///
    /// # Errors
    ///
    /// A policy refused, or its result can't be encoded.
    pub(super) fn rebased(&self, base: &Record, theirs: &Record) -> Result<Changes, SaveError> {
        let format = base.format();
        let mut rebased = self.clone();
        for (key, change) in &mut rebased.by_key {
            let Some(merge) = change.rule.merge.filter(|_| !change.cancelled) else { continue };
            let (base, theirs) = (base.get(key), theirs.get(key));
            if base == theirs {
                continue;
            }
            let merged = merge(
                decoded(format, base),
                decoded(format, change.value.as_deref()),
                decoded(format, theirs),
            );
            let not_encoded = |source| SaveError::Encode { key: key.clone(), source };
            change.value = match merged {
                Ok(None | Some(Value::None)) => None,
                Ok(Some(value)) => {
                    let value = if format.has_html() { value } else { value.with_plain_text() };
                    Some(format.encode(&value).map_err(not_encoded)?)
                }
                // The value in the store is not of the field's type, and so reads as absent.
                Err(MergeError::Decode(_)) => continue,
                Err(MergeError::Refused) => return Err(SaveError::Refused { key: key.clone() }),
                Err(MergeError::Encode(source)) => return Err(not_encoded(source)),
            };
        }
        Ok(rebased)
    }

    /// Returns the changes for the record `current` where the request has read an old copy of it: as if they had been made
    /// to that, so that what the copy does not show is removed, too. A field with a policy follows that.
    ///
    /// # Errors
    ///
    /// As [`rebased`](Changes::rebased).
    pub(super) fn made_to(&self, copy: &Record, current: &Record) -> Result<Changes, SaveError> {
        let mut changes = self.rebased(copy, current)?;
        for (key, change) in &mut changes.by_key {
            change.cancelled &= change.rule.merge.is_some() || current.get(key).is_none();
        }
        if changes.removes_other_keys() {
            changes.remove_all_after_emptying(current);
        }
        Ok(changes)
    }

    /// Removes the fields of a record that took the place of the one that was emptied, but those that were set since.
    fn remove_all_after_emptying(&mut self, record: &Record) {
        let removal = || Change::removal(FieldRule::default(), true, self.emptied);
        for key in record.entries().filter_map(|(key, _)| key.as_text()) {
            self.by_key.entry(key.to_owned()).or_insert_with(removal);
        }
    }
}

/// Keeps what others have sealed meanwhile.
pub(super) fn theirs_or_mine(
    _: Option<Value>,
    mine: Option<Value>,
    theirs: Option<Value>,
) -> Result<Option<Value>, MergeError> {
    Ok(theirs.or(mine))
}

/// Decodes a value. One that can't be decoded counts as absent, as it does for the accessors.
fn decoded(format: Format, raw: Option<&[u8]>) -> Option<Value> {
    raw.and_then(|raw| format.decode(raw).ok())
}
