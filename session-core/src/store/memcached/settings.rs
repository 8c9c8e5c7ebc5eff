//! The settings of the memcached store.

use crate::settings::address::is_this_machine;
use crate::settings::reader::texts;
use crate::settings::report::Report;
use crate::settings::table::settings;
use crate::store::backend::{Against, Backend};

settings! {
    /// The settings of the memcached store.
    #[derive(PartialEq)]
    pub struct MemcachedSettings: OneStore {
        /// Addresses of the memcached servers, `host:port` each; sessions are distributed over several as by
        /// pymemcache's `HashClient`. Default: the server on this machine, port 11211.
        servers: Vec<String> = vec!["127.0.0.1:11211".into()], key session_memcached, read |setting| texts(setting, MANY),
            shown public_parts;
    }
}

const MANY: &str = "[\"host:port\", \"host:port\"]";

/// Greatest length of a key in bytes.
const LONGEST_KEY: usize = 250;

impl Backend for MemcachedSettings {
    fn check(&self, against: &Against<'_>, report: &mut Report) {
        let servers = &self.servers;
        if servers.is_empty() || !servers.iter().all(|server| is_address(server)) {
            report.refuse(
                &["session_memcached"],
                "must be host:port such as \"127.0.0.1:11211\", or a list of such, without user or password",
            );
        }
        let room = LONGEST_KEY.saturating_sub(against.looked_up);
        if against.key_prefix.len() > room {
            report.refuse(
                &["session_key_prefix"],
                format!("must have at most {room} bytes: with an id or the list of a user's, memcached takes {LONGEST_KEY}"),
            );
        }
    }

    #[cfg(feature = "memcached")]
    fn open(&self) -> Result<crate::store::DynStore, crate::store::StoreError> {
        Ok(crate::store::DynStore::new(super::MemcachedStore::from_servers(self.servers.clone())?))
    }

    fn exposure(&self) -> Option<&'static str> {
        let is_here = |server: &String| server.rsplit_once(':').is_none_or(|(host, _)| is_this_machine(host));
        (!self.servers.iter().all(is_here)).then_some(
            "sends sessions unencrypted to another machine, since memcached has no TLS here; write the address of a \
             tunnel's end on this machine, or use another store",
        )
    }

    fn has_foreign_keys(&self) -> bool {
        true
    }

    fn location(&self) -> String {
        format!("memcached at {}", public_parts(&self.servers).join(", "))
    }
}

/// Tells whether a text is `host:port`; an IPv6 address is in brackets.
pub(super) fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let plain = !host.is_empty() && !host.contains([':', '/', '@', '[', ']', ' ']);
    (plain || bracketed) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Returns the addresses as they may be shown: a text that is not an address may hold a password.
fn public_parts(servers: &[String]) -> Vec<&str> {
    servers.iter().map(|server| if is_address(server) { server } else { "…" }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for address in ["127.0.0.1:11211", "cache:1", "[::1]:11211", "cache.example.com:65535"] {
            assert!(is_address(address), "{address}");
        }
        for text in
            ["", "cache", ":11211", "cache:", "cache:0", "cache:65536", "::1:11211", "me:hush@cache:11211"]
        {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown_where_there_should_be_none() {
        let servers = vec!["memcached://me:hush@cache:1".to_owned(), "cache:1".to_owned()];
        assert_eq!(public_parts(&servers), ["…", "cache:1"]);
    }
}
