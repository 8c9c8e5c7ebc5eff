//! A Redis Cluster: several masters, each with a part of the slots.

mod nodes;
mod slot;
mod survey;
mod table;

use std::sync::{Arc, Mutex, PoisonError};

use redis::{Client, ConnectionInfo, RedisError};

use self::nodes::Nodes;
use self::slot::SLOTS;
use self::survey::Survey;
use self::table::{Place, Told};
use super::copy::LocalCopy;
use super::failed::Failed;
use super::routing::{self, Node, Routes};
use crate::store::Call;

/// The servers of a cluster, and which of them has which slot.
///
/// There is one connection to each master, opened when it is needed. Replicas are not read: they may lack what was
/// acknowledged, and a log-out must not depend on that. They are only asked for the slots, if masters do not answer.
pub(super) struct Cluster(Arc<Shared>);

struct Shared {
    nodes: Nodes,
    /// Replaced as a whole.
    map: Mutex<Arc<Map>>,
    survey: Survey,
}

/// Which server has which slot.
struct Map {
    masters: Vec<Arc<Node>>,
    /// For each slot, which of the masters has it.
    slots: Vec<Option<u16>>,
    /// Counts the changes of the cluster.
    epoch: u64,
}

impl Cluster {
    /// A cluster of which these servers are named. Login, TLS and other settings of the one that names another are those
    /// of that one.
    pub(super) fn new(named: Vec<ConnectionInfo>) -> Self {
        let map = Map { masters: Vec::new(), slots: vec![None; SLOTS], epoch: 0 };
        Cluster(Arc::new(Shared {
            nodes: Nodes::new(named),
            map: Mutex::new(Arc::new(map)),
            survey: Survey::default(),
        }))
    }

    /// Keeps copies of what is read on connections that are opened from now on.
    pub(super) fn keep_copies(&self, copies: &Arc<LocalCopy>) {
        self.0.nodes.keep_copies(copies);
    }

    /// Returns all masters; if none is known yet, once it is.
    pub(super) async fn masters(&self, call: Call) -> Result<Vec<Arc<Node>>, Failed> {
        routing::until_known(self, call, || {
            let masters = self.0.map().masters.clone();
            (!masters.is_empty()).then_some(masters)
        })
        .await
    }

    /// Returns what connects to one of the servers, another one each time.
    pub(super) fn any_client(&self) -> Option<Client> {
        Some(survey::in_order(&self.0).first()?.link.client().clone())
    }

    /// Tells whether the server of a client is one of the cluster, or named in the configuration.
    pub(super) fn knows(&self, client: &Client) -> bool {
        let address = client.get_connection_info().addr();
        self.0.nodes.all().iter().any(|node| node.link.client().get_connection_info().addr() == address)
    }

    /// Returns the servers that are named in the configuration, for people.
    pub(super) fn address(&self) -> String {
        format!("Redis Cluster at {}", self.0.nodes.named().join(", "))
    }
}

impl Shared {
    fn map(&self) -> Arc<Map> {
        Arc::clone(&self.map.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells whether this table is not older than the present one, and one at all.
    fn is_up_to_date(&self, told: &Told) -> bool {
        told.epoch >= self.map().epoch && !told.ranges.is_empty()
    }

    fn replace(&self, map: Map) {
        *self.map.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(map);
    }
}

impl Map {
    fn of(&self, key: &str) -> Option<&Arc<Node>> {
        let master = (*self.slots.get(slot::of(key))?)?;
        self.masters.get(usize::from(master))
    }
}

impl Routes for Cluster {
    fn of(&self, key: &str) -> Option<Arc<Node>> {
        self.0.map().of(key).cloned()
    }

    fn named(&self, from: &Node, address: &str) -> Option<Arc<Node>> {
        self.0.nodes.at(from, &Place::parse(address)?)
    }

    fn look(&self) {
        Survey::begin(&self.0);
    }

    fn trouble(&self) -> Option<RedisError> {
        self.0.survey.trouble()
    }

    fn doubt(&self, node: &Node) {
        self.0.survey.distrust(node);
        self.look();
    }
}
