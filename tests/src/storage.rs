//! Every place where an application can keep its sessions, made for one test.

use std::sync::Arc;

use crate::database::Database;
use crate::engine::Engine;
use crate::files::Files;
use crate::memcached::Memcached;
use crate::mongodb::MongoDb;
use crate::proxy::Proxy;
use crate::redis::Redis;

/// Makes a test of `check`, a function that takes a [`Storage`], for each store of a group: `check::on_redis`, ….
///
/// By these names `scripts/test.sh` makes its table of stores and suites. A new store is a word in these lists.
#[macro_export]
macro_rules! on_stores {
    // Everything that `session_type` can be.
    (all, $check:ident) => {
        $crate::on_stores!([on_cookie on_memory on_redis on_sqlite on_files on_postgresql on_mariadb on_memcached on_mongodb], $check);
    };
    // Where requests meet: there are records.
    (records, $check:ident) => {
        $crate::on_stores!([on_memory on_redis on_sqlite on_files on_postgresql on_mariadb on_memcached on_mongodb], $check);
    };
    // What outlives an application, and can be shared by several.
    (lasting, $check:ident) => {
        $crate::on_stores!([on_redis on_sqlite on_files on_postgresql on_mariadb on_memcached on_mongodb], $check);
    };
    // What Flask has, too.
    (flask, $check:ident) => {
        $crate::on_stores!([on_cookie on_redis on_sqlite on_files on_postgresql on_mariadb on_memcached on_mongodb], $check);
    };
    // Behind a connection.
    (servers, $check:ident) => {
        $crate::on_stores!([on_redis on_postgresql on_mariadb on_memcached on_mongodb], $check);
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
                    super::$check($crate::storage::Storage::$store());
                }
            )+
        }
    };
}

/// A store that holds nothing yet, with its server. Servers of databases are shared by tests that run side by side.
pub enum Storage {
    /// The visitor's browser.
    Cookie,
    /// The application's memory.
    Memory,
    /// A server.
    Redis(Redis),
    /// A server.
    Memcached(Memcached),
    /// A server.
    MongoDb(MongoDb),
    /// A file, or a database in a server.
    Sql(Database),
    /// A folder.
    Files(Files),
}

impl Storage {
    /// Signed cookies.
    pub fn on_cookie() -> Storage {
        Storage::Cookie
    }

    /// The application's memory.
    pub fn on_memory() -> Storage {
        Storage::Memory
    }

    /// A Redis.
    pub fn on_redis() -> Storage {
        Storage::Redis(Redis::start())
    }

    /// A SQLite file.
    pub fn on_sqlite() -> Storage {
        Storage::Sql(Database::sqlite())
    }

    /// A folder of files.
    pub fn on_files() -> Storage {
        Storage::Files(Files::new())
    }

    /// A database in PostgreSQL.
    pub fn on_postgresql() -> Storage {
        Storage::Sql(Database::postgres())
    }

    /// A database in MariaDB.
    pub fn on_mariadb() -> Storage {
        Storage::Sql(Database::mariadb())
    }

    /// A memcached.
    pub fn on_memcached() -> Storage {
        Storage::Memcached(Memcached::start())
    }

    /// A MongoDB.
    pub fn on_mongodb() -> Storage {
        Storage::MongoDb(MongoDb::start())
    }

    /// The settings of an application that uses it.
    pub fn engine(&self) -> Engine<'_> {
        match self {
            Storage::Cookie => Engine::Cookie,
            Storage::Memory => Engine::Memory,
            Storage::Redis(redis) => Engine::Redis(redis),
            Storage::Memcached(memcached) => Engine::Memcached(memcached),
            Storage::MongoDb(mongodb) => Engine::MongoDb(mongodb),
            Storage::Sql(database) => Engine::Sql(database),
            Storage::Files(files) => Engine::Files(files),
        }
    }

    /// The server's port.
    pub fn port(&self) -> u16 {
        match self {
            Storage::Redis(redis) => redis.port(),
            Storage::Memcached(memcached) => memcached.port(),
            Storage::MongoDb(mongodb) => mongodb.port(),
            Storage::Sql(Database::Postgres(server, _)) => server.port(),
            Storage::Sql(Database::MariaDb(server, _)) => server.port(),
            Storage::Cookie | Storage::Memory | Storage::Files(_) | Storage::Sql(Database::Sqlite(_)) => {
                panic!("{} has no server", self.engine())
            }
        }
    }

    /// The lines of Rocket.toml that choose it, by way of a proxy.
    pub fn rocket_toml_behind(&self, proxy: &Proxy) -> String {
        let (own, other) = (format!("127.0.0.1:{}", self.port()), format!("127.0.0.1:{}", proxy.port()));
        self.engine().rocket_toml().replace(&own, &other)
    }

    /// Ends the server in the middle of whatever it does. No other test may be using it.
    pub fn kill(&mut self) {
        match self {
            Storage::Redis(redis) => redis.kill(),
            Storage::MongoDb(mongodb) => mongodb.kill(),
            Storage::Sql(Database::Postgres(server, _)) => alone(server).kill(),
            Storage::Sql(Database::MariaDb(server, _)) => alone(server).kill(),
            _ => panic!("{} has no server that keeps its records", self.engine()),
        }
    }

    /// Starts the server anew on its port, with its records.
    pub fn restart(&mut self) {
        match self {
            Storage::Redis(redis) => redis.restart(),
            Storage::MongoDb(mongodb) => mongodb.restart(),
            Storage::Sql(Database::Postgres(server, _)) => alone(server).restart(),
            Storage::Sql(Database::MariaDb(server, _)) => alone(server).restart(),
            _ => panic!("{} has no server that keeps its records", self.engine()),
        }
    }
}

fn alone<S>(server: &mut Arc<S>) -> &mut S {
    Arc::get_mut(server).expect("a server of the test's own")
}
