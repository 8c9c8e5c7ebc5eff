//! Entering a session in the list of its user, and ending those beyond the limit.

use std::collections::BTreeSet;

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
    /// It is in the list, and so many others are too many, unless they have ended.
    TooMany(Vec<Entry>, usize),
    /// It is in the list, which would be too long with these, the oldest ones.
    TooLong(Vec<Entry>),
    /// It is not in the list, since there are so many too many, unless they have ended.
    Full(Vec<Entry>, usize),
}

/// The entries that were looked at.
#[derive(Default)]
struct Looked {
    /// The handles of entries without one.
    dead: BTreeSet<String>,
    /// The ids under which there is nothing.
    gone: Vec<SessionId>,
}

impl UserList<'_> {
    /// Enters a session. Where a log-in makes too many, the oldest ones are ended, or it is refused.
    pub(super) async fn enter(&self, entrant: &Entrant<'_>) -> Result<(), SaveError> {
        let handle = handle()?;
        let mut looked = Looked::default();
        loop {
            match self.try_to_enter(entrant, &handle, &looked).await? {
                Entered::Done => {}
                Entered::Renewed(entry) => {
                    let looked = self.look(&entry, usize::MAX).await?;
                    self.leave_if_any(&looked.gone).await;
                }
                // One that was ended meanwhile ends no other.
                Entered::TooMany(..) if entrant.exists && !self.has(entrant.id).await? => {
                    self.leave(std::slice::from_ref(entrant.id)).await;
                }
                Entered::TooMany(entries, too_many) => self.make_room(entries, too_many).await?,
                Entered::TooLong(entries) => {
                    let too_many = entries.len();
                    self.make_room(entries, too_many).await?;
                }
                Entered::Full(entries, too_many) => {
                    looked = self.look(&entries, too_many).await?;
                    if looked.dead.len() < too_many {
                        let limit = self.manager.config().session_max_per_user.unwrap_or_default();
                        return Err(SaveError::TooManySessions { limit });
                    }
                    continue;
                }
            }
            return Ok(());
        }
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
        let Entrant { id, exists, before, label } = *entrant;
        let entering = Entering { id, exists, before, handle, label, now: self.now };
        let mut entered = Entered::Done;
        self.change(|list| {
            list.remove(&looked.gone);
            let others_before = list.entries.clone();
            let counts = |entry: &&Entry| !looked.dead.contains(&entry.handle);
            // A session that is in the list already takes nobody's place.
            let too_many = match list.enter(&entering) {
                true => list.entries.iter().filter(counts).count().saturating_sub(limit),
                false => 0,
            };
            let refuses = config.session_when_full == WhenFull::Refuse;
            let too_long = list.shorten();
            let others = || list.entries.iter().filter(|entry| !entry.has(id)).cloned();
            entered = if too_many > 0 && refuses && !exists {
                Entered::Full(others_before, too_many)
            } else if too_many > 0 && !refuses {
                Entered::TooMany(others().collect(), too_many)
            } else if too_long > 0 {
                Entered::TooLong(others().take(too_long).collect())
            } else {
                list.often_renewed(id).map_or(Entered::Done, |entry| Entered::Renewed(vec![entry]))
            };
            !matches!(entered, Entered::Full(..))
        })
        .await?;
        Ok(entered)
    }

    /// Forgets those of the entries that have ended, and ends the oldest of the others, until there are so many fewer.
    async fn make_room(&self, entries: Vec<Entry>, too_many: usize) -> Result<(), SaveError> {
        let Looked { dead, gone } = self.look(&entries, too_many).await?;
        self.leave_if_any(&gone).await;
        let living = entries.iter().filter(|entry| !dead.contains(&entry.handle));
        let oldest = living.take(too_many.saturating_sub(dead.len())).map(|entry| entry.handle.clone());
        let oldest: BTreeSet<String> = oldest.collect();
        // Also under the ids that they get meanwhile.
        self.end(entries, |entry| oldest.contains(&entry.handle), EndedBy::Limit).await?;
        Ok(())
    }

    /// Looks at entries from the oldest on, until so many were found that have ended.
    async fn look(&self, entries: &[Entry], enough: usize) -> Result<Looked, SaveError> {
        let mut looked = Looked::default();
        for some in entries.chunks(AT_ONCE) {
            let found = self.find(some).await?;
            for entry in some {
                if !found.iter().any(|found| entry.has(&found.id) && found.lives()) {
                    looked.dead.insert(entry.handle.clone());
                }
            }
            looked.gone.extend(found.into_iter().filter(Found::is_gone).map(|found| found.id));
            if looked.dead.len() >= enough {
                break;
            }
        }
        Ok(looked)
    }

    async fn leave_if_any(&self, gone: &[SessionId]) {
        if !gone.is_empty() {
            self.leave(gone).await;
        }
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
