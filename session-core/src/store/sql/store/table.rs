//! The table of the sessions.

use std::fmt;

use crate::store::StoreError;

/// The name of a table, and of the schema it is in (`session_sqlalchemy_table`, `session_sqlalchemy_schema`).
///
/// A name is 1 to 63 ASCII letters, digits or `_`, not starting with a digit. It is taken exactly as written: upper and lower case are kept where the database tells
/// them apart.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::store::SqlTable;
///
/// assert_eq!(SqlTable::default().to_string(), "sessions");
/// assert_eq!(SqlTable::new("web")?.in_schema("auth")?.to_string(), "auth.web");
/// assert!(SqlTable::new("sessions; DROP TABLE users").is_err());
/// # Ok::<(), rocket_session_state_core::store::StoreError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlTable {
    schema: Option<String>,
    name: String,
}

impl SqlTable {
    pub(crate) const NAMES: &str = "must be 1 to 63 ASCII letters, digits or `_`, not starting with a digit";

    /// A table in the schema (PostgreSQL) or database (MySQL) that the connection begins in.
    ///
    /// # Errors
    ///
    /// The name is not valid (see [`SqlTable`]).
    pub fn new(name: &str) -> Result<Self, StoreError> {
        Ok(SqlTable { schema: None, name: checked(name)? })
    }

    /// The same table in this schema, which must exist. To MySQL a schema is a database, to SQLite one
    /// that is attached.
    ///
    /// # Errors
    ///
    /// The name is not valid (see [`SqlTable`]).
    pub fn in_schema(self, schema: &str) -> Result<Self, StoreError> {
        Ok(SqlTable { schema: Some(checked(schema)?), ..self })
    }

    /// Returns the name as statements have it, with this quotation mark around each part.
    pub(super) fn quoted(&self, mark: char) -> String {
        let quote = |name: &str| format!("{mark}{name}{mark}");
        match &self.schema {
            Some(schema) => format!("{}.{}", quote(schema), quote(&self.name)),
            None => quote(&self.name),
        }
    }

    /// Names something else in the table's schema, whose name is the table's with this at its end.
    pub(super) fn beside(&self, end: &str) -> SqlTable {
        SqlTable { name: format!("{}{end}", self.name), ..self.clone() }
    }

    pub(super) fn without_schema(&self) -> SqlTable {
        SqlTable { schema: None, ..self.clone() }
    }
}

/// `sessions`, as in Flask-Session.
impl Default for SqlTable {
    fn default() -> Self {
        SqlTable { schema: None, name: "sessions".into() }
    }
}

impl fmt::Display for SqlTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Accepts what every database takes for a name, quoted or not. PostgreSQL would cut off a longer one.
fn checked(name: &str) -> Result<String, StoreError> {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if letters && (1..=63).contains(&name.len()) && !name.starts_with(|first: char| first.is_ascii_digit()) {
        return Ok(name.to_owned());
    }
    Err(StoreError::misconfigured(format!("the name of a table or schema {}", SqlTable::NAMES)))
}
