//! The address of a master that sentinels watch.

use redis::ConnectionInfo;

use super::TlsFiles;

/// A master that has no fixed address: sentinels say where it is.
pub(in super::super) struct SentinelAddress {
    /// The sentinels, each with the login that sentinels want, which is not that of the servers.
    pub(in super::super) sentinels: Vec<ConnectionInfo>,
    /// The name under which they watch it.
    pub(in super::super) master: String,
    /// What all servers have in common: login, database number, and whether there is TLS. Its host is any; the sentinels
    /// name the real one.
    pub(in super::super) server: ConnectionInfo,
    /// The files of TLS, for sentinels and servers.
    pub(in super::super) tls: TlsFiles,
}
