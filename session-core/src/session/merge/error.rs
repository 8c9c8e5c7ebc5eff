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

/// The failure of a policy for stored values.
#[derive(Debug)]
pub enum MergeError {
    /// The policy refused.
    Refused,
    /// The value in the store is not of the field's type.
    Decode(DecodeError),
    /// The value that the policy returned can't be stored.
    Encode(EncodeError),
}

impl From<Refused> for MergeError {
    fn from(Refused: Refused) -> Self {
        MergeError::Refused
    }
}
