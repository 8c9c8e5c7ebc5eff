//! How long one session lives: what the configuration says, and what its record says of itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::owner::Owner;
use super::refresh::Refresh;
use super::state::{PERMANENT, State, is_permanent};
use crate::formats::codec::{RawKey, Record};
use crate::formats::time::{later, unix_seconds};
use crate::formats::value::Value;

/// The key of the time from which the absolute lifetime counts, in Unix seconds. Where somebody is logged in, it is that
/// user's: see [`Owner`].
pub(super) const CREATED_AT: &str = "_created_at";

/// The key of a session's own lifetime, in whole seconds, that of the user who is logged in.
pub(super) const LIFETIME: &str = "_lifetime";

/// The keys that say only how the session lives.
pub(super) const OF_LIFE: [&str; 3] = [PERMANENT, CREATED_AT, LIFETIME];

/// The most by which the clocks of two processes differ.
pub(super) const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(5 * 60);

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
    pub(super) fn term_of(&self, record: &Record, login_key: Option<&str>, now: SystemTime) -> Term {
        let value = |key: &str| record.get(key).and_then(|raw| record.format().decode(raw).ok());
        self.term(value, |value| Owner::of(record.format(), login_key, value), now)
    }

    /// Returns the life of the session that has these values.
    fn term<V: Fn(&str) -> Option<Value>>(
        &self,
        value: V,
        owner: impl Fn(&V) -> Owner,
        now: SystemTime,
    ) -> Term {
        let (own, created) = (value(LIFETIME), self.absolute.and_then(|_| value(CREATED_AT)));
        // Who is logged in is asked only where it matters.
        let owner = if own.is_some() || created.is_some() { owner(&value) } else { Owner::Unknown };
        let own = own.and_then(|value| own_lifetime(&owner, &value));
        let created = created.and_then(|value| created_at(&owner, &value, now));
        let until = self.absolute.zip(created).map(|(absolute, created)| later(created, absolute));
        Term { lifetime: own.map_or(self.lifetime, |own| own.min(self.max)), is_own: own.is_some(), until }
    }
}

impl State {
    /// Returns the life of the session with the changes of this request.
    pub(super) fn term(&self, rule: &Refresh, now: SystemTime) -> Term {
        rule.term(|key: &str| self.contents.value(key).ok().flatten(), |_| self.owner(), now)
    }

    /// Returns who is logged in.
    pub(super) fn owner(&self) -> Owner {
        let value = |key: &str| self.contents.value(key).ok().flatten();
        Owner::of(self.contents.format(), self.login_key, value)
    }

    /// Returns the session's own lifetime in seconds, if it is that of who is logged in, or if this request has set it:
    /// for whom, may be known only later.
    pub(super) fn own_seconds(&self) -> Option<u64> {
        let value = self.contents.value(LIFETIME).ok()??;
        let is_set_now = self.contents.changes.get(LIFETIME).is_some();
        let owner = if is_set_now { Owner::Unknown } else { self.owner() };
        own_lifetime(&owner, &value).map(|own| own.as_secs())
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
        let (known, owner) = (self.contents.value(CREATED_AT).ok().flatten(), self.owner());
        if known.and_then(|value| created_at(&owner, &value, now)).is_none() {
            self.seal(CREATED_AT, &owner.bind(unix_seconds(now)));
        }
    }

    /// Returns `true` if the session has got or lost a life of its own, or a permanent cookie.
    pub(super) fn lives_otherwise(&self) -> bool {
        let changed = |key| self.contents.raw(key) != self.contents.record.get(key);
        // Decoded only if it is worth it.
        changed(LIFETIME) || (changed(PERMANENT) && self.permanent() != self.saved_as_permanent())
    }
}

/// Tells whether the sessions of two records of one format have the same life, and cookies that end alike.
pub(super) fn live_alike(one: &Record, other: &Record) -> bool {
    one.get(LIFETIME) == other.get(LIFETIME)
        && (one.get(PERMANENT) == other.get(PERMANENT) || is_permanent(one) == is_permanent(other))
}

/// Tells whether a key says only how the session lives: without anything else there is nothing to keep.
pub(super) fn is_of_life(key: RawKey<'_>) -> bool {
    OF_LIFE.into_iter().any(|known| key == RawKey::Text(known))
}

fn own_lifetime(owner: &Owner, value: &Value) -> Option<Duration> {
    owner.number(value).filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// Returns the time that a value says. One that is far in the future is wrong: the session would outlive its time.
fn created_at(owner: &Owner, value: &Value, now: SystemTime) -> Option<SystemTime> {
    let created = UNIX_EPOCH.checked_add(Duration::from_secs(owner.number(value)?))?;
    (created <= later(now, CLOCKS_DIFFER_BY)).then_some(created)
}
