//! Fixtures of real tests: private servers, the real Flask, built applications and a client that shows
//! headers as they were sent.
//!
//! Everything here fails loudly. A missing program fails the test with the command that installs it, a server
//! that does not come up fails it with the server's own output, and nothing is ever skipped.
pub mod app;
pub mod browser;
pub mod budget;
pub mod client;
pub mod crowd;
pub mod devices;
pub mod flask;
pub mod jar;
pub mod load;
pub mod nginx;
pub mod proxy;
pub mod scenario;
pub mod server_sent;
pub mod storage;
pub mod told;
pub mod typed_value;

pub use test_servers::{
    certificates, lent, mariadb, memcached, namespace, poll, port, postgres, process, redis, redis_cluster,
    redis_sentinel, resp,
};
