//! Saving what was only sealed: as best can be, since the request has its answer whatever comes of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::SaveError;
use super::draft::Draft;
use super::identity::StoredRecord;
use super::save::{Plan, Writer, level_of, pause};
use super::state::Saved;
use crate::error_chain::Chain;
use crate::store::Swap;

/// What has become of what was sealed.
enum Sealed {
    Done(Saved),
    /// The session has ended meanwhile, or has a new id.
    Gone,
    /// The session is another user's by now, or holds nothing.
    NotOurs,
}

impl Writer<'_> {
    /// Adds to a record what was sealed. If that can't be done, the next request seals anew.
    pub(super) async fn seal(&self, stored: &StoredRecord, plan: &Plan) -> Saved {
        let as_it_was = || Saved::new(Some(stored.clone()), Arc::clone(&plan.base));
        match self.try_to_seal(stored, plan).await {
            Ok(Sealed::Done(saved)) => saved,
            Ok(Sealed::Gone) => as_it_was().renewed(stored.id.clone()),
            Ok(Sealed::NotOurs) => as_it_was(),
            Err(error) => {
                let is_full = matches!(error, SaveError::RecordTooLarge { .. });
                log::log!(
                    self.level_of(&error, is_full),
                    "what was sealed in a session could not be written: {}",
                    Chain(&error)
                );
                match is_full && plan.due {
                    // Its life needs no room.
                    true => self.extend(stored, Arc::clone(&plan.base)).await,
                    false => as_it_was(),
                }
            }
        }
    }

    /// The level at which a failure is told. A record that is full is so at each read: of all such it is told once.
    fn level_of(&self, error: &SaveError, is_full: bool) -> log::Level {
        match error {
            _ if is_full && self.server.told_of_full_record.swap(true, Ordering::Relaxed) => {
                log::Level::Debug
            }
            error => level_of(error),
        }
    }

    async fn try_to_seal(&self, stored: &StoredRecord, plan: &Plan) -> Result<Sealed, SaveError> {
        let key = self.manager.store_key(&stored.id);
        let _lock = self.server.store.lock(self.budget(), &key).await?;
        let mut expected = stored.loaded.clone();
        let mut new = Draft::new(&plan.changes, &plan.base)?;
        for attempt in 0..self.attempts() {
            let life = self.life(&new, &expected, plan);
            let written = Some(self.checked(&new, life)?);
            // Not noted as a write whose outcome may stay unknown: to do it twice is to do it once.
            let swapped = self.server.swap(self.budget(), self.now, &key, Some(&expected), written).await?;
            expected = match swapped {
                Swap::Done { version } => {
                    return Ok(Sealed::Done(new.stored(stored.id.clone(), version, life)));
                }
                Swap::Conflict(None) => return Ok(Sealed::Gone),
                Swap::Conflict(Some(current)) => current,
            };
            new = match plan.merged_into(&expected, self.login_key())? {
                Some(merged) if !merged.empty => merged,
                _ => return Ok(Sealed::NotOurs),
            };
            if *new.record.bytes() == expected.bytes {
                // Others have sealed the same.
                let stored = StoredRecord { id: stored.id.clone(), loaded: expected };
                return Ok(Sealed::Done(self.keep(stored, new, plan).await));
            }
            pause(attempt).await;
        }
        Err(SaveError::Contended)
    }
}
