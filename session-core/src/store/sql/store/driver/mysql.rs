//! MySQL and MariaDB.

use sqlx::error::DatabaseError;
use sqlx::mysql::{MySql, MySqlDatabaseError};

use super::{Driver, Options, driven, server_address};
use crate::store::sql::store::SqlDialect;

impl Driver for MySql {
    const DIALECT: SqlDialect = SqlDialect::MySql;

    fn address(options: &Options<Self>) -> String {
        let socket = options.get_socket();
        server_address("MySQL", options.get_host(), options.get_port(), socket, options.get_database())
    }

    driven!();

    /// The SQLSTATE is `HY000` for most of them.
    fn number(error: &dyn DatabaseError) -> String {
        error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number).to_string()
    }
}
