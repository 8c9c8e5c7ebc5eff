//! The probe with users: what is found, when, and what ends a login, on every store.

use serde_json::{Value, json};
use session_tests::app::{App, Launch};
use session_tests::client::{Answer, Client};
use session_tests::jar::Jar;
use session_tests::on_stores;
use session_tests::storage::Storage;

const PROBE: &str = env!("CARGO_BIN_EXE_probe-users");

on_stores!(all, a_login_counts_for_as_long_as_its_user_has_the_same_stamp);
on_stores!(all, a_user_who_is_gone_is_logged_out_and_one_who_is_not_known_is_not);

fn launch(storage: &Storage) -> App {
    let mut launch = Launch::new(PROBE);
    for (key, value) in storage.rocket_environment() {
        launch = launch.env(&key, &value);
    }
    launch.env("ROCKET_SECRET_KEY", "a secret key of these tests").start()
}

fn set(app: &App, user: &Value) {
    assert_eq!(Client::new(&app.url()).post("/users").json(user).send().status, 200);
}

/// A browser of somebody who has logged in.
fn logged_in(app: &App, change: &Value) -> Client {
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    assert_eq!(visitor.post("/typed").json(change).send().status, 200);
    visitor
}

/// A browser asks for the account's page.
fn page(visitor: &Client) -> Answer {
    visitor.get("/account").header("Accept", "text/html").send()
}

fn a_login_counts_for_as_long_as_its_user_has_the_same_stamp(storage: Storage) {
    let app = launch(&storage);
    set(&app, &json!({ "name": "momo", "stamp": "1" }));
    let browsers = [(); 2].map(|()| logged_in(&app, &json!({ "log_in": "momo", "a": "x" })));
    let by_the_setter = logged_in(&app, &json!({ "login": "momo" }));
    for visitor in browsers.iter().chain([&by_the_setter]) {
        assert_eq!(page(visitor).status, 200, "{storage}");
    }
    // One of them changes the password.
    set(&app, &json!({ "name": "momo", "stamp": "2" }));
    let [changes, other] = &browsers;
    assert_eq!(changes.post("/typed").json(&json!({ "log_in": "momo" })).send().status, 200);
    assert_eq!(page(changes).status, 200, "{storage}");
    assert!(changes.get("/typed").send().text().contains("\"a\":\"x\""), "{storage}");
    for ended in [other, &by_the_setter] {
        let answer = page(ended);
        assert_eq!(answer.status, 303, "{storage}");
        assert_eq!(answer.header("location"), Some("/sign-in?next=%2Faccount"));
        assert!(ended.get("/typed").send().text().contains("\"username\":null"), "{storage}");
    }
}

fn a_user_who_is_gone_is_logged_out_and_one_who_is_not_known_is_not(storage: Storage) {
    let app = launch(&storage);
    let visitor = logged_in(&app, &json!({ "log_in": "momo" }));
    set(&app, &json!({ "name": "momo", "stamp": "0", "fails": true }));
    assert_eq!(page(&visitor).status, 503, "{storage}");
    set(&app, &json!({ "name": "momo", "stamp": "0", "plan": "gold" }));
    let account: Value = serde_json::from_str(page(&visitor).text()).expect("JSON");
    assert_eq!(account, json!({ "name": "momo", "plan": "gold", "loads": 1 }), "{storage}");
    set(&app, &json!({ "name": "momo", "gone": true }));
    assert_eq!(page(&visitor).status, 303, "{storage}");
    set(&app, &json!({ "name": "momo" }));
    assert_eq!(visitor.get("/account").send().status, 401, "{storage}");
}

#[test]
fn a_user_is_looked_for_only_where_a_guard_wants_one() {
    let app = Launch::new(PROBE).toml("[default]\nsession_type = \"memory\"\n").start();
    let finds = || Client::new(&app.url()).get("/finds").send().text().to_owned();
    let visitor = logged_in(&app, &json!({ "log_in": "momo" }));
    for path in ["/typed", "/member", "/read", "/untouched"] {
        assert_eq!(visitor.get(path).send().status, 200);
    }
    assert_eq!(finds(), "0");
    assert_eq!(page(&visitor).status, 200);
    assert_eq!(finds(), "1");
}

#[test]
fn a_login_can_have_a_life_of_its_own() {
    let app = Launch::new(PROBE).toml("[default]\nsession_type = \"memory\"\n").start();
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    let at = |now, change: &Value| visitor.post("/typed").at(now).json(change).send();
    let start = 1_800_000_000.0;
    assert_eq!(at(start, &json!({ "log_in": "momo", "lifetime": 300 })).status, 200);
    let is_logged_in = |now| visitor.get("/account").at(now).send().status == 200;
    assert!(is_logged_in(start + 299.0) && !is_logged_in(start + 700.0));
    assert_eq!(at(start, &json!({ "log_in": "momo", "lifetime": 300, "clear_lifetime": true })).status, 200);
    assert!(is_logged_in(start + 700.0));
    assert_eq!(at(start, &json!({ "lifetime": 0.5 })).status, 400);
}

#[test]
fn devices_are_listed_for_whoever_is_logged_in_where_sessions_live_in_a_store() {
    let app = Launch::new(PROBE).toml("[default]\nsession_type = \"memory\"\n").start();
    let visitor = Client::with_jar(&app.url(), &Jar::default());
    let end = |client: &Client, body: &Value| client.post("/devices").json(body).send().status;
    assert_eq!(visitor.get("/devices").send().status, 401);
    assert_eq!(end(&visitor, &json!({ "end_all": true })), 401);
    let user = logged_in(&app, &json!({ "log_in": "momo" }));
    let list = user.get("/devices").send().json();
    assert_eq!((list.as_array().map(Vec::len), &list[0]["current"]), (Some(1), &json!(true)), "{list}");
    assert_eq!(end(&user, &json!({ "end": "unheard-of" })), 404);
    assert_eq!(end(&user, &json!({ "end_others": true })), 200);
    assert_eq!(end(&user, &json!({ "end_all": false })), 400);
    assert_eq!(end(&user, &json!({})), 400);
    assert_eq!(visitor.post("/admin-end").json(&json!({ "user": "somebody else" })).send().status, 200);
    assert_eq!(page(&user).status, 200);
    assert_eq!(visitor.post("/admin-end").json(&json!({ "user": "momo" })).send().status, 200);
    assert_eq!(user.get("/devices").send().status, 401);

    // The setting is read in any case.
    let cookies = Launch::new(PROBE)
        .toml("[default]\nsession_type = \"Cookie\"\n")
        .env("ROCKET_SECRET_KEY", "a secret key of these tests")
        .start();
    let user = logged_in(&cookies, &json!({ "log_in": "momo" }));
    assert_eq!(user.get("/devices").send().status, 404);
    assert_eq!(visitor.post("/admin-end").send().status, 400, "where there is one");
    assert_eq!(Client::new(&cookies.url()).post("/admin-end").send().status, 404);
}

#[test]
fn who_ends_all_of_a_user_does_so_at_the_time_of_the_request() {
    let app = Launch::new(PROBE).toml("[default]\nsession_type = \"memory\"\n").start();
    let client = |jar: &Jar| Client::with_jar(&app.url(), jar);
    // By the clock of the machine, both sessions and their list are of the past.
    let then = 1_600_000_000.0;
    let jars = [(); 2].map(|()| Jar::default());
    let devices = || {
        jars.each_ref().map(|jar| {
            let answer = client(jar).get("/devices").at(then).send();
            (answer.status == 200).then(|| answer.json().as_array().map_or(0, Vec::len))
        })
    };
    let log_in = |jar: &Jar| client(jar).post("/typed").at(then).json(&json!({ "log_in": "momo" })).send();
    assert_eq!(jars.each_ref().map(|jar| log_in(jar).status), [200, 200]);
    assert_eq!(devices(), [Some(2), Some(2)]);
    let end = Client::new(&app.url()).post("/admin-end").at(then).json(&json!({ "user": "momo" })).send();
    assert_eq!(end.status, 200);
    assert_eq!(devices(), [None, None]);
    assert_eq!(log_in(&jars[0]).status, 200);
    assert_eq!(devices(), [Some(1), None]);
}

#[test]
fn the_probe_without_users_does_not_log_them_in() {
    let app = Launch::new(env!("CARGO_BIN_EXE_probe")).toml("[default]\nsession_type = \"memory\"\n").start();
    let visitor = Client::new(&app.url());
    assert_eq!(visitor.post("/typed").json(&json!({ "log_in": "momo" })).send().status, 400);
    assert_eq!(visitor.get("/finds").send().status, 404);
}
