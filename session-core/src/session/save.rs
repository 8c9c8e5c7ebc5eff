//! Writing a session's changes: compare-and-swap, merging, new ids.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::manager::{Manager, Server};
use crate::formats::codec::{RawKey, Record};
use crate::session::id::SessionId;
use crate::session::{Changes, Moment, PERMANENT, Rotation, SaveError, Session, State, Unmergeable, Written};
use crate::store::client::jitter::jitter;
use crate::store::{Loaded, New, StoreError, Swap};

/// Writes what was changed since the last write, if anything was.
pub(super) async fn write(
    manager: &Manager,
    server: &Server,
    session: &Session,
    now: SystemTime,
) -> Result<(), SaveError> {
    if session.is_abandoned() {
        return Ok(());
    }
    {
        let mut state = session.state();
        if !state.needs_writing(&manager.inner.config) {
            state.settled();
            return Ok(());
        }
    }
    check_encodable(session)?;
    let _one_save_at_a_time = session.saving().await;
    let writer = Writer { manager, server, session, now };
    if session.response_has_begun() && session.state().needs_a_new_cookie() {
        // What is new can't be kept, but who has left has left.
        session.state().leave_behind();
        writer.end_destroyed().await?;
        return Err(SaveError::TooLate);
    }
    writer.end_destroyed().await?;
    let Some(plan) = Plan::of(&session.state(), &manager.inner.config) else { return Ok(()) };
    let moment = plan.moment;
    match writer.carry_out(plan).await {
        Ok(written) => {
            session.state().written(written, moment);
            Ok(())
        }
        Err(SaveError::Ended) => {
            session.state().flags.ended = true;
            Err(SaveError::Ended)
        }
        Err(error) => Err(error),
    }
}

/// A value that could not be encoded makes the whole save fail (A24).
pub(super) fn check_encodable(session: &Session) -> Result<(), SaveError> {
    match session.state().unencodable.first().cloned() {
        Some((key, source)) => Err(SaveError::Encode { key, source }),
        None => Ok(()),
    }
}

/// What a save has to do, taken from the state at one moment.
struct Plan {
    /// The stored record and its id; `None` for a session that is stored nowhere.
    old: Option<(SessionId, Loaded)>,
    base: Arc<Record>,
    changes: Changes,
    rotation: Option<Rotation>,
    moment: Moment,
}

impl Plan {
    fn of(state: &State, config: &crate::config::SessionConfig) -> Option<Plan> {
        state.needs_writing(config).then(|| Plan {
            old: state.id.clone().zip(state.stored.clone()),
            base: Arc::clone(&state.record),
            changes: state.changes.clone(),
            rotation: state.rotation.map(|(reason, _)| reason),
            moment: state.moment(),
        })
    }
}

struct Writer<'a> {
    manager: &'a Manager,
    server: &'a Server,
    session: &'a Session,
    now: SystemTime,
}

impl Writer<'_> {
    /// Deletes the record that `destroy` ended, whatever it holds by now.
    async fn end_destroyed(&self) -> Result<(), SaveError> {
        loop {
            let Some(id) = self.session.state().doomed.first().cloned() else { return Ok(()) };
            self.delete(id.clone()).await?;
            self.session.state().doomed.retain(|doomed| *doomed != id);
        }
    }

    async fn carry_out(&self, plan: Plan) -> Result<Written, SaveError> {
        let new = Draft::of(&plan.changes, &plan.base);
        match (plan.old, plan.rotation) {
            (None, _) if new.empty => Ok(Written::nothing(new)),
            (None, _) => self.create(new, false).await,
            (Some((id, _)), Some(Rotation::OtherUser)) if new.empty => {
                self.delete(id).await?;
                Ok(Written::nothing(new))
            }
            (Some((id, loaded)), Some(rotation)) if !new.empty => {
                self.rotate(id, loaded, new, &plan.base, &plan.changes, rotation).await
            }
            (Some((id, loaded)), _) => self.update(id, loaded, new, &plan.base, &plan.changes).await,
        }
    }

    /// Stores a session under a new id.
    async fn create(&self, new: Draft, renamed: bool) -> Result<Written, SaveError> {
        let id =
            SessionId::generate(self.manager.inner.config.session_id_length).map_err(SaveError::Random)?;
        let key = self.manager.store_key(&id);
        match self.swap(&key, None, Some(new.record.bytes())).await? {
            Swap::Done { version } => Ok(new.written(id, version, renamed)),
            // A new random id that is taken: the store does not compare, or answers for another key.
            Swap::Conflict(_) => Err(StoreError::garbage("a free key for a new random session id").into()),
        }
    }

    /// Applies the changes to the stored record; as often as others were faster. `new` is what they
    /// make of `base`.
    async fn update(
        &self,
        id: SessionId,
        loaded: Loaded,
        mut new: Draft,
        base: &Record,
        changes: &Changes,
    ) -> Result<Written, SaveError> {
        let key = self.manager.store_key(&id);
        let _turn = self.turn(&key).await?;
        let mut expected = loaded;
        for attempt in 0..self.attempts() {
            if !new.empty && *new.record.bytes() == expected.bytes {
                return self.unchanged(id, &key, expected, new).await;
            }
            let bytes = (!new.empty).then_some(new.record.bytes());
            match self.swap(&key, Some(&expected), bytes).await? {
                Swap::Done { .. } if new.empty => {
                    self.server.endings.note(id);
                    return Ok(Written::nothing(new));
                }
                Swap::Done { version } => return Ok(new.written(id, version, false)),
                // Somebody else ended it, which is all that an emptied session wanted.
                Swap::Conflict(None) if new.empty => return Ok(Written::nothing(new)),
                Swap::Conflict(None) => return Err(SaveError::Ended),
                Swap::Conflict(Some(current)) => {
                    new = self.merged(changes, base, &current)?;
                    expected = current;
                    self.pause(attempt).await;
                }
            }
        }
        Err(SaveError::Contended)
    }

    /// Nothing to write: the stored bytes are those that would be written. Where loads do not extend
    /// the record's life, the modified session's life is extended here (B12).
    async fn unchanged(
        &self,
        id: SessionId,
        key: &str,
        stored: Loaded,
        new: Draft,
    ) -> Result<Written, SaveError> {
        if self.server.touch.is_none() {
            let lifetime = self.manager.inner.config.permanent_session_lifetime;
            let touched = self.server.gate.extend(self.session, self.now, key, lifetime).await?;
            if touched.is_none() {
                return Err(SaveError::Ended);
            }
        }
        Ok(Written { stored: Some((id, stored)), record: Arc::new(new.record), renamed: false })
    }

    /// Gives the session a new id: the new record exists before the old one goes, and a change that
    /// others make to the old one until then is merged into the new one.
    async fn rotate(
        &self,
        old: SessionId,
        loaded: Loaded,
        new: Draft,
        base: &Record,
        changes: &Changes,
        rotation: Rotation,
    ) -> Result<Written, SaveError> {
        let old_key = self.manager.store_key(&old);
        let _turn = self.turn(&old_key).await?;
        let mut written = self.create(new, true).await?;
        if rotation == Rotation::OtherUser {
            // Nothing of the other user is merged, so nothing has to be compared either.
            self.delete(old).await?;
            return Ok(written);
        }
        let mut expected = loaded;
        for attempt in 0..self.attempts() {
            let current = match self.swap(&old_key, Some(&expected), None).await? {
                Swap::Done { .. } => {
                    self.server.endings.note(old);
                    return Ok(written);
                }
                Swap::Conflict(None) if rotation == Rotation::LogIn => {
                    // The visitor's old session has ended: the user starts without its data.
                    return self.rewrite(written, Draft::of(changes, &without_data(base))).await;
                }
                Swap::Conflict(None) => return self.take_back(&written, SaveError::Ended).await,
                Swap::Conflict(Some(current)) => current,
            };
            match self.merged(changes, base, &current) {
                Ok(merged) => written = self.rewrite(written, merged).await?,
                Err(refused) => return self.take_back(&written, refused).await,
            }
            expected = current;
            self.pause(attempt).await;
        }
        self.take_back(&written, SaveError::Contended).await
    }

    /// The changes made to what others have written meanwhile.
    fn merged(&self, changes: &Changes, base: &Record, current: &Loaded) -> Result<Draft, SaveError> {
        let theirs = self.theirs(base, current)?;
        Ok(Draft::of(&rebased(changes, base, &theirs)?, &theirs))
    }

    /// Replaces the record that this request has just created and nobody else knows.
    async fn rewrite(&self, written: Written, new: Draft) -> Result<Written, SaveError> {
        let Some((id, stored)) = written.stored else { return Ok(written) };
        let key = self.manager.store_key(&id);
        match self.swap(&key, Some(&stored), Some(new.record.bytes())).await? {
            Swap::Done { version } => Ok(new.written(id, version, true)),
            Swap::Conflict(_) => Err(StoreError::garbage("the record that was just created").into()),
        }
    }

    /// Removes the record that this request has just created, and says why.
    async fn take_back(&self, written: &Written, why: SaveError) -> Result<Written, SaveError> {
        if let Some((id, _)) = &written.stored {
            self.delete(id.clone()).await?;
        }
        Err(why)
    }

    /// Ends a session, whatever it holds by now.
    async fn delete(&self, id: SessionId) -> Result<(), StoreError> {
        self.server.gate.delete(self.session, self.now, &self.manager.store_key(&id)).await?;
        self.server.endings.note(id);
        Ok(())
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<&Bytes>,
    ) -> Result<Swap, StoreError> {
        let lifetime = self.manager.inner.config.permanent_session_lifetime;
        let new = new.map(|bytes| New { bytes, lifetime });
        self.server.gate.swap(self.session, self.now, key, expected, new).await
    }

    /// What others have written meanwhile, in the session's format.
    fn theirs(&self, base: &Record, current: &Loaded) -> Result<Arc<Record>, SaveError> {
        let unreadable = || StoreError::garbage("a session record");
        let record = current
            .record(base.format())
            .map_err(|_| unreadable())?
            .unwrap_or_else(|| Arc::new(Record::empty(base.format())));
        if record.format() == base.format() { Ok(record) } else { Err(unreadable().into()) }
    }

    async fn turn<'k>(
        &'k self,
        key: &'k str,
    ) -> Result<crate::store::client::keyed_locks::Turn<'k>, SaveError> {
        let left = self.server.gate.left(self.session);
        tokio::time::timeout(left, self.server.turns.take(key))
            .await
            .map_err(|_| SaveError::Unavailable(StoreError::timeout()))
    }

    fn attempts(&self) -> u32 {
        self.manager.inner.config.session_swap_attempts.max(1)
    }

    /// The first conflict is tried again at once: the others are probably done.
    async fn pause(&self, attempt: u32) {
        if attempt > 0 {
            tokio::time::sleep(jitter(LONGEST_PAUSE.min(Duration::from_millis(1 << attempt.min(4))))).await;
        }
    }
}

const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// A record that may be written.
struct Draft {
    record: Record,
    empty: bool,
}

impl Draft {
    fn of(changes: &Changes, record: &Record) -> Self {
        let record = Record::join(record.format(), &changes.merged(record))
            .unwrap_or_else(|_| Record::empty(record.format()));
        let empty = record.entries().all(|(key, _)| key == RawKey::Text(PERMANENT));
        Draft { record, empty }
    }

    fn written(self, id: SessionId, version: Option<u64>, renamed: bool) -> Written {
        let stored = Loaded::versioned(self.record.bytes().clone(), version);
        Written { stored: Some((id, stored)), record: Arc::new(self.record), renamed }
    }
}

impl Written {
    fn nothing(draft: Draft) -> Self {
        Written { stored: None, record: Arc::new(draft.record), renamed: false }
    }
}

/// What is left of a session whose data must not be used: whether it is permanent.
fn without_data(record: &Record) -> Record {
    let flag = RawKey::Text(PERMANENT);
    let entries = record.get(PERMANENT).map(|raw| (flag, raw));
    Record::join(record.format(), entries.as_slice()).unwrap_or_else(|_| Record::empty(record.format()))
}

fn rebased(changes: &Changes, base: &Record, theirs: &Record) -> Result<Changes, SaveError> {
    changes.rebased(base, theirs).map_err(|error| match error {
        Unmergeable::Refused(key) => SaveError::Refused { key },
        Unmergeable::Encode(key, source) => SaveError::Encode { key, source },
    })
}
