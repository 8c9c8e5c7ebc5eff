//! What a form has to say.

use rocket::form::error::ErrorKind;
use rocket::form::{self, Context, Error, FromFormField, ValueField};
use rocket_session_state::Next;
use serde::Serialize;
use std::collections::BTreeMap;

/// A name to register: 2 to 32 letters and digits of any script, with `.`, `-` and `_` between them.
pub(crate) struct NewName<'r>(pub(crate) &'r str);

impl<'r> FromFormField<'r> for NewName<'r> {
    fn from_value(field: ValueField<'r>) -> form::Result<'r, Self> {
        let name = field.value.trim();
        let of_letters = |c: char| c.is_alphanumeric() || ".-_".contains(c);
        match name.chars().count() {
            2..=32 if name.chars().all(of_letters) => Ok(Self(name)),
            2..=32 => refuse("Use letters, digits, dots and dashes only."),
            _ => refuse("Choose a name of 2 to 32 characters."),
        }
    }
}

/// A password to set. Long is what counts; which letters are in it does not.
pub(crate) struct NewPassword<'r>(pub(crate) &'r str);

impl<'r> FromFormField<'r> for NewPassword<'r> {
    fn from_value(field: ValueField<'r>) -> form::Result<'r, Self> {
        match field.value.chars().count() {
            10..=200 => Ok(Self(field.value)),
            _ => refuse("Choose a password of 10 to 200 characters."),
        }
    }
}

/// What a user calls a device: 1 to 100 characters, without the blanks around them.
pub(crate) struct DeviceName<'r>(pub(crate) &'r str);

impl<'r> FromFormField<'r> for DeviceName<'r> {
    fn from_value(field: ValueField<'r>) -> form::Result<'r, Self> {
        let name = field.value.trim();
        match name.chars().count() {
            1..=100 => Ok(Self(name)),
            _ => refuse("Choose a name of 1 to 100 characters."),
        }
    }
}

fn refuse<'r, T>(problem: &'static str) -> form::Result<'r, T> {
    Err(Error::validation(problem).into())
}

/// The fields of a form that comes back, by name. What was typed is kept, but for passwords.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Fields(BTreeMap<&'static str, Field>);

#[derive(Serialize)]
struct Field {
    value: Option<String>,
    error: Option<String>,
}

impl Fields {
    pub(crate) fn of(context: &Context<'_>, names: &[&'static str]) -> Self {
        let field = |name: &'static str| {
            let kept = context.field_value(name).filter(|_| !name.contains("password"));
            let error = context.field_errors(name).next().map(|error| match error.kind {
                ErrorKind::Missing => "Fill in this field.".to_owned(),
                _ => error.to_string(),
            });
            (name, Field { value: kept.map(str::to_owned), error })
        };
        Self(names.iter().copied().map(field).collect())
    }
}

/// The page to go on to, of a form that comes back: its hidden field goes along.
pub(crate) fn next(context: &Context<'_>) -> Next {
    context.field_value("next").and_then(Next::parse).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{DeviceName, NewName, NewPassword};
    use rocket::form::{FromFormField, ValueField};

    fn name(text: &str) -> Option<String> {
        NewName::from_value(ValueField::from_value(text)).ok().map(|name| name.0.to_owned())
    }

    #[test]
    fn length_is_counted_in_characters_and_blanks_around_a_name_are_no_part_of_it() {
        assert_eq!(name(" 游客\t").as_deref(), Some("游客"));
        assert_eq!(name("游"), None);
        assert!(name(&"客".repeat(32)).is_some());
        assert!(name(&"客".repeat(33)).is_none());
    }

    #[test]
    fn nothing_gets_into_a_name_that_looks_like_the_end_of_it() {
        for text in ["momo admin", "momo\r\nadmin", "momo\u{200b}", "<b>momo</b>", "momo\u{202e}"] {
            assert_eq!(name(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_password_keeps_its_blanks_and_has_ten_characters() {
        let password = |text| NewPassword::from_value(ValueField::from_value(text)).ok().map(|it| it.0);
        assert_eq!(password(" pass word "), Some(" pass word "));
        assert_eq!(password("客客客客客客客客客"), None);
        assert_eq!(password("客客客客客客客客客客"), Some("客客客客客客客客客客"));
    }

    #[test]
    fn a_device_is_not_called_by_blanks_alone() {
        let name = |text| DeviceName::from_value(ValueField::from_value(text)).ok().map(|it| it.0);
        assert_eq!(name(" \t "), None);
        assert_eq!(name(""), None);
        assert_eq!(name(" Momo's telephone "), Some("Momo's telephone"));
        assert!(name(&"客".repeat(101)).is_none());
    }
}
