//! Entering a session in the list of its user, and ending those beyond the limit.

use std::collections::BTreeSet;
use std::slice;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::change::UserList;
use super::find::{AT_ONCE, Found};
use super::label::Label;
use super::list::{Before, EnteredId, Entering, Entry, List};
use crate::config::WhenFull;
use crate::formats::id::SessionId;
use crate::session::SaveError;
use crate::session::events::EndedBy;
use crate::session::save::pause;

/// A session that is to be in the list.
pub(super) struct Entrant<'a> {
    pub(super) id: &'a SessionId,
    /// It exists already, so that it can't be refused.
    pub(super) exists: bool,
    pub(super) before: Before<'a>,
    pub(super) label: Label<'a>,
}

/// Ids that an entry may have before those that were renewed are looked for.
const RENEWED_OFTEN: usize = 4;

/// What was found in the list when the session was to be entered.
enum Entered {
    /// It is in the list, and that is all.
    Done,
    /// It is in the list, and these ids of its entry may be gone.
    Renewed(Vec<Entry>),
    /// It is in the list, and so many of those before it are too many, unless they have ended.
    TooMany(Vec<Entry>, usize),
    /// It is in the list, which is too long by so many entries, of those before it, unless they are gone.
    TooLong(Vec<Entry>, usize),
    /// It is not in the list, since there are so many too many, unless they have ended.
    Full(Vec<Entry>, usize),
}

/// The entries that were looked at.
#[derive(Default)]
struct Looked {
    /// The handles of entries without a living session.
    dead: BTreeSet<String>,
    /// How many entries have nothing under any of their ids.
    empty: usize,
    /// The ids under which there is nothing.
    gone: Vec<SessionId>,
}

impl UserList<'_> {
    /// Enters a session. Where a log-in makes too many, the oldest ones are ended, or it is refused. `false` if it has ended
    /// meanwhile, and is not in the list.
    pub(super) async fn enter(&self, entrant: &Entrant<'_>) -> Result<bool, SaveError> {
        let handle = handle()?;
        let mut looked = Looked::default();
        for attempt in 0..self.manager.attempts() {
            let entered = self.try_to_enter(entrant, &handle, &looked).await?;
            if let Entered::TooMany(..) | Entered::TooLong(..) = &entered
                && entrant.exists
                && !self.has(entrant.id).await?
            {
                // One that was ended meanwhile ends no other.
                self.leave(slice::from_ref(entrant.id)).await;
                return Ok(false);
            }
            match entered {
                Entered::Done => {}
                Entered::Renewed(entry) => {
                    let looked = self.look(&entry, |_| false).await?;
                    self.leave(&looked.gone).await;
                }
                Entered::TooMany(entries, too_many) => {
                    let looked = self.look(&entries, |looked| looked.dead.len() >= too_many).await?;
                    let left = too_many.saturating_sub(looked.dead.len());
                    self.make_room(entries, looked, left).await?;
                }
                Entered::TooLong(entries, too_many) => {
                    let looked = self.look(&entries, |looked| looked.empty >= too_many).await?;
                    let left = too_many.saturating_sub(looked.empty);
                    self.make_room(entries, looked, left).await?;
                }
                Entered::Full(entries, too_many) => {
                    let more = self.look(&entries, |looked| looked.dead.len() >= too_many).await?;
                    if more.dead.len() < too_many {
                        let limit = self.manager.config().session_max_per_user.unwrap_or_default();
                        return Err(SaveError::TooManySessions { limit });
                    }
                    looked.dead.extend(more.dead);
                    looked.gone.extend(more.gone);
                    pause(attempt).await;
                    continue;
                }
            }
            return Ok(true);
        }
        Err(SaveError::Contended)
    }

    /// `looked` says which entries do not count.
    async fn try_to_enter(
        &self,
        entrant: &Entrant<'_>,
        handle: &str,
        looked: &Looked,
    ) -> Result<Entered, SaveError> {
        let config = self.manager.config();
        let limit = config.session_max_per_user.unwrap_or(usize::MAX);
        let refuses = config.session_when_full == WhenFull::Refuse;
        let Entrant { id, exists, before, label } = *entrant;
        let entering = Entering { id, exists, before, handle, label, now: self.now };
        let mut entered = Entered::Done;
        self.change(|list| {
            list.remove(&looked.gone);
            let counts = |entry: &&Entry| !looked.dead.contains(&entry.handle);
            let others: Vec<Entry> = list.entries.iter().filter(counts).cloned().collect();
            let is_new = list.enter(&entering);
            let too_many = list.entries.iter().filter(counts).count().saturating_sub(limit);
            let too_long = list.shorten();
            // A session that the list has had already takes the place of older ones only, which were to go before.
            let older = || list.entries.iter().take_while(|entry| !entry.has(id)).cloned().collect();
            entered = if too_many > 0 && refuses && is_new && !exists {
                Entered::Full(others, too_many)
            } else if too_many > 0 && !refuses {
                Entered::TooMany(older(), too_many)
            } else if too_long > 0 {
                Entered::TooLong(older(), too_long)
            } else {
                list.often_renewed(id).map_or(Entered::Done, |entry| Entered::Renewed(vec![entry]))
            };
            !matches!(entered, Entered::Full(..))
        })
        .await?;
        Ok(entered)
    }

    /// Forgets those of the entries that have ended, and ends so many of the others, the oldest.
    async fn make_room(&self, entries: Vec<Entry>, looked: Looked, left: usize) -> Result<(), SaveError> {
        self.leave(&looked.gone).await;
        let living = entries.iter().filter(|entry| !looked.dead.contains(&entry.handle));
        let oldest: BTreeSet<String> = living.take(left).map(|entry| entry.handle.clone()).collect();
        // Also under the ids that they get meanwhile.
        self.end(entries, |entry| oldest.contains(&entry.handle), EndedBy::Limit).await?;
        Ok(())
    }

    /// Looks at entries from the oldest on, until that is enough.
    async fn look(
        &self,
        entries: &[Entry],
        is_enough: impl Fn(&Looked) -> bool,
    ) -> Result<Looked, SaveError> {
        let mut looked = Looked::default();
        for some in entries.chunks(AT_ONCE) {
            let found = self.find(some).await?;
            for entry in some {
                let mut of_entry = found.iter().filter(|found| entry.has(&found.id));
                looked.empty += usize::from(of_entry.clone().all(Found::is_gone));
                if !of_entry.any(Found::lives) {
                    looked.dead.insert(entry.handle.clone());
                }
            }
            looked.gone.extend(found.into_iter().filter(Found::is_gone).map(|found| found.id));
            if is_enough(&looked) {
                break;
            }
        }
        Ok(looked)
    }
}

impl List {
    /// The entry of an id, without that id, if it has many that were renewed.
    fn often_renewed(&self, id: &SessionId) -> Option<Entry> {
        let mut entry = self.entries.iter().find(|entry| entry.has(id))?.clone();
        entry.ids.retain(|EnteredId(own, _)| own != id.as_str());
        (entry.ids.len() >= RENEWED_OFTEN).then_some(entry)
    }
}

/// Makes a name by which a page can speak of a session.
fn handle() -> Result<String, SaveError> {
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|error| SaveError::Random(std::io::Error::other(error)))?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}
