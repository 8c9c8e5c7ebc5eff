//! Saving under another id: moving there, leaving a note, and what is done where another request has moved first.

use std::sync::Arc;
use std::time::Duration;

use super::SaveError;
use super::changes::Changes;
use super::draft::{Draft, Life, has_changed_hands, theirs, without_data};
use super::identity::{RotationReason, StoredRecord};
use super::login;
use super::save::{Plan, Writer, pause};
use super::state::Saved;
use super::successor::{Living, NoteReason, Successor};
use crate::formats::codec::Record;
use crate::formats::id::SessionId;
use crate::store::client::wait::jitter;
use crate::store::{Loaded, New, StoreError, Swap};

/// A session whose new record exists beside the old one.
struct Move {
    id: SessionId,
    saved: Saved,
    /// The note, as it is stored; `None` if there is none of ours.
    note: Option<Loaded>,
    /// The note of a request that was taken for dead, which ours has replaced.
    replaced: Option<Loaded>,
}

/// The number of times that a request looks whether another one, which has left its note, has deleted the old record.
/// With the pauses between them they take about a second, as long as a store may take for a call. A process that takes
/// longer for that has ended.
const LOOKS: u32 = 20;
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl Plan {
    /// Applies the changes to the session in which the one that was loaded lives on. `None` if it is another user's.
    fn merged_into_successor(
        &self,
        current: &Loaded,
        login_key: Option<&'static str>,
    ) -> Result<Option<Draft>, SaveError> {
        let theirs = theirs(current, self.base.format())?;
        if let Some(key) = login_key
            && has_changed_hands(&self.changes, &self.base, &theirs, key)
        {
            // The visitor of the old session may have become the user of this one.
            let was_visitor = login::is_same_user(self.base.format(), self.base.get(key), None);
            if !was_visitor || !login::has_logged_in_here(&theirs, key) {
                return Ok(None);
            }
        }
        Draft::new(&self.changes.rebased(&self.base, &theirs)?, &theirs).map(Some)
    }

    /// The changes of a log-in and what they are made to, for another session of the same user.
    fn to_join(&self) -> Result<(Changes, Arc<Record>), SaveError> {
        match self.rotation {
            // The data of the user before is no concern of the one who logs in.
            Some(RotationReason::OtherUser) => {
                Ok((self.changes.without_removals(), without_data(&self.base)?.into()))
            }
            _ => Ok((self.changes.clone(), Arc::clone(&self.base))),
        }
    }
}

impl Writer<'_> {
    /// Gives the session a new id.
    pub(super) async fn rotate(
        &self,
        old: StoredRecord,
        new: Draft,
        plan: &Plan,
        reason: RotationReason,
    ) -> Result<Saved, SaveError> {
        let old_key = self.manager.store_key(&old.id);
        let _lock = self.server.store.lock(self.budget(), &old_key).await?;
        self.move_to_new_id(old, new, plan, reason).await
    }

    /// Moves the session to a new id; the caller holds the lock of the old one. The new record exists before the old
    /// one is deleted, and so does the note; changes that others make to the old one until then are merged into the new
    /// one. If that fails, the new record and the note are taken back.
    pub(super) async fn move_to_new_id(
        &self,
        old: StoredRecord,
        new: Draft,
        plan: &Plan,
        reason: RotationReason,
    ) -> Result<Saved, SaveError> {
        let saved = self.create(new).await?;
        let Some(id) = saved.place.stored.as_ref().map(|stored| stored.id.clone()) else { return Ok(saved) };
        let old_id = old.id.clone();
        let mut moving = Move { id, saved, note: None, replaced: None };
        match self.finish_move(old, &mut moving, plan, reason).await {
            Ok(elsewhere) => Ok(elsewhere.unwrap_or(moving.saved)),
            Err(error) => {
                self.take_back(&moving, &old_id).await?;
                Err(error)
            }
        }
    }

    /// Leaves the note and ends the old record. Returns where the session is instead, if it is not where it has moved.
    async fn finish_move(
        &self,
        old: StoredRecord,
        moving: &mut Move,
        plan: &Plan,
        reason: RotationReason,
    ) -> Result<Option<Saved>, SaveError> {
        if !self.leave_note(&old.id, moving, reason.into()).await? {
            return self.after_another(old, moving, plan, reason).await;
        }
        if reason == RotationReason::OtherUser {
            // Nothing of the other user is merged, so nothing has to be compared either.
            if !self.delete(old.id.clone()).await? {
                self.end_what_another_moved(&old.id, moving).await?;
            }
            return Ok(None);
        }
        let (old_key, mut expected) = (self.manager.store_key(&old.id), old.loaded.clone());
        for attempt in 0..self.attempts() {
            let current = match self.swap(&old_key, Some(&expected), None, Life::of(&expected)).await? {
                Swap::Done { .. } => {
                    self.server.ended.add_renewed(old.id, moving.id.clone());
                    return Ok(None);
                }
                Swap::Conflict(None) if self.was_moved_by_another(&old.id, moving).await? => {
                    return self.after_another(old, moving, plan, reason).await;
                }
                Swap::Conflict(None) if self.is_taken_for_dead(&old, &moving.id).await => {
                    let old = StoredRecord { id: old, loaded: expected };
                    return self.after_another(old, moving, plan, reason).await;
                }
                Swap::Conflict(None) if reason == RotationReason::LogIn => {
                    // The visitor's old session has ended: the user starts without its data.
                    self.start_without_data(moving, &old.id, plan).await?;
                    return Ok(None);
                }
                Swap::Conflict(None) => return Err(SaveError::Ended),
                Swap::Conflict(Some(current)) => current,
            };
            match plan.merged_into(&current, self.login_key())? {
                Some(merged) => self.rewrite(moving, merged).await?,
                None if reason == RotationReason::Renewal => return Err(SaveError::Ended),
                None => {
                    self.start_without_data(moving, &old.id, plan).await?;
                    self.delete(old.id).await?;
                    return Ok(None);
                }
            }
            expected = current;
            pause(attempt).await;
        }
        Err(SaveError::Contended)
    }

    /// Leaves a note of the successor; `false` if another request was faster. A note beside a living record is that of a
    /// request that is about to delete it, or of one that has never come to that.
    async fn leave_note(
        &self,
        old: &SessionId,
        moving: &mut Move,
        reason: NoteReason,
    ) -> Result<bool, StoreError> {
        let Some(lifetime) = self.manager.config().session_successor_seconds else { return Ok(true) };
        let (key, old_key) = (self.manager.note_key(old), self.manager.store_key(old));
        let note = Successor { id: moving.id.clone(), reason }.encoded();
        let new = New { bytes: &note, lifetime: Some(lifetime) };
        let mut looks = 0;
        loop {
            match self.swap_bytes(&key, moving.replaced.as_ref(), Some(new)).await? {
                Swap::Done { version } => {
                    moving.note = Some(Loaded::versioned(note, version));
                    return Ok(true);
                }
                Swap::Conflict(None) => moving.replaced = None,
                Swap::Conflict(Some(theirs)) => {
                    moving.replaced = None;
                    if self.server.store.load(self.budget(), self.now, &old_key, None).await?.is_none() {
                        return Ok(false);
                    }
                    looks += 1;
                    moving.replaced = (looks > LOOKS).then_some(theirs);
                    tokio::time::sleep(jitter(LONGEST_PAUSE.min(Duration::from_millis(1 << looks.min(8)))))
                        .await;
                }
            }
        }
    }

    /// Tells whether the old record is gone because another request has moved it, which had been taken for dead, or has
    /// taken this one for dead. Then its note is the one that counts.
    async fn was_moved_by_another(&self, old: &SessionId, moving: &mut Move) -> Result<bool, StoreError> {
        let lifetime = self.manager.config().session_successor_seconds;
        if let (Some(theirs), Some(ours)) = (moving.replaced.take(), &moving.note) {
            let new = New { bytes: &theirs.bytes, lifetime };
            self.swap_bytes(&self.manager.note_key(old), Some(ours), Some(new)).await?;
            moving.note = None;
            return Ok(true);
        }
        let there = self.manager.successor_of(self.server, old, self.now, self.budget()).await?;
        let is_theirs = there.is_some_and(|(successor, _)| successor.id != moving.id);
        if is_theirs {
            moving.note = None;
        }
        Ok(is_theirs)
    }

    /// Ends the session that another request has given an id beside a change of user. That takes two of which one has
    /// taken the other for dead: the other's note is the one that is there, or the one that was replaced.
    async fn end_what_another_moved(&self, old: &SessionId, moving: &Move) -> Result<(), StoreError> {
        let there = self.manager.successor_of(self.server, old, self.now, self.budget()).await?;
        let replaced = moving.replaced.as_ref();
        let replaced = replaced.and_then(|note| Successor::decoded(&note.bytes, &self.server.id_lengths));
        for other in there.map(|(successor, _)| successor).into_iter().chain(replaced) {
            if other.id != moving.id {
                self.end(&other.id).await?;
            }
        }
        Ok(())
    }

    /// Another request has given the session a new id. Whoever logs in goes on from there; other changes are merged
    /// there; and another user has the new session alone.
    async fn after_another(
        &self,
        old: StoredRecord,
        moving: &mut Move,
        plan: &Plan,
        reason: RotationReason,
    ) -> Result<Option<Saved>, SaveError> {
        if reason == RotationReason::Renewal {
            self.delete(moving.id.clone()).await?;
            return self.merge_into_successor(old, plan).await.map(Some);
        }
        let living = self.living(&old.id).await?;
        match living {
            Some(living) if self.may_go_on_from(&living, plan, reason)? => {
                self.delete(moving.id.clone()).await?;
                match self.go_on_from(living, plan).await? {
                    Some(joined) => Ok(Some(joined)),
                    // It has ended between the two looks.
                    None if reason == RotationReason::LogInAgain => Err(SaveError::Ended),
                    None => self.create(plan.without_data()?).await.map(Some),
                }
            }
            living
                if reason == RotationReason::LogInAgain && self.is_logged_out(living.as_ref(), plan)? =>
            {
                Err(SaveError::Ended)
            }
            _ if reason == RotationReason::OtherUser => {
                // The session belongs to the user who is left, whatever its id is by now.
                self.end(&old.id).await?;
                Ok(None)
            }
            _ => {
                self.rewrite(moving, plan.without_data()?).await?;
                Ok(None)
            }
        }
    }

    /// Saves a session that came with an id that another request has renewed, and reads as new. A log-in is a session of
    /// its own, or joins the one of the same user. Anything else is not kept.
    pub(super) async fn create_beside_successor(
        &self,
        old: &SessionId,
        new: Draft,
        plan: &Plan,
    ) -> Result<Saved, SaveError> {
        // Where no state has a login field, `regenerate` is how the application logs in.
        let logs_in = plan.rotation.is_some_and(|reason| match self.login_key() {
            Some(_) => reason > RotationReason::Renewal,
            None => true,
        });
        if !logs_in {
            return Err(SaveError::Renewed);
        }
        if let Some(living) = self.living(old).await?
            && self.may_go_on_from(&living, plan, RotationReason::LogIn)?
            && let Some(joined) = self.go_on_from(living, plan).await?
        {
            return Ok(joined);
        }
        self.create(new).await
    }

    /// Tells whether a log-in goes on with what a session holds: the same user's, or, unless another user was there on
    /// the way, that of a visitor.
    fn may_go_on_from(
        &self,
        living: &Living,
        plan: &Plan,
        reason: RotationReason,
    ) -> Result<bool, StoreError> {
        let is_same_user = self.is_of_same_user(&living.loaded, plan)?;
        if living.is_by_log_in && is_same_user {
            return Ok(true);
        }
        let is_visitors = reason == RotationReason::LogIn && self.is_logged_out(Some(living), plan)?;
        Ok(reason != RotationReason::OtherUser && living.is_same_session && (is_same_user || is_visitors))
    }

    /// Joins the session if it was begun by a log-in of this user. One that was renewed otherwise moves on to an id that
    /// only this answer carries: whoever had its old id may have renewed it. `None` if it has ended.
    async fn go_on_from(&self, living: Living, plan: &Plan) -> Result<Option<Saved>, SaveError> {
        let is_same_user = self.is_of_same_user(&living.loaded, plan)?;
        if living.is_by_log_in && is_same_user {
            return self.join(living, plan).await;
        }
        let theirs = theirs(&living.loaded, plan.base.format())?;
        let merged = Draft::new(&plan.changes.rebased(&plan.base, &theirs)?, &theirs)?;
        let reason = if is_same_user { RotationReason::LogInAgain } else { RotationReason::LogIn };
        let Living { id, loaded, .. } = living;
        let moved = self.rotate(StoredRecord { id, loaded }, merged, plan, reason);
        // In a box, since a move may meet another one again.
        match Box::pin(moved).await {
            Err(SaveError::Ended) => Ok(None),
            moved => moved.map(Some),
        }
    }

    /// Joins the session that the same user has begun by logging in: the changes are merged there. `None` if it is
    /// another user's, or has ended.
    async fn join(&self, living: Living, plan: &Plan) -> Result<Option<Saved>, SaveError> {
        let (changes, base) = plan.to_join()?;
        let life = self.full_life();
        let mut living = Some(living);
        for attempt in 0..self.attempts() {
            let Some(Living { id, loaded, is_same_session, is_by_log_in }) = living else { return Ok(None) };
            if !is_by_log_in || !self.is_of_same_user(&loaded, plan)? {
                return Ok(None);
            }
            let theirs = theirs(&loaded, base.format())?;
            let merged = Draft::new(&changes.rebased(&base, &theirs)?, &theirs)?;
            living = match self.swap(&self.manager.store_key(&id), Some(&loaded), Some(&merged), life).await?
            {
                Swap::Done { version } => return Ok(Some(merged.stored(id, version, life))),
                Swap::Conflict(None) => self.living(&id).await?,
                Swap::Conflict(Some(loaded)) => Some(Living { id, loaded, is_same_session, is_by_log_in }),
            };
            pause(attempt).await;
        }
        Err(SaveError::Contended)
    }

    /// Merges the changes into the session that lives under another id by now. The request goes on with what it has read:
    /// who holds the old id only is told nothing of the new session.
    pub(super) async fn merge_into_successor(
        &self,
        old: StoredRecord,
        plan: &Plan,
    ) -> Result<Saved, SaveError> {
        let own = Draft::new(&plan.changes, &plan.base)?;
        let mut living = self.living(&old.id).await?;
        for attempt in 0..self.attempts() {
            let Some(Living { id, loaded, is_same_session: true, is_by_log_in }) = living else {
                // It has ended, which is all that an emptied session wanted.
                return if own.empty { Ok(own.not_stored()) } else { Err(SaveError::Ended) };
            };
            let merged = plan.merged_into_successor(&loaded, self.login_key())?.ok_or(SaveError::Ended)?;
            let (key, written) = (self.manager.store_key(&id), (!merged.empty).then_some(&merged));
            living = match self.swap(&key, Some(&loaded), written, Life::of(&loaded)).await? {
                Swap::Done { .. } => {
                    if merged.empty {
                        self.server.ended.add(id);
                    }
                    let renewed = old.id.clone();
                    return Ok(Saved::new(Some(old), own.record.into()).renewed(renewed));
                }
                Swap::Conflict(None) => self.living(&id).await?,
                Swap::Conflict(Some(loaded)) => {
                    Some(Living { id, loaded, is_same_session: true, is_by_log_in })
                }
            };
            pause(attempt).await;
        }
        Err(SaveError::Contended)
    }

    async fn living(&self, old: &SessionId) -> Result<Option<Living>, StoreError> {
        self.manager.living_successor(self.server, old, self.now, self.budget()).await
    }

    /// Returns the login value that the save is going to write, as it is encoded.
    fn login_value<'p>(&self, plan: &'p Plan) -> Option<&'p [u8]> {
        let key = self.login_key()?;
        plan.changes.get(key).unwrap_or_else(|| plan.base.get(key))
    }

    /// Tells whether a session is that of the user who is logged in here.
    fn is_of_same_user(&self, loaded: &Loaded, plan: &Plan) -> Result<bool, StoreError> {
        let (Some(key), Some(user)) = (self.login_key(), self.login_value(plan)) else { return Ok(false) };
        let theirs = theirs(loaded, plan.base.format())?;
        Ok(theirs.get(key).is_some() && login::is_same_user(theirs.format(), Some(user), theirs.get(key)))
    }

    /// Tells whether the session has ended, or lives on as that of a visitor.
    fn is_logged_out(&self, living: Option<&Living>, plan: &Plan) -> Result<bool, StoreError> {
        let (Some(key), Some(living)) = (self.login_key(), living) else { return Ok(true) };
        let theirs = theirs(&living.loaded, plan.base.format())?;
        Ok(login::is_same_user(theirs.format(), None, theirs.get(key)))
    }

    /// Lets a user start without the data of the old session, and whoever still has its id find that nothing was handed
    /// over.
    async fn start_without_data(
        &self,
        moving: &mut Move,
        old: &SessionId,
        plan: &Plan,
    ) -> Result<(), SaveError> {
        self.rewrite(moving, plan.without_data()?).await?;
        if let (Some(note), Some(lifetime)) = (&moving.note, self.manager.config().session_successor_seconds)
        {
            let other = Successor { id: moving.id.clone(), reason: NoteReason::OtherUser }.encoded();
            let new = New { bytes: &other, lifetime: Some(lifetime) };
            let swapped = self.swap_bytes(&self.manager.note_key(old), Some(note), Some(new)).await?;
            if let Swap::Done { version } = swapped {
                moving.note = Some(Loaded::versioned(other, version));
            }
        }
        Ok(())
    }

    /// Replaces the record that this request has just created.
    async fn rewrite(&self, moving: &mut Move, new: Draft) -> Result<(), SaveError> {
        let (key, life) = (self.manager.store_key(&moving.id), self.full_life());
        let created = moving.saved.place.stored.as_ref().map(|stored| &stored.loaded);
        moving.saved = match self.swap(&key, created, Some(&new), life).await? {
            Swap::Done { version } => new.stored(moving.id.clone(), version, life),
            // Another log-in of this user has joined it: it is theirs.
            Swap::Conflict(_) => self.create(new).await?,
        };
        if let Some(stored) = &moving.saved.place.stored {
            moving.id = stored.id.clone();
        }
        Ok(())
    }

    /// Deletes the record that this request has just created, and its note. Where nobody knows what has happened, nothing
    /// more is written.
    async fn take_back(&self, moving: &Move, old: &SessionId) -> Result<(), SaveError> {
        if self.session.state().identity.open_outcome.is_some() {
            return Ok(());
        }
        self.delete(moving.id.clone()).await?;
        if let Some(note) = &moving.note {
            self.swap_bytes(&self.manager.note_key(old), Some(note), None).await?;
        }
        Ok(())
    }
}
