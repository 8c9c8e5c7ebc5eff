//! `session_migrate_from`: the store that sessions are moved out of.

use super::keys::KEYS;
use super::{SessionConfig, SessionType, Surroundings, rules};
use crate::settings::reader::Setting;
use crate::settings::report::Report;
use crate::settings::spelling::nearest;

/// Reads `{ type = "…", … }`. Its keys are those of a store without their `session_`; the prefix of the ids is
/// that of the new store unless it is given.
pub(super) fn read(setting: &Setting, prefix: &str) -> Result<Box<SessionConfig>, String> {
    let form = "must be a table such as { type = \"redis\", redis = \"redis://127.0.0.1:6379\" }";
    let table = setting.value.as_dict().ok_or(form)?;
    if !table.contains_key("type") {
        return Err(format!("has no `type`: it {form}"));
    }
    let mut old = SessionConfig { session_key_prefix: prefix.to_owned(), ..SessionConfig::default() };
    let keys = || {
        KEYS.iter()
            .filter(|key| key.places_a_store() || ["session_type", "session_key_prefix"].contains(&key.name))
    };
    for (name, value) in table {
        let spelled = |key: &'static str| key.strip_prefix("session_").unwrap_or(key);
        let Some(key) = keys().find(|key| spelled(key.name) == name) else {
            let meant = nearest(name, keys().map(|key| spelled(key.name))).map_or("type", |(word, _)| word);
            return Err(format!("has the unknown key `{name}`; did you mean `{meant}`?"));
        };
        let inner = Setting { spelling: name.clone(), value: value.clone(), place: None };
        (key.apply)(&mut old, &inner).map_err(|message| format!("`{name}` {message}"))?;
    }
    Ok(Box::new(old))
}

/// Reports why sessions can't be moved from there to the store of `config`.
pub(super) fn apply(config: &SessionConfig, surroundings: Surroundings, report: &mut Report) {
    const KEY: &str = "session_migrate_from";
    let Some(old) = config.session_migrate_from.as_deref() else { return };
    if !report.readable(&[KEY, "session_type", "session_key_prefix"]) {
        return;
    }
    match old.session_type {
        SessionType::Cookie => {
            report.refuse(
                &[KEY],
                "can't be cookies: they hold their sessions themselves, and no id of a record",
            );
        }
        SessionType::Memory => {
            report.refuse(
                &[KEY],
                "can't be a store in memory: its sessions ended with the process that had them",
            );
        }
        _ if !surroundings.own_store && config.is_in_the_same_store(old) => {
            report.refuse(&[KEY], "is the store that the sessions are in already");
        }
        _ => {
            let mut of_old = Report::default();
            rules::named_store(old, Surroundings { own_store: false, ..surroundings }, &mut of_old);
            rules::key_prefix(old, &mut of_old);
            for (key, message) in of_old.into_refusals() {
                let key = key.strip_prefix("session_").unwrap_or(&key).to_owned();
                report.refuse(&[KEY], format!("`{key}` {message}"));
            }
        }
    }
}

impl SessionConfig {
    fn is_in_the_same_store(&self, other: &SessionConfig) -> bool {
        let (a, b) = (self, other);
        let both_in_files = a.session_type.is_files() && b.session_type.is_files();
        (a.session_type == b.session_type || both_in_files)
            && a.session_key_prefix == b.session_key_prefix
            && match a.session_type {
                SessionType::Cookie | SessionType::Memory => true,
                SessionType::Redis => a.session_redis == b.session_redis,
                SessionType::Sql => {
                    a.session_sqlalchemy == b.session_sqlalchemy
                        && a.session_sqlalchemy_table == b.session_sqlalchemy_table
                        && a.session_sqlalchemy_schema == b.session_sqlalchemy_schema
                }
                SessionType::FileSystem | SessionType::CacheLib => a.session_file_dir == b.session_file_dir,
                SessionType::Memcached => a.session_memcached == b.session_memcached,
                SessionType::MongoDb => {
                    a.session_mongodb == b.session_mongodb
                        && a.session_mongodb_db == b.session_mongodb_db
                        && a.session_mongodb_collect == b.session_mongodb_collect
                }
            }
    }
}
