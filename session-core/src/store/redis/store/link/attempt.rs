//! One attempt to connect, for all calls that wait for it.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::RedisResult;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Something that is opened once, by a task that works for all who wait.
///
/// If each call tried for itself, or one after another, a server that accepts connections and says nothing would hold up
/// the last of many calls for as many times the patience of one.
pub(super) struct Attempt<T>(Arc<Mutex<State<T>>>);

enum State<T> {
    /// Nobody tries; after an attempt that was not answered, nobody does before this moment.
    Idle {
        not_before: Option<Instant>,
    },
    /// A task tries, and tells the result here. Those who wait have the receivers.
    Trying(Arc<Told<T>>),
    Open(T),
}

type Told<T> = watch::Sender<Option<RedisResult<T>>>;

/// A server that has kept everybody waiting in vain is not asked for another connection for so long: those who waited
/// together end one after another.
const PAUSE: Duration = Duration::from_millis(50);

impl<T> Default for Attempt<T> {
    fn default() -> Self {
        Attempt(Arc::new(Mutex::new(State::Idle { not_before: None })))
    }
}

impl<T: Clone + Send + Sync + 'static> Attempt<T> {
    /// Returns what is open.
    pub(super) fn get(&self) -> Option<T> {
        self.look(T::clone)
    }

    /// Looks at what is open.
    pub(super) fn look<R>(&self, at: impl FnOnce(&T) -> R) -> Option<R> {
        match &*state(&self.0) {
            State::Open(opened) => Some(at(opened)),
            _ => None,
        }
    }

    /// Waits until it is open. If nobody is opening it, a task begins, and may take until `deadline`. A failure is told to all who
    /// wait for it.
    pub(super) async fn wait<F>(&self, deadline: Instant, open: impl Fn() -> F) -> RedisResult<T>
    where
        F: Future<Output = RedisResult<T>> + Send + 'static,
    {
        loop {
            let mut result = match self.begin(deadline, &open) {
                Begun::Open(opened) => return Ok(opened),
                Begun::NotBefore(moment) => {
                    sleep_until(moment).await;
                    continue;
                }
                Begun::Trying(result) => result,
            };
            // There is none if the time of the call that began was over, or its runtime has ended.
            if let Some(result) =
                result.wait_for(Option::is_some).await.ok().and_then(|result| result.clone())
            {
                return result;
            }
        }
    }

    fn begin<F>(&self, deadline: Instant, open: impl Fn() -> F) -> Begun<T>
    where
        F: Future<Output = RedisResult<T>> + Send + 'static,
    {
        let mut state = state(&self.0);
        match &*state {
            State::Open(opened) => return Begun::Open(opened.clone()),
            State::Trying(told) => return Begun::Trying(told.subscribe()),
            State::Idle { not_before: Some(moment) } if *moment > Instant::now() => {
                return Begun::NotBefore(*moment);
            }
            State::Idle { .. } => {}
        }
        let (told, result) = watch::channel(None);
        let told = Arc::new(told);
        *state = State::Trying(Arc::clone(&told));
        let (opening, trying) = (open(), Trying { shared: Arc::clone(&self.0), told });
        tokio::spawn(async move {
            tokio::select! {
                opened = timeout_at(deadline, opening) => if let Ok(opened) = opened {
                    trying.end(opened);
                },
                // Nobody waits any more.
                () = trying.told.closed() => {}
            }
        });
        Begun::Trying(result)
    }
}

enum Begun<T> {
    Open(T),
    Trying(watch::Receiver<Option<RedisResult<T>>>),
    NotBefore(Instant),
}

/// The duty to end an attempt, which is done also if its runtime ends.
struct Trying<T> {
    shared: Arc<Mutex<State<T>>>,
    told: Arc<Told<T>>,
}

impl<T: Clone> Trying<T> {
    fn end(&self, opened: RedisResult<T>) {
        *state(&self.shared) = match &opened {
            Ok(opened) => State::Open(opened.clone()),
            Err(_) => State::Idle { not_before: None },
        };
        self.told.send_replace(Some(opened));
    }
}

impl<T> Drop for Trying<T> {
    fn drop(&mut self) {
        let mut state = state(&self.shared);
        if let State::Trying(_) = &*state {
            *state = State::Idle { not_before: Some(Instant::now() + PAUSE) };
        }
    }
}

fn state<T>(shared: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert_eq!((patient.unwrap(), attempt.get()), (1, Some(1)));
    }

    #[test]
    fn an_attempt_whose_runtime_has_ended_is_made_again() {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let attempt = Attempt::<u8>::default();
        runtime().block_on(async {
            let waited = tokio::time::timeout(Duration::from_millis(1), attempt.wait(soon(), pending));
            assert!(waited.await.is_err());
        });
        assert_eq!(runtime().block_on(attempt.wait(soon(), || async { Ok(2) })).unwrap(), 2);
    }
}
