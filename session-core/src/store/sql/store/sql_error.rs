//! The error of a statement.

use std::error::Error;
use std::fmt;

use super::dialect::Rules;
use crate::store::StoreError;

/// A statement that failed.
///
/// What a database [answers](SqlError::answered) has a code, of which the store knows what follows from it. Every other
/// error is a [`StoreError`], which becomes a `SqlError` by `into()` or `?`:
///
/// * [`StoreError::unavailable`]: the connection broke, nobody knows whether the statement was run.
/// * the same with [`before_writing`](StoreError::before_writing): there was no connection, so nothing was run.
/// * [`StoreError::invalid_response`]: the row has other columns.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::store::{SqlError, StoreError};
///
/// let duplicate = SqlError::answered("23505", "duplicate key value violates unique constraint");
/// assert_eq!(duplicate.to_string(), "the database answered error 23505");
/// let lost = SqlError::from(StoreError::unavailable("the connection broke"));
/// assert_eq!(lost.to_string(), "the session store can't be reached");
/// ```
pub struct SqlError(Kind);

enum Kind {
    Answered { code: String, text: String },
    Failed { error: StoreError, at_launch: Option<StoreError> },
}

impl SqlError {
    /// The database has answered with an error: its code, and its words.
    ///
    /// The code is that by which the manual of the database explains errors: PostgreSQL's and MySQL's `SQLSTATE`, or
    /// MySQL's number, or SQLite's (extended) result code. Where a driver does not tell it, it is empty. The words are
    /// shown at launch only, when no session is in a statement; later they might quote one.
    pub fn answered(code: impl Into<String>, text: impl Into<String>) -> Self {
        SqlError(Kind::Answered { code: code.into(), text: text.into() })
    }

    /// No answer, for which there are other words at launch, when no session is in a statement.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    pub(super) fn failed(error: StoreError, at_launch: Option<StoreError>) -> Self {
        SqlError(Kind::Failed { error, at_launch })
    }

    /// Returns the code of what the database has answered.
    pub(super) fn code(&self) -> Option<&str> {
        match &self.0 {
            Kind::Answered { code, .. } => Some(code),
            Kind::Failed { .. } => None,
        }
    }

    /// Returns the words in which the database has answered.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.0 {
            Kind::Answered { text, .. } => Some(text),
            Kind::Failed { .. } => None,
        }
    }

    /// The same answer, to a statement that was run because of another answer.
    pub(super) fn after(self, first: &SqlError) -> Self {
        match (self.0, first.text()) {
            (Kind::Answered { code, text }, Some(first)) => {
                SqlError::answered(code, format!("{first}; and to its creation: {text}"))
            }
            (kind, _) => SqlError(kind),
        }
    }

    /// The error of a statement on a session.
    ///
    /// The database's text may hold a session id or a part of a record ("Duplicate entry …"), so only its code is shown, with
    /// words of our own.
    pub(super) fn in_statement(self, rules: &Rules) -> StoreError {
        match self.0 {
            Kind::Answered { code, .. } => {
                let meaning =
                    (rules.meaning)(&code).map_or_else(String::new, |meaning| format!(": {meaning}"));
                answered(rules, &code, format!("{}{meaning}", Answer(&code)))
            }
            Kind::Failed { error, .. } => error,
        }
    }

    /// The error of making the store ready. Nothing of a session is sent then, and the words of the database say what to do.
    pub(super) fn at_launch(self, rules: &Rules) -> StoreError {
        match self.0 {
            Kind::Answered { code, text } => answered(rules, &code, format!("the database answered: {text}")),
            Kind::Failed { error, at_launch } => at_launch.unwrap_or(error),
        }
    }
}

/// The error of an answer. Most are about a statement, its row or its rights.
fn answered(rules: &Rules, code: &str, text: String) -> StoreError {
    match (rules.is_away)(code) {
        true => StoreError::unavailable(text),
        // Without a connection, nothing was sent.
        false if (rules.is_full)(code) => StoreError::refused(text).before_writing(),
        false => StoreError::refused(text),
    }
}

/// No answer: whatever else may have failed.
impl From<StoreError> for SqlError {
    fn from(error: StoreError) -> Self {
        SqlError(Kind::Failed { error, at_launch: None })
    }
}

/// An answer, without the words in which it may quote something.
struct Answer<'a>(&'a str);

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => f.write_str("the database answered an error"),
            code => write!(f, "the database answered error {code}"),
        }
    }
}

/// Shows no word of the database, which may quote a session.
impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Answered { code, .. } => Answer(code).fmt(f),
            Kind::Failed { error, .. } => error.fmt(f),
        }
    }
}

impl fmt::Debug for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlError({self})")
    }
}

impl Error for SqlError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Answered { .. } => None,
            Kind::Failed { error, .. } => error.source(),
        }
    }
}
