//! The address of a MongoDB server, which may hold a password, and the names of database and collection.

use super::SessionConfig;
use crate::settings::report::Report;

/// Reports what the driver or the server would not take.
pub(super) fn apply(config: &SessionConfig, report: &mut Report) {
    if let Some(objection) = config.session_mongodb.as_deref().and_then(objection) {
        report.refuse(&["session_mongodb"], objection);
    }
    let database = &config.session_mongodb_db;
    if database.is_empty() || database.len() > 63 || database.contains(['/', '\\', '.', ' ', '"', '$', '\0'])
    {
        report.refuse(
            &["session_mongodb_db"],
            "must be the name of a database: 1 to 63 bytes without blanks and / \\ . \" $",
        );
    }
    let collection = &config.session_mongodb_collect;
    if collection.is_empty() || collection.contains(['$', '\0']) || collection.starts_with("system.") {
        report.refuse(
            &["session_mongodb_collect"],
            "must be the name of a collection: not empty, without $, not beginning with \"system.\"",
        );
    }
}

/// Why `url` can't be used, without showing it.
fn objection(url: &str) -> Option<&'static str> {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    match scheme {
        "mongodb" => {}
        "mongodb+srv" if cfg!(feature = "mongodb-srv") => {}
        "mongodb+srv" => return Some("is looked up in DNS; turn on the cargo feature `mongodb-srv`"),
        _ => return Some("must be one URL such as \"mongodb://127.0.0.1:27017\""),
    }
    #[cfg(feature = "mongodb")]
    if let Some(objection) = crate::store::mongodb::objection(url) {
        return Some(objection);
    }
    None
}
