//! What lets tests be real: private servers, the real Flask, built applications and a client that shows
//! headers as they were sent.
//!
//! Everything here fails loudly. A missing program fails the test with the command that installs it, a server
//! that does not come up fails it with the server's own output, and nothing is ever skipped.
pub mod app;
pub mod browser;
pub mod budget;
pub mod client;
pub mod crowd;
pub mod database;
pub mod engine;
pub mod files;
pub mod flask;
pub mod jar;
pub mod mariadb;
pub mod memcached;
pub mod mongodb;
pub mod nginx;
pub mod poll;
pub mod port;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod redis;
pub mod resp;
pub mod scenario;
pub mod storage;
pub mod typed_value;
