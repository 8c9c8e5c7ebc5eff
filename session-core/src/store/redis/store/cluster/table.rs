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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a panic in here is a failed test, which is what it is for")]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn server(host: Value, port: i64) -> Value {
        Value::Array(vec![host, Value::Int(port), text("07c37dfeb235213a872192d90877d0cd55635b91")])
    }

    fn range(first: i64, last: i64, servers: Vec<Value>) -> Value {
        Value::Array([vec![Value::Int(first), Value::Int(last)], servers].concat())
    }

    fn info() -> Value {
        text("cluster_enabled:1\r\ncluster_state:ok\r\ncluster_current_epoch:12\r\n")
    }

    fn place(host: Option<&str>, port: u16) -> Place {
        Place { host: host.map(str::to_owned), port }
    }

    #[test]
    fn a_server_without_a_name_of_its_own_is_where_it_was_asked() {
        let nameless = [Value::Nil, text(""), text("?")].map(|host| server(host, 7000));
        let slots = Value::Array(nameless.into_iter().map(|server| range(0, 16_383, vec![server])).collect());
        let told = Told::read(&slots, &info()).unwrap();
        assert!(told.ranges.iter().all(|(.., places)| *places == [place(None, 7000)]), "{:?}", told.ranges);
        assert_eq!(Place::parse(":7001"), Some(place(None, 7001)));
        assert_eq!(Place::parse("?:7001"), Some(place(None, 7001)));
    }

    #[test]
    fn the_master_comes_first_and_the_replicas_after_it() {
        let servers = vec![server(text("10.0.0.1"), 7000), server(text("fe80::1"), 7001)];
        let told = Told::read(&Value::Array(vec![range(5, 9, servers)]), &info()).unwrap();
        assert_eq!(told.ranges, [(5, 9, vec![place(Some("10.0.0.1"), 7000), place(Some("fe80::1"), 7001)])]);
        assert_eq!((told.epoch, told.is_ok), (12, true));
        assert_eq!(Place::parse("fe80::1:7001"), Some(place(Some("fe80::1"), 7001)));
    }

    #[test]
    fn what_is_not_a_table_is_not_read() {
        let servers = || vec![server(text("h"), 1)];
        for wrong in [
            Value::Nil,
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![range(0, 16_384, servers())]),
            Value::Array(vec![range(-1, 3, servers())]),
            Value::Array(vec![range(4, 3, servers())]),
            Value::Array(vec![range(0, 3, vec![])]),
            Value::Array(vec![range(0, 3, vec![server(text("h"), 65_536)])]),
        ] {
            assert!(Told::read(&wrong, &info()).is_none(), "{wrong:?}");
        }
        assert!(Told::read(&Value::Array(vec![]), &text("cluster_state:ok")).is_none());
        assert!(Place::parse("h").is_none() && Place::parse("h:x").is_none());
    }
}
