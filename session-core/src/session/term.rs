//! How long one session lives: what the configuration says, and what its record says of itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::refresh::Refresh;
use super::state::{PERMANENT, State, is_permanent};
use crate::formats::codec::{RawKey, Record};
use crate::formats::time::{later, unix_seconds};
use crate::formats::value::Value;

/// The key of the time from which the absolute lifetime counts, in Unix seconds.
pub(super) const CREATED_AT: &str = "_created_at";

/// The key of a session's own lifetime, in whole seconds.
pub(super) const LIFETIME: &str = "_lifetime";

/// The keys that say only how the session lives.
pub(super) const OF_LIFE: [&str; 3] = [PERMANENT, CREATED_AT, LIFETIME];

/// The most by which the clocks of two processes differ.
const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(5 * 60);

/// The life of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Term {
    /// Its life after each use.
    pub(super) lifetime: Duration,
    /// That is the session's own, not the configured one.
    pub(super) is_own: bool,
    /// The moment that it does not outlive, whatever uses it.
    pub(super) until: Option<SystemTime>,
}

impl Term {
    /// Returns when the session ends if it is used at `now`, and not later.
    pub(super) fn end(&self, now: SystemTime) -> SystemTime {
        let end = later(now, self.lifetime);
        self.until.map_or(end, |until| until.min(end))
    }

    /// Returns the life that a record gets at `now`. Stores take no shorter one than a second.
    pub(super) fn life(&self, now: SystemTime) -> Duration {
        let left = self.end(now).duration_since(now).unwrap_or_default();
        left.max(Duration::from_secs(1))
    }

    /// Tells whether the session has ended, though it may still be stored.
    pub(super) fn is_over(&self, now: SystemTime) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    /// Tells whether every session that says nothing else has this life at `now`.
    pub(super) fn is_configured(&self, rule: &Refresh, now: SystemTime) -> bool {
        self.end(now) == later(now, rule.lifetime)
    }
}

impl Refresh {
    /// Returns the life of the session in a record.
    pub(super) fn term_of(&self, record: &Record, now: SystemTime) -> Term {
        self.term(|key| record.get(key).and_then(|raw| record.format().decode(raw).ok()), now)
    }

    /// Returns the life of the session that has these values.
    fn term(&self, value: impl Fn(&str) -> Option<Value>, now: SystemTime) -> Term {
        let own = value(LIFETIME).and_then(|value| own_lifetime(&value));
        let until = self.absolute.and_then(|absolute| {
            let created = created_at(&value(CREATED_AT)?, now)?;
            Some(later(created, absolute))
        });
        Term { lifetime: own.map_or(self.lifetime, |own| own.min(self.max)), is_own: own.is_some(), until }
    }
}

impl State {
    /// Returns the life of the session with the changes of this request.
    pub(super) fn term(&self, rule: &Refresh, now: SystemTime) -> Term {
        rule.term(|key| self.contents.value(key).ok().flatten(), now)
    }

    /// Returns when the session's cookie ends; `None` for one that ends with the browser.
    pub(super) fn cookie_end(&self, rule: &Refresh, now: SystemTime) -> Option<SystemTime> {
        let term = self.term(rule, now);
        (term.is_own || self.permanent()).then(|| term.end(now))
    }

    /// Notes when the session was first seen, from which its absolute lifetime counts, unless that is known.
    pub(super) fn date(&mut self, rule: &Refresh, now: SystemTime) {
        if rule.absolute.is_none() || self.is_empty() {
            return;
        }
        let known = self.contents.value(CREATED_AT).ok().flatten();
        if known.and_then(|value| created_at(&value, now)).is_none() {
            self.seal(CREATED_AT, &Value::Int(unix_seconds(now).into()));
        }
    }

    /// Returns `true` if the session has got or lost a life of its own, or a permanent cookie.
    pub(super) fn lives_otherwise(&self) -> bool {
        self.permanent() != self.saved_as_permanent()
            || self.contents.raw(LIFETIME) != self.contents.record.get(LIFETIME)
    }
}

/// Tells whether the sessions of two records of one format have the same life, and cookies that end alike.
pub(super) fn live_alike(one: &Record, other: &Record) -> bool {
    one.get(LIFETIME) == other.get(LIFETIME) && is_permanent(one) == is_permanent(other)
}

/// Tells whether a key says only how the session lives: without anything else there is nothing to keep.
pub(super) fn is_of_life(key: RawKey<'_>) -> bool {
    OF_LIFE.into_iter().any(|known| key == RawKey::Text(known))
}

fn own_lifetime(value: &Value) -> Option<Duration> {
    let Value::Int(seconds) = value else { return None };
    let seconds = u64::try_from(*seconds).ok().filter(|seconds| *seconds > 0)?;
    Some(Duration::from_secs(seconds))
}

/// Returns the time that a value says. One that is far in the future is wrong: the session would outlive its time.
fn created_at(value: &Value, now: SystemTime) -> Option<SystemTime> {
    let Value::Int(seconds) = value else { return None };
    let created = UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(*seconds).ok()?))?;
    (created <= later(now, CLOCKS_DIFFER_BY)).then_some(created)
}
