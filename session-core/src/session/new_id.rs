//! Saving under another id: moving there, and leaving a note.

use std::time::Duration;

use super::SaveError;
use super::draft::{Draft, Life};
use super::identity::{RotationReason, StoredRecord};
use super::save::{Plan, Writer, pause};
use super::state::Saved;
use super::successor::{NoteReason, Successor};
use crate::formats::id::SessionId;
use crate::store::client::wait::jitter;
use crate::store::{Loaded, New, StoreError, Swap};

/// A session whose new record exists beside the old one.
pub(super) struct Move {
    pub(super) id: SessionId,
    saved: Saved,
    /// The note, as it is stored; `None` if there is none of ours.
    note: Option<Loaded>,
    /// The note of a request that was taken for dead, which ours has replaced.
    replaced: Option<Loaded>,
}

impl Move {
    /// A session that was stored under this id, before it has left a note.
    pub(super) fn to(id: SessionId, saved: Saved) -> Self {
        Move { id, saved, note: None, replaced: None }
    }

    pub(super) fn into_saved(self) -> Saved {
        self.saved
    }

    /// Goes on with a record that has taken the place of the one that was created first.
    fn go_to(&mut self, saved: Saved) {
        if let Some(stored) = &saved.place.stored {
            self.id = stored.id.clone();
        }
        self.saved = saved;
    }
}

/// The number of times that a request looks whether another one, which has left its note, has deleted the old record.
/// With the pauses between them they take about a second, as long as a store may take for a call. A process that takes
/// longer for that has ended.
const LOOKS: u32 = 20;
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

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
        let saved = self.create(new, Some(&old.id)).await?;
        let Some(id) = saved.place.id() else { return Ok(saved) };
        let (old_id, mut moving) = (old.id.clone(), Move::to(id, saved));
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
        let lifetime = self.manager.config().session_successor_seconds;
        if !self.leave_note(&old.id, moving, reason.into(), lifetime).await? {
            return self.after_another(old, moving, plan, reason).await;
        }
        if reason == RotationReason::OtherUser {
            // Nothing of the other user is merged, so nothing has to be compared either.
            if !self.delete(old.id.clone()).await? {
                self.end_what_another_moved(&old.id, moving).await?;
            }
            self.leave(self.user_in(&old.loaded), &[old.id]).await;
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
                Swap::Conflict(None) if reason == RotationReason::LogIn => {
                    // The visitor's old session has ended: the user starts without its data.
                    self.start_without_data(moving, &old.id, plan).await?;
                    return Ok(None);
                }
                Swap::Conflict(None) if reason == RotationReason::Recall => return Err(SaveError::Renewed),
                Swap::Conflict(None) => return Err(SaveError::Ended),
                Swap::Conflict(Some(current)) => current,
            };
            match plan.merged_into(&current, self.login_key())? {
                Some(merged) => self.rewrite(moving, merged).await?,
                None if reason == RotationReason::Renewal => return Err(SaveError::Ended),
                None if reason == RotationReason::Recall => return Err(SaveError::Renewed),
                None => {
                    self.start_without_data(moving, &old.id, plan).await?;
                    self.delete(old.id.clone()).await?;
                    self.leave(self.user_in(&old.loaded), &[old.id]).await;
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
    pub(super) async fn leave_note(
        &self,
        old: &SessionId,
        moving: &mut Move,
        reason: NoteReason,
        lifetime: Option<Duration>,
    ) -> Result<bool, StoreError> {
        let Some(lifetime) = lifetime else { return Ok(true) };
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
                    if self.server.load(self.budget(), self.now, &old_key).await?.is_none() {
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
                self.end(&other.id, None).await?;
            }
        }
        Ok(())
    }

    /// Lets a user start without the data of the old session, and whoever still has its id find that nothing was handed
    /// over.
    async fn start_without_data(
        &self,
        moving: &mut Move,
        old: &SessionId,
        plan: &Plan,
    ) -> Result<(), SaveError> {
        let new = plan.without_data()?;
        if self.user_of(&new.record).is_some() {
            // Nothing is left of the session before, whose entry in the list may be that of another log-in by now.
            self.discard(moving).await?;
            moving.go_to(self.create(new, None).await?);
        } else {
            self.rewrite(moving, new).await?;
        }
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
    pub(super) async fn rewrite(&self, moving: &mut Move, new: Draft) -> Result<(), SaveError> {
        let new = self.sealed(new, &moving.id);
        let (key, life) = (self.manager.store_key(&moving.id), self.full_life(&new.record));
        let created = moving.saved.place.stored.as_ref().map(|stored| &stored.loaded);
        let saved = match self.swap(&key, created, Some(&new), life).await? {
            Swap::Done { version } => new.stored(moving.id.clone(), version, life),
            // Another log-in of this user has joined it: it is theirs.
            Swap::Conflict(_) => self.create(new, None).await?,
        };
        moving.go_to(saved);
        Ok(())
    }

    /// Deletes the record that this request has just created.
    pub(super) async fn discard(&self, moving: &Move) -> Result<(), StoreError> {
        self.delete(moving.id.clone()).await?;
        let created = moving.saved.place.stored.as_ref();
        self.leave_again(created.and_then(|created| self.user_in(&created.loaded)), &moving.id).await;
        Ok(())
    }

    /// Deletes the record that this request has just created, and its note. Where nobody knows what has happened, nothing
    /// more is written.
    pub(super) async fn take_back(&self, moving: &Move, old: &SessionId) -> Result<(), SaveError> {
        if self.session.state().identity.open_outcome.is_some() {
            return Ok(());
        }
        self.discard(moving).await?;
        if let Some(note) = &moving.note {
            self.swap_bytes(&self.manager.note_key(old), Some(note), None).await?;
        }
        Ok(())
    }
}
