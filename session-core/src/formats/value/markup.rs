//! Text that is safe in HTML.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::newtypes::HTML;

/// Text that may be put into HTML as it is, as MarkupSafe's `Markup`.
///
/// Python reads `Markup` back from a cookie or a file. Other records have no form for it, and Flask-Session fails with
/// one; here it is written as plain text, which Python's templates escape. It reads from `Markup` and
/// from any text: declare a field so only if everything that writes its key writes safe HTML.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::value::{Markup, Value, from_value, to_value};
///
/// let greeting = Markup("<b>Hello</b>".to_owned());
/// assert_eq!(to_value(&greeting), Ok(Value::Markup(greeting.to_string())));
/// assert_eq!(from_value(Value::Str("<b>Hello</b>".to_owned())), Ok(greeting));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Markup(pub String);

impl Deref for Markup {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The text as it is.
impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for Markup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(HTML, &self.0)
    }
}

impl<'de> Deserialize<'de> for Markup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Markup)
    }
}
