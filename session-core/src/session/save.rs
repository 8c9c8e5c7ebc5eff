//! Saving: compare-and-swap, merging, new ids.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::changes::Changes;
use super::contents::largest;
use super::identity::{RotationReason, SavePoint, StoredRecord};
use super::manager::{Manager, Server, SessionHome};
use super::outcome::Outcome;
use super::state::{PERMANENT, Saved};
use super::{SaveError, Session, login};
use crate::formats::codec::{Format, RawKey, Record};
use crate::formats::id::SessionId;
use crate::store::client::wait::jitter;
use crate::store::{Loaded, New, StoreError, Swap, Touch};

impl Manager {
    /// Saves a session while its request or stream is running.
    pub(super) async fn save(&self, session: &Session) -> Result<(), SaveError> {
        if session.response_has_begun() {
            // A stream or socket may live long: each of its saves has a request's time.
            session.shared.budget.renew();
        }
        match self.home() {
            SessionHome::Cookie(_) if session.response_has_begun() => Err(SaveError::TooLate),
            SessionHome::Cookie(_) => session.state().contents.check_encoded(),
            SessionHome::Server(_) => {
                let _one_save_at_a_time = session.shared.saving.lock().await;
                self.write(session, session.now()).await
            }
        }
    }

    /// Writes to the store what was changed since the last write, if anything was. The caller keeps other saves of
    /// the session away.
    pub(super) async fn write(&self, session: &Session, now: SystemTime) -> Result<(), SaveError> {
        match self.home() {
            SessionHome::Server(server) if !session.is_abandoned() => {
                if let Some(error) = session.state().identity.open_outcome.clone() {
                    return Err(SaveError::Unavailable(error));
                }
                Writer { manager: self, server, session, now }.write().await
            }
            _ => Ok(()),
        }
    }
}

struct Writer<'a> {
    manager: &'a Manager,
    server: &'a Server,
    session: &'a Session,
    now: SystemTime,
}

/// The next step of a save.
enum Step {
    Done,
    /// Deletes the records that the session has left, whatever they hold by now.
    Delete,
    Save(Plan),
}

/// An outcome and everything that it needs, taken from the state at one moment.
struct Plan {
    outcome: Outcome,
    stored: Option<StoredRecord>,
    base: Arc<Record>,
    changes: Changes,
    /// The reason for a new id, which a session that was emptied needs only if others have filled it.
    rotation: Option<RotationReason>,
    point: SavePoint,
}

impl Plan {
    /// Applies the changes to the record that others have written meanwhile. `None` if it belongs to another user by
    /// now: Flask changes the user without changing the id.
    fn merged_into(
        &self,
        current: &Loaded,
        login_key: Option<&'static str>,
    ) -> Result<Option<Draft>, SaveError> {
        let format = self.base.format();
        let unreadable = || StoreError::invalid_response("a session record");
        let record = current.record(format).map_err(|_| unreadable())?;
        let theirs = record.unwrap_or_else(|| Arc::new(Record::empty(format)));
        if theirs.format() != format {
            return Err(unreadable().into());
        }
        if login_key.is_some_and(|key| self.has_changed_hands(&theirs, key)) {
            return Ok(None);
        }
        Draft::new(&self.changes.rebased(&self.base, &theirs)?, &theirs).map(Some)
    }

    /// Tells whether a record belongs neither to the user whose record was loaded nor to the one who logs in now.
    fn has_changed_hands(&self, theirs: &Record, key: &'static str) -> bool {
        let (base, theirs) = (self.base.get(key), theirs.get(key));
        let mine = self.changes.get(key).unwrap_or(base);
        ![base, mine].into_iter().any(|user| login::is_same_user(self.base.format(), user, theirs))
    }

    /// The changes alone, for a user who starts without the data of the session before.
    fn without_data(&self) -> Result<Draft, SaveError> {
        Draft::new(&self.changes, &without_data(&self.base)?)
    }
}

impl Writer<'_> {
    async fn write(&self) -> Result<(), SaveError> {
        loop {
            match self.next_step()? {
                Step::Done => return Ok(()),
                Step::Delete => self.delete_pending().await?,
                Step::Save(plan) => return self.carry_out(plan).await,
            }
        }
    }

    /// Decides anew after each deletion, because the session may be changed during it.
    fn next_step(&self) -> Result<Step, SaveError> {
        let mut state = self.session.state();
        let outcome = state.outcome(self.manager.config().session_refresh_each_request);
        if outcome == Outcome::Nothing && state.identity.pending_deletes.is_empty() {
            state.mark_saved();
            return Ok(Step::Done);
        }
        state.contents.check_encoded()?;
        let is_too_late = self.session.response_has_begun() && outcome.needs_cookie();
        if is_too_late && state.identity.rotation_reason() == Some(RotationReason::OtherUser) {
            // The new session can't be kept, but a user who has logged out stays logged out.
            state.identity.leave_record();
        }
        if !state.identity.pending_deletes.is_empty() {
            return Ok(Step::Delete);
        }
        if is_too_late {
            return Err(SaveError::TooLate);
        }
        Ok(Step::Save(Plan {
            outcome,
            stored: state.identity.stored.clone(),
            base: Arc::clone(&state.contents.record),
            changes: state.contents.changes.clone(),
            rotation: state.identity.rotation_reason(),
            point: state.save_point(),
        }))
    }

    async fn delete_pending(&self) -> Result<(), SaveError> {
        loop {
            let Some(id) = self.session.state().identity.pending_deletes.first().cloned() else {
                return Ok(());
            };
            self.delete(id.clone()).await?;
            self.session.state().identity.pending_deletes.retain(|pending| *pending != id);
        }
    }

    async fn carry_out(&self, plan: Plan) -> Result<(), SaveError> {
        let point = plan.point;
        let saved = self.store(plan).await.inspect_err(|error| {
            if matches!(error, SaveError::Ended) {
                self.session.state().identity.ended = true;
            }
        })?;
        self.session.state().saved(saved, point);
        // If the session was destroyed during the save, it has left the record again.
        self.delete_pending().await
    }

    async fn store(&self, mut plan: Plan) -> Result<Saved, SaveError> {
        let new = Draft::new(&plan.changes, &plan.base)?;
        match (plan.outcome, plan.stored.take()) {
            (Outcome::Rotate(reason), Some(old)) => self.rotate(old, new, &plan, reason).await,
            (Outcome::Delete, Some(old)) => {
                self.delete(old.id).await?;
                Ok(new.not_stored())
            }
            (_, Some(old)) => self.update(old, new, &plan).await,
            (_, None) if new.empty => Ok(new.not_stored()),
            (_, None) => self.create(new).await,
        }
    }

    /// Stores a session under a new id.
    async fn create(&self, new: Draft) -> Result<Saved, SaveError> {
        let id = SessionId::generate(self.manager.config().session_id_length).map_err(SaveError::Random)?;
        let key = self.manager.store_key(&id);
        match self.swap(&key, None, Some(&new)).await? {
            Swap::Done { version } => Ok(new.stored(id, version)),
            // A new random id that is taken: the store does not compare, or answers for another key.
            Swap::Conflict(_) => {
                Err(StoreError::invalid_response("a free key for a new random session id").into())
            }
        }
    }

    /// Applies the changes to the stored record; again after each change by others.
    async fn update(
        &self,
        StoredRecord { id, loaded: mut expected }: StoredRecord,
        mut new: Draft,
        plan: &Plan,
    ) -> Result<Saved, SaveError> {
        let key = self.manager.store_key(&id);
        let _lock = self.server.store.lock(&self.session.shared.budget, &key).await?;
        for attempt in 0..self.attempts() {
            if !new.empty && *new.record.bytes() == expected.bytes {
                return self.keep(StoredRecord { id, loaded: expected }, &key, new).await;
            }
            match self.swap(&key, Some(&expected), (!new.empty).then_some(&new)).await? {
                Swap::Done { .. } if new.empty => {
                    self.server.ended.add(id);
                    return Ok(new.not_stored());
                }
                Swap::Done { version } => return Ok(new.stored(id, version)),
                // Another request ended it, which is all that an emptied session wanted.
                Swap::Conflict(None) if new.empty => return Ok(new.not_stored()),
                Swap::Conflict(None) => return Err(SaveError::Ended),
                Swap::Conflict(Some(current)) => {
                    new = plan.merged_into(&current, self.login_key())?.ok_or(SaveError::Ended)?;
                    if let (Some(reason), false) = (plan.rotation, new.empty) {
                        if self.session.response_has_begun() {
                            return Err(SaveError::TooLate);
                        }
                        return self
                            .move_to_new_id(StoredRecord { id, loaded: current }, new, plan, reason)
                            .await;
                    }
                    expected = current;
                    pause(attempt).await;
                }
            }
        }
        Err(SaveError::Contended)
    }

    /// Keeps a record whose bytes would stay the same. Where loads do not extend its life, this does.
    async fn keep(&self, stored: StoredRecord, key: &str, new: Draft) -> Result<Saved, SaveError> {
        if self.server.touch.is_none() {
            let lifetime = self.manager.config().permanent_session_lifetime;
            let touch = Touch { lifetime, renew_below: lifetime };
            let touched =
                self.server.store.load(&self.session.shared.budget, self.now, key, Some(touch)).await?;
            if touched.is_none() {
                return Err(SaveError::Ended);
            }
        }
        Ok(Saved { stored: Some(stored), record: Arc::new(new.record) })
    }

    /// Gives the session a new id.
    async fn rotate(
        &self,
        old: StoredRecord,
        new: Draft,
        plan: &Plan,
        reason: RotationReason,
    ) -> Result<Saved, SaveError> {
        let old_key = self.manager.store_key(&old.id);
        let _lock = self.server.store.lock(&self.session.shared.budget, &old_key).await?;
        self.move_to_new_id(old, new, plan, reason).await
    }

    /// Moves the session to a new id; the caller holds the lock of the old one. The new record exists before the old
    /// one is deleted, and changes that others make to the old one until then are merged into the new one.
    async fn move_to_new_id(
        &self,
        StoredRecord { id: old, loaded: mut expected }: StoredRecord,
        new: Draft,
        plan: &Plan,
        reason: RotationReason,
    ) -> Result<Saved, SaveError> {
        let old_key = self.manager.store_key(&old);
        let mut saved = self.create(new).await?;
        if reason == RotationReason::OtherUser {
            // Nothing of the other user is merged, so nothing has to be compared either.
            self.delete(old).await?;
            return Ok(saved);
        }
        for attempt in 0..self.attempts() {
            let current = match self.swap(&old_key, Some(&expected), None).await? {
                Swap::Done { .. } => {
                    self.server.ended.add(old);
                    return Ok(saved);
                }
                Swap::Conflict(None) if reason == RotationReason::LogIn => {
                    // The visitor's old session has ended: the user starts without its data.
                    return self.rewrite(saved, plan.without_data()?).await;
                }
                Swap::Conflict(None) => return self.take_back(&saved, SaveError::Ended).await,
                Swap::Conflict(Some(current)) => current,
            };
            match plan.merged_into(&current, self.login_key()) {
                Ok(Some(merged)) => saved = self.rewrite(saved, merged).await?,
                Ok(None) if reason == RotationReason::Renewal => {
                    return self.take_back(&saved, SaveError::Ended).await;
                }
                Ok(None) => {
                    saved = self.rewrite(saved, plan.without_data()?).await?;
                    self.delete(old).await?;
                    return Ok(saved);
                }
                Err(refused) => return self.take_back(&saved, refused).await,
            }
            expected = current;
            pause(attempt).await;
        }
        self.take_back(&saved, SaveError::Contended).await
    }

    /// Replaces the record that this request has just created and nobody else knows.
    async fn rewrite(&self, saved: Saved, new: Draft) -> Result<Saved, SaveError> {
        let Some(StoredRecord { id, loaded }) = saved.stored else { return Ok(saved) };
        let key = self.manager.store_key(&id);
        match self.swap(&key, Some(&loaded), Some(&new)).await? {
            Swap::Done { version } => Ok(new.stored(id, version)),
            Swap::Conflict(_) => Err(StoreError::invalid_response("the record that was just created").into()),
        }
    }

    /// Deletes the record that this request has just created, and gives the reason.
    async fn take_back(&self, saved: &Saved, reason: SaveError) -> Result<Saved, SaveError> {
        if let Some(stored) = &saved.stored {
            self.delete(stored.id.clone()).await?;
        }
        Err(reason)
    }

    /// Ends a session, whatever its record holds by now.
    async fn delete(&self, id: SessionId) -> Result<(), StoreError> {
        let key = self.manager.store_key(&id);
        self.noted(self.server.store.delete(&self.session.shared.budget, self.now, &key)).await?;
        self.server.ended.add(id);
        Ok(())
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<&Draft>,
    ) -> Result<Swap, SaveError> {
        let lifetime = self.manager.config().permanent_session_lifetime;
        let limit = self.manager.config().session_max_size;
        let swapped = match new.map(|draft| draft.record.bytes()) {
            Some(bytes) if limit != 0 && bytes.len() > limit => {
                Err(StoreError::over_max_size(bytes.len(), limit))
            }
            bytes => {
                let new = bytes.map(|bytes| New { bytes, lifetime });
                self.noted(self.server.store.swap(&self.session.shared.budget, self.now, key, expected, new))
                    .await
            }
        };
        swapped.map_err(|error| match new {
            Some(draft) if error.is_too_large() => {
                SaveError::RecordTooLarge { source: error, largest: largest(draft.record.entries()) }
            }
            _ => SaveError::Unavailable(error),
        })
    }

    /// Makes a call that writes. Unless it is certain that it has or has not written, it is the session's last: without
    /// an answer, and also if nobody waits for the answer any more.
    async fn noted<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let note = |outcome| self.session.state().identity.open_outcome = outcome;
        note(Some(StoreError::given_up()));
        let answer = call.await;
        note(answer.as_ref().err().filter(|error| !error.wrote_nothing()).cloned());
        answer
    }

    fn login_key(&self) -> Option<&'static str> {
        self.session.state().login_key
    }

    fn attempts(&self) -> u32 {
        self.manager.config().session_swap_attempts.max(1)
    }
}

/// Waits after a conflict. After the first one, the next try is made at once: the others are probably done.
async fn pause(attempt: u32) {
    if attempt > 0 {
        tokio::time::sleep(jitter(LONGEST_PAUSE.min(Duration::from_millis(1 << attempt.min(4))))).await;
    }
}

const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// Returns an empty record that is as permanent as `record`.
fn without_data(record: &Record) -> Result<Record, SaveError> {
    let flag = RawKey::Text(PERMANENT);
    let entries = record.get(PERMANENT).map(|raw| (flag, raw));
    join(record.format(), entries.as_slice())
}

/// Makes a record. What is too long for any is not taken for a session that was emptied.
fn join(format: Format, entries: &[(RawKey<'_>, &[u8])]) -> Result<Record, SaveError> {
    Record::join(format, entries).map_err(|_| {
        let bytes = entries.iter().map(|(_, raw)| raw.len()).sum();
        let largest = largest(entries.iter().copied());
        SaveError::RecordTooLarge { source: StoreError::over_every_size(bytes), largest }
    })
}

/// A record that is to be written.
struct Draft {
    record: Record,
    empty: bool,
}

impl Draft {
    fn new(changes: &Changes, record: &Record) -> Result<Self, SaveError> {
        let record = join(record.format(), &changes.list_applied_to(record))?;
        let empty = record.entries().all(|(key, _)| key == RawKey::Text(PERMANENT));
        Ok(Draft { record, empty })
    }

    fn stored(self, id: SessionId, version: Option<u64>) -> Saved {
        let loaded = Loaded::versioned(self.record.bytes().clone(), version);
        Saved { stored: Some(StoredRecord { id, loaded }), record: Arc::new(self.record) }
    }

    fn not_stored(self) -> Saved {
        Saved { stored: None, record: Arc::new(self.record) }
    }
}
