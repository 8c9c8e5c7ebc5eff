//! The stores that `session_type` can name. The list stands here, once; what each of them is stands in its folder.

use std::fmt;

use super::{DynStore, StoreError};
use crate::choice::{UnknownChoice, choice};
use crate::formats::codec::Format;
use crate::settings::reader::{FromSetting, Setting};
use crate::settings::report::Report;
use crate::settings::table::{Key, Settings};

/// A store that can be named in the configuration: what has to be known of it beside its [`Store`](super::Store).
///
/// The settings of a store implement it, whether or not the store's cargo feature is on.
pub(crate) trait Backend: fmt::Debug {
    /// Names the cargo feature that this build lacks for sessions of this type, or the features of which one is
    /// needed.
    fn missing_feature(&self, session_type: SessionType) -> Option<&'static str>;

    /// Reports what the store or its driver would not take.
    fn check(&self, against: &Against<'_>, report: &mut Report);

    /// Makes the store. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// The address can't be understood, or the store's cargo feature is off.
    fn open(&self) -> Result<DynStore, StoreError> {
        Err(StoreError::misconfigured("this build does not have the store"))
    }

    /// Returns the address or the file, without user and password.
    fn location(&self) -> String;

    /// Names the key that says where the store is.
    fn location_key(&self) -> &'static str;

    /// Tells whether both are the same place. Settings that only say how it is used may differ.
    fn is_same_place(&self, other: &Self) -> bool
    where
        Self: Sized;

    /// Returns the format of the records if it can't be chosen.
    fn fixed_format(&self) -> Option<Format> {
        None
    }

    /// Says why the format of the records can't be chosen, after the name of a key.
    fn ignores_format(&self) -> Option<&'static str> {
        None
    }

    /// Tells whether expired records stay until they are purged.
    fn is_purged(&self) -> bool {
        false
    }

    /// Tells whether sessions are still there after the process has ended.
    fn outlives_the_process(&self) -> bool {
        true
    }
}

/// The rest of the configuration, as far as a store's settings are checked against it.
pub(crate) struct Against<'a> {
    /// The word that chose the store, of which it may have several.
    pub(crate) session_type: SessionType,
    pub(crate) debug_profile: bool,
    pub(crate) key_prefix: &'a str,
    /// Characters of a new id.
    pub(crate) new_id: usize,
    /// Characters of the longest id that is accepted.
    pub(crate) longest_id: usize,
}

/// Declares the stores: their settings, in the module of that name, and the words of `session_type`.
macro_rules! stores {
    ($(
        $(#[$doc:meta])*
        $module:ident: $settings:ident {
            $($(#[$word_doc:meta])* $variant:ident = $word:literal $(| $alias:literal)*,)+
        }
    )+) => {
        choice! {
            /// The place where sessions live: `session_type`.
            #[derive(Default)]
            #[non_exhaustive]
            SessionType {
                /// In a signed cookie, byte-compatible with Flask's own. It can't be revoked or merged.
                #[default]
                Cookie = "cookie",
                $($($(#[$word_doc])* $variant = $word $(| $alias)*,)+)+
            }
        }

        /// The settings of every store, of which those of the store in use count.
        #[derive(Debug, Clone, Default)]
        #[non_exhaustive]
        pub struct StoreSettings {
            $($(#[$doc])* pub $module: $settings,)+
        }

        impl StoreSettings {
            /// Returns the store of this type; `None` for the cookie.
            pub(crate) fn backend(&self, session_type: SessionType) -> Option<&dyn Backend> {
                match session_type {
                    SessionType::Cookie => None,
                    $($(SessionType::$variant)|+ => Some(&self.$module),)+
                }
            }

            /// Tells whether two types of session are in one place, each by its settings.
            pub(crate) fn is_same_place(
                &self,
                session_type: SessionType,
                (other, other_type): (&StoreSettings, SessionType),
            ) -> bool {
                match (session_type, other_type) {
                    $((
                        $(SessionType::$variant)|+,
                        $(SessionType::$variant)|+,
                    ) => self.$module.is_same_place(&other.$module),)+
                    _ => false,
                }
            }
        }

        impl Settings for StoreSettings {
            fn keys() -> Vec<Key> {
                [$($settings::keys()),+].concat()
            }

            fn set(&mut self, name: &str, setting: &Setting) -> Option<Result<(), String>> {
                None$(.or_else(|| self.$module.set(name, setting)))+
            }

            fn check_ranges(&self, report: &mut Report) {
                $(self.$module.check_ranges(report);)+
            }
        }

        use settings::*;

        /// The settings of each store.
        pub mod settings {
            $(pub use crate::store::$module::$settings;)+
        }
    };
}

stores! {
    /// Sessions in this process.
    memory: MemorySettings {
        /// In this process; they end with it.
        Memory = "memory",
    }
    /// Sessions in Redis or Valkey.
    redis: RedisSettings {
        /// In Redis, in the records of Flask-Session. Needs the feature `redis`.
        Redis = "redis",
    }
    /// Sessions in a SQL database.
    sql: SqlSettings {
        /// In a SQLite file, in Flask-Session's table. Needs the feature `sqlite`.
        Sqlite = "sqlite",
        /// In PostgreSQL, in Flask-Session's table for SQLAlchemy. Needs the feature `postgres`.
        Postgres = "postgres",
        /// In MySQL or MariaDB, in Flask-Session's table; also written `mariadb`. Needs the feature `mysql`.
        MySql = "mysql" | "mariadb",
        /// In a database, in Flask-Session's table; also written `sql`. The URL says which database. Needs the
        /// feature `sqlite`, `postgres` or `mysql`.
        Sql = "sqlalchemy" | "sql",
    }
    /// Sessions in memcached.
    memcached: MemcachedSettings {
        /// In memcached, in the records of Flask-Session. Needs the feature `memcached`.
        Memcached = "memcached",
    }
    /// Sessions in MongoDB.
    mongodb: MongoDbSettings {
        /// In MongoDB, in the records of Flask-Session. Needs the feature `mongodb`.
        MongoDb = "mongodb",
    }
    /// Sessions in files.
    files: FileSettings {
        /// In files, as Flask-Session's `FileSystemCache` keeps them. Needs the feature `filesystem`.
        FileSystem = "filesystem",
        /// The same files, by the name that Flask-Session 0.7 and later prefers.
        CacheLib = "cachelib",
    }
}

impl FromSetting for SessionType {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        let text = String::from_setting(setting)?;
        text.parse().map_err(|unknown: UnknownChoice| match text.to_ascii_lowercase().as_str() {
            "null" => format!("\"null\" would be sessions that nobody can write; write {}", unknown.known()),
            // Flask-Session's own has another table than its `sqlalchemy`, whose records `postgres` reads.
            later @ ("dynamodb" | "postgresql") => {
                format!("this release has no {later} store yet; write {}", unknown.known())
            }
            _ => unknown.to_string(),
        })
    }
}
