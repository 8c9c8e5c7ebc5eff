//! MySQL and MariaDB.

use sqlx::ConnectOptions;
use sqlx::error::DatabaseError;
use sqlx::mysql::MySql;

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
            purge: format!("DELETE FROM {name} WHERE expiry <= {time} ORDER BY expiry, id LIMIT {BATCH}")
                .into(),
        }
    }

    async fn open(options: &Options<Self>) -> sqlx::Result<Self::Connection> {
        options.connect().await
    }

    driven!(keys: 2);

    fn lacks_table(error: &dyn DatabaseError) -> bool {
        // The SQLSTATE of MySQL's error 1146.
        error.code().is_some_and(|code| code == "42S02")
    }
}
