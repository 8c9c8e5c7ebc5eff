//! Reads settings from figment and reports what is wrong with them, each with its place.
//!
//! Nothing here knows a setting by name.

pub(crate) mod address;
pub(crate) mod duration;
#[cfg(test)]
mod duration_tests;
mod environment;
#[cfg(any(
    feature = "redis",
    feature = "sqlite",
    feature = "postgres",
    feature = "mysql",
    feature = "mongodb"
))]
pub(crate) mod parameters;
mod problem;
pub(crate) mod range;
pub(crate) mod reader;
pub(crate) mod report;
mod secret;
pub(crate) mod table;

pub use crate::choice::UnknownChoice;
pub use problem::{ConfigError, Place, Problem, Warning};
pub use secret::SecretKey;
