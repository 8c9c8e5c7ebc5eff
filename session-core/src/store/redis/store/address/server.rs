//! The address of one server.

use std::fmt;

use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisResult};

use super::parts::{Kind, Parts};
use super::{Given, SEVERAL, UNUSABLE};
use crate::settings::address::is_this_machine;
use crate::store::redis::store::link;

/// The address of one server: where it is, and with which login, database and TLS one speaks to it.
#[derive(Clone)]
pub(in crate::store::redis::store) struct ServerAddress(ConnectionInfo);

impl ServerAddress {
    /// Reads an address that is not one of sentinels; otherwise says what is wrong with it, as the end of a sentence and
    /// without a value of it.
    pub(super) fn read(parts: Parts<'_>, given: &Given) -> Result<Self, String> {
        let server = match parts.kind {
            Kind::Socket => socket(parts)?,
            _ => {
                let (_, hosts, _) = parts.of_place();
                if hosts.contains(',') || parts.place.contains("://") {
                    return Err(SEVERAL.into());
                }
                at(parts.is_encrypted, parts.place)?
            }
        };
        Ok(ServerAddress::new(server, given))
    }

    pub(super) fn new(server: ConnectionInfo, given: &Given) -> Self {
        let settings = given.added_to(server.redis_settings().clone());
        ServerAddress(link::tuned(server.set_redis_settings(settings)))
    }

    /// Returns the address of another server, to which one speaks in the same way.
    pub(in crate::store::redis::store) fn at(&self, host: &str, port: u16) -> Self {
        let mut place = self.0.addr().clone();
        match &mut place {
            ConnectionAddr::TcpTls { host: own_host, port: own_port, .. } => {
                host.clone_into(own_host);
                *own_port = port;
            }
            // A socket has no other server.
            place => *place = ConnectionAddr::Tcp(host.into(), port),
        }
        ServerAddress(self.0.clone().set_addr(place))
    }

    /// Returns host and port; `None` for a socket.
    pub(in crate::store::redis::store) fn place(&self) -> Option<(&str, u16)> {
        match self.0.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Some((host, *port))
            }
            _ => None,
        }
    }

    /// Returns the number of the database.
    pub(in crate::store::redis::store) fn database(&self) -> i64 {
        self.0.redis_settings().db()
    }

    pub(super) fn settings(&self) -> &RedisConnectionInfo {
        self.0.redis_settings()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.0.addr(), ConnectionAddr::TcpTls { .. })
    }

    /// Tells whether what is sent there leaves this machine unencrypted.
    pub(super) fn is_exposed(&self) -> bool {
        !self.is_encrypted() && self.place().is_some_and(|(host, _)| !is_this_machine(host))
    }

    /// Makes the client. Nothing is connected yet.
    pub(in crate::store::redis::store) fn client(&self) -> RedisResult<Client> {
        Client::open(self.0.clone())
    }

    /// Returns all of it, as the client takes it.
    pub(in crate::store::redis::store) fn into_info(self) -> ConnectionInfo {
        self.0
    }

    /// Adds certificates, where there is TLS.
    #[cfg(feature = "redis-tls")]
    pub(super) fn with(self, certificates: &redis::TlsCertificates) -> RedisResult<Self> {
        let client = Client::build_with_tls(self.0, certificates.clone())?;
        Ok(ServerAddress(client.get_connection_info().clone()))
    }
}

/// Without login: `host:port`, or the path of a socket.
impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.addr().fmt(f)
    }
}

/// Reads login, host, port and database.
pub(super) fn at(is_encrypted: bool, place: &str) -> Result<ConnectionInfo, String> {
    let scheme = if is_encrypted { "rediss" } else { "redis" };
    format!("{scheme}://{place}").into_connection_info().map_err(|_| UNUSABLE.into())
}

/// Reads the address of a socket. URLs have no login without a host, so the client would not read it.
fn socket(parts: Parts<'_>) -> Result<ConnectionInfo, String> {
    const FEW_SLASHES: &str = "has no path; write three slashes: \"unix:///run/redis.sock\"";
    let (login, host, path) = parts.of_place();
    if path.is_empty() || path.ends_with('/') {
        return Err(FEW_SLASHES.into());
    }
    if !host.is_empty() {
        return Err(
            "has a host before the path of a socket; write three slashes: \"unix:///run/redis.sock\"".into(),
        );
    }
    let server = format!("unix://{path}").into_connection_info().map_err(|_| UNUSABLE)?;
    if login.is_empty() {
        return Ok(server);
    }
    let login = at(false, &format!("{login}localhost"))?;
    Ok(server.set_redis_settings(login.redis_settings().clone()))
}
