//! One session of a user, as a page of devices shows it.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::list::Entry;
use crate::formats::time::{later, unix_seconds};

/// One session of a user: what a page of devices shows of it.
///
/// Nobody gets in with anything that is in it. `Serialize` writes a map of `handle`, `created` and `last_seen` in Unix
/// seconds, `label` and `current`, for templates and JSON. `Debug` shows no label.
#[derive(Clone, PartialEq, Eq)]
pub struct UserSession {
    handle: String,
    created: SystemTime,
    last_seen: SystemTime,
    label: String,
    is_current: bool,
}

impl UserSession {
    pub(super) fn new(
        entry: &Entry,
        last_seen: Option<SystemTime>,
        now: SystemTime,
        is_current: bool,
    ) -> Self {
        let created = later(UNIX_EPOCH, Duration::from_secs(entry.created));
        // A session that another program keeps may have an end that tells nothing.
        let last_seen = last_seen.unwrap_or(created).clamp(created, now.max(created));
        UserSession {
            handle: entry.handle.clone(),
            created,
            last_seen,
            label: entry.label.clone(),
            is_current,
        }
    }

    /// Returns the name by which [`UserSessions::end`](super::UserSessions::end) takes it. It stays when the session gets
    /// another id.
    pub fn handle(&self) -> &str {
        &self.handle
    }

    /// Returns when the user logged in with this session first, or when one that Flask-Session has made was first seen here.
    /// Another log-in of the same user with it, as where a password is asked for again, changes nothing of that.
    pub fn created(&self) -> SystemTime {
        self.created
    }

    /// Returns when the session was last used, as exactly as its life is extended: with the defaults, within a tenth of
    /// `permanent_session_lifetime`.
    pub fn last_seen(&self) -> SystemTime {
        self.last_seen
    }

    /// Returns the label: the `User-Agent` of the browser that logged in, unless the application has set another one
    /// ([`Session::set_label`](crate::session::Session::set_label)). Whoever logs in may have sent any text: escape it.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns `true` for the session of the request that asks.
    pub fn is_current(&self) -> bool {
        self.is_current
    }
}

impl Serialize for UserSession {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("UserSession", 5)?;
        fields.serialize_field("handle", &self.handle)?;
        fields.serialize_field("created", &unix_seconds(self.created))?;
        fields.serialize_field("last_seen", &unix_seconds(self.last_seen))?;
        fields.serialize_field("label", &self.label)?;
        fields.serialize_field("current", &self.is_current)?;
        fields.end()
    }
}

impl fmt::Debug for UserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserSession").field("is_current", &self.is_current).finish_non_exhaustive()
    }
}
