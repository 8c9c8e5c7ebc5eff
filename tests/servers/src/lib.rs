//! Private servers for tests: real ones, each on a free port, gone with the test.
//!
//! Everything here fails loudly. A missing program fails the test with the command that installs it, and a server
//! that does not come up fails it with the server's own output. All servers have the same verbs: `start`, `kill`,
//! `restart`, `pause` and `resume`.

pub mod certificates;
pub mod engine;
mod leftovers;
pub mod lent;
pub mod mariadb;
pub mod memcached;
pub mod mongodb;
pub mod namespace;
pub mod poll;
pub mod port;
pub mod postgres;
pub mod process;
pub mod redis;
pub mod redis_cluster;
pub mod redis_sentinel;
pub mod resp;
