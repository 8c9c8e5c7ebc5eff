//! Entering a session in the list of its user, and ending those beyond the limit.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::change::UserList;
use super::end::Found;
use super::list::{Entering, Entry, Label, List};
use crate::config::WhenFull;
use crate::formats::id::SessionId;
use crate::session::SaveError;
use crate::session::events::EndedBy;

/// A session that is to be in the list.
pub(super) struct Entrant<'a> {
    pub(super) id: &'a SessionId,
    /// The id that the session has had until now.
    pub(super) renews: Option<&'a SessionId>,
    pub(super) label: Label<'a>,
    /// It does not exist yet, so that it can be refused.
    pub(super) is_new: bool,
}

/// Ids that an entry may have before those that were renewed are looked for.
const RENEWED_OFTEN: usize = 4;

/// Sessions that are looked at where there are too many. A log-in may not cost as much as the whole of a long list.
const LOOKED_AT: usize = 32;

/// What was found in the list when the session was entered.
#[derive(Default)]
struct Entered {
    /// The entries that are looked at: whether their sessions live.
    doubtful: Vec<Entry>,
    /// There is no room, and the session was not entered.
    is_full: bool,
}

impl UserList<'_> {
    /// Enters a session. Where that makes too many, the oldest ones are ended, or this one is refused.
    pub(super) async fn enter(&self, entrant: &Entrant<'_>) -> Result<(), SaveError> {
        let config = self.manager.config();
        let limit = config.session_max_per_user.unwrap_or(usize::MAX);
        let refuses = config.session_when_full == WhenFull::Refuse;
        // Where log-ins are refused, nobody is ended for one, and a session that exists already is not refused.
        let kept = if refuses { usize::MAX } else { limit };
        let handle = handle()?;
        let entering = Entering {
            id: entrant.id,
            renews: entrant.renews,
            handle: &handle,
            label: entrant.label,
            now: self.now,
        };
        let mut gone = Vec::new();
        loop {
            let mut entered = Entered::default();
            self.change(|list| {
                list.remove(&gone);
                let before = list.entries.clone();
                let is_new = list.enter(&entering);
                entered.is_full = is_new && refuses && entrant.is_new && list.entries.len() > limit;
                entered.doubtful = match list.excess(kept) {
                    _ if entered.is_full => before,
                    0 => list.often_renewed(entrant.id),
                    _ => list.entries.clone(),
                };
                !entered.is_full
            })
            .await?;
            if entered.is_full && gone.is_empty() {
                gone = self.gone_of(&entered.doubtful).await?;
                if !gone.is_empty() {
                    continue;
                }
            }
            if entered.is_full {
                return Err(SaveError::TooManySessions { limit });
            }
            return self.make_room(entered.doubtful, entrant.id, kept).await;
        }
    }

    /// Ends the oldest sessions of those that were found to be too many, and forgets those that have ended.
    async fn make_room(
        &self,
        mut doubtful: Vec<Entry>,
        newest: &SessionId,
        kept: usize,
    ) -> Result<(), SaveError> {
        if doubtful.is_empty() {
            return Ok(());
        }
        let mut list = List { entries: doubtful.clone() };
        doubtful.truncate(LOOKED_AT);
        let found = self.find(&doubtful).await?;
        let mut gone = ids_gone(&found, newest);
        list.remove(&gone);
        let excess = list.excess(kept);
        let oldest: Vec<Entry> =
            list.entries.into_iter().filter(|entry| !entry.has(newest)).take(excess).collect();
        let is_oldest = |found: &Found| oldest.iter().any(|entry| entry.has(&found.id));
        let ending: Vec<Found> = found.into_iter().filter(is_oldest).collect();
        gone.extend(ending.iter().map(|found| found.id.clone()));
        self.end_found(ending, EndedBy::Limit).await?;
        if !gone.is_empty() {
            self.leave(&gone).await;
        }
        Ok(())
    }

    async fn gone_of(&self, entries: &[Entry]) -> Result<Vec<SessionId>, SaveError> {
        let looked_at = entries.get(..LOOKED_AT).unwrap_or(entries);
        Ok(self.find(looked_at).await?.into_iter().filter(Found::is_gone).map(|found| found.id).collect())
    }
}

impl List {
    /// The entry of an id, if it has many that were renewed.
    fn often_renewed(&self, id: &SessionId) -> Vec<Entry> {
        let entry = self.entries.iter().find(|entry| entry.has(id));
        entry.filter(|entry| entry.ids.len() > RENEWED_OFTEN).into_iter().cloned().collect()
    }
}

/// The ids under which there is nothing, but for the one that was entered just now.
fn ids_gone(found: &[Found], newest: &SessionId) -> Vec<SessionId> {
    found
        .iter()
        .filter(|found| found.is_gone() && found.id != *newest)
        .map(|found| found.id.clone())
        .collect()
}

/// Makes a name by which a page can speak of a session.
fn handle() -> Result<String, SaveError> {
    let mut random = [0; 12];
    getrandom::fill(&mut random).map_err(|error| SaveError::Random(std::io::Error::other(error)))?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}
