//! SQLite.

use super::{Rules, SqlTable};
use crate::store::sql::store::texts::{BATCH, Words};

pub(super) const RULES: Rules = Rules {
    name: "SQLite",
    words,
    mark: std::convert::identity,
    keys: 1,
    largest: None,
    lacks_table: |_, text| text.starts_with("no such table"),
    // An insertion does nothing then.
    is_duplicate: |_| false,
    gave_way: |_| false,
    meaning,
    is_full: |_| false,
    is_away: |code| matches!(primary(code), Some(14 | 26)),
};

fn words(table: &SqlTable) -> Words {
    // In the table's schema by its own name; the table's is then understood.
    let index = table.beside("_expiry").quoted('"');
    let indexed = table.without_schema().quoted('"');
    let table = table.quoted('"');
    let create_table = vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {table} (id INTEGER NOT NULL, session_id VARCHAR(255), data BLOB, \
             expiry DATETIME, PRIMARY KEY (id), UNIQUE (session_id))"
        ),
        format!("CREATE INDEX IF NOT EXISTS {index} ON {indexed} (expiry)"),
    ];
    let purge =
        format!("DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expiry <= ? LIMIT {BATCH})");
    Words {
        table,
        this: "session_id = ?",
        data: "CAST(data AS BLOB)",
        // Rows of others may have a `T` in the time. A shorter fraction compares well as it is.
        expiry: "replace(expiry, 'T', ' ')",
        end: "CAST(expiry AS TEXT)",
        time: "?",
        on_conflict: " ON CONFLICT (session_id) DO NOTHING",
        create_table,
        find_expired: None,
        purge,
    }
}

/// Another connection holds a lock.
const BUSY: u32 = 5;

fn meaning(code: &str) -> Option<&'static str> {
    Some(match primary(code)? {
        BUSY | 6 => "another connection has held the file's lock for too long",
        8 => "the file is read-only",
        10 => "the disk failed",
        11 | 26 => "the file is damaged or no database",
        13 => "the disk is full",
        14 => "the file can't be opened",
        _ => return None,
    })
}

/// Returns the last byte of an extended code, which says what went wrong; the others say which kind of it.
fn primary(code: &str) -> Option<u32> {
    code.parse::<u32>().ok().map(|code| code & 0xff)
}

/// Tells whether an error of that code says that another connection holds a lock.
#[cfg(feature = "sqlite")]
pub(in crate::store::sql::store) fn is_locked(code: &str) -> bool {
    primary(code) == Some(BUSY)
}
