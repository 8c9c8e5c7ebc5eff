//! What a request costs the database.

use serde_json::{Value, json};
use session_tests::client::Client;
use session_tests::database::Database;
use session_tests::jar::Jar;

use crate::probe;

/// The statements that servers have seen for one database: everything that a client sent, also a mere "are
/// you there".
fn statements(database: &Database) -> usize {
    match database {
        Database::Sqlite(_) => panic!("a file counts nothing"),
        Database::Postgres(server, name) => {
            let begins = [format!("<{name}> LOG:  execute"), format!("<{name}> LOG:  statement")];
            server.output().lines().filter(|line| begins.iter().any(|begin| line.starts_with(begin))).count()
        }
        Database::MariaDb(..) => {
            let counted = "SELECT count(*) FROM mysql.general_log WHERE command_type IN ('Execute', 'Ping') \
                           AND thread_id IN (SELECT thread_id FROM mysql.general_log WHERE argument LIKE '%`counted`%' \
                           AND command_type = 'Execute')";
            database.query(counted).parse().unwrap()
        }
    }
}

#[test]
fn a_read_is_one_statement_a_write_two_a_login_three_and_a_refresh_that_is_due_one_more() {
    for database in [Database::postgres(), Database::mariadb()] {
        if let Database::MariaDb(..) = database {
            database.query("SET GLOBAL general_log = ON");
        }
        for (refresh_after, refresh) in [(0.5, 0), (0.0, 1)] {
            let app = probe(
                &database,
                &format!("session_sqlalchemy_table = \"counted\"\nsession_refresh_after = {refresh_after}"),
            )
            .start();
            let visitor = Client::with_jar(&app.url(), &Jar::default());
            let cost = |path: &str, body: Value| {
                // Asking MariaDB is a statement of another client; only the application's connections count.
                let before = statements(&database);
                assert_eq!(visitor.post(path).json(&body).send().status, 200, "{}", app.output());
                statements(&database) - before
            };
            // The first write opens the connection.
            cost("/ops", json!({ "ops": [["set", "k", 1]] }));
            let read = cost("/ops", json!({ "ops": [["get", "k"]] }));
            let write = cost("/ops", json!({ "ops": [["set", "k", 2]] }));
            let login = cost("/typed", json!({ "login": "momo" }));
            let asked = (read, write, login);
            assert_eq!(
                asked,
                (1 + refresh, 2 + refresh, 3 + refresh),
                "{}, {refresh_after}",
                database.kind()
            );
        }
    }
}
