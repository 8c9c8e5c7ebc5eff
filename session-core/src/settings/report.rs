//! Collects the findings while a configuration is read and checked.

use std::collections::{BTreeMap, BTreeSet};

use super::reader::Setting;
use super::{ConfigError, Place, Problem, Warning};

/// All findings, and how and where each key was set.
#[derive(Default)]
pub(crate) struct Report {
    settings: BTreeMap<&'static str, Setting>,
    unread: BTreeSet<&'static str>,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

impl Report {
    /// Notes that `key` was set.
    pub(crate) fn set(&mut self, key: &'static str, setting: Setting) {
        self.settings.insert(key, setting);
    }

    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.settings.contains_key(key)
    }

    pub(crate) fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// Notes that the value of `key` can't be read: the configuration holds its default instead.
    pub(crate) fn unreadable(&mut self, key: &'static str) {
        self.unread.insert(key);
    }

    /// Tells whether rules may rely on `keys`: each holds what was written, not a default in its place.
    pub(crate) fn readable(&self, keys: &[&str]) -> bool {
        !keys.iter().any(|key| self.unread.contains(key))
    }

    /// Reports a problem of `keys`, the first of which names it.
    pub(crate) fn refuse(&mut self, keys: &[&'static str], message: impl Into<String>) {
        let problem = self.finding(keys, message.into());
        self.problems.push(problem);
    }

    /// Reports a problem with the spelling of a key.
    pub(crate) fn refuse_spelling(
        &mut self,
        spelling: &str,
        message: String,
        places: impl IntoIterator<Item = Place>,
    ) {
        self.problems.push(Problem::new(spelling.into(), message, places));
    }

    /// Adds a warning about `keys`, the first of which names it.
    pub(crate) fn warn(&mut self, keys: &[&'static str], message: impl Into<String>) {
        let warning = self.finding(keys, message.into());
        self.warnings.push(warning);
    }

    /// Returns the warnings, unless there is a problem.
    ///
    /// # Errors
    ///
    /// All problems.
    pub(crate) fn finish(self) -> Result<Vec<Warning>, ConfigError> {
        if self.problems.is_empty() { Ok(self.warnings) } else { Err(ConfigError::new(self.problems)) }
    }

    fn finding(&self, keys: &[&'static str], message: String) -> Problem {
        let name = keys.first().copied().unwrap_or_default();
        let spelling = self.settings.get(name).map_or(name, |setting| &setting.spelling);
        let places = keys.iter().filter_map(|key| self.settings.get(key)?.place.clone());
        Problem::new(spelling.to_owned(), message, places)
    }
}
