//! PostgreSQL.

use super::{Rules, SqlTable};
use crate::store::sql::store::texts::{BATCH, Words};

pub(super) const RULES: Rules = Rules {
    name: "PostgreSQL",
    words,
    mark,
    keys: 1,
    largest: None,
    lacks_table: |code, _| code == "42P01",
    // An insertion does nothing then.
    is_duplicate: |_| false,
    gave_way: |code| matches!(code, "40001" | "40P01"),
    meaning,
    is_full: |code| code == "53300",
    // Connection exceptions, refused logins, no such database, and a server that starts or ends.
    is_away: |code| {
        matches!(code.get(..2), Some("08" | "28")) || matches!(code, "3D000" | "57P01" | "57P02" | "57P03")
    },
};

fn words(table: &SqlTable) -> Words {
    let table = table.quoted('"');
    // One statement, so that the index is there if the table is.
    let create_table = vec![format!(
        "DO $$ BEGIN CREATE TABLE {table} (id SERIAL NOT NULL, session_id VARCHAR(255), data BYTEA, \
         expiry TIMESTAMP WITHOUT TIME ZONE, PRIMARY KEY (id), UNIQUE (session_id)); \
         CREATE INDEX ON {table} (expiry); END $$"
    )];
    // A row that a request is using is left for the next time; one that was extended meanwhile is seen.
    let purge = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expiry <= {TIME} \
         ORDER BY expiry LIMIT {BATCH} FOR UPDATE SKIP LOCKED)"
    );
    Words {
        table,
        this: "session_id = ?",
        data: "data",
        expiry: "expiry",
        end: "to_char(expiry, 'YYYY-MM-DD HH24:MI:SS.US')",
        time: TIME,
        on_conflict: " ON CONFLICT (session_id) DO NOTHING",
        create_table,
        find_expired: None,
        purge,
    }
}

/// A moment, whose value is a text also to drivers that ask the server for its type.
const TIME: &str = "?::text::timestamp";

/// Numbers the values: `$1` for the first.
fn mark(statement: String) -> String {
    let mut parts = statement.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    (1..).zip(parts).fold(first, |marked, (number, part)| marked + &format!("${number}{part}"))
}

fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
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
