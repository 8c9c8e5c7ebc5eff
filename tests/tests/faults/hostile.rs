//! A visitor whose record is as large as it may be, or refused by the store, beside those whose records are as they
//! should be.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::crowd::at_once;
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::redis::Redis;
use session_tests::storage::{Database, Fixture, Storage, on_files, on_redis};

fn launch(storage: &Storage) -> App {
    launch_with(storage, "")
}

fn launch_with(storage: &Storage, lines: &str) -> App {
    let toml = format!("[default]\n{lines}{}", storage.rocket_toml());
    Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&toml).start()
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
fn the_other_is_served(storage: Storage, spoil: impl FnOnce(&dyn Fixture, &str)) {
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

fn database(storage: &dyn Fixture) -> &Database {
    let storage: &dyn Any = storage;
    storage.downcast_ref().expect("a database")
}

on_stores!(records, no_answer_of_the_others_fails_or_takes_long);

/// One visitor has the largest record that the store takes and reads it over many connections, another reloads what is
/// no record; the others read and write.
#[allow(clippy::print_stdout)] // for people who measure: `--nocapture`
fn no_answer_of_the_others_fails_or_takes_long(storage: Storage) {
    const OTHERS: usize = 16;
    const TURNS: usize = 20;
    // With release builds on two cores that nobody else uses it is 0.2 seconds on Redis. Here the machine may be busy with
    // other tests, so the time that a call has is longer than usual, and no answer may need all of it.
    const LONGEST: Duration = Duration::from_secs(3);
    const DEADLINES: &str = "session_store_timeout = 3\nsession_request_timeout = 6\n";

    let app = launch_with(&storage, DEADLINES);
    let ((greedy, _), (broken, id)) = (log_in(&app, "greedy"), log_in(&app, "broken"));
    // The default of session_max_size and of memcached's items, and MySQL's column. The server that stands in for MongoDB
    // does a hundred calls a second and waits for the disk at each: there, less has to show the same.
    let (connections, limits) = match storage.name() {
        "MongoDB" => (4, &[65_535][..]),
        _ => (24, &[1_048_576, 65_535][..]),
    };
    let stored =
        limits.iter().map(|limit| limit - 512).find(|size| write(&greedy, &"x".repeat(*size)) == 200);
    assert!(stored.is_some(), "{}", app.output());
    if storage.outlives_the_application() {
        storage.spoil(&format!("session:{id}"));
    }
    let others: Vec<Client> = (0..OTHERS).map(|_| log_in(&app, "other").0).collect();
    let over = AtomicBool::new(false);
    let answers = thread::scope(|scope| {
        for number in 0..connections {
            let (over, visitor) = (&over, if number % 8 == 0 { &broken } else { &greedy });
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let _ = visitor.get("/read").try_send();
                }
            });
        }
        let answers = at_once(OTHERS, TURNS, |visitor, turn| {
            let asked = Instant::now();
            let status = others[visitor].get(if turn % 2 == 0 { "/read" } else { "/count" }).send().status;
            (status, asked.elapsed())
        });
        over.store(true, Ordering::Relaxed);
        answers
    });
    let slowest = answers.iter().map(|(_, time)| *time).max().expect("answers");
    println!(
        "{storage}, {} bytes: the slowest of {} answers took {slowest:?}",
        stored.expect("a size"),
        answers.len()
    );
    assert!(answers.iter().all(|(status, _)| *status == 200), "{storage}: {answers:?}\n{}", app.output());
    assert!(slowest < LONGEST, "{storage}: {slowest:?}");
}

#[test]
fn on_redis_where_the_key_holds_something_else() {
    the_other_is_served(on_redis(), |storage, key| storage.spoil(key));
}

#[test]
fn on_files_where_a_folder_has_the_name_of_the_file() {
    the_other_is_served(on_files(), |storage, key| storage.spoil(key));
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
