//! The settings of the Redis store.

use crate::settings::address::public_part;
use crate::settings::reader::one_text;
use crate::settings::report::Report;
use crate::settings::table::settings;
use crate::store::backend::{Against, Backend};

settings! {
    /// The settings of the Redis store.
    #[derive(PartialEq)]
    pub struct RedisSettings: OneStore {
        /// Address of the Redis server, one URL: `redis://…`, `valkey://…`, or with the feature `redis-tls`
        /// `rediss://…`, `valkeys://…`. Default: the server on this machine, port 6379.
        url: String = "redis://127.0.0.1:6379".into(), key session_redis, read |setting| one_text(setting, ONE_URL), shown public_part;
    }
}

const ONE_URL: &str = "a list of addresses is not supported yet; write one URL";

impl Backend for RedisSettings {
    fn check(&self, _: &Against<'_>, report: &mut Report) {
        if let Some(objection) = objection(&self.url) {
            report.refuse(&["session_redis"], objection);
        }
    }

    #[cfg(feature = "redis")]
    fn open(&self) -> Result<crate::store::DynStore, crate::store::StoreError> {
        Ok(crate::store::DynStore::new(super::RedisStore::from_url(&self.url)?))
    }

    fn location(&self) -> String {
        public_part(&self.url)
    }
}

/// Says why `url` can't be used, without showing it.
fn objection(url: &str) -> Option<&'static str> {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    match scheme {
        "redis" | "valkey" => {}
        "rediss" | "valkeys" if cfg!(feature = "redis-tls") => {}
        "rediss" | "valkeys" => return Some("needs TLS; turn on the cargo feature `redis-tls`"),
        _ => return Some("must be one URL such as \"redis://127.0.0.1:6379/0\""),
    }
    #[cfg(feature = "redis")]
    if redis::IntoConnectionInfo::into_connection_info(url).is_err() {
        return Some(
            "is not a usable URL; write \"redis://host:port/number\", with special characters of a password percent-encoded",
        );
    }
    None
}
