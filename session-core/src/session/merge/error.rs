//! Errors of merging two changes of one field.

use std::error::Error;
use std::fmt;

use crate::formats::codec::{DecodeError, EncodeError};

/// The answer of a policy that does not accept a second change. The request gets 409.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another request changed the field at the same time")
    }
}

impl Error for Refused {}

/// Why a field could not be merged.
#[derive(Debug, Clone)]
pub enum MergeError {
    /// The policy refused.
    Refused,
    /// The value in the store is not of the field's type.
    Decode(DecodeError),
    /// The value that the policy returned can't be stored.
    Encode(EncodeError),
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeError::Refused => Refused.fmt(f),
            MergeError::Decode(_) => {
                f.write_str("another request stored a value of another type in the field")
            }
            MergeError::Encode(_) => f.write_str("the merged value of the field can't be stored"),
        }
    }
}

impl Error for MergeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            MergeError::Refused => None,
            MergeError::Decode(source) => Some(source),
            MergeError::Encode(source) => Some(source),
        }
    }
}

impl From<Refused> for MergeError {
    fn from(Refused: Refused) -> Self {
        MergeError::Refused
    }
}
