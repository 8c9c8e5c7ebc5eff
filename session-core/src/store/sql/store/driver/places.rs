//! The number of connections: as many as are allowed, or fewer where the server has none left.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

/// Rights to have a connection, of which there are as many as there may be connections.
pub(super) struct Places {
    most: usize,
    free: Semaphore,
    full: Mutex<Full>,
    /// The database's address, for people.
    address: String,
}

/// What is known of a server that refused connections for their number.
#[derive(Default)]
struct Full {
    /// Places that are not handed out.
    given_up: usize,
    last_refusal: Option<Instant>,
    last_line: Option<Instant>,
}

/// The time after the last refusal until as many connections as are allowed are tried again, and the time between two
/// lines in the log.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// The pause before the only connection is tried again.
const PAUSE: Duration = Duration::from_millis(50);

impl Places {
    pub(super) fn new(address: String, most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Places { most, free: Semaphore::new(most), full: Mutex::default(), address }
    }

    pub(super) async fn take(&self) -> sqlx::Result<SemaphorePermit<'_>> {
        self.try_all_again();
        permit(&self.free).await
    }

    /// Waits for another chance of a connection after the server had none for this place: until another place is free,
    /// whose connection is open, or for a moment if this one is the last. `None` if there is no time for that.
    pub(super) async fn wait<'p>(
        &'p self,
        place: SemaphorePermit<'p>,
        deadline: Instant,
    ) -> sqlx::Result<Option<SemaphorePermit<'p>>> {
        if self.give_up_one() {
            place.forget();
            return permit(&self.free).await.map(Some);
        }
        if Instant::now() + PAUSE >= deadline {
            return Ok(None);
        }
        sleep(PAUSE).await;
        Ok(Some(place))
    }

    /// Notes a refusal. Returns whether there is one place less from now on.
    fn give_up_one(&self) -> bool {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        full.last_refusal = Some(now);
        if full.last_line.is_none_or(|line| now.duration_since(line) >= TRY_AGAIN) {
            full.last_line = Some(now);
            log::warn!(
                "the session store has no more connections for this application, whose calls wait for one another now \
                 ({}); session_sqlalchemy_pool_size is {}",
                self.address,
                self.most
            );
        }
        let gives_up = full.given_up + 1 < self.most;
        full.given_up += usize::from(gives_up);
        gives_up
    }

    fn try_all_again(&self) {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if full.given_up > 0 && full.last_refusal.is_none_or(|refusal| refusal.elapsed() >= TRY_AGAIN) {
            self.free.add_permits(std::mem::take(&mut full.given_up));
        }
    }
}

/// Waits for a turn, first come, first served. The semaphores are never closed.
pub(super) async fn permit(semaphore: &Semaphore) -> sqlx::Result<SemaphorePermit<'_>> {
    semaphore.acquire().await.map_err(|_| sqlx::Error::PoolClosed)
}
