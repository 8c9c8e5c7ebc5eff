//! Which server has which slot, as one of them tells it.

use redis::Value;

use super::slot::SLOTS;

/// The answer of one server to `CLUSTER SLOTS` and `CLUSTER INFO`.
pub(super) struct Told {
    /// First and last slot, and the servers that have them: the master comes first.
    pub(super) ranges: Vec<(usize, usize, Vec<Place>)>,
    /// Counts the changes of the whole cluster, as far as this server has heard of them.
    pub(super) epoch: u64,
    /// The server sees a working cluster.
    pub(super) is_ok: bool,
}

/// Where a server is. Without a host, it is on that of the server that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: Option<String>,
    pub(super) port: u16,
}

impl Place {
    /// Reads `host:port`, as redirects name it.
    pub(super) fn parse(address: &str) -> Option<Self> {
        let (host, port) = address.rsplit_once(':')?;
        Some(Place { host: named(host), port: port.parse().ok()? })
    }
}

/// Servers that do not know their own name say nothing, or a question mark.
fn named(host: &str) -> Option<String> {
    (!host.is_empty() && host != "?").then(|| host.to_owned())
}

impl Told {
    /// Reads the two answers; `None` if they are something else.
    pub(super) fn read(slots: &Value, info: &Value) -> Option<Self> {
        let Value::Array(slots) = slots else { return None };
        let ranges = slots.iter().map(range).collect::<Option<Vec<_>>>()?;
        let info = match info {
            Value::BulkString(bytes) => str::from_utf8(bytes).ok()?,
            Value::VerbatimString { text, .. } => text,
            _ => return None,
        };
        let value = |name: &str| {
            info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
        };
        Some(Told {
            ranges,
            epoch: value("cluster_current_epoch")?.parse().ok()?,
            is_ok: value("cluster_state")? == "ok",
        })
    }
}

fn range(range: &Value) -> Option<(usize, usize, Vec<Place>)> {
    let Value::Array(parts) = range else { return None };
    let [first, last, servers @ ..] = parts.as_slice() else { return None };
    let (first, last) = (slot(first)?, slot(last)?);
    let servers = servers.iter().map(place).collect::<Option<Vec<_>>>()?;
    (first <= last && !servers.is_empty()).then_some((first, last, servers))
}

fn slot(value: &Value) -> Option<usize> {
    let Value::Int(slot) = value else { return None };
    usize::try_from(*slot).ok().filter(|slot| *slot < SLOTS)
}

fn place(server: &Value) -> Option<Place> {
    let Value::Array(parts) = server else { return None };
    let [host, Value::Int(port), ..] = parts.as_slice() else { return None };
    let host = match host {
        Value::BulkString(host) => named(str::from_utf8(host).ok()?),
        Value::Nil => None,
        _ => return None,
    };
    Some(Place { host, port: u16::try_from(*port).ok()? })
}
