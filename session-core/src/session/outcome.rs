//! Decides what a save and a close have to do, once for each.

use std::time::SystemTime;

use super::identity::RotationReason;
use super::refresh::Refresh;
use super::state::{Kind, State};
use super::term::LIFETIME;

/// The task of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The store holds what it should hold.
    Nothing,
    /// The session is empty and stored nowhere: its changes need no record.
    Drop,
    /// A new record is written under a new id.
    Create,
    /// The changes are applied to the record. A record that becomes empty is deleted, and where a new id was asked for,
    /// what others have left in it moves there. Its life is extended if that is due.
    Write,
    /// Nothing was changed, and what was sealed is added to the record. Its life is extended if that is due.
    Seal,
    /// Nothing was changed, and the life of the record is due to be extended.
    Extend,
    /// The data moves to a new id.
    Rotate(RotationReason),
    /// The record is deleted, whatever others have written to it.
    Delete,
}

/// The task of a response concerning the session's cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CookieChange {
    /// The browser keeps what it has.
    Keep,
    Send {
        /// It is another cookie than the browser has, or stands for a change.
        news: bool,
    },
    Delete,
}

impl State {
    /// Decides what a save has to do at the moment `now`.
    ///
    /// If `modified` was set back to false by hand, Flask writes no change where there is no refresh or nothing
    /// is left. An end or a new id is written all the same.
    pub(super) fn outcome(&self, rule: &Refresh, now: SystemTime) -> Outcome {
        let refresh = rule.each_use;
        let modified = self.flags.modified;
        let is_stored = self.identity.stored.is_some();
        let unencoded = !self.contents.encode_errors.is_empty();
        let changed = self.contents.changes.is_dirty() || unencoded;
        let rotation = self.identity.rotation_reason();
        let wanted = rotation.is_some()
            || (changed && (modified || (refresh && (unencoded || !self.is_empty()))))
            || (modified && !refresh && is_stored);
        if !wanted {
            let seals = !changed && self.contents.changes.has_seals();
            // What another program has made too long is put right by any use.
            let extends = is_stored && self.gets_another_life(rule, refresh, now);
            return match (seals || extends) && is_stored && !self.is_empty() {
                true if seals => Outcome::Seal,
                true => Outcome::Extend,
                false => Outcome::Nothing,
            };
        }
        match (is_stored, rotation, self.is_empty()) {
            (false, _, true) => Outcome::Drop,
            (false, _, false) => Outcome::Create,
            (true, Some(RotationReason::OtherUser), true) => Outcome::Delete,
            (true, Some(reason), false) => Outcome::Rotate(reason),
            (true, _, _) => Outcome::Write,
        }
    }

    /// Returns `true` if a save has anything to do, or can't know that it has not.
    pub(super) fn has_to_be_written(&self, rule: &Refresh, now: SystemTime) -> bool {
        self.identity.open_outcome.is_some()
            || !self.identity.pending_deletes.is_empty()
            || self.identity.over.is_some()
            || self.outcome(rule, now) != Outcome::Nothing
    }

    /// Tells whether the life of the record, or of the cookie that holds the session, is to be extended.
    pub(super) fn is_due(&self, rule: &Refresh, now: SystemTime) -> bool {
        self.life_may_change() && rule.is_due(self.expires(), &self.term(rule, now), now)
    }

    /// Tells whether the record gets another life: because that is due, if a use may extend it, or because it is longer
    /// than it should be, also where this request has extended it before it was known how long the session may live.
    pub(super) fn gets_another_life(&self, rule: &Refresh, may_extend: bool, now: SystemTime) -> bool {
        // How long the session lives is looked up once: this is asked in every request.
        self.may_be_followed_by_cookie() && {
            let (term, expires) = (self.term(rule, now), self.expires());
            (may_extend && !self.identity.extended && rule.is_due(expires, &term, now))
                || rule.is_too_long(expires, &term, now)
        }
    }

    fn life_may_change(&self) -> bool {
        !self.identity.extended && self.may_be_followed_by_cookie()
    }

    fn may_be_followed_by_cookie(&self) -> bool {
        !self.identity.keeps_life && self.identity.renewed.is_none()
    }

    fn expires(&self) -> Option<SystemTime> {
        match &self.identity.stored {
            Some(stored) => stored.loaded.expires,
            None => self.cookie_expires,
        }
    }

    /// Decides about the cookie, when everything is written: it is sent when it changes, or when a permanent session
    /// got a longer life, and deleted with the last key. Flask sends it after every change.
    pub(super) fn cookie_change(&self, rule: &Refresh) -> CookieChange {
        let (modified, identity) = (self.flags.modified, &self.identity);
        if identity.renewed.is_some() {
            return CookieChange::Keep;
        }
        if self.is_empty() {
            let is_dead = modified || identity.cookie_is_over;
            return if is_dead { CookieChange::Delete } else { CookieChange::Keep };
        }
        let says_all = self.kind == Kind::Cookie || rule.is_flasks();
        let is_other = says_all || identity.unsent || identity.life_changed;
        let news = identity.cookie_outdated || (modified && is_other);
        // What was sealed in a cookie is in the next one, which extends its life.
        let seals = self.kind == Kind::Cookie && !identity.keeps_life && {
            let changes = &self.contents.changes;
            changes.has_seals() && !changes.is_dirty()
        };
        let lasts = || self.permanent() || self.contents.raw(LIFETIME).is_some();
        if news || seals || (identity.extended && lasts()) {
            CookieChange::Send { news }
        } else {
            CookieChange::Keep
        }
    }
}

impl Outcome {
    /// Returns `true` if the session is stored under the same id afterwards.
    pub(super) fn keeps_id(self) -> bool {
        matches!(self, Outcome::Nothing | Outcome::Write | Outcome::Seal | Outcome::Extend)
    }

    /// Returns `true` if the browser needs a cookie with another id.
    pub(super) fn needs_cookie(self) -> bool {
        matches!(self, Outcome::Create | Outcome::Rotate(_))
    }
}
