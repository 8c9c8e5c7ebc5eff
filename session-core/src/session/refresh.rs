//! When the life of a session is extended: its record and its cookie together.

use std::time::{Duration, SystemTime};

use super::term::Term;
use crate::config::SessionConfig;
use crate::formats::time::later;

/// The rule of the lifetimes, `session_refresh_after` and `session_refresh_each_request`.
pub(super) struct Refresh {
    /// The life of a session that has none of its own.
    pub(super) lifetime: Duration,
    /// The longest life that counts as a session's own.
    pub(super) max: Duration,
    /// The life of every session from its beginning on.
    pub(super) absolute: Option<Duration>,
    /// Every use extends the life, not only a change.
    pub(super) each_use: bool,
    /// The share of its life that may be left when extending is due.
    may_be_left: f64,
    /// That share of the configured lifetime.
    due_below: Duration,
    /// Flask's way: every use extends, and every use is due.
    always: bool,
}

/// The most by which a life may be longer than it should be, because the clocks of two processes differ.
const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(60);

/// The least by which a life that can't be extended beyond a moment is extended up to it: stores count in whole seconds.
const WORTH_A_CALL: Duration = Duration::from_secs(2);

impl Refresh {
    pub(super) fn of(config: &SessionConfig) -> Self {
        let after = config.session_refresh_after;
        let may_be_left = (1.0 - after).clamp(0.0, 1.0);
        Refresh {
            lifetime: config.permanent_session_lifetime,
            max: config.lifetime_max(),
            absolute: config.session_absolute_lifetime,
            each_use: config.session_refresh_each_request,
            may_be_left,
            due_below: config.permanent_session_lifetime.mul_f64(may_be_left),
            always: after <= 0.0,
        }
    }

    /// Returns the life that each load gives to its record, where the load is not to ask first whether that is due.
    pub(super) fn touch(&self) -> Option<Duration> {
        (self.always && self.each_use).then_some(self.lifetime)
    }

    /// Tells whether every use sends the cookie again, as in Flask.
    pub(super) fn is_flasks(&self) -> bool {
        self.always
    }

    /// Tells whether a life that ends at `expires` is to be extended: enough of it has passed, it is longer than it
    /// should be, or nobody knows when it ends.
    pub(super) fn is_due(&self, expires: Option<SystemTime>, term: &Term, now: SystemTime) -> bool {
        let Some(known) = expires.filter(|_| !self.always) else { return true };
        let left = known.duration_since(now).unwrap_or_default();
        let due_below = if term.is_own { term.lifetime.mul_f64(self.may_be_left) } else { self.due_below };
        let is_spent = left <= due_below;
        // Near the moment that nothing outlives, no use makes it longer.
        let may_grow = term.until.is_none_or(|until| later(known, WORTH_A_CALL) < until);
        (is_spent && may_grow) || self.is_too_long(expires, term, now)
    }

    /// Tells whether a life that ends at `expires` is longer than it should be: another program has extended it, or the
    /// lifetime was made shorter.
    pub(super) fn is_too_long(&self, expires: Option<SystemTime>, term: &Term, now: SystemTime) -> bool {
        expires.is_some_and(|expires| expires > later(term.end(now), CLOCKS_DIFFER_BY))
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn it_is_due_after_its_share_when_the_lifetime_was_made_shorter_and_when_nobody_knows() {
        let refresh = |after| {
            Refresh::of(&SessionConfig {
                permanent_session_lifetime: Duration::from_secs(1_000),
                session_refresh_after: after,
                ..SessionConfig::default()
            })
        };
        let term = Term { lifetime: Duration::from_secs(1_000), is_own: false, until: None };
        let is_due = |after, left| {
            refresh(after).is_due(Some(UNIX_EPOCH + Duration::from_secs(left)), &term, UNIX_EPOCH)
        };
        for (left, due) in
            [(0, true), (900, true), (901, false), (1_000, false), (1_060, false), (1_061, true)]
        {
            assert_eq!(is_due(0.1, left), due, "{left}");
        }
        assert!(refresh(0.1).is_due(None, &term, UNIX_EPOCH));
        assert!(is_due(0.0, 1_000));
        assert!(!is_due(1.0, 1) && is_due(1.0, 0));
    }
}
