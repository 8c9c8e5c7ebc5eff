//! Sessions in a SQL database: the settings, which always compile, and the store.

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod store;

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) use store::objection;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use store::{SqlStore, SqlTable};
