//! The identity of a session: the id under which it is stored, and what is to become of that.

use tokio::time::Instant;

use super::changes::Seq;
use super::events::EndedBy;
use crate::formats::id::SessionId;
use crate::store::{Hints, Loaded, StoreError};

/// The id and the stored record of a session.
#[derive(Default)]
pub(super) struct Identity {
    /// `None` for a session that is not stored: a new one has no id before its first save.
    pub(super) stored: Option<StoredRecord>,
    /// The record was loaded from a copy, which may be a little old.
    pub(super) is_copy: bool,
    /// The new id that the next save has to give to the session: the reason, and when it was asked for.
    pub(super) rotation: Option<(RotationReason, Seq)>,
    /// Records that the session has left and that the store still holds.
    pub(super) pending_deletes: Vec<Left>,
    /// The number of sessions that this one has been: each reset begins another.
    pub(super) generation: u64,
    /// The session that came with the request was destroyed in it, or a save found that it was ended elsewhere.
    pub(super) ended: bool,
    /// The browser's cookie has another id than the session, or the signature of an older key.
    pub(super) cookie_outdated: bool,
    /// A save has given the session an id that no answer has carried yet.
    pub(super) unsent: bool,
    /// The life of the session was extended in this request: that of its record, so that the cookie's has to follow.
    pub(super) extended: bool,
    /// The answer can't carry a cookie that says nothing new, so the life of the record is not to be extended either.
    pub(super) keeps_life: bool,
    /// A save has given the session a cookie that ends otherwise: it has become permanent, or has a life of its own, or
    /// the other way round.
    pub(super) life_changed: bool,
    /// The record of a session that is over, though nobody has ended it: its absolute lifetime has passed, or its login
    /// does not count any more. It is to be deleted, unless somebody has changed it meanwhile.
    pub(super) over: Option<Box<StoredRecord>>,
    /// What has ended the session that is over.
    pub(super) over_by: Option<EndedBy>,
    /// The browser's cookie belongs to a session whose absolute lifetime has passed.
    pub(super) cookie_is_over: bool,
    /// The id with which the request came, if another request has renewed it: no answer carries a session cookie then,
    /// so that none overwrites the one with the new id.
    pub(super) renewed: Option<SessionId>,
    /// The id under which the session lives by now, for one that waits for its end under the first of the two.
    pub(super) followed: Option<(Option<SessionId>, SessionId)>,
    /// When the store was last asked whether the session has ended.
    pub(super) asked_store: Option<Instant>,
    /// What the store says of the id that is watched. Kept between two waits: a hint that comes in between counts.
    pub(super) hints: Option<(SessionId, Hints)>,
    /// A write whose outcome is not known, or that is on its way. Once it is certain that nobody will know it, nothing
    /// more is written: what was done already must not be done again.
    pub(super) open_outcome: Option<StoreError>,
}

/// A record in the store.
#[derive(Clone)]
pub(super) struct StoredRecord {
    pub(super) id: SessionId,
    /// The record as the store holds it, which the next swap expects.
    pub(super) loaded: Loaded,
}

/// A record that a session has left.
#[derive(Clone)]
pub(super) struct Left {
    pub(super) id: SessionId,
    /// The record as it was loaded, if it was.
    pub(super) loaded: Option<Loaded>,
}

impl From<StoredRecord> for Left {
    fn from(StoredRecord { id, loaded }: StoredRecord) -> Self {
        Left { id, loaded: Some(loaded) }
    }
}

/// Where a save has left a session.
pub(super) struct Placed {
    /// `None` if nothing is stored any more.
    pub(super) stored: Option<StoredRecord>,
    /// The record has got a new life.
    pub(super) extended: bool,
    /// The id of the session, if another request has renewed it.
    pub(super) renewed: Option<SessionId>,
}

/// The reason for a new id; the stronger one comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RotationReason {
    /// `regenerate`: all data is kept.
    Renewal,
    /// Flask-Login's remember-me cookie has logged a visitor in, without a password: all data is kept.
    Recall,
    /// The same user logged in again: all data is kept.
    LogInAgain,
    /// A visitor logged in: all data is kept.
    LogIn,
    /// Another user logged in, or the user logged out: no data of the old record may reach the new one.
    OtherUser,
}

/// The point up to which a save covers the changes; later ones stay pending.
#[derive(Debug, Clone, Copy)]
pub(super) struct SavePoint {
    pub(super) generation: u64,
    pub(super) seq: Seq,
}

impl Placed {
    pub(super) fn id(&self) -> Option<SessionId> {
        self.stored.as_ref().map(|stored| stored.id.clone())
    }
}

impl Identity {
    pub(super) fn id(&self) -> Option<&SessionId> {
        self.stored.as_ref().map(|stored| &stored.id)
    }

    /// Returns the record that the session was read from, if that is a copy.
    pub(super) fn copied(&self) -> Option<&StoredRecord> {
        self.stored.as_ref().filter(|_| self.is_copy)
    }

    /// Takes over the record as it was just loaded from the store.
    pub(super) fn take_current(&mut self, loaded: Loaded) {
        self.is_copy = false;
        if let Some(stored) = &mut self.stored {
            stored.loaded = loaded;
        }
    }

    /// Returns the id to watch for the end of the session that was under `own`.
    pub(super) fn id_to_watch(&self, own: Option<&SessionId>) -> Option<SessionId> {
        match &self.followed {
            Some((from, to)) if from.as_ref() == own => Some(to.clone()),
            _ => own.cloned(),
        }
    }

    /// Notes that the session that was under `own` lives under another id.
    pub(super) fn follow(&mut self, own: Option<SessionId>, to: SessionId) {
        self.followed = Some((own, to));
        self.asked_store = None;
    }

    /// Asks for a new id. A stronger reason that was given earlier in the request stays.
    pub(super) fn rotate(&mut self, reason: RotationReason, asked: Seq) {
        self.rotation = Some((self.rotation_reason().map_or(reason, |earlier| earlier.max(reason)), asked));
    }

    pub(super) fn rotation_reason(&self) -> Option<RotationReason> {
        self.rotation.map(|(reason, _)| reason)
    }

    /// Leaves the record: it is to be deleted, also if it lives under a renewed id by now.
    pub(super) fn leave_record(&mut self) {
        let renewed = self.renewed.take().map(|id| Left { id, loaded: None });
        self.pending_deletes.extend(self.stored.take().map(Left::from).or(renewed));
    }

    /// Leaves the record and ends the session: from here on this is another one.
    pub(super) fn reset(&mut self) {
        self.leave_record();
        self.begin_another();
    }

    /// As [`reset`](Identity::reset), of a session that is over.
    pub(super) fn disown(&mut self, by: EndedBy) {
        self.over_by = Some(by);
        match self.stored.take() {
            // This request has made it, beside one that was over already.
            Some(stored) if self.over.is_some() => self.pending_deletes.push(stored.into()),
            Some(stored) => self.over = Some(Box::new(stored)),
            None => {}
        }
        self.begin_another();
    }

    /// As [`reset`](Identity::reset), of a session whose record is gone already.
    pub(super) fn ended_here(&mut self) {
        self.stored = None;
        self.begin_another();
    }

    /// Leaves a session whose record is gone, perhaps since another request has given it, which was under this id, a new one.
    pub(super) fn gone(&mut self, renewed: Option<SessionId>) {
        self.stored = None;
        self.begin_another();
        self.ended = renewed.is_none();
        self.renewed = renewed;
    }

    fn begin_another(&mut self) {
        self.rotation = None;
        self.generation += 1;
        self.ended = true;
    }

    /// Takes over what a save has done with the record. `false` if the session was reset during the save: then the
    /// record is to be deleted.
    pub(super) fn saved(&mut self, saved: Placed, point: SavePoint) -> bool {
        let Placed { stored, extended, renewed } = saved;
        if point.generation != self.generation {
            self.pending_deletes.extend(stored.map(Left::from));
            return false;
        }
        self.extended |= extended;
        self.renewed = renewed;
        if let (Some(before), Some(after)) = (&self.stored, &stored) {
            self.cookie_outdated |= before.id != after.id;
        }
        if stored.is_some() && std::mem::take(&mut self.cookie_is_over) {
            // Another session has begun, which has not ended.
            self.ended = false;
        }
        self.is_copy = false;
        self.unsent |= stored.as_ref().is_some_and(|after| self.id() != Some(&after.id));
        self.stored = stored;
        self.rotation = self.rotation.filter(|(_, asked)| *asked > point.seq);
        true
    }
}
