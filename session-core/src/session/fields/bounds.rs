//! What the type of a field has to be able to do, with the words that the compiler says if it is not.
//!
//! The compiler quotes the lines of this file in its errors: they are kept short and rarely moved.

use std::any::type_name;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::formats::codec::{DecodeError, EncodeError, Format};
use crate::formats::value::{Value, from_value, to_value_for};
use crate::session::{FieldError, Session};

/// A type that can be kept in a session: everything that serde can write and read back.
///
/// It is implemented for every such type and can't be implemented otherwise. It has methods instead of
/// supertraits because the compiler would name those in its errors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be kept in a session",
    label = "not all of `Serialize`, `DeserializeOwned` and `Send`",
    note = "add `#[derive(Serialize, Deserialize)]` to `{Self}` or to the types in it; a session owns what it keeps"
)]
pub trait SessionValue: Sized {
    /// What the session holds under `key`. Null is as good as nothing, whatever the type.
    ///
    /// # Errors
    ///
    /// It is of another type.
    fn read(session: &Session, key: &str) -> Result<Option<Self>, FieldError>;

    /// The value in the form that a session of this format stores.
    ///
    /// # Errors
    ///
    /// It can't be stored.
    fn encode(&self, format: Format) -> Result<Value, EncodeError>;

    /// The value from the form that a session stores; nothing from null.
    ///
    /// # Errors
    ///
    /// It is of another type.
    fn decode(value: Value) -> Result<Option<Self>, DecodeError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send> SessionValue for T {
    fn read(session: &Session, key: &str) -> Result<Option<T>, FieldError> {
        match session.get::<Option<T>>(key) {
            Ok(value) => Ok(value.flatten()),
            Err(FieldError::Decode { key, source, .. }) => {
                Err(FieldError::Decode { key, expected: type_name::<T>(), source })
            }
            Err(other) => Err(other),
        }
    }

    fn encode(&self, format: Format) -> Result<Value, EncodeError> {
        to_value_for(format, self)
    }

    fn decode(value: Value) -> Result<Option<T>, DecodeError> {
        from_value(value)
    }
}

/// What a field of this type reads as while nothing is stored.
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
    /// Whether somebody is logged in.
    fn is_somebody(&self) -> bool;
}

#[diagnostic::do_not_recommend]
impl<T> LoginValue for Option<T> {
    fn is_somebody(&self) -> bool {
        self.is_some()
    }
}
