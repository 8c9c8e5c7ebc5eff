//! The state of a session during one request, and the rules of changing it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use super::changes::FieldRule;
use super::contents::Contents;
use super::events::EndedBy;
use super::identity::{Identity, Placed, RotationReason, SavePoint, StoredRecord};
use super::remembered::Remembering;
use super::telling::Instead;
use super::term::{OF_LIFE, is_of_life, live_alike};
use super::{Flash, login};
use crate::formats::codec::{EncodeError, Format, RawKey, Record};
use crate::formats::id::SessionId;
use crate::formats::value::Value;

/// Flask's key for "the cookie outlives the browser".
pub(super) const PERMANENT: &str = "_permanent";

/// The state behind all handles of one session in one request.
pub(super) struct State {
    pub(super) contents: Contents,
    pub(super) identity: Identity,
    pub(super) flags: Flags,
    pub(super) kind: Kind,
    /// The moment at which the cookie ends that holds the session; for a record in a store that is known beside it.
    pub(super) cookie_expires: Option<SystemTime>,
    /// The key that says who is logged in: the application's, or that of a state that was loaded.
    pub(super) login_key: Option<&'static str>,
    /// What was sealed did not fit, so that this request seals nothing more.
    pub(super) no_room_for_seals: bool,
    /// How often this request has logged somebody in or out.
    pub(super) changes_of_login: u32,
    /// This request has tried to enter the session in the list of its user, or has entered it.
    pub(super) listing_tried: bool,
    /// The label in that list that the application has chosen in this request.
    pub(super) chosen_label: Option<String>,
    /// The label of a session whose application chooses none.
    pub(super) suggested_label: Option<String>,
    /// An event has told that a save of this request has failed.
    pub(super) told_of_failure: bool,
    /// The session holds when it was created, since its life is limited by that.
    pub(super) is_dated: bool,
    /// What the request has to do with Flask-Login's remember-me cookie; `None` where logins are not shared.
    pub(super) remembering: Option<Box<Remembering>>,
    /// Flash messages that this request has taken; Flask hands the same ones out again.
    pub(super) taken_flashes: Option<Vec<Flash>>,
    /// Keys that were reported as undecodable, so that each is logged once.
    pub(super) reported: BTreeSet<String>,
}

/// The attributes of Flask's session, under Flask's names.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) new: bool,
    pub(super) modified: bool,
    pub(super) accessed: bool,
}

/// The library whose rules hold for `_permanent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The session is in the cookie: Flask's.
    Cookie,
    /// The session is a record in a store: Flask-Session's.
    Server,
}

/// The result of a save.
pub(super) struct Saved {
    pub(super) place: Placed,
    /// What the session holds from now on.
    pub(super) record: Arc<Record>,
    pub(super) instead: Option<Instead>,
}

impl Saved {
    pub(super) fn new(stored: Option<StoredRecord>, record: Arc<Record>) -> Self {
        Saved { place: Placed { stored, extended: false, renewed: None }, record, instead: None }
    }

    /// The record has got a new life.
    pub(super) fn extended(mut self, extended: bool) -> Self {
        self.place.extended = extended;
        self
    }

    /// The save met another request.
    pub(super) fn instead(mut self, instead: Instead) -> Self {
        self.instead = Some(instead);
        self
    }

    /// Another request has given the session that was under `id` a new one.
    pub(super) fn renewed(mut self, id: SessionId) -> Self {
        self.place.renewed = Some(id);
        self
    }
}

impl State {
    /// A session that is stored nowhere yet.
    pub(super) fn fresh(format: Format, kind: Kind) -> Self {
        let flags = Flags { new: true, ..Flags::default() };
        State { flags, ..State::loaded(Arc::new(Record::empty(format)), kind, Identity::default()) }
    }

    /// A session that the request's cookie led to.
    pub(super) fn loaded(record: Arc<Record>, kind: Kind, identity: Identity) -> Self {
        State {
            contents: Contents::new(record),
            identity,
            flags: Flags::default(),
            kind,
            cookie_expires: None,
            login_key: None,
            no_room_for_seals: false,
            changes_of_login: 0,
            listing_tried: false,
            chosen_label: None,
            suggested_label: None,
            told_of_failure: false,
            is_dated: false,
            remembering: None,
            taken_flashes: None,
            reported: BTreeSet::new(),
        }
    }

    /// Returns `true` if there is nothing to keep. Flask-Session ignores a lone `_permanent`, plain Flask does not.
    pub(super) fn is_empty(&self) -> bool {
        let keeps_permanent = self.kind == Kind::Cookie;
        self.contents.is_empty_but_for(OF_LIFE.len(), |key| {
            is_of_life(key) && !(keeps_permanent && key == RawKey::Text(PERMANENT))
        })
    }

    pub(super) fn permanent(&self) -> bool {
        matches!(self.contents.value(PERMANENT), Ok(Some(value)) if is_true(&value))
    }

    /// As [`permanent`](State::permanent), in the record as it was loaded or last saved.
    pub(super) fn saved_as_permanent(&self) -> bool {
        is_permanent(&self.contents.record)
    }

    /// Returns `true` if there is anything that no save has written.
    pub(super) fn is_unsaved(&self) -> bool {
        self.contents.changes.is_dirty()
            || self.identity.rotation.is_some()
            || !self.identity.pending_deletes.is_empty()
    }

    /// Stores a value, if it could be converted to one. Marks the session modified even if the value is the same, as
    /// Flask does.
    pub(super) fn put(
        &mut self,
        key: &str,
        value: Result<Value, EncodeError>,
        rule: FieldRule,
        now: SystemTime,
    ) {
        self.put_by(Contents::set, key, value, rule, now);
    }

    /// As [`put`](State::put), with a value that was made of the one before.
    pub(super) fn put_updated(
        &mut self,
        key: &str,
        value: Result<Value, EncodeError>,
        rule: FieldRule,
        now: SystemTime,
    ) {
        self.put_by(Contents::set_updated, key, value, rule, now);
    }

    fn put_by(
        &mut self,
        set: fn(&mut Contents, &str, Vec<u8>, FieldRule),
        key: &str,
        value: Result<Value, EncodeError>,
        rule: FieldRule,
        now: SystemTime,
    ) {
        self.flags.modified = true;
        match value.and_then(|value| self.contents.format().encode(&value)) {
            Ok(raw) if self.login_key == Some(key) => login::log_in(self, key, raw, rule, now),
            Ok(raw) => set(&mut self.contents, key, raw, rule),
            Err(error) => self.contents.record_encode_error(key, error),
        }
    }

    /// Sets a value that is not a change of the session, such as when it was first seen: not `modified`, not `accessed`.
    ///
    /// It is stored together with something else. If nothing else was changed, it is written as well, but as best can be:
    /// whatever comes of that, the request keeps its answer. A record that is not there is not created for it, and one
    /// in which others have set the key meanwhile keeps theirs.
    pub(super) fn seal(&mut self, key: &str, value: &Value) {
        if !self.no_room_for_seals {
            self.contents.seal(key, value);
        }
    }

    /// Forgets what was sealed, where that does not fit: what fitted before is not to be refused because of it. `false` if
    /// nothing was sealed.
    pub(super) fn drop_seals(&mut self) -> bool {
        self.no_room_for_seals = true;
        self.contents.changes.drop_seals()
    }

    /// Removes a value. `true` if there was one.
    pub(super) fn take(&mut self, key: &str, rule: FieldRule) -> bool {
        if self.contents.raw(key).is_none() {
            if self.login_key == Some(key) {
                self.end_successor();
            } else if self.identity.is_copy && rule.merge.is_none() {
                self.flags.modified = true;
                self.contents.changes.remove_unseen(key, rule);
            }
            return self.contents.clear_encode_error(key);
        }
        self.flags.modified = true;
        if self.login_key == Some(key) {
            login::log_out(self);
        } else {
            self.contents.remove(key, rule);
        }
        true
    }

    /// Empties the session. Flask-Session keeps `_permanent`, or inserts a false one; plain Flask drops it.
    pub(super) fn clear(&mut self, now: SystemTime) {
        let permanent = self.permanent();
        self.end_successor();
        if let Some(key) = self.login_key {
            self.take(key, FieldRule::default());
        }
        self.contents.remove_all();
        if self.kind == Kind::Server {
            self.put(PERMANENT, Ok(Value::Bool(permanent)), FieldRule::default(), now);
        }
        self.flags.modified = true;
    }

    /// Ends the session that another request has given a new id, if the request came with the old one: a visitor who
    /// wants to log out is nobody here, but the wish is what counts.
    pub(super) fn end_successor(&mut self) {
        if self.identity.stored.is_none() && self.identity.renewed.is_some() {
            self.note_log_out();
            self.identity.leave_record();
            self.flags.modified = true;
        }
    }

    /// Asks for a new id at the next save.
    pub(super) fn rotate(&mut self, reason: RotationReason) {
        let asked = self.contents.changes.next();
        self.identity.rotate(reason, asked);
    }

    /// Ends the session: what is set from here on belongs to the session `fresh`.
    pub(super) fn reset(&mut self, fresh: State) {
        self.note_log_out();
        self.contents = fresh.contents;
        self.identity.reset();
        self.flags.modified = true;
    }

    /// Leaves a session that is over, as [`Identity::over`] says: what is set from here on belongs to the session `fresh`.
    pub(super) fn disown(&mut self, fresh: State, by: EndedBy) {
        if by == EndedBy::Stamp {
            // The cookie would log in whom another password has logged out.
            self.note_log_out();
        }
        self.contents = fresh.contents;
        self.identity.disown(by);
        self.changes_of_login += 1;
        // The cookie of a record that is gone lets nobody in, and its deletion could hit that of a new login.
        self.flags.modified = self.kind == Kind::Cookie;
    }

    /// Leaves a session that this request has ended by the list of its user: what is set from here on belongs to the session
    /// `fresh`.
    pub(super) fn ended_here(&mut self, fresh: State) {
        self.note_log_out();
        self.contents = fresh.contents;
        if self.has_forgotten() {
            // The record is gone, but what is under way with its id is to find a note.
            self.identity.reset();
        } else {
            self.identity.ended_here();
        }
        self.changes_of_login += 1;
        self.flags.modified = true;
    }

    /// Leaves a session that is gone from the store, perhaps since another request has renewed this id: what is set from here
    /// on belongs to the session `fresh`. The cookie stays: its deletion could hit that of a new login.
    pub(super) fn gone(&mut self, fresh: State, renewed: Option<SessionId>) {
        self.contents = fresh.contents;
        self.identity.gone(renewed);
        self.changes_of_login += 1;
        self.flags.new = true;
    }

    /// Counts everything as saved; the session goes on holding it.
    pub(super) fn mark_saved(&mut self) {
        self.contents.changes.mark_saved();
        self.identity.rotation = None;
    }

    /// The point up to which a save that begins now covers the changes.
    pub(super) fn save_point(&self) -> SavePoint {
        SavePoint { generation: self.identity.generation, seq: self.contents.changes.last }
    }

    /// Takes over what a save has stored. Changes after `point` stay changes.
    pub(super) fn saved(&mut self, saved: Saved, point: SavePoint) {
        let before = Arc::clone(&self.contents.record);
        if self.identity.saved(saved.place, point) {
            self.contents.saved_up_to(point.seq, saved.record);
            self.identity.life_changed |= !live_alike(&before, &self.contents.record);
        }
    }
}

/// Tells whether a record's session has a cookie that outlives the browser.
pub(super) fn is_permanent(record: &Record) -> bool {
    let flag = record.get(PERMANENT).and_then(|raw| record.format().decode(raw).ok());
    flag.is_some_and(|value| is_true(&value))
}

/// Python's truth of the value under `_permanent`: every zero and every empty container is false.
fn is_true(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Bool(is_true) => *is_true,
        Value::Int(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Str(text) | Value::Markup(text) => !text.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::List(items) | Value::Tuple(items) => !items.is_empty(),
        Value::Map(items) => !items.is_empty(),
        // Beyond 128 bits nothing is zero; the others have no false value in Python.
        Value::BigInt(_) | Value::DateTime(_) | Value::Uuid(_) | Value::Ext { .. } => true,
    }
}
