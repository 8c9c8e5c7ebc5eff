//! MySQL and MariaDB.
//!
//! Errors have a number of their own and an `SQLSTATE`, which is `HY000` for most of them.

use super::{Rules, SqlTable};
use crate::store::sql::store::texts::{BATCH, Words};

pub(super) const RULES: Rules = Rules {
    name: "MySQL",
    words,
    mark: std::convert::identity,
    // By the index, which in Flask-Session's table ignores case and trailing spaces, then byte by byte.
    keys: 2,
    // A `BLOB`. Depending on its mode, the server would cut off the rest without a word.
    largest: Some(65_535),
    lacks_table: |code, _| matches!(code, "1146" | "42S02"),
    is_duplicate: |code| matches!(code, "1022" | "1062" | "1169" | "1586" | "23000"),
    gave_way: |code| matches!(code, "1213" | "40001"),
    meaning,
    // The server's limit, and the two of a user.
    is_full: |code| matches!(code, "1040" | "1203" | "1226" | "08004"),
    is_away,
};

fn words(table: &SqlTable) -> Words {
    let table = table.quoted('`');
    let create_table = vec![format!(
        "CREATE TABLE IF NOT EXISTS {table} (id INTEGER NOT NULL AUTO_INCREMENT, \
         session_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, data BLOB, \
         expiry DATETIME, PRIMARY KEY (id), UNIQUE (session_id), INDEX (expiry))"
    )];
    let time = "CAST(? AS DATETIME(6))";
    let find_expired = format!(
        "SELECT NULL AS data, CAST(id AS CHAR) AS text FROM {table} WHERE expiry <= {time} LIMIT {BATCH}"
    );
    // InnoDB locks each row that a deletion looks at. Flask-Session's table has no index on the expiry, and where the
    // list is as long as the table, the server would rather look at all rows.
    let purge = format!(
        "DELETE expired FROM {table} AS expired FORCE INDEX (PRIMARY) WHERE id IN ({}) AND expiry <= {time}",
        ["?"; BATCH].join(", ")
    );
    Words {
        table,
        this: "session_id = ? AND CAST(session_id AS BINARY) = CAST(? AS BINARY)",
        data: "data",
        expiry: "expiry",
        end: "CAST(expiry AS CHAR)",
        time,
        on_conflict: "",
        create_table,
        find_expired: Some(find_expired),
        purge,
    }
}

fn meaning(code: &str) -> Option<&'static str> {
    Some(match code {
        "1021" => "the disk is full",
        "1040" | "1203" | "1226" => "there are too many connections",
        "1114" => "the table is full",
        "1142" => "the user may not do that with the table",
        "1146" | "42S02" => "the table is gone",
        "1153" => "the record is larger than max_allowed_packet",
        "1205" => "somebody else has held the lock of a row for too long",
        "1290" | "1836" => "the server is read-only",
        _ => return None,
    })
}

fn is_away(code: &str) -> bool {
    const REFUSED_LOGIN: [&str; 6] = ["1044", "1045", "1049", "1129", "1130", "28000"];
    const ENDING: [&str; 5] = ["1053", "1077", "1079", "1152", "1927"];
    const BROKEN_CONNECTION: [&str; 5] = ["1158", "1159", "1160", "1161", "08S01"];
    [&REFUSED_LOGIN[..], &ENDING, &BROKEN_CONNECTION].iter().any(|codes| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_connection_is_known_by_its_state_where_a_driver_tells_no_number() {
        assert!(["08S01", "1160", "28000", "1053"].map(is_away).iter().all(|away| *away));
        assert!(["42S02", "40001", "1205", "08004"].map(is_away).iter().all(|away| !away));
    }
}
