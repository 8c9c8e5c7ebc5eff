//! The address of a master that sentinels watch.

use redis::parse_redis_url;

use super::parameters::{Given, decoded};
use super::parts::Parts;
use super::server::{self, ServerAddress};
use crate::settings::parameters::Parameters;

/// A master that has no fixed address: sentinels say where it is.
pub(in crate::store::redis::store) struct SentinelAddress {
    /// The sentinels, at least one, each with the login that sentinels want, which is not that of the servers.
    pub(in crate::store::redis::store) sentinels: Vec<ServerAddress>,
    /// The name under which they watch it.
    pub(in crate::store::redis::store) master: String,
    /// What all servers have in common: login, database number and TLS. Its place is that of the first sentinel; the
    /// sentinels name the real one, which is [`ServerAddress::at`].
    pub(in crate::store::redis::store) server: ServerAddress,
}

/// The login of the sentinels. Theirs is another one than that of the servers, and mostly there is none.
const PARAMETERS: Parameters = Parameters {
    known: &["sentinel_username", "sentinel_password"],
    refused: &[
        ("sentinel_kwargs", "write sentinel_username and sentinel_password"),
        ("sentinel_service_name", "write the name of the master after the hosts"),
    ],
    ignore_case: false,
};

const NO_NAME: &str = "has no name of a master after the sentinels; write \"redis+sentinel://host:26379,host:26379/master-name/0\"";
const UNUSABLE: &str = "is not a usable URL; write \"redis+sentinel://user:password@host:26379,host:26379/master-name/0\", with \
     special characters of a password percent-encoded";
const NAME: &str = "has a name of a master with other characters than letters, digits and . - _, which sentinels do not take";
const PORT: u16 = 26379;

impl SentinelAddress {
    /// Reads an address, and what its parameters say of the servers; otherwise says what is wrong with it, as the end of a
    /// sentence and without a value of it.
    pub(super) fn read(parts: Parts<'_>) -> Result<(Self, Given), String> {
        let (of_sentinels, of_servers): (Vec<_>, Vec<_>) =
            parts.query.split('&').partition(|pair| pair.starts_with("sentinel_"));
        let given = Given::read(&of_servers.join("&"), parts.is_encrypted)?;
        let own_login = own_login(&of_sentinels.join("&"))?;
        let (login, hosts, path) = parts.of_place();
        if login.matches('@').count() > 1 {
            return Err("has a login before more than one host; write it once, before the first".into());
        }
        let mut path = path.split('/').skip(1);
        let master = path.next().filter(|name| !name.is_empty()).ok_or(NO_NAME)?;
        let database = path.next().unwrap_or_default();
        if path.next().is_some() {
            return Err(UNUSABLE.into());
        }
        if !master.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
            return Err(NAME.into());
        }
        let at = |place: String| server::at(parts.is_encrypted, &place).map_err(|_| UNUSABLE.to_owned());
        let sentinels = hosts
            .split(',')
            .map(with_port)
            .map(|host| at(host?).map(|sentinel| ServerAddress::new(sentinel, &own_login)));
        let sentinels = sentinels.collect::<Result<Vec<_>, String>>()?;
        let first = hosts.split(',').next().unwrap_or_default();
        let server = ServerAddress::new(at(format!("{login}{first}/{database}"))?, &given);
        Ok((SentinelAddress { sentinels, master: master.to_owned(), server }, given))
    }
}

/// Reads the login of the sentinels.
fn own_login(query: &str) -> Result<Given, String> {
    if let Some(objection) = PARAMETERS.objection(query) {
        return Err(objection);
    }
    let mut login = Given::default();
    for (name, value) in decoded(query)? {
        match &*name {
            "sentinel_username" => login.user = Some(value),
            _ => login.password = Some(value),
        }
    }
    Ok(login)
}

/// Adds the port of sentinels, which is another one than that of servers, where there is none.
fn with_port(host: &str) -> Result<String, String> {
    let url = parse_redis_url(&format!("redis://{host}")).ok_or(UNUSABLE)?;
    Ok(if url.port().is_some() { host.to_owned() } else { format!("{host}:{PORT}") })
}
