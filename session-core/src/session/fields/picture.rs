//! The value that a field had at a moment, to be serialized later.

use serde::{Serialize, Serializer};

use crate::session::Session;
use crate::session::fields::{Field, FieldShape, SessionValue, get};

/// The value of the field `F` at one moment.
///
/// It serializes as the declared type does, and a field declared as `Result` as what it holds, or none.
pub struct Picture<F: Field>(F::Declared);

/// Takes the picture of a field.
pub fn picture<F: Field>(session: &Session) -> Picture<F> {
    Picture(get::<F>(session))
}

impl<F: Field> Serialize for Picture<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_stored() {
            Some(value) if F::Declared::CAN_BE_ABSENT => serializer.serialize_some(&Stored(value)),
            Some(value) => value.serialize_value(serializer),
            None => serializer.serialize_none(),
        }
    }
}

/// A stored value. Its trait has a method in place of the bound, for the sake of the compiler's words.
struct Stored<'v, T>(&'v T);

impl<T: SessionValue> Serialize for Stored<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_value(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::{self, Display};

    use super::*;

    struct Plain;

    impl Field for Plain {
        type Stored = u32;
        type Declared = u32;
        const KEY: &'static str = "plain";

        fn default() -> u32 {
            0
        }
    }

    struct Optional;

    impl Field for Optional {
        type Stored = u32;
        type Declared = Option<u32>;
        const KEY: &'static str = "optional";

        fn default() -> Option<u32> {
            None
        }
    }

    /// Written by serde's serializer for `Display`, which refuses what is optional.
    struct Written<F: Field>(Picture<F>);

    impl<F: Field> Display for Written<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }

    fn written<F: Field>(value: F::Declared) -> Option<String> {
        let mut text = String::new();
        fmt::write(&mut text, format_args!("{}", Written::<F>(Picture(value)))).is_ok().then_some(text)
    }

    #[test]
    fn a_serializer_sees_whether_a_field_is_optional() {
        assert_eq!(written::<Plain>(3).as_deref(), Some("3"));
        assert_eq!(written::<Optional>(Some(3)), None);
        assert_eq!(written::<Optional>(None), None);
    }
}
