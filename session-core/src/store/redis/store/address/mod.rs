//! The address of Redis, as redis-py and Rust's client spell it: a server, a Redis Cluster, or a master that sentinels
//! name.

mod parameters;
mod parts;
mod sentinel;
mod server;
#[cfg(test)]
mod tests;
mod tls;

pub(super) use sentinel::SentinelAddress;
pub(super) use server::ServerAddress;

use self::parameters::Given;
use self::parts::{Kind, Parts};
use self::tls::TlsFiles;
use crate::store::redis::{RedisSettings, RedisUrl};

/// Where sessions are.
pub(super) enum Address {
    /// One server.
    One(ServerAddress),
    /// Nodes of a Redis Cluster, at least one, which name the others. They are alike in all but their place.
    Cluster(Vec<ServerAddress>),
    /// The master that sentinels name.
    Sentinel(SentinelAddress),
}

const ADDRESS: &str = "session_redis";

/// What is wrong with a setting, as the end of a sentence that begins with its key. It shows no value of an address.
pub(crate) struct Objection {
    pub(crate) key: &'static str,
    pub(crate) message: String,
}

impl Objection {
    pub(super) fn to_address(message: impl Into<String>) -> Self {
        Objection { key: ADDRESS, message: message.into() }
    }

    /// Returns the keys that it is about. A file is named beside an address.
    pub(crate) fn keys(&self) -> Vec<&'static str> {
        if self.key == ADDRESS { vec![ADDRESS] } else { vec![self.key, ADDRESS] }
    }
}

const FORMS: &str = "must be one URL such as \"redis://127.0.0.1:6379/0\", a list of them for a Redis Cluster, or \
     \"redis+sentinel://host:26379,host:26379/master-name/0\"";
const UNUSABLE: &str = "is not a usable URL; write \"redis://host:port/number\" or \"unix:///path?db=number\", with special \
     characters of a password percent-encoded";
const SEVERAL: &str = "names several servers in one URL; write a list for a Redis Cluster, [\"redis://host:6379\", \
     \"redis://host:6379\"], or for sentinels \"redis+sentinel://host:26379,host:26379/master-name/0\"";

impl Address {
    /// Reads what the settings say, but no file.
    pub(super) fn check(settings: &RedisSettings) -> Result<Self, Objection> {
        Address::read(settings).map(|(address, _)| address)
    }

    /// Reads what the settings say, and the files of TLS. Nothing is connected yet.
    pub(super) fn open(settings: &RedisSettings) -> Result<Self, Objection> {
        let (address, files) = Address::read(settings)?;
        address.with(&files)
    }

    fn read(settings: &RedisSettings) -> Result<(Self, TlsFiles), Objection> {
        let (address, files) = match &settings.url {
            RedisUrl::One(url) => one(url),
            RedisUrl::Cluster(urls) => cluster(urls),
        }
        .map_err(Objection::to_address)?;
        let files = files.with(settings, address.first().is_some_and(ServerAddress::is_encrypted))?;
        Ok((address, files))
    }

    #[cfg(feature = "redis-tls")]
    fn with(self, files: &TlsFiles) -> Result<Self, Objection> {
        let Some(certificates) = files.read()? else { return Ok(self) };
        let with = |server: ServerAddress| {
            server
                .with(&certificates)
                .map_err(|_| Objection::to_address("has files of TLS that can't be used"))
        };
        let all = |servers: Vec<_>| servers.into_iter().map(with).collect::<Result<_, _>>();
        Ok(match self {
            Address::One(server) => Address::One(with(server)?),
            Address::Cluster(nodes) => Address::Cluster(all(nodes)?),
            Address::Sentinel(SentinelAddress { sentinels, master, server }) => {
                Address::Sentinel(SentinelAddress {
                    sentinels: all(sentinels)?,
                    master,
                    server: with(server)?,
                })
            }
        })
    }

    /// Without TLS, no file can be named.
    #[cfg(not(feature = "redis-tls"))]
    fn with(self, _: &TlsFiles) -> Result<Self, Objection> {
        Ok(self)
    }

    /// Returns all places that are named.
    fn named(&self) -> &[ServerAddress] {
        match self {
            Address::One(server) => std::slice::from_ref(server),
            Address::Cluster(nodes) => nodes,
            Address::Sentinel(address) => &address.sentinels,
        }
    }

    fn first(&self) -> Option<&ServerAddress> {
        self.named().first()
    }

    /// Tells whether what is sent there leaves this machine unencrypted. Servers are taken to be where those are that name
    /// them.
    pub(super) fn is_exposed(&self) -> bool {
        self.named().iter().any(ServerAddress::is_exposed)
    }
}

fn one(url: &str) -> Result<(Address, TlsFiles), String> {
    let parts = Parts::of(url)?;
    if parts.kind == Kind::Sentinel {
        let (address, given) = SentinelAddress::read(parts)?;
        return Ok((Address::Sentinel(address), given.files));
    }
    let given = Given::read(parts.query, parts.is_encrypted)?;
    Ok((Address::One(ServerAddress::read(parts, &given)?), given.files))
}

/// Reads the addresses of nodes. They are nodes of one cluster, so one speaks to all in the same way.
fn cluster(urls: &[String]) -> Result<(Address, TlsFiles), String> {
    let mut nodes = Vec::new();
    let mut files = None;
    for (url, number) in urls.iter().zip(1..) {
        let (node, of_node) =
            node(url).map_err(|objection| format!("has an address, number {number}, which {objection}"))?;
        if let (Some(first), Some(of_first)) = (nodes.first(), &files)
            && let Some(difference) = difference((first, of_first), (&node, &of_node))
        {
            return Err(format!(
                "has another {difference} in address number {number} than in the first; all nodes of a cluster have the same"
            ));
        }
        nodes.push(node);
        files.get_or_insert(of_node);
    }
    match files {
        Some(files) => Ok((Address::Cluster(nodes), files)),
        None => {
            Err("is an empty list; write the URL of a server, or of some nodes of a Redis Cluster".into())
        }
    }
}

fn node(url: &str) -> Result<(ServerAddress, TlsFiles), String> {
    let parts = Parts::of(url)?;
    match parts.kind {
        Kind::Server => {}
        Kind::Socket => {
            return Err("is a socket; a list is a Redis Cluster, whose nodes have hosts and ports".into());
        }
        Kind::Sentinel => return Err("is one of sentinels; write that alone, without a list".into()),
    }
    let given = Given::read(parts.query, parts.is_encrypted)?;
    let node = ServerAddress::read(parts, &given)?;
    if node.database() != 0 {
        return Err(
            "has a database; a list is a Redis Cluster, which has number 0 alone, so remove it".into()
        );
    }
    Ok((node, given.files))
}

/// Names what differs between two nodes beside their place.
fn difference(
    (one, files): (&ServerAddress, &TlsFiles),
    (other, other_files): (&ServerAddress, &TlsFiles),
) -> Option<&'static str> {
    let (settings, others) = (one.settings(), other.settings());
    [
        (one.is_encrypted() == other.is_encrypted(), "scheme, with or without TLS,"),
        (settings.username() == others.username(), "user"),
        (settings.password() == others.password(), "password"),
        (settings.protocol() == others.protocol(), "`protocol`"),
        (files.authority == other_files.authority, "`ssl_ca_certs`"),
        (files.certificate == other_files.certificate, "`ssl_certfile`"),
        (files.key == other_files.key, "`ssl_keyfile`"),
    ]
    .into_iter()
    .find_map(|(is_same, name)| (!is_same).then_some(name))
}
