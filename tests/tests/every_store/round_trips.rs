//! The cost of a request in round trips to the store.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime};

use log::{LevelFilter, Log, Metadata, Record};
use rocket::http::Status;
use rocket::local::asynchronous::Client as LocalClient;
use rocket::{get, routes};
use rocket_session_state::config::SessionConfig;
use rocket_session_state::store::conformance::Faulty;
use rocket_session_state::store::{FileStore, SqlStore, SqlTable};
use rocket_session_state::{Sessions, session_state};
use serde_json::{Value, json};
use session_tests::client::Client;
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::storage::{Database, Files, Fixture, Storage};
use sqlx::SqlitePool;

use crate::{probe, runtime};

on_stores!(servers, a_read_is_one_round_trip_a_write_two_a_login_four);
on_stores!(servers, a_life_that_is_due_costs_a_read_alone);

fn a_read_is_one_round_trip_a_write_two_a_login_four(storage: Storage) {
    let proxy = storage.proxy();
    // In Flask's way, a server that can extends a life as it reads.
    let extending_is_a_write = storage.extends_by_a_write();
    for (refresh_after, due) in [(0.5, 0), (0.0, usize::from(extending_is_a_write))] {
        let toml = format!("session_refresh_after = {refresh_after}\n{}", storage.rocket_toml_behind(&proxy));
        let app = probe(&toml).start();
        let visitor = Client::with_jar(&app.url(), &Jar::default());
        let cost = |path: &str, body: Value| {
            proxy.round_trips();
            assert_eq!(visitor.post(path).json(&body).send().status, 200, "{}", app.output());
            proxy.round_trips()
        };
        let set = |value: u32| json!({ "ops": [["set", "k", value]] });
        let costs = |round: u32| {
            let read = cost("/ops", json!({ "ops": [["get", "k"]] }));
            (read, cost("/ops", set(round)), cost("/typed", json!({ "login": "momo" })))
        };
        cost("/ops", set(0));
        // A connection is opened and a statement or script made known once.
        costs(1);
        assert_eq!(costs(2), (1 + due, 2 + due, 4 + due), "{}, {refresh_after}", storage);
    }
}

/// By the rule of `session_refresh_after`, unless it is 0, a request knows that a life is due when it has read it. A read
/// then extends it in a call of its own, what is written in the same one.
fn a_life_that_is_due_costs_a_read_alone(storage: Storage) {
    let proxy = storage.proxy();
    // Whatever this one answers has an hour left, of which the other thinks that it is little: no clock is asked.
    let hour = "permanent_session_lifetime = \"1 hour\"\nsession_refresh_after = 0";
    let shortener = probe(&format!("{hour}\n{}", storage.rocket_toml())).start();
    let app = probe(&storage.rocket_toml_behind(&proxy)).start();
    let jar = Jar::default();
    let (short, visitor) = (Client::with_jar(&shortener.url(), &jar), Client::with_jar(&app.url(), &jar));
    let get = json!({ "ops": [["get", "k"]] });
    let cost = |path: &str, body: &Value| {
        assert_eq!(short.post("/ops").json(&get).send().status, 200, "{}", shortener.output());
        proxy.round_trips();
        assert_eq!(visitor.post(path).json(body).send().status, 200, "{}", app.output());
        proxy.round_trips()
    };
    let costs = |round: u32| {
        let set = json!({ "ops": [["set", "k", round]] });
        (cost("/ops", &get), cost("/ops", &set), cost("/typed", &json!({ "login": "momo" })))
    };
    assert_eq!(visitor.post("/ops").json(&json!({ "ops": [["set", "k", 0]] })).send().status, 200);
    // A connection is opened and a statement or script made known once.
    costs(1);
    assert_eq!(costs(2), (2, 2, 4), "{storage}");
    // Nothing is due any more.
    proxy.round_trips();
    assert_eq!(visitor.post("/ops").json(&get).send().status, 200);
    assert_eq!(visitor.post("/ops").json(&get).send().status, 200);
    assert_eq!(proxy.round_trips(), 2, "{storage}");
}

/// A file has no connection to listen at: what counts is what sqlx executes, which it tells its log. An application
/// that brings its own pool may have that; the log of ours is silent.
#[test]
fn a_read_is_one_statement_a_write_two_a_login_four_on_sqlite() {
    count_statements();
    let database = Database::sqlite();
    for (refresh_after, due) in [(0.5, 0), (0.0, 1)] {
        runtime().block_on(async {
            let url = format!("sqlite://{}?mode=rwc", database.file().display());
            let pool = SqlitePool::connect(&url).await.unwrap();
            let store = SqlStore::from_sqlite(pool, SqlTable::new("counted").unwrap());
            let mut config = SessionConfig::default();
            config.session_refresh_after = refresh_after;
            let rocket = rocket::custom(rocket::Config::debug_default())
                .attach(Sessions::with_config(config).store(store))
                .mount("/", routes![read, write, login]);
            let visitor = LocalClient::tracked(rocket).await.unwrap();
            let cost = async |path: &'static str| {
                STATEMENTS.0.store(0, Ordering::SeqCst);
                assert_eq!(visitor.get(path).dispatch().await.status(), Status::Ok);
                STATEMENTS.0.load(Ordering::SeqCst)
            };
            cost("/write").await;
            let asked = (cost("/read").await, cost("/write").await, cost("/login").await);
            assert_eq!(asked, (1 + due, 2 + due, 4 + due), "{refresh_after}");
        });
    }
}

/// Of files it is the calls of the store that count, and what a call writes to a file that stays: four bytes, when a
/// life is due to be extended.
#[test]
fn a_read_is_one_call_a_write_two_a_login_four_and_a_refresh_writes_only_when_due_on_files() {
    // Rocket would put its own logger into the place of the one that the test beside this one needs.
    count_statements();
    let files = Files::new();
    let (begin, days) = (SystemTime::now(), Arc::new(AtomicU32::new(0)));
    let clock = Arc::clone(&days);
    runtime().block_on(async {
        let store = Arc::new(Faulty::new(FileStore::new(files.path())));
        let mut config = SessionConfig::default();
        config.permanent_session_lifetime = 31 * DAY;
        config.session_refresh_after = 0.5;
        let sessions = Sessions::with_config(config).store(Arc::clone(&store));
        let rocket = rocket::custom(rocket::Config::debug_default())
            .attach(sessions.clock(move |_| begin + clock.load(Ordering::SeqCst) * DAY))
            .mount("/", routes![read, write, login]);
        let visitor = LocalClient::tracked(rocket).await.unwrap();
        let cost = async |path: &'static str| {
            store.calls();
            assert_eq!(visitor.get(path).dispatch().await.status(), Status::Ok);
            store.calls()
        };
        cost("/write").await;
        for (days_later, due) in [(15, false), (16, true)] {
            days.store(days_later, Ordering::SeqCst);
            let (before, inode) = only_file(&files);
            assert_eq!(cost("/read").await, 1 + usize::from(due));
            let (after, same_inode) = only_file(&files);
            assert_eq!(inode, same_inode, "the file stays");
            assert_eq!(after[4..], before[4..], "the record stays as it is");
            assert_eq!(after[..4] != before[..4], due, "{days_later} days later");
        }
        assert_eq!((cost("/write").await, cost("/login").await), (2, 4));
    });
}

const DAY: Duration = Duration::from_secs(86_400);

/// The content of the file of the only session, and its path.
fn only_file(files: &Files) -> (Vec<u8>, u64) {
    let [name] = &files.keys()[..] else { panic!("one session") };
    let path = files.path().join(name);
    (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().ino())
}

#[session_state]
struct Visit {
    #[session(login)]
    username: Option<String>,
    counter: u32,
}

#[get("/read")]
fn read(visit: Visit) -> String {
    visit.counter().to_string()
}

#[get("/write")]
fn write(visit: Visit) -> &'static str {
    visit.update_counter(|counter| *counter += 1);
    "written"
}

#[get("/login")]
fn login(visit: Visit) -> &'static str {
    visit.set_username("momo");
    "welcome"
}

struct Statements(AtomicUsize);

static STATEMENTS: Statements = Statements(AtomicUsize::new(0));

/// Makes the counter the logger of this process, once: before Rocket puts its own there.
pub(super) fn count_statements() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        log::set_logger(&STATEMENTS).expect("no other logger");
        log::set_max_level(LevelFilter::Debug);
    });
}

impl Log for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn log(&self, record: &Record<'_>) {
        // Other tests with pools of their own run beside this one, on tables of other names.
        if self.enabled(record.metadata()) && record.args().to_string().contains("counted") {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn flush(&self) {}
}
