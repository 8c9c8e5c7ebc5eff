//! The processes that answer in turns.

use session_tests::client::Client;
use session_tests::flask::Flask;
use session_tests::jar::Jar;

use crate::pair::{Pair, Settings};

/// Who answers a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Ours,
    Flask,
    Companion,
}

pub(super) struct Engines {
    pub(super) pair: Pair,
    /// Flask with our Python package, where there are records.
    pub(super) companion: Option<Flask>,
}

impl Engines {
    pub(super) fn start(settings: &Settings<'_>) -> Engines {
        let companion = settings.engine.has_records().then(|| settings.start_companion());
        Engines { pair: settings.start(), companion }
    }

    pub(super) fn sides(&self) -> &'static [Side] {
        let sides = &[Side::Ours, Side::Flask, Side::Companion];
        if self.companion.is_some() { sides } else { &sides[..2] }
    }

    /// One visitor of all.
    pub(super) fn visitors(&self, jar: &Jar) -> Vec<(Side, Client)> {
        let [ours, flask] = self.pair.visitors(jar);
        let companion = self.companion.as_ref().map(|companion| Client::with_jar(&companion.url(), jar));
        let companion = companion.map(|client| (Side::Companion, client));
        [(Side::Ours, ours), (Side::Flask, flask)].into_iter().chain(companion).collect()
    }
}
