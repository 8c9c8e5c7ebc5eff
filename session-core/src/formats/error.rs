//! Errors of values and formats. Neither ever shows a value.

use std::error::Error;
use std::fmt;
use std::str::Utf8Error;

use super::format::{Format, MAX_DEPTH};

/// A value that can't be stored.
///
/// The text names kinds and formats, never a value; what a type's own `Serialize` says is left out,
/// since it may quote one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeError(pub(crate) EncodeKind);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EncodeKind {
    Unsupported(&'static str, Format),
    Key(&'static str, Format),
    MixedKeys,
    IntegerRange(Format),
    TooLong,
    TooDeep,
    Refused,
}

impl EncodeError {
    /// The error of a value that is too long for any record.
    pub(crate) fn too_long() -> Self {
        EncodeError(EncodeKind::TooLong)
    }

    /// Returns the depth of the items in a list or map at `depth`, if one may be there.
    pub(crate) const fn deeper(depth: usize) -> Result<usize, Self> {
        if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(EncodeError(EncodeKind::TooDeep)) }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            EncodeKind::Unsupported(what, format) => write!(f, "{format} has no form for this {what}"),
            EncodeKind::Key(what, format) => write!(f, "{format} can't have a map key of kind {what}"),
            EncodeKind::MixedKeys => f.write_str("a map in a cookie can't have keys of several kinds"),
            EncodeKind::IntegerRange(format) => write!(f, "the integer has too many digits for {format}"),
            EncodeKind::TooLong => f.write_str("msgpack can't hold anything of 4 GiB and more"),
            EncodeKind::TooDeep => write!(f, "the value is nested more than {MAX_DEPTH} levels deep"),
            EncodeKind::Refused => f.write_str("the type's own Serialize refused the value"),
        }
    }
}

impl Error for EncodeError {}

impl serde::ser::Error for EncodeError {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        EncodeError(EncodeKind::Refused)
    }
}

/// Bytes that are not a record or value, or a value that is not of the expected type.
///
/// The text names kinds, types and positions, never a value; what a type's own `Deserialize` says is
/// left out, since it may quote one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(pub(crate) DecodeKind);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DecodeKind {
    /// The thing that was expected, and the place where it is not.
    Syntax(&'static str, usize),
    Truncated,
    Trailing(usize),
    NotUtf8(Utf8Error),
    LoneSurrogate,
    OutOfRange(&'static str),
    Tag(&'static str),
    Key(&'static str),
    NotAMapping(&'static str),
    /// A record of none of the known formats, and the error of the configured one.
    Unreadable(Format, Box<DecodeError>),
    /// The pickle asks for more than data.
    #[cfg(feature = "pickle")]
    Executes(&'static str, usize),
    /// The pickle names a class or function that is not one of the known ones. `None`: not even a name.
    #[cfg(feature = "pickle")]
    UnknownClass(Option<Box<str>>, usize),
    /// The pickle holds something that is only a part of values.
    #[cfg(feature = "pickle")]
    NotAValue(&'static str),
    #[cfg(feature = "pickle")]
    ContainsItself,
    #[cfg(feature = "pickle")]
    TooManyReferences,
    /// A record that is a pickle, and why it can't be read.
    #[cfg(feature = "pickle")]
    UnreadablePickle(Box<DecodeError>),
    /// A record that is a pickle of what neither format of records can hold.
    #[cfg(feature = "pickle")]
    NoFormatHolds(EncodeError),
    #[cfg(not(feature = "pickle"))]
    PickleNotRead,
    TooLong,
    TooDeep,
    /// The kind that was found, and the expected type.
    Mismatch(&'static str, Box<str>),
    /// The number of items that were found, and the expected type.
    Length(usize, Box<str>),
    /// The name of a field, and what is wrong with it.
    Field(&'static str, &'static str),
    /// A variant or field that is not one of these.
    Unknown(&'static str, &'static [&'static str]),
    Refused,
}

impl DecodeError {
    /// The kind of value that was found where another was expected (`text`, `integer`, `list` …), if
    /// that is the reason.
    pub fn found(&self) -> Option<&'static str> {
        match &self.0 {
            DecodeKind::Mismatch(found, _) | DecodeKind::NotAMapping(found) | DecodeKind::Key(found) => {
                Some(found)
            }
            _ => None,
        }
    }

    pub(crate) const fn syntax(expected: &'static str, at: usize) -> Self {
        DecodeError(DecodeKind::Syntax(expected, at))
    }

    /// Returns the error of data that is cut off. To be called where it is needed: an error that is made in advance for
    /// each byte that is read also has to be dropped.
    #[cold]
    pub(crate) const fn truncated() -> Self {
        DecodeError(DecodeKind::Truncated)
    }

    pub(crate) fn mismatch(found: &'static str, expected: &dyn serde::de::Expected) -> Self {
        DecodeError(DecodeKind::Mismatch(found, expected.to_string().into()))
    }

    /// Returns the depth of the items in a list or map at `depth`, if one may be there.
    pub(crate) const fn deeper(depth: usize) -> Result<usize, Self> {
        if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(DecodeError(DecodeKind::TooDeep)) }
    }

    #[cfg(feature = "pickle")]
    pub(crate) fn unreadable_pickle(self) -> Self {
        DecodeError(DecodeKind::UnreadablePickle(Box::new(self)))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            DecodeKind::Syntax(expected, at) => write!(f, "expected {expected} at byte {at}"),
            DecodeKind::Truncated => f.write_str("the data ends within a value"),
            DecodeKind::Trailing(at) => write!(f, "the data goes on after its end at byte {at}"),
            DecodeKind::NotUtf8(_) => f.write_str("a text is not UTF-8"),
            DecodeKind::LoneSurrogate => f.write_str("a text holds half of a surrogate pair"),
            DecodeKind::OutOfRange(what) => write!(f, "{what} is out of range"),
            DecodeKind::Tag(tag) => write!(f, "the content of a tag `{tag}` has the wrong form"),
            DecodeKind::Key(found) => write!(f, "a map key can't be a {found}"),
            DecodeKind::NotAMapping(found) => write!(f, "a session is a map, found: {found}"),
            DecodeKind::Unreadable(format, _) => {
                write!(f, "the record is neither {format} nor another known format")
            }
            #[cfg(feature = "pickle")]
            DecodeKind::Executes(what, at) => {
                write!(f, "the pickle asks for {what} at byte {at}, and nothing in it is ever executed")
            }
            #[cfg(feature = "pickle")]
            DecodeKind::UnknownClass(name, at) => {
                f.write_str("the pickle asks for a class or function by its name")?;
                if let Some(name) = name {
                    write!(f, ", `{name}`,")?;
                }
                write!(f, " at byte {at}, and nothing in it is ever executed")
            }
            #[cfg(feature = "pickle")]
            DecodeKind::NotAValue(what) => {
                write!(f, "the pickle holds {what}, which is not a value of a session")
            }
            #[cfg(feature = "pickle")]
            DecodeKind::ContainsItself => f.write_str("a list or map contains itself"),
            #[cfg(feature = "pickle")]
            DecodeKind::TooManyReferences => {
                f.write_str("references make the value too large for its pickle")
            }
            #[cfg(feature = "pickle")]
            DecodeKind::UnreadablePickle(_) => f.write_str("the record is a pickle that can't be read"),
            #[cfg(feature = "pickle")]
            DecodeKind::NoFormatHolds(_) => {
                f.write_str("the record is a pickle of something that neither msgpack nor JSON can hold")
            }
            #[cfg(not(feature = "pickle"))]
            DecodeKind::PickleNotRead => f.write_str(
                "the record is a pickle of an older release, which the cargo feature `pickle` reads",
            ),
            DecodeKind::TooLong => f.write_str("the record has 4 GiB or more"),
            DecodeKind::TooDeep => write!(f, "the value is nested more than {MAX_DEPTH} levels deep"),
            DecodeKind::Mismatch(found, expected) => write!(f, "expected {expected}, found: {found}"),
            DecodeKind::Length(found, expected) => write!(f, "expected {expected}, found {found} items"),
            DecodeKind::Field(name, problem) => write!(f, "the field `{name}` is {problem}"),
            DecodeKind::Unknown(what, expected) => {
                write!(f, "unknown {what}, expected one of: {}", expected.join(", "))
            }
            DecodeKind::Refused => f.write_str("the type's own Deserialize refused the value"),
        }
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            DecodeKind::NotUtf8(source) => Some(source),
            DecodeKind::Unreadable(_, source) => Some(source),
            #[cfg(feature = "pickle")]
            DecodeKind::UnreadablePickle(source) => Some(source),
            #[cfg(feature = "pickle")]
            DecodeKind::NoFormatHolds(source) => Some(source),
            _ => None,
        }
    }
}

/// Serde's own texts quote what was found; these don't.
impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        DecodeError(DecodeKind::Refused)
    }

    fn invalid_type(found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        DecodeError::mismatch(kind_of(found), expected)
    }

    fn invalid_value(found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        DecodeError::mismatch(kind_of(found), expected)
    }

    fn invalid_length(found: usize, expected: &dyn serde::de::Expected) -> Self {
        DecodeError(DecodeKind::Length(found, expected.to_string().into()))
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        DecodeError(DecodeKind::Unknown("variant", expected))
    }

    fn unknown_field(_field: &str, expected: &'static [&'static str]) -> Self {
        DecodeError(DecodeKind::Unknown("field", expected))
    }

    fn missing_field(name: &'static str) -> Self {
        DecodeError(DecodeKind::Field(name, "missing"))
    }

    fn duplicate_field(name: &'static str) -> Self {
        DecodeError(DecodeKind::Field(name, "there twice"))
    }
}

/// The words of [`Value::kind`](crate::formats::value::Value::kind).
fn kind_of(found: serde::de::Unexpected<'_>) -> &'static str {
    use serde::de::Unexpected;
    match found {
        Unexpected::Bool(_) => "true or false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "integer",
        Unexpected::Float(_) => "float",
        Unexpected::Char(_) | Unexpected::Str(_) => "text",
        Unexpected::Bytes(_) => "bytes",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq | Unexpected::TupleVariant => "list",
        Unexpected::Map | Unexpected::StructVariant => "map",
        // `Other` carries a text that the type made itself and may quote the value.
        _ => "another kind of value",
    }
}
