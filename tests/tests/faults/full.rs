//! Databases that have fewer connections for an application than it would use.

use session_tests::app::{App, Launch};
use session_tests::client::Client;
use session_tests::crowd::at_once;
use session_tests::jar::Jar;
use session_tests::storage::Database;

const VISITORS: usize = 24;

fn launch(toml: &str) -> App {
    Launch::new(env!("CARGO_BIN_EXE_probe"))
        .toml(&format!("[default]\nsession_type = \"sql\"\n{toml}"))
        .start()
}

/// Logs visitors in, who then read and write all at once.
fn all_are_served(app: &App) {
    let visitors: Vec<Client> = (0..VISITORS)
        .map(|_| Client::with_jar(&app.url(), &Jar::default()))
        .inspect(|visitor| assert_eq!(visitor.get("/login?name=momo").send().status, 200, "{}", app.output()))
        .collect();
    let answers = at_once(VISITORS, 4, |visitor, turn| {
        visitors[visitor].get(["/read", "/count", "/read", "/read"][turn]).send().status
    });
    assert_eq!(answers, [200; 4 * VISITORS], "{}", app.output());
    assert!(!app.output().contains("the session store refused"), "{}", app.output());
    assert!(!app.output().contains("the session store is down"), "{}", app.output());
}

/// Twice, since the second crowd finds connections open and the pool as large as the first one has left it.
fn a_crowd_shares_three(url: &str) {
    let app = launch(&format!("session_sqlalchemy = {url:?}"));
    all_are_served(&app);
    all_are_served(&app);
    let warnings = app.output().matches("has no more connections for this application").count();
    assert_eq!(warnings, 1, "{}", app.output());
}

#[test]
fn a_crowd_shares_the_three_connections_that_a_role_of_postgresql_may_have() {
    let database = Database::postgres();
    database.query("CREATE ROLE narrow LOGIN CONNECTION LIMIT 3");
    database.query("GRANT ALL ON SCHEMA public TO narrow");
    a_crowd_shares_three(&database.url().replace("flask@", "narrow@"));
}

#[test]
fn a_crowd_shares_the_three_connections_that_a_user_of_mariadb_may_have() {
    let database = Database::mariadb();
    database.query("CREATE USER narrow@'127.0.0.1' WITH MAX_USER_CONNECTIONS 3");
    database.query("GRANT ALL ON *.* TO narrow@'127.0.0.1'");
    a_crowd_shares_three(&database.url().replace("flask:pass%2Fword@", "narrow@"));
}

#[test]
fn a_crowd_shares_as_many_connections_as_the_configuration_allows() {
    let (postgres, mariadb) = (Database::postgres(), Database::mariadb());
    let in_postgres = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND pid <> pg_backend_pid()";
    let in_mariadb = "SELECT count(*) FROM information_schema.processlist WHERE db = database() \
        AND id <> connection_id()";
    for (database, open) in [(&postgres, in_postgres), (&mariadb, in_mariadb)] {
        let toml = |size: u32| {
            format!("session_sqlalchemy = {:?}\nsession_sqlalchemy_pool_size = {size}", database.url())
        };
        let app = launch(&toml(2));
        all_are_served(&app);
        assert_eq!(database.query(open), "2", "{}", app.output());
        assert!(!app.output().contains("no more connections"), "{}", app.output());
        drop(app);
        // More than without the key.
        let app = launch(&toml(VISITORS as u32));
        all_are_served(&app);
        assert!(database.query(open).parse::<usize>().is_ok_and(|open| open <= VISITORS), "{}", app.output());
    }
}
