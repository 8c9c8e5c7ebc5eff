//! Rows and tables, beside what Flask-Session makes of them.

use std::time::{Duration, SystemTime};

use rocket::tokio::time::timeout;
use rocket_session_state::store::{Call, Loaded, New, SqlStore, SqlTable, Store, Swap};
use serde_json::{Value, json};
use session_tests::flask::Flask;
use session_tests::scenario::{bytes, vectors};
use session_tests::storage::{Database, Fixture};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{MySqlPool, SqlitePool};

use crate::{at, for_an_hour, runtime, store, stored};

const DONE: Swap = Swap::Done { version: None };

/// A call at a vector's `now`: unix seconds with a fraction.
fn call_at(now: &Value) -> Call {
    let micros = (now.as_f64().unwrap() * 1e6).round() as u64;
    Call { now: SystemTime::UNIX_EPOCH + Duration::from_micros(micros), ..at(0) }
}

/// A statement without quotation marks and in single blanks.
fn plain(statement: &str) -> String {
    let words: Vec<_> = statement
        .replace('"', "")
        .replace('(', "( ")
        .replace(')', " )")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    words.join(" ")
}

#[test]
fn rows_and_table_are_those_of_flask_session() {
    let rows = vectors("sql_row");
    assert_eq!(rows.len(), 3);
    for row in rows {
        let database = Database::sqlite();
        let table = row["table"].as_str().unwrap();
        let store = SqlStore::from_url(&database.url(), SqlTable::new(table).unwrap()).unwrap();
        let (key, data) = (row["session_id"].as_str().unwrap(), bytes(row["data"].as_str().unwrap()));
        let lifetime = Duration::from_secs(row["permanent_session_lifetime"].as_u64().unwrap());
        let new = New { bytes: &data, lifetime: Some(lifetime) };
        let swap = runtime().block_on(store.swap(call_at(&row["now"]), key, None, Some(new)));
        assert_eq!(swap.unwrap(), DONE, "{}", row["id"]);
        let hex: String = data.iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(
            database.query(&format!(
                "SELECT id, session_id, hex(data), typeof(data), expiry, typeof(expiry) FROM {table}"
            )),
            format!("1|{key}|{hex}|blob|{}|text", row["expiry_sqlite_text"].as_str().unwrap())
        );
        let ddl = database.query(&format!("SELECT sql FROM sqlite_master WHERE name = '{table}'"));
        assert_eq!(plain(&ddl), plain(row["ddl_sqlite"].as_str().unwrap()));
    }
}

#[test]
fn a_row_is_alive_exactly_when_it_is_to_flask_session() {
    let database = Database::sqlite();
    let (store, runtime) = (store(&database), runtime());
    runtime.block_on(store.ping(at(0))).unwrap();
    let rows = vectors("sql_expiry");
    assert_eq!(rows.len(), 6);
    for row in rows {
        let expiry = row["expiry_sqlite_text"].as_str().map_or("NULL".to_owned(), |text| format!("'{text}'"));
        database.query(&format!("DELETE FROM sessions; INSERT INTO sessions (session_id, data, expiry) VALUES ('k', x'80', {expiry})"));
        let call = call_at(&row["now"]);
        let alive = row["alive"].as_bool().unwrap();
        assert_eq!(runtime.block_on(stored(&store, call, "k")).is_some(), alive, "{}", row["id"]);
        let swap =
            runtime.block_on(store.swap(call, "k", Some(&Loaded::new(&b"\x80"[..])), for_an_hour(b"new")));
        assert_eq!(swap.unwrap() == DONE, alive, "{}", row["id"]);
        let created = runtime.block_on(store.swap(call, "k", None, for_an_hour(b"new")));
        assert_eq!(created.unwrap() == DONE, !alive, "{}", row["id"]);
    }
}

#[test]
fn other_forms_of_data_and_time_that_flask_session_reads_are_read_and_written_here() {
    let database = Database::sqlite();
    let (store, runtime) = (store(&database), runtime());
    runtime.block_on(store.ping(at(0))).unwrap();
    for (expiry, alive) in [
        ("2024-01-02T03:04:06", true),
        ("2024-01-02T03:04:05", false),
        ("2024-01-02 03:04:05.5", true),
        ("2024-01-02T03:04:04.999", false),
    ] {
        database.query(&format!("DELETE FROM sessions; INSERT INTO sessions (session_id, data, expiry) VALUES ('k', 'text', '{expiry}')"));
        let loaded = runtime.block_on(stored(&store, at(0), "k"));
        assert_eq!(loaded.is_some(), alive, "{expiry}");
        if alive {
            assert_eq!(loaded.as_ref().unwrap().bytes, "text");
            assert_eq!(runtime.block_on(store.swap(at(0), "k", loaded.as_ref(), None)).unwrap(), DONE);
        }
    }
}

#[test]
fn a_row_without_data_is_an_error_and_not_an_absent_record() {
    for database in Database::all() {
        let (store, runtime) = (store(&database), runtime());
        runtime.block_on(store.ping(at(0))).unwrap();
        database.query(
            "INSERT INTO sessions (session_id, data, expiry) VALUES ('k', NULL, '2099-01-01 00:00:00')",
        );
        let error = runtime.block_on(store.load(at(0), "k", None)).unwrap_err();
        assert!(error.to_string().contains("expected data"), "{}: {error}", database.name());
        assert!(runtime.block_on(store.delete(at(0), "k")).unwrap());
    }
}

#[test]
fn the_index_on_the_expiry_is_there_where_the_table_was_created_here() {
    for database in Database::all() {
        runtime().block_on(store(&database).ping(at(0))).unwrap();
        let indexes = database.query(match &database {
            Database::Sqlite(_) => "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
            Database::Postgres(..) => "SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%(expiry)'",
            Database::MariaDb(..) => {
                "SELECT column_name FROM information_schema.statistics WHERE table_schema = DATABASE() \
                 AND index_name = 'expiry'"
            }
        });
        assert_eq!(indexes.lines().count(), 1, "{}: {indexes}", database.name());
        assert!(indexes.contains("expiry"));
    }
}

#[test]
fn an_id_in_another_case_is_another_session_also_in_flask_sessions_table() {
    let database = Database::mariadb();
    // It creates its table, whose key column ignores case.
    let _flask = Flask::probe(&database, &json!({ "SECRET_KEY": "dev-secret-key" }));
    let (store, runtime) = (store(&database), runtime());
    assert_eq!(runtime.block_on(store.swap(at(0), "aBc", None, for_an_hour(b"x"))).unwrap(), DONE);
    assert_eq!(database.query("SELECT count(*) FROM sessions WHERE session_id = 'AbC'"), "1");
    assert_eq!(runtime.block_on(stored(&store, at(0), "AbC")), None);
    let swap = runtime.block_on(store.swap(at(0), "AbC", Some(&Loaded::new("x")), for_an_hour(b"y")));
    assert_eq!(swap.unwrap(), Swap::Conflict(None));
    assert!(!runtime.block_on(store.delete(at(0), "AbC")).unwrap());
    let touch = Duration::from_secs(86_400);
    assert_eq!(runtime.block_on(store.load(at(0), "AbC", Some(touch))).unwrap(), None);
    assert_eq!(runtime.block_on(stored(&store, at(0), "aBc")).unwrap().bytes, "x");
}

#[test]
fn a_record_that_mariadb_would_cut_off_is_refused_and_the_old_one_stays() {
    let database = Database::mariadb();
    let (store, runtime) = (store(&database), runtime());
    let largest = vec![b'x'; 65_535];
    assert_eq!(runtime.block_on(store.swap(at(0), "k", None, for_an_hour(&largest))).unwrap(), DONE);
    let old = runtime.block_on(stored(&store, at(0), "k")).unwrap();
    let larger = vec![b'y'; 65_536];
    let error = runtime.block_on(store.swap(at(0), "k", Some(&old), for_an_hour(&larger))).unwrap_err();
    assert!(error.is_too_large(), "{error}");
    assert!(runtime.block_on(stored(&store, at(0), "k")).unwrap() == old);
}

#[test]
fn purge_deletes_more_than_a_batch_of_expired_rows_and_nothing_else() {
    for database in Database::all() {
        let (store, runtime) = (store(&database), runtime());
        runtime.block_on(store.ping(at(0))).unwrap();
        let rows = |from: u32, to: u32, expiry: &str| {
            let rows: Vec<_> = (from..to).map(|n| format!("('k{n}', '', '{expiry}')")).collect();
            database.query(&format!(
                "INSERT INTO sessions (session_id, data, expiry) VALUES {}",
                rows.join(", ")
            ));
        };
        rows(0, 1201, "2024-01-02 03:04:05");
        rows(2000, 2003, "2024-01-02 03:04:06");
        assert_eq!(runtime.block_on(store.purge(at(0))).unwrap(), 1201, "{}", database.name());
        assert_eq!(database.query("SELECT count(*) FROM sessions"), "3");
        assert_eq!(runtime.block_on(store.purge(at(0))).unwrap(), 0);
    }
}

#[test]
fn purge_waits_for_nobody_who_changes_another_row_also_without_an_index_on_the_expiry() {
    let database = Database::mariadb();
    // It creates its table, which has none.
    let _flask = Flask::probe(&database, &json!({ "SECRET_KEY": "dev-secret-key" }));
    assert_eq!(database.query("SHOW INDEX FROM sessions WHERE Column_name = 'expiry'"), "");
    let store = store(&database);
    runtime().block_on(async {
        let url = database.url().replace("mysql+pymysql", "mysql");
        let pool = MySqlPool::connect(&url).await.unwrap();
        let insert = "INSERT INTO sessions (session_id, data, expiry) VALUES ('dead1', '', '2024-01-02 03:04:05'), \
                      ('alive', '', '2024-01-02 03:04:06'), ('dead2', '', '2024-01-02 03:04:04')";
        sqlx::query(insert).execute(&pool).await.unwrap();
        let mut busy = pool.begin().await.unwrap();
        let change = "UPDATE sessions SET data = 'x' WHERE session_id = 'alive'";
        sqlx::query(change).execute(&mut *busy).await.unwrap();
        let purge = timeout(Duration::from_secs(20), store.purge(at(0)));
        assert_eq!(purge.await.expect("no wait for the row in use").unwrap(), 2);
        busy.commit().await.unwrap();
    });
    assert_eq!(database.query("SELECT session_id, data FROM sessions"), "alive|x");
}

#[test]
fn a_schema_and_a_name_with_capitals_are_taken_as_they_are_written() {
    for (database, schema) in [(Database::postgres(), "Auth"), (Database::mariadb(), "mysql")] {
        if let Database::Postgres(..) = database {
            database.query("CREATE SCHEMA \"Auth\"");
        }
        let table = SqlTable::new("Web").unwrap().in_schema(schema).unwrap();
        let store = SqlStore::from_url(&database.url(), table).unwrap();
        assert_eq!(runtime().block_on(store.swap(at(0), "k", None, for_an_hour(b"x"))).unwrap(), DONE);
        let name = if schema == "Auth" { "\"Auth\".\"Web\"" } else { "mysql.Web" };
        assert_eq!(database.query(&format!("SELECT count(*) FROM {name}")), "1");
    }
}

#[test]
fn a_table_that_lacks_a_column_is_found_at_launch_and_the_database_says_so() {
    for database in Database::all() {
        database.query("CREATE TABLE sessions (id INTEGER PRIMARY KEY, session_id VARCHAR(255), data TEXT)");
        let error = runtime().block_on(store(&database).ping(at(0))).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("expiry"), "{}: {cause}", database.name());
    }
}

#[test]
fn no_error_shows_a_key_or_a_record() {
    for database in Database::all() {
        let (store, runtime) = (store(&database), runtime());
        runtime.block_on(store.ping(at(0))).unwrap();
        database.query("DROP TABLE sessions");
        let long = format!("hush-{}", "x".repeat(300));
        for error in [
            runtime.block_on(store.load(at(0), "hush", None)).unwrap_err(),
            runtime.block_on(store.swap(at(0), &long, None, for_an_hour(b"hush"))).unwrap_err(),
        ] {
            let shown = format!("{error:?} {error} {}", std::error::Error::source(&error).unwrap());
            assert!(!shown.contains("hush"), "{}: {shown}", database.name());
            let (number, meaning) = match database {
                Database::Sqlite(_) => ("error 1", ""),
                Database::Postgres(..) => ("error 42P01", "the table is gone"),
                Database::MariaDb(..) => ("error 1146", "the table is gone"),
            };
            assert!(shown.contains(number) && shown.contains(meaning), "{}: {shown}", database.name());
        }
    }
}

#[test]
fn the_log_says_that_a_sqlite_file_is_read_only_or_full_and_not_just_a_number() {
    let database = Database::sqlite();
    runtime().block_on(async {
        store(&database).ping(at(0)).await.unwrap();
        let options = SqliteConnectOptions::new().filename(database.file());
        for (options, cause) in [
            (options.clone().read_only(true), "error 8: the file is read-only"),
            (options.pragma("max_page_count", "5"), "error 13: the disk is full"),
        ] {
            let pool = SqlitePool::connect_with(options).await.unwrap();
            let store = SqlStore::from_sqlite(pool, SqlTable::default());
            let swap = store.swap(at(0), "k", None, for_an_hour(&[b'x'; 100_000])).await;
            let error = swap.unwrap_err();
            assert!(std::error::Error::source(&error).unwrap().to_string().contains(cause), "{error:?}");
        }
    });
}
