//! Sessions in a SQL database: the settings, which always compile, and the store.

mod settings;
#[cfg(feature = "sql")]
mod store;

pub use settings::SqlSettings;
#[cfg(feature = "sql")]
pub use store::{SqlDialect, SqlError, SqlRow, SqlStatements, SqlStore, SqlTable, SqlValue};
