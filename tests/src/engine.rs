//! The store of an application and its Flask twin.

use crate::database::Database;
use crate::files::Files;
use crate::memcached::Memcached;
use crate::mongodb::MongoDb;
use crate::redis::Redis;

/// The store of the probe's Flask twin.
#[derive(Clone, Copy)]
pub enum Engine<'r> {
    /// Flask's own signed cookie.
    Cookie,
    /// The application's memory, which Flask does not have.
    Memory,
    /// Flask-Session's records in this Redis.
    Redis(&'r Redis),
    /// Flask-Session's records in this memcached.
    Memcached(&'r Memcached),
    /// Flask-Session's records in this MongoDB.
    MongoDb(&'r MongoDb),
    /// Flask-Session's rows in this database.
    Sql(&'r Database),
    /// cachelib's files in this folder.
    Files(&'r Files),
}

impl Engine<'_> {
    /// Whether sessions are records in a store.
    pub fn has_records(self) -> bool {
        !matches!(self, Engine::Cookie)
    }

    /// Whether records are behind a connection.
    pub fn is_server(self) -> bool {
        match self {
            Engine::Cookie | Engine::Memory | Engine::Sql(Database::Sqlite(_)) => false,
            Engine::Files(_) => false,
            Engine::Redis(_) | Engine::Memcached(_) | Engine::MongoDb(_) | Engine::Sql(_) => true,
        }
    }

    /// Whether records end by a server's clock, which can't be set.
    pub fn keeps_real_time(self) -> bool {
        matches!(self, Engine::Memcached(_) | Engine::MongoDb(_))
    }

    /// Whether another application finds the sessions of one that has ended.
    pub fn outlives_the_application(self) -> bool {
        !matches!(self, Engine::Cookie | Engine::Memory)
    }

    /// The keys of Rocket.toml that choose it, with their values.
    fn settings(self) -> Vec<(&'static str, String)> {
        let (kind, address) = match self {
            Engine::Cookie => return vec![("session_type", "cookie".to_owned())],
            Engine::Memory => return vec![("session_type", "memory".to_owned())],
            Engine::Redis(redis) => ("redis", ("session_redis", redis.url())),
            Engine::Memcached(memcached) => ("memcached", ("session_memcached", memcached.address())),
            Engine::MongoDb(mongodb) => ("mongodb", ("session_mongodb", mongodb.url())),
            Engine::Sql(database) => ("sqlalchemy", ("session_sqlalchemy", database.url())),
            Engine::Files(files) => ("cachelib", ("session_file_dir", files.path().display().to_string())),
        };
        vec![("session_type", kind.to_owned()), address]
    }

    /// The lines of Rocket.toml that choose it.
    pub fn rocket_toml(self) -> String {
        self.settings().into_iter().map(|(key, value)| format!("{key} = {value:?}\n")).collect()
    }

    /// The environment that chooses it, whatever Rocket.toml says.
    pub fn rocket_environment(self) -> Vec<(String, String)> {
        let variable = |key: &str| format!("ROCKET_{}", key.to_uppercase());
        self.settings().into_iter().map(|(key, value)| (variable(key), value)).collect()
    }

    /// The environment that makes the Flask twin choose it.
    pub fn environment(self) -> Vec<(&'static str, String)> {
        let address = match self {
            Engine::Cookie => return vec![("PROBE_ENGINE", "flask".to_owned())],
            Engine::Memory => panic!("Flask-Session keeps no sessions in memory"),
            Engine::Redis(redis) => ("PROBE_REDIS", redis.url()),
            Engine::Memcached(memcached) => ("PROBE_MEMCACHED", memcached.address()),
            Engine::MongoDb(mongodb) => ("PROBE_MONGODB", mongodb.url()),
            Engine::Sql(database) => ("PROBE_SQL", database.url()),
            Engine::Files(files) => ("PROBE_FILES", files.path().display().to_string()),
        };
        vec![("PROBE_ENGINE", "flask_session".to_owned()), address]
    }

    /// The keys of all records, in order.
    pub fn keys(self) -> Vec<String> {
        match self {
            Engine::Cookie | Engine::Memory => Vec::new(),
            Engine::Redis(redis) => redis.keys(),
            Engine::Memcached(memcached) => memcached.keys(),
            Engine::MongoDb(mongodb) => mongodb.keys(),
            Engine::Sql(database) => database.keys(),
            Engine::Files(files) => files.keys(),
        }
    }

    /// The keys of the records whose sessions are alive at `now`, in unix seconds.
    pub fn living_keys(self, now: f64) -> Vec<String> {
        match self {
            Engine::Sql(database) => database.living_keys(now),
            Engine::Files(files) => files.living_keys(now),
            // What has ended is gone there.
            _ => self.keys(),
        }
    }

    /// The record under `key`.
    pub fn get(self, key: &str) -> Option<Vec<u8>> {
        match self {
            Engine::Cookie | Engine::Memory => None,
            Engine::Redis(redis) => redis.get(key),
            Engine::Memcached(memcached) => memcached.get(key),
            Engine::MongoDb(mongodb) => mongodb.get(key),
            Engine::Sql(database) => database.get(key),
            Engine::Files(files) => files.get(key),
        }
    }

    /// The record under `key` if its session is alive at `now`, in unix seconds.
    pub fn living(self, key: &str, now: f64) -> Option<Vec<u8>> {
        match self {
            Engine::Sql(database) => database.living(key, now),
            Engine::Files(files) => files.living(key, now),
            // What has ended is gone there.
            _ => self.get(key),
        }
    }

    /// Forgets all records.
    pub fn clear(self) {
        match self {
            Engine::Cookie | Engine::Memory => {}
            Engine::Redis(redis) => redis.clear(),
            Engine::Memcached(memcached) => memcached.clear(),
            Engine::MongoDb(mongodb) => mongodb.clear(),
            Engine::Sql(database) => database.clear(),
            Engine::Files(files) => files.clear(),
        }
    }
}

/// Its name.
impl std::fmt::Display for Engine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Engine::Cookie => "cookie",
            Engine::Memory => "memory",
            Engine::Redis(_) => "Redis",
            Engine::Memcached(_) => "memcached",
            Engine::MongoDb(_) => "MongoDB",
            Engine::Sql(database) => database.kind(),
            Engine::Files(_) => "files",
        })
    }
}
