//! What a request changed, field by field, and how that meets what others changed meanwhile.

use indexmap::IndexMap;

use crate::formats::codec::{EncodeError, Format, RawKey, Record};
use crate::formats::value::Value;
use crate::session::merge::{MergeError, ValuePolicy};

/// How a change of one field is saved.
#[derive(Debug, Clone, Copy, Default)]
pub struct FieldRule {
    /// What happens if the field changed in the store since it was loaded. `None`: the last write
    /// stands.
    pub merge: Option<ValuePolicy>,
}

/// All changes since the record was loaded or last saved, in the order of the first change.
#[derive(Clone, Default)]
pub(crate) struct Changes {
    by_key: IndexMap<String, Change>,
    /// When everything that the session held was dropped; what was set afterwards is newer.
    emptied: u64,
    /// Counts changes, so that a save knows which of them it has written.
    clock: u64,
    /// The count up to which changes are in the record.
    saved: u64,
}

/// The new state of one field.
#[derive(Clone)]
pub(crate) struct Change {
    /// The encoded value; `None` where the field was removed.
    pub(crate) mine: Option<Vec<u8>>,
    rule: FieldRule,
    /// Removed and set again: Python puts such a key last.
    moved: bool,
    /// Set and removed again in this request: no change, unless a save has taken what was set with it.
    void: bool,
    at: u64,
}

impl Change {
    pub(crate) fn to(raw: Vec<u8>, rule: FieldRule) -> Self {
        Change { mine: Some(raw), rule, moved: false, void: false, at: 0 }
    }

    fn removal(rule: FieldRule, in_record: bool, at: u64) -> Self {
        Change { mine: None, rule, moved: false, void: !in_record, at }
    }
}

/// Why changes can't be applied to the current record.
#[derive(Debug)]
pub(crate) enum Unmergeable {
    /// A field with `merge = "refuse"` (or an own function) refused.
    Refused(String),
    /// A merged value can't be encoded.
    Encode(String, EncodeError),
}

impl Changes {
    pub(crate) fn get(&self, key: &str) -> Option<&Change> {
        self.by_key.get(key).filter(|change| !change.void)
    }

    /// Whether there is anything to save; what a new session starts with is not.
    pub(crate) fn is_dirty(&self) -> bool {
        self.clock > self.saved
    }

    /// Whether what the session holds is what the record holds: most requests change nothing.
    pub(crate) fn are_none(&self) -> bool {
        self.by_key.is_empty() && !self.drops_others()
    }

    /// What a new session holds from the start; stored only together with something else.
    pub(crate) fn preset(&mut self, key: &str, raw: Vec<u8>) {
        self.by_key.insert(key.to_owned(), Change::to(raw, FieldRule::default()));
    }

    pub(crate) fn set(&mut self, key: &str, mut change: Change, in_record: bool) {
        self.clock += 1;
        change.at = self.clock;
        match self.by_key.get_mut(key) {
            Some(earlier) if earlier.mine.is_some() => {
                change.moved = earlier.moved;
                *earlier = change;
            }
            Some(_) => {
                change.moved = in_record;
                self.by_key.shift_remove(key);
                self.by_key.insert(key.to_owned(), change);
            }
            None => {
                self.by_key.insert(key.to_owned(), change);
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &str, rule: FieldRule, in_record: bool) {
        self.clock += 1;
        // What was set in this request may be on its way to the record: its removal is a change too.
        if in_record || self.by_key.contains_key(key) {
            self.by_key.insert(key.to_owned(), Change::removal(rule, in_record, self.clock));
        }
    }

    /// Removes everything: what `record` holds, what was set in this request, and what a save that is
    /// on its way may find.
    pub(crate) fn empty(&mut self, record: &Record) {
        self.clock += 1;
        self.emptied = self.clock;
        let gone = |in_record| Change::removal(FieldRule::default(), in_record, self.clock);
        for change in self.by_key.values_mut() {
            *change = gone(false);
        }
        for key in record.entries().filter_map(|(key, _)| key.as_text()) {
            self.by_key.insert(key.to_owned(), gone(true));
        }
    }

    /// Counts a change that is none of a field.
    pub(crate) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// The moment up to which changes are in a snapshot taken now.
    pub(crate) fn moment(&self) -> u64 {
        self.clock
    }

    /// Counts all changes so far as saved and keeps them.
    pub(crate) fn settled(&mut self) {
        self.saved = self.clock;
    }

    /// Forgets the changes made up to `moment`: they are in `record` now.
    pub(crate) fn saved_up_to(&mut self, moment: u64, record: &Record) {
        self.by_key.retain(|key, change| {
            change.void &= record.get(key).is_none();
            change.at > moment && !change.void
        });
        self.saved = moment;
        if self.emptied > moment {
            // Emptied while the save was on its way: what it has written was not meant to stay.
            let gone = || Change::removal(FieldRule::default(), true, self.emptied);
            for key in record.entries().filter_map(|(key, _)| key.as_text()) {
                self.by_key.entry(key.to_owned()).or_insert_with(gone);
            }
        }
    }

    /// Whether keys that are no text (Python allows them) go too.
    fn drops_others(&self) -> bool {
        self.emptied > self.saved
    }

    /// The record's entries with the changes made to them, in Python's order.
    pub(crate) fn merged_entries<'a>(
        &'a self,
        record: &'a Record,
    ) -> impl Iterator<Item = (RawKey<'a>, &'a [u8])> {
        let kept = record.entries().filter_map(|(key, raw)| match key.as_text() {
            None if self.drops_others() => None,
            None => Some((key, raw)),
            Some(text) => match self.get(text) {
                None => Some((key, raw)),
                Some(change) if change.moved => None,
                Some(change) => Some((key, change.mine.as_deref()?)),
            },
        });
        let added = self
            .by_key
            .iter()
            .filter(|(key, change)| change.moved || record.get(key).is_none())
            .filter_map(|(key, change)| Some((RawKey::Text(key), change.mine.as_deref()?)));
        kept.chain(added)
    }

    /// The same, at hand for joining.
    pub(crate) fn merged<'a>(&'a self, record: &'a Record) -> Vec<(RawKey<'a>, &'a [u8])> {
        // The iterator does not know how many it gives, and growing step by step took a third of the time.
        let mut entries = Vec::with_capacity(record.len() + self.by_key.len());
        entries.extend(self.merged_entries(record));
        entries
    }

    /// The same changes for a record that is not the loaded one any more: a field that others have
    /// changed since `base` follows its policy, every other change simply stands.
    ///
    /// Both records have to be in one format.
    pub(crate) fn rebased(&self, base: &Record, theirs: &Record) -> Result<Changes, Unmergeable> {
        let format = base.format();
        let mut rebased = self.clone();
        for (key, change) in &mut rebased.by_key {
            let Some(merge) = change.rule.merge.filter(|_| !change.void) else { continue };
            let (base, theirs) = (base.get(key), theirs.get(key));
            if base == theirs {
                continue;
            }
            let merged = merge(
                decoded(format, base),
                decoded(format, change.mine.as_deref()),
                decoded(format, theirs),
            );
            change.mine = match merged {
                Ok(None | Some(Value::None)) => None,
                Ok(Some(value)) => {
                    let value = if format.has_html() { value } else { value.with_plain_text() };
                    let raw = format.encode(&value);
                    Some(raw.map_err(|source| Unmergeable::Encode(key.clone(), source))?)
                }
                // What is there now is not of the field's type, and so reads as absent.
                Err(MergeError::Decode(_)) => continue,
                Err(MergeError::Refused) => return Err(Unmergeable::Refused(key.clone())),
                Err(MergeError::Encode(source)) => return Err(Unmergeable::Encode(key.clone(), source)),
            };
        }
        Ok(rebased)
    }
}

/// A value that can't be decoded counts as absent, as it does for the accessors.
fn decoded(format: Format, raw: Option<&[u8]>) -> Option<Value> {
    raw.and_then(|raw| format.decode(raw).ok())
}
