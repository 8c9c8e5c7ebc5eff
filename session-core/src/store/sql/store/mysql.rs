//! MySQL and MariaDB.

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySql, MySqlDatabaseError};

use super::SqlTable;
use super::dialect::{Dialect, Options, driven, server_address};
use super::statements::{BATCH, Words};

impl Dialect for MySql {
    /// A `BLOB`. Depending on its mode, the server would cut off the rest without a word.
    const LARGEST: Option<usize> = Some(65_535);

    fn words(table: &SqlTable) -> Words {
        let table = table.quoted('`');
        let create_table = format!(
            "CREATE TABLE IF NOT EXISTS {table} (id INTEGER NOT NULL AUTO_INCREMENT, \
             session_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, data BLOB, \
             expiry DATETIME, PRIMARY KEY (id), UNIQUE (session_id), INDEX (expiry))"
        );
        let time = "CAST(? AS DATETIME(6))";
        let find_expired =
            format!("SELECT CAST(id AS SIGNED) FROM {table} WHERE expiry <= {time} LIMIT {BATCH}");
        // InnoDB locks each row that a deletion looks at. Flask-Session's table has no index on the expiry, and
        // where the list is as long as the table, the server would rather look at all rows.
        let purge = format!(
            "DELETE expired FROM {table} AS expired FORCE INDEX (PRIMARY) WHERE id IN ({}) AND expiry <= {time}",
            ["?"; BATCH].join(", ")
        );
        Words {
            table,
            // By the index, which in Flask-Session's table ignores case and trailing spaces, then byte by byte.
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

    fn address(options: &Options<Self>) -> String {
        let socket = options.get_socket();
        server_address("MySQL", options.get_host(), options.get_port(), socket, options.get_database())
    }

    driven!(keys: 2);

    fn lacks_table(error: &dyn DatabaseError) -> bool {
        // The SQLSTATE of MySQL's error 1146.
        error.code().is_some_and(|code| code == "42S02")
    }

    /// The SQLSTATE is `HY000` for most of them.
    fn number(error: &dyn DatabaseError) -> String {
        error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number).to_string()
    }

    fn meaning(number: &str) -> Option<&'static str> {
        Some(match number {
            "1021" => "the disk is full",
            "1040" | "1203" | "1226" => "there are too many connections",
            "1114" => "the table is full",
            "1142" => "the user may not do that with the table",
            "1146" => "the table is gone",
            "1153" => "the record is larger than max_allowed_packet",
            "1205" => "somebody else has held the lock of a row for too long",
            "1290" | "1836" => "the server is read-only",
            _ => return None,
        })
    }

    /// The server's limit, and the two of a user.
    fn is_full(number: &str) -> bool {
        matches!(number, "1040" | "1203" | "1226")
    }

    fn is_away(number: &str) -> bool {
        const REFUSED_LOGIN: [&str; 5] = ["1044", "1045", "1049", "1129", "1130"];
        const ENDING: [&str; 5] = ["1053", "1077", "1079", "1152", "1927"];
        const BROKEN_CONNECTION: [&str; 4] = ["1158", "1159", "1160", "1161"];
        [&REFUSED_LOGIN[..], &ENDING, &BROKEN_CONNECTION].iter().any(|numbers| numbers.contains(&number))
    }
}
