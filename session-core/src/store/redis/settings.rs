//! The settings of the Redis store.

use std::path::PathBuf;

use super::RedisUrl;
use crate::settings::reader::file;
use crate::settings::report::Report;
use crate::settings::table::settings;
use crate::store::backend::{Against, Backend};

settings! {
    /// The settings of the Redis store.
    #[derive(PartialEq)]
    pub struct RedisSettings: OneStore {
        /// Address of Redis. One URL is a server, as redis-py takes it: `redis://…`, `unix://…`, or with the feature
        /// `redis-tls` `rediss://…`; with `redis+sentinel://host:26379,host:26379/master-name/0` it is the master that
        /// sentinels name. A list is a Redis Cluster, of which a few nodes are named. A parameter that is not honoured is
        /// refused by name. Default: the server on this machine, port 6379.
        url: RedisUrl = "redis://127.0.0.1:6379".into(), key session_redis;
        /// File of the authorities, in PEM, that alone vouch for the servers' certificates. Without it those of the machine
        /// do. In a file of the configuration a relative path begins at that file, as Rocket's `tls.certs`; elsewhere, in the
        /// working directory.
        tls_ca: Option<PathBuf> = None, key session_redis_tls_ca, read file;
        /// File of the certificate, in PEM, by which this application proves who it is.
        tls_cert: Option<PathBuf> = None, key session_redis_tls_cert, read file;
        /// File of that certificate's key, in PEM, not encrypted.
        tls_key: Option<PathBuf> = None, key session_redis_tls_key, read file;
        /// How many replicas must have a write before it is done, at most 10: a failover to one of them loses nothing then. Too
        /// few within [`session_store_timeout`](crate::config::SessionConfig) are a 503, and nothing launches without them.
        /// Default: 0, a write is done when the master has it.
        wait_replicas: u32 = 0, key session_redis_wait_replicas, range few;
    }
}

/// More replicas nobody has, so that it is a mistake.
const MOST_REPLICAS: u32 = 10;

fn few(replicas: &u32) -> Option<String> {
    (*replicas > MOST_REPLICAS).then(|| format!("must be 0 to {MOST_REPLICAS} replicas, not {replicas}"))
}

impl Backend for RedisSettings {
    #[cfg(feature = "redis")]
    fn check(&self, _: &Against<'_>, report: &mut Report) {
        if let Some(objection) = super::store::objection(self) {
            report.refuse(&objection.keys(), objection.message);
        }
    }

    /// Without the feature, that is what is missing.
    #[cfg(not(feature = "redis"))]
    fn check(&self, _: &Against<'_>, _: &mut Report) {}

    #[cfg(feature = "redis")]
    fn open(&self) -> Result<crate::store::DynStore, crate::store::StoreError> {
        Ok(crate::store::DynStore::new(super::RedisStore::of(self)?))
    }

    fn location(&self) -> String {
        self.url.public_part()
    }

    fn is_same_place(&self, other: &Self) -> bool {
        self.url.is_same_place(&other.url)
    }

    #[cfg(feature = "redis")]
    fn exposure(&self) -> Option<&'static str> {
        super::store::is_exposed(self).then_some(
            "sends sessions unencrypted to another machine; write rediss:// (rediss+sentinel:// for sentinels), with the \
             cargo feature `redis-tls`",
        )
    }

    fn has_foreign_keys(&self) -> bool {
        true
    }
}
