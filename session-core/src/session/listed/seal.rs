//! The seal that says in a session's record that it was entered in the list of its user.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::formats::codec::{Format, RawKey, Record};
use crate::formats::id::SessionId;
use crate::formats::time::{later, unix_seconds};
use crate::formats::value::Value;
use crate::session::manager::Manager;
use crate::session::state::State;
use crate::session::term::CLOCKS_DIFFER_BY;

/// The key of the seal: when the session was entered, in Unix seconds, and a hash of user and id. So it says nothing
/// where Flask-Session has logged in another user, or has given the session another id.
pub(in crate::session) const LISTED: &str = "_listed";

impl Manager {
    /// Makes the seal of a session that is entered now.
    pub(in crate::session) fn listed_seal(&self, user: &str, id: &SessionId, now: SystemTime) -> Value {
        Value::List(vec![Value::Int(unix_seconds(now).into()), Value::Str(code(user, id))])
    }

    /// Adds the seal to a record that is written under `id`.
    pub(in crate::session) fn with_listed_seal(
        &self,
        record: &Record,
        user: &str,
        id: &SessionId,
        now: SystemTime,
    ) -> Option<Record> {
        let raw = record.format().encode(&self.listed_seal(user, id, now)).ok()?;
        let others = record.entries().filter(|(key, _)| *key != RawKey::Text(LISTED));
        let parts: Vec<_> = others.chain([(RawKey::Text(LISTED), raw.as_slice())]).collect();
        Record::join(record.format(), &parts).ok()
    }

    /// Returns the user in whose list a stored session is to be entered, because it never was, as one that
    /// Flask-Session has made, or long ago.
    pub(in crate::session) fn must_be_entered(&self, state: &State, now: SystemTime) -> Option<String> {
        if !self.is_listed() || state.listing_tried {
            return None;
        }
        let id = state.identity.id().filter(|_| state.identity.renewed.is_none())?;
        let record = &state.contents.record;
        let user = self.listed_user(record, state.login_key)?;
        let is_entered = state.chosen_label.is_none()
            && record
                .get(LISTED)
                .and_then(|raw| entered_at(record.format(), raw, &user, id))
                .is_some_and(|at| self.is_recent(at, now));
        (!is_entered).then_some(user)
    }

    fn is_recent(&self, entered_at: u64, now: SystemTime) -> bool {
        let entered_at = later(UNIX_EPOCH, Duration::from_secs(entered_at));
        match now.duration_since(entered_at) {
            Ok(age) => age <= self.config().lifetime_max() / 2,
            Err(ahead) => ahead.duration() <= CLOCKS_DIFFER_BY,
        }
    }
}

/// Returns when the session of this user was entered under this id.
fn entered_at(format: Format, raw: &[u8], user: &str, id: &SessionId) -> Option<u64> {
    let Value::List(seal) = format.decode(raw).ok()? else { return None };
    match seal.as_slice() {
        [Value::Int(at), Value::Str(whose)] if *whose == code(user, id) => u64::try_from(*at).ok(),
        _ => None,
    }
}

fn code(user: &str, id: &SessionId) -> String {
    let mut hash = Sha256::new();
    hash.update(user);
    hash.update(id.as_str());
    let hash = format!("{:x}", hash.finalize());
    // Nobody gains by a seal that is wrong: this is long enough for it not to be so by chance.
    hash.chars().take(16).collect()
}
