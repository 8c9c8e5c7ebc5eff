//! A site changes its store, and nobody is logged out.

use serde_json::{Value, json};
use session_tests::app::Launch;
use session_tests::client::Client;
use session_tests::flask::Flask;
use session_tests::jar::Jar;
use session_tests::redis::Redis;
use session_tests::storage::{Database, Fixture};

/// The probe in a SQLite file, after it was in Redis.
fn moved(database: &Database, redis_url: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_probe")).toml(&format!(
        "[default]\nsession_type = \"sqlalchemy\"\nsession_sqlalchemy = {:?}\nsession_cookie_samesite = false\n\
         session_migrate_from = {{ type = \"redis\", redis = {redis_url:?} }}\n",
        database.url(),
    ))
}

fn ask(visitor: &Client, ops: Value) -> Value {
    let answer = visitor.post("/ops").json(&json!({ "ops": ops })).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["results"].clone()
}

#[test]
fn sessions_of_flask_session_in_redis_go_on_in_a_table_and_end_in_both() {
    let (redis, database) = (Redis::start(), Database::sqlite());
    let (momo, kim) = (Jar::default(), Jar::default());
    let flask = Flask::probe(&redis, &json!({ "SECRET_KEY": "dev-secret-key for tests" }));
    for (jar, name) in [(&momo, "momo"), (&kim, "kim")] {
        ask(&Client::with_jar(&flask.url(), jar), json!([["set", "user", name]]));
    }
    drop(flask);
    assert_eq!(redis.keys().len(), 2);

    let app = moved(&database, &redis.url()).start();
    let visitors = [&momo, &kim].map(|jar| Client::with_jar(&app.url(), jar));
    let stranger = Client::with_jar(&app.url(), &Jar::default());
    assert_eq!(ask(&stranger, json!([["get", "user", null]])), json!([null]));
    assert_eq!(ask(&visitors[0], json!([["get", "user", null]])), json!(["momo"]));
    assert_eq!((redis.keys().len(), database.keys().len()), (1, 1), "{}", app.output());
    // From now on the session costs nothing in Redis.
    let commands = redis.commands_during(|| {
        assert_eq!(ask(&visitors[0], json!([["get", "user", null], ["set", "n", 1]])), json!(["momo"]));
    });
    assert!(commands.is_empty(), "{commands:?}");
    // Moved and ended in one request: it is nowhere any more.
    assert_eq!(ask(&visitors[1], json!([["get", "user", null], ["clear"]])), json!(["kim"]));
    assert_eq!((redis.keys().len(), database.keys().len()), (0, 1));

    app.shut_down();
    let app = moved(&database, &redis.url()).start();
    let momo = Client::with_jar(&app.url(), &momo);
    assert_eq!(ask(&momo, json!([["get", "user", null], ["get", "n", null]])), json!(["momo", 1]));
}

#[test]
fn an_old_store_that_is_away_does_not_launch_and_is_named() {
    let database = Database::sqlite();
    let port = session_tests::port::free_port();
    let refused = moved(&database, &format!("redis://127.0.0.1:{port}")).refused();
    assert!(refused.contains("the old store, of `session_migrate_from`, failed"), "{refused}");
}
