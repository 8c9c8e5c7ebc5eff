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
        /// Address of the Redis server, one URL as redis-py takes it: `redis://…`, `unix://…`, or with the feature
        /// `redis-tls` `rediss://…`. A parameter that is not honoured is refused by name. Default: the server on this
        /// machine, port 6379.
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

    #[cfg(feature = "redis")]
    fn exposure(&self) -> Option<&'static str> {
        super::store::is_exposed(&self.url).then_some(
            "sends sessions unencrypted to another machine; write rediss://, with the cargo feature `redis-tls`",
        )
    }

    fn has_foreign_keys(&self) -> bool {
        true
    }
}

/// Says why `url` can't be used, without showing it. Without the feature, that is what is missing.
fn objection(url: &str) -> Option<String> {
    #[cfg(feature = "redis")]
    return super::store::objection(url);
    #[cfg(not(feature = "redis"))]
    {
        let _ = url;
        None
    }
}
