#![doc = include_str!("../README.md")]

pub mod codec;
pub mod config;
pub mod cookie;
mod error_chain;
pub mod id;
pub mod manager;
pub mod merge;
pub mod session;
pub mod signing;
pub mod store;
mod time;
pub mod typed;
pub mod value;

pub use error_chain::Chain;
