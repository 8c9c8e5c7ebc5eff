//! The list of a user's sessions: what it costs, and that a killed application leaves no session which is in none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rocket::http::Status;
use rocket::local::asynchronous::Client as LocalClient;
use rocket::{get, routes};
use rocket_session_state::config::SessionConfig;
use rocket_session_state::store::conformance::Faulty;
use rocket_session_state::store::{FileStore, SqlStore, SqlTable, Store};
use rocket_session_state::{Sessions, session_state};
use serde_json::{Value, json};
use session_tests::app::{App, Launch};
use session_tests::budget;
use session_tests::client::Client;
use session_tests::devices::{Device, admin_end};
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::poll;
use session_tests::process::PATIENCE;
use session_tests::proxy::Proxy;
use session_tests::storage::{Database, Files, Storage};

use crate::round_trips::count_statements;
use crate::{probe, probe_users, runtime};

const USER: &str = "momo-of-the-lists";

/// The costs of some requests.
#[derive(Debug, PartialEq)]
struct Costs {
    read: usize,
    write: usize,
    /// Of a visitor without a cookie, of one with a session, and of the user again.
    log_ins: [usize; 3],
    /// Of a session that nothing is left of, and of one that leaves a message for the visitor.
    log_outs: [usize; 2],
}

impl Costs {
    /// A log-in costs two more and a log-out at most two, and what has nothing to do with users costs nothing.
    fn check(&self, plain: &Costs, explain: &str) {
        assert_eq!((self.read, self.write), (plain.read, plain.write), "{explain}");
        for (listed, plain) in self.log_ins.iter().zip(plain.log_ins) {
            assert_eq!(*listed, plain + 2, "{explain}: {self:?}");
        }
        for (listed, plain) in self.log_outs.iter().zip(plain.log_outs) {
            assert!((plain..=plain + 2).contains(listed), "{explain}: {self:?}");
        }
    }
}

on_stores!(servers, a_log_in_costs_two_round_trips_more_a_log_out_at_most_two_and_a_read_none);

fn a_log_in_costs_two_round_trips_more_a_log_out_at_most_two_and_a_read_none(storage: Storage) {
    let proxy = storage.proxy();
    let costs =
        |launch: fn(&str) -> Launch| costs_of(&launch(&storage.rocket_toml_behind(&proxy)).start(), &proxy);
    let (plain, listed) = (costs(probe), costs(probe_users));
    listed.check(&plain, &format!("{storage}: {plain:?}"));
}

fn costs_of(app: &App, proxy: &Proxy) -> Costs {
    let cost = |visitor: &Client, path: &str, body: &Value| {
        proxy.round_trips();
        assert_eq!(visitor.post(path).json(body).send().status, 200, "{}", app.output());
        proxy.round_trips()
    };
    let all = || {
        let visitor = Client::with_jar(&app.url(), &Jar::default());
        let user = Client::with_jar(&app.url(), &Jar::default());
        let log_in = json!({ "login": USER });
        let afresh = cost(&user, "/typed", &log_in);
        cost(&visitor, "/typed", &json!({ "a": "tea" }));
        let of_visitor = cost(&visitor, "/typed", &log_in);
        Costs {
            read: cost(&user, "/ops", &json!({ "ops": [["get", "username"]] })),
            write: cost(&user, "/typed", &json!({ "add_counter": 1 })),
            log_ins: [afresh, of_visitor, cost(&user, "/typed", &log_in)],
            log_outs: [
                cost(&user, "/typed", &json!({ "logout": true })),
                cost(&visitor, "/ops", &json!({ "ops": [["pop", "username"], ["flash", "bye"]] })),
            ],
        }
    };
    // A connection is opened and a statement or script made known once.
    all();
    all()
}

/// An application, and the same with lists.
macro_rules! shop {
    ($name:ident, #[$login:meta]) => {
        mod $name {
            use super::{get, session_state};

            #[session_state]
            pub(super) struct Visit {
                #[$login]
                username: Option<String>,
                counter: u32,
            }

            #[get("/read")]
            pub(super) fn read(visit: Visit) -> String {
                visit.counter().to_string()
            }

            #[get("/write")]
            pub(super) fn write(visit: Visit) {
                visit.update_counter(|counter| *counter += 1);
            }

            #[get("/login")]
            pub(super) fn login(visit: Visit) {
                visit.set_username(super::USER);
            }

            #[get("/logout")]
            pub(super) fn logout(visit: Visit) {
                visit.take_username();
            }

            #[get("/goodbye")]
            pub(super) fn goodbye(visit: Visit) {
                visit.take_username();
                visit.session().flash("bye", "info");
            }
        }
    };
}

shop!(plain, #[session(login)]);
shop!(listed, #[session(login, listed)]);

/// The calls of an application in this process, whose store has no connection to listen at.
async fn calls_of<S: Store>(store: S, routes: Vec<rocket::Route>) -> Costs {
    let store = Arc::new(Faulty::new(store));
    let rocket = rocket::custom(rocket::Config::debug_default())
        .attach(Sessions::with_config(SessionConfig::default()).store(Arc::clone(&store)))
        .mount("/", routes);
    let user = LocalClient::tracked(rocket).await.unwrap();
    let cost = async |path: &'static str| {
        store.calls();
        assert_eq!(user.get(path).dispatch().await.status(), Status::Ok);
        store.calls()
    };
    let afresh = cost("/login").await;
    let again = cost("/login").await;
    let (read, write) = (cost("/read").await, cost("/write").await);
    let log_out = cost("/logout").await;
    cost("/write").await;
    let of_visitor = cost("/login").await;
    Costs { read, write, log_ins: [afresh, of_visitor, again], log_outs: [log_out, cost("/goodbye").await] }
}

#[test]
fn it_costs_as_many_calls_on_files_and_on_sqlite() {
    // Rocket would put its own logger into the place of the one that other tests need.
    count_statements();
    let all = |kind: &str| match kind {
        "plain" => routes![plain::read, plain::write, plain::login, plain::logout, plain::goodbye],
        _ => routes![listed::read, listed::write, listed::login, listed::logout, listed::goodbye],
    };
    runtime().block_on(async {
        let files = Files::new();
        let plain = calls_of(FileStore::new(files.path()), all("plain")).await;
        let listed = calls_of(FileStore::new(files.path()), all("listed")).await;
        listed.check(&plain, &format!("files: {plain:?}"));
        let database = Database::sqlite();
        let sqlite = || SqlStore::from_url(&database.url(), SqlTable::default()).unwrap();
        let plain = calls_of(sqlite(), all("plain")).await;
        let listed = calls_of(sqlite(), all("listed")).await;
        listed.check(&plain, &format!("SQLite: {plain:?}"));
    });
}

on_stores!(lasting, a_kill_in_the_middle_of_log_ins_and_log_outs_leaves_no_session_that_no_list_knows);

/// The orders of single calls are enumerated in `session-core/tests/life_cycle/lists`; here it is a real process, killed
/// wherever it is.
fn a_kill_in_the_middle_of_log_ins_and_log_outs_leaves_no_session_that_no_list_knows(storage: Storage) {
    const THREADS: usize = 4;
    // The sessions of the user, as the records say. A list has a hash of the name in its key alone.
    let logged_in = || {
        let holds_name = |record: &&Vec<u8>| record.windows(USER.len()).any(|part| part == USER.as_bytes());
        storage.records().iter().filter(holds_name).count()
    };
    let mut left_behind = 0;
    for kill in 0..budget::amount("KILLS", 5, 50) as usize {
        let app = probe_users(&storage.rocket_toml()).start();
        let (url, killed, answered) = (app.url(), AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|threads| {
            for number in 0..THREADS {
                let (url, killed, answered) = (&url, &killed, &answered);
                threads.spawn(move || come_and_go(url, number, killed, answered));
            }
            // Not always at the same point of the work.
            let enough = 12 + kill % 7;
            let reached = poll::until(PATIENCE, || answered.load(Ordering::Relaxed) >= enough);
            assert!(reached, "the application stands still");
            drop(app);
            killed.store(true, Ordering::Relaxed);
        });
        left_behind += logged_in();
        let app = probe_users(&storage.rocket_toml()).start();
        admin_end(&app.url(), USER);
        assert_eq!(logged_in(), 0, "{storage}: after kill {kill}: {}", app.output());
        let device = Device::named("a device of the day after");
        device.log_in(&app.url(), USER);
        assert_eq!(device.list(&app.url()).map(|list| list.len()), Some(1), "{storage}");
        assert_eq!(device.end_all(&app.url()), 200, "{storage}");
        storage.check_integrity();
    }
    assert!(left_behind > 0, "{storage}: nobody was logged in, the test shows nothing");
}

/// A user who logs in and out, again and again, on a new device each time.
fn come_and_go(url: &str, number: usize, killed: &AtomicBool, answered: &AtomicUsize) {
    let visits = [
        json!({ "login": USER }),
        json!({ "login": USER, "a": "again" }),
        json!({ "logout": true }),
        json!({ "login": USER }),
        json!({ "logout": true, "b": "goodbye" }),
    ];
    loop {
        let client = Client::with_jar(url, &Jar::default());
        for visit in visits.iter().take(2 + number) {
            if killed.load(Ordering::Relaxed) {
                return;
            }
            match client.post("/typed").json(visit).try_send() {
                Ok(answer) => assert!(matches!(answer.status, 200 | 409), "{}", answer.text()),
                Err(_) => return,
            }
            answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}
