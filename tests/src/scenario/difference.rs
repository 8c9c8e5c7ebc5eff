//! Differences between a probe and the real libraries.

use std::fmt::{self, Debug, Display};

use super::vector::Scenario;

/// The kind of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// The status code.
    Status,
    /// The results of the reading operations.
    Results,
    /// The Set-Cookie lines.
    SetCookie,
    /// The Vary lines.
    Vary,
    /// Which records there are.
    Keys,
    /// The bytes of a record.
    Record,
    /// The remaining life of a record.
    Lifetime,
}

/// One difference in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The vector's name.
    pub scenario: String,
    /// The step, from 0.
    pub step: usize,
    /// The kind of a difference.
    pub aspect: Aspect,
    /// The behaviour of the real libraries.
    pub expected: String,
    /// The behaviour of the probe.
    pub found: String,
}

impl Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { scenario, step, aspect, expected, found } = self;
        write!(f, "{scenario}, step {step}: {aspect:?}\n  expected {expected}\n  found    {found}")
    }
}

/// Collects the differences of one scenario.
pub(super) struct Differences {
    scenario: String,
    step: usize,
    found: Vec<Difference>,
}

impl Differences {
    pub(super) fn of(scenario: &Scenario) -> Differences {
        Differences { scenario: scenario.id.clone(), step: 0, found: Vec::new() }
    }

    pub(super) fn begin_step(&mut self, step: usize) {
        self.step = step;
    }

    pub(super) fn compare<E: Debug + PartialEq<F>, F: Debug>(
        &mut self,
        aspect: Aspect,
        expected: E,
        found: F,
    ) {
        if expected != found {
            self.add(aspect, &expected, &found);
        }
    }

    pub(super) fn add(&mut self, aspect: Aspect, expected: &impl Debug, found: &impl Debug) {
        self.found.push(Difference {
            scenario: self.scenario.clone(),
            step: self.step,
            aspect,
            expected: format!("{expected:?}"),
            found: format!("{found:?}"),
        });
    }

    pub(super) fn found(self) -> Vec<Difference> {
        self.found
    }
}
