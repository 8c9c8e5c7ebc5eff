//! Every place where an application can keep its sessions, made for one test.

mod database;
mod files;
mod memcached;
mod mongodb;
mod redis;
mod redis_cluster;
mod redis_sentinel;
mod serverless;
mod setting;

pub use self::database::{Database, on_mariadb, on_postgresql, on_sqlite, query_file};
pub use self::files::{Files, on_files};
pub use self::memcached::on_memcached;
pub use self::mongodb::on_mongodb;
pub use self::redis::{on_redis, on_redis_with_copies};
pub use self::redis_cluster::on_redis_cluster;
pub use self::redis_sentinel::on_redis_sentinel;
pub use self::serverless::{Cookie, Memory, on_cookie, on_memory};
pub use self::setting::Setting;

use std::any::Any;
use std::fmt;
use std::time::Duration;

use crate::proxy::Proxy;

/// Makes a test of `check`, a function that takes a [`Storage`], for each store of a group: `check::on_redis`, ….
///
/// By these names `scripts/test.sh` makes its table of stores and suites. A new store is a word in these lists, and a
/// file with its [`Fixture`] and a function of that name.
#[macro_export]
macro_rules! on_stores {
    // Everything that `session_type` can be.
    (all, $check:ident) => {
        $crate::on_stores!([on_cookie on_memory on_redis on_redis_cluster on_redis_sentinel on_sqlite on_files on_postgresql on_mariadb on_memcached on_mongodb], $check);
    };
    // Where requests meet: there are records.
    (records, $check:ident) => {
        $crate::on_stores!([on_memory on_redis on_redis_cluster on_redis_sentinel on_sqlite on_files on_postgresql on_mariadb on_memcached on_mongodb], $check);
    };
    // What outlives an application, and can be shared by several.
    (lasting, $check:ident) => {
        $crate::on_stores!([on_redis on_redis_cluster on_redis_sentinel on_sqlite on_files on_postgresql on_mariadb on_memcached on_mongodb], $check);
    };
    // What Flask has, too.
    (flask, $check:ident) => {
        $crate::on_stores!([on_cookie on_redis on_redis_cluster on_redis_sentinel on_sqlite on_files on_postgresql on_mariadb on_memcached on_mongodb], $check);
    };
    // Behind a connection.
    (servers, $check:ident) => {
        $crate::on_stores!([on_redis on_redis_cluster on_redis_sentinel on_postgresql on_mariadb on_memcached on_mongodb], $check);
    };
    // Written by the application itself.
    (files, $check:ident) => {
        $crate::on_stores!([on_sqlite on_files], $check);
    };
    ([$($store:ident)+], $check:ident) => {
        mod $check {
            $(
                #[test]
                fn $store() {
                    super::$check($crate::storage::$store());
                }
            )+
        }
    };
}

/// A store that holds nothing yet, with its server. Servers of databases are shared by tests that run side by side.
pub type Storage = Box<dyn Fixture>;

/// A store as tests see it, beside the applications that use it.
pub trait Fixture: Any + Send + Sync {
    /// The name, for messages.
    fn name(&self) -> &'static str;

    /// The keys of Rocket.toml that choose it, with their values.
    fn settings(&self) -> Vec<(&'static str, Setting)>;

    /// The environment that makes the Flask twin choose it.
    fn environment(&self) -> Vec<(&'static str, String)>;

    /// The keys of all records, in order.
    fn keys(&self) -> Vec<String>;

    /// The record under `key`.
    fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// All records, without their keys.
    fn records(&self) -> Vec<Vec<u8>> {
        self.keys().iter().filter_map(|key| self.get(key)).collect()
    }

    /// Puts something under `key` that is no record, as other programs and accidents do.
    fn spoil(&self, _key: &str) {
        panic!("nobody but the application can reach what is in {}", self.name());
    }

    /// Forgets all records.
    fn clear(&self);

    /// The keys of the records whose sessions are alive at `now`, in unix seconds.
    fn living_keys(&self, _now: f64) -> Vec<String> {
        // What has ended is gone.
        self.keys()
    }

    /// The record under `key` if its session is alive at `now`, in unix seconds.
    fn living(&self, key: &str, _now: f64) -> Option<Vec<u8>> {
        self.get(key)
    }

    /// The ports of its servers on 127.0.0.1, if there are any.
    fn ports(&self) -> Vec<u16> {
        Vec::new()
    }

    /// Is told of a proxy, by whose ports the application knows the servers: what they tell it of each other has to
    /// fit.
    fn is_behind(&self, _proxy: &Proxy) {}

    /// Whether sessions are records in a store.
    fn has_records(&self) -> bool {
        true
    }

    /// Whether another application finds the sessions of one that has ended.
    fn outlives_the_application(&self) -> bool {
        true
    }

    /// Whether records end by a server's clock, which can't be set.
    fn keeps_real_time(&self) -> bool {
        false
    }

    /// Whether records are pickles.
    fn pickles(&self) -> bool {
        false
    }

    /// Whether extending a life is a statement or a call of its own.
    fn extends_by_a_write(&self) -> bool {
        false
    }

    /// How long what a process reads may lag behind what was written.
    fn reads_lag(&self) -> Duration {
        Duration::ZERO
    }

    /// Fails the test if what the store holds is damaged.
    fn check_integrity(&self) {}

    /// Ends the server in the middle of whatever it does. No other test may be using it.
    fn kill(&mut self) {
        panic!("{} has no server that keeps its records", self.name());
    }

    /// Starts the server anew on its port, with its records.
    fn restart(&mut self) {
        panic!("{} has no server that keeps its records", self.name());
    }
}

impl dyn Fixture + '_ {
    /// Whether records are behind a connection.
    pub fn is_server(&self) -> bool {
        !self.ports().is_empty()
    }

    /// The lines of Rocket.toml that choose it.
    pub fn rocket_toml(&self) -> String {
        self.settings().into_iter().map(|(key, value)| format!("{key} = {}\n", value.in_toml())).collect()
    }

    /// A proxy in front of its servers.
    pub fn proxy(&self) -> Proxy {
        assert!(self.is_server(), "{self} has no server");
        let proxy = Proxy::to_all(&self.ports());
        self.is_behind(&proxy);
        proxy
    }

    /// The same lines, by way of a proxy.
    pub fn rocket_toml_behind(&self, proxy: &Proxy) -> String {
        proxy.ports().iter().fold(self.rocket_toml(), |toml, (server, proxy)| {
            toml.replace(&format!("127.0.0.1:{server}"), &format!("127.0.0.1:{proxy}"))
        })
    }

    /// The environment that chooses it, whatever Rocket.toml says.
    pub fn rocket_environment(&self) -> Vec<(String, String)> {
        let variable = |key: &str| format!("ROCKET_{}", key.to_uppercase());
        self.settings().into_iter().map(|(key, value)| (variable(key), value.in_environment())).collect()
    }
}

impl fmt::Display for dyn Fixture + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The settings of a store that has one address.
pub(crate) fn at(kind: &str, key: &'static str, address: impl Into<Setting>) -> Vec<(&'static str, Setting)> {
    vec![("session_type", kind.into()), (key, address.into())]
}

/// The environment of a Flask twin whose store has one address.
pub(crate) fn flask_session_at(variable: &'static str, address: String) -> Vec<(&'static str, String)> {
    vec![("PROBE_ENGINE", "flask_session".to_owned()), (variable, address)]
}
