//! Storing a session under a new id.

use super::SaveError;
use super::draft::{Draft, Life};
use super::listed::Before;
use super::save::{Writer, level, unsaved};
use super::state::Saved;
use crate::error_chain::Chain;
use crate::formats::id::SessionId;
use crate::store::{StoreError, Swap};

impl Writer<'_> {
    /// Stores a session under a new id. If nobody knows whether that was done, it is done once more under another id:
    /// the first one, which is random, will never be given to anybody. `renews` is the id that the session has had.
    pub(super) async fn create(&self, new: Draft, renews: Option<&SessionId>) -> Result<Saved, SaveError> {
        // Nobody's session is ended for one that can't be stored.
        self.fits(&new).map_err(|error| unsaved(error, Some(&new)))?;
        let user = self.user_of(&new.record);
        let id = self.new_id()?;
        let mut new = self.sealed(new, &id);
        let before = Before { renews, instead_of: None };
        match self.create_as(&new, &id, user.as_deref(), before).await {
            Err(SaveError::Unavailable(error)) if error.is_outage() && !self.budget().left().is_zero() => {
                let first = id;
                let id = self.new_id()?;
                new = self.sealed(new, &id);
                let before = Before { renews, instead_of: Some(&first) };
                let (version, life) = self.create_as(&new, &id, user.as_deref(), before).await?;
                if user.is_some() {
                    self.give_up(&first).await;
                }
                Ok(new.stored(id, version, life))
            }
            created => {
                let (version, life) = created?;
                Ok(new.stored(id, version, life))
            }
        }
    }

    pub(super) fn new_id(&self) -> Result<SessionId, SaveError> {
        SessionId::generate(self.manager.config().session_id_length).map_err(SaveError::Random)
    }

    /// Stores a session under this id. One of a user whose sessions are listed is entered before.
    async fn create_as(
        &self,
        new: &Draft,
        id: &SessionId,
        user: Option<&str>,
        before: Before<'_>,
    ) -> Result<(Option<u64>, Life), SaveError> {
        if let Some(user) = user {
            self.enter_new(user, id, before).await?;
        }
        let life = self.full_life(&new.record);
        match self.swap(&self.manager.store_key(id), None, Some(new), life).await? {
            Swap::Done { version } => Ok((version, life)),
            // All sessions of the user were ended while this one was being created.
            Swap::Conflict(None) if user.is_some() => Err(SaveError::Ended),
            // A new random id that is taken: the store does not compare, or answers for another key.
            Swap::Conflict(_) => {
                Err(StoreError::invalid_response("a free key for a new random session id").into())
            }
        }
    }

    /// Deletes what may have been stored under an id that nobody has, so that no list shows it. It stays in the list: what
    /// is still under way to the store may come later.
    async fn give_up(&self, id: &SessionId) {
        if let Err(error) = self.try_to_give_up(&self.manager.store_key(id)).await {
            log::log!(
                level(&error),
                "what a first try may have stored could not be deleted: {}",
                Chain(&error)
            );
        }
    }

    async fn try_to_give_up(&self, key: &str) -> Result<(), StoreError> {
        // A mark that is there stays.
        if let Some(loaded) = self.server.load(self.budget(), self.now, key).await? {
            self.server.swap(self.budget(), self.now, key, Some(&loaded), None).await?;
        }
        Ok(())
    }
}
