//! Sessions in MongoDB: the settings, which always compile, and the store.

mod settings;
#[cfg(feature = "mongodb")]
mod store;

pub use settings::MongoDbSettings;
#[cfg(feature = "mongodb")]
pub use store::MongoStore;
