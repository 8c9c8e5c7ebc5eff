//! The settings of the Redis store.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::RedisUrl;
use crate::settings::reader::{file, some_or_zero};
use crate::settings::report::Report;
use crate::settings::table::settings;
use crate::store::backend::{Against, Backend};

const CACHE: &str = "session_redis_cache";

/// Far above the time that an answer takes, so that copies are used at all, and below what users would call an outage.
pub(super) const CACHE_TIMES: RangeInclusive<Duration> = Duration::from_millis(20)..=Duration::from_secs(10);

/// Allows none, or the time of a copy.
fn cache_time(lasts: &Option<Duration>) -> Option<String> {
    let wrong = lasts.filter(|lasts| !CACHE_TIMES.contains(lasts))?;
    Some(format!("must be 0 (none), or {:?} to {:?}, not {wrong:?}", CACHE_TIMES.start(), CACHE_TIMES.end()))
}

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
        tls_ca: Option<PathBuf> = None, key session_redis_tls_ca, read file, for RedisAlone;
        /// File of the certificate, in PEM, by which this application proves who it is.
        tls_cert: Option<PathBuf> = None, key session_redis_tls_cert, read file, for RedisAlone;
        /// File of that certificate's key, in PEM, not encrypted.
        tls_key: Option<PathBuf> = None, key session_redis_tls_key, read file, for RedisAlone;
        /// How many replicas must have a write before it is done, at most 10: a failover to one of them loses nothing then. Too
        /// few within [`session_store_timeout`](crate::config::SessionConfig) are a 503, and nothing launches without them.
        /// Default: 0, a write is done when the master has it.
        wait_replicas: u32 = 0, key session_redis_wait_replicas, range few, for RedisAlone;
        /// Keeps copies of sessions in this process, so that most requests ask no server. Redis says when a session has
        /// changed; where it can't, a request reads one that is older by this time at most. 20 ms to 10 s; needs sessions
        /// that are not extended by every use. Default: none (also 0).
        cache: Option<Duration> = None, key session_redis_cache, read some_or_zero, range cache_time,
            for RedisAlone;
        /// Greatest number of bytes of all copies, at least 1; each counts as its record, its key and 256 bytes.
        /// Default: 64 MiB.
        cache_size: u64 = 64 * 1024 * 1024, key session_redis_cache_size, range some_bytes, for RedisAlone;
        /// Every end of a session (log-out, change of user, new id, an end from elsewhere) is answered only when no process
        /// can use a copy of it any more, so `session_redis_cache` later. Default: false.
        cache_strict: bool = false, key session_redis_cache_strict, for RedisAlone;
    }
}

fn some_bytes(size: &u64) -> Option<String> {
    (*size == 0)
        .then(|| "must be at least 1 byte, not 0; remove session_redis_cache to keep no copies".into())
}

/// More replicas nobody has, so that it is a mistake.
const MOST_REPLICAS: u32 = 10;

fn few(replicas: &u32) -> Option<String> {
    (*replicas > MOST_REPLICAS).then(|| format!("must be 0 to {MOST_REPLICAS} replicas, not {replicas}"))
}

impl Backend for RedisSettings {
    /// Without the feature, that is what is missing.
    fn check(&self, against: &Against<'_>, report: &mut Report) {
        #[cfg(feature = "redis")]
        if let Some(objection) = super::store::objection(self) {
            report.refuse(&objection.keys(), objection.message);
        }
        if self.cache.is_some() && against.extends_at_load {
            report.refuse(
                &[CACHE, "session_refresh_after"],
                "has no effect while session_refresh_after is 0: every request extends the life of its session in Redis \
                 then, which no copy can do; set session_refresh_after = 0.1, or remove it",
            );
        }
        if self.cache.is_none() && self.cache_strict && report.readable(&[CACHE]) {
            report.warn(
                &["session_redis_cache_strict", CACHE],
                "has no effect without session_redis_cache: every request asks Redis",
            );
        }
    }

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
