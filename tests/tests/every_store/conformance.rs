//! The public suite on every database, over connections of the store's own and over an application's pool.

use rocket_session_state::store::conformance::Suite;
use rocket_session_state::store::{SqlStore, SqlTable};
use session_tests::storage::{Database, Fixture};
use sqlx::{MySqlPool, PgPool, SqlitePool};

use crate::{runtime, store};

/// The largest `BLOB` of MariaDB, in bytes.
const BLOB: usize = 65_535;

fn suite(database: &Database, store: SqlStore) -> Suite {
    match database {
        Database::MariaDb(..) => Suite::new(store).limit(BLOB),
        _ => Suite::new(store),
    }
}

fn passes(database: &Database) {
    // The file is quick, and has as many histories as the stores without SQL.
    let histories = if let Database::Sqlite(_) = database { 256 } else { 64 };
    runtime().block_on(suite(database, store(database)).histories(histories).run()).unwrap();
    assert_eq!(database.query("SELECT count(*) FROM sessions WHERE expiry > '2099-01-01'"), "0");
}

#[test]
fn the_sql_store_passes_on_sqlite() {
    passes(&Database::sqlite());
}

#[test]
fn the_sql_store_passes_on_postgresql() {
    passes(&Database::postgres());
}

#[test]
fn the_sql_store_passes_on_mariadb() {
    passes(&Database::mariadb());
}

#[test]
fn the_sql_store_passes_on_pools_of_an_application() {
    for database in Database::all() {
        // SQLAlchemy's spelling names a Python driver, sqlx's own does not.
        let url = database.url().replace("+psycopg2", "").replace("+pymysql", "");
        let passed = runtime().block_on(async {
            let table = SqlTable::new("application_sessions").unwrap();
            let store = match &database {
                Database::Sqlite(_) => {
                    let url = format!("sqlite://{}?mode=rwc", database.file().display());
                    SqlStore::from_sqlite(SqlitePool::connect(&url).await.unwrap(), table)
                }
                Database::Postgres(..) => {
                    SqlStore::from_postgres(PgPool::connect(&url).await.unwrap(), table)
                }
                Database::MariaDb(..) => SqlStore::from_mysql(MySqlPool::connect(&url).await.unwrap(), table),
            };
            suite(&database, store).histories(8).run().await
        });
        assert!(passed.is_ok(), "{}: {}", database.name(), passed.unwrap_err());
    }
}
