//! What the keys of the SQL store must be to be launched.

use super::SessionConfig;
use crate::settings::report::Report;

pub(super) fn apply(config: &SessionConfig, report: &mut Report) {
    if config.session_sqlalchemy.is_none() && report.readable(&["session_sqlalchemy"]) {
        report.refuse(
            &["session_sqlalchemy"],
            "is missing, and says where the database is; a file is enough: \"sqlite:///sessions.db\"",
        );
    }
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    {
        if let Some(objection) = config.session_sqlalchemy.as_deref().and_then(crate::store::sql::objection) {
            report.refuse(&["session_sqlalchemy"], objection);
        }
        names(config, report);
    }
    // What the column takes. PostgreSQL would refuse a longer key at the first log-in.
    let id = crate::formats::id::SessionId::characters(config.session_id_length);
    if config.session_key_prefix.len().saturating_add(id) > 255 {
        report.refuse(
            &["session_key_prefix", "session_id_length"],
            format!("and the id, which has {id} characters, must have at most 255 together in a SQL table"),
        );
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn names(config: &SessionConfig, report: &mut Report) {
    use crate::store::SqlTable;

    const NAME: &str = "must be letters, digits and _, at most 63, and begin with no digit";
    if SqlTable::new(&config.session_sqlalchemy_table).is_err() {
        report.refuse(&["session_sqlalchemy_table"], NAME);
    }
    let Some(schema) = &config.session_sqlalchemy_schema else { return };
    if SqlTable::new(schema).is_err() {
        report.refuse(&["session_sqlalchemy_schema"], NAME);
    }
    if config.session_sqlalchemy.as_deref().is_some_and(|url| url.starts_with("sqlite")) {
        report.refuse(&["session_sqlalchemy_schema"], "does not exist in SQLite; remove it");
    }
}
