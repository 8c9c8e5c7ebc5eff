//! Sessions in a SQL database: the settings, which always compile, and the store.

mod settings;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod store;

pub use settings::SqlSettings;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use store::{SqlStore, SqlTable};
