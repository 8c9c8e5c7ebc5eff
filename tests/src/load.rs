//! Load on a store in which every error of anybody shows: each session has one writer, who remembers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use rocket::tokio;
use rocket::tokio::runtime::{Builder, Runtime};
use rocket::tokio::task::JoinHandle;
use rocket::tokio::time::{sleep, timeout};
use rocket_session_state::store::{Call, Loaded, New, RedisStore, Store, StoreError, Swap};
use rocket_session_state_core::Chain;

use crate::poll;

/// The number of sessions, each with a task that is its only writer.
pub const TASKS: usize = 64;

/// The pause of each task between two swaps.
const PAUSE: Duration = Duration::from_millis(2);

/// The time that a call has, as `session_store_timeout` gives it by default.
const LIMIT: Duration = Duration::from_secs(1);

/// The size of a session in bytes.
const SIZE: usize = 1024;

/// The key of the session of a task.
pub fn key(task: usize) -> String {
    format!("session:under-load-{task}")
}

/// Tasks that swap until the value is dropped.
pub struct Load {
    writers: Vec<Arc<Writer>>,
    running: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
    // Dropped last: the tasks run on it.
    runtime: Runtime,
}

/// What has happened since the last [`Load::begin`].
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Acknowledged swaps.
    pub swaps: u64,
    /// Swaps that failed, by what the store said.
    pub errors: BTreeMap<String, u64>,
    /// Failed swaps that a load has shown to have happened.
    pub happened: u64,
    /// Conflicts with what an earlier swap has written, after a load had not seen it yet.
    pub late: u64,
    /// Conflicts with the very record that the same swap has written.
    pub false_conflicts: u64,
    /// Acknowledged swaps that are gone.
    pub lost: u64,
}

impl Counts {
    /// The number of swaps that failed.
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    fn add(&mut self, other: &Counts) {
        self.swaps += other.swaps;
        self.happened += other.happened;
        self.late += other.late;
        self.false_conflicts += other.false_conflicts;
        self.lost += other.lost;
        for (error, count) in &other.errors {
            *self.errors.entry(error.clone()).or_default() += count;
        }
    }
}

impl Load {
    /// Starts the tasks and waits until each has written.
    pub fn on(store: RedisStore) -> Load {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (store, running) = (Arc::new(store), Arc::new(AtomicBool::new(true)));
        let start = Instant::now();
        let writers: Vec<_> = (0..TASKS).map(|task| Arc::new(Writer::of(key(task), start))).collect();
        let task = |writer: &Arc<Writer>| {
            runtime.spawn(Arc::clone(writer).run(Arc::clone(&store), Arc::clone(&running)))
        };
        let load = Load { tasks: writers.iter().map(task).collect(), writers, running, runtime };
        load.written_since(start, Duration::from_secs(20));
        load
    }

    /// Counts from now on.
    pub fn begin(&self) {
        for writer in &self.writers {
            writer.longest.store(0, Ordering::SeqCst);
            *writer.counts.lock().unwrap() = Counts::default();
        }
    }

    /// Waits until each session was written by a call that has begun after `since`. A task for which this takes longer than
    /// `limit` fails the test: its store hangs.
    pub fn written_since(&self, since: Instant, limit: Duration) {
        let mut waiting = Vec::new();
        let written = poll::until(limit, || {
            waiting = self.writers.iter().filter(|writer| writer.last_begun() <= since).collect();
            waiting.is_empty()
        });
        let errors = self.counts().errors;
        assert!(
            written,
            "{} of {TASKS} sessions were not written within {limit:?}: {errors:?}",
            waiting.len()
        );
    }

    /// What has happened since [`begin`](Load::begin).
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.writers.iter().for_each(|writer| sum.add(&writer.counts.lock().unwrap()));
        sum
    }

    /// The longest time since [`begin`](Load::begin) that any of some sessions was not written.
    pub fn longest_silence(&self, of: impl Fn(usize) -> bool) -> Duration {
        let silences = self.writers.iter().enumerate().filter(|(task, _)| of(*task));
        silences.map(|(_, writer)| writer.longest_silence()).max().unwrap_or_default()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.running.store(false, Ordering::SeqCst);
        for task in self.tasks.drain(..) {
            // A task that has panicked has said so.
            let _ = self.runtime.block_on(task);
        }
    }
}

/// The only writer of a session.
struct Writer {
    key: String,
    start: Instant,
    /// When the last acknowledged swap began and when it ended, in microseconds since the start.
    begun: AtomicU64,
    ended: AtomicU64,
    longest: AtomicU64,
    counts: Mutex<Counts>,
}

/// What a task knows of its session.
#[derive(Default)]
struct Known {
    /// The record that is expected.
    record: Option<Loaded>,
    /// The last number that was acknowledged.
    acknowledged: u64,
    /// The number of swaps that were sent: each writes another record.
    sent: u64,
}

impl Writer {
    fn of(key: String, start: Instant) -> Writer {
        let zero = || AtomicU64::new(0);
        Writer { key, start, begun: zero(), ended: zero(), longest: zero(), counts: Mutex::default() }
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    fn last_begun(&self) -> Instant {
        self.start + Duration::from_micros(self.begun.load(Ordering::SeqCst))
    }

    fn longest_silence(&self) -> Duration {
        let present = self.now().saturating_sub(self.ended.load(Ordering::SeqCst));
        Duration::from_micros(self.longest.load(Ordering::SeqCst).max(present))
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock().unwrap());
    }

    async fn run(self: Arc<Self>, store: Arc<RedisStore>, running: Arc<AtomicBool>) {
        let mut known = Known::default();
        while running.load(Ordering::SeqCst) {
            sleep(PAUSE).await;
            known.sent += 1;
            let (number, begun) = (number_of(known.record.as_ref()).0 + 1, self.now());
            let bytes = record(number, known.sent);
            let new = New { bytes: &bytes, lifetime: Some(Duration::from_secs(3600)) };
            let swap = store.swap(call(), &self.key, known.record.as_ref(), Some(new));
            match in_time(swap).await {
                Ok(Swap::Done { .. }) => {
                    known.acknowledged = number;
                    known.record = Some(Loaded::new(bytes));
                    let ended = self.now();
                    let silence = ended - self.ended.swap(ended, Ordering::SeqCst);
                    self.longest.fetch_max(silence, Ordering::SeqCst);
                    self.begun.store(begun, Ordering::SeqCst);
                    self.count(|counts| counts.swaps += 1);
                }
                Ok(Swap::Conflict(found)) => {
                    let (_, sent) = number_of(found.as_ref());
                    let expected = number_of(known.record.as_ref()).1;
                    // Otherwise it is an older record: what came after that is lost.
                    self.count(|counts| match sent == known.sent {
                        true => counts.false_conflicts += 1,
                        false => counts.late += u64::from(sent > expected),
                    });
                    self.adopt(&mut known, found);
                }
                Err(error) => {
                    self.count(|counts| *counts.errors.entry(error).or_default() += 1);
                    self.look(&mut known, &store, &running).await;
                }
            }
        }
    }

    /// Loads until that works: the outcome of a swap is open.
    async fn look(&self, known: &mut Known, store: &RedisStore, running: &AtomicBool) {
        while running.load(Ordering::SeqCst) {
            match in_time(store.load(call(), &self.key, None)).await {
                Ok(found) => {
                    let happened = number_of(found.as_ref()).1 == known.sent;
                    self.count(|counts| counts.happened += u64::from(happened));
                    return self.adopt(known, found);
                }
                // It may well be that nobody answers yet.
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Goes on with what is there.
    fn adopt(&self, known: &mut Known, found: Option<Loaded>) {
        let (number, _) = number_of(found.as_ref());
        let lost = known.acknowledged.saturating_sub(number);
        self.count(|counts| counts.lost += lost);
        known.acknowledged -= lost;
        known.record = found;
    }
}

fn call() -> Call {
    Call { now: SystemTime::now(), deadline: tokio::time::Instant::now() + LIMIT }
}

/// The caller enforces the deadline, as the application does.
async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, String> {
    match timeout(LIMIT, answer).await {
        Ok(answer) => answer.map_err(|error| Chain(&error).to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

/// A session that holds a number, made by the swap of that number.
fn record(number: u64, sent: u64) -> Vec<u8> {
    let mut bytes = format!("{number:016}{sent:016}").into_bytes();
    bytes.resize(SIZE, b'.');
    bytes
}

/// The numbers in a record; zeros if there is none.
fn number_of(record: Option<&Loaded>) -> (u64, u64) {
    let Some(record) = record else { return (0, 0) };
    let text = std::str::from_utf8(&record.bytes).unwrap();
    (text[..16].parse().unwrap(), text[16..32].parse().unwrap())
}
