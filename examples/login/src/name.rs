//! The name that a visitor gives.

use rocket::form::{self, Error, FromFormField, ValueField};

/// A name of 1 to 40 characters in any script, without blanks around it.
#[derive(Debug, PartialEq)]
pub(crate) struct Name(String);

impl Name {
    const LONGEST: usize = 40;

    fn parse(text: &str) -> Result<Self, &'static str> {
        let name = text.trim();
        if name.is_empty() {
            Err("Enter a name.")
        } else if name.chars().count() > Self::LONGEST {
            Err("Enter a name of at most 40 characters.")
        } else if name.chars().any(char::is_control) {
            Err("Enter a name on one line.")
        } else {
            Ok(Self(name.to_owned()))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'v> FromFormField<'v> for Name {
    fn from_value(field: ValueField<'v>) -> form::Result<'v, Self> {
        Self::parse(field.value).map_err(|problem| Error::validation(problem).into())
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn length_is_counted_in_characters_and_not_in_bytes() {
        assert!(Name::parse(&"客".repeat(40)).is_ok());
        assert!(Name::parse(&"客".repeat(41)).is_err());
    }

    #[test]
    fn a_name_is_not_only_blanks_and_has_none_around_it() {
        assert!(Name::parse(" \u{3000}\t").is_err());
        assert_eq!(Name::parse("  游客 ").map(|name| name.as_str().to_owned()), Ok("游客".to_owned()));
    }

    #[test]
    fn a_line_break_does_not_get_into_a_name() {
        assert!(Name::parse("momo\r\nadmin").is_err());
    }
}
