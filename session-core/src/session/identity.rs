//! The identity of a session: the id under which it is stored, and what is to become of that.

use super::changes::Seq;
use crate::formats::id::SessionId;
use crate::store::Loaded;

/// The id and the stored record of a session.
#[derive(Default)]
pub(super) struct Identity {
    /// `None` for a session that is not stored: a new one has no id before its first save.
    stored: Option<StoredRecord>,
    rotation: Option<Rotation>,
    /// Records that the session has left and that the store still holds.
    pending_deletes: Vec<SessionId>,
    /// The number of sessions that this one has been: each reset begins another.
    generation: u64,
    end: End,
    cookie: CookieId,
}

/// A record in the store.
#[derive(Clone)]
pub(super) struct StoredRecord {
    pub(super) id: SessionId,
    /// The record as the store holds it, which the next swap expects.
    pub(super) loaded: Loaded,
}

/// A new id that the next save has to give to the session.
#[derive(Clone, Copy)]
struct Rotation {
    reason: RotationReason,
    asked: Seq,
}

/// Why a session gets a new id; the stronger reason comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RotationReason {
    /// `regenerate`, or the same user logged in again: all data is kept.
    Same,
    /// A visitor logged in: all data is kept.
    LogIn,
    /// Another user logged in, or the user logged out: no data of the old record may reach the new one.
    OtherUser,
}

/// Whether the session that came with the request has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum End {
    #[default]
    No,
    /// It was destroyed in this request, or a save found that it was ended elsewhere.
    Ended,
}

/// Whether the browser's cookie has the session's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum CookieId {
    #[default]
    Current,
    /// The session has got another id: its cookie has to be sent.
    Outdated,
}

/// The point up to which a save covers the changes; later ones stay pending.
#[derive(Debug, Clone, Copy)]
pub(super) struct SavePoint {
    generation: u64,
    pub(super) seq: Seq,
}

impl Identity {
    pub(super) fn of(stored: StoredRecord) -> Self {
        Identity { stored: Some(stored), ..Identity::default() }
    }

    pub(super) fn id(&self) -> Option<&SessionId> {
        self.stored.as_ref().map(|stored| &stored.id)
    }

    pub(super) fn stored(&self) -> Option<&StoredRecord> {
        self.stored.as_ref()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end == End::Ended
    }

    pub(super) fn note_end(&mut self) {
        self.end = End::Ended;
    }

    pub(super) fn cookie_is_outdated(&self) -> bool {
        self.cookie == CookieId::Outdated
    }

    /// Asks for a new id. A stronger reason that was given earlier in the request stays.
    pub(super) fn rotate(&mut self, reason: RotationReason, asked: Seq) {
        let reason = self.rotation.map_or(reason, |earlier| earlier.reason.max(reason));
        self.rotation = Some(Rotation { reason, asked });
    }

    pub(super) fn rotation(&self) -> Option<RotationReason> {
        self.rotation.map(|rotation| rotation.reason)
    }

    pub(super) fn cancel_rotation(&mut self) {
        self.rotation = None;
    }

    /// Leaves the record of a user who has logged out or changed: it is to be deleted.
    pub(super) fn abandon_record(&mut self) {
        if self.rotation() == Some(RotationReason::OtherUser) {
            self.pending_deletes.extend(self.stored.take().map(|stored| stored.id));
        }
    }

    /// Leaves the record and ends the session: from here on this is another one.
    pub(super) fn reset(&mut self) {
        self.pending_deletes.extend(self.stored.take().map(|stored| stored.id));
        self.rotation = None;
        self.generation += 1;
        self.end = End::Ended;
    }

    /// A record that has to be deleted.
    pub(super) fn next_pending_delete(&self) -> Option<SessionId> {
        self.pending_deletes.first().cloned()
    }

    pub(super) fn has_pending_deletes(&self) -> bool {
        !self.pending_deletes.is_empty()
    }

    pub(super) fn forget_pending_delete(&mut self, id: &SessionId) {
        self.pending_deletes.retain(|pending| pending != id);
    }

    pub(super) fn save_point(&self, seq: Seq) -> SavePoint {
        SavePoint { generation: self.generation, seq }
    }

    /// Takes over the record that a save has written. `false` if the session was reset during the save: then the
    /// record is to be deleted.
    pub(super) fn saved(&mut self, stored: Option<StoredRecord>, point: SavePoint) -> bool {
        if point.generation != self.generation {
            self.pending_deletes.extend(stored.map(|stored| stored.id));
            return false;
        }
        if let (Some(old), Some(new)) = (&self.stored, &stored)
            && old.id != new.id
        {
            self.cookie = CookieId::Outdated;
        }
        self.stored = stored;
        self.rotation = self.rotation.filter(|rotation| rotation.asked > point.seq);
        true
    }
}
