//! The formats of a session, and the limits that they share.

use std::fmt;

/// The depth to which lists and maps may be nested, in levels.
///
/// Recursion over a value is safe on a stack of 2 MiB up to here. A deeper value in a record is kept
/// and written back untouched, but can't be decoded. (Python itself stops near 1,000 levels.) In
/// [`to_value`](super::value::to_value) and [`from_value`](super::value::from_value) a present `Option` and a
/// newtype count as a level too.
pub const MAX_DEPTH: usize = 128;

/// The greatest number of digits of an integer: Python reads and writes no more.
pub(crate) const MAX_DIGITS: usize = 4300;

/// The format of a session's bytes.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Flask-Session's default for records.
    Msgpack,
    /// Flask-Session's records with `SESSION_SERIALIZATION_FORMAT = "json"`.
    Json,
    /// The JSON with tags for Python's types inside Flask's session cookie.
    TaggedJson,
    /// The pickles in the files of Flask-Session's `filesystem` and `cachelib`.
    #[cfg(feature = "pickle")]
    Pickle,
}

impl Format {
    /// Tells whether there is a form for HTML text.
    pub(crate) const fn has_html(self) -> bool {
        !matches!(self, Format::Msgpack | Format::Json)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Msgpack => "msgpack",
            Format::Json => "JSON",
            Format::TaggedJson => "tagged JSON",
            #[cfg(feature = "pickle")]
            Format::Pickle => "pickle",
        })
    }
}
