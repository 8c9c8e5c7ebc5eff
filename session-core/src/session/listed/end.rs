//! Ending sessions that a list names, also those that are being created.

use std::collections::BTreeSet;

use super::change::UserList;
use super::find::{AT_ONCE, Found, There};
use super::list::{Entry, List};
use crate::formats::id::SessionId;
use crate::session::SaveError;
use crate::session::events::{EndedBy, Happening};
use crate::session::save::pause;
use crate::store::{New, Swap};

/// What has become of a session that was to end.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Ended,
    /// It had ended before, or will not begin.
    Gone,
    /// It is somebody else's.
    Spared,
}

/// What has been done so far to end sessions.
#[derive(Default)]
struct Progress {
    /// The ids that were dealt with.
    done: Vec<SessionId>,
    /// Those of them under which there is nothing any more.
    gone: Vec<SessionId>,
    /// The handles of the sessions that were ended.
    ended: BTreeSet<String>,
}

impl Progress {
    fn note(&mut self, id: &SessionId, fate: Fate, entries: &[Entry]) {
        self.done.push(id.clone());
        if fate != Fate::Spared {
            self.gone.push(id.clone());
        }
        if fate == Fate::Ended {
            self.ended.extend(entries.iter().filter(|entry| entry.has(id)).map(|entry| entry.handle.clone()));
        }
    }

    /// The entries that are meant, with the ids that were not dealt with yet.
    fn left_of(&self, entries: &[Entry], meant: &BTreeSet<String>) -> Vec<Entry> {
        let meant = entries.iter().filter(|entry| meant.contains(&entry.handle));
        let mut left = List { entries: meant.cloned().collect(), ..List::default() };
        left.remove(&self.done);
        left.entries
    }
}

impl UserList<'_> {
    /// Ends the sessions of those of the list's entries that are `meant`, and removes them from the list. One that gets
    /// another id meanwhile is ended under that. Returns how many sessions were ended.
    pub(super) async fn end(
        &self,
        mut entries: Vec<Entry>,
        meant: impl Fn(&Entry) -> bool,
        by: EndedBy,
    ) -> Result<usize, SaveError> {
        let handles = entries.iter().filter(|entry| meant(entry)).map(|entry| entry.handle.clone());
        let handles: BTreeSet<String> = handles.collect();
        let mut progress = Progress::default();
        let mut attempts = 0..self.manager.attempts();
        loop {
            let left = progress.left_of(&entries, &handles);
            if left.is_empty() {
                return Ok(progress.ended.len());
            }
            if attempts.next().is_none() {
                return Err(SaveError::Contended);
            }
            let ended = self.end_entries(&left, by, &mut progress).await;
            // What was renewed meanwhile has another id by now; and what was ended before a failure leaves the list.
            self.change(|now| {
                let changed = now.remove(&progress.gone);
                entries.clone_from(&now.entries);
                changed
            })
            .await?;
            ended?;
        }
    }

    async fn end_entries(
        &self,
        entries: &[Entry],
        by: EndedBy,
        progress: &mut Progress,
    ) -> Result<(), SaveError> {
        for some in entries.chunks(AT_ONCE) {
            let found = self.find(some).await?;
            let end = async |found, share| self.within(&share).end_one(found, by).await;
            let fates = self.budget.at_once(&found, end).await;
            let mut failed = None;
            for (found, fate) in found.iter().zip(fates) {
                match fate {
                    Ok(fate) => {
                        if fate == Fate::Gone {
                            self.server.store.note_removal(self.budget);
                        }
                        progress.note(&found.id, fate, some);
                    }
                    Err(error) => failed = Some(error),
                }
            }
            failed.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    /// Ends a session, whatever its record holds by now, unless it has become somebody else's.
    async fn end_one(&self, found: &Found, by: EndedBy) -> Result<Fate, SaveError> {
        let Found { id, there } = found;
        let mut current = match there {
            There::Session(loaded) => Some(loaded.clone()),
            There::BeingCreated => None,
            There::OfSomebodyElse => return Ok(Fate::Spared),
            There::Gone => return Ok(Fate::Gone),
        };
        let (key, mark) = (self.manager.store_key(id), self.server.ended_mark());
        let mark = New { bytes: mark.bytes(), lifetime: Some(self.mark_lasts()) };
        for attempt in 0..self.manager.attempts() {
            let new = current.is_none().then_some(mark);
            match self.server.store.swap(self.budget, self.now, &key, current.as_ref(), new).await? {
                Swap::Done { .. } => {
                    self.server.ended.add(id.clone());
                    let Some(ended) = &current else { return Ok(Fate::Gone) };
                    let told = Happening::ended(by, self.now).of(Some(id));
                    self.server.tell_of(self.manager, told, ended, self.login_key);
                    return Ok(Fate::Ended);
                }
                Swap::Conflict(None) if current.is_some() => return Ok(Fate::Gone),
                Swap::Conflict(None) => {}
                Swap::Conflict(Some(loaded)) if self.server.is_ended_mark(&loaded) => return Ok(Fate::Gone),
                Swap::Conflict(Some(loaded)) if !self.is_users(&loaded) => return Ok(Fate::Spared),
                Swap::Conflict(Some(loaded)) => current = Some(loaded),
            }
            pause(attempt).await;
        }
        Err(SaveError::Contended)
    }
}
