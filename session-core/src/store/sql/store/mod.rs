//! Sessions in a table of a database, as Flask-Session keeps them.

mod dialect;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod driver;
mod rows;
mod sql_error;
mod statements;
mod table;
mod texts;
mod timestamp;

pub use dialect::SqlDialect;
pub use sql_error::SqlError;
pub use statements::{SqlRow, SqlStatements, SqlValue};
pub use table::SqlTable;

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use self::driver::{Driver, address, connections::Connections};
use self::rows::RowStore;
use crate::store::{Call, DynStore, Loaded, New, Store, StoreError, Swap};

/// Sessions in SQLite, PostgreSQL, MySQL or MariaDB, in Flask-Session's own table: a
/// row per session with its key, its record and the time at which it ends.
///
/// * The table is created if it is missing, with an index on the expiry; programs that start together on
///   an empty database don't disturb each other. A table of Flask-Session serves as it is.
/// * A load is one statement, and a second one where it extends the record's life. A swap is one conditional statement
///   on the data that was loaded; where it meets a conflict, another one reads what is there now.
/// * [`Call::now`] decides what has expired, never the database's clock. Expired rows are absent at once;
///   [`purge`](Store::purge) deletes them, 500 at a time.
/// * Of a store at a URL: up to ten connections, four to SQLite, are opened when needed and closed after a minute without use. A call for which
///   there is none waits; if the server has fewer for this application, so many are used. One that was not used for a
///   second is asked for a sign of life first. A call that fails or is dropped closes its own, since nobody knows what is
///   still on its way. Nothing here has a time limit of its own: the caller's deadline decides.
///
/// **SQLite**: a file, created readable by its owner alone, with a write-ahead log and
/// `synchronous = NORMAL`: what was acknowledged survives a crash of the program, while a power cut can undo
/// the last moments. Other processes may use the file at the same time, on the same machine.
///
/// **MySQL and MariaDB**: records end at 65,535 bytes (`BLOB`); a larger one is refused. Ids are compared
/// byte by byte, also in a table of Flask-Session, whose key column ignores case. Expiries are whole seconds.
///
/// **PostgreSQL behind PgBouncer**: add `?statement-cache-capacity=0` to the URL.
pub struct SqlStore(pub(in crate::store) DynStore);

impl SqlStore {
    /// A store in a database that an application has a pool of, by whatever driver: `statements` runs the statements.
    /// The features `sqlite`, `postgres` and `mysql`, which bring a driver, are not needed for that.
    ///
    /// ```
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::store::{SqlDialect, SqlStatements, SqlStore, SqlTable};
    ///
    /// fn sessions(pool: impl SqlStatements) -> SqlStore {
    ///     SqlStore::over(pool, SqlDialect::Postgres, SqlTable::default())
    /// }
    /// ```
    pub fn over(statements: impl SqlStatements, dialect: SqlDialect, table: SqlTable) -> Self {
        SqlStore(DynStore::new(RowStore::new(statements, dialect, &table)))
    }

    /// A store at a URL in SQLAlchemy's spelling; nothing is connected yet, so this works while the
    /// server is down.
    ///
    /// `sqlite:///relative/to/the/working/directory.db`, `sqlite:////absolute.db`,
    /// `postgresql://user:password@host:port/database`, `mysql://…`, `mariadb://…`; the name of a Python
    /// driver (`postgresql+psycopg2://`, `mysql+pymysql://`) is passed over. Special characters of user and
    /// password are percent-encoded. Of the parameters after `?` those that name a socket, an encoding, TLS and
    /// its certificates, and the size of the statement cache are honoured; any other is refused by name. TLS needs
    /// the feature `sql-tls`. MySQL's `ssl_ca` without a mode means that the server's certificate is checked, as
    /// in Python.
    ///
    /// # Errors
    ///
    /// The URL does not parse, or needs a feature that is off.
    ///
    #[cfg_attr(feature = "sqlite", doc = "```")]
    #[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::store::{SqlStore, SqlTable};
    ///
    /// assert!(SqlStore::from_url("sqlite:///sessions.db", SqlTable::default()).is_ok());
    /// assert!(SqlStore::from_url("sqlite://sessions.db", SqlTable::default()).is_err());
    /// ```
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    pub fn from_url(url: &str, table: SqlTable) -> Result<Self, StoreError> {
        Self::open(url, &table, None)
    }

    /// The same with at most so many connections, at least one (`session_sqlalchemy_pool_size`). A call for which there
    /// is none waits until its deadline.
    ///
    /// # Errors
    ///
    /// The URL does not parse, or needs a feature that is off.
    ///
    #[cfg_attr(feature = "postgres", doc = "```")]
    #[cfg_attr(not(feature = "postgres"), doc = "```ignore")]
    /// # extern crate rocket_session_state_core as rocket_session_state;
    /// use rocket_session_state::store::{SqlStore, SqlTable};
    ///
    /// let url = "postgresql://app@localhost/app";
    /// assert!(SqlStore::from_url_with_connections(url, SqlTable::default(), 3).is_ok());
    /// ```
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    pub fn from_url_with_connections(url: &str, table: SqlTable, most: usize) -> Result<Self, StoreError> {
        Self::open(url, &table, Some(most))
    }

    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    fn open(url: &str, table: &SqlTable, most: Option<usize>) -> Result<Self, StoreError> {
        address::open(url, table, most)
            .map(SqlStore)
            .map_err(|objection| StoreError::misconfigured(format!("the URL {objection}")))
    }

    /// A store in an application's SQLite database. Write-ahead log and busy timeout are the pool's own
    /// settings.
    #[cfg(feature = "sqlite")]
    pub fn from_sqlite(pool: sqlx::SqlitePool, table: SqlTable) -> Self {
        Self::in_pool(pool, &table)
    }

    /// A store in an application's PostgreSQL database.
    ///
    /// A pool asks the server whether a connection is alive before it hands it out; unless that is
    /// switched off (`test_before_acquire(false)`), every statement costs two round trips.
    #[cfg(feature = "postgres")]
    pub fn from_postgres(pool: sqlx::PgPool, table: SqlTable) -> Self {
        Self::in_pool(pool, &table)
    }

    /// A store in an application's MySQL or MariaDB database; for the pool's settings see
    #[cfg_attr(feature = "postgres", doc = "[`from_postgres`](Self::from_postgres).")]
    #[cfg_attr(not(feature = "postgres"), doc = "`from_postgres`.")]
    #[cfg(feature = "mysql")]
    pub fn from_mysql(pool: sqlx::MySqlPool, table: SqlTable) -> Self {
        Self::in_pool(pool, &table)
    }

    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    fn in_pool<D: Driver>(pool: sqlx::Pool<D>, table: &SqlTable) -> Self {
        SqlStore(DynStore::new(RowStore::new(Connections::Shared(pool), D::DIALECT, table)))
    }
}

/// Says who may read what is sent to `url`, and what to write against it.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) fn exposure(url: &str) -> Option<&'static str> {
    address::exposure(url)
}

/// Says why a store can't be made of `url`, without showing it.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) fn objection(url: &str) -> Option<String> {
    address::open(url, &SqlTable::default(), None).err()
}

impl Store for SqlStore {
    forward!(self => self.0);
}

debug_by_address!(SqlStore);
