//! The settings of the SQL store.

use std::path::Path;

use crate::settings::address::{absolute_path, public_part};
use crate::settings::range::within;
use crate::settings::reader::{some, some_or_false};
use crate::settings::report::Report;
use crate::settings::table::settings;
use crate::store::SessionType;
use crate::store::backend::{Against, Backend};

settings! {
    /// The settings of the SQL store.
    #[derive(PartialEq)]
    pub struct SqlSettings: OneStore {
        /// Address of the database, one URL in SQLAlchemy's spelling: `sqlite:///relative.db`,
        /// `sqlite:////absolute.db`, `postgresql://…`, `mysql://…`, `mariadb://…`. A relative file is one of the
        /// working directory; to Flask-SQLAlchemy it is one of its instance folder, so beside Flask write the
        /// absolute form. Default: none; the store needs it.
        url: Option<String> = None, key session_sqlalchemy, read some,
            shown |url: &Option<String>| url.as_deref().map(public_part);
        /// Name of the table, created if it is missing. Default: `sessions`.
        table: String = "sessions".into(), key session_sqlalchemy_table;
        /// Schema that the table is in: PostgreSQL's, or MySQL's name for a database. Default: none, which is that
        /// of the connection.
        schema: Option<String> = None, key session_sqlalchemy_schema, read some_or_false;
        /// Greatest number of connections of this process to the database. Requests that find all of them in use wait.
        /// Default: 10, for SQLite 4.
        pool_size: Option<usize> = None, key session_sqlalchemy_pool_size, read some, range connections;
    }
}

fn connections(most: &Option<usize>) -> Option<String> {
    most.as_ref().and_then(within(1..=1_000, ""))
}

/// Characters of Flask-Session's key column. PostgreSQL would refuse a longer key at the first log-in.
const LONGEST_KEY: usize = 255;

impl Backend for SqlSettings {
    fn check(&self, against: &Against<'_>, report: &mut Report) {
        match &self.url {
            Some(url) => self.check_url(url, against.session_type, report),
            None if report.readable(&["session_sqlalchemy"]) => {
                let example = match against.session_type {
                    SessionType::Postgres => "\"postgresql://user:password@host/database\"",
                    SessionType::MySql => "\"mysql://user:password@host/database\"",
                    _ => "a file is enough: \"sqlite:///sessions.db\"",
                };
                report.refuse(
                    &["session_sqlalchemy"],
                    format!("is missing, and says where the database is; {example}"),
                );
            }
            None => {}
        }
        #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
        self.check_names(report);
        if against.key_prefix.len().saturating_add(against.written) > LONGEST_KEY {
            report.refuse(
                &["session_key_prefix", "session_id_length"],
                format!(
                    "and what follows it in a key, up to {} characters of an id or of the list of a user's, must have \
                     at most {LONGEST_KEY} together in a SQL table",
                    against.written
                ),
            );
        }
    }

    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    fn open(&self) -> Result<crate::store::DynStore, crate::store::StoreError> {
        use super::{SqlStore, SqlTable};
        use crate::store::StoreError;

        let mut table = SqlTable::new(&self.table)?;
        if let Some(schema) = &self.schema {
            table = table.in_schema(schema)?;
        }
        let url = self.url.as_deref();
        let url = url.ok_or_else(|| StoreError::misconfigured("session_sqlalchemy is missing"))?;
        let store = match self.pool_size {
            Some(most) => SqlStore::from_url_with_connections(url, table, most)?,
            None => SqlStore::from_url(url, table)?,
        };
        Ok(crate::store::DynStore::new(store))
    }

    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    fn exposure(&self) -> Option<&'static str> {
        super::store::exposure(self.url.as_deref()?)
    }

    fn location(&self) -> String {
        let Some(url) = &self.url else { return "a database".into() };
        match url.split_once(":///") {
            Some((_, file)) if kind_of(url) == Some(SessionType::Sqlite) => {
                format!("SQLite file {}", absolute_path(Path::new(file)))
            }
            _ => public_part(url),
        }
    }

    fn is_same_place(&self, other: &Self) -> bool {
        self.url == other.url && self.table == other.table && self.schema == other.schema
    }

    fn is_purged(&self) -> bool {
        true
    }
}

impl SqlSettings {
    fn check_url(&self, url: &str, session_type: SessionType, report: &mut Report) {
        let kind = kind_of(url);
        if session_type != SessionType::Sql && kind.is_some_and(|kind| kind != session_type) {
            let example = match session_type {
                SessionType::Sqlite => "sqlite:///sessions.db",
                SessionType::Postgres => "postgresql://…",
                _ => "mysql://…",
            };
            report.refuse(
                &["session_sqlalchemy", "session_type"],
                format!("is not an address of session_type \"{session_type}\"; write \"{example}\" or another type"),
            );
        } else {
            #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
            if let Some(objection) = super::store::objection(url) {
                report.refuse(&["session_sqlalchemy"], objection);
            }
        }
    }

    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    fn check_names(&self, report: &mut Report) {
        use super::SqlTable;

        const SCHEMA: &str = "session_sqlalchemy_schema";
        let names = [("session_sqlalchemy_table", Some(&self.table)), (SCHEMA, self.schema.as_ref())];
        for (key, name) in names {
            if name.is_some_and(|name| SqlTable::new(name).is_err()) {
                report.refuse(&[key], SqlTable::NAMES);
            }
        }
        if self.schema.is_some() && self.url.as_deref().and_then(kind_of) == Some(SessionType::Sqlite) {
            report.refuse(&[SCHEMA], "does not exist in SQLite; remove it");
        }
    }
}

/// Returns the kind of database that a URL names, if its scheme is known. A Python driver may follow `+`.
fn kind_of(url: &str) -> Option<SessionType> {
    let (scheme, _) = url.split_once("://")?;
    match scheme.split('+').next()? {
        "sqlite" => Some(SessionType::Sqlite),
        "postgresql" | "postgres" => Some(SessionType::Postgres),
        "mysql" | "mariadb" => Some(SessionType::MySql),
        _ => None,
    }
}
