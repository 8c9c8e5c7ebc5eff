//! Ending sessions that a list names, also those that are being created.

use std::time::Duration;

use futures_util::future::join_all;

use super::change::UserList;
use super::list::{Entry, List};
use crate::formats::id::SessionId;
use crate::session::SaveError;
use crate::session::events::{EndedBy, Happening};
use crate::session::save::pause;
use crate::store::{Loaded, New, Swap};

/// The age from which on an entry without a session is that of one which is gone. A younger one may be about to be
/// created: a request has far less time for its calls.
pub(super) const BEING_CREATED: Duration = Duration::from_secs(60);

/// The life of the mark that keeps a session from being created: longer than it can be about to be.
const MARK_LASTS: Duration = Duration::from_secs(120);

/// Records that are asked for at the same time.
const AT_ONCE: usize = 16;

/// An id of an entry, with what the store holds under it.
pub(super) struct Found {
    pub(super) id: SessionId,
    /// `None` if there is nothing, or the session of somebody else.
    pub(super) session: Option<Loaded>,
    /// Nothing is there, and something may come.
    is_being_created: bool,
}

impl Found {
    /// There is no session of this user, and there will be none.
    pub(super) fn is_gone(&self) -> bool {
        self.session.is_none() && !self.is_being_created
    }
}

impl UserList<'_> {
    /// Looks for the sessions of entries.
    pub(super) async fn find(&self, entries: &[Entry]) -> Result<Vec<Found>, SaveError> {
        let mut found = Vec::new();
        let ids: Vec<_> =
            entries.iter().flat_map(|entry| self.ids(entry).map(|id| (id, entry.age))).collect();
        for some in ids.chunks(AT_ONCE) {
            for one in join_all(some.iter().map(|(id, age)| self.find_one(id, *age))).await {
                found.push(one?);
            }
        }
        Ok(found)
    }

    async fn find_one(&self, id: &SessionId, age: u64) -> Result<Found, SaveError> {
        let key = self.manager.store_key(id);
        let loaded = self.server.store.load(self.budget, self.now, &key, None).await?;
        let is_there = loaded.as_ref().is_some_and(|loaded| !self.server.is_ended_mark(loaded));
        let is_being_created = loaded.is_none() && age <= BEING_CREATED.as_secs();
        let session = loaded.filter(|loaded| is_there && self.is_users(loaded));
        Ok(Found { id: id.clone(), session, is_being_created })
    }

    /// Ends sessions that were found, and those that are being created. Returns the ids under which one was ended.
    pub(super) async fn end_found(
        &self,
        found: Vec<Found>,
        by: EndedBy,
    ) -> Result<Vec<SessionId>, SaveError> {
        let mut ended = Vec::new();
        let mut found = found.into_iter().filter(|found| !found.is_gone()).peekable();
        while found.peek().is_some() {
            for one in join_all(found.by_ref().take(AT_ONCE).map(|found| self.end_one(found, by))).await {
                ended.extend(one?);
            }
        }
        Ok(ended)
    }

    /// Ends one session, whatever its record holds by now, unless it has become somebody else's.
    async fn end_one(&self, found: Found, by: EndedBy) -> Result<Option<SessionId>, SaveError> {
        let Found { id, session: mut current, .. } = found;
        let (key, mark) = (self.manager.store_key(&id), self.server.ended_mark());
        for attempt in 0..self.attempts() {
            let new = current.is_none().then_some(New { bytes: mark.bytes(), lifetime: Some(MARK_LASTS) });
            match self.server.store.swap(self.budget, self.now, &key, current.as_ref(), new).await? {
                Swap::Done { .. } => {
                    self.server.ended.add(id.clone());
                    self.tell_of_end(&id, current.as_ref(), by);
                    return Ok(Some(id));
                }
                Swap::Conflict(None) if current.is_some() => return Ok(None),
                Swap::Conflict(None) => {}
                Swap::Conflict(Some(loaded)) if self.server.is_ended_mark(&loaded) => return Ok(Some(id)),
                Swap::Conflict(Some(loaded)) if !self.is_users(&loaded) => return Ok(None),
                Swap::Conflict(Some(loaded)) => current = Some(loaded),
            }
            pause(attempt).await;
        }
        Err(SaveError::Contended)
    }

    /// Tells of the end of a session, but not of one that was only about to be created.
    fn tell_of_end(&self, id: &SessionId, ended: Option<&Loaded>, by: EndedBy) {
        if let Some(record) = ended.and_then(|loaded| self.server.session_in(loaded)) {
            let told = Happening::ended(by, self.now).of(Some(id)).user(&record, self.login_key);
            self.manager.events().tell(told);
        }
    }

    /// Ends the sessions of all entries that are `meant`, which is asked once for each, and removes them from the list.
    /// One that gets another id meanwhile is ended under that. Returns how many sessions were ended.
    pub(super) async fn end(&self, mut meant: impl FnMut(&Entry) -> bool) -> Result<usize, SaveError> {
        let list = self.load().await?;
        let handles: Vec<String> =
            list.entries.iter().filter(|entry| meant(entry)).map(|entry| entry.handle.clone()).collect();
        let (mut list, mut done, mut ended) = (list, Vec::new(), Vec::new());
        let is_meant = |entry: &Entry| handles.contains(&entry.handle);
        for _ in 0..self.attempts() {
            let mut left = self.left(&list, &done, is_meant);
            if left.is_empty() {
                break;
            }
            let found = self.find(&left).await?;
            done.extend(found.iter().map(|found| found.id.clone()));
            let ids = self.end_found(found, EndedBy::Elsewhere).await?;
            ended.extend(
                left.drain(..).filter(|entry| ids.iter().any(|id| entry.has(id))).map(|entry| entry.handle),
            );
            // What was renewed meanwhile has another id by now.
            self.change(|now| {
                let changed = now.remove(&done);
                list = List { entries: now.entries.clone() };
                changed
            })
            .await?;
        }
        ended.sort_unstable();
        ended.dedup();
        Ok(ended.len())
    }

    /// The entries that are meant, with the ids that were not dealt with yet.
    fn left(&self, list: &List, done: &[SessionId], is_meant: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut left =
            List { entries: list.entries.iter().filter(|entry| is_meant(entry)).cloned().collect() };
        left.remove(done);
        left.entries
    }

    fn ids(&self, entry: &Entry) -> impl Iterator<Item = SessionId> {
        entry.ids.iter().filter_map(|id| SessionId::parse(id, &[id.len()]))
    }

    fn is_users(&self, loaded: &Loaded) -> bool {
        let user = self.server.session_in(loaded);
        user.and_then(|record| self.manager.listed_user(&record, self.login_key))
            .is_some_and(|user| user == self.user)
    }
}
