//! Processes that share a store: one that is killed after so many calls, and one whose calls wait for their turn.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rocket_session_state_core::store::{Call, Loaded, MemoryStore, New, Store, StoreError, Swap};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

/// The store that all processes share, and every key that any of them has written.
#[derive(Clone)]
pub(super) struct Shared {
    store: Arc<MemoryStore>,
    keys: Arc<Mutex<BTreeSet<String>>>,
}

impl Shared {
    pub(super) fn new() -> Shared {
        Shared { store: Arc::new(MemoryStore::new(100_000)), keys: Arc::default() }
    }

    /// The keys that begin so, of what is gone by now, too.
    pub(super) fn keys(&self, prefix: &str) -> Vec<String> {
        let keys = self.keys.lock().unwrap();
        keys.range(prefix.to_owned()..).take_while(|key| key.starts_with(prefix)).cloned().collect()
    }
}

/// What happens before a call is made.
pub(super) enum Fate {
    /// Nothing: it is made.
    Immortal,
    /// The process makes so many calls and is killed then.
    Mortal(AtomicUsize, mpsc::UnboundedSender<()>),
    /// After so many calls the process meets one that fails.
    Unlucky(AtomicUsize, Failure, mpsc::UnboundedSender<()>),
    /// Each call takes its time, in milliseconds, before and after.
    Slow(Vec<u64>, AtomicUsize),
    /// Each call waits for its turn.
    InTurn(mpsc::UnboundedSender<Turn>),
}

/// What becomes of a call that fails.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failure {
    /// It was never made, and the process knows that.
    NotMade,
    /// It was made, and its answer is lost.
    AnswerLost,
}

/// A call that waits.
pub(super) struct Turn {
    go: oneshot::Sender<()>,
    done: oneshot::Receiver<()>,
}

impl Turn {
    /// Lets the call be made, and waits until it was.
    pub(super) async fn take(self) {
        // A process that has given up the call needs no permission.
        let _ = self.go.send(());
        let _ = self.done.await;
    }
}

/// The store as one process has it.
pub(super) struct Link {
    shared: Shared,
    fate: Fate,
}

impl Link {
    pub(super) fn new(shared: &Shared, fate: Fate) -> Link {
        Link { shared: shared.clone(), fate }
    }

    async fn make<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        match &self.fate {
            Fate::Immortal => call.await,
            Fate::Mortal(left, killed) => {
                let alive = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                if alive.is_err() {
                    // Whoever kills it waits for this, and nobody is told twice.
                    let _ = killed.send(());
                    std::future::pending::<()>().await;
                }
                call.await
            }
            Fate::Unlucky(left, failure, failed) => {
                let fails = left.fetch_sub(1, Ordering::SeqCst) == 0;
                if fails {
                    let _ = failed.send(());
                }
                match failure {
                    Failure::NotMade if fails => Err(StoreError::unavailable("a fault").before_writing()),
                    Failure::AnswerLost if fails => {
                        call.await.and_then(|_| Err(StoreError::unavailable("a lost answer")))
                    }
                    _ => call.await,
                }
            }
            Fate::Slow(pauses, next) => {
                let pause = || pauses[next.fetch_add(1, Ordering::SeqCst) % pauses.len()];
                sleep(Duration::from_millis(pause())).await;
                let answer = call.await;
                sleep(Duration::from_millis(pause())).await;
                answer
            }
            Fate::InTurn(turns) => {
                let ((go, may_go), (did, done)) = (oneshot::channel(), oneshot::channel());
                if turns.send(Turn { go, done }).is_ok() {
                    let _ = may_go.await;
                }
                let answer = call.await;
                let _ = did.send(());
                answer
            }
        }
    }
}

impl Store for Link {
    async fn load(
        &self,
        call: Call,
        key: &str,
        touch: Option<Duration>,
    ) -> Result<Option<Loaded>, StoreError> {
        self.make(self.shared.store.load(call, key, touch)).await
    }

    async fn swap(
        &self,
        call: Call,
        key: &str,
        expected: Option<&Loaded>,
        new: Option<New<'_>>,
    ) -> Result<Swap, StoreError> {
        self.shared.keys.lock().unwrap().insert(key.to_owned());
        self.make(self.shared.store.swap(call, key, expected, new)).await
    }

    async fn delete(&self, call: Call, key: &str) -> Result<bool, StoreError> {
        self.make(self.shared.store.delete(call, key)).await
    }
}
