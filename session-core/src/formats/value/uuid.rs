//! A UUID that stays one in cookies.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::newtypes::{FromText, PythonKind};

/// A UUID, as Python's `UUID`.
///
/// Python reads a UUID back from a cookie, and its text with dashes from a record, as upstream. It reads
/// from both, and from any text that is a UUID. (A field of the type [`uuid::Uuid`] itself, with that
/// crate's feature `serde`, reads the same, but is text in cookies too.)
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::value::{Uuid, Value, from_value, to_value};
///
/// let id = Uuid(uuid::Uuid::from_u128(7));
/// assert_eq!(to_value(&id), Ok(Value::Uuid(id.0)));
/// assert_eq!(from_value(Value::Str(id.to_string())), Ok(id));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(pub uuid::Uuid);

impl Deref for Uuid {
    type Target = uuid::Uuid;

    fn deref(&self) -> &uuid::Uuid {
        &self.0
    }
}

impl From<uuid::Uuid> for Uuid {
    fn from(uuid: uuid::Uuid) -> Uuid {
        Uuid(uuid)
    }
}

impl From<Uuid> for uuid::Uuid {
    fn from(uuid: Uuid) -> uuid::Uuid {
        uuid.0
    }
}

/// 32 digits with dashes.
impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(PythonKind::Uuid.name(), &self.to_string())
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Our deserializer hands out a stored UUID as its text too.
        deserializer.deserialize_str(FromText("a UUID", PhantomData)).map(Uuid)
    }
}
