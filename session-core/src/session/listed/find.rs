//! Looking for the sessions that a list names.

use std::time::Duration;

use super::change::UserList;
use super::list::{EnteredId, Entry};
use crate::formats::id::SessionId;
use crate::session::SaveError;
use crate::store::Loaded;

/// The age up to which an entry without a session may be that of one which is about to be created, beside the time that a
/// request has for its calls.
const BEING_CREATED: Duration = Duration::from_secs(60);

/// Records that are asked for at the same time.
pub(super) const AT_ONCE: usize = 16;

/// An id of an entry, with what the store holds under it.
pub(super) struct Found {
    pub(super) id: SessionId,
    pub(super) there: There,
}

/// What the store holds.
pub(super) enum There {
    /// A session of the user.
    Session(Loaded),
    /// The session of a visitor or of another user: Flask-Session changes who is logged in, and may change it back.
    OfSomebodyElse,
    /// Nothing, and a session may come.
    BeingCreated,
    /// Nothing, and nothing will come.
    Gone,
}

impl Found {
    /// There is a session of the user, or there may be one soon.
    pub(super) fn lives(&self) -> bool {
        matches!(self.there, There::Session(_) | There::BeingCreated)
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self.there, There::Gone)
    }

    pub(super) fn session(&self) -> Option<&Loaded> {
        match &self.there {
            There::Session(loaded) => Some(loaded),
            _ => None,
        }
    }
}

impl UserList<'_> {
    /// Looks for the sessions of entries.
    pub(super) async fn find(&self, entries: &[Entry]) -> Result<Vec<Found>, SaveError> {
        let ids: Vec<_> = entries.iter().flat_map(|entry| &entry.ids).filter_map(parsed).collect();
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let look =
                async |(id, age): &(SessionId, u64), share| self.within(&share).find_one(id, *age).await;
            for one in self.budget.at_once(some, look).await {
                found.push(one?);
            }
        }
        Ok(found)
    }

    /// Tells whether the session of this id is one of the user's.
    pub(super) async fn has(&self, id: &SessionId) -> Result<bool, SaveError> {
        Ok(self.find_one(id, u64::MAX).await?.session().is_some())
    }

    async fn find_one(&self, id: &SessionId, age: u64) -> Result<Found, SaveError> {
        let key = self.manager.store_key(id);
        let there = match self.server.store.load(self.budget, self.now, &key, None).await? {
            Some(loaded) if self.server.is_ended_mark(&loaded) => There::Gone,
            Some(loaded) if self.is_users(&loaded) => There::Session(loaded),
            Some(_) => There::OfSomebodyElse,
            None if age <= self.being_created().as_secs() => There::BeingCreated,
            None => There::Gone,
        };
        Ok(Found { id: id.clone(), there })
    }

    /// The age from which on nothing comes any more.
    pub(super) fn being_created(&self) -> Duration {
        BEING_CREATED.saturating_add(self.manager.config().session_request_timeout.saturating_mul(2))
    }

    /// The life of the mark that keeps a session from being created: longer than it can be about to be.
    pub(super) fn mark_lasts(&self) -> Duration {
        self.being_created().saturating_mul(2)
    }

    /// Tells whether a record is a session of the user.
    pub(super) fn is_users(&self, loaded: &Loaded) -> bool {
        let user = self.server.session_in(loaded);
        user.and_then(|record| self.manager.listed_user(&record, self.login_key))
            .is_some_and(|user| user == self.user)
    }
}

/// An id and its age. One that is not an id was written by somebody else.
fn parsed(EnteredId(id, age): &EnteredId) -> Option<(SessionId, u64)> {
    Some((SessionId::parse(id, &[id.len()])?, *age))
}
