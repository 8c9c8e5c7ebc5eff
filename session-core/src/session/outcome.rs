//! Decides what a save and a close have to do, once for each.

use super::identity::RotationReason;
use super::state::State;

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
    /// what others have left in it moves there. If the changes make no difference, its life is extended, unless every
    /// load does that.
    Write,
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
        /// The cookie outlives the browser.
        permanent: bool,
        /// It is another cookie than the browser has, or stands for a change.
        news: bool,
    },
    Delete,
}

impl State {
    /// Decides what a save has to do. `refresh` is `session_refresh_each_request`.
    ///
    /// If `modified` was set back to false by hand, Flask writes no change where there is no refresh or nothing
    /// is left. An end or a new id is written all the same.
    pub(super) fn outcome(&self, refresh: bool) -> Outcome {
        let modified = self.flags.modified;
        let is_stored = self.identity.stored.is_some();
        let unencoded = !self.contents.encode_errors.is_empty();
        let changed = self.contents.changes.is_dirty() || unencoded;
        let rotation = self.identity.rotation_reason();
        let wanted = rotation.is_some()
            || (changed && (modified || (refresh && (unencoded || !self.is_empty()))))
            || (modified && !refresh && is_stored);
        if !wanted {
            return Outcome::Nothing;
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
    pub(super) fn has_to_be_written(&self, refresh: bool) -> bool {
        self.identity.open_outcome.is_some()
            || !self.identity.pending_deletes.is_empty()
            || self.outcome(refresh) != Outcome::Nothing
    }

    /// Decides about the cookie, when everything is written: it is sent after a change, or to extend the life of a
    /// permanent one, and deleted with the last key.
    pub(super) fn cookie_change(&self, refresh: bool) -> CookieChange {
        let modified = self.flags.modified;
        if self.is_empty() {
            return if modified { CookieChange::Delete } else { CookieChange::Keep };
        }
        let permanent = self.permanent();
        let news = modified || self.identity.cookie_outdated;
        if news || (refresh && permanent) {
            CookieChange::Send { permanent, news }
        } else {
            CookieChange::Keep
        }
    }
}

impl Outcome {
    /// Returns `true` if the browser needs a cookie with another id.
    pub(super) fn needs_cookie(self) -> bool {
        matches!(self, Outcome::Create | Outcome::Rotate(_))
    }
}
