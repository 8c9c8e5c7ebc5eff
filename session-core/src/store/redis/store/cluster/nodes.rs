//! The servers of a cluster that are known, each with its connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use redis::{Client, ConnectionAddr, ConnectionInfo};

use super::super::copy::LocalCopy;
use super::super::link::Link;
use super::super::routing::Node;
use super::table::Place;

/// Servers by their address. One that is known keeps its connection, whatever it has just now.
pub(super) struct Nodes {
    /// Those that the configuration names.
    named: Vec<Arc<Node>>,
    known: Mutex<HashMap<Arc<str>, Arc<Node>>>,
    copies: OnceLock<Arc<LocalCopy>>,
}

impl Nodes {
    pub(super) fn new(named: Vec<ConnectionInfo>) -> Self {
        let named: Vec<Arc<Node>> = named.into_iter().filter_map(node).collect();
        let known = named.iter().map(|node| (Arc::clone(&node.name), Arc::clone(node))).collect();
        Nodes { named, known: Mutex::new(known), copies: OnceLock::new() }
    }

    /// Returns the addresses that the configuration names.
    pub(super) fn named(&self) -> Vec<String> {
        self.named.iter().map(|node| node.name.to_string()).collect()
    }

    /// Returns the server at a place that `from` has named.
    pub(super) fn at(&self, from: &Node, place: &Place) -> Option<Arc<Node>> {
        let asked = from.link.client().get_connection_info();
        let host = match (&place.host, asked.addr()) {
            (Some(host), _) | (None, ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. }) => {
                host
            }
            _ => return None,
        };
        let address = match asked.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
                host: host.clone(),
                port: place.port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host.clone(), place.port),
        };
        let name = address.to_string();
        let mut known = self.known();
        if let Some(node) = known.get(name.as_str()) {
            return Some(Arc::clone(node));
        }
        let node = node(asked.clone().set_addr(address))?;
        if let Some(copies) = self.copies.get() {
            node.link.keep_copies(copies);
        }
        known.insert(Arc::clone(&node.name), Arc::clone(&node));
        Some(node)
    }

    /// Returns every server that may be asked for the slots.
    pub(super) fn all(&self) -> Vec<Arc<Node>> {
        self.known().values().cloned().collect()
    }

    /// Keeps copies of what is read on connections that are opened from now on.
    pub(super) fn keep_copies(&self, copies: &Arc<LocalCopy>) {
        let known = self.known();
        known.values().for_each(|node| node.link.keep_copies(copies));
        let _ = self.copies.set(Arc::clone(copies));
    }

    /// Forgets all but these, and those that the configuration names.
    pub(super) fn keep(&self, nodes: &[Arc<Node>]) {
        let is_one_of =
            |node: &Arc<Node>, nodes: &[Arc<Node>]| nodes.iter().any(|one| Arc::ptr_eq(one, node));
        self.known().retain(|_, node| is_one_of(node, nodes) || is_one_of(node, &self.named));
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Node>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn node(server: ConnectionInfo) -> Option<Arc<Node>> {
    let name = server.addr().to_string().into();
    // That fails for addresses alone that could not be read.
    Some(Arc::new(Node { name, link: Link::to(Client::open(server).ok()?) }))
}
