//! The classes whose objects are values of a session, by the names that Python pickles them under.

use crate::formats::error::{DecodeError, DecodeKind::UnknownClass};

/// A class of which nothing but the name is known here: what Python would call, this reader never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    DateTime,
    /// A class that is only known as the offset of a time zone.
    TimeDelta,
    /// A class that is only known as part of a date and time.
    TimeZone,
    Uuid,
    Markup,
}

impl Class {
    const ALL: [Class; 5] = [Class::DateTime, Class::TimeDelta, Class::TimeZone, Class::Uuid, Class::Markup];

    /// Returns its module and its name there.
    pub(super) const fn path(self) -> (&'static str, &'static str) {
        match self {
            Class::DateTime => ("datetime", "datetime"),
            Class::TimeDelta => ("datetime", "timedelta"),
            Class::TimeZone => ("datetime", "timezone"),
            Class::Uuid => ("uuid", "UUID"),
            Class::Markup => ("markupsafe", "Markup"),
        }
    }

    pub(super) fn find(module: &str, name: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.path() == (module, name))
    }

    /// The class of that name; every other one is refused, and the error names it.
    pub(super) fn named(module: &str, name: &str, at: usize) -> Result<Class, DecodeError> {
        Class::find(module, name).ok_or_else(|| DecodeError(UnknownClass(shown(module, name), at)))
    }
}

/// An object that a pickle needs on the way to a value, and that is not a value by itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Object {
    Class(Class),
    /// A duration, in seconds.
    TimeDelta(i64),
    /// Seconds east of UTC.
    TimeZone(i32),
    /// A UUID before it is told its number.
    BlankUuid,
}

impl Object {
    /// Returns its kind, in words that may be logged.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Object::Class(_) => "a class",
            Object::TimeDelta(_) => "a duration",
            Object::TimeZone(_) => "a time zone",
            Object::BlankUuid => "a UUID without its number",
        }
    }
}

/// A name that Python would look for, but nothing that only claims to be one: a damaged pickle may have
/// any text here.
fn shown(module: &str, name: &str) -> Option<Box<str>> {
    let path = format!("{module}.{name}");
    let is_name = |part: &str| {
        !part.is_empty()
            && !part.starts_with(|first: char| first.is_ascii_digit())
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    (path.len() <= 100 && path.split('.').all(is_name)).then(|| path.into())
}
