//! Reading past a copy: what must not be decided by a record that may be a little old.

use std::sync::Arc;
use std::time::SystemTime;

use super::draft::has_changed_hands;
use super::events::EndedBy;
use super::identity::StoredRecord;
use super::manager::{Manager, Server, SessionHome};
use super::state::State;
use super::{SaveError, Session};
use crate::formats::codec::Record;
use crate::store::Loaded;

impl Session {
    /// Makes sure that the session is the one that the store holds, not a copy of it in this process.
    ///
    /// Where copies are kept (`session_redis_cache`), what a request reads may be older than the store by as much as that
    /// says, so that a user who has just logged out elsewhere may still be seen. Call this before something for which that
    /// is too old, such as a payment; a guard with `fresh` does it by itself. A session that was not read from a copy is left as
    /// it is, and nothing is asked.
    ///
    /// The session is changed in place, for all its handles: what was changed in this request is applied to what is stored
    /// now, as a save would do it. One that has ended meanwhile is a new one from here on.
    ///
    /// ```
    /// # rocket_session_state_core::session::doc_examples::with_async_session(|session| async move {
    /// session.ensure_current().await?;
    /// let pays = session.get::<String>("username").ok().flatten();
    /// # assert!(pays.is_none());
    /// # Ok::<(), rocket_session_state_core::session::SaveError>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`SaveError::Unavailable`] if the store failed. If the session was changed in this request: [`SaveError::Ended`] if it
    /// has ended meanwhile or is another user's, and what a merge policy says.
    pub async fn ensure_current(&self) -> Result<(), SaveError> {
        drop(self.used());
        self.shared.manager.ensure_current(self).await
    }
}

impl Manager {
    async fn ensure_current(&self, session: &Session) -> Result<(), SaveError> {
        let SessionHome::Server(server) = self.home() else { return Ok(()) };
        if session.state().identity.copied().is_none() {
            return Ok(());
        }
        // A save would find out by itself, and have another record afterwards.
        let _one_save_at_a_time = session.shared.saving.lock().await;
        let Some(copied) = session.state().identity.copied().cloned() else { return Ok(()) };
        let (now, budget) = (session.now(), &session.shared.budget);
        let found = server.load(budget, now, &self.store_key(&copied.id)).await?;
        let current = found.and_then(|loaded| Some((self.readable(server, &loaded)?, loaded)));
        let is_renewed =
            current.is_none() && self.successor_of(server, &copied.id, now, budget).await?.is_some();
        let mut state = session.state();
        if state.identity.copied().is_none_or(|still| still.id != copied.id) {
            // It was ended here meanwhile.
            return Ok(());
        }
        match current {
            Some((record, loaded)) => self.take_current(&mut state, &copied, record, loaded, now),
            None if state.is_unsaved() => {
                state.identity.ended = true;
                Err(SaveError::Ended)
            }
            None => {
                state.gone(self.fresh(), is_renewed.then_some(copied.id));
                Ok(())
            }
        }
    }

    /// Reads a record; one that can't be read is no session.
    fn readable(&self, server: &Server, loaded: &Loaded) -> Option<Arc<Record>> {
        loaded.record(server.format).ok().flatten()
    }

    fn take_current(
        &self,
        state: &mut State,
        copied: &StoredRecord,
        record: Arc<Record>,
        loaded: Loaded,
        now: SystemTime,
    ) -> Result<(), SaveError> {
        if loaded.bytes != copied.loaded.bytes {
            let base = Arc::clone(&state.contents.record);
            let changes = &state.contents.changes;
            let key = state.login_key.filter(|_| changes.is_dirty());
            if key.is_some_and(|key| has_changed_hands(changes, &base, &record, key)) {
                state.identity.ended = true;
                return Err(SaveError::Ended);
            }
            let changes = changes.rebased(&base, &record)?;
            (state.contents.record, state.contents.changes) = (record, changes);
        }
        if self.refresh().term_of(&state.contents.record, state.login_key, now).is_over(now) {
            state.disown(self.fresh(), EndedBy::AbsoluteLifetime);
            return Ok(());
        }
        state.identity.take_current(loaded);
        Ok(())
    }
}
