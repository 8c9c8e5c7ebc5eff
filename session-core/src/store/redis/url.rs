//! What `session_redis` says.

use std::fmt;

use figment::value::Value;

use crate::settings::address::public_part;
use crate::settings::reader::{FromSetting, Setting, texts};

/// Where sessions are in Redis: one URL, or those of a Redis Cluster.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::config::RedisUrl;
///
/// let one: RedisUrl = "redis://cache.example.com/2".into();
/// assert_eq!(one, RedisUrl::One("redis://cache.example.com/2".into()));
/// let cluster: RedisUrl = ["redis://a.example.com", "redis://b.example.com"].into();
/// assert!(matches!(cluster, RedisUrl::Cluster(nodes) if nodes.len() == 2));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum RedisUrl {
    /// A server, or with `redis+sentinel://` the master that sentinels name.
    One(String),
    /// Some nodes of a Redis Cluster, which name the others; at least one.
    Cluster(Vec<String>),
}

impl RedisUrl {
    fn all(&self) -> &[String] {
        match self {
            RedisUrl::One(url) => std::slice::from_ref(url),
            RedisUrl::Cluster(urls) => urls,
        }
    }

    /// Returns the addresses without user and password.
    pub(super) fn public_part(&self) -> String {
        let shown: Vec<_> = self.all().iter().map(|url| public_part(url)).collect();
        shown.join(", ")
    }

    /// Tells whether both name the same servers: nodes of one cluster, if they have one in common.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (RedisUrl::One(one), RedisUrl::One(other)) => one == other,
            (RedisUrl::Cluster(ones), RedisUrl::Cluster(others)) => {
                ones.iter().any(|one| others.contains(one))
            }
            _ => false,
        }
    }
}

impl From<&str> for RedisUrl {
    fn from(url: &str) -> Self {
        RedisUrl::One(url.into())
    }
}

impl From<String> for RedisUrl {
    fn from(url: String) -> Self {
        RedisUrl::One(url)
    }
}

impl From<Vec<String>> for RedisUrl {
    fn from(urls: Vec<String>) -> Self {
        RedisUrl::Cluster(urls)
    }
}

impl<const N: usize> From<[&str; N]> for RedisUrl {
    fn from(urls: [&str; N]) -> Self {
        RedisUrl::Cluster(urls.map(Into::into).into())
    }
}

/// Never shows user and password.
impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RedisUrl::One(url) => write!(f, "{:?}", public_part(url)),
            RedisUrl::Cluster(urls) => {
                f.debug_list().entries(urls.iter().map(|url| public_part(url))).finish()
            }
        }
    }
}

const LIST: &str = "[\"redis://host:6379\", \"redis://host:6379\"]";

impl FromSetting for RedisUrl {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        match &setting.value {
            Value::Array(..) => texts(setting, LIST).map(RedisUrl::Cluster),
            Value::Dict(..) => Err(format!(
                "must be text or a list, not a table; write {}, or for a Redis Cluster {}",
                setting.written("\"redis://host:6379\""),
                setting.written(LIST)
            )),
            _ => String::from_setting(setting).map(RedisUrl::One),
        }
    }
}
