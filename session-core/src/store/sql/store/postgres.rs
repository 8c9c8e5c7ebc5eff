//! PostgreSQL.

use sqlx::error::DatabaseError;
use sqlx::postgres::Postgres;

use super::SqlTable;
use super::dialect::{Dialect, Options, driven, server_address};
use super::statements::{BATCH, Words};

impl Dialect for Postgres {
    fn words(table: &SqlTable) -> Words {
        let table = table.quoted('"');
        // One implicit transaction, so that the index is there if the table is.
        let create_table = format!(
            "CREATE TABLE {table} (id SERIAL NOT NULL, session_id VARCHAR(255), data BYTEA, \
             expiry TIMESTAMP WITHOUT TIME ZONE, PRIMARY KEY (id), UNIQUE (session_id)); \
             CREATE INDEX ON {table} (expiry)"
        );
        // A row that a request is using is left for the next time; one that was extended meanwhile is seen.
        let purge = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expiry <= ?::timestamp \
             ORDER BY expiry LIMIT {BATCH} FOR UPDATE SKIP LOCKED)"
        );
        Words {
            table,
            this: "session_id = ?",
            data: "data",
            expiry: "expiry",
            end: "to_char(expiry, 'YYYY-MM-DD HH24:MI:SS.US')",
            time: "?::timestamp",
            on_conflict: " ON CONFLICT (session_id) DO NOTHING",
            create_table,
            find_expired: None,
            purge,
        }
    }

    /// Numbers the values: `$1` for the first.
    fn mark(statement: String) -> String {
        let mut parts = statement.split('?');
        let first = parts.next().unwrap_or_default().to_owned();
        (1..).zip(parts).fold(first, |marked, (number, part)| marked + &format!("${number}{part}"))
    }

    fn address(options: &Options<Self>) -> String {
        let socket = options.get_socket();
        server_address("PostgreSQL", options.get_host(), options.get_port(), socket, options.get_database())
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

    fn is_full(number: &str) -> bool {
        number == "53300"
    }

    fn is_away(number: &str) -> bool {
        // Connection exceptions, refused logins, no such database, and a server that starts or ends.
        matches!(number.get(..2), Some("08" | "28"))
            || matches!(number, "3D000" | "57P01" | "57P02" | "57P03")
    }
}
