#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod choice;
pub mod config;
mod error_chain;
pub mod formats;
pub mod session;
mod settings;
mod spelling;
pub mod store;

pub use error_chain::Chain;
pub use formats::{browser, codec, cookie, id, signing, value};
pub use session::{events, fields, manager, merge};
