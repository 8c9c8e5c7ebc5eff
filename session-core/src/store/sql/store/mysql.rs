//! MySQL and MariaDB.

use sqlx::ConnectOptions;
use sqlx::error::DatabaseError;
use sqlx::mysql::{MySql, MySqlDatabaseError};

use super::SqlTable;
use super::dialect::{Dialect, Options, driven};
use super::statements::{BATCH, Statements};

impl Dialect for MySql {
    /// A `BLOB`. Depending on its mode, the server would cut off the rest without a word.
    const LARGEST: Option<usize> = Some(65_535);

    fn statements(table: &SqlTable) -> Statements {
        let name = table.quoted('`');
        let time = "CAST(? AS DATETIME(6))";
        let alive = format!("expiry > {time}");
        // By the index, which in Flask-Session's table ignores case and trailing spaces, then byte by byte.
        let this = "session_id = ? AND CAST(session_id AS BINARY) = CAST(? AS BINARY)";
        Statements {
            probe: format!("SELECT id, session_id, data, expiry FROM {name} LIMIT 0").into(),
            create_table: format!(
                "CREATE TABLE IF NOT EXISTS {name} (id INTEGER NOT NULL AUTO_INCREMENT, \
                 session_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, data BLOB, \
                 expiry DATETIME, PRIMARY KEY (id), UNIQUE (session_id), INDEX (expiry))"
            )
            .into(),
            load: format!("SELECT data, expiry <= {time} FROM {name} WHERE {this} AND {alive}").into(),
            extend: format!("UPDATE {name} SET expiry = {time} WHERE {this} AND {alive}").into(),
            insert: format!("INSERT INTO {name} (session_id, data, expiry) VALUES (?, ?, {time})").into(),
            take_over: format!(
                "UPDATE {name} SET data = ?, expiry = {time} WHERE {this} AND ({alive}) IS NOT TRUE"
            )
            .into(),
            replace: format!(
                "UPDATE {name} SET data = ?, expiry = {time} WHERE {this} AND data = ? AND {alive}"
            )
            .into(),
            remove: format!("DELETE FROM {name} WHERE {this} AND data = ? AND {alive}").into(),
            delete_living: format!("DELETE FROM {name} WHERE {this} AND {alive}").into(),
            delete_any: format!("DELETE FROM {name} WHERE {this}").into(),
            find_expired: Some(
                format!("SELECT CAST(id AS SIGNED) FROM {name} WHERE expiry <= {time} LIMIT {BATCH}").into(),
            ),
            // InnoDB locks each row that a deletion looks at. Flask-Session's table has no index on the expiry, and
            // where the list is as long as the table, the server would rather look at all rows.
            purge: format!(
                "DELETE expired FROM {name} AS expired FORCE INDEX (PRIMARY) \
                 WHERE id IN ({}) AND expiry <= {time}",
                ["?"; BATCH].join(", ")
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
        format!("MySQL at {server}{database}")
    }

    async fn open(options: &Options<Self>) -> sqlx::Result<Self::Connection> {
        options.connect().await
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
            "1040" | "1203" => "there are too many connections",
            "1114" => "the table is full",
            "1142" => "the user may not do that with the table",
            "1146" => "the table is gone",
            "1153" => "the record is larger than max_allowed_packet",
            "1205" => "somebody else has held the lock of a row for too long",
            "1290" | "1836" => "the server is read-only",
            _ => return None,
        })
    }
}
