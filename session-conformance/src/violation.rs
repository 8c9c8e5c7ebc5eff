//! The report on a store that breaks the contract.

use std::error::Error;
use std::fmt;

use rocket_session_state_core::Chain;
use rocket_session_state_core::store::StoreError;

/// The rules that a store broke, each with what was seen.
///
/// `Debug` shows the same text as `Display`, so that an `unwrap` in a test is readable.
pub struct Violations(Vec<(&'static str, Broken)>);

impl Violations {
    /// The names of the broken rules.
    pub fn rules(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(rule, _)| *rule)
    }

    pub(super) fn found(violations: Vec<(&'static str, Broken)>) -> Result<(), Self> {
        if violations.is_empty() { Ok(()) } else { Err(Violations(violations)) }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store breaks {} of the contract's rules", self.0.len())?;
        for (rule, Broken(seen)) in &self.0 {
            write!(f, "\n* {}\n  {}", rule.replace('_', " "), seen.replace('\n', "\n  "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Violations {}

/// The observation that breaks a rule.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

impl Broken {
    pub(super) fn because(seen: impl Into<String>) -> Self {
        Broken(seen.into())
    }
}

/// No rule allows a call to fail while nothing is wrong with the store.
impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Broken(format!("a call failed: {}", Chain(&error)))
    }
}

/// Breaks the rule unless `holds`.
pub(super) fn ensure(holds: bool, seen: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken(seen())) }
}
