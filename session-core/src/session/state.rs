//! What a session knows during one request: the record as loaded, and what was changed since.

use std::sync::Arc;

use bytes::Bytes;

use super::changes::{Change, Changes, FieldRule};
use super::{FieldError, login};
use crate::config::SessionConfig;
use crate::formats::codec::{EncodeError, Format, RawKey, Record};
use crate::formats::value::Value;
use crate::session::id::SessionId;
use crate::store::Loaded;

/// Flask's key for "the cookie outlives the browser".
pub(crate) const PERMANENT: &str = "_permanent";

/// The state behind all handles of one session in one request.
pub(crate) struct State {
    /// The record that the changes are made to, in the session's format.
    pub(crate) record: Arc<Record>,
    /// The record as the store holds it: what the next swap expects. `None`: nothing is stored.
    pub(crate) stored: Option<Loaded>,
    /// The id under which it is stored. `None`: a new session has no id before its first write.
    pub(crate) id: Option<SessionId>,
    pub(crate) changes: Changes,
    pub(crate) flags: Flags,
    /// The key that says who is logged in, once a state that declares one was loaded.
    pub(crate) login: Option<&'static str>,
    /// Why a new id is due, and when it was asked for.
    pub(crate) rotation: Option<(Rotation, u64)>,
    /// Records that `destroy` has ended and the store still holds.
    pub(crate) doomed: Vec<SessionId>,
    /// Counts the sessions that this state has been: `destroy` begins another.
    pub(crate) generation: u64,
    /// Keys whose last value could not be encoded: with one the session can't be saved.
    pub(crate) unencodable: Vec<(String, EncodeError)>,
    /// Keys that were reported as undecodable, so that each is logged once.
    pub(crate) reported: Vec<String>,
    /// Flash messages that this request has taken; Flask hands the same ones out again.
    pub(crate) taken_flashes: Option<Vec<super::Flash>>,
    /// The keys are one server record, not a cookie: Flask-Session's rules for `_permanent`.
    pub(crate) server: bool,
}

/// Flask's flags of a session.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flags {
    pub(crate) new: bool,
    pub(crate) modified: bool,
    pub(crate) accessed: bool,
    /// The session was destroyed or its record was found to have ended in this request.
    pub(crate) ended: bool,
    /// The id is not the one that came with the cookie: the new one has to be sent.
    pub(crate) renamed: bool,
}

/// What of a state a save takes with it: changes made later stay changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    generation: u64,
    change: u64,
}

/// Why the session gets a new id at its next save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rotation {
    /// `regenerate`, or the same user logged in again: everything is kept.
    Same,
    /// Nobody became somebody: everything is kept.
    LogIn,
    /// Another user, or nobody any more: nothing of the old record may reach the new one.
    OtherUser,
}

/// What is stored after a save.
pub(crate) struct Written {
    pub(crate) stored: Option<(SessionId, Loaded)>,
    pub(crate) record: Arc<Record>,
    /// The id is not the one that the cookie had.
    pub(crate) renamed: bool,
}

impl State {
    /// A session that is stored nowhere yet.
    pub(crate) fn fresh(format: Format, server: bool) -> Self {
        let flags = Flags { new: true, ..Flags::default() };
        State { flags, ..State::of(Arc::new(Record::empty(format)), server) }
    }

    /// A session that came with a record.
    pub(crate) fn of(record: Arc<Record>, server: bool) -> Self {
        State {
            record,
            stored: None,
            id: None,
            changes: Changes::default(),
            flags: Flags::default(),
            login: None,
            rotation: None,
            doomed: Vec::new(),
            generation: 0,
            unencodable: Vec::new(),
            reported: Vec::new(),
            taken_flashes: None,
            server,
        }
    }

    pub(crate) fn format(&self) -> Format {
        self.record.format()
    }

    /// The encoded value under `key` as the request sees it.
    pub(crate) fn raw(&self, key: &str) -> Option<&[u8]> {
        match self.changes.get(key) {
            Some(change) => change.mine.as_deref(),
            None => self.record.get(key),
        }
    }

    pub(crate) fn value(&self, key: &str) -> Result<Option<Value>, FieldError> {
        let Some(raw) = self.raw(key) else { return Ok(None) };
        self.format().decode(raw).map(Some).map_err(|source| FieldError::decode::<Value>(key, source))
    }

    /// All keys in Python's order: kept ones where they were, added ones after them.
    pub(crate) fn keys(&self) -> impl Iterator<Item = RawKey<'_>> {
        self.changes.merged_entries(&self.record).map(|(key, _)| key)
    }

    /// Whether there is nothing to keep: Flask-Session ignores a lone `_permanent` (B9), plain Flask
    /// does not (section 2.7).
    pub(crate) fn is_empty(&self) -> bool {
        let counts_not = |key: RawKey<'_>| self.server && key.as_text() == Some(PERMANENT);
        if self.changes.are_none() {
            // Asked in every request: without the merging it takes a sixth. Of two keys at least one counts.
            return self.record.len() < 2 && self.record.entries().all(|(key, _)| counts_not(key));
        }
        self.keys().all(counts_not)
    }

    pub(crate) fn permanent(&self) -> bool {
        matches!(self.value(PERMANENT), Ok(Some(value)) if is_true(&value))
    }

    /// Stores a value; marks the session modified even if it is the same (Flask's table, 1.6).
    pub(crate) fn put(&mut self, key: &str, value: Value, rule: FieldRule, now: std::time::SystemTime) {
        match self.format().encode(&value) {
            Ok(raw) => {
                self.flags.modified = true;
                if self.login == Some(key) {
                    login::logged_in(self, key, raw, rule, now);
                } else {
                    self.insert(key, raw, rule);
                }
            }
            Err(error) => self.refuse(key, error),
        }
    }

    /// Removes a value. `true` if there was one.
    pub(crate) fn take(&mut self, key: &str, rule: FieldRule) -> bool {
        if self.raw(key).is_none() {
            return self.pardon(key);
        }
        self.flags.modified = true;
        if self.login == Some(key) {
            login::logged_out(self);
        } else {
            self.remove(key, rule);
        }
        true
    }

    /// Empties the session. Flask-Session keeps `_permanent`, or inserts a false one (B21); plain
    /// Flask drops it (A22).
    pub(crate) fn clear(&mut self, now: std::time::SystemTime) {
        let permanent = self.permanent();
        if let Some(key) = self.login {
            self.take(key, FieldRule::default());
        }
        self.remove_all();
        if self.server {
            self.put(PERMANENT, Value::Bool(permanent), FieldRule::default(), now);
        }
        self.flags.modified = true;
    }

    /// Writes without marking or any rule of logging in.
    pub(crate) fn insert(&mut self, key: &str, raw: Vec<u8>, rule: FieldRule) {
        self.pardon(key);
        let in_record = self.record.get(key).is_some();
        self.changes.set(key, Change::to(raw, rule), in_record);
    }

    pub(crate) fn remove(&mut self, key: &str, rule: FieldRule) {
        self.pardon(key);
        let in_record = self.record.get(key).is_some();
        self.changes.remove(key, rule, in_record);
    }

    pub(crate) fn remove_all(&mut self) {
        self.unencodable.clear();
        self.changes.empty(&self.record);
    }

    pub(crate) fn refuse(&mut self, key: &str, error: EncodeError) {
        self.flags.modified = true;
        self.pardon(key);
        self.unencodable.push((key.to_owned(), error));
    }

    /// Forgets that the value last set under `key` could not be encoded. `true` if that was so.
    fn pardon(&mut self, key: &str) -> bool {
        let before = self.unencodable.len();
        self.unencodable.retain(|(refused, _)| refused != key);
        self.unencodable.len() < before
    }

    /// Forgets the stored record: what is set from here on belongs to the session `fresh`.
    pub(crate) fn start_anew(&mut self, fresh: State) {
        self.record = fresh.record;
        self.stored = None;
        self.changes = fresh.changes;
        self.unencodable.clear();
        self.rotation = None;
        self.doomed.extend(self.id.take());
        self.generation += 1;
        self.flags.modified = true;
        self.flags.ended = true;
    }

    /// Whether a save has something to do. With `modified` set back to false by hand Flask writes no
    /// change where there is no refresh (B11) or nothing is left (B9). An end or a new id is written
    /// all the same.
    pub(crate) fn needs_writing(&self, config: &SessionConfig) -> bool {
        let refresh = config.session_refresh_each_request;
        let changed = self.changes.is_dirty() || !self.unencodable.is_empty();
        let empty = || self.is_empty() && self.unencodable.is_empty();
        !self.doomed.is_empty()
            || self.rotation.is_some()
            || (changed && (self.flags.modified || (refresh && !empty())))
            || (self.flags.modified && !refresh && self.stored.is_some())
    }

    /// Whether the cookie of a session that is not empty is sent: after a change, or to extend the
    /// life of a permanent one (A13, B13).
    pub(crate) fn sends_cookie(&self, config: &SessionConfig, permanent: bool) -> bool {
        self.flags.modified
            || self.flags.renamed
            || (config.session_refresh_each_request && permanent && !self.is_empty())
    }

    /// Whether a save would leave the browser with a cookie that is not right any more.
    pub(crate) fn needs_a_new_cookie(&self) -> bool {
        let rotates = self.rotation.is_some() && !self.is_empty();
        rotates || (self.id.is_none() && !self.is_empty())
    }

    /// Notes that nothing that was changed so far waits for a save; it is still what the session holds.
    pub(crate) fn settled(&mut self) {
        self.changes.settled();
        self.rotation = None;
    }

    /// Lets go of the record of a user who has logged out or changed: it is to be deleted.
    pub(crate) fn leave_behind(&mut self) {
        if matches!(self.rotation, Some((Rotation::OtherUser, _))) {
            self.doomed.extend(self.id.take());
            self.stored = None;
        }
    }

    /// Takes over what a save has stored; changes made since its moment stay changes.
    pub(crate) fn written(&mut self, written: Written, moment: Moment) {
        let (id, stored) = written.stored.unzip();
        if moment.generation != self.generation {
            // Destroyed while the save was on its way: what it has written is nobody's session.
            self.doomed.extend(id);
            return;
        }
        self.id = id;
        self.stored = stored;
        self.record = written.record;
        self.flags.renamed |= written.renamed;
        self.rotation = self.rotation.filter(|(_, asked)| *asked > moment.change);
        self.changes.saved_up_to(moment.change, &self.record);
    }

    /// Asks for a new id; a stronger reason given earlier in the request stands.
    pub(crate) fn rotate(&mut self, rotation: Rotation) {
        let asked = self.changes.tick();
        let reason = self.rotation.map_or(rotation, |(earlier, _)| earlier.max(rotation));
        self.rotation = Some((reason, asked));
    }

    /// What a save that begins now takes with it.
    pub(crate) fn moment(&self) -> Moment {
        Moment { generation: self.generation, change: self.changes.moment() }
    }

    /// The bytes of the record with the changes made to it.
    pub(crate) fn encoded(&self) -> Bytes {
        Bytes::from(self.record.format().join(&self.changes.merged(&self.record)))
    }
}

/// Python's truth of what Flask stores under `_permanent`.
fn is_true(value: &Value) -> bool {
    !matches!(value, Value::None | Value::Bool(false) | Value::Int(0))
}
