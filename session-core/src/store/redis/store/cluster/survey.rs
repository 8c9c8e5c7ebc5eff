//! Asking the servers of a cluster who has what.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use redis::{ErrorKind, RedisError, RedisResult, cmd};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::slot::SLOTS;
use super::table::Told;
use super::{Map, Shared};
use crate::store::Call;
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
}

/// From one look to the next at least.
const PAUSE: Duration = Duration::from_millis(100);
/// The time of one server for its answer. Whoever stands still must not keep the others from being asked.
const PATIENCE: Duration = Duration::from_millis(200);
/// A server that has failed is asked last for so long.
const DISTRUST: Duration = Duration::from_secs(5);

impl Survey {
    /// Asks the servers in a task, unless one does or has just done so: then once more.
    pub(super) fn begin(cluster: &Arc<Shared>) {
        let survey = &cluster.survey;
        survey.is_wanted.store(true, SeqCst);
        if std::mem::replace(&mut survey.state().is_running, true) {
            return;
        }
        let running = Running(Arc::clone(cluster));
        tokio::spawn(async move {
            loop {
                let last = running.0.survey.state().last;
                if let Some(last) = last {
                    sleep_until(last + PAUSE).await;
                }
                running.0.survey.is_wanted.store(false, SeqCst);
                look(&running.0).await;
                let mut state = running.0.survey.state();
                state.last = Some(Instant::now());
                if !running.0.survey.is_wanted.load(SeqCst) {
                    state.is_running = false;
                    return;
                }
            }
        });
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
struct Running(Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.survey.state().is_running = false;
    }
}

/// Asks one server after another, until one knows at least as much as is known here.
async fn look(cluster: &Shared) {
    let epoch = cluster.map().epoch;
    let mut best: Option<(Arc<Node>, Told)> = None;
    let mut trouble = None;
    for node in in_order(cluster) {
        let told = match ask(&node).await {
            Ok(told) => told,
            Err(error) => {
                cluster.survey.distrust(&node);
                trouble = Some(error);
                continue;
            }
        };
        let is_enough = told.is_ok && told.epoch >= epoch;
        let is_better = |best: &Told| (told.is_ok, told.epoch) > (best.is_ok, best.epoch);
        if best.as_ref().is_none_or(|(_, best)| is_better(best)) {
            best = Some((node, told));
        }
        if is_enough {
            break;
        }
    }
    match best {
        Some((node, told)) => adopt(cluster, &node, &told),
        None => cluster.survey.state().trouble = trouble,
    }
}

/// Returns the servers to ask: those that failed lately come last, and where to begin is chance, so that one that is cut
/// off does not always come first.
pub(super) fn in_order(cluster: &Shared) -> Vec<Arc<Node>> {
    let mut nodes = cluster.nodes.all();
    let mut state = cluster.survey.state();
    state.failed.retain(|_, failed| failed.elapsed() < DISTRUST);
    let mut order: Vec<_> = nodes
        .drain(..)
        .map(|node| (state.failed.get(&node.name).copied(), jitter(Duration::from_secs(1)), node))
        .collect();
    order.sort_by_key(|(failed, chance, _)| (*failed, *chance));
    order.into_iter().map(|(_, _, node)| node).collect()
}

async fn ask(node: &Node) -> RedisResult<Told> {
    let deadline = Instant::now() + PATIENCE;
    let call = Call { now: SystemTime::UNIX_EPOCH, deadline };
    let commands = [cmd("CLUSTER").arg("SLOTS").take(), cmd("CLUSTER").arg("INFO").take()];
    let answers = timeout_at(deadline, async { node.link.ready(call).await?.send(commands).await }).await;
    let [slots, info] = answers.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))?;
    Told::read(&slots, &info)
        .ok_or_else(|| (ErrorKind::UnexpectedReturnType, "the answer to CLUSTER SLOTS is not a table").into())
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
    cluster.nodes.keep(&others);
    cluster.replace(Map { masters, slots, epoch: told.epoch });
}
