//! What is wrong with a pickle, beyond what can be wrong with any data.

use std::error::Error;
use std::fmt;

use crate::formats::codec::{DecodeError, EncodeError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::formats::codec) enum PickleError {
    /// It asks for more than data.
    Executes {
        what: &'static str,
        at: usize,
    },
    /// It names a class or function that is none of the known ones. `None`: not even a name.
    Class {
        name: Option<Box<str>>,
        at: usize,
    },
    /// It holds something that is only a part of values.
    NoValue(&'static str),
    ContainsItself,
    TooLarge,
    /// A record that is a pickle, and why it can't be read.
    Record(Box<DecodeError>),
    /// A record that is a pickle of what neither format of records can hold.
    NoFormat(EncodeError),
}

impl fmt::Display for PickleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PickleError::Executes { what, at } => {
                write!(f, "the pickle asks for {what} at byte {at}, and nothing in it is ever executed")
            }
            PickleError::Class { name, at } => {
                f.write_str("the pickle asks for a class or function by its name")?;
                if let Some(name) = name {
                    write!(f, ", `{name}`,")?;
                }
                write!(f, " at byte {at}, and nothing in it is ever executed")
            }
            PickleError::NoValue(what) => {
                write!(f, "the pickle holds {what}, which is no value of a session")
            }
            PickleError::ContainsItself => f.write_str("a list or map contains itself"),
            PickleError::TooLarge => f.write_str("references make the value too large for its pickle"),
            PickleError::Record(_) => f.write_str("the record is a pickle that can't be read"),
            PickleError::NoFormat(_) => {
                f.write_str("the record is a pickle of something that neither msgpack nor JSON can hold")
            }
        }
    }
}

impl Error for PickleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            PickleError::Record(source) => Some(source.as_ref()),
            PickleError::NoFormat(source) => Some(source),
            _ => None,
        }
    }
}

impl From<PickleError> for DecodeError {
    fn from(error: PickleError) -> Self {
        DecodeError::pickle(error)
    }
}
