//! A text field as a page shows it.

use rocket::form::Context;
use rocket::form::error::ErrorKind;

/// The text typed into a field and the problem with it: a page that comes back with an error keeps the text.
#[derive(Default)]
pub(crate) struct Field {
    pub(crate) value: String,
    pub(crate) error: Option<String>,
}

impl Field {
    /// The field `name` of a form that was sent.
    pub(crate) fn of(context: &Context<'_>, name: &str) -> Self {
        let error = context.field_errors(name).next().map(|error| match error.kind {
            ErrorKind::Missing => "Fill in this field.".to_owned(),
            _ => error.to_string(),
        });
        Self { value: context.field_value(name).unwrap_or_default().to_owned(), error }
    }
}
