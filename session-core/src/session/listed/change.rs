//! Changing a list: compare-and-swap, again after each change by others.

use std::time::{Duration, SystemTime};

use super::list::List;
use crate::error_chain::Chain;
use crate::formats::id::SessionId;
use crate::session::SaveError;
use crate::session::manager::{Manager, Server};
use crate::session::save::{level_of, pause};
use crate::store::client::Budget;
use crate::store::{Loaded, New, StoreError, Swap};

/// The life of the list of sessions that live for seconds only: longer than any of them takes to be created.
const AT_LEAST: Duration = Duration::from_secs(300);

/// The list of one user, for one request or task.
#[derive(Clone, Copy)]
pub(super) struct UserList<'a> {
    pub(super) manager: &'a Manager,
    pub(super) server: &'a Server,
    /// The fingerprint of the login value.
    pub(super) user: &'a str,
    pub(super) login_key: Option<&'a str>,
    pub(super) now: SystemTime,
    pub(super) budget: &'a Budget,
}

impl UserList<'_> {
    /// The same list, for one of some calls that are made at once.
    pub(super) fn within<'b>(&'b self, budget: &'b Budget) -> UserList<'b> {
        UserList { budget, ..*self }
    }

    /// Returns the list as it is.
    pub(super) async fn load(&self) -> Result<List, StoreError> {
        let loaded = self.load_under(&self.manager.list_key(self.user)).await?;
        Ok(self.read(loaded.as_ref()))
    }

    /// Changes the list, until `change` returns that there is nothing to write.
    ///
    /// It is called again after each change by others, with the list as it is then.
    pub(super) async fn change(&self, mut change: impl FnMut(&mut List) -> bool) -> Result<(), SaveError> {
        let key = self.manager.list_key(self.user);
        let _lock = self.server.store.lock(self.budget, &key).await?;
        let mut expected = self.load_under(&key).await?;
        for attempt in 0..self.manager.attempts() {
            let mut list = self.read(expected.as_ref());
            if !change(&mut list) || (expected.is_none() && list.entries.is_empty()) {
                return Ok(());
            }
            // One that a process with other settings has written is not to end before its sessions.
            let life = self.life().max(list.life);
            let record = list.record(self.server.format, life, self.now);
            // A list of texts and numbers fits into every format, and is bounded.
            let record = record.map_err(|_| StoreError::over_every_size(0))?;
            let new = New { bytes: record.bytes(), lifetime: Some(life) };
            let new = (!list.entries.is_empty()).then_some(new);
            match self.server.store.swap(self.budget, self.now, &key, expected.as_ref(), new).await? {
                Swap::Done { .. } => return Ok(()),
                Swap::Conflict(current) => expected = current,
            }
            pause(attempt).await;
        }
        Err(SaveError::Contended)
    }

    /// Removes ids whose sessions are gone, as best can be: what is left is removed when the list is shown, or full.
    pub(super) async fn leave(&self, ids: &[SessionId]) {
        if ids.is_empty() {
            return;
        }
        self.leave_by(|list| list.remove(ids)).await;
    }

    /// As [`leave`](UserList::leave), of sessions that were ended by requests that came with these ids.
    pub(super) async fn leave_with_renewed(&self, ids: &[SessionId]) {
        self.leave_by(|list| list.remove_with_renewed(ids)).await;
    }

    async fn leave_by(&self, remove: impl FnMut(&mut List) -> bool) {
        if let Err(error) = self.change(remove).await {
            log::log!(
                level_of(&error),
                "an ended session stays in the list of its user for now: {}",
                Chain(&error)
            );
        }
    }

    /// The life of a list: twice the longest that a session can have, so that it outlives one which is entered again
    /// at a use here after half of that. One that only Flask-Session uses for longer is entered again when it comes here.
    fn life(&self) -> Duration {
        self.manager.config().lifetime_max().saturating_mul(2).saturating_add(AT_LEAST)
    }

    async fn load_under(&self, key: &str) -> Result<Option<Loaded>, StoreError> {
        self.server.store.load(self.budget, self.now, key, None).await
    }

    fn read(&self, loaded: Option<&Loaded>) -> List {
        let Some(loaded) = loaded else { return List::default() };
        List::read(self.server.format, loaded, self.now).unwrap_or_else(|| {
            log::error!("the list of a user's sessions can't be read, and is begun anew");
            List::default()
        })
    }
}
