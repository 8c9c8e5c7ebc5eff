//! One event under load: what everybody has to bear, and what it has cost.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use session_tests::budget;
use session_tests::load::{Counts, Load, TASKS};
use session_tests::poll;

/// The `cluster-node-timeout` of the clusters here.
pub(crate) const NODE_TIMEOUT: Duration = Duration::from_secs(2);

/// Masters that change places again sooner may make their clients wait for seconds, whoever these are: the others have no
/// second vote so soon, and the time that a planned failover may take has to be over.
pub(crate) const REST: Duration = Duration::from_secs(11);

/// The time in which every session has to be written again. A run that shares its processors with others can only tell
/// whether something hangs.
pub(crate) fn recovery() -> Duration {
    NODE_TIMEOUT + Duration::from_secs(if budget::long() { 3 } else { 18 })
}

/// The time for which a session whose servers are well may have to wait.
pub(crate) fn patience_of_others() -> Duration {
    Duration::from_millis(if budget::long() { 300 } else { 2_000 })
}

/// The number of rounds of each event.
pub(crate) fn rounds() -> u64 {
    budget::amount("ROUNDS", 1, 10)
}

/// Keeps the tests here from running side by side: they measure.
pub(crate) fn one_at_a_time() -> MutexGuard<'static, ()> {
    static RUNNING: Mutex<()> = Mutex::new(());
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What some rounds of one event have cost.
#[derive(Default)]
pub(crate) struct Costs {
    /// What was hit is well again before all sessions can be written: a part of what they wait for.
    comes_back: bool,
    rounds: u64,
    /// The longest time that a session was not written: of those whose servers the event has hit, and of the others.
    hit: Vec<Duration>,
    others: Vec<Duration>,
    counts: Vec<Counts>,
}

impl Costs {
    /// Costs of events in which nothing is written until what was hit is well again.
    pub(crate) fn until_it_comes_back() -> Costs {
        Costs { comes_back: true, ..Costs::default() }
    }

    /// Does one round: something happens under load, and all sessions are written again by calls that have begun after
    /// `over` says yes. Then `restore` makes well what was hit. `is_hit` tells which tasks may have to wait.
    pub(crate) fn round(
        &mut self,
        load: &Load,
        is_hit: impl Fn(usize) -> bool,
        event: impl FnOnce(),
        over: impl FnMut() -> bool,
        restore: impl Fn(),
    ) {
        let before = Instant::now();
        load.written_since(before + Duration::from_secs(1), recovery());
        load.begin();
        event();
        let mut happened = Instant::now();
        assert!(poll::until(recovery(), over), "nobody has taken over within {:?}", recovery());
        if self.comes_back {
            restore();
            happened = Instant::now();
        }
        load.written_since(Instant::now(), recovery().saturating_sub(happened.elapsed()));
        self.rounds += 1;
        self.hit.push(load.longest_silence(&is_hit));
        if (0..TASKS).any(|task| !is_hit(task)) {
            self.others.push(load.longest_silence(|task| !is_hit(task)));
        }
        // Late answers and the first looks of those who wait belong to the round.
        load.written_since(Instant::now() + Duration::from_millis(300), recovery());
        self.counts.push(load.counts());
        if !self.comes_back {
            restore();
        }
    }

    /// Prints the costs, and checks what holds for every event.
    #[allow(clippy::print_stdout)] // for people who measure: `--nocapture`
    pub(crate) fn tell(&self, event: &str) {
        let sum = |of: fn(&Counts) -> u64| self.counts.iter().map(of).sum::<u64>();
        let range = |times: &[Duration]| match (times.iter().min(), times.iter().max()) {
            (Some(least), Some(most)) => format!("{:.3} to {:.3} s", least.as_secs_f64(), most.as_secs_f64()),
            _ => "none".to_owned(),
        };
        let mut errors = BTreeMap::<&str, u64>::new();
        for (error, count) in self.counts.iter().flat_map(|counts| &counts.errors) {
            *errors.entry(error).or_default() += count;
        }
        println!(
            "cluster: {event}: {} rounds; longest wait: sessions hit {}, others {}; {} swaps, {} errors, {} of them had \
             happened, {} happened later, {} false conflicts, {} acknowledged lost; errors: {errors:?}",
            self.rounds,
            range(&self.hit),
            range(&self.others),
            sum(|counts| counts.swaps),
            sum(Counts::failed),
            sum(|counts| counts.happened),
            sum(|counts| counts.late),
            sum(|counts| counts.false_conflicts),
            sum(|counts| counts.lost),
        );
        assert_eq!(sum(|counts| counts.false_conflicts), 0, "{event}: a swap met its own record");
        // What a server refuses because it is not the master any more is an outage, not the fault of the call.
        assert!(errors.keys().all(|error| !error.contains("refused the call")), "{event}: {errors:?}");
        let longest = self.others.iter().max().copied().unwrap_or_default();
        assert!(longest < patience_of_others(), "{event}: other sessions had to wait for {longest:?}");
    }

    /// The number of swaps that failed.
    pub(crate) fn failed(&self) -> u64 {
        self.counts.iter().map(Counts::failed).sum()
    }

    /// The longest time that a session was not written whose server was hit.
    pub(crate) fn longest(&self) -> Duration {
        self.hit.iter().max().copied().unwrap_or_default()
    }

    /// The number of acknowledged swaps that are gone.
    pub(crate) fn lost(&self) -> u64 {
        self.counts.iter().map(|counts| counts.lost).sum()
    }
}
