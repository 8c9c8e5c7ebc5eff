//! The list of one user's sessions, as it is stored.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::label::Label;
use crate::formats::codec::{EncodeError, Format, RawKey, Record};
use crate::formats::id::SessionId;
use crate::formats::time::unix_seconds;
use crate::formats::value::{from_value, to_value_for};
use crate::store::Loaded;

/// The sessions of one user, in the order in which they were entered.
///
/// An entry is written before the session that it names, and goes after it. So it may name a session that does not exist
/// yet or any more, and no session exists that it does not name.
#[derive(Default)]
pub(super) struct List {
    pub(super) entries: Vec<Entry>,
    /// The life that it was given when it was written.
    pub(super) life: Duration,
}

/// One session, which keeps its entry when its id is renewed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its ids, the newest first. Those behind the first one are about to go, or have gone.
    pub(super) ids: Vec<EnteredId>,
    /// The name by which a page speaks of it. Nobody gets in with it.
    pub(super) handle: String,
    /// When it was entered first, in Unix seconds.
    pub(super) created: u64,
    pub(super) label: String,
}

/// An id, and how many seconds ago it was entered; in the store: when the list was written. Far more, if there was a session
/// under it when it was entered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EnteredId(pub(super) String, pub(super) u64);

/// The age of an id under which there was a session: it is not about to be created.
const HAS_EXISTED: u64 = 1_000_000_000;

/// The ids that a session has had which is entered.
#[derive(Clone, Copy, Default)]
pub(in crate::session) struct Before<'a> {
    /// The one under which it was loaded: also that of a visitor who logs in, so that who does so twice at once is entered
    /// once.
    pub(in crate::session) renews: Option<&'a SessionId>,
    /// The one under which it was to be created first, if nobody knows what came of that.
    pub(in crate::session) instead_of: Option<&'a SessionId>,
}

/// What is entered.
pub(super) struct Entering<'a> {
    pub(super) id: &'a SessionId,
    /// There is a session under it already.
    pub(super) exists: bool,
    pub(super) before: Before<'a>,
    /// A random name, in case that it is a new session.
    pub(super) handle: &'a str,
    pub(super) label: Label<'a>,
    pub(super) now: SystemTime,
}

/// The longest list in bytes, about: so that every store can hold it. MySQL's column takes 65,535.
const LONGEST: usize = 60_000;

/// Sessions that keep their labels in a list that is too long.
const LABELLED: usize = 50;

/// What an entry takes beside its texts, at most.
const PER_ENTRY: usize = 96;

/// What an id takes beside its text, at most.
const PER_ID: usize = 18;

/// The keys of the record: the life that it was given, in seconds, when that was, in Unix seconds, and the entries.
const LIFE: &str = "life";
const WRITTEN: &str = "written";
const SESSIONS: &str = "sessions";

impl Entry {
    pub(super) fn has(&self, id: &SessionId) -> bool {
        self.ids.iter().any(|EnteredId(own, _)| own == id.as_str())
    }

    /// Puts an id in front of the others, or behind them.
    fn put(&mut self, id: &SessionId, age: u64, in_front: bool) {
        self.ids.retain(|EnteredId(own, _)| own != id.as_str());
        let at = if in_front { 0 } else { self.ids.len() };
        self.ids.insert(at, EnteredId(id.as_str().to_owned(), age));
    }

    fn size(&self) -> usize {
        let ids = self.ids.iter().map(|EnteredId(id, _)| id.len() + PER_ID);
        PER_ENTRY + self.label_size() + ids.sum::<usize>()
    }

    /// JSON writes two characters for some.
    fn label_size(&self) -> usize {
        self.label.len() + self.label.matches(['"', '\\']).count()
    }
}

impl List {
    /// Reads a list. `None` if it is not one.
    pub(super) fn read(format: Format, loaded: &Loaded, now: SystemTime) -> Option<Self> {
        let record = loaded.record(format).ok()??;
        let number = |key| from_value::<u64>(record.format().decode(record.get(key)?).ok()?).ok();
        let entries = record.format().decode(record.get(SESSIONS)?).ok()?;
        let mut entries: Vec<Entry> = from_value(entries).ok()?;
        let life = number(LIFE)?;
        let since = since_written(life, number(WRITTEN)?, loaded.expires, now);
        for EnteredId(_, age) in entries.iter_mut().flat_map(|entry| &mut entry.ids) {
            *age = age.saturating_add(since);
        }
        Some(List { entries, life: Duration::from_secs(life) })
    }

    /// Makes the record of the list.
    pub(super) fn record(
        &self,
        format: Format,
        life: Duration,
        now: SystemTime,
    ) -> Result<Record, EncodeError> {
        let encoded = |value| format.encode(&value);
        let life = encoded(to_value_for(format, &life.as_secs())?)?;
        let written = encoded(to_value_for(format, &seconds(now))?)?;
        let sessions = encoded(to_value_for(format, &self.entries)?)?;
        let parts = [(LIFE, &life), (WRITTEN, &written), (SESSIONS, &sessions)];
        let parts = parts.map(|(key, raw)| (RawKey::Text(key), raw.as_slice()));
        Record::join(format, &parts).map_err(|_| EncodeError::too_long())
    }

    /// Enters a session. `true` if it is one that the list has not had.
    pub(super) fn enter(&mut self, entering: &Entering<'_>) -> bool {
        let Entering { id, exists, before: Before { renews, instead_of }, handle, label, now } = *entering;
        let ids = [Some(id), renews, instead_of];
        let known = |entry: &Entry| ids.into_iter().flatten().any(|id| entry.has(id));
        let (place, mut entry) = match self.entries.iter().position(known) {
            Some(at) => (Some(at), self.entries.remove(at)),
            None => {
                let (handle, label) = (handle.to_owned(), label.text.to_owned());
                (None, Entry { ids: Vec::new(), handle, created: seconds(now), label })
            }
        };
        if let Some(renewed) = renews {
            entry.put(renewed, HAS_EXISTED, false);
        }
        entry.put(id, if exists { HAS_EXISTED } else { 0 }, true);
        if label.replaces || entry.label.is_empty() {
            label.text.clone_into(&mut entry.label);
        }
        self.entries.insert(place.unwrap_or(self.entries.len()), entry);
        place.is_none()
    }

    /// Removes ids, and the entries of which none is left. `false` if there were none of them.
    pub(super) fn remove(&mut self, ids: &[SessionId]) -> bool {
        let count = |entries: &[Entry]| entries.iter().map(|entry| entry.ids.len()).sum::<usize>();
        let before = count(&self.entries);
        for entry in &mut self.entries {
            entry.ids.retain(|EnteredId(own, _)| !ids.iter().any(|id| id.as_str() == own));
        }
        self.entries.retain(|entry| !entry.ids.is_empty());
        count(&self.entries) < before
    }

    /// Removes ids under which sessions have ended, as [`remove`](List::remove), and those that were renewed to them: whoever
    /// has the new id has it from an answer, before which the old one was gone.
    pub(super) fn remove_with_renewed(&mut self, ids: &[SessionId]) -> bool {
        for entry in &mut self.entries {
            let mut is_behind = false;
            entry.ids.retain(|EnteredId(own, age)| {
                let is_renewed = is_behind && *age >= HAS_EXISTED;
                is_behind |= ids.iter().any(|id| id.as_str() == own);
                !is_renewed
            });
        }
        self.remove(ids)
    }

    /// Makes a list short enough for every store, as far as old labels can do that. Returns how many of the oldest
    /// sessions have to end for it.
    pub(super) fn shorten(&mut self) -> usize {
        let mut size: usize = self.entries.iter().map(Entry::size).sum();
        let old = self.entries.len().saturating_sub(LABELLED);
        for entry in self.entries.iter_mut().take(old) {
            if size <= LONGEST {
                break;
            }
            size -= entry.label_size();
            entry.label.clear();
        }
        let too_many = self.entries.iter().take_while(|entry| {
            let is_too_long = size > LONGEST;
            size -= entry.size();
            is_too_long
        });
        too_many.count()
    }
}

/// Returns how many seconds ago a list was written: by the clock of the store, which knows how much of its life is left.
///
/// Rather too few than too many: they are added up by everybody who changes the list, and a session that is about to be
/// created must not look old.
fn since_written(life: u64, written: u64, expires: Option<SystemTime>, now: SystemTime) -> u64 {
    let since = match expires {
        Some(expires) => {
            let left = expires.duration_since(now).unwrap_or_default();
            Duration::from_secs(life).saturating_sub(left)
        }
        None => Duration::from_secs(seconds(now).saturating_sub(written)),
    };
    since.saturating_sub(STORES_ROUND).as_secs()
}

/// Some stores count lives in whole seconds.
const STORES_ROUND: Duration = Duration::from_secs(1);

fn seconds(time: SystemTime) -> u64 {
    u64::try_from(unix_seconds(time)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const LIFE: Duration = Duration::from_secs(1000);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn id(number: usize) -> SessionId {
        SessionId::parse(&format!("id-{number:040}"), &[43]).unwrap()
    }

    fn enter(list: &mut List, number: usize, renews: Option<usize>, label: &str) -> bool {
        let (id, renews) = (id(number), renews.map(id));
        list.enter(&Entering {
            id: &id,
            exists: false,
            before: Before { renews: renews.as_ref(), instead_of: None },
            handle: &format!("handle-{number}"),
            label: Label { text: label, replaces: false },
            now: at(500),
        })
    }

    fn stored(list: &List, format: Format, now: SystemTime) -> Loaded {
        Loaded::new(list.record(format, LIFE, now).unwrap().bytes().clone())
    }

    fn ages(list: &List) -> Vec<u64> {
        list.entries.iter().flat_map(|entry| &entry.ids).map(|EnteredId(_, age)| *age).collect()
    }

    fn ids_of(entry: &Entry) -> Vec<&str> {
        entry.ids.iter().map(|EnteredId(id, _)| id.as_str()).collect()
    }

    #[test]
    fn a_list_comes_back_in_every_format_of_records_and_older_by_the_stores_clock() {
        let mut list = List::default();
        enter(&mut list, 1, None, "Firefox");
        enter(&mut list, 2, None, "a \u{1f980} browser");
        for format in [Format::Msgpack, Format::Json] {
            let written = stored(&list, format, at(500));
            // The reader's clock is an hour ahead of the writer's, and the store has kept the list for 90 seconds.
            let read = List::read(format, &written.clone().expiring(at(4100 + 910)), at(4100)).unwrap();
            assert_eq!((ages(&read), read.life), (vec![89, 89], LIFE));
            let [first, second] = read.entries.as_slice() else { panic!() };
            assert_eq!((first.handle.as_str(), first.label.as_str()), ("handle-1", "Firefox"));
            assert_eq!((ids_of(second), second.created), (vec![id(2).as_str()], 500));
            assert_eq!(second.label, "a \u{1f980} browser");
            // A store that does not say when a record ends leaves the clocks of the machines.
            assert_eq!(ages(&List::read(format, &written, at(530)).unwrap()), [29, 29]);
        }
        for other in [b"\x80".as_slice(), b"{}", b"", b"\x81\xa4life\x01", b"\x80\x05}."] {
            assert!(List::read(Format::Msgpack, &Loaded::new(other.to_vec()), at(0)).is_none());
        }
    }

    #[test]
    fn however_often_a_list_is_written_its_entries_look_no_older_than_they_are() {
        let mut list = List::default();
        enter(&mut list, 1, None, "");
        let mut now = at(500);
        for _ in 0..1000 {
            let written = stored(&list, Format::Msgpack, now);
            // What is left is told in whole seconds, as by memcached.
            let ends = now + LIFE - Duration::from_secs(1);
            now += Duration::from_millis(10);
            list = List::read(Format::Msgpack, &written.expiring(ends), now).unwrap();
        }
        assert!(ages(&list)[0] <= 10);
    }

    #[test]
    fn a_renewed_id_keeps_the_entry_and_the_old_id_until_that_is_removed() {
        let mut list = List::default();
        assert!(enter(&mut list, 1, None, "one"));
        assert!(enter(&mut list, 2, None, "two"));
        assert!(!enter(&mut list, 3, Some(1), "other"));
        assert!(!enter(&mut list, 3, Some(3), "other"));
        let first = &list.entries[0];
        assert_eq!((first.handle.as_str(), first.label.as_str()), ("handle-1", "one"));
        assert_eq!(ids_of(first), [id(3).as_str(), id(1).as_str()]);
        assert!(list.remove(&[id(1)]));
        assert_eq!(ids_of(&list.entries[0]), [id(3).as_str()]);
        assert!(list.remove(&[id(3), id(4)]));
        assert!(!list.remove(&[id(3)]));
        assert_eq!(list.entries.len(), 1);
    }

    #[test]
    fn who_logs_in_twice_at_once_is_entered_once_and_what_was_renewed_is_not_about_to_come() {
        let mut list = List::default();
        assert!(enter(&mut list, 1, Some(9), ""));
        assert!(!enter(&mut list, 2, Some(9), ""));
        let [entry] = list.entries.as_slice() else { panic!() };
        assert_eq!(ids_of(entry), [2, 1, 9].map(|number| id(number).as_str().to_owned()));
        assert_eq!(ages(&list), [0, 0, HAS_EXISTED]);
    }

    #[test]
    fn a_list_fits_into_every_store_first_without_old_labels_and_then_without_old_sessions() {
        let mut list = List::default();
        for number in 0..1000 {
            enter(&mut list, number, Some(number + 5000), &"\"".repeat(100));
            let ended = list.shorten();
            list.entries.drain(..ended);
            assert!(stored(&list, Format::Json, at(500)).bytes.len() < 65_535, "{number}");
        }
        assert!(list.entries.len() > 150);
        assert_eq!(list.entries[0].label, "");
        assert_eq!(list.entries.last().unwrap().label.len(), 100);
    }
}
