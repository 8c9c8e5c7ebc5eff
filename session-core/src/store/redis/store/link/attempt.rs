//! One attempt to connect, for all calls that wait for it.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use redis::RedisResult;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Something that is opened once, by a task that works for all who wait.
///
/// If each call tried for itself, or one after another, a server that accepts connections and says nothing would hold up
/// the last of many calls for as many times the patience of one.
pub(super) struct Attempt<T>(Arc<Inner<T>>);

struct Inner<T> {
    opened: OnceLock<T>,
    state: Mutex<State>,
}

enum State {
    /// Nobody tries; after an attempt that was not answered, nobody does before this moment.
    Idle { not_before: Option<Instant> },
    /// A task tries, and tells here how that ended. Those who wait have the receivers.
    Trying(Arc<Told>),
}

type Told = watch::Sender<Option<RedisResult<()>>>;

/// A server that has kept everybody waiting in vain is not asked for another connection for so long: those who waited
/// together end one after another.
const PAUSE: Duration = Duration::from_millis(50);

impl<T> Default for Attempt<T> {
    fn default() -> Self {
        let state = Mutex::new(State::Idle { not_before: None });
        Attempt(Arc::new(Inner { opened: OnceLock::new(), state }))
    }
}

impl<T: Send + Sync + 'static> Attempt<T> {
    /// Returns what is open.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.opened.get()
    }

    /// Waits until it is open. If nobody is opening it, a task begins, and may take until `deadline`. A failure is told
    /// to all who wait for it.
    pub(super) async fn wait<F>(&self, deadline: Instant, open: impl Fn() -> F) -> RedisResult<&T>
    where
        F: Future<Output = RedisResult<T>> + Send + 'static,
    {
        loop {
            if let Some(opened) = self.get() {
                return Ok(opened);
            }
            let mut ended = match self.begin(deadline, &open) {
                Begun::Trying(ended) => ended,
                Begun::Open => continue,
                Begun::NotBefore(moment) => {
                    sleep_until(moment).await;
                    continue;
                }
            };
            // It has not ended if the time of the call that began was over, or its runtime has ended.
            if let Some(Err(error)) =
                ended.wait_for(Option::is_some).await.ok().and_then(|ended| ended.clone())
            {
                return Err(error);
            }
        }
    }

    fn begin<F>(&self, deadline: Instant, open: impl Fn() -> F) -> Begun
    where
        F: Future<Output = RedisResult<T>> + Send + 'static,
    {
        let (told, ended) = {
            let mut state = self.0.state();
            match &*state {
                _ if self.get().is_some() => return Begun::Open,
                State::Trying(told) => return Begun::Trying(told.subscribe()),
                State::Idle { not_before: Some(moment) } if *moment > Instant::now() => {
                    return Begun::NotBefore(*moment);
                }
                State::Idle { .. } => {}
            }
            let (told, ended) = watch::channel(None);
            let told = Arc::new(told);
            *state = State::Trying(Arc::clone(&told));
            (told, ended)
        };
        // Not while the state is locked: a runtime that is ending drops the task at once, which locks it.
        let (opening, trying) = (open(), Trying { inner: Arc::clone(&self.0), told });
        tokio::spawn(async move {
            tokio::select! {
                opened = timeout_at(deadline, opening) => if let Ok(opened) = opened {
                    trying.end(opened);
                },
                // Nobody waits any more.
                () = trying.told.closed() => {}
            }
        });
        Begun::Trying(ended)
    }
}

enum Begun {
    Open,
    Trying(watch::Receiver<Option<RedisResult<()>>>),
    NotBefore(Instant),
}

/// The duty to end an attempt, which is done also if its runtime ends.
struct Trying<T> {
    inner: Arc<Inner<T>>,
    told: Arc<Told>,
}

impl<T> Trying<T> {
    fn end(&self, opened: RedisResult<T>) {
        let ended = opened.map(|opened| drop(self.inner.opened.set(opened)));
        self.inner.leave(&self.told, None);
        self.told.send_replace(Some(ended));
    }
}

impl<T> Drop for Trying<T> {
    fn drop(&mut self) {
        self.inner.leave(&self.told, Some(Instant::now() + PAUSE));
    }
}

impl<T> Inner<T> {
    /// Leaves it to others to try, unless one does already.
    fn leave(&self, ended: &Arc<Told>, not_before: Option<Instant>) {
        let mut state = self.state();
        if matches!(&*state, State::Trying(told) if Arc::ptr_eq(told, ended)) {
            *state = State::Idle { not_before };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic in here is a failed test, which is what it is for")]
mod tests {
    use std::future::pending;
    use std::io;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(1)
    }

    #[tokio::test(start_paused = true)]
    async fn sixty_four_calls_to_a_silent_server_try_once_and_end_together() {
        let (attempt, tries) = (Attempt::<u8>::default(), AtomicU32::new(0));
        let (began, deadline) = (Instant::now(), soon());
        let calls = (0..64).map(|_| {
            timeout_at(
                deadline,
                attempt.wait(deadline, || {
                    tries.fetch_add(1, Relaxed);
                    pending::<RedisResult<u8>>()
                }),
            )
        });
        let ended = futures_util::future::join_all(calls).await;
        assert!(ended.iter().all(Result::is_err));
        assert_eq!((tries.load(Relaxed), began.elapsed()), (1, Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_told_to_all_who_wait_at_once_and_the_next_call_tries_again() {
        let (attempt, tries) = (Attempt::<u8>::default(), AtomicU32::new(0));
        let refused = || {
            tries.fetch_add(1, Relaxed);
            async { Err(io::Error::from(io::ErrorKind::ConnectionRefused).into()) }
        };
        let began = Instant::now();
        let (first, second) = tokio::join!(attempt.wait(soon(), refused), attempt.wait(soon(), refused));
        assert!(first.is_err() && second.is_err());
        assert_eq!((tries.load(Relaxed), began.elapsed()), (1, Duration::ZERO));
        assert!(attempt.wait(soon(), refused).await.is_err());
        assert_eq!((tries.load(Relaxed), began.elapsed()), (2, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_gives_up_does_not_end_the_attempt_of_another_one() {
        let attempt = Attempt::<u8>::default();
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(1)
        };
        let hasty = tokio::time::timeout(Duration::from_millis(100), attempt.wait(soon(), slow));
        let (hasty, patient) = tokio::join!(hasty, attempt.wait(soon(), slow));
        assert!(hasty.is_err());
        assert_eq!((patient.unwrap(), attempt.get()), (&1, Some(&1)));
    }

    #[test]
    fn an_attempt_whose_runtime_has_ended_is_made_again() {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let attempt = Attempt::<u8>::default();
        runtime().block_on(async {
            let waited = tokio::time::timeout(Duration::from_millis(1), attempt.wait(soon(), pending));
            assert!(waited.await.is_err());
        });
        assert_eq!(runtime().block_on(attempt.wait(soon(), || async { Ok(2) })).unwrap(), &2);
    }

    #[test]
    fn runtimes_that_end_while_many_wait_end() {
        let attempt = Arc::new(Attempt::<u8>::default());
        for _ in 0..100 {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
            for _ in 0..2 {
                let attempt = Arc::clone(&attempt);
                runtime.spawn(async move {
                    loop {
                        let refused =
                            || async { Err(io::Error::from(io::ErrorKind::ConnectionRefused).into()) };
                        assert!(attempt.wait(soon(), refused).await.is_err());
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
