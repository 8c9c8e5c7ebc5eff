//! Listening to the removals that other processes tell of.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use redis::aio::PubSubSink;
use redis::{RedisResult, Value};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::channel::{self, Refusals};
use super::connection::Connection;
use super::link;
use super::redis_error::broken;
use crate::store::Watcher;
use crate::store::client::wait::backoff;

/// Passes removals on to those who watch for them, on a connection of its own: on one that listens to channels nothing
/// else can be done. There is none before somebody watches, and while nobody does.
///
/// It is opened again when it breaks. Whatever was missed until it listens again, all who watch are told of: they ask.
pub(super) struct Listener {
    connection: Arc<Connection>,
    refusals: Refusals,
    /// The way to the task that listens, from the first watcher on.
    task: Mutex<Option<UnboundedSender<Watched>>>,
}

/// A channel, and who wants to be told of its messages.
struct Watched {
    channel: String,
    watcher: Watcher,
}

/// How often watchers that are gone are forgotten, and the server is asked whether it is still there.
const LOOKED_AFTER: Duration = Duration::from_secs(10);
/// The server's time for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest pause before the connection is opened again: at first, and after many failures.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));
/// As many channels are named in one command.
const CHANNELS: usize = 1000;

impl Listener {
    pub(super) fn new(connection: Arc<Connection>, refusals: Refusals) -> Self {
        Listener { connection, refusals, task: Mutex::new(None) }
    }

    /// Tells a watcher of each removal of this key's record, and at once when it listens. On a connection of the
    /// application it drops the watcher: no other connection can be opened from that one.
    pub(super) fn watch(&self, key: &str, watcher: Watcher) {
        if !self.connection.can_have_others() {
            return;
        }
        let mut watched = Watched { channel: channel::of(key), watcher };
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listening) = &*task {
            match listening.send(watched) {
                Ok(()) => return,
                // Its runtime has ended.
                Err(unsent) => watched = unsent.0,
            }
        }
        let (listening, arriving) = unbounded_channel();
        // The other end is here.
        let _ = listening.send(watched);
        *task = Some(listening);
        let listening = Listening {
            connection: Arc::clone(&self.connection),
            refusals: self.refusals.clone(),
            arriving,
            watchers: HashMap::new(),
        };
        tokio::spawn(listening.run());
    }
}

/// The task that listens. It ends with its store.
struct Listening {
    connection: Arc<Connection>,
    refusals: Refusals,
    arriving: UnboundedReceiver<Watched>,
    watchers: HashMap<String, Vec<Watcher>>,
}

/// Why listening has ended without an error.
enum Done {
    NobodyWatches,
    StoreIsGone,
    /// Removals are told at another server.
    ServerHasChanged,
}

impl Listening {
    async fn run(mut self) {
        let mut failures = 0;
        loop {
            while let Ok(watched) = self.arriving.try_recv() {
                self.add(watched);
            }
            self.forget_gone();
            if self.arriving.is_closed() {
                return;
            }
            if self.watchers.is_empty() {
                let Some(watched) = self.arriving.recv().await else { return };
                self.add(watched);
            }
            let began = Instant::now();
            match self.listen().await {
                Ok(Done::NobodyWatches | Done::ServerHasChanged) => failures = 0,
                Ok(Done::StoreIsGone) => return,
                Err(error) => {
                    self.refusals.look_at(error);
                    // One that lasted for long says nothing about the next one.
                    failures = if began.elapsed() > PAUSES.1 { 0 } else { failures };
                    if let Some(Done::StoreIsGone) = self.rest(backoff(PAUSES, failures)).await {
                        return;
                    }
                    failures = failures.saturating_add(1);
                }
            }
        }
    }

    /// Waits, unless the store is gone meanwhile.
    async fn rest(&mut self, pause: Duration) -> Option<Done> {
        let mut end = pin!(sleep(pause));
        loop {
            tokio::select! {
                () = &mut end => return None,
                watched = self.arriving.recv() => match watched {
                    Some(watched) => self.add(watched),
                    None => return Some(Done::StoreIsGone),
                },
            }
        }
    }

    /// Listens on one connection for as long as it lasts and somebody watches.
    async fn listen(&mut self) -> RedisResult<Done> {
        let mut changed = pin!(self.connection.changed());
        let client = self.connection.client().ok_or_else(broken)?;
        let (mut sink, mut messages) = in_time(link::open_for_channels(&client)).await?.split();
        let channels: Vec<&str> = self.watchers.keys().map(String::as_str).collect();
        subscribe(&mut sink, &channels).await?;
        self.watchers.values().flatten().for_each(Watcher::tell);
        let mut look_after = Instant::now() + LOOKED_AFTER;
        loop {
            tokio::select! {
                watched = self.arriving.recv() => {
                    let Some(watched) = watched else { return Ok(Done::StoreIsGone) };
                    self.begin_watching(&mut sink, watched).await?;
                }
                message = messages.next() => {
                    let Some(message) = message else { return Err(broken()) };
                    let watchers = self.watchers.get(message.get_channel_name());
                    watchers.into_iter().flatten().for_each(Watcher::tell);
                }
                () = &mut changed => return Ok(Done::ServerHasChanged),
                () = sleep_until(look_after) => {
                    let gone = self.forget_gone();
                    if self.watchers.is_empty() {
                        return Ok(Done::NobodyWatches);
                    }
                    for channels in gone.chunks(CHANNELS) {
                        in_time(sink.unsubscribe(channels)).await?;
                    }
                    is_alive(&mut sink).await?;
                    if !self.connection.knows(&client) {
                        return Ok(Done::ServerHasChanged);
                    }
                    look_after = Instant::now() + LOOKED_AFTER;
                }
            }
        }
    }

    /// Listens for those who have come meanwhile.
    async fn begin_watching(&mut self, sink: &mut PubSubSink, first: Watched) -> RedisResult<()> {
        let (mut channels, mut told) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        while let Some(watched) = next {
            told.push(watched.watcher.clone());
            channels.extend((!self.watchers.contains_key(&watched.channel)).then(|| watched.channel.clone()));
            self.add(watched);
            next = self.arriving.try_recv().ok();
        }
        subscribe(sink, &channels).await?;
        told.iter().for_each(Watcher::tell);
        Ok(())
    }

    fn add(&mut self, watched: Watched) {
        self.watchers.entry(watched.channel).or_default().push(watched.watcher);
    }

    /// Forgets the watchers that are gone, and returns the channels that nobody watches any more.
    fn forget_gone(&mut self) -> Vec<String> {
        let mut left = Vec::new();
        self.watchers.retain(|channel, watchers| {
            watchers.retain(|watcher| !watcher.is_gone());
            if watchers.is_empty() {
                left.push(channel.clone());
            }
            !watchers.is_empty()
        });
        left
    }
}

async fn subscribe<C: AsRef<str>>(sink: &mut PubSubSink, channels: &[C]) -> RedisResult<()> {
    for channels in channels.chunks(CHANNELS) {
        let channels: Vec<&str> = channels.iter().map(AsRef::as_ref).collect();
        in_time(sink.subscribe(channels)).await?;
    }
    Ok(())
}

/// Asks for a sign of life. A refusal is one, too.
async fn is_alive(sink: &mut PubSubSink) -> RedisResult<()> {
    match in_time(sink.ping::<Value>()).await {
        Err(error) if link::ends_connection(&error) => Err(error),
        _ => Ok(()),
    }
}

async fn in_time<T>(answer: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(broken()))
}
