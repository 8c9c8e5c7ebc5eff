//! Sessions in files: the settings, which always compile, and the store.

#[cfg(feature = "filesystem")]
mod store;

#[cfg(feature = "filesystem")]
pub use store::FileStore;
