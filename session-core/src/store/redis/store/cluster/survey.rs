//! Asking the servers of a cluster who has what.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::{ErrorKind, RedisError, RedisResult, cmd};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::slot::SLOTS;
use super::table::Told;
use super::{Map, Shared};
use crate::store::client::wait::jitter;
use crate::store::redis::store::routing::Node;

/// When the servers were asked last, and which are not to be asked first.
#[derive(Default)]
pub(super) struct Survey {
    state: Mutex<State>,
    /// Somebody has asked for a look since the last one began.
    is_wanted: AtomicBool,
}

#[derive(Default)]
struct State {
    is_running: bool,
    last: Option<Instant>,
    /// When a server failed last.
    failed: HashMap<Arc<str>, Instant>,
    /// Why the last look has brought nothing.
    trouble: Option<RedisError>,
    /// Since when nobody who answers knows as much as is known here.
    behind: Option<Instant>,
}

/// From one look to the next at least.
const PAUSE: Duration = Duration::from_millis(100);
/// A server that has not answered for so long is not waited for alone any more: the next one is asked as well.
const PATIENCE: Duration = Duration::from_millis(200);
/// The time of one server for its answer, with that for a connection to it.
const LONGEST: Duration = Duration::from_secs(2);
/// A server that has failed is asked last for so long.
const DISTRUST: Duration = Duration::from_secs(5);
/// So long may nobody be found who knows the newest changes of the cluster. Those who do not may be cut off; if they are
/// all there is, the cluster was set up anew.
const BEHIND: Duration = Duration::from_secs(15);

impl Survey {
    /// Asks the servers in a task, unless one does or has just done so: then once more. Outside a runtime nobody
    /// can be asked.
    pub(super) fn begin(cluster: &Arc<Shared>) {
        let survey = &cluster.survey;
        let Ok(runtime) = Handle::try_current() else { return };
        survey.is_wanted.store(true, SeqCst);
        if std::mem::replace(&mut survey.state().is_running, true) {
            return;
        }
        let running = Running(Some(Arc::clone(cluster)));
        runtime.spawn(running.ask_until_nobody_wants_more());
    }

    /// Notes that a server has failed.
    pub(super) fn distrust(&self, node: &Node) {
        self.state().failed.insert(Arc::clone(&node.name), Instant::now());
    }

    /// Returns why nothing is known.
    pub(super) fn trouble(&self) -> Option<RedisError> {
        self.state().trouble.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The duty to ask, which ends with its task.
struct Running(Option<Arc<Shared>>);

impl Running {
    async fn ask_until_nobody_wants_more(mut self) {
        while let Some(cluster) = &self.0 {
            let last = cluster.survey.state().last;
            if let Some(last) = last {
                sleep_until(last + PAUSE).await;
            }
            cluster.survey.is_wanted.store(false, SeqCst);
            look(cluster).await;
            let mut state = cluster.survey.state();
            state.last = Some(Instant::now());
            if !cluster.survey.is_wanted.load(SeqCst) {
                state.is_running = false;
                drop(state);
                // Done: from now on it is the duty of somebody else.
                self.0 = None;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(cluster) = &self.0 {
            cluster.survey.state().is_running = false;
        }
    }
}

/// Asks servers until one knows at least as much as is known here: one after another, but nobody waits long for one alone.
async fn look(cluster: &Shared) {
    let mut order = in_order(cluster).into_iter();
    let (mut asked, mut best, mut trouble) = (FuturesUnordered::new(), None, None);
    loop {
        asked.extend(order.next().map(ask));
        let has_nothing = order.len() == 0 && best.is_none();
        let end = Instant::now() + if has_nothing { LONGEST } else { PATIENCE };
        // Until somebody has failed, or it takes too long.
        let answer = match timeout_at(end, asked.next()).await {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(_) if order.len() == 0 => break,
            Ok(None) | Err(_) => continue,
        };
        match answer {
            (node, Ok(told)) => {
                if told.is_ok && cluster.is_up_to_date(&told) {
                    return adopt(cluster, &node, &told);
                }
                let knows_more = |best: &Told| (told.epoch, told.is_ok) > (best.epoch, best.is_ok);
                if best.as_ref().is_none_or(|(_, best)| knows_more(best)) {
                    best = Some((node, told));
                }
            }
            (node, Err(error)) => {
                cluster.survey.distrust(&node);
                trouble = Some(error);
            }
        }
    }
    match best {
        Some((node, told)) if cluster.is_up_to_date(&told) || is_behind_for_long(cluster, &told) => {
            adopt(cluster, &node, &told);
        }
        best => {
            let trouble = trouble.or_else(|| best.map(|_| useless()));
            cluster.survey.state().trouble = trouble;
        }
    }
}

fn useless() -> RedisError {
    io::Error::other("nobody who answers knows where the slots of the cluster are now").into()
}

/// Tells whether nobody who answers has known as much as is known here for so long that what they say counts.
fn is_behind_for_long(cluster: &Shared, told: &Told) -> bool {
    let mut state = cluster.survey.state();
    let behind = *state.behind.get_or_insert_with(Instant::now);
    told.is_ok && !told.ranges.is_empty() && behind.elapsed() >= BEHIND
}

/// Returns the servers to ask: those that failed lately come last, and before them replicas. Where to begin is chance, so
/// that one that is cut off does not always come first.
pub(super) fn in_order(cluster: &Shared) -> Vec<Arc<Node>> {
    let (nodes, map) = (cluster.nodes.all(), cluster.map());
    let mut state = cluster.survey.state();
    state.failed.retain(|_, failed| failed.elapsed() < DISTRUST);
    let mut order: Vec<_> = nodes
        .into_iter()
        .map(|node| {
            let is_other = !map.masters.iter().any(|master| Arc::ptr_eq(master, &node));
            (state.failed.get(&node.name).copied(), is_other, jitter(Duration::from_secs(1)), node)
        })
        .collect();
    order.sort_by_key(|(failed, is_other, chance, _)| (*failed, *is_other, *chance));
    order.into_iter().map(|(.., node)| node).collect()
}

async fn ask(node: Arc<Node>) -> (Arc<Node>, RedisResult<Told>) {
    let commands = [cmd("CLUSTER").arg("SLOTS").take(), cmd("CLUSTER").arg("INFO").take()];
    let answers = node.ask(commands, LONGEST).await;
    let not_a_table =
        || (ErrorKind::UnexpectedReturnType, "the answer to CLUSTER SLOTS is not a table").into();
    let told = answers.and_then(|[slots, info]| Told::read(&slots, &info).ok_or_else(not_a_table));
    (node, told)
}

fn adopt(cluster: &Shared, from: &Node, told: &Told) {
    let (mut masters, mut others): (Vec<Arc<Node>>, Vec<Arc<Node>>) = (Vec::new(), Vec::new());
    let mut slots = vec![None; SLOTS];
    for (first, last, places) in &told.ranges {
        let mut servers = places.iter().filter_map(|place| cluster.nodes.at(from, place));
        let Some(master) = servers.next() else { continue };
        let known = masters.iter().position(|known| Arc::ptr_eq(known, &master));
        let index = known.unwrap_or_else(|| {
            masters.push(master);
            masters.len() - 1
        });
        others.extend(servers);
        if let Some(slots) = slots.get_mut(*first..=*last) {
            slots.fill(u16::try_from(index).ok());
        }
    }
    others.extend(masters.iter().cloned());
    if told.is_ok {
        cluster.nodes.keep(&others);
    }
    cluster.replace(Map { masters, slots, epoch: told.epoch });
    let mut state = cluster.survey.state();
    (state.behind, state.trouble) = (None, None);
}
