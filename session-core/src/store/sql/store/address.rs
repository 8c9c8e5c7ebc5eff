//! The address of a database, in SQLAlchemy's spelling.

/// The address of a database and the login.
pub(super) enum Address {
    #[cfg(feature = "sqlite")]
    Sqlite(Box<sqlx::sqlite::SqliteConnectOptions>),
    #[cfg(feature = "postgres")]
    Postgres(Box<sqlx::postgres::PgConnectOptions>),
    #[cfg(feature = "mysql")]
    MySql(Box<sqlx::mysql::MySqlConnectOptions>),
}

/// Reads a URL; otherwise what is wrong with it, as the end of a sentence and without a part of it.
pub(super) fn parse(url: &str) -> Result<Address, &'static str> {
    let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
    // After `+` stands the Python driver.
    match scheme.split('+').next().unwrap_or_default() {
        "sqlite" => sqlite(rest),
        "postgresql" | "postgres" => postgres(rest),
        "mysql" | "mariadb" => mysql(rest),
        _ => Err(
            "must be one such as \"sqlite:///sessions.db\", \"postgresql://user:password@host/database\" or \
             \"mysql://user:password@host/database\"",
        ),
    }
}

#[cfg(feature = "sqlite")]
fn sqlite(rest: &str) -> Result<Address, &'static str> {
    match rest.strip_prefix('/') {
        Some("" | ":memory:") => Err("names a database in memory; write session_type = \"memory\""),
        Some(file) if file.starts_with("file:") || file.contains('?') => {
            Err("has parameters, which a SQLite file does not take here; write \"sqlite:///sessions.db\"")
        }
        Some(file) => Ok(Address::Sqlite(Box::new(super::sqlite::options(file)))),
        None => Err("has too few slashes; write \"sqlite:///relative.db\" or \"sqlite:////absolute.db\""),
    }
}

#[cfg(feature = "postgres")]
fn postgres(rest: &str) -> Result<Address, &'static str> {
    use sqlx::ConnectOptions;
    use sqlx::postgres::{PgConnectOptions, PgSslMode};

    let options: PgConnectOptions = server(
        "postgres",
        rest,
        &[
            ("application_name", "application_name"),
            ("host", "host"),
            ("options", "options"),
            ("port", "port"),
            ("sslcert", "sslcert"),
            ("sslkey", "sslkey"),
            ("sslmode", "sslmode"),
            ("sslrootcert", "sslrootcert"),
            ("statement-cache-capacity", "statement-cache-capacity"),
        ],
    )?;
    let encrypted =
        matches!(options.get_ssl_mode(), PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    tls_is_on(encrypted)?;
    Ok(Address::Postgres(Box::new(options.disable_statement_logging())))
}

#[cfg(feature = "mysql")]
fn mysql(rest: &str) -> Result<Address, &'static str> {
    use sqlx::ConnectOptions;
    use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

    let options: MySqlConnectOptions = server(
        "mysql",
        rest,
        &[
            ("charset", "charset"),
            ("collation", "collation"),
            ("ssl_ca", "ssl-ca"),
            ("ssl_cert", "ssl-cert"),
            ("ssl_key", "ssl-key"),
            ("ssl-ca", "ssl-ca"),
            ("ssl-cert", "ssl-cert"),
            ("ssl-key", "ssl-key"),
            ("ssl-mode", "ssl-mode"),
            ("statement-cache-capacity", "statement-cache-capacity"),
            ("unix_socket", "socket"),
        ],
    )?;
    let encrypted = matches!(
        options.get_ssl_mode(),
        MySqlSslMode::Required | MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity
    );
    tls_is_on(encrypted)?;
    Ok(Address::MySql(Box::new(options.disable_statement_logging())))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &str) -> Result<Address, &'static str> {
    Err("names a SQLite file; turn on the cargo feature `sqlite`")
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str) -> Result<Address, &'static str> {
    Err("names a PostgreSQL server; turn on the cargo feature `postgres`")
}

#[cfg(not(feature = "mysql"))]
fn mysql(_: &str) -> Result<Address, &'static str> {
    Err("names a MySQL server; turn on the cargo feature `mysql`")
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn tls_is_on(wanted: bool) -> Result<(), &'static str> {
    if wanted && !cfg!(feature = "sql-tls") {
        return Err("demands TLS; turn on the cargo feature `sql-tls`");
    }
    Ok(())
}

/// Reads the address of a server. `rest` follows `scheme://`; `parameters` are those that are known, and what they
/// are called by the driver.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn server<O: std::str::FromStr>(
    scheme: &str,
    rest: &str,
    parameters: &[(&str, &str)],
) -> Result<O, &'static str> {
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
        let Some((_, name)) = parameters.iter().find(|(known, _)| *known == name) else {
            return Err("has a parameter that is not known here; remove what follows the question mark");
        };
        url.extend([&*separator.to_string(), name, "=", value]);
    }
    url.parse().map_err(|_| {
        "is no usable URL; write \"postgresql://user:password@host:port/database\", with special characters of \
         user and password percent-encoded"
    })
}

/// User and password, then what follows `@`. A password may hold anything but `@`, a user neither `:` nor `/`.
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
