//! Saving a login by the remember-me cookie: several requests of one browser are one session, and none of them gets in the way
//! of anything else.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::draft::Draft;
use super::identity::StoredRecord;
use super::manager::{Manager, SessionHome};
use super::new_id::Move;
use super::remembered::is_recalled;
use super::save::{Plan, Writer};
use super::state::Saved;
use super::successor::{Living, NoteReason, Successor};
use super::{SaveError, Session};
use crate::formats::id::SessionId;
use crate::formats::value::Value;
use crate::store::{New, StoreError, Swap};

/// The time for which requests without a session, with one cookie and from one browser, share one: those of one page.
/// All browsers of a user have the same cookie, and two may have one address and `User-Agent`.
const TOGETHER: Duration = Duration::from_secs(10);

impl Manager {
    /// Tells whether the user whom the cookie names may be logged in in this request: not beside a log-out, nor beside
    /// another log-in. Requests that come together may.
    pub(super) async fn may_return(
        &self,
        session: &Session,
        user: &str,
        name: [&str; 2],
    ) -> Result<bool, StoreError> {
        let SessionHome::Server(server) = self.home() else { return Ok(true) };
        let (stored, renewed) = {
            let identity = &session.state().identity;
            (identity.stored.is_some(), identity.renewed.clone())
        };
        if stored || self.config().session_successor_seconds.is_none() {
            return Ok(true);
        }
        let (now, budget) = (session.now(), &session.shared.budget);
        let returning = returning(name);
        if renewed.is_none() && self.successor_of(server, &returning, now, budget).await?.is_none() {
            if let Some(remembering) = &mut session.state().remembering {
                remembering.returning = Some(returning);
            }
            return Ok(true);
        }
        let old = renewed.unwrap_or(returning);
        let living = self.living_successor(server, &old, now, budget).await?;
        let key = session.state().login_key;
        let shares = living.is_some_and(|Living { loaded, .. }| {
            let record = loaded.record(server.format).ok().flatten();
            record.zip(key).is_some_and(|(record, key)| {
                let theirs = record.get(key).and_then(|raw| record.format().decode(raw).ok());
                theirs == Some(Value::Str(user.to_owned())) && is_recalled(&record, key)
            })
        });
        if shares {
            session.state().identity.renewed = Some(old);
        }
        Ok(shares)
    }
}

/// The name of the requests with one cookie from one browser. It has the form of an id, and nobody makes it without the
/// cookie.
fn returning([cookie, browser]: [&str; 2]) -> SessionId {
    let digest = Sha256::new().chain_update(b"remembered\0").chain_update(cookie).chain_update(b"\0");
    let text = URL_SAFE_NO_PAD.encode(digest.chain_update(browser).finalize());
    SessionId::of_digest(text)
}

impl Writer<'_> {
    /// Stores a session that the cookie has begun, or joins that of a request which has come at the same time.
    pub(super) async fn create_returning(
        &self,
        returning: &SessionId,
        new: Draft,
        plan: &Plan,
    ) -> Result<Saved, SaveError> {
        let saved = self.create(new, None).await.map_err(yielding)?;
        let Some(id) = saved.place.id() else { return Ok(saved) };
        let mut moving = Move::to(id, saved);
        match self.join_returning(returning, &mut moving, plan).await {
            Ok(joined) => Ok(joined.unwrap_or(moving.into_saved())),
            Err(error) => {
                self.take_back(&moving, returning).await?;
                Err(error)
            }
        }
    }

    async fn join_returning(
        &self,
        returning: &SessionId,
        moving: &mut Move,
        plan: &Plan,
    ) -> Result<Option<Saved>, SaveError> {
        if self.leave_note(returning, moving, NoteReason::Renewal, Some(TOGETHER)).await? {
            return Ok(None);
        }
        match self.living(returning).await? {
            Some(living) if self.may_join(&living, plan)? => {
                self.discard(moving).await?;
                self.join(living, plan).await?.ok_or(SaveError::Renewed).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Goes on where another request has given the session that was loaded a new id: joins it if that was a login by the
    /// cookie, too. A log-in by a password gets what else the request has changed, and its cookie stays.
    pub(super) async fn return_after_another(
        &self,
        old: StoredRecord,
        plan: &Plan,
    ) -> Result<Saved, SaveError> {
        let living = self.living(&old.id).await?.filter(|living| living.is_same_session);
        match living {
            Some(living) if self.may_join(&living, plan)? => {
                self.join(living, plan).await?.ok_or(SaveError::Renewed)
            }
            Some(living) if self.is_of_same_user(&living.loaded, plan)? => {
                self.merge_into_successor(old, plan).await.map_err(yielding)
            }
            _ => Err(SaveError::Renewed),
        }
    }

    /// Tells whether a log-in shares the session of another one of the same user: one by the cookie that of another one by
    /// the cookie, and one by a password that to which nothing but such log-ins have led.
    pub(super) fn may_join(&self, living: &Living, plan: &Plan) -> Result<bool, StoreError> {
        if !self.is_of_same_user(&living.loaded, plan)? {
            return Ok(false);
        }
        let record = living.loaded.record(plan.base.format()).ok().flatten();
        let is_recalled = record.zip(self.login_key()).is_some_and(|(record, key)| is_recalled(&record, key));
        Ok(if plan.is_recall() { is_recalled } else { living.is_by_log_in && !is_recalled })
    }

    /// Lets requests that are under way with the id of a session find that its user has logged out, so that the cookie that
    /// they have brought logs nobody in.
    pub(super) async fn note_log_out(&self, id: &SessionId) -> Result<(), SaveError> {
        let lifetime = self.manager.config().session_successor_seconds;
        let (Some(lifetime), true) = (lifetime, self.session.state().has_forgotten()) else { return Ok(()) };
        // Nothing is ever stored under it.
        let nobody = self.new_id()?;
        let note = Successor { id: nobody, reason: NoteReason::OtherUser }.encoded();
        let new = New { bytes: &note, lifetime: Some(lifetime) };
        match self.swap_bytes(&self.manager.note_key(id), None, Some(new)).await? {
            // What is there leads to the session, which is ended where it is by now.
            Swap::Done { .. } | Swap::Conflict(_) => Ok(()),
        }
    }
}

/// A login by the cookie refuses nobody a page.
fn yielding(error: SaveError) -> SaveError {
    match error {
        SaveError::Ended | SaveError::TooManySessions { .. } => SaveError::Renewed,
        error => error,
    }
}
