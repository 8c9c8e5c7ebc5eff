//! What a listener is told.

use std::fmt;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::kinds::{EndedBy, EventKind, Why};
use crate::formats::time::{rfc_3339, unix_seconds};
use crate::formats::value::{Value, from_value};

/// One thing that has happened, told after it was saved.
///
/// Nothing in it lets anybody in: a session is named by the first eight hex digits of a keyed hash of its id, which say
/// whether two events are about one session. `Display`, `Debug` and `Serialize` show no id, no value and no user.
///
/// `Display` is the line of the audit log: `logged_in handle=9f86d081 before=60303ae2 at=2026-11-30T21:30:00Z`.
#[derive(Clone)]
#[non_exhaustive]
pub struct Event {
    pub(super) kind: EventKind,
    pub(super) at: SystemTime,
    pub(super) handle: Option<String>,
    pub(super) before: Option<String>,
    pub(super) by: Option<EndedBy>,
    pub(super) why: Option<Why>,
    pub(super) user: Option<Value>,
}

impl Event {
    /// Returns what has happened.
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    /// Returns when it has happened, by the clock of the sessions.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// Returns the handle of the session: eight hex digits. `None` where there is no id, as with sessions in cookies.
    pub fn handle(&self) -> Option<&str> {
        self.handle.as_deref()
    }

    /// Returns the handle that the session had before, if its id has changed.
    pub fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// Returns what has ended the session, if this is [`EventKind::Ended`].
    pub fn by(&self) -> Option<EndedBy> {
        self.by
    }

    /// Returns the reason of [`EventKind::Refused`] and [`EventKind::CookieRefused`].
    pub fn why(&self) -> Option<Why> {
        self.why
    }

    /// Returns the value of the login field: of the user who has logged in or out, or whose session it was. `None` unless
    /// the application has asked for it, and where nobody is logged in or the value is not a `T`.
    pub fn user<T: DeserializeOwned>(&self) -> Option<T> {
        from_value(self.user.clone()?).ok()
    }

    /// The handles and reasons that there are, with their names.
    fn details(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("handle", self.handle()),
            ("before", self.before()),
            ("by", self.by.map(EndedBy::as_str)),
            ("why", self.why.map(Why::as_str)),
        ]
        .into_iter()
        .filter_map(|(name, detail)| Some((name, detail?)))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        self.details().try_for_each(|(name, detail)| write!(f, " {name}={detail}"))?;
        write!(f, " at={}", rfc_3339(self.at))
    }
}

/// As the line of the audit log.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({self})")
    }
}

/// A map: `event`, `at` in Unix seconds, and what there is of `handle`, `before`, `by` and `why`.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("event", &self.kind)?;
        map.serialize_entry("at", &unix_seconds(self.at))?;
        for (name, detail) in self.details() {
            map.serialize_entry(name, detail)?;
        }
        map.end()
    }
}
