//! The list of one user's sessions, as it is stored.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

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
}

/// One session, which keeps its entry when its id is renewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its ids, the newest first. Those behind the first one were renewed, and their records are about to go.
    pub(super) ids: Vec<String>,
    /// The name by which a page speaks of it. Nobody gets in with it.
    pub(super) handle: String,
    /// When it was entered first, in Unix seconds.
    pub(super) created: u64,
    /// How many seconds ago it was last entered. In the store: at the time at which the list was written.
    pub(super) age: u64,
    pub(super) label: String,
}

/// What is entered.
pub(super) struct Entering<'a> {
    pub(super) id: &'a SessionId,
    /// The id that the session has had until now.
    pub(super) renews: Option<&'a SessionId>,
    /// A random name, in case that it is a new session.
    pub(super) handle: &'a str,
    pub(super) label: Label<'a>,
    pub(super) now: SystemTime,
}

/// The label of a session.
#[derive(Clone, Copy)]
pub(super) struct Label<'a> {
    pub(super) text: &'a str,
    /// It takes the place of the one that the session has.
    pub(super) replaces: bool,
}

/// The longest list in bytes, about: so that every store can hold it. MySQL's column takes 65,535.
const LONGEST: usize = 60_000;

/// Sessions that keep their labels in a list that is too long.
const LABELLED: usize = 100;

/// What an entry takes beside its texts, at most.
const PER_ENTRY: usize = 96;

/// The keys of the record: the life that it was given, in seconds, when that was, in Unix seconds, and the entries.
const LIFE: &str = "life";
const WRITTEN: &str = "written";
const SESSIONS: &str = "sessions";

impl Entry {
    pub(super) fn has(&self, id: &SessionId) -> bool {
        self.ids.iter().any(|own| own == id.as_str())
    }

    fn size(&self) -> usize {
        PER_ENTRY + self.label.len() + self.ids.iter().map(|id| id.len() + 2).sum::<usize>()
    }
}

impl List {
    /// Reads a list. `None` if it is not one.
    pub(super) fn read(format: Format, loaded: &Loaded, now: SystemTime) -> Option<Self> {
        let record = loaded.record(format).ok()??;
        let number = |key| from_value::<u64>(record.format().decode(record.get(key)?).ok()?).ok();
        let entries = record.format().decode(record.get(SESSIONS)?).ok()?;
        let mut entries: Vec<Entry> = from_value(entries).ok()?;
        let since = since_written(number(LIFE)?, number(WRITTEN)?, loaded.expires, now);
        for entry in &mut entries {
            entry.age = entry.age.saturating_add(since);
        }
        Some(List { entries })
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
        let Entering { id, renews, handle, label, now } = *entering;
        let known = self
            .entries
            .iter_mut()
            .find(|entry| entry.has(id) || renews.is_some_and(|before| entry.has(before)));
        if let Some(entry) = known {
            entry.ids.retain(|own| own != id.as_str());
            entry.ids.insert(0, id.as_str().to_owned());
            entry.age = 0;
            if label.replaces {
                label.text.clone_into(&mut entry.label);
            }
            return false;
        }
        self.entries.push(Entry {
            ids: vec![id.as_str().to_owned()],
            handle: handle.to_owned(),
            created: seconds(now),
            age: 0,
            label: label.text.to_owned(),
        });
        true
    }

    /// Removes ids, and the entries of which none is left. `false` if there were none of them.
    pub(super) fn remove(&mut self, ids: &[SessionId]) -> bool {
        let count = |entries: &[Entry]| entries.iter().map(|entry| entry.ids.len()).sum::<usize>();
        let before = count(&self.entries);
        for entry in &mut self.entries {
            entry.ids.retain(|own| !ids.iter().any(|id| id.as_str() == own));
        }
        self.entries.retain(|entry| !entry.ids.is_empty());
        count(&self.entries) < before
    }

    /// Removes what was entered so long ago that its session would have been entered again if it were alive.
    pub(super) fn forget_older_than(&mut self, age: Duration) {
        self.entries.retain(|entry| entry.age <= age.as_secs());
    }

    /// Returns how many of the oldest sessions have to end, so that there are at most `limit` and the list is not too
    /// long for a store. Before one ends for its length, old labels go.
    pub(super) fn excess(&mut self, limit: usize) -> usize {
        let mut size: usize = self.entries.iter().map(Entry::size).sum();
        let old = self.entries.len().saturating_sub(LABELLED);
        for entry in self.entries.iter_mut().take(old) {
            if size <= LONGEST {
                break;
            }
            size -= entry.label.len();
            entry.label.clear();
        }
        let mut ended = self.entries.len().saturating_sub(limit);
        let mut sizes = self.entries.iter().map(Entry::size);
        size -= sizes.by_ref().take(ended).sum::<usize>();
        while size > LONGEST
            && let Some(next) = sizes.next()
        {
            size -= next;
            ended += 1;
        }
        ended
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
            renews: renews.as_ref(),
            handle: &format!("handle-{number}"),
            label: Label { text: label, replaces: false },
            now: at(500),
        })
    }

    fn stored(list: &List, format: Format, now: SystemTime) -> Loaded {
        Loaded::new(list.record(format, LIFE, now).unwrap().bytes().clone())
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
            assert_eq!(read.entries[0], Entry { age: 89, ..list.entries[0].clone() });
            assert_eq!(read.entries[1].label, "a \u{1f980} browser");
            // A store that does not say when a record ends leaves the clocks of the machines.
            let read = List::read(format, &written, at(530)).unwrap();
            assert_eq!(read.entries[1].age, 29);
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
        assert!(list.entries[0].age <= 10, "{}", list.entries[0].age);
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
        assert_eq!(first.ids, [id(3).as_str(), id(1).as_str()]);
        assert!(list.remove(&[id(1)]));
        assert_eq!(list.entries[0].ids, [id(3).as_str()]);
        assert!(list.remove(&[id(3), id(4)]));
        assert!(!list.remove(&[id(3)]));
        assert_eq!(list.entries.len(), 1);
    }

    #[test]
    fn a_list_fits_into_every_store_first_without_old_labels_and_then_without_old_sessions() {
        let mut list = List::default();
        for number in 0..1000 {
            enter(&mut list, number, None, &"x".repeat(200));
            let ended = list.excess(usize::MAX);
            list.entries.drain(..ended);
            assert!(stored(&list, Format::Json, at(500)).bytes.len() < 65_535, "{number}");
        }
        assert!(list.entries.len() > 250);
        assert_eq!(list.entries[0].label, "");
        assert_eq!(list.entries.last().unwrap().label.len(), 200);
        assert_eq!(list.excess(5), list.entries.len() - 5);
    }
}
