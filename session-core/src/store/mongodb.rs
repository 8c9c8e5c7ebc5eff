//! Sessions in MongoDB: the settings, which always compile, and the store.

#[cfg(feature = "mongodb")]
mod store;

#[cfg(feature = "mongodb")]
pub use store::MongoStore;
#[cfg(feature = "mongodb")]
pub(crate) use store::objection;
