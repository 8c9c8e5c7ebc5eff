//! The search for the master.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::{RedisError, RedisResult};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::choice::{Choice, Masters, Place, Word};
use super::events;
use super::question::{described, is_master, where_is};
use crate::store::client::wait::backoff;
use crate::store::redis::store::address::{SentinelAddress, ServerAddress};
use crate::store::redis::store::copy::LocalCopy;
use crate::store::redis::store::link::Link;
use crate::store::redis::store::routing::Node;

/// What is known of the master, and how more is learnt.
pub(super) struct Search {
    sentinels: Vec<Node>,
    master: String,
    /// A server, whose place is any.
    server: ServerAddress,
    masters: Mutex<Masters>,
    present: watch::Sender<Option<Arc<Node>>>,
    /// A sentinel has told something.
    told: Notify,
    /// The present master has given reason to ask.
    doubted: Notify,
    /// Why there is no master.
    trouble: Mutex<String>,
    copies: OnceLock<Arc<LocalCopy>>,
}

/// All sentinels are asked so often even if nothing has happened: an event may have been missed.
const INTERVAL: Duration = Duration::from_secs(2);
/// The pauses between questions while there is no master, sentinels disagree or calls fail: at first, and later.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));
/// The least pause between two questions, whatever sentinels tell.
const LEAST_PAUSE: Duration = Duration::from_millis(10);
/// How long sentinels that have not answered are waited for once another one has.
const GRACE: Duration = Duration::from_millis(200);

impl Search {
    pub(super) fn new(address: SentinelAddress) -> RedisResult<Self> {
        let SentinelAddress { sentinels, master, server } = address;
        Ok(Search {
            sentinels: sentinels.iter().map(node).collect::<RedisResult<_>>()?,
            master,
            server,
            masters: Mutex::default(),
            present: watch::Sender::new(None),
            told: Notify::new(),
            doubted: Notify::new(),
            trouble: Mutex::new("no sentinel has answered yet".into()),
            copies: OnceLock::new(),
        })
    }

    /// Keeps copies of what is read from masters that are found from now on.
    pub(super) fn keep_copies(&self, copies: &Arc<LocalCopy>) {
        let _ = self.copies.set(Arc::clone(copies));
    }

    pub(super) fn present(&self) -> Option<Arc<Node>> {
        self.present.borrow().clone()
    }

    /// Waits until another master is found than now.
    pub(super) fn changed(&self) -> impl Future<Output = ()> + use<> {
        let mut present = self.present.subscribe();
        async move {
            // An error means that the store is gone.
            let _ = present.changed().await;
        }
    }

    /// Lets the sentinels be asked at once.
    pub(super) fn told(&self) {
        self.told.notify_one();
    }

    /// Lets the sentinels be asked soon, if this is the present master.
    pub(super) fn doubt(&self, node: &Node) {
        if self.present.borrow().as_ref().is_some_and(|present| std::ptr::eq(&**present, node)) {
            self.doubted.notify_one();
        }
    }

    pub(super) fn trouble(&self) -> RedisError {
        io::Error::other(lock(&self.trouble).clone()).into()
    }

    pub(super) fn address(&self) -> String {
        let sentinels: Vec<_> = self.sentinels.iter().map(|sentinel| &*sentinel.name).collect();
        let (master, database) = (&self.master, self.server.database());
        format!("Redis master {master} of the sentinels at {}, database {database}", sentinels.join(", "))
    }

    /// Tells whether an event of a sentinel is about this master: its name is one of the words.
    pub(super) fn concerns(&self, event: &str) -> bool {
        event.split(' ').any(|word| word == self.master)
    }

    /// Searches for ever.
    pub(super) async fn run(self: Arc<Self>) {
        let mut listening = JoinSet::new();
        for sentinel in &self.sentinels {
            listening.spawn(events::listen(sentinel.link.client().clone(), Arc::clone(&self)));
        }
        let mut in_vain = 0;
        loop {
            let is_certain = self.look().await;
            sleep(LEAST_PAUSE).await;
            // While a master is away every call gives reason to ask, so that can't end this pause.
            let is_told = timeout(backoff(PAUSES, in_vain), self.told.notified()).await.is_ok();
            in_vain = if is_told { 0 } else { in_vain + 1 };
            if !is_told && is_certain {
                tokio::select! {
                    () = self.told.notified() => in_vain = 0,
                    () = self.doubted.notified() => {}
                    () = sleep(INTERVAL) => in_vain = 0,
                }
            }
        }
    }

    /// Asks all sentinels. Returns whether there is a master about which they agree.
    async fn look(&self) -> bool {
        let words = self.ask_all().await;
        let choice = lock(&self.masters).choose(&words, self.sentinels.len());
        match choice {
            Choice::Nothing => false,
            Choice::Stay => {
                let masters = lock(&self.masters);
                words.iter().all(|word| masters.present() == Some(&word.place))
            }
            Choice::Take(place, epoch) => self.take(place, epoch).await,
            Choice::TakeIfGone(place, epoch) => {
                let names = words.iter().filter(|word| word.place == place).count();
                let is_gone = match self.present() {
                    // One that does not answer may be the master all the same, and the sentinel that does not know it cut off.
                    Some(present) => match is_master(&present).await {
                        Ok(is_master) => !is_master,
                        Err(_) => names * 2 > self.sentinels.len(),
                    },
                    None => true,
                };
                is_gone && self.take(place, epoch).await
            }
        }
    }

    async fn ask_all(&self) -> Vec<Word> {
        let question = async |sentinel| (sentinel, where_is(sentinel, &self.master).await);
        let mut questions: FuturesUnordered<_> = self.sentinels.iter().map(question).collect();
        let (mut words, mut troubles, mut end) = (Vec::new(), Vec::new(), None);
        loop {
            let answer = match end {
                Some(end) => timeout_at(end, questions.next()).await.unwrap_or(None),
                None => questions.next().await,
            };
            let Some((sentinel, answer)) = answer else { break };
            let trouble = match answer {
                Ok(Some(word)) => {
                    words.push(word);
                    end.get_or_insert_with(|| Instant::now() + GRACE);
                    continue;
                }
                Ok(None) => format!("it knows no master with the name {:?}", self.master),
                Err(error) => described(error),
            };
            troubles.push(format!("sentinel {}: {trouble}", sentinel.name));
            if words.is_empty() {
                // Told before all have answered: who stands still would keep the others' reasons back.
                *lock(&self.trouble) = troubles.join("; ");
            }
        }
        words
    }

    /// Takes a server for the master, if it says that it is one.
    async fn take(&self, place: Place, epoch: Option<u64>) -> bool {
        let taken = async {
            let node = node(&self.server.at(&place.host, place.port))?;
            if let Some(copies) = self.copies.get() {
                node.link.keep_copies(copies);
            }
            RedisResult::Ok(is_master(&node).await?.then_some(node))
        };
        let trouble = match taken.await {
            Ok(Some(node)) => {
                self.replace(node, place, epoch);
                return true;
            }
            Ok(None) => "it is a replica".into(),
            Err(error) => described(error),
        };
        let Place { host, port } = place;
        *lock(&self.trouble) = format!("server {host}:{port}, which the sentinels name: {trouble}");
        false
    }

    fn replace(&self, node: Node, place: Place, epoch: Option<u64>) {
        lock(&self.masters).take(place, epoch);
        let (name, master) = (Arc::clone(&node.name), &self.master);
        if let Some(before) = self.present.send_replace(Some(Arc::new(node))) {
            let before = &before.name;
            log::warn!("the sessions' Redis master {master} is now at {name}, and no longer at {before}");
        }
    }
}

fn node(address: &ServerAddress) -> RedisResult<Node> {
    Ok(Node { name: address.to_string().into(), link: Link::to(address.client()?) })
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
