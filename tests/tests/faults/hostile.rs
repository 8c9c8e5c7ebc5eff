//! A visitor whose record the store refuses, beside one whose record is as it should be.

use std::any::Any;

use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::redis::Redis;
use session_tests::storage::{Database, Files, Storage, on_files, on_redis};

fn launch(storage: &Storage) -> App {
    Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&format!("[default]\n{}", storage.rocket_toml())).start()
}

fn log_in(app: &App, name: &str) -> (Client, String) {
    let jar = Jar::default();
    let client = Client::with_jar(&app.url(), &jar);
    assert_eq!(client.get(&format!("/login?name={name}&items=1")).send().status, 200);
    (client, jar.get("session").expect("a session cookie"))
}

fn write(client: &Client, value: &str) -> u16 {
    client.post("/ops").json(&json!({ "ops": [["set", "k", value]] })).send().status
}

/// Spoils the record under one visitor's key, who then asks again and again. The other one notices nothing, and the log
/// is not filled.
fn the_other_is_served(storage: Storage, spoil: impl FnOnce(&dyn Any, &str)) {
    let app = launch(&storage);
    let ((hostile, id), (good, _)) = (log_in(&app, "hostile"), log_in(&app, "good"));
    spoil(&*storage, &format!("session:{id}"));
    for _ in 0..4 {
        // More in a row than open the breaker.
        for _ in 0..6 {
            assert_eq!(write(&hostile, "x"), 503, "{}", app.output());
        }
        assert_eq!(good.get("/read").send().text(), "good", "{}", app.output());
        assert_eq!(write(&good, "x"), 200, "{}", app.output());
    }
    assert_eq!(app.output().matches("the session store refused a call").count(), 1, "{}", app.output());
}

fn database(storage: &dyn Any) -> &Database {
    storage.downcast_ref().expect("a database")
}

#[test]
fn on_redis_where_the_key_holds_something_else() {
    the_other_is_served(on_redis(), |storage, key| {
        let redis: &Redis = storage.downcast_ref().expect("Redis");
        redis.command(&["DEL", key]);
        redis.command(&["HSET", key, "x", "y"]);
    });
}

#[test]
fn on_files_where_a_folder_has_the_name_of_the_file() {
    the_other_is_served(on_files(), |storage, key| {
        let files: &Files = storage.downcast_ref().expect("files");
        let file = files.file(key);
        std::fs::remove_file(&file).expect("the visitor's file");
        std::fs::create_dir(&file).expect("a folder");
    });
}

#[test]
fn on_sqlite_where_the_database_refuses_the_row() {
    the_other_is_served(Box::new(Database::sqlite()), |storage, key| {
        database(storage).query(&format!(
            "CREATE TRIGGER refuse BEFORE UPDATE ON sessions WHEN OLD.session_id = '{key}' \
             BEGIN SELECT RAISE(ABORT, 'no'); END"
        ));
    });
}

#[test]
fn on_postgresql_where_the_database_refuses_the_row() {
    the_other_is_served(Box::new(Database::postgres()), |storage, key| {
        database(storage).query(&format!(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql; \
             CREATE TRIGGER refuse BEFORE UPDATE ON sessions FOR EACH ROW WHEN (OLD.session_id = '{key}') \
             EXECUTE FUNCTION refuse()"
        ));
    });
}

#[test]
fn on_mariadb_where_the_database_refuses_the_row() {
    the_other_is_served(Box::new(Database::mariadb()), |storage, key| {
        // In one statement, since the client of the test ends each at its semicolon.
        database(storage).query(&format!(
            "CREATE TRIGGER refuse BEFORE UPDATE ON sessions FOR EACH ROW SET NEW.session_id = \
             IF(OLD.session_id = '{key}', (SELECT 1 UNION SELECT 2), NEW.session_id)"
        ));
    });
}

#[test]
fn a_redis_that_is_full_still_serves_reads() {
    let storage = on_redis();
    let app = launch(&storage);
    let (good, _) = log_in(&app, "good");
    let redis: &dyn Any = &*storage;
    let redis: &Redis = redis.downcast_ref().expect("Redis");
    redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
    for _ in 0..10 {
        assert_eq!(write(&good, "x"), 503, "{}", app.output());
        assert_eq!(good.get("/read").send().text(), "good", "{}", app.output());
    }
    redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(write(&good, "y"), 200, "at once: the breaker is closed");
}
