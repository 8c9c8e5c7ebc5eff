#![doc = include_str!("../README.md")]

pub mod config;
mod error_chain;
pub mod formats;
pub mod session;
mod settings;
pub mod store;

pub use error_chain::Chain;
pub use formats::{codec, cookie, id, signing, value};
pub use session::{fields, manager, merge};
