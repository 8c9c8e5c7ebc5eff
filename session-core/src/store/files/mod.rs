//! Sessions in files: the settings, which always compile, and the store.

mod settings;
#[cfg(feature = "filesystem")]
mod store;

pub use settings::FileSettings;
#[cfg(feature = "filesystem")]
pub use store::FileStore;
