//! When the life of a session is extended: its record and its cookie together.

use std::time::{Duration, SystemTime};

use crate::config::SessionConfig;

/// The rule of `session_refresh_after` and `session_refresh_each_request`.
pub(super) struct Refresh {
    /// The life that a record and a cookie get.
    pub(super) lifetime: Duration,
    /// Every use extends the life, not only a change.
    pub(super) each_use: bool,
    /// Extending is due when no more life than this is left.
    due_below: Duration,
    /// Flask's way: every use extends, and every use is due.
    always: bool,
}

/// The most by which a life may be longer than the configured one, because the clocks of two processes differ.
const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(60);

impl Refresh {
    pub(super) fn of(config: &SessionConfig) -> Self {
        let (lifetime, after) = (config.permanent_session_lifetime, config.session_refresh_after);
        Refresh {
            lifetime,
            each_use: config.session_refresh_each_request,
            due_below: lifetime.mul_f64((1.0 - after).clamp(0.0, 1.0)),
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

    /// Tells whether a life that ends at `expires` is to be extended: enough of it has passed, it was longer before the
    /// lifetime was made shorter, or nobody knows when it ends.
    pub(super) fn is_due(&self, expires: Option<SystemTime>, now: SystemTime) -> bool {
        let Some(expires) = expires.filter(|_| !self.always) else { return true };
        let left = expires.duration_since(now).unwrap_or_default();
        left <= self.due_below || left > self.lifetime.saturating_add(CLOCKS_DIFFER_BY)
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
        let is_due =
            |after, left| refresh(after).is_due(Some(UNIX_EPOCH + Duration::from_secs(left)), UNIX_EPOCH);
        for (left, due) in
            [(0, true), (900, true), (901, false), (1_000, false), (1_060, false), (1_061, true)]
        {
            assert_eq!(is_due(0.1, left), due, "{left}");
        }
        assert!(refresh(0.1).is_due(None, UNIX_EPOCH));
        assert!(is_due(0.0, 1_000));
        assert!(!is_due(1.0, 1) && is_due(1.0, 0));
    }
}
