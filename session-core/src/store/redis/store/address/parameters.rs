//! The parameters of an address: what follows its question mark.

use redis::{ProtocolVersion, RedisConnectionInfo};

use super::UNUSABLE;
use super::tls::{TlsFile, TlsFiles};
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

/// What the parameters of one address say.
#[derive(Default)]
pub(super) struct Given {
    database: Option<u32>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    protocol: ProtocolVersion,
    pub(super) files: TlsFiles,
}

impl Given {
    /// Reads them; otherwise says what is wrong, as the end of a sentence and without a value.
    pub(super) fn read(query: &str, is_encrypted: bool) -> Result<Self, String> {
        if let Some(objection) = PARAMETERS.objection(query) {
            return Err(objection);
        }
        let mut given = Given::default();
        for (name, value) in decoded(query)? {
            match &*name {
                "db" => {
                    let number = value.parse().map_err(|_| "has a `db` that is not a number; write ?db=0")?;
                    given.database = Some(number);
                }
                "user" | "username" if given.user.is_some() => return Err("has two users; keep one".into()),
                "user" | "username" => given.user = Some(value),
                "pass" | "password" if given.password.is_some() => {
                    return Err("has two passwords; keep one".into());
                }
                "pass" | "password" => given.password = Some(value),
                "protocol" => {
                    given.protocol = match &*value {
                        "2" | "resp2" => ProtocolVersion::RESP2,
                        "3" | "resp3" => ProtocolVersion::RESP3,
                        _ => return Err("has a `protocol` that does not exist; write 2 or 3".into()),
                    };
                }
                _ if !is_encrypted => {
                    return Err(format!(
                        "has `{name}` and no TLS; write rediss:// instead of redis://, or remove it"
                    ));
                }
                "ssl_ca_certs" => given.files.authority = Some(TlsFile::new(value, "ssl_ca_certs")),
                "ssl_certfile" => given.files.certificate = Some(TlsFile::new(value, "ssl_certfile")),
                "ssl_keyfile" => given.files.key = Some(TlsFile::new(value, "ssl_keyfile")),
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
        Ok(given)
    }

    /// Adds them to what the rest of the address says. As in redis-py, a database here counts more than one in the path,
    /// and a login here less than one before the host.
    pub(super) fn added_to(&self, mut settings: RedisConnectionInfo) -> RedisConnectionInfo {
        settings = settings.set_protocol(self.protocol);
        if let Some(number) = self.database {
            settings = settings.set_db(number.into());
        }
        if let (None, Some(user)) = (settings.username(), &self.user) {
            settings = settings.set_username(user);
        }
        if let (None, Some(password)) = (settings.password(), &self.password) {
            settings = settings.set_password(password);
        }
        settings
    }
}

/// Decodes parameters as Python does.
pub(super) fn decoded(query: &str) -> Result<Vec<(String, String)>, String> {
    let url = redis::parse_redis_url(&format!("redis://h?{query}")).ok_or(UNUSABLE)?;
    Ok(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
}

/// Reads a switch as redis-py does.
fn is_true(value: &str) -> bool {
    !["0", "f", "false", "n", "no"].iter().any(|word| value.eq_ignore_ascii_case(word))
}
