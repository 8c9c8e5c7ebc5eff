//! Finding the master that sentinels watch.

mod choice;
mod events;
mod question;
mod search;

use std::sync::{Arc, Mutex, PoisonError};

use redis::{Client, RedisError, RedisResult};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use self::search::Search;
use super::address::SentinelAddress;
use super::copy::LocalCopy;
use super::failed::Failed;
use super::routing::{self, Node, Routes};
use crate::store::Call;

/// The master among the servers that sentinels watch: found by asking all of them, and again whenever it may be another.
///
/// redis-rs' own client of sentinels is not used. It believes the first that answers, and during a failover all but one of
/// them name the old master for seconds; what that acknowledges meanwhile is thrown away.
pub(super) struct Sentinel {
    search: Arc<Search>,
    task: Mutex<Option<Searching>>,
}

impl Sentinel {
    /// Nothing is connected yet.
    pub(super) fn new(address: SentinelAddress) -> RedisResult<Self> {
        Ok(Sentinel { search: Arc::new(Search::new(address)?), task: Mutex::default() })
    }

    /// Keeps copies of what is read from masters that are found from now on.
    pub(super) fn keep_copies(&self, copies: &Arc<LocalCopy>) {
        self.search.keep_copies(copies);
    }

    /// Returns the master, once one is found.
    pub(super) async fn master(&self, call: Call) -> Result<Arc<Node>, Failed> {
        routing::until_known(self, call, || self.of("")).await
    }

    /// Returns a client of the present master.
    pub(super) fn client(&self) -> Option<Client> {
        self.look();
        self.search.present().map(|master| master.link.client().clone())
    }

    /// Waits until another master is found than now.
    pub(super) fn changed(&self) -> impl Future<Output = ()> + use<> {
        self.search.changed()
    }

    /// Returns where the sentinels are and what they call the master, without a login, for people.
    pub(super) fn address(&self) -> String {
        self.search.address()
    }
}

impl Routes for Sentinel {
    /// It has all keys.
    fn of(&self, _: &str) -> Option<Arc<Node>> {
        // The runtime of the search may have ended, and the connection to the master be that of another one.
        self.look();
        self.search.present()
    }

    /// The master of sentinels does not send anybody elsewhere.
    fn named(&self, _: &Node, _: &str) -> Option<Arc<Node>> {
        None
    }

    /// Sees to it that the search runs: it begins with the first call, and ends with the runtime of that call.
    fn look(&self) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(|task| task.0.is_finished()) {
            *task = Some(Searching(runtime.spawn(Arc::clone(&self.search).run()).abort_handle()));
        }
    }

    fn doubt(&self, node: &Node) {
        self.look();
        self.search.doubt(node);
    }

    fn trouble(&self) -> Option<RedisError> {
        Some(self.search.trouble())
    }
}

/// The task that searches. It ends with its store.
struct Searching(AbortHandle);

impl Drop for Searching {
    fn drop(&mut self) {
        self.0.abort();
    }
}
