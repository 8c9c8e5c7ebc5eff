//! Saving: compare-and-swap, merging, extending.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::changes::Changes;
use super::contents::largest;
use super::draft::{Draft, Life, has_changed_hands, theirs, without_data};
use super::events::{EndedBy, Happening};
use super::identity::{RotationReason, SavePoint, StoredRecord};
use super::manager::{Manager, Server, SessionHome};
use super::outcome::Outcome;
use super::state::Saved;
use super::telling::Instead;
use super::term::Term;
use super::{SaveError, Session};
use crate::error_chain::Chain;
use crate::formats::codec::Record;
use crate::formats::id::SessionId;
use crate::store::client::Budget;
use crate::store::client::wait::jitter;
use crate::store::{Loaded, New, StoreError, Swap};

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
            SessionHome::Server(server) => {
                let _one_save_at_a_time = session.shared.saving.lock().await;
                let now = session.now();
                let written = self.write(session, now).await;
                server.store.removals_seen(&session.shared.budget).await;
                match &written {
                    Ok(()) => session.state().told_of_failure = false,
                    Err(error) => self.tell_of_failure(session, error, now),
                }
                written
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
                self.make_current_to_save(server, session, now).await?;
                Writer { manager: self, server, session, now }.write().await
            }
            _ => Ok(()),
        }
    }
}

/// One save of a session. How it gets another id is said in `new_id`.
pub(super) struct Writer<'a> {
    pub(super) manager: &'a Manager,
    pub(super) server: &'a Server,
    pub(super) session: &'a Session,
    pub(super) now: SystemTime,
}

/// The next step of a save.
enum Step {
    Done,
    /// Deletes the records that the session has left, whatever they hold by now.
    Delete,
    /// Enters the session in the list of this user, because it never was, or long ago.
    Enter(String),
    Save(Box<Plan>),
}

/// An outcome and everything that it needs, taken from the state at one moment.
pub(super) struct Plan {
    pub(super) outcome: Outcome,
    stored: Option<StoredRecord>,
    pub(super) base: Arc<Record>,
    pub(super) changes: Changes,
    /// The reason for a new id, which a session that was emptied needs only if others have filled it.
    pub(super) rotation: Option<RotationReason>,
    /// The id with which the request came, if another request has renewed it.
    pub(super) renewed: Option<SessionId>,
    /// The name of the requests that have come without a session and with the remember-me cookie, if it has logged in.
    returning: Option<SessionId>,
    /// The life of the record is due to be extended.
    pub(super) due: bool,
    /// The session has got or lost a life of its own, or a permanent cookie.
    pub(super) changes_life: bool,
    pub(super) point: SavePoint,
}

impl Plan {
    /// Tells whether a remember-me cookie logs in, and nobody with a password.
    pub(super) fn is_recall(&self) -> bool {
        self.rotation == Some(RotationReason::Recall)
    }

    /// Applies the changes to the record that others have written meanwhile. `None` if it belongs to another user by
    /// now: Flask-Session changes the user without changing the id.
    pub(super) fn merged_into(
        &self,
        current: &Loaded,
        login_key: Option<&'static str>,
    ) -> Result<Option<Draft>, SaveError> {
        let theirs = theirs(current, self.base.format())?;
        if login_key.is_some_and(|key| has_changed_hands(&self.changes, &self.base, &theirs, key)) {
            return Ok(None);
        }
        Draft::merged(&self.changes, &self.base, &theirs).map(Some)
    }

    /// The changes alone, for a user who starts without the data of the session before.
    pub(super) fn without_data(&self) -> Result<Draft, SaveError> {
        Draft::new(&self.changes, &without_data(&self.base)?)
    }
}

impl Writer<'_> {
    async fn write(&self) -> Result<(), SaveError> {
        self.delete_what_is_over().await;
        loop {
            match self.next_step()? {
                Step::Done => return Ok(()),
                Step::Delete => self.delete_pending().await?,
                Step::Enter(user) => self.enter_late(&user).await,
                Step::Save(plan) => match self.carry_out(*plan).await {
                    Err(SaveError::RecordTooLarge { .. }) if self.session.state().drop_seals() => {}
                    saved => return saved,
                },
            }
        }
    }

    /// Decides anew after each deletion, because the session may be changed during it.
    fn next_step(&self) -> Result<Step, SaveError> {
        let mut state = self.session.state();
        let rule = self.manager.refresh();
        state.date(rule, self.now);
        let outcome = state.outcome(rule, self.now);
        if outcome.keeps_id()
            && let Some(user) = self.manager.must_be_entered(&state, self.now)
        {
            return Ok(Step::Enter(user));
        }
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
        let changes_life = state.lives_otherwise();
        let may_extend = rule.each_use || outcome != Outcome::Seal;
        Ok(Step::Save(Box::new(Plan {
            outcome,
            stored: state.identity.stored.clone(),
            base: Arc::clone(&state.contents.record),
            changes: state.contents.changes.clone(),
            rotation: state.identity.rotation_reason(),
            renewed: state.identity.renewed.clone(),
            returning: state.remembering.as_ref().and_then(|remembering| remembering.returning.clone()),
            due: changes_life || state.gets_another_life(rule, may_extend, self.now),
            changes_life,
            point: state.save_point(),
        })))
    }

    async fn delete_pending(&self) -> Result<(), SaveError> {
        loop {
            let Some(left) = self.session.state().identity.pending_deletes.first().cloned() else {
                return Ok(());
            };
            self.note_log_out(&left.id).await?;
            let ended = self.end(&left.id, left.loaded.as_ref()).await?;
            if let Some(id) = &ended {
                let told = Happening::ended(EndedBy::LogOut, self.now).of(Some(id)).before(Some(&left.id));
                match &left.loaded {
                    Some(loaded) => self.tell_of(told, loaded),
                    None => self.manager.events().tell(told),
                }
            }
            self.session.state().identity.pending_deletes.retain(|pending| pending.id != left.id);
        }
    }

    async fn carry_out(&self, mut plan: Plan) -> Result<(), SaveError> {
        let point = plan.point;
        let saved = self.store(&mut plan).await.inspect_err(|error| {
            if matches!(error, SaveError::Ended) {
                self.session.state().identity.ended = true;
            }
        })?;
        self.tell(&plan, &saved);
        self.session.state().saved(saved, point);
        // If the session was destroyed during the save, it has left the record again.
        self.delete_pending().await
    }

    async fn store(&self, plan: &mut Plan) -> Result<Saved, SaveError> {
        let stored = plan.stored.take();
        let plan = &*plan;
        if let (Outcome::Extend, Some(stored)) = (plan.outcome, &stored) {
            return Ok(self.extend(stored, Arc::clone(&plan.base)).await);
        }
        if let (Outcome::Seal, Some(stored)) = (plan.outcome, &stored) {
            return Ok(self.seal(stored, plan).await);
        }
        let new = Draft::new(&plan.changes, &plan.base)?;
        match (plan.outcome, stored) {
            (Outcome::Rotate(reason), Some(old)) => self.rotate(old, new, plan, reason).await,
            (Outcome::Delete, Some(old)) => {
                self.note_log_out(&old.id).await?;
                let ended = self.end(&old.id, Some(&old.loaded)).await?;
                let saved = new.not_stored();
                Ok(if ended.is_some() { saved } else { saved.instead(Instead::EndedBefore) })
            }
            (_, Some(old)) => self.update(old, new, plan).await,
            (_, None) => match &plan.renewed {
                Some(old) if new.empty => Ok(new.not_stored().renewed(old.clone())),
                None if new.empty => Ok(new.not_stored()),
                Some(old) => self.create_beside_successor(old, new, plan).await,
                None => match plan.returning.as_ref().filter(|_| plan.is_recall()) {
                    Some(returning) => self.create_returning(returning, new, plan).await,
                    None => self.create(new, None).await,
                },
            },
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
        let _lock = self.server.store.lock(self.budget(), &key).await?;
        for attempt in 0..self.attempts() {
            let life = self.life(&new, &expected, plan);
            if !new.empty && *new.record.bytes() == expected.bytes {
                return Ok(self.keep(StoredRecord { id, loaded: expected }, new, plan).await);
            }
            match self.swap(&key, Some(&expected), (!new.empty).then_some(&new), life).await? {
                Swap::Done { .. } if new.empty => {
                    self.server.ended.add(id.clone());
                    self.leave(self.user_in(&expected), &[id]).await;
                    return Ok(new.not_stored());
                }
                Swap::Done { version } => {
                    let saved = new.stored(id, version, life);
                    return Ok(if attempt > 0 { saved.instead(Instead::Merged) } else { saved });
                }
                Swap::Conflict(None) => {
                    return self.merge_into_successor(StoredRecord { id, loaded: expected }, plan).await;
                }
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

    /// Deletes the record of a session that is over, as best can be: nothing that is read depends on it. If it was changed
    /// meanwhile, somebody may have logged in anew, and if it is gone, it may have a new id: then it is left alone.
    async fn delete_what_is_over(&self) {
        let (over, by) = {
            let identity = &mut self.session.state().identity;
            (identity.over.take(), identity.over_by)
        };
        let Some(over) = over else { return };
        let key = self.manager.store_key(&over.id);
        match self.server.swap(self.budget(), self.now, &key, Some(&over.loaded), None).await {
            Ok(Swap::Done { .. }) => {
                self.server.ended.add(over.id.clone());
                if let Some(by) = by {
                    self.tell_of(Happening::ended(by, self.now).of(Some(&over.id)), &over.loaded);
                }
                self.leave(self.user_in(&over.loaded), &[over.id]).await;
            }
            Ok(Swap::Conflict(_)) => {}
            Err(error) => {
                log::log!(level(&error), "a session that is over could not be deleted: {}", Chain(&error));
            }
        }
    }

    /// Ends a session, whatever its record holds by now, and also if another request has given it a new id. `loaded` is
    /// its record as it was, which says in whose list it is. Returns the id that it had at last, if it has not ended before.
    pub(super) async fn end(
        &self,
        id: &SessionId,
        loaded: Option<&Loaded>,
    ) -> Result<Option<SessionId>, StoreError> {
        let mut ids = vec![id.clone()];
        let mut id = id.clone();
        let mut user = loaded.and_then(|loaded| self.user_in(loaded));
        let ended = loop {
            if loaded.is_none() && user.is_none() && self.manager.is_listed() {
                let there = self.server.load(self.budget(), self.now, &self.manager.store_key(&id)).await?;
                user = there.and_then(|there| self.user_in(&there));
            }
            if self.delete(id.clone()).await? {
                break Some(id);
            }
            let successor = self.manager.successor_of(self.server, &id, self.now, self.budget()).await?;
            let Some((successor, _)) = successor else { break None };
            id = successor.id;
            ids.push(id.clone());
        };
        self.leave(user, &ids).await;
        Ok(ended)
    }

    /// Deletes the record under an id; `false` if there was none.
    pub(super) async fn delete(&self, id: SessionId) -> Result<bool, StoreError> {
        let key = self.manager.store_key(&id);
        let existed = self.noted(self.server.store.delete(self.budget(), self.now, &key)).await?;
        self.server.ended.add(id);
        Ok(existed)
    }

    pub(super) async fn swap(
        &self,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<&Draft>,
        life: Life,
    ) -> Result<Swap, SaveError> {
        let swapped = match new.map(|draft| self.checked(draft, life)).transpose() {
            Ok(new) => self.swap_bytes(key, expected, new).await,
            Err(too_large) => Err(too_large),
        };
        swapped.map_err(|error| unsaved(error, new))
    }

    /// Makes what is sent to the store of a draft, unless that is longer than a record may be.
    pub(super) fn checked<'d>(&self, draft: &'d Draft, life: Life) -> Result<New<'d>, StoreError> {
        self.fits(draft)?;
        Ok(New { bytes: draft.record.bytes(), lifetime: life.lifetime })
    }

    pub(super) fn fits(&self, draft: &Draft) -> Result<(), StoreError> {
        let (bytes, limit) = (draft.record.bytes().len(), self.manager.config().session_max_size);
        if limit != 0 && bytes > limit { Err(StoreError::over_max_size(bytes, limit)) } else { Ok(()) }
    }

    pub(super) async fn swap_bytes(
        &self,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        self.noted(self.server.swap(self.budget(), self.now, key, expected, new)).await
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

    /// The life that a record begins when it is written.
    pub(super) fn full_life(&self, record: &Record) -> Life {
        Life::beginning(self.now, &self.term_of(record))
    }

    /// The life that a record has from a write on that replaces `expected`.
    pub(super) fn life(&self, new: &Draft, expected: &Loaded, plan: &Plan) -> Life {
        if plan.due { self.full_life(&new.record) } else { Life::of(expected) }
    }

    pub(super) fn term_of(&self, record: &Record) -> Term {
        self.manager.refresh().term_of(record, self.login_key(), self.now)
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.session.shared.budget
    }

    pub(super) fn login_key(&self) -> Option<&'static str> {
        self.session.state().login_key
    }

    pub(super) fn attempts(&self) -> u32 {
        self.manager.attempts()
    }
}

/// Makes the error of a draft that the store has not taken.
pub(super) fn unsaved(error: StoreError, draft: Option<&Draft>) -> SaveError {
    match draft {
        Some(draft) if error.is_too_large() => {
            SaveError::RecordTooLarge { source: error, largest: largest(draft.record.entries()) }
        }
        _ => SaveError::Unavailable(error),
    }
}

/// The level at which is told what a request need not know. Of an outage there are other lines.
pub(super) fn level(error: &StoreError) -> log::Level {
    if error.was_told() { log::Level::Debug } else { log::Level::Warn }
}

/// As [`level`], of a save.
pub(super) fn level_of(error: &SaveError) -> log::Level {
    match error {
        SaveError::Unavailable(error) => level(error),
        _ => log::Level::Warn,
    }
}

/// Waits after a conflict. After the first one, the next try is made at once: the others are probably done.
pub(super) async fn pause(attempt: u32) {
    if attempt > 0 {
        tokio::time::sleep(jitter(LONGEST_PAUSE.min(Duration::from_millis(1 << attempt.min(4))))).await;
    }
}

const LONGEST_PAUSE: Duration = Duration::from_millis(10);
