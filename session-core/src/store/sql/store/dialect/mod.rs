//! The differences between the kinds of databases, whatever driver speaks with them.

mod mysql;
mod postgres;
mod sqlite;

use std::fmt;

#[cfg(feature = "sqlite")]
pub(super) use self::sqlite::is_locked;

use super::SqlTable;
use super::texts::Words;

/// The kind of a database, which decides how statements are written.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::store::SqlDialect;
///
/// assert_eq!(SqlDialect::Postgres.to_string(), "PostgreSQL");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlDialect {
    /// SQLite. Each value is a `?`.
    Sqlite,
    /// PostgreSQL. Values are `$1`, `$2`, and so on.
    Postgres,
    /// MySQL and MariaDB. Each value is a `?`.
    MySql,
}

impl SqlDialect {
    pub(super) fn rules(self) -> &'static Rules {
        match self {
            SqlDialect::Sqlite => &sqlite::RULES,
            SqlDialect::Postgres => &postgres::RULES,
            SqlDialect::MySql => &mysql::RULES,
        }
    }
}

impl fmt::Display for SqlDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rules().name)
    }
}

/// What is special about a kind of databases.
pub(super) struct Rules {
    pub(super) name: &'static str,
    pub(super) words: fn(&SqlTable) -> Words,
    /// Writes the values of a statement, each of them a `?`, as the database wants them.
    pub(super) mark: fn(String) -> String,
    /// The number of times that a key stands where rows are looked for.
    pub(super) keys: usize,
    /// The bytes of the largest record, where the table's column has such a limit.
    pub(super) largest: Option<usize>,
    /// Tells of an error's code and words whether they say that the table is missing.
    pub(super) lacks_table: fn(&str, &str) -> bool,
    /// Tells of an error's code whether there is a row with this key already.
    pub(super) is_duplicate: fn(&str) -> bool,
    /// Tells of an error's code whether the database undid the statement because of others: a serialization failure or a
    /// deadlock.
    pub(super) gave_way: fn(&str) -> bool,
    /// Explains an error of that code, where it is about the database and not about the session.
    pub(super) meaning: fn(&str) -> Option<&'static str>,
    /// Tells of an error's code whether it refuses a connection because there are too many.
    pub(super) is_full: fn(&str) -> bool,
    /// Tells of an error's code whether it ends a connection or refuses one, so that every statement would meet it.
    pub(super) is_away: fn(&str) -> bool,
}
