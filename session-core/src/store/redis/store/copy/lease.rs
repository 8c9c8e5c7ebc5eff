//! The lease: until when copies that a connection has read may be used.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::aio::ConnectionLike;
use redis::{Cmd, RedisResult, Value, cmd};
use tokio::time::{Instant, sleep_until, timeout};

/// The lease of one connection.
///
/// On a connection everything comes in the order in which the server has done it. So an answer proves that this process
/// knows of every change that was made before the question was sent, and copies count until that moment plus the time
/// that they last. Every read proves that, and while copies are in use, a task asks now and then.
pub(in crate::store::redis::store) struct Lease {
    /// A number that no other lease of this process's copies has.
    id: u64,
    lasts: Duration,
    began: Instant,
    /// When the lease ends, in nanoseconds since `began`; 0 before anything was proven.
    until: AtomicU64,
    /// How often everything that was read may have changed.
    resets: AtomicU64,
    /// A copy was used since the task has last looked.
    is_used: AtomicBool,
    /// A task asks.
    is_kept: AtomicBool,
    /// The key that is asked for.
    key: Mutex<String>,
    question: Question,
    ask: OnceLock<Ask>,
}

/// What a server is asked to prove a lease: about a key that was read there, and so that one which is not the master of
/// that key any more refuses.
pub(in crate::store::redis::store) type Question = fn(&str) -> Cmd;

/// Asks a node of a cluster. One that has given the key's slot away, or has become a replica, names another.
pub(in crate::store::redis::store) fn of_slot(key: &str) -> Cmd {
    cmd("EXISTS").arg(key).take()
}

/// Asks any other server. `GETEX` may write, which a replica refuses; nothing is stored under this key.
pub(in crate::store::redis::store) fn of_master(key: &str) -> Cmd {
    cmd("GETEX").arg(format!("{key}:lease")).take()
}

/// Sends a question on the connection.
type Ask = Box<dyn Fn(Cmd) -> BoxFuture<'static, RedisResult<Value>> + Send + Sync>;

/// A lease at one moment: copies that were read under it can be compared with what it is later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Term {
    id: u64,
    resets: u64,
}

/// The number of questions in the time of a lease, and of those after which a lease that nobody uses is given up.
const QUESTIONS: u32 = 4;

impl Lease {
    pub(super) fn new(id: u64, lasts: Duration, question: Question) -> Self {
        Lease {
            id,
            lasts,
            began: Instant::now(),
            until: AtomicU64::new(0),
            resets: AtomicU64::new(0),
            is_used: AtomicBool::new(false),
            is_kept: AtomicBool::new(false),
            key: Mutex::default(),
            question,
            ask: OnceLock::new(),
        }
    }

    /// Begins the lease, when its connection is open. It keeps the connection open.
    pub(in crate::store::redis::store) fn begin<C>(&self, connection: &C)
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        let connection = connection.clone();
        let ask = move |question: Cmd| -> BoxFuture<'static, RedisResult<Value>> {
            let mut connection = connection.clone();
            Box::pin(async move { connection.req_packed_command(&question).await })
        };
        // A connection is opened once.
        let _ = self.ask.set(Box::new(ask));
    }

    /// Returns the lease as it is. What was read under it counts as long as it stays so.
    pub(super) fn term(&self) -> Term {
        Term { id: self.id, resets: self.resets.load(Ordering::Acquire) }
    }

    /// Returns the moment until which the lease holds. To be asked *before* a copy is looked for: what was dropped before
    /// the proof is not found after this.
    pub(super) fn until(&self) -> Instant {
        self.began + Duration::from_nanos(self.until.load(Ordering::Acquire))
    }

    /// Tells whether something that was sent within this time was answered.
    pub(in crate::store::redis::store) fn was_proven_within(&self, time: Duration) -> bool {
        self.until() > self.began && self.until() + time > Instant::now() + self.lasts
    }

    /// Notes that what was sent at this moment was answered.
    pub(super) fn proven(&self, sent: Instant) {
        let until = (sent + self.lasts).saturating_duration_since(self.began);
        self.until.fetch_max(u64::try_from(until.as_nanos()).unwrap_or(u64::MAX), Ordering::AcqRel);
    }

    /// Ends all that was read until now, since everything may have changed, or nothing more will be told.
    pub(super) fn reset(&self) {
        self.resets.fetch_add(1, Ordering::AcqRel);
    }

    /// Notes a use of a copy.
    pub(super) fn used(&self) {
        // Most of the time it is set, and then nobody's cache line is taken away.
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
        }
    }

    /// Keeps the lease in a task for as long as copies are used. `key` is one that this connection's server has: the question
    /// is about it.
    pub(super) fn keep(self: &Arc<Self>, key: &str) {
        self.used();
        {
            let mut asked = self.key.lock().unwrap_or_else(PoisonError::into_inner);
            asked.clear();
            asked.push_str(key);
        }
        if !self.is_kept.swap(true, Ordering::AcqRel) {
            tokio::spawn(Kept(Arc::clone(self)).ask());
        }
    }

    fn key(&self) -> String {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The lease in the hands of the one task that asks.
struct Kept(Arc<Lease>);

impl Kept {
    /// Asks until nobody has used a copy for a while, or there is no good answer. Then the lease ends by itself, and the
    /// next read begins another task.
    async fn ask(self) {
        let (lease, mut unused) = (&self.0, 0);
        let Some(ask) = lease.ask.get() else { return };
        loop {
            let sent = Instant::now();
            let answer = timeout(lease.lasts, ask((lease.question)(&lease.key()))).await;
            if !answer.is_ok_and(is_good) {
                return;
            }
            lease.proven(sent);
            sleep_until(sent + lease.lasts / QUESTIONS).await;
            unused = if lease.is_used.swap(false, Ordering::Relaxed) { 0 } else { unused + 1 };
            if unused >= QUESTIONS {
                return;
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.is_kept.store(false, Ordering::Release);
    }
}

/// Tells whether an answer shows that the server still serves what was read there. One that names another server does not:
/// what was read here is written there by now, and nobody here is told.
fn is_good(answer: RedisResult<Value>) -> bool {
    answer.and_then(Value::extract_error).is_ok()
}
