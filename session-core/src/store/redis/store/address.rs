//! The address of a Redis server, as redis-py and Rust's client spell it.

#[allow(dead_code, unused_imports)]
mod sentinel;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo,
};

use super::link;
use crate::settings::address::is_this_machine;
use crate::settings::parameters::Parameters;

/// What redis-py's `from_url` takes, and two names of Rust's client.
const PARAMETERS: Parameters = Parameters {
    known: &[
        "db",
        "username",
        "password",
        "user",
        "pass",
        "protocol",
        "ssl_ca_certs",
        "ssl_certfile",
        "ssl_keyfile",
        "ssl_cert_reqs",
        "ssl_check_hostname",
    ],
    refused: &[
        ("socket_timeout", TIMEOUT),
        ("socket_connect_timeout", TIMEOUT),
        ("timeout", TIMEOUT),
        ("socket_keepalive", "connections are kept alive anyway; remove it"),
        ("socket_keepalive_options", "connections are kept alive anyway; remove it"),
        ("socket_read_size", "answers are read as they come; remove it"),
        ("health_check_interval", "a connection that broke is noticed without it; remove it"),
        ("max_connections", "all requests share one connection; remove it"),
        ("retry", REPEATED),
        ("retry_on_timeout", REPEATED),
        ("retry_on_error", REPEATED),
        ("decode_responses", BYTES),
        ("encoding", BYTES),
        ("encoding_errors", BYTES),
        ("legacy_responses", BYTES),
        ("client_name", NAMELESS),
        ("lib_name", NAMELESS),
        ("lib_version", NAMELESS),
        ("driver_info", NAMELESS),
        ("host", PLACE),
        ("port", PLACE),
        ("path", PLACE),
        ("ssl", "write rediss:// instead of redis://"),
        ("ssl_ca_path", "name one file with ssl_ca_certs"),
        ("ssl_ca_data", "name a file with ssl_ca_certs"),
        ("ssl_password", "the file of the key must not be encrypted"),
        ("ssl_min_version", RUSTLS),
        ("ssl_ciphers", RUSTLS),
        ("ssl_include_verify_flags", RUSTLS),
        ("ssl_exclude_verify_flags", RUSTLS),
        ("ssl_validate_ocsp", RUSTLS),
        ("ssl_validate_ocsp_stapled", RUSTLS),
        ("ssl_ocsp_context", RUSTLS),
        ("ssl_ocsp_expected_cert", RUSTLS),
    ],
    ignore_case: false,
};

const TIMEOUT: &str = "session_store_timeout says how long a call may take; remove it";
const REPEATED: &str = "what is safe to repeat is repeated, and nothing else; remove it";
const BYTES: &str = "records are bytes; remove it";
const NAMELESS: &str = "the connection has no name of its own; remove it";
const PLACE: &str = "write the place before the question mark";
const RUSTLS: &str = "TLS is at least version 1.2 and certificates are checked by fixed rules; remove it";

const UNUSABLE: &str = "is not a usable URL; write \"redis://host:port/number\" or \"unix:///path?db=number\", with special \
     characters of a password percent-encoded";

/// The address of one server.
pub(super) struct Address {
    server: ConnectionInfo,
    tls: TlsFiles,
}

/// The files that `ssl_*` name.
#[derive(Default)]
pub(super) struct TlsFiles {
    authority: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Address {
    /// Reads an address; otherwise says what is wrong with it, as the end of a sentence and without a value of it.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (scheme, rest) =
            url.split_once("://").ok_or("must be one URL such as \"redis://127.0.0.1:6379/0\"")?;
        let is_encrypted = matches!(scheme, "rediss" | "valkeys");
        if is_encrypted && !cfg!(feature = "redis-tls") {
            return Err("needs TLS; turn on the cargo feature `redis-tls`".into());
        }
        if rest.contains('#') {
            // To Python it is the beginning of a fragment, which is dropped.
            return Err("has a `#`; in a password it is written %23, and elsewhere it means nothing".into());
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        if let Some(objection) = PARAMETERS.objection(query) {
            return Err(objection);
        }
        let server = match scheme {
            "redis" | "rediss" | "valkey" | "valkeys" => {
                format!("{scheme}://{place}").into_connection_info().map_err(|_| UNUSABLE)?
            }
            "unix" | "redis+unix" | "valkey+unix" => socket(place)?,
            _ => return Err("must be one URL such as \"redis://127.0.0.1:6379/0\"".into()),
        };
        Address { server, tls: TlsFiles::default() }.with(query, is_encrypted)
    }

    /// Adds what the parameters say. As in redis-py, a database there counts more than one in the path, and a login there
    /// less than one before the host.
    fn with(mut self, query: &str, is_encrypted: bool) -> Result<Self, String> {
        let (mut user, mut password) = (None, None);
        let mut settings = self.server.redis_settings().clone();
        // Decodes them as Python does.
        let parameters = redis::parse_redis_url(&format!("redis://h?{query}")).ok_or(UNUSABLE)?;
        for (name, value) in parameters.query_pairs() {
            match &*name {
                "db" => {
                    let number: u32 =
                        value.parse().map_err(|_| "has a `db` that is not a number; write ?db=0")?;
                    settings = settings.set_db(number.into());
                }
                "user" | "username" => user = Some(value),
                "pass" | "password" => password = Some(value),
                "protocol" => {
                    settings = settings.set_protocol(match &*value {
                        "2" | "resp2" => ProtocolVersion::RESP2,
                        "3" | "resp3" => ProtocolVersion::RESP3,
                        _ => return Err("has a `protocol` that does not exist; write 2 or 3".into()),
                    });
                }
                _ if !is_encrypted => {
                    return Err(format!(
                        "has `{name}` and no TLS; write rediss:// instead of redis://, or remove it"
                    ));
                }
                "ssl_ca_certs" => self.tls.authority = Some(value.into_owned()),
                "ssl_certfile" => self.tls.certificate = Some(value.into_owned()),
                "ssl_keyfile" => self.tls.key = Some(value.into_owned()),
                "ssl_cert_reqs" if value.eq_ignore_ascii_case("required") => {}
                "ssl_check_hostname" if is_true(&value) => {}
                _ => {
                    return Err(format!(
                        "has a `{name}` that turns a check of the server's certificate off; remove it, and name the file \
                         of the authority with ssl_ca_certs"
                    ));
                }
            }
        }
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            return Err("needs ssl_certfile and ssl_keyfile, or none of them".into());
        }
        if let (None, Some(user)) = (settings.username(), user) {
            settings = settings.set_username(user);
        }
        if let (None, Some(password)) = (settings.password(), password) {
            settings = settings.set_password(password);
        }
        self.server = link::tuned(self.server.set_redis_settings(settings));
        Ok(self)
    }

    /// Tells whether what is sent there leaves this machine unencrypted.
    pub(super) fn is_exposed(&self) -> bool {
        matches!(self.server.addr(), ConnectionAddr::Tcp(host, _) if !is_this_machine(host))
    }

    /// Returns the settings of a node of a cluster; its files of TLS are read.
    pub(super) fn node(self) -> Result<ConnectionInfo, String> {
        if self.server.redis_settings().db() != 0 {
            return Err("names a database, and a cluster has only number 0; remove it".into());
        }
        if matches!(self.server.addr(), ConnectionAddr::Unix(_)) {
            return Err("is a socket, and the nodes of a cluster are reached by host and port".into());
        }
        Ok(self.client()?.get_connection_info().clone())
    }

    /// Makes the client. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// A file of TLS can't be used.
    pub(super) fn client(self) -> Result<Client, String> {
        if self.tls.is_empty() {
            return Client::open(self.server).map_err(|_| UNUSABLE.into());
        }
        self.tls.client(self.server)
    }
}

impl TlsFiles {
    fn is_empty(&self) -> bool {
        [&self.authority, &self.certificate, &self.key].into_iter().all(Option::is_none)
    }

    /// They are only read where there is TLS.
    #[cfg(not(feature = "redis-tls"))]
    fn client(self, _: ConnectionInfo) -> Result<Client, String> {
        Err(UNUSABLE.into())
    }

    #[cfg(feature = "redis-tls")]
    fn client(self, server: ConnectionInfo) -> Result<Client, String> {
        let read = |file: Option<String>, name: &str| {
            file.map(|file| {
                std::fs::read(&file).map_err(|error| {
                    format!("names a file with {name} that can't be read: {file:?}: {error}")
                })
            })
            .transpose()
        };
        let root_cert = read(self.authority, "ssl_ca_certs")?;
        let (certificate, key) = (read(self.certificate, "ssl_certfile")?, read(self.key, "ssl_keyfile")?);
        let client_tls = certificate
            .zip(key)
            .map(|(client_cert, client_key)| redis::ClientTlsConfig { client_cert, client_key });
        Client::build_with_tls(server, redis::TlsCertificates { client_tls, root_cert })
            .map_err(|_| "names a file with ssl_ca_certs, ssl_certfile or ssl_keyfile that is not PEM".into())
    }
}

/// The address of a socket, of which `place` is the login and the path. URLs have no login without a host, so the client
/// would not read it.
fn socket(place: &str) -> Result<ConnectionInfo, String> {
    const FEW_SLASHES: &str = "has no path; write three slashes: \"unix:///run/redis.sock\"";
    let (login, path) = place.split_at(place.find('/').ok_or(FEW_SLASHES)?);
    let login: RedisConnectionInfo = match login.strip_suffix('@') {
        Some(login) => {
            let host = format!("redis://{login}@localhost").into_connection_info().map_err(|_| UNUSABLE)?;
            host.redis_settings().clone()
        }
        None if login.is_empty() => RedisConnectionInfo::default(),
        None => {
            return Err(
                "has a host before the path of a socket; write three slashes: \"unix:///run/redis.sock\""
                    .into(),
            );
        }
    };
    if path.ends_with('/') {
        return Err(FEW_SLASHES.into());
    }
    let server = format!("unix://{path}").into_connection_info().map_err(|_| UNUSABLE)?;
    Ok(server.set_redis_settings(login))
}

/// Reads a switch as redis-py does.
fn is_true(value: &str) -> bool {
    !["0", "f", "false", "n", "no"].iter().any(|word| value.eq_ignore_ascii_case(word))
}
