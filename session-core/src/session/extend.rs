//! Extending the life of a record.

use std::sync::Arc;
use std::time::SystemTime;

use super::draft::Draft;
use super::identity::StoredRecord;
use super::manager::{Manager, Server};
use super::save::{Plan, Writer, level};
use super::state::Saved;
use super::term::{Term, live_alike};
use crate::error_chain::Chain;
use crate::formats::codec::Record;
use crate::formats::id::SessionId;
use crate::store::client::Budget;
use crate::store::{Loaded, New, StoreError, Swap};

/// What has become of extending a life.
pub(super) enum Extended {
    /// The record, as it is stored now.
    Done(Loaded),
    /// Others have changed the record. Its new end, if it was extended all the same and lives as the one that was loaded.
    Changed {
        end: Option<SystemTime>,
    },
    Gone,
}

impl Manager {
    /// Gives a record the life of its session, if it still is as it was loaded. One that others have changed may have
    /// another life by now, such as five minutes that must not become a month. So it is swapped for itself: the record
    /// travels once more, but only when a tenth of a life has passed, and still in one round trip.
    ///
    /// Done twice it is the same as done once, so that a call that failed does not matter to what is written later.
    pub(super) async fn extend(
        &self,
        server: &Server,
        id: &SessionId,
        loaded: &Loaded,
        term: &Term,
        now: SystemTime,
        budget: &Budget,
    ) -> Result<Extended, StoreError> {
        let key = self.store_key(id);
        let new = New { bytes: &loaded.bytes, lifetime: Some(term.life(now)) };
        let current = match server.swap(budget, now, &key, Some(loaded), Some(new)).await? {
            Swap::Done { version } => {
                let mut loaded = loaded.clone();
                (loaded.version, loaded.expires) = (version, Some(term.end(now)));
                return Ok(Extended::Done(loaded));
            }
            Swap::Conflict(Some(current)) => current,
            Swap::Conflict(None) => return Ok(Extended::Gone),
        };
        // Others have changed the record, and perhaps its life: it is extended as it is now, once.
        let read = |loaded: &Loaded| loaded.record(server.format).ok().flatten();
        let (Some(ours), Some(theirs)) = (read(loaded), read(&current)) else {
            return Ok(Extended::Changed { end: None });
        };
        let now_term = self.refresh().term_of(&theirs, self.login_key(), now);
        let new = New { bytes: &current.bytes, lifetime: Some(now_term.life(now)) };
        let swapped = server.swap(budget, now, &key, Some(&current), Some(new)).await?;
        let alike = now_term == *term && live_alike(&ours, &theirs);
        let end = (alike && matches!(swapped, Swap::Done { .. })).then(|| term.end(now));
        Ok(Extended::Changed { end })
    }
}

impl Writer<'_> {
    /// Keeps a record whose bytes would stay the same, and extends its life if that is due.
    pub(super) async fn keep(&self, stored: StoredRecord, new: Draft, plan: &Plan) -> Saved {
        let record = Arc::new(new.record);
        if plan.due { self.extend(&stored, record).await } else { Saved::new(Some(stored), record) }
    }

    /// Extends the life of a record in which nothing is to be changed. Whatever comes of it, the request keeps its answer:
    /// there is nothing to be lost.
    pub(super) async fn extend(&self, stored: &StoredRecord, record: Arc<Record>) -> Saved {
        let term = self.term_of(&record);
        let (loaded, budget) = (&stored.loaded, self.budget());
        match self.manager.extend(self.server, &stored.id, loaded, &term, self.now, budget).await {
            Ok(Extended::Done(loaded)) => {
                let stored = StoredRecord { id: stored.id.clone(), loaded };
                Saved::new(Some(stored), record).extended(true)
            }
            Ok(Extended::Changed { end }) => {
                let mut stored = stored.clone();
                stored.loaded.expires = end.or(stored.loaded.expires);
                Saved::new(Some(stored), record).extended(end.is_some())
            }
            // The session has ended meanwhile, or has a new id.
            Ok(Extended::Gone) => Saved::new(Some(stored.clone()), record).renewed(stored.id.clone()),
            Err(error) => {
                log::log!(level(&error), "the life of a session could not be extended: {}", Chain(&error));
                Saved::new(Some(stored.clone()), record)
            }
        }
    }
}
