//! Errors of saving a session and of reading one of its fields.

use std::error::Error;
use std::fmt;
use std::io;

use super::quoted_key::QuotedKey;
use crate::formats::codec::{DecodeError, EncodeError};
use crate::formats::signing::Unreadable;
use crate::store::StoreError;

/// The error of saving a session, as by `Session::save`.
///
/// If the save at the end of a request fails, the response is an error instead: 503 for
/// [`Unavailable`](SaveError::Unavailable) and [`Contended`](SaveError::Contended), 409 for
/// [`Ended`](SaveError::Ended), [`Renewed`](SaveError::Renewed) (but the answer of a GET or HEAD stays),
/// [`TooManySessions`](SaveError::TooManySessions) and [`Refused`](SaveError::Refused), 500 for all others.
#[derive(Debug)]
#[non_exhaustive]
pub enum SaveError {
    /// The store can't be reached, is too slow or gave an invalid answer. The changes may or may not
    /// have been written.
    Unavailable(StoreError),
    /// Other requests changed the session at every attempt to save it (`session_swap_attempts`): nothing was saved.
    Contended,
    /// The session was changed here and has ended meanwhile: nothing was saved.
    Ended,
    /// The request came with an id that another request has renewed lately, so it read as a new visitor, and what it
    /// changed is not kept: nothing was saved. The same user who logs in is not refused.
    Renewed,
    /// The user who logs in has as many sessions as `session_max_per_user` allows, and `session_when_full` is "refuse":
    /// nothing was saved.
    TooManySessions {
        /// The number of sessions that a user may have.
        limit: usize,
    },
    /// A field with `merge = "refuse"` was changed by another request meanwhile: nothing was saved.
    Refused {
        /// The field's key.
        key: String,
    },
    /// The session's format can't hold a value: nothing was saved.
    Encode {
        /// The key of the value.
        key: String,
        /// The part of the value that the format can't hold.
        source: EncodeError,
    },
    /// The cookie would be longer than browsers keep (`max_cookie_size`), or than what is read when it comes back:
    /// nothing was sent.
    CookieTooLarge {
        /// The length of name, value and attributes in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
        /// The keys of the largest fields with the bytes that each takes before signing.
        largest: Vec<(String, usize)>,
    },
    /// The record is larger than the store holds, or than `session_max_size` allows, or the session in a cookie is
    /// larger than what a cookie may inflate to (1 MiB): nothing was saved.
    RecordTooLarge {
        /// Its size and the limit.
        source: StoreError,
        /// The keys of the largest fields with the bytes that each takes.
        largest: Vec<(String, usize)>,
    },
    /// The sessions of users are not listed, so none of them can be shown or ended.
    NotListed {
        /// The reason, with what to do.
        reason: &'static str,
    },
    /// The operating system gave no random bytes for a new session id.
    Random(io::Error),
    /// A change that needs a cookie came after the response had begun: a session in a cookie was changed, a new
    /// session began, or a user logged in or out.
    TooLate,
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SaveError::Unavailable(_) => f.write_str("the session can't be saved"),
            SaveError::Contended => f.write_str("too many requests change this session at once"),
            SaveError::Ended => f.write_str("the session has ended while it was being changed"),
            SaveError::Renewed => f.write_str(
                "the request came with a session id that another request has renewed: what it changed is not kept",
            ),
            SaveError::TooManySessions { limit } => {
                write!(f, "the user has {limit} sessions already, which is as many as one may have")
            }
            SaveError::Refused { key } => {
                write!(
                    f,
                    "the session field {} was changed by another request at the same time",
                    QuotedKey(key)
                )
            }
            SaveError::Encode { key, .. } => {
                write!(f, "the session value under {} can't be stored", QuotedKey(key))
            }
            SaveError::CookieTooLarge { bytes, limit, largest } => {
                write!(f, "the session cookie would have {bytes} bytes, of at most {limit}")?;
                write_largest(f, largest)
            }
            SaveError::RecordTooLarge { largest, .. } => {
                f.write_str("the session is too large for its store")?;
                write_largest(f, largest)
            }
            SaveError::NotListed { reason } => {
                write!(f, "the sessions of a user can't be shown or ended: {reason}")
            }
            SaveError::Random(_) => f.write_str("no random bytes for a new session id"),
            SaveError::TooLate => f.write_str(
                "the response has begun: the cookie that this change needs can't be sent any more",
            ),
        }
    }
}

impl Error for SaveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            SaveError::Unavailable(source) | SaveError::RecordTooLarge { source, .. } => Some(source),
            SaveError::Encode { source, .. } => Some(source),
            SaveError::Random(source) => Some(source),
            _ => None,
        }
    }
}

fn write_largest(f: &mut fmt::Formatter<'_>, largest: &[(String, usize)]) -> fmt::Result {
    for (index, (key, bytes)) in largest.iter().enumerate() {
        let before = if index == 0 { "; largest fields: " } else { ", " };
        write!(f, "{before}{} {bytes} bytes", QuotedKey(key))?;
    }
    Ok(())
}

impl SaveError {
    /// Takes the reason why a session is not signed.
    pub(super) fn unreadable(unreadable: Unreadable, largest: Vec<(String, usize)>) -> Self {
        match unreadable {
            Unreadable::Json { bytes, limit } => {
                SaveError::RecordTooLarge { source: StoreError::too_large(bytes, limit), largest }
            }
            Unreadable::Value { bytes, limit } => SaveError::CookieTooLarge { bytes, limit, largest },
        }
    }
}

impl From<StoreError> for SaveError {
    fn from(error: StoreError) -> Self {
        if error.is_too_large() {
            SaveError::RecordTooLarge { source: error, largest: Vec::new() }
        } else {
            SaveError::Unavailable(error)
        }
    }
}

/// The error of reading a field as the type that was asked for.
///
/// ```
/// # rocket_session_state_core::session::doc_examples::with_session(|session| {
/// session.set("age", "thirty");
/// let error = session.get::<u8>("age").unwrap_err();
/// assert_eq!(error.to_string(), r#"the session value under "age" is not a `u8`"#);
/// # });
/// ```
#[derive(Debug)]
pub enum FieldError {
    /// Nothing is stored under the key.
    Missing {
        /// The key.
        key: String,
    },
    /// The stored value is of another type. It stays as it is until the field is written.
    Decode {
        /// The key.
        key: String,
        /// The Rust type that was asked for.
        expected: &'static str,
        /// The reason, such as the type that was found instead.
        source: DecodeError,
    },
}

impl FieldError {
    /// Makes the error for a value under `key` that is not a `T`.
    pub(crate) fn decode<T>(key: &str, source: DecodeError) -> Self {
        FieldError::Decode { key: key.to_owned(), expected: std::any::type_name::<T>(), source }
    }

    /// Returns the key of the field.
    pub fn key(&self) -> &str {
        match self {
            FieldError::Missing { key } | FieldError::Decode { key, .. } => key,
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldError::Missing { key } => write!(f, "the session holds nothing under {}", QuotedKey(key)),
            FieldError::Decode { key, expected, .. } => {
                write!(f, "the session value under {} is not a `{expected}`", QuotedKey(key))
            }
        }
    }
}

impl Error for FieldError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            FieldError::Missing { .. } => None,
            FieldError::Decode { source, .. } => Some(source),
        }
    }
}
