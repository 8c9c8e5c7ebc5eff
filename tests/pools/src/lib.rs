//! Sessions in pools that an application has: a page of code for each driver, as the guide's page "Your own pool" shows it.

mod deadpool_postgres;
mod deadpool_redis;
mod diesel_async;
mod rusqlite;
mod sqlx;

pub use self::deadpool_postgres::DeadpoolPostgres;
pub use self::deadpool_redis::DeadpoolRedis;
pub use self::diesel_async::DieselPostgres;
pub use self::rusqlite::Rusqlite;
pub use self::sqlx::SqlxSqlite;
