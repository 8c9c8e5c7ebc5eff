#![doc = include_str!("../README.md")]

pub mod cookie;
pub mod id;
pub mod signing;
pub mod store;
