//! Storing a session under a new id.

use super::SaveError;
use super::draft::{Draft, Life};
use super::save::{Writer, unsaved};
use super::state::Saved;
use crate::formats::id::SessionId;
use crate::store::{StoreError, Swap};

/// A record that was stored under a new id.
struct Created {
    id: SessionId,
    /// What was stored, with the seal of a session that was entered in a list before.
    listed: Option<Draft>,
    version: Option<u64>,
    life: Life,
}

impl Writer<'_> {
    /// Stores a session under a new id. If nobody knows whether that was done, it is done once more under another id:
    /// the first one, which is random, will never be given to anybody. `renews` is the id that the session has had.
    pub(super) async fn create(&self, new: Draft, renews: Option<&SessionId>) -> Result<Saved, SaveError> {
        let created = match self.create_once(&new, renews).await {
            Err(SaveError::Unavailable(error)) if error.is_outage() && !self.budget().left().is_zero() => {
                self.create_once(&new, renews).await?
            }
            created => created?,
        };
        let Created { id, listed, version, life } = created;
        Ok(listed.unwrap_or(new).stored(id, version, life))
    }

    async fn create_once(&self, new: &Draft, renews: Option<&SessionId>) -> Result<Created, SaveError> {
        let id = SessionId::generate(self.manager.config().session_id_length).map_err(SaveError::Random)?;
        // Nobody's session is ended for one that can't be stored.
        self.fits(new).map_err(|error| unsaved(error, Some(new)))?;
        let listed = self.enter_new(new, &id, renews).await?;
        let new = listed.as_ref().unwrap_or(new);
        let life = self.full_life(&new.record);
        match self.swap(&self.manager.store_key(&id), None, Some(new), life).await? {
            Swap::Done { version } => Ok(Created { id, listed, version, life }),
            // All sessions of the user were ended while this one was being created.
            Swap::Conflict(None) if listed.is_some() => Err(SaveError::Ended),
            // A new random id that is taken: the store does not compare, or answers for another key.
            Swap::Conflict(_) => {
                Err(StoreError::invalid_response("a free key for a new random session id").into())
            }
        }
    }
}
