//! Runs every rule against a store.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::subject::{Ageing, ErasedAgeing, Subject};
use super::violation::{Broken, Violations};
use super::{history, rules};
use rocket_session_state_core::store::{DynStore, Store};

/// The test of a store: every rule of [`Store`]'s contract, and random histories of calls that are
/// compared with a model.
///
/// The store needs to be the test's own: its time may be moved by years. Keys are new ones in each
/// run and are removed at its end. Races are real only on a runtime with several threads.
///
/// ```
/// # mod rocket_session_state { pub mod store { pub use {rocket_session_state_conformance as conformance, rocket_session_state_core::store::*}; } }
/// use rocket_session_state::store::MemoryStore;
/// use rocket_session_state::store::conformance::Suite;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// Suite::new(MemoryStore::new(10_000)).run().await.unwrap();
/// # }
/// ```
pub struct Suite {
    store: DynStore,
    ageing: Option<Arc<dyn ErasedAgeing>>,
    limit: Option<usize>,
    histories: u32,
    seed: u64,
}

pub(super) type Verdict<'a> = Pin<Box<dyn Future<Output = Result<(), Broken>> + Send + 'a>>;

impl Suite {
    /// The suite for a store whose records end by [`Call::now`](rocket_session_state_core::store::Call::now).
    pub fn new(store: impl Store) -> Self {
        let mut seed = [0; 8];
        // Without random bytes all runs are alike: worse, but right.
        let _ = getrandom::fill(&mut seed);
        Suite {
            store: DynStore::new(store),
            ageing: None,
            limit: None,
            histories: 64,
            seed: u64::from_le_bytes(seed),
        }
    }

    /// Says how records of this store age, where a server's own clock ends them.
    #[must_use]
    pub fn aged_by(mut self, ageing: impl Ageing) -> Self {
        self.ageing = Some(Arc::new(ageing));
        self
    }

    /// The size in bytes of the largest record that the store holds. One of this size has to
    /// survive; a larger one has to be refused by [`StoreError::too_large`] or kept whole. Without a
    /// limit, a record of one mebibyte has to survive.
    ///
    /// [`StoreError::too_large`]: rocket_session_state_core::store::StoreError::too_large
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = Some(bytes);
        self
    }

    /// The number of random histories. Default: 64.
    #[must_use]
    pub fn histories(mut self, number: u32) -> Self {
        self.histories = number;
        self
    }

    /// Repeats the histories of the run whose failure has named this seed. Otherwise every run
    /// tries other ones.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Runs all rules, also after one is broken.
    ///
    /// # Errors
    ///
    /// The rules that are broken. Of random histories it is a shortest one that still fails.
    pub async fn run(&self) -> Result<(), Violations> {
        let mut violations = Vec::new();
        for (name, rule) in rules::ALL {
            let subject = Arc::new(self.subject(name));
            let verdict = tokio::time::timeout(RULE, rule(&subject)).await;
            let verdict = verdict.unwrap_or_else(|_| {
                Err(Broken(format!(
                    "it was not decided within {} s: calls wait for each other",
                    RULE.as_secs()
                )))
            });
            subject.clean_up().await;
            violations.extend(verdict.err().map(|broken| (*name, broken)));
        }
        let sizes = rules::values::sizes_up_to_the_limit_survive(&self.subject("sizes"), self.limit).await;
        violations.extend(sizes.err().map(|broken| ("records_up_to_the_limit_survive_whole", broken)));
        // A model says nothing more about a store that breaks plain rules.
        if violations.is_empty() {
            let agrees =
                history::agree(self.seed, self.histories, |n| self.subject(&format!("history-{n}"))).await;
            violations.extend(agrees.err().map(|broken| ("random_histories_agree_with_the_model", broken)));
        }
        Violations::found(violations)
    }

    fn subject(&self, name: &str) -> Subject {
        let mut run = [0; 8];
        let _ = getrandom::fill(&mut run);
        let prefix = format!("conformance:{:016x}:{}", u64::from_le_bytes(run), short(name));
        Subject::new(self.store.clone(), self.ageing.clone(), prefix)
    }
}

/// Longer than any rule takes on a slow machine.
const RULE: Duration = Duration::from_secs(60);

/// Keys stay as short as real ones: some stores have a limit.
fn short(name: &str) -> &str {
    name.split_at_checked(24).map_or(name, |(head, _)| head)
}
