//! The settings of the MongoDB store.

use crate::settings::address::public_part;
use crate::settings::reader::one_text;
use crate::settings::report::Report;
use crate::settings::table::settings;
use crate::store::backend::{Against, Backend};

settings! {
    /// The settings of the MongoDB store.
    #[derive(PartialEq)]
    pub struct MongoDbSettings: OneStore {
        /// Address of the MongoDB server or servers, one URL: `mongodb://…`, or with the feature `mongodb-srv`
        /// `mongodb+srv://…`. Default: the server on this machine, port 27017.
        url: String = "mongodb://127.0.0.1:27017".into(), key session_mongodb, read |setting| one_text(setting, ONE_URL), shown public_part;
        /// Name of the database. Default: `flask_session`.
        database: String = "flask_session".into(), key session_mongodb_db;
        /// Name of the collection. Default: `sessions`.
        collection: String = "sessions".into(), key session_mongodb_collect;
    }
}

const ONE_URL: &str = "must be one URL; name several servers in it: \"mongodb://host1,host2\"";

impl Backend for MongoDbSettings {
    fn check(&self, _: &Against<'_>, report: &mut Report) {
        if let Some(objection) = objection(&self.url) {
            report.refuse(&["session_mongodb"], objection);
        }
        let database = &self.database;
        if !(1..=63).contains(&database.len()) || database.contains(['/', '\\', '.', ' ', '"', '$', '\0']) {
            report.refuse(
                &["session_mongodb_db"],
                "must be the name of a database: 1 to 63 bytes without blanks and / \\ . \" $",
            );
        }
        let collection = &self.collection;
        if collection.is_empty() || collection.contains(['$', '\0']) || collection.starts_with("system.") {
            report.refuse(
                &["session_mongodb_collect"],
                "must be the name of a collection: not empty, without $, not beginning with \"system.\"",
            );
        }
    }

    #[cfg(feature = "mongodb")]
    fn open(&self) -> Result<crate::store::DynStore, crate::store::StoreError> {
        let store = super::MongoStore::from_url(&self.url, &self.database, &self.collection)?;
        Ok(crate::store::DynStore::new(store))
    }

    #[cfg(feature = "mongodb")]
    fn exposure(&self) -> Option<&'static str> {
        super::store::exposure(&self.url)
    }

    fn location(&self) -> String {
        format!("{}, collection {}.{}", public_part(&self.url), self.database, self.collection)
    }
}

/// Says why `url` can't be used, without showing it. Without the feature, that is what is missing.
fn objection(url: &str) -> Option<String> {
    #[cfg(feature = "mongodb")]
    return super::store::objection(url);
    #[cfg(not(feature = "mongodb"))]
    {
        let _ = url;
        None
    }
}
