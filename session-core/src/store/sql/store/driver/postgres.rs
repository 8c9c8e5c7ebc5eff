//! PostgreSQL.

use sqlx::postgres::Postgres;

use super::{Driver, Options, driven, server_address};
use crate::store::sql::store::SqlDialect;

impl Driver for Postgres {
    const DIALECT: SqlDialect = SqlDialect::Postgres;

    fn address(options: &Options<Self>) -> String {
        let socket = options.get_socket();
        server_address("PostgreSQL", options.get_host(), options.get_port(), socket, options.get_database())
    }

    driven!();
}
