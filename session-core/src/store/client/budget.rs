//! The time that one request may spend in store calls.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

/// The time limit of all store calls of one request together (`session_request_timeout`).
///
/// It is shared by reference, and each call uses up its own time. Calls that are meant to be made at the same time are
/// made [`at_once`](Budget::at_once), which uses up the time of the longest only.
#[derive(Debug)]
pub(crate) struct Budget {
    total_micros: u64,
    spent_micros: AtomicU64,
    removal: OnceLock<LastRemoval>,
}

/// When the request has last removed a record, for all who spend of its time.
type LastRemoval = Arc<Mutex<Option<Instant>>>;

impl Budget {
    pub(crate) fn new(total: Duration) -> Self {
        Budget { total_micros: micros(total), spent_micros: AtomicU64::new(0), removal: OnceLock::new() }
    }

    /// The time that calls may still take.
    pub(crate) fn left(&self) -> Duration {
        Duration::from_micros(self.total_micros.saturating_sub(self.spent_micros.load(Ordering::Relaxed)))
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.spent_micros.load(Ordering::Relaxed) >= self.total_micros
    }

    /// Tells whether earlier calls have used up a part of the time.
    pub(super) fn is_begun(&self) -> bool {
        self.spent_micros.load(Ordering::Relaxed) > 0
    }

    /// Uses up this time, and returns it in microseconds.
    pub(super) fn spend(&self, time: Duration) -> u64 {
        let micros = micros(time);
        self.spent_micros.fetch_add(micros, Ordering::Relaxed);
        micros
    }

    /// Notes that a record was removed just now.
    pub(super) fn has_removed(&self) {
        let removal = self.removal.get_or_init(LastRemoval::default);
        *removal.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn last_removal(&self) -> Option<Instant> {
        *self.removal.get()?.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the whole time available again.
    pub(crate) fn renew(&self) {
        self.spent_micros.store(0, Ordering::Relaxed);
    }

    /// Does the same for each of some things, for all at the same time, and returns the answers in their order. Each
    /// has a budget of its own with what is left of this one, which the whole uses up by the time that it takes.
    pub(crate) async fn at_once<I, F: Future>(
        &self,
        things: impl IntoIterator<Item = I>,
        work: impl Fn(I, Budget) -> F,
    ) -> Vec<F::Output> {
        let began = Instant::now();
        let answers = join_all(things.into_iter().map(|thing| work(thing, self.as_it_is()))).await;
        self.spend(began.elapsed());
        answers
    }

    fn as_it_is(&self) -> Budget {
        let spent = self.spent_micros.load(Ordering::Relaxed);
        let removal = Arc::clone(self.removal.get_or_init(LastRemoval::default));
        Budget {
            total_micros: self.total_micros,
            spent_micros: AtomicU64::new(spent),
            removal: removal.into(),
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_done_at_once_uses_up_the_time_of_the_longest() {
        let budget = Budget::new(Duration::from_millis(100));
        budget.spend(Duration::from_millis(20));
        let left = budget
            .at_once([30, 5, 10], async |millis, share| {
                for _ in 0..2 {
                    let time = Duration::from_millis(millis);
                    sleep(time).await;
                    share.spend(time);
                }
                share.left().as_millis()
            })
            .await;
        assert_eq!(left, [20, 70, 60]);
        assert_eq!(budget.left(), Duration::from_millis(20));
    }
}
