//! Problems of a configuration, each with its place.

use std::error::Error;
use std::fmt;

use figment::{Metadata, Profile};

/// A configuration that can't be launched: every problem that was found.
///
/// Its text has one line per problem. It never holds a secret key, nor the address of a store.
#[derive(Debug, Clone)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        ConfigError { problems }
    }

    /// Returns every problem that was found; never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => f.write_str("the session configuration has a problem:")?,
            count => write!(f, "the session configuration has {count} problems:")?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl Error for ConfigError {}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    key: String,
    message: String,
    places: Vec<Place>,
}

/// One thing that is allowed, but worth a line in the launch log.
pub type Warning = Problem;

impl Problem {
    /// `places` may name one place several times.
    pub(crate) fn new(key: String, message: String, places: impl IntoIterator<Item = Place>) -> Self {
        let mut distinct = Vec::new();
        for place in places {
            if !distinct.contains(&place) {
                distinct.push(place);
            }
        }
        Problem { key, message, places: distinct }
    }

    /// Returns the key, as it was spelled where it was set; empty if a whole file can't be read.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Says what is wrong and what to write instead.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the places where the keys in question were set. Empty for defaults and for configurations made in
    /// code.
    pub fn places(&self) -> &[Place] {
        &self.places
    }
}

/// One line: key, message, places.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        let places: Vec<String> = self.places.iter().map(ToString::to_string).collect();
        if places.is_empty() { Ok(()) } else { write!(f, " ({})", places.join(", and ")) }
    }
}

/// A place where a key was set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// An environment variable, by its whole name. It applies to every profile.
    Variable(String),
    /// A file, named relative to the working directory where that is shorter, or a place in code.
    Source {
        /// The file, or file, line and column of code.
        name: String,
        /// The profile whose table has the key; none if the whole file is meant.
        profile: Option<String>,
    },
}

impl Place {
    /// Returns the place where figment found `key`.
    pub(crate) fn of_key(metadata: &Metadata, profile: &Profile, key: &str) -> Self {
        match metadata.name.strip_suffix("environment variable(s)") {
            Some(prefix) if metadata.source.is_none() => {
                let prefix = prefix.trim_matches(['`', ' ']);
                Place::Variable(format!("{prefix}{}", metadata.interpolate(profile, &[key])))
            }
            _ => Place::Source { name: source_name(metadata), profile: Some(profile.to_string()) },
        }
    }

    /// Returns the place of a source that can't be read at all.
    pub(crate) fn of_source(metadata: &Metadata) -> Self {
        Place::Source { name: source_name(metadata), profile: None }
    }

    pub(crate) fn is_variable(&self) -> bool {
        matches!(self, Place::Variable(_))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Variable(name) => write!(f, "in the environment variable {name}"),
            Place::Source { name, profile: Some(profile) } => write!(f, "in {name}, profile [{profile}]"),
            Place::Source { name, profile: None } => write!(f, "in {name}"),
        }
    }
}

fn source_name(metadata: &Metadata) -> String {
    match (&metadata.source, metadata.provide_location) {
        (Some(source), _) => source.to_string(),
        (None, Some(code)) => code.to_string(),
        (None, None) => metadata.name.to_string(),
    }
}
