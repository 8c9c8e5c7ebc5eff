//! Which event a save or a close is: one, the most telling one.

use std::time::SystemTime;

use super::events::{EndedBy, EventKind, Happening, Why};
use super::identity::RotationReason;
use super::login::is_same_user;
use super::manager::{Manager, Server, SessionHome};
use super::outcome::{CookieChange, Outcome};
use super::save::{Plan, Writer};
use super::state::{Saved, State};
use super::{SaveError, Session};
use crate::formats::codec::Record;
use crate::formats::id::SessionId;
use crate::store::Loaded;

/// What has become of a save that met another request, where that is more telling than what the save was to do.
pub(super) enum Instead {
    /// The log-in goes on with the session of another one of the same user.
    Joined,
    /// Others had changed the session, and the changes are merged with theirs.
    Merged,
    /// The changes are merged into the session that lives under this id.
    MergedInto(SessionId),
    /// The session that lived under this id has ended, since nothing is left in it.
    EndedAs(SessionId),
    /// The session was to end, and had ended before.
    EndedBefore,
}

impl Writer<'_> {
    /// Tells of a save that was carried out. One that the request has destroyed meanwhile is told by its end.
    pub(super) fn tell(&self, plan: &Plan, saved: &Saved) {
        let state = self.session.state();
        if plan.point.generation == state.identity.generation
            && let Some(told) = plan.told(saved, state.identity.id(), state.login_key, self.now)
        {
            self.manager.events().tell(told);
        }
    }

    /// As [`Server::tell_of`], of a session that this save has met.
    pub(super) fn tell_of(&self, told: Happening<'_>, loaded: &Loaded) {
        self.server.tell_of(self.manager, told, loaded, self.login_key());
    }
}

impl Server {
    /// Tells of something that has happened to the session in a record.
    pub(super) fn tell_of(
        &self,
        manager: &Manager,
        told: Happening<'_>,
        loaded: &Loaded,
        login_key: Option<&str>,
    ) {
        match loaded.record(self.format).ok().flatten() {
            Some(record) => manager.events().tell(told.user(&record, login_key)),
            None => manager.events().tell(told),
        }
    }
}

impl Plan {
    /// The event of this save. `before` is the id that the session had.
    fn told<'a>(
        &'a self,
        saved: &'a Saved,
        before: Option<&'a SessionId>,
        login_key: Option<&str>,
        now: SystemTime,
    ) -> Option<Happening<'a>> {
        let after = saved.place.stored.as_ref().map(|stored| &stored.id);
        let before = before.or(self.renewed.as_ref());
        let new = |kind| Happening::new(kind, now).of(after).before(before).user(&saved.record, login_key);
        let ended = |id| Happening::ended(EndedBy::LogOut, now).of(id).user(&self.base, login_key);
        match &saved.instead {
            Some(Instead::Joined) => return Some(new(EventKind::Joined)),
            Some(Instead::Merged) => return Some(new(EventKind::Merged)),
            Some(Instead::MergedInto(id)) => return Some(new(EventKind::Merged).of(Some(id)).before(after)),
            Some(Instead::EndedAs(id)) => return Some(ended(Some(id)).before(after)),
            Some(Instead::EndedBefore) => return None,
            None => {}
        }
        let logged_in = has_user(&saved.record, login_key);
        match (self.outcome, after) {
            (Outcome::Nothing | Outcome::Drop | Outcome::Seal | Outcome::Extend, _) => None,
            (Outcome::Create, None) => None,
            (Outcome::Create, Some(_)) if logged_in => Some(new(EventKind::LoggedIn)),
            (Outcome::Create, Some(_)) => Some(new(EventKind::Created)),
            (Outcome::Delete, _) => {
                Some(Happening::new(EventKind::LoggedOut, now).of(before).user(&self.base, login_key))
            }
            (Outcome::Write, None) => Some(ended(before)),
            // What others have left in an emptied session has moved as well.
            (Outcome::Rotate(_) | Outcome::Write, _) if after == before => None,
            (Outcome::Rotate(_) | Outcome::Write, _) => match self.rotation {
                Some(RotationReason::OtherUser) if !logged_in => {
                    Some(new(EventKind::LoggedOut).user(&self.base, login_key))
                }
                Some(RotationReason::Renewal) | None => Some(new(EventKind::Renewed)),
                Some(_) => Some(new(EventKind::LoggedIn)),
            },
        }
    }
}

impl Manager {
    /// Tells of a session that could not be saved, once in a request: what failed is tried again when the response is
    /// ready. Failures of the store are told by its client.
    pub(super) fn tell_of_failure(&self, session: &Session, error: &SaveError, now: SystemTime) {
        let told = match error {
            SaveError::Ended => Happening::refused(EventKind::Refused, Why::Ended, now),
            SaveError::Renewed => Happening::refused(EventKind::Refused, Why::Renewed, now),
            SaveError::Refused { .. } => Happening::refused(EventKind::Refused, Why::Field, now),
            SaveError::TooManySessions { .. } => {
                Happening::refused(EventKind::Refused, Why::TooManySessions, now)
            }
            SaveError::CookieTooLarge { .. } | SaveError::RecordTooLarge { .. } => {
                Happening::new(EventKind::TooLarge, now)
            }
            _ => return,
        };
        let mut state = session.state();
        if !std::mem::replace(&mut state.told_of_failure, true) {
            let identity = &state.identity;
            let id = identity.id().or(identity.renewed.as_ref());
            self.events().tell(told.of(id).user(&state.contents.record, state.login_key));
        }
    }

    /// The event of closing a session that the cookie itself holds, if that changes.
    pub(super) fn told_of_cookie<'a>(
        &self,
        state: &'a State,
        change: CookieChange,
        now: SystemTime,
    ) -> Option<Happening<'a>> {
        if matches!(self.home(), SessionHome::Server(_)) {
            return None;
        }
        let (before, key) = (&*state.contents.record, state.login_key);
        let (was_user, is_user) = (has_user(before, key), state.has_user());
        let is_other = key.is_some_and(|key| state.contents.changes.get(key).is_some());
        // What was there ended with the request, and this is another session.
        let is_new = state.flags.new || state.identity.generation > 0;
        match (change, state.identity.over_by) {
            (CookieChange::Delete, Some(by)) => Some(Happening::ended(by, now)),
            (CookieChange::Delete, None) if was_user => {
                Some(Happening::new(EventKind::LoggedOut, now).user(before, key))
            }
            (CookieChange::Delete, None) => {
                (!state.flags.new).then(|| Happening::ended(EndedBy::LogOut, now))
            }
            _ if is_user && is_other => {
                let contents = &state.contents;
                let user = key.and_then(|key| contents.raw(key));
                Some(Happening::new(EventKind::LoggedIn, now).login_value(contents.format(), user))
            }
            _ if was_user && !is_user => Some(Happening::new(EventKind::LoggedOut, now).user(before, key)),
            _ => is_new.then(|| Happening::new(EventKind::Created, now)),
        }
    }
}

impl State {
    fn has_user(&self) -> bool {
        let (format, user) = (self.contents.format(), self.login_key.and_then(|key| self.contents.raw(key)));
        !is_same_user(format, user, None)
    }
}

/// Tells whether somebody is logged in in a record.
fn has_user(record: &Record, login_key: Option<&str>) -> bool {
    let user = login_key.and_then(|key| record.get(key));
    !is_same_user(record.format(), user, None)
}
