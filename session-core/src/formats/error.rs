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
pub struct EncodeError(EncodeKind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum EncodeKind {
    Unsupported { what: &'static str, format: Format },
    Key { what: &'static str, format: Format },
    MixedKeys,
    IntegerRange(Format),
    TooLong,
    TooDeep,
    Refused,
}

impl EncodeError {
    pub(crate) fn unsupported(what: &'static str, format: Format) -> Self {
        EncodeError(EncodeKind::Unsupported { what, format })
    }

    pub(crate) fn key(what: &'static str, format: Format) -> Self {
        EncodeError(EncodeKind::Key { what, format })
    }

    pub(crate) const fn mixed_keys() -> Self {
        EncodeError(EncodeKind::MixedKeys)
    }

    pub(crate) const fn integer_range(format: Format) -> Self {
        EncodeError(EncodeKind::IntegerRange(format))
    }

    pub(crate) const fn too_long() -> Self {
        EncodeError(EncodeKind::TooLong)
    }

    pub(crate) const fn too_deep() -> Self {
        EncodeError(EncodeKind::TooDeep)
    }

    pub(crate) const fn refused() -> Self {
        EncodeError(EncodeKind::Refused)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            EncodeKind::Unsupported { what, format } => write!(f, "{format} has no form for this {what}"),
            EncodeKind::Key { what, format } => write!(f, "{format} can't have a map key of kind {what}"),
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
        EncodeError::refused()
    }
}

/// Bytes that are not a record or value, or a value that is not of the expected type.
///
/// The text names kinds, types and positions, never a value; what a type's own `Deserialize` says is
/// left out, since it may quote one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(DecodeKind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum DecodeKind {
    Syntax {
        expected: &'static str,
        at: usize,
    },
    Truncated,
    Trailing {
        at: usize,
    },
    NotUtf8(Utf8Error),
    LoneSurrogate,
    OutOfRange(&'static str),
    Tag(&'static str),
    Key(&'static str),
    NotAMapping(&'static str),
    Unreadable {
        format: Format,
        source: Box<DecodeError>,
    },
    /// The pickle asks for more than data.
    #[cfg(feature = "pickle")]
    Executes {
        what: &'static str,
        at: usize,
    },
    /// The pickle names a class or function that is not one of the known ones. `None`: not even a name.
    #[cfg(feature = "pickle")]
    UnknownClass {
        name: Option<Box<str>>,
        at: usize,
    },
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
    Mismatch {
        found: &'static str,
        expected: Box<str>,
    },
    Length {
        found: usize,
        expected: Box<str>,
    },
    Field {
        name: &'static str,
        problem: &'static str,
    },
    Unknown {
        what: &'static str,
        expected: &'static [&'static str],
    },
    Refused,
}

impl DecodeError {
    /// The kind of value that was found where another was expected (`text`, `integer`, `list` …), if
    /// that is the reason.
    pub fn found(&self) -> Option<&'static str> {
        match &self.0 {
            DecodeKind::Mismatch { found, .. } | DecodeKind::NotAMapping(found) | DecodeKind::Key(found) => {
                Some(found)
            }
            _ => None,
        }
    }

    pub(crate) const fn syntax(expected: &'static str, at: usize) -> Self {
        DecodeError(DecodeKind::Syntax { expected, at })
    }

    pub(crate) const fn truncated() -> Self {
        DecodeError(DecodeKind::Truncated)
    }

    pub(crate) const fn trailing(at: usize) -> Self {
        DecodeError(DecodeKind::Trailing { at })
    }

    pub(crate) const fn not_utf8(source: Utf8Error) -> Self {
        DecodeError(DecodeKind::NotUtf8(source))
    }

    pub(crate) const fn lone_surrogate() -> Self {
        DecodeError(DecodeKind::LoneSurrogate)
    }

    pub(crate) const fn out_of_range(what: &'static str) -> Self {
        DecodeError(DecodeKind::OutOfRange(what))
    }

    pub(crate) const fn tag(tag: &'static str) -> Self {
        DecodeError(DecodeKind::Tag(tag))
    }

    pub(crate) const fn key(found: &'static str) -> Self {
        DecodeError(DecodeKind::Key(found))
    }

    pub(crate) const fn not_a_mapping(found: &'static str) -> Self {
        DecodeError(DecodeKind::NotAMapping(found))
    }

    pub(crate) const fn is_not_a_mapping(&self) -> bool {
        matches!(self.0, DecodeKind::NotAMapping(_))
    }

    pub(crate) fn unreadable(format: Format, source: DecodeError) -> Self {
        DecodeError(DecodeKind::Unreadable { format, source: Box::new(source) })
    }

    #[cfg(not(feature = "pickle"))]
    pub(super) const fn pickle_not_read() -> Self {
        DecodeError(DecodeKind::PickleNotRead)
    }

    pub(crate) const fn too_long() -> Self {
        DecodeError(DecodeKind::TooLong)
    }

    pub(crate) const fn too_deep() -> Self {
        DecodeError(DecodeKind::TooDeep)
    }

    pub(crate) fn mismatch(found: &'static str, expected: &dyn serde::de::Expected) -> Self {
        DecodeError(DecodeKind::Mismatch { found, expected: expected.to_string().into() })
    }

    pub(crate) const fn refused() -> Self {
        DecodeError(DecodeKind::Refused)
    }
}

#[cfg(feature = "pickle")]
impl DecodeError {
    pub(super) const fn executes(what: &'static str, at: usize) -> Self {
        DecodeError(DecodeKind::Executes { what, at })
    }

    pub(super) const fn unknown_class(name: Option<Box<str>>, at: usize) -> Self {
        DecodeError(DecodeKind::UnknownClass { name, at })
    }

    pub(super) const fn not_a_value(what: &'static str) -> Self {
        DecodeError(DecodeKind::NotAValue(what))
    }

    pub(super) const fn contains_itself() -> Self {
        DecodeError(DecodeKind::ContainsItself)
    }

    pub(super) const fn too_many_references() -> Self {
        DecodeError(DecodeKind::TooManyReferences)
    }

    pub(super) fn unreadable_pickle(source: DecodeError) -> Self {
        DecodeError(DecodeKind::UnreadablePickle(Box::new(source)))
    }

    pub(super) const fn no_format_holds(source: EncodeError) -> Self {
        DecodeError(DecodeKind::NoFormatHolds(source))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            DecodeKind::Syntax { expected, at } => write!(f, "expected {expected} at byte {at}"),
            DecodeKind::Truncated => f.write_str("the data ends within a value"),
            DecodeKind::Trailing { at } => write!(f, "the data goes on after its end at byte {at}"),
            DecodeKind::NotUtf8(_) => f.write_str("a text is not UTF-8"),
            DecodeKind::LoneSurrogate => f.write_str("a text holds half of a surrogate pair"),
            DecodeKind::OutOfRange(what) => write!(f, "{what} is out of range"),
            DecodeKind::Tag(tag) => write!(f, "the content of a tag `{tag}` has the wrong form"),
            DecodeKind::Key(found) => write!(f, "a map key can't be a {found}"),
            DecodeKind::NotAMapping(found) => write!(f, "a session is a map, found: {found}"),
            DecodeKind::Unreadable { format, .. } => {
                write!(f, "the record is neither {format} nor another known format")
            }
            #[cfg(feature = "pickle")]
            DecodeKind::Executes { what, at } => {
                write!(f, "the pickle asks for {what} at byte {at}, and nothing in it is ever executed")
            }
            #[cfg(feature = "pickle")]
            DecodeKind::UnknownClass { name, at } => {
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
            DecodeKind::Mismatch { found, expected } => write!(f, "expected {expected}, found: {found}"),
            DecodeKind::Length { found, expected } => write!(f, "expected {expected}, found {found} items"),
            DecodeKind::Field { name, problem } => write!(f, "the field `{name}` is {problem}"),
            DecodeKind::Unknown { what, expected } => {
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
            DecodeKind::Unreadable { source, .. } => Some(source),
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
        DecodeError::refused()
    }

    fn invalid_type(found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        DecodeError::mismatch(kind_of(found), expected)
    }

    fn invalid_value(found: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        DecodeError::mismatch(kind_of(found), expected)
    }

    fn invalid_length(found: usize, expected: &dyn serde::de::Expected) -> Self {
        DecodeError(DecodeKind::Length { found, expected: expected.to_string().into() })
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        DecodeError(DecodeKind::Unknown { what: "variant", expected })
    }

    fn unknown_field(_field: &str, expected: &'static [&'static str]) -> Self {
        DecodeError(DecodeKind::Unknown { what: "field", expected })
    }

    fn missing_field(name: &'static str) -> Self {
        DecodeError(DecodeKind::Field { name, problem: "missing" })
    }

    fn duplicate_field(name: &'static str) -> Self {
        DecodeError(DecodeKind::Field { name, problem: "there twice" })
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
