//! Saving where another request has given the session a new id first: going on from there, joining, merging.

use std::sync::Arc;

use super::SaveError;
use super::changes::Changes;
use super::draft::{Draft, Life, has_changed_hands, theirs, without_data};
use super::identity::{RotationReason, StoredRecord};
use super::login;
use super::new_id::Move;
use super::save::{Plan, Writer, pause};
use super::state::Saved;
use super::successor::Living;
use super::telling::Instead;
use crate::formats::codec::Record;
use crate::formats::id::SessionId;
use crate::store::{Loaded, StoreError, Swap};

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
        Draft::merged(&self.changes, &self.base, &theirs).map(Some)
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
    /// Another request has given the session a new id. Whoever logs in goes on from there; other changes are merged
    /// there; and another user has the new session alone.
    pub(super) async fn after_another(
        &self,
        old: StoredRecord,
        moving: &mut Move,
        plan: &Plan,
        reason: RotationReason,
    ) -> Result<Option<Saved>, SaveError> {
        if reason <= RotationReason::Recall {
            self.discard(moving).await?;
            return match reason {
                RotationReason::Recall => self.return_after_another(old, plan).await.map(Some),
                _ => self.merge_into_successor(old, plan).await.map(Some),
            };
        }
        let living = self.living(&old.id).await?;
        match living {
            Some(living) if self.may_go_on_from(&living, plan, reason)? => {
                self.discard(moving).await?;
                match self.go_on_from(living, plan).await? {
                    Some(joined) => Ok(Some(joined)),
                    // It has ended between the two looks.
                    None if reason == RotationReason::LogInAgain => Err(SaveError::Ended),
                    None => self.create(plan.without_data()?, None).await.map(Some),
                }
            }
            None if reason == RotationReason::LogInAgain => Err(SaveError::Ended),
            Some(living) if reason == RotationReason::LogInAgain && self.is_visitors(&living, plan)? => {
                Err(SaveError::Ended)
            }
            _ if reason == RotationReason::OtherUser => {
                // The session belongs to the user who is left, whatever its id is by now.
                self.end(&old.id, Some(&old.loaded)).await?;
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
        // Of a visitor's session nothing is handed over: whoever has the old id may have planted it.
        if let Some(living) = self.living(old).await?
            && self.may_go_on_from(&living, plan, RotationReason::LogInAgain)?
            && let Some(joined) = self.go_on_from(living, plan).await?
        {
            return Ok(joined);
        }
        if plan.is_recall() { Err(SaveError::Renewed) } else { self.create(new, None).await }
    }

    /// Tells whether a log-in goes on with what a session holds: the same user's, or, unless another user was there on
    /// the way, that of the visitor whose session the request has loaded under the old id.
    fn may_go_on_from(
        &self,
        living: &Living,
        plan: &Plan,
        reason: RotationReason,
    ) -> Result<bool, StoreError> {
        if self.may_join(living, plan)? || plan.is_recall() {
            return self.may_join(living, plan);
        }
        let is_same_user = self.is_of_same_user(&living.loaded, plan)?;
        let is_visitors = reason == RotationReason::LogIn && self.is_visitors(living, plan)?;
        Ok(reason != RotationReason::OtherUser && living.is_same_session && (is_same_user || is_visitors))
    }

    /// Joins the session if it was begun by a log-in of this user. One that was renewed otherwise moves on to an id that
    /// only this answer carries: whoever had its old id may have renewed it. `None` if it has ended.
    async fn go_on_from(&self, living: Living, plan: &Plan) -> Result<Option<Saved>, SaveError> {
        if self.may_join(&living, plan)? {
            return self.join(living, plan).await;
        }
        let is_same_user = self.is_of_same_user(&living.loaded, plan)?;
        let theirs = theirs(&living.loaded, plan.base.format())?;
        let merged = Draft::merged(&plan.changes, &plan.base, &theirs)?;
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
    pub(super) async fn join(&self, living: Living, plan: &Plan) -> Result<Option<Saved>, SaveError> {
        let (changes, base) = plan.to_join()?;
        let mut living = Some(living);
        for attempt in 0..self.attempts() {
            let Some(going_on) = living else { return Ok(None) };
            if !self.may_join(&going_on, plan)? {
                return Ok(None);
            }
            let Living { id, loaded, is_same_session, is_by_log_in } = going_on;
            let theirs = theirs(&loaded, base.format())?;
            let merged = Draft::merged(&changes, &base, &theirs)?;
            let (key, life) = (self.manager.store_key(&id), self.full_life(&merged.record));
            living = match self.swap(&key, Some(&loaded), Some(&merged), life).await? {
                Swap::Done { version } => {
                    return Ok(Some(merged.stored(id, version, life).instead(Instead::Joined)));
                }
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
            // Not longer for it: only who has the new id uses that session. But a life of its own counts at once.
            let life = match plan.changes_life {
                true => self.full_life(&merged.record),
                false => Life::of(&loaded),
            };
            living = match self.swap(&key, Some(&loaded), written, life).await? {
                Swap::Done { .. } => {
                    if merged.empty {
                        self.server.ended.add(id.clone());
                        self.leave(self.user_in(&loaded), std::slice::from_ref(&id)).await;
                    }
                    let instead = if merged.empty { Instead::EndedAs(id) } else { Instead::MergedInto(id) };
                    let renewed = old.id.clone();
                    return Ok(Saved::new(Some(old), own.record.into()).renewed(renewed).instead(instead));
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

    pub(super) async fn living(&self, old: &SessionId) -> Result<Option<Living>, StoreError> {
        self.manager.living_successor(self.server, old, self.now, self.budget()).await
    }

    /// Returns the login value that the save is going to write, as it is encoded.
    fn login_value<'p>(&self, plan: &'p Plan) -> Option<&'p [u8]> {
        let key = self.login_key()?;
        plan.changes.get(key).unwrap_or_else(|| plan.base.get(key))
    }

    /// Tells whether a session is that of the user who is logged in here.
    pub(super) fn is_of_same_user(&self, loaded: &Loaded, plan: &Plan) -> Result<bool, StoreError> {
        let (Some(key), Some(user)) = (self.login_key(), self.login_value(plan)) else { return Ok(false) };
        let theirs = theirs(loaded, plan.base.format())?;
        Ok(theirs.get(key).is_some() && login::is_same_user(theirs.format(), Some(user), theirs.get(key)))
    }

    /// Tells whether nobody is logged in in a session. Where no state has a login field, nobody knows.
    fn is_visitors(&self, living: &Living, plan: &Plan) -> Result<bool, StoreError> {
        let Some(key) = self.login_key() else { return Ok(false) };
        let theirs = theirs(&living.loaded, plan.base.format())?;
        Ok(login::is_same_user(theirs.format(), None, theirs.get(key)))
    }
}
