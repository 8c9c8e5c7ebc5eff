//! The address of a database, in SQLAlchemy's spelling.

use super::SqlTable;
use super::connections::Connections;
use super::dialect::{Dialect, Options};
use super::rows::RowStore;
use crate::store::DynStore;

/// Makes the store at a URL; otherwise says what is wrong with that, as the end of a sentence and without a part of
/// it.
pub(super) fn open(url: &str, table: &SqlTable) -> Result<DynStore, &'static str> {
    let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
    // The Python driver follows `+`.
    match scheme.split('+').next().unwrap_or_default() {
        #[cfg(feature = "sqlite")]
        "sqlite" => Ok(rows::<sqlx::Sqlite>(sqlite(rest)?, table)),
        #[cfg(not(feature = "sqlite"))]
        "sqlite" => Err("names a SQLite file; turn on the cargo feature `sqlite`"),
        #[cfg(feature = "postgres")]
        "postgresql" | "postgres" => Ok(rows::<sqlx::Postgres>(postgres(rest)?, table)),
        #[cfg(not(feature = "postgres"))]
        "postgresql" | "postgres" => Err("names a PostgreSQL server; turn on the cargo feature `postgres`"),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => Ok(rows::<sqlx::MySql>(mysql(rest)?, table)),
        #[cfg(not(feature = "mysql"))]
        "mysql" | "mariadb" => Err("names a MySQL server; turn on the cargo feature `mysql`"),
        _ => Err(
            "must be one such as \"sqlite:///sessions.db\", \"postgresql://user:password@host/database\" or \
             \"mysql://user:password@host/database\"",
        ),
    }
}

fn rows<D: Dialect>(options: Options<D>, table: &SqlTable) -> DynStore {
    DynStore::new(RowStore::<D>::new(Connections::own(options), table))
}

#[cfg(feature = "sqlite")]
fn sqlite(rest: &str) -> Result<sqlx::sqlite::SqliteConnectOptions, &'static str> {
    match rest.strip_prefix('/') {
        Some("" | ":memory:") => Err("names a database in memory; write session_type = \"memory\""),
        Some(file) if file.starts_with("file:") || file.contains('?') => {
            Err("has parameters, which a SQLite file does not take here; write \"sqlite:///sessions.db\"")
        }
        Some(file) => Ok(super::sqlite::options(file)),
        None => Err("has too few slashes; write \"sqlite:///relative.db\" or \"sqlite:////absolute.db\""),
    }
}

#[cfg(feature = "postgres")]
fn postgres(rest: &str) -> Result<sqlx::postgres::PgConnectOptions, &'static str> {
    use sqlx::postgres::{PgConnectOptions, PgSslMode};

    const KNOWN: &str = "application_name host options port sslcert sslkey sslmode sslrootcert \
        statement-cache-capacity";
    let options: PgConnectOptions = server("postgres", rest, KNOWN)?;
    let encrypted =
        matches!(options.get_ssl_mode(), PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    with_tls_if(encrypted, options)
}

#[cfg(feature = "mysql")]
fn mysql(rest: &str) -> Result<sqlx::mysql::MySqlConnectOptions, &'static str> {
    use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

    const KNOWN: &str = "charset collation ssl_ca=ssl-ca ssl_cert=ssl-cert ssl_key=ssl-key ssl-ca ssl-cert ssl-key \
        ssl-mode statement-cache-capacity unix_socket=socket";
    let options: MySqlConnectOptions = server("mysql", rest, KNOWN)?;
    let encrypted = matches!(
        options.get_ssl_mode(),
        MySqlSslMode::Required | MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity
    );
    with_tls_if(encrypted, options)
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn with_tls_if<O: sqlx::ConnectOptions>(wanted: bool, options: O) -> Result<O, &'static str> {
    if wanted && !cfg!(feature = "sql-tls") {
        return Err("demands TLS; turn on the cargo feature `sql-tls`");
    }
    Ok(options.disable_statement_logging())
}

/// Reads the address of a server. `rest` follows `scheme://`; `known` are the names of parameters, followed by the
/// driver's where that is another.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn server<O: std::str::FromStr>(scheme: &str, rest: &str, known: &str) -> Result<O, &'static str> {
    let (login, rest) = split_login(rest);
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
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
    for (separator, pair) in
        std::iter::once('?').chain(std::iter::repeat('&')).zip(query.split_terminator('&'))
    {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let mut names = known.split(' ').map(|known| known.split_once('=').unwrap_or((known, known)));
        let Some((_, name)) = names.find(|(known, _)| *known == name) else {
            return Err("has a parameter that is not known here; remove what follows the question mark");
        };
        url.extend([&*separator.to_string(), name, "=", value]);
    }
    url.parse().map_err(|_| {
        "is not a usable URL; write \"postgresql://user:password@host:port/database\", with special characters of \
         user and password percent-encoded"
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
