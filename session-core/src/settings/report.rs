//! Collects the findings while a configuration is read and checked.

use std::collections::{BTreeMap, BTreeSet};

use super::{ConfigError, Place, Problem, Warning};

/// All findings, and where each key was set.
#[derive(Default)]
pub(crate) struct Report {
    origins: BTreeMap<&'static str, Origin>,
    unread: BTreeSet<&'static str>,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

/// The spelling of a key that was set, and where it was set.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) spelling: String,
    pub(crate) place: Option<Place>,
}

impl Report {
    /// Notes that `key` was set, in this spelling, at this place.
    pub(crate) fn set(&mut self, key: &'static str, spelling: &str, place: Option<Place>) {
        self.origins.insert(key, Origin { spelling: spelling.into(), place });
    }

    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.origins.contains_key(key)
    }

    pub(crate) fn origin(&self, key: &str) -> Option<&Origin> {
        self.origins.get(key)
    }

    /// Reports that the value of `key` can't be read: the configuration holds its default instead.
    pub(crate) fn unreadable(&mut self, key: &'static str, message: String) {
        self.unread.insert(key);
        self.refuse(&[key], message);
    }

    /// Reports that `key` is set twice, so that it is open which value counts: the configuration holds its default.
    pub(crate) fn ambiguous(
        &mut self,
        key: &'static str,
        spelling: &str,
        message: String,
        places: Vec<Place>,
    ) {
        self.unread.insert(key);
        self.refuse_spelling(spelling, message, places);
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

    /// Returns the problems alone, each as its key and its message.
    pub(crate) fn into_refusals(self) -> impl Iterator<Item = (String, String)> {
        self.problems.into_iter().map(|problem| (problem.key().to_owned(), problem.message().to_owned()))
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
        let spelling = self.origins.get(name).map_or(name, |origin| &origin.spelling);
        let places = keys.iter().filter_map(|key| self.origins.get(key)?.place.clone());
        Problem::new(spelling.to_owned(), message, places)
    }
}
