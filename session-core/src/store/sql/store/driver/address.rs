//! The address of a database, in SQLAlchemy's spelling.

use super::connections::Connections;
use super::{Driver, Options};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::settings::address::is_this_machine;
use crate::settings::parameters::Parameters;
use crate::store::DynStore;
use crate::store::sql::store::SqlTable;
use crate::store::sql::store::rows::RowStore;

/// Makes the store at a URL; otherwise says what is wrong with that, as the end of a sentence and without a value of
/// it. `most` is the greatest number of connections, if it is not the usual one.
pub(in crate::store::sql::store) fn open(
    url: &str,
    table: &SqlTable,
    most: Option<usize>,
) -> Result<DynStore, String> {
    let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
    // The Python driver follows `+`.
    match scheme.split('+').next().unwrap_or_default() {
        #[cfg(feature = "sqlite")]
        "sqlite" => Ok(rows::<sqlx::Sqlite>(sqlite(rest)?, table, most)),
        #[cfg(not(feature = "sqlite"))]
        "sqlite" => Err("names a SQLite file; turn on the cargo feature `sqlite`".into()),
        #[cfg(feature = "postgres")]
        "postgresql" | "postgres" => Ok(rows::<sqlx::Postgres>(postgres(rest)?, table, most)),
        #[cfg(not(feature = "postgres"))]
        "postgresql" | "postgres" => {
            Err("names a PostgreSQL server; turn on the cargo feature `postgres`".into())
        }
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => Ok(rows::<sqlx::MySql>(mysql(rest)?, table, most)),
        #[cfg(not(feature = "mysql"))]
        "mysql" | "mariadb" => Err("names a MySQL server; turn on the cargo feature `mysql`".into()),
        _ => Err(
            "must be one such as \"sqlite:///sessions.db\", \"postgresql://user:password@host/database\" or \
             \"mysql://user:password@host/database\""
                .into(),
        ),
    }
}

/// Says who may read what is sent to `url`, and what to write against it.
pub(in crate::store::sql::store) fn exposure(url: &str) -> Option<&'static str> {
    let (scheme, rest) = url.split_once("://")?;
    match scheme.split('+').next()? {
        #[cfg(feature = "postgres")]
        "postgresql" | "postgres" => {
            use sqlx::postgres::PgSslMode::{VerifyCa, VerifyFull};

            let options = postgres(rest).ok()?;
            let is_checked = matches!(options.get_ssl_mode(), VerifyCa | VerifyFull);
            let is_here = options.get_socket().is_some() || is_here(options.get_host());
            (!is_checked && !is_here).then_some(
                "sends sessions unencrypted to another machine, or to whoever answers, since its certificate is not \
                 checked; write `sslmode=verify-full`, with the cargo feature `sql-tls`",
            )
        }
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => {
            use sqlx::mysql::MySqlSslMode::{VerifyCa, VerifyIdentity};

            let options = mysql(rest).ok()?;
            let is_checked = matches!(options.get_ssl_mode(), VerifyCa | VerifyIdentity);
            let is_here = options.get_socket().is_some() || is_here(options.get_host());
            (!is_checked && !is_here).then_some(
                "sends sessions unencrypted to another machine, or to whoever answers, since its certificate is not \
                 checked; write `ssl-mode=VERIFY_IDENTITY`, with the cargo feature `sql-tls`",
            )
        }
        _ => {
            let _ = rest;
            None
        }
    }
}

/// Tells whether a host is this machine; PostgreSQL's may be the folder of a socket.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn is_here(host: &str) -> bool {
    host.starts_with('/') || is_this_machine(host)
}

fn rows<D: Driver>(options: Options<D>, table: &SqlTable, most: Option<usize>) -> DynStore {
    DynStore::new(RowStore::new(Connections::<D>::own(options, most), D::DIALECT, table))
}

#[cfg(feature = "sqlite")]
fn sqlite(rest: &str) -> Result<sqlx::sqlite::SqliteConnectOptions, String> {
    const PARAMETERS: Parameters = Parameters {
        known: &[],
        refused: &[
            ("timeout", "a call waits for another's lock as long as session_store_timeout allows; remove it"),
            ("check_same_thread", "connections are never shared between threads; remove it"),
            ("isolation_level", "each change is one statement; remove it"),
            ("mode", "the file is read and written; remove it"),
            ("uri", "write \"sqlite:////absolute.db\""),
        ],
        ignore_case: false,
    };

    let file = rest
        .strip_prefix('/')
        .ok_or("has too few slashes; write \"sqlite:///relative.db\" or \"sqlite:////absolute.db\"")?;
    let (file, query) = file.split_once('?').unwrap_or((file, ""));
    if let Some(objection) = PARAMETERS.objection(query) {
        return Err(objection);
    }
    match file {
        "" | ":memory:" => Err("names a database in memory; write session_type = \"memory\"".into()),
        _ if file.starts_with("file:") => Err("is a `file:` URI; write \"sqlite:///sessions.db\"".into()),
        _ => Ok(super::sqlite::options(file)),
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
const TIMEOUT: &str = "session_store_timeout says how long a call may take; remove it";

#[cfg(feature = "postgres")]
fn postgres(rest: &str) -> Result<sqlx::postgres::PgConnectOptions, String> {
    use sqlx::postgres::{PgConnectOptions, PgSslMode};

    const PARAMETERS: Parameters = Parameters {
        known: &[
            "application_name",
            "dbname",
            "host",
            "hostaddr",
            "options",
            "password",
            "port",
            "sslcert",
            "sslkey",
            "sslmode",
            "sslrootcert",
            "statement-cache-capacity",
            "user",
        ],
        refused: &[
            ("connect_timeout", TIMEOUT),
            ("client_encoding", "records are bytes; remove it"),
            ("ssl", "write sslmode=verify-full"),
            ("prepared_statement_cache_size", "write statement-cache-capacity"),
            ("target_session_attrs", "write the address of the primary"),
        ],
        ignore_case: false,
    };
    let options: PgConnectOptions = server("postgres", rest, &PARAMETERS, |query| Ok(query.to_owned()))?;
    let encrypted =
        matches!(options.get_ssl_mode(), PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    with_tls_if(encrypted, options)
}

#[cfg(feature = "mysql")]
fn mysql(rest: &str) -> Result<sqlx::mysql::MySqlConnectOptions, String> {
    use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

    const LOGIN: &str = "write \"mysql://user:password@host/database\"";
    const PARAMETERS: Parameters = Parameters {
        known: &[
            "charset",
            "collation",
            "ssl_ca",
            "ssl_cert",
            "ssl_check_hostname",
            "ssl_key",
            "ssl_mode",
            "ssl-ca",
            "ssl-cert",
            "ssl-key",
            "ssl-mode",
            "statement-cache-capacity",
            "unix_socket",
        ],
        refused: &[
            ("connect_timeout", TIMEOUT),
            ("read_timeout", TIMEOUT),
            ("write_timeout", TIMEOUT),
            ("use_unicode", "records are bytes; remove it"),
            ("autocommit", "each change is one statement; remove it"),
            ("ssl", "write ssl-mode=VERIFY_IDENTITY"),
            ("ssl_disabled", "write ssl-mode=DISABLED"),
            ("ssl_verify_cert", "write ssl-mode=VERIFY_CA"),
            ("ssl_verify_identity", "write ssl-mode=VERIFY_IDENTITY"),
            ("ssl_capath", "name one file with ssl_ca"),
            ("user", LOGIN),
            ("passwd", LOGIN),
            ("password", LOGIN),
            ("db", LOGIN),
            ("database", LOGIN),
        ],
        ignore_case: false,
    };
    let options: MySqlConnectOptions = server("mysql", rest, &PARAMETERS, driver_query)?;
    let encrypted = matches!(
        options.get_ssl_mode(),
        MySqlSslMode::Required | MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity
    );
    with_tls_if(encrypted, options)
}

/// Turns the parameters of Python's drivers into those of Rust's. An authority that is named without a mode is there to
/// be checked, as in Python.
#[cfg(feature = "mysql")]
fn driver_query(query: &str) -> Result<String, String> {
    let (mut written, mut names_authority, mut has_mode, mut checks_host) = (Vec::new(), false, false, true);
    for pair in query.split_terminator('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = match name {
            "unix_socket" => "socket".to_owned(),
            "charset" | "collation" | "statement-cache-capacity" => name.to_owned(),
            _ => name.replace('_', "-"),
        };
        match (&*name, &*value.to_ascii_lowercase()) {
            ("ssl-check-hostname", "true" | "1") => continue,
            ("ssl-check-hostname", "false" | "0") => {
                checks_host = false;
                continue;
            }
            ("ssl-check-hostname", _) => {
                return Err("has a `ssl_check_hostname` that is neither true nor false".into());
            }
            ("ssl-ca", _) => names_authority = true,
            ("ssl-mode", _) => has_mode = true,
            _ => {}
        }
        written.push(format!("{name}={value}"));
    }
    if names_authority && !has_mode {
        written.push(format!("ssl-mode={}", if checks_host { "VERIFY_IDENTITY" } else { "VERIFY_CA" }));
    } else if !checks_host {
        return Err(
            "has `ssl_check_hostname` and no `ssl_ca`; write ssl-mode=VERIFY_CA or another mode".into()
        );
    }
    Ok(written.join("&"))
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn with_tls_if<O: sqlx::ConnectOptions>(wanted: bool, options: O) -> Result<O, String> {
    if wanted && !cfg!(feature = "sql-tls") {
        return Err("demands TLS; turn on the cargo feature `sql-tls`".into());
    }
    Ok(options.disable_statement_logging())
}

/// Reads the address of a server. `rest` follows `scheme://`; `driver_query` makes the driver's parameters of those that
/// `parameters` allow.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn server<O: std::str::FromStr>(
    scheme: &str,
    rest: &str,
    parameters: &Parameters,
    driver_query: impl FnOnce(&str) -> Result<String, String>,
) -> Result<O, String> {
    let (login, rest) = split_login(rest);
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    if let Some(objection) = parameters.objection(query) {
        return Err(objection);
    }
    let mut url = format!("{scheme}://");
    if let Some(login) = login {
        // Python splits by other rules than URLs do, so that these need no percent sign there.
        url += &login.replace('/', "%2F").replace('?', "%3F").replace('#', "%23");
        url.push('@');
        if place.is_empty() || place.starts_with('/') {
            url += "localhost";
        }
    }
    url += place;
    url += "?";
    url += &driver_query(query)?;
    url.parse().map_err(|_| {
        "is not a usable URL; write \"postgresql://user:password@host:port/database\", with special characters of \
         user and password percent-encoded"
            .into()
    })
}

/// Splits off user and password from what follows `@`. A password may hold anything but `@`, a user neither `:` nor
/// `/`.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn split_login(rest: &str) -> (Option<&str>, &str) {
    let ends_user = rest.find([':', '/', '@']).unwrap_or(rest.len());
    let (_, after_user) = rest.split_at(ends_user);
    match after_user.find('@') {
        Some(at) if !after_user.starts_with('/') => {
            let (login, host) = rest.split_at(ends_user + at);
            (Some(login), host.strip_prefix('@').unwrap_or(host))
        }
        _ => (None, rest),
    }
}
