//! PostgreSQL.

use sqlx::ConnectOptions;
use sqlx::error::DatabaseError;
use sqlx::postgres::Postgres;

use super::SqlTable;
use super::dialect::{Dialect, Options, driven};
use super::statements::{BATCH, Statements};

impl Dialect for Postgres {
    fn statements(table: &SqlTable) -> Statements {
        let name = table.quoted('"');
        Statements {
            probe: format!("SELECT id, session_id, data, expiry FROM {name} LIMIT 0").into(),
            // One implicit transaction, so that the index is there if the table is.
            create_table: format!(
                "CREATE TABLE {name} (id SERIAL NOT NULL, session_id VARCHAR(255), data BYTEA, \
                 expiry TIMESTAMP WITHOUT TIME ZONE, PRIMARY KEY (id), UNIQUE (session_id)); \
                 CREATE INDEX ON {name} (expiry)"
            )
            .into(),
            load: format!(
                "SELECT data, expiry <= $1::timestamp FROM {name} \
                 WHERE session_id = $2 AND expiry > $3::timestamp"
            )
            .into(),
            extend: format!(
                "UPDATE {name} SET expiry = $1::timestamp WHERE session_id = $2 AND expiry > $3::timestamp"
            )
            .into(),
            insert: format!(
                "INSERT INTO {name} (session_id, data, expiry) VALUES ($1, $2, $3::timestamp) \
                 ON CONFLICT (session_id) DO NOTHING"
            )
            .into(),
            take_over: format!(
                "UPDATE {name} SET data = $1, expiry = $2::timestamp \
                 WHERE session_id = $3 AND (expiry > $4::timestamp) IS NOT TRUE"
            )
            .into(),
            replace: format!(
                "UPDATE {name} SET data = $1, expiry = $2::timestamp \
                 WHERE session_id = $3 AND data = $4 AND expiry > $5::timestamp"
            )
            .into(),
            remove: format!(
                "DELETE FROM {name} WHERE session_id = $1 AND data = $2 AND expiry > $3::timestamp"
            )
            .into(),
            delete_living: format!("DELETE FROM {name} WHERE session_id = $1 AND expiry > $2::timestamp")
                .into(),
            delete_any: format!("DELETE FROM {name} WHERE session_id = $1").into(),
            find_expired: None,
            // A row that a request is using is left for the next time; one that was extended meanwhile is seen.
            purge: format!(
                "DELETE FROM {name} WHERE id IN (SELECT id FROM {name} WHERE expiry <= $1::timestamp \
                 ORDER BY expiry LIMIT {BATCH} FOR UPDATE SKIP LOCKED)"
            )
            .into(),
        }
    }

    fn address(options: &Options<Self>) -> String {
        let server = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        let database = options.get_database().map_or_else(String::new, |name| format!(", database {name}"));
        format!("PostgreSQL at {server}{database}")
    }

    async fn open(options: &Options<Self>) -> sqlx::Result<Self::Connection> {
        options.connect().await
    }

    driven!(keys: 1);

    fn lacks_table(error: &dyn DatabaseError) -> bool {
        error.code().is_some_and(|code| code == "42P01")
    }

    fn meaning(number: &str) -> Option<&'static str> {
        Some(match number {
            "25006" => "the server is read-only",
            "42501" => "the user may not do that with the table",
            "42P01" => "the table is gone",
            "53100" => "the disk is full",
            "53200" => "the server is out of memory",
            "53300" => "there are too many connections",
            "55P03" | "57014" => "a timeout of the server's own ended the statement",
            "57P01" | "57P02" | "57P03" => "the server is starting or ending",
            _ => return None,
        })
    }
}
