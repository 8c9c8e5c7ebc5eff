//! Where an application and its Flask twin keep their sessions.

use crate::database::Database;
use crate::memcached::Memcached;
use crate::mongodb::MongoDb;
use crate::redis::Redis;

/// How the Flask twin of the probe keeps its sessions.
#[derive(Clone, Copy)]
pub enum Engine<'r> {
    /// Flask's own signed cookie.
    Cookie,
    /// Flask-Session's records in this Redis.
    Redis(&'r Redis),
    /// Flask-Session's records in this memcached.
    Memcached(&'r Memcached),
    /// Flask-Session's records in this MongoDB.
    MongoDb(&'r MongoDb),
    /// Flask-Session's rows in this database.
    Sql(&'r Database),
}

impl Engine<'_> {
    /// Whether sessions are records in a store.
    pub fn has_records(self) -> bool {
        !matches!(self, Engine::Cookie)
    }

    /// Whether records end by the server's clock, or by Flask-Session's, rather than by the time of a request.
    pub fn keeps_real_time(self) -> bool {
        matches!(self, Engine::Memcached(_) | Engine::MongoDb(_) | Engine::Sql(_))
    }

    /// The lines of Rocket.toml that choose it.
    pub fn rocket_toml(self) -> String {
        match self {
            Engine::Cookie => String::new(),
            Engine::Redis(redis) => {
                format!("session_type = \"redis\"\nsession_redis = {:?}\n", redis.url())
            }
            Engine::Memcached(memcached) => {
                format!("session_type = \"memcached\"\nsession_memcached = {:?}\n", memcached.address())
            }
            Engine::Sql(database) => {
                format!("session_type = \"sqlalchemy\"\nsession_sqlalchemy = {:?}\n", database.url())
            }
            Engine::MongoDb(mongodb) => {
                format!("session_type = \"mongodb\"\nsession_mongodb = {:?}\n", mongodb.url())
            }
        }
    }

    /// The environment that makes the Flask twin choose it.
    pub fn environment(self) -> Vec<(&'static str, String)> {
        let address = match self {
            Engine::Cookie => return vec![("PROBE_ENGINE", "flask".to_owned())],
            Engine::Redis(redis) => ("PROBE_REDIS", redis.url()),
            Engine::Memcached(memcached) => ("PROBE_MEMCACHED", memcached.address()),
            Engine::MongoDb(mongodb) => ("PROBE_MONGODB", mongodb.url()),
            Engine::Sql(database) => ("PROBE_SQL", database.url()),
        };
        vec![("PROBE_ENGINE", "flask_session".to_owned()), address]
    }

    /// The keys of all records, in order.
    pub fn keys(self) -> Vec<String> {
        match self {
            Engine::Cookie => Vec::new(),
            Engine::Redis(redis) => redis.keys(),
            Engine::Memcached(memcached) => memcached.keys(),
            Engine::MongoDb(mongodb) => mongodb.keys(),
            Engine::Sql(database) => database.keys(),
        }
    }

    /// The record under `key`.
    pub fn get(self, key: &str) -> Option<Vec<u8>> {
        match self {
            Engine::Cookie => None,
            Engine::Redis(redis) => redis.get(key),
            Engine::Memcached(memcached) => memcached.get(key),
            Engine::MongoDb(mongodb) => mongodb.get(key),
            Engine::Sql(database) => database.get(key),
        }
    }

    /// Forgets all records.
    pub fn clear(self) {
        match self {
            Engine::Cookie => {}
            Engine::Redis(redis) => redis.clear(),
            Engine::Memcached(memcached) => memcached.clear(),
            Engine::MongoDb(mongodb) => mongodb.clear(),
            Engine::Sql(database) => database.clear(),
        }
    }
}

/// Its name.
impl std::fmt::Display for Engine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Engine::Cookie => "cookie",
            Engine::Redis(_) => "Redis",
            Engine::Memcached(_) => "memcached",
            Engine::MongoDb(_) => "MongoDB",
            Engine::Sql(database) => database.kind(),
        })
    }
}
