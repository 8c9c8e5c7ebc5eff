//! The traits that the type of a field needs, with the compiler's words for a type without them.
//!
//! The compiler quotes the lines of this file in its errors: they are kept short and rarely moved.

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use crate::formats::codec::{DecodeError, EncodeError, Format};
use crate::formats::shape::{Shape, Traced};
use crate::formats::value::{Value, from_value, to_value_for};

/// A type that can be kept in a session: every type that serde can write and read back.
///
/// It is implemented for every such type and can't be implemented otherwise. It has methods instead of
/// supertraits because the compiler would name those in its errors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be kept in a session",
    label = "not all of `Serialize`, `DeserializeOwned` and `Send`",
    note = "add `#[derive(Serialize, Deserialize)]` to `{Self}` or to the types in it; a session owns what it keeps"
)]
pub trait SessionValue: Sized {
    /// Converts to the value that a session of this format stores.
    ///
    /// # Errors
    ///
    /// The format can't hold it.
    fn to_value(&self, format: Format) -> Result<Value, EncodeError>;

    /// Converts from a stored value; null gives `None`.
    ///
    /// # Errors
    ///
    /// The value is of another type.
    fn from_value(value: Value) -> Result<Option<Self>, DecodeError>;

    /// Serializes the value, as its own type does.
    ///
    /// # Errors
    ///
    /// The serializer can't write it.
    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Says what a record holds for the type.
    fn shape() -> Traced;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send> SessionValue for T {
    fn to_value(&self, format: Format) -> Result<Value, EncodeError> {
        to_value_for(format, self)
    }

    fn from_value(value: Value) -> Result<Option<T>, DecodeError> {
        from_value(value)
    }

    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn shape() -> Traced {
        Shape::of::<T>()
    }
}

/// The value of a field of this type while nothing is stored.
///
/// It is implemented for every type with a [`Default`]; a field of another type names its default
/// in `#[session(default = ..)]`.
#[diagnostic::on_unimplemented(
    message = "a visitor without a stored value needs a default for this field, and `{Self}` has none",
    label = "no default for this type",
    note = "write `#[session(default = ..)]`, make the field an `Option<{Self}>`, or implement `Default`"
)]
pub trait HasDefault: Sized {
    /// The default.
    fn make() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> HasDefault for T {
    fn make() -> Self {
        T::default()
    }
}

/// The type of a login field: an `Option`, because a visitor may be nobody.
#[diagnostic::on_unimplemented(
    message = "the login field must be an `Option`, found `{Self}`",
    label = "this can't say that nobody is logged in",
    note = "write `Option<{Self}>`"
)]
pub trait LoginValue {
    /// Returns `true` if somebody is logged in.
    fn is_somebody(&self) -> bool;
}

#[diagnostic::do_not_recommend]
impl<T> LoginValue for Option<T> {
    fn is_somebody(&self) -> bool {
        self.is_some()
    }
}
