//! The note that a renewed id leaves of its successor, for requests that still come with the old id or run under it.
//!
//! It lets nobody in and hands nobody any data. It is a record of its own, so that a store needs no method for it, and
//! lies under a hash of the old id: no cookie can name it, and Flask-Session never looks there.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::identity::RotationReason;
use super::manager::{Manager, Server};
use crate::formats::id::SessionId;
use crate::store::client::Budget;
use crate::store::{Loaded, StoreError};

/// What a note says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Successor {
    pub(super) id: SessionId,
    pub(super) reason: NoteReason,
}

/// The reason for a new id, as far as it matters to requests with the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoteReason {
    /// The session is the same, and so is its user.
    Renewal,
    /// The session is the same, and its visitor has become a user, or its user has logged in again.
    LogIn,
    /// Nothing was handed over: another user has logged in, or the user has logged out.
    OtherUser,
}

/// A session at the end of a chain of notes.
pub(super) struct Living {
    pub(super) id: SessionId,
    pub(super) loaded: Loaded,
    /// `false` if the user was another one somewhere on the way.
    pub(super) is_same_session: bool,
    /// Only log-ins have led here: whoever has one of the ids on the way, and no password, has not made this one.
    pub(super) is_by_log_in: bool,
}

/// An id may be renewed again while its note is young. Nobody renews it more often than this in a minute but on purpose.
const LONGEST_CHAIN: usize = 16;

impl NoteReason {
    const ALL: [(NoteReason, &str); 3] = [
        (NoteReason::Renewal, "renewal"),
        (NoteReason::LogIn, "log-in"),
        (NoteReason::OtherUser, "other-user"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(reason, _)| *reason == self).map_or("", |(_, word)| word)
    }
}

impl From<RotationReason> for NoteReason {
    fn from(reason: RotationReason) -> Self {
        match reason {
            // Whoever has the cookie may renew the id, without a password.
            RotationReason::Renewal | RotationReason::Recall => NoteReason::Renewal,
            RotationReason::LogIn | RotationReason::LogInAgain => NoteReason::LogIn,
            RotationReason::OtherUser => NoteReason::OtherUser,
        }
    }
}

impl Successor {
    pub(super) fn encoded(&self) -> Vec<u8> {
        format!("{} {}", self.reason.word(), self.id.as_str()).into_bytes()
    }

    pub(super) fn decoded(note: &[u8], id_lengths: &[usize]) -> Option<Self> {
        let (word, id) = std::str::from_utf8(note).ok()?.split_once(' ')?;
        let (reason, _) = NoteReason::ALL.into_iter().find(|(_, known)| *known == word)?;
        Some(Successor { id: SessionId::parse(id, id_lengths)?, reason })
    }
}

impl Manager {
    /// The key of the note about an id.
    pub(super) fn note_key(&self, id: &SessionId) -> String {
        format!("{}{}", self.config().session_key_prefix, name(id))
    }

    /// Looks for the note about an id under which nothing is stored; also returns it as it is stored. `None` if the
    /// id was not renewed lately, or never given out.
    pub(super) async fn successor_of(
        &self,
        server: &Server,
        id: &SessionId,
        now: SystemTime,
        budget: &Budget,
    ) -> Result<Option<(Successor, Loaded)>, StoreError> {
        if self.config().session_successor_seconds.is_none() {
            return Ok(None);
        }
        let note = server.store.load(budget, now, &self.note_key(id), None).await?;
        Ok(note.and_then(|note| Some((Successor::decoded(&note.bytes, &server.id_lengths)?, note))))
    }

    /// Follows the notes from an id under which nothing is stored to the session that lives now. `None` if it has ended.
    pub(super) async fn living_successor(
        &self,
        server: &Server,
        id: &SessionId,
        now: SystemTime,
        budget: &Budget,
    ) -> Result<Option<Living>, StoreError> {
        let (mut id, mut is_same_session, mut is_by_log_in) = (id.clone(), true, true);
        for _ in 0..LONGEST_CHAIN {
            let Some((successor, _)) = self.successor_of(server, &id, now, budget).await? else {
                return Ok(None);
            };
            is_same_session &= successor.reason != NoteReason::OtherUser;
            is_by_log_in &= successor.reason != NoteReason::Renewal;
            id = successor.id;
            if let Some(loaded) = server.load(budget, now, &self.store_key(&id)).await? {
                return Ok(Some(Living { id, loaded, is_same_session, is_by_log_in }));
            }
        }
        Ok(None)
    }
}

/// The key of the note about an id, behind the prefix.
fn name(id: &SessionId) -> String {
    format!("~{:x}", Sha256::digest(id.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check::LIST_CHARACTERS;

    #[test]
    fn the_key_of_a_note_is_no_longer_than_the_check_of_the_prefix_takes_it_to_be() {
        assert!(name(&SessionId::generate(16).unwrap()).len() <= LIST_CHARACTERS);
    }

    #[test]
    fn a_note_comes_back_as_it_was_written_and_nothing_else_is_one() {
        let id = SessionId::generate(32).unwrap();
        for (reason, _) in NoteReason::ALL {
            let successor = Successor { id: id.clone(), reason };
            assert_eq!(Successor::decoded(&successor.encoded(), &[43]), Some(successor));
        }
        let written = Successor { id, reason: NoteReason::LogIn }.encoded();
        assert_eq!(Successor::decoded(&written, &[36]), None, "an id of a length that is not accepted");
        for other in [b"".as_slice(), b"log-in", b"log-in ../../etc/passwd", b"\x81\xa1a\x01", b"\xff\xfe"] {
            assert_eq!(Successor::decoded(other, &[43, 16]), None, "{}", other.escape_ascii());
        }
    }
}
