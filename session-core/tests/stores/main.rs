//! The public suite, run against the stores in memory, in files and in a real Redis server and against stores
//! that are wrong, and what only one of the stores promises.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

mod calls;
mod conformance;
#[cfg(feature = "filesystem")]
mod file_faults;
#[cfg(feature = "filesystem")]
mod file_store;
mod log_lines;
mod memory;
mod mutants;
#[cfg(feature = "redis")]
mod redis_faults;
#[cfg(feature = "redis")]
mod redis_server;
#[cfg(feature = "redis")]
mod redis_store;
#[cfg(feature = "redis-tls")]
mod redis_tls;
