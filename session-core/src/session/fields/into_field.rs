//! The values that a setter of a text field or an optional field accepts.

use std::borrow::Cow;
use std::time::SystemTime;

use crate::formats::value::{Bytes, DateTime, Uuid};

/// A value that becomes the content of a field of type `T`.
///
/// Setters of fields declared as `Option<..>` or `String` take it. So `"momo"`, `&name`, `3`,
/// `Some(value)` and `None` can be given as they are, and a setter of an `Option<DateTime>` takes the
/// times of other crates. It is not implemented for `Option<&str>`, since the compiler could then not
/// infer the type of a bare `None`.
#[diagnostic::on_unimplemented(
    message = "a session field of type `{T}` can't be set to a value of type `{Self}`",
    label = "expected `{T}` or something that becomes one"
)]
pub trait IntoField<T> {
    /// Converts to the content of the field.
    fn into_field(self) -> T;
}

#[diagnostic::do_not_recommend]
impl<T> IntoField<T> for T {
    fn into_field(self) -> T {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T> IntoField<Option<T>> for T {
    fn into_field(self) -> Option<T> {
        Some(self)
    }
}

macro_rules! optional {
    ($($(#[$feature:meta])? $from:ty => $to:ty),+ $(,)?) => {$(
        $(#[$feature])?
        #[diagnostic::do_not_recommend]
        impl IntoField<Option<$to>> for $from {
            fn into_field(self) -> Option<$to> {
                Some(self.into())
            }
        }
    )+};
}

macro_rules! text {
    ($($text:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl IntoField<String> for $text {
            fn into_field(self) -> String {
                self.into()
            }
        }

        optional!($text => String);
    )+};
}

text!(&str, &String, Cow<'_, str>, Box<str>);

optional! {
    SystemTime => DateTime,
    #[cfg(feature = "time")] time::OffsetDateTime => DateTime,
    #[cfg(feature = "time")] time::PrimitiveDateTime => DateTime,
    #[cfg(feature = "chrono")] chrono::NaiveDateTime => DateTime,
    uuid::Uuid => Uuid,
    Vec<u8> => Bytes,
    &[u8] => Bytes,
}

#[cfg(feature = "chrono")]
#[diagnostic::do_not_recommend]
impl<Tz: chrono::TimeZone> IntoField<Option<DateTime>> for chrono::DateTime<Tz> {
    fn into_field(self) -> Option<DateTime> {
        Some(self.into())
    }
}
