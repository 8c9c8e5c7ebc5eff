//! Reading past a copy: what must not be decided by a record that may be a little old.

use std::sync::Arc;
use std::time::SystemTime;

use super::contents::Contents;
use super::draft::has_changed_hands;
use super::events::EndedBy;
use super::identity::StoredRecord;
use super::manager::{Manager, Server, SessionHome};
use super::outcome::Outcome;
use super::state::State;
use super::{SaveError, Session, login};
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
    pub(super) async fn ensure_current(&self, session: &Session) -> Result<(), SaveError> {
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
            Some((record, _)) if state.is_anothers(&record) => {
                state.identity.ended = true;
                Err(SaveError::Ended)
            }
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
        state.take_current(copied, record, loaded)?;
        if self.refresh().term_of(&state.contents.record, state.login_key, now).is_over(now) {
            if state.is_unsaved() {
                state.identity.ended = true;
                return Err(SaveError::Ended);
            }
            state.disown(self.fresh(), EndedBy::AbsoluteLifetime);
        }
        Ok(())
    }

    /// Makes a session that was read from a copy current before its changes are saved, so that they are made to what is
    /// stored: compared with a copy, one that sets a value back would be none. The caller keeps other saves of the session
    /// away. One that is gone or another user's is left to the save, which knows what becomes of its changes then.
    pub(super) async fn make_current_to_save(
        &self,
        server: &Server,
        session: &Session,
        now: SystemTime,
    ) -> Result<(), SaveError> {
        let copied = {
            let state = session.state();
            let is_changed = state.is_unsaved() && state.outcome(self.refresh(), now) != Outcome::Nothing;
            state.identity.copied().filter(|_| is_changed).cloned()
        };
        let Some(copied) = copied else { return Ok(()) };
        let found = server.load(&session.shared.budget, now, &self.store_key(&copied.id)).await?;
        let Some(loaded) = found else { return Ok(()) };
        let Some(record) = self.readable(server, &loaded) else { return Ok(()) };
        let mut state = session.state();
        let is_still = state.identity.copied().is_some_and(|still| still.id == copied.id);
        if is_still && !state.is_anothers(&record) {
            state.take_current(&copied, record, loaded)?;
        }
        Ok(())
    }
}

impl State {
    /// Tells whether the changes of this request are not for this record, which has taken the place of the one that was
    /// read: it is another user's.
    fn is_anothers(&self, record: &Record) -> bool {
        let Contents { record: base, changes, .. } = &self.contents;
        let key = self.login_key.filter(|_| changes.is_dirty());
        key.is_some_and(|key| has_changed_hands(changes, base, record, key))
    }

    /// Puts the record as it is stored in the place of its copy, and applies the changes of this request to it.
    fn take_current(
        &mut self,
        copied: &StoredRecord,
        record: Arc<Record>,
        loaded: Loaded,
    ) -> Result<(), SaveError> {
        if loaded.bytes != copied.loaded.bytes {
            let base = Arc::clone(&self.contents.record);
            let is_same_user = |key| login::is_same_user(base.format(), base.get(key), record.get(key));
            if !self.login_key.is_none_or(is_same_user) {
                self.changes_of_login += 1;
            }
            let changes = self.contents.changes.made_to(&base, &record)?;
            (self.contents.record, self.contents.changes) = (record, changes);
        }
        self.identity.take_current(loaded);
        Ok(())
    }
}
