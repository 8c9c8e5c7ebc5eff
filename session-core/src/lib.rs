#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod config;
mod error_chain;
pub mod formats;
pub mod session;
mod settings;
pub mod store;

pub use error_chain::Chain;
pub use formats::{codec, cookie, id, signing, value};
pub use session::{fields, manager, merge};
