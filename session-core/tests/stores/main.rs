//! The public suite, run against the stores in memory and in files, those of real servers and against stores
//! that are wrong, and what only one of the stores promises.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)] // in what tests share

mod calls;
mod conformance;
#[cfg(feature = "filesystem")]
mod file_faults;
#[cfg(feature = "filesystem")]
mod file_store;
#[cfg(any(feature = "memcached", feature = "mongodb", feature = "redis"))]
mod idle;
mod launch;
mod log_lines;
#[cfg(feature = "memcached")]
mod memcached_faults;
#[cfg(feature = "memcached")]
mod memcached_server;
#[cfg(feature = "memcached")]
mod memcached_store;
mod memory;
mod migrating;
#[cfg(feature = "mongodb")]
mod mongodb_faults;
#[cfg(feature = "mongodb")]
mod mongodb_server;
#[cfg(feature = "mongodb")]
mod mongodb_store;
mod moved_lists;
mod mutants;
#[cfg(feature = "mysql")]
mod mysql_login;
mod purged_lists;
#[cfg(feature = "redis")]
mod redis_batches;
#[cfg(feature = "redis")]
mod redis_channels;
#[cfg(feature = "redis")]
mod redis_cluster;
#[cfg(feature = "redis")]
mod redis_cluster_liar;
#[cfg(feature = "redis")]
mod redis_copies;
#[cfg(feature = "redis")]
mod redis_ends;
#[cfg(feature = "redis")]
mod redis_faults;
#[cfg(feature = "redis")]
mod redis_server;
#[cfg(feature = "redis")]
mod redis_setups;
#[cfg(feature = "redis")]
mod redis_store;
#[cfg(feature = "redis")]
mod redis_swaps;
#[cfg(feature = "redis-tls")]
mod redis_tls;
#[cfg(feature = "redis")]
mod redis_wait;
#[cfg(any(feature = "memcached", feature = "mongodb", feature = "redis"))]
mod server_faults;
#[cfg(any(feature = "memcached", feature = "mongodb", feature = "redis"))]
mod wiretap;
