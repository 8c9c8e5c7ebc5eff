//! The way of a command to the server that it is for.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;

use redis::Client;
use tokio::time::timeout;

use super::cluster::Cluster;
use super::copy::{self, Lease, LocalCopy, Question};
use super::failed::Failed;
use super::link::Link;
use super::pipeline::Message;
use super::pool::Pool;
use super::routing::{self, LOOK_EVERY, Node, Routes};
use super::sentinel::Sentinel;
use super::shared::Shared;
use crate::store::Call;

/// Where commands go.
pub(super) enum Connection {
    /// To one server.
    One(Box<Link>),
    /// To the application's connection.
    Shared(Box<Shared>),
    /// To whatever the application sends them with.
    Pool(Pool),
    /// To that master of a cluster which has the key.
    Cluster(Box<Cluster>),
    /// To the master that sentinels name.
    Sentinel(Box<Sentinel>),
}

/// One server among those that a store uses.
pub(super) enum Server<'a> {
    One(&'a Link),
    Shared(&'a Shared),
    Pool(&'a Pool),
    Node(Arc<Node>),
}

impl Connection {
    /// Sends a message about a key, and waits for its answer; an error that the server answers is an `Err`.
    pub(super) async fn send<M: Message>(
        &self,
        call: Call,
        key: &str,
        message: M,
    ) -> Result<M::Answer, Failed> {
        match self {
            Connection::One(link) => Server::One(link).send(call, message).await,
            Connection::Shared(shared) => Server::Shared(shared).send(call, message).await,
            Connection::Pool(pool) => pool.send(call, message).await,
            Connection::Cluster(cluster) => routing::send(&**cluster, call, key, message).await,
            Connection::Sentinel(sentinel) => routing::send(&**sentinel, call, key, message).await,
        }
    }

    /// Returns each server that takes commands: all masters of a cluster, once they are known.
    pub(super) async fn servers(&self, call: Call) -> Result<Vec<Server<'_>>, Failed> {
        Ok(match self {
            Connection::One(link) => vec![Server::One(link)],
            Connection::Shared(shared) => vec![Server::Shared(shared)],
            Connection::Pool(pool) => vec![Server::Pool(pool)],
            Connection::Cluster(cluster) => {
                cluster.masters(call).await?.into_iter().map(Server::Node).collect()
            }
            Connection::Sentinel(sentinel) => vec![Server::Node(sentinel.master(call).await?)],
        })
    }

    /// Returns the server that has the key, if there are several that fail on their own.
    pub(super) fn node_of(&self, key: &str) -> Option<Arc<Node>> {
        match self {
            Connection::One(_) | Connection::Shared(_) | Connection::Pool(_) | Connection::Sentinel(_) => {
                None
            }
            Connection::Cluster(cluster) => cluster.of(key),
        }
    }

    /// Keeps copies of what is read on connections that are opened from now on.
    pub(super) fn keep_copies(&self, copies: &Arc<LocalCopy>) {
        match self {
            Connection::One(link) => link.keep_copies(copies),
            // It is the application's to say how it is opened.
            Connection::Shared(_) | Connection::Pool(_) => {}
            Connection::Cluster(cluster) => cluster.keep_copies(copies),
            Connection::Sentinel(sentinel) => sentinel.keep_copies(copies),
        }
    }

    /// Returns what is asked to prove a lease.
    pub(super) fn question(&self) -> Question {
        match self {
            Connection::Cluster(_) => copy::of_slot,
            _ => copy::of_master,
        }
    }

    /// Returns the lease of the connection on which the key would be read now.
    pub(super) fn lease(&self, key: &str) -> Option<Arc<Lease>> {
        match self {
            Connection::One(link) => link.lease(),
            Connection::Shared(_) | Connection::Pool(_) => None,
            Connection::Cluster(cluster) => cluster.of(key)?.link.lease(),
            Connection::Sentinel(sentinel) => sentinel.of(key)?.link.lease(),
        }
    }

    /// Waits for an answer, and asks a cluster meanwhile, again and again, which server has what: one does not work, and may
    /// be mute.
    pub(super) async fn looking<T>(&self, answer: impl Future<Output = T>) -> T {
        let mut answer = pin!(answer);
        loop {
            if let Connection::Cluster(cluster) = self {
                cluster.look();
            }
            if let Ok(answer) = timeout(LOOK_EVERY, answer.as_mut()).await {
                return answer;
            }
        }
    }

    /// Tells whether other connections to the same servers can be opened: to listen to channels, or to wait.
    pub(super) fn can_have_others(&self) -> bool {
        !matches!(self, Connection::Shared(_) | Connection::Pool(_))
    }

    /// Returns what opens a connection to a server that passes on what is told on channels: in a cluster, any.
    pub(super) fn client(&self) -> Option<Client> {
        match self {
            Connection::One(link) => Some(link.client().clone()),
            Connection::Shared(_) | Connection::Pool(_) => None,
            Connection::Cluster(cluster) => cluster.any_client(),
            Connection::Sentinel(sentinel) => sentinel.client(),
        }
    }

    /// Tells whether the server of a client is still one of those that pass on what is told.
    pub(super) fn knows(&self, client: &Client) -> bool {
        match self {
            Connection::Cluster(cluster) => cluster.knows(client),
            _ => true,
        }
    }

    /// Waits until [`client`](Self::client) is that of another server than now, where removals are told from then on. In a
    /// cluster every node passes on all of them.
    pub(super) fn changed(&self) -> impl Future<Output = ()> + use<> {
        let changed = match self {
            Connection::One(_) | Connection::Shared(_) | Connection::Pool(_) | Connection::Cluster(_) => None,
            Connection::Sentinel(sentinel) => Some(sentinel.changed()),
        };
        async move {
            match changed {
                Some(changed) => changed.await,
                None => pending().await,
            }
        }
    }

    /// Says which servers were found, for people, where the configuration does not name them all.
    pub(super) fn found(&self, servers: &[Server<'_>]) -> Option<String> {
        let names: Vec<_> = servers.iter().filter_map(Server::name).collect();
        let (count, names) = (names.len(), names.join(", "));
        match self {
            Connection::One(_) | Connection::Shared(_) | Connection::Pool(_) => None,
            Connection::Cluster(_) => Some(format!("a Redis Cluster, {count} masters: {names}")),
            Connection::Sentinel(sentinel) => Some(format!("the {}, which is {names}", sentinel.address())),
        }
    }

    /// Returns the address without the login, for people.
    pub(super) fn address(&self) -> String {
        match self {
            Connection::One(link) => {
                let server = link.client().get_connection_info();
                format!("Redis at {}, database {}", server.addr(), server.redis_settings().db())
            }
            Connection::Shared(_) => "Redis on the application's connection".to_owned(),
            Connection::Pool(pool) => pool.address(),
            Connection::Cluster(cluster) => cluster.address(),
            Connection::Sentinel(sentinel) => sentinel.address(),
        }
    }
}

impl Server<'_> {
    /// Returns the server's name, if there are several that fail on their own.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Server::One(_) | Server::Shared(_) | Server::Pool(_) => None,
            Server::Node(node) => Some(&node.name),
        }
    }

    /// Tells whether the server has to have the keys of all sessions. What the application sends with may find that of each.
    pub(super) fn has_all_keys(&self) -> bool {
        matches!(self, Server::One(_) | Server::Shared(_))
    }

    pub(super) async fn send<M: Message>(&self, call: Call, message: M) -> Result<M::Answer, Failed> {
        let link = match self {
            Server::One(link) => link,
            Server::Shared(shared) => return shared.send(call, message).await.map_err(Failed::after),
            Server::Pool(pool) => return pool.send(call, message).await,
            Server::Node(node) => &node.link,
        };
        link.ready_for(call, &message)
            .await
            .map_err(Failed::before)?
            .send(message)
            .await
            .map_err(Failed::after)
    }
}
