//! The way of events to listeners: a queue and a thread, so that no request waits for a listener or fails by it.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::event::Event;

/// A function of the application that is told of every event.
pub type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// The queue, and the thread behind it, which ends when this is dropped.
pub(super) struct Delivery {
    queue: SyncSender<Event>,
    pub(super) names_users: bool,
    queued: AtomicU64,
    heard: Arc<Heard>,
}

/// How many events the thread has told.
#[derive(Default)]
struct Heard {
    events: Mutex<u64>,
    more: Condvar,
}

/// Events that wait at most. Those that come while so many wait are dropped, and counted.
const QUEUE_HOLDS: usize = 1024;

/// The time that the shutdown waits for listeners.
const PATIENCE: Duration = Duration::from_secs(1);

impl Delivery {
    pub(super) fn new(listeners: Vec<Listener>, names_users: bool) -> Self {
        let (queue, events) = sync_channel(QUEUE_HOLDS);
        let heard = Arc::<Heard>::default();
        let told = Arc::clone(&heard);
        // A thread, not a task: a listener may block, and would keep requests waiting on a thread of theirs.
        let thread = thread::Builder::new().name("session events".into());
        if let Err(error) = thread.spawn(move || tell(&events, &listeners, &told)) {
            log::error!(
                "nobody is told of the events of sessions, since a thread could not be started: {error}"
            );
        }
        Delivery { queue, names_users, queued: AtomicU64::new(0), heard }
    }

    /// Queues an event; `false` if it is dropped.
    pub(super) fn send(&self, event: Event) -> bool {
        let is_queued = self.queue.try_send(event).is_ok();
        if is_queued {
            self.queued.fetch_add(1, Ordering::Release);
        }
        is_queued
    }

    /// Returns when the listeners have been told of everything that is queued now, but after a second in any case.
    pub(super) async fn heard(&self) {
        let (queued, heard) = (self.queued.load(Ordering::Acquire), Arc::clone(&self.heard));
        let waiting = tokio::task::spawn_blocking(move || {
            let events = heard.events.lock().unwrap_or_else(PoisonError::into_inner);
            drop(heard.more.wait_timeout_while(events, PATIENCE, |events| *events < queued));
        });
        let _ = waiting.await;
    }
}

fn tell(events: &Receiver<Event>, listeners: &[Listener], heard: &Heard) {
    for event in events {
        for listener in listeners {
            if panic::catch_unwind(AssertUnwindSafe(|| listener(&event))).is_err() {
                log::error!("a listener of session events has panicked at `{event}`");
            }
        }
        *heard.events.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        heard.more.notify_all();
    }
}
