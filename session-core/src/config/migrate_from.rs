//! `session_migrate_from`: the store that sessions are moved out of.

use std::error::Error;

use super::{Environment, Problem, SessionConfig, SessionType, StoreSettings, check};
use crate::error_chain::Chain;
use crate::settings::reader::{FromSetting, Setting};
use crate::settings::report::Report;
use crate::settings::table::Settings;
use crate::spelling::nearest;
use crate::store::backend::Backend;
use crate::store::{DynStore, StoreError};

/// The store that sessions are moved out of, each at its first use.
///
/// ```
/// # extern crate rocket_session_state_core as rocket_session_state;
/// use rocket_session_state::config::{MigrateFrom, SessionConfig, SessionType};
///
/// let mut old = MigrateFrom::new(SessionType::Redis);
/// old.store.redis.url = "redis://old.example.com".into();
/// let mut config = SessionConfig::default();
/// config.session_migrate_from = Some(old);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MigrateFrom {
    /// The kind of store.
    pub session_type: SessionType,
    /// Text before the id in that store's keys. Default: none, which is the prefix of the new store; a checked
    /// configuration always holds a value.
    pub session_key_prefix: Option<String>,
    /// The settings of that store.
    pub store: StoreSettings,
}

impl MigrateFrom {
    /// Makes the description of a store of this kind, at its default address.
    pub fn new(session_type: SessionType) -> Self {
        MigrateFrom { session_type, session_key_prefix: None, store: StoreSettings::default() }
    }

    /// Returns the store; `None` for the cookie.
    pub(crate) fn backend(&self) -> Option<&dyn Backend> {
        self.store.backend(self.session_type)
    }

    /// Makes the store. Nothing is connected yet.
    pub(crate) fn open_store(&self) -> Result<DynStore, StoreError> {
        let backend = self.backend().ok_or_else(|| StoreError::misconfigured("cookies are not a store"))?;
        backend.open().map_err(|error| StoreError::misconfigured(in_the_table(&error)))
    }

    /// Returns the prefix of its keys, for a configuration that has this prefix.
    pub(crate) fn key_prefix<'a>(&'a self, new: &'a str) -> &'a str {
        self.session_key_prefix.as_deref().unwrap_or(new)
    }
}

/// Reads `{ type = "…", … }`, whose keys are those of a store without their `session_`.
impl FromSetting for MigrateFrom {
    fn from_setting(setting: &Setting) -> Result<Self, String> {
        let form = "must be a table such as { type = \"redis\", redis = \"redis://127.0.0.1:6379\" }";
        let table = setting.value.as_dict().ok_or(form)?;
        if !table.contains_key("type") {
            return Err(format!("has no `type`: it {form}"));
        }
        let mut old = MigrateFrom::new(SessionType::default());
        for (name, value) in table {
            let inner = setting.inner(name, value.clone());
            let read = match name.as_str() {
                "type" => SessionType::from_setting(&inner).map(|read| old.session_type = read),
                "key_prefix" => String::from_setting(&inner).map(|read| old.session_key_prefix = Some(read)),
                _ => old.store.set(&format!("session_{name}"), &inner).ok_or_else(|| unknown_key(name))?,
            };
            read.map_err(|message| format!("`{name}` {message}"))?;
        }
        Ok(old)
    }
}

fn unknown_key(name: &str) -> String {
    let keys = StoreSettings::keys();
    let keys = keys.iter().filter_map(|key| key.name.strip_prefix("session_"));
    let meant =
        nearest(name, ["type", "key_prefix"].into_iter().chain(keys)).map_or("type", |(word, _)| word);
    format!("has the unknown key `{name}`; did you mean `{meant}`?")
}

/// Says that it is a key of the table, whose own keys lack the beginning, that an error is about.
fn in_the_table(error: &StoreError) -> String {
    let text = error.source().map_or_else(|| error.to_string(), |source| Chain(source).to_string());
    match text.strip_prefix("session_").and_then(|text| text.split_once(' ')) {
        Some((key, message)) => format!("session_migrate_from: `{key}` {message}"),
        None => format!("session_migrate_from: {text}"),
    }
}

/// Reports why sessions can't be moved from there to the store of `config`.
pub(super) fn check(config: &mut SessionConfig, environment: Environment, report: &mut Report) {
    const KEY: &str = "session_migrate_from";
    let Some(mut old) = config.session_migrate_from.take() else { return };
    let prefix = old.key_prefix(&config.session_key_prefix).to_owned();
    if report.readable(&[KEY, "session_type", "session_key_prefix"]) {
        let is_same_prefix = prefix == config.session_key_prefix;
        match old.backend() {
            None => report.refuse(
                &[KEY],
                "can't be cookies: they hold their sessions themselves, and no id of a record",
            ),
            Some(_) if old.session_type == SessionType::Memory => report.refuse(
                &[KEY],
                "can't be a store in memory: its sessions ended with the process that had them",
            ),
            Some(_)
                if !environment.own_store
                    && is_same_prefix
                    && config.store.is_same_place(config.session_type, (&old.store, old.session_type)) =>
            {
                report.refuse(&[KEY], "is the store that the sessions are in already");
            }
            Some(_) => {
                let mut of_old = Report::default();
                let against = check::against(config, old.session_type, &prefix, environment);
                check::backend(&old.store, &against, &mut of_old);
                check::key_prefix(&prefix, &mut of_old);
                let message = |problem: &Problem| {
                    let key = problem.key().strip_prefix("session_").unwrap_or(problem.key());
                    format!("`{key}` {}", problem.message())
                };
                match of_old.finish() {
                    Ok(warnings) => warnings.iter().for_each(|warning| report.warn(&[KEY], message(warning))),
                    Err(error) => {
                        error.problems().iter().for_each(|problem| report.refuse(&[KEY], message(problem)));
                    }
                }
            }
        }
    }
    old.session_key_prefix = Some(prefix);
    config.session_migrate_from = Some(old);
}
