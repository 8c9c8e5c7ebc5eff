//! The address of MongoDB's servers.

use mongodb::options::{Acknowledgment, ConnectionString, HostInfo, ServerAddress, Tls};

use crate::settings::address::is_this_machine;
use crate::settings::parameters::Parameters;

/// The driver's options, less those that would take a guarantee away, and with words for what only Python's driver knows.
const PARAMETERS: Parameters = Parameters {
    known: &[
        "appName",
        "authMechanism",
        "authMechanismProperties",
        "authSource",
        "compressors",
        "connectTimeoutMS",
        "directConnection",
        "heartbeatFrequencyMS",
        "journal",
        "loadBalanced",
        "localThresholdMS",
        "maxConnecting",
        "maxIdleTimeMS",
        "maxPoolSize",
        "minPoolSize",
        "readConcernLevel",
        "replicaSet",
        "retryReads",
        "retryWrites",
        "serverMonitoringMode",
        "serverSelectionTimeoutMS",
        "srvMaxHosts",
        "srvServiceName",
        "ssl",
        "tls",
        "tlsAllowInvalidCertificates",
        "tlsCAFile",
        "tlsCertificateKeyFile",
        "tlsCertificateKeyFilePassword",
        "tlsInsecure",
        "w",
        "wTimeoutMS",
    ],
    refused: &[
        ("connect", "the connection is opened when it is first needed; remove it"),
        ("document_class", PYTHON),
        ("maxStalenessSeconds", PRIMARY),
        ("readPreference", PRIMARY),
        ("readPreferenceTags", PRIMARY),
        ("socketTimeoutMS", TIMEOUT),
        ("timeoutMS", TIMEOUT),
        ("waitQueueTimeoutMS", TIMEOUT),
        ("tlsAllowInvalidHostnames", "the name of the server is checked with its certificate; remove it"),
        ("tlsCRLFile", "revocation lists are not read; remove it"),
        ("tz_aware", PYTHON),
        ("unicode_decode_error_handler", PYTHON),
        ("uuidRepresentation", PYTHON),
    ],
    ignore_case: true,
};

const PRIMARY: &str = "every command goes to the primary; remove it";
const PYTHON: &str = "it is about Python's types; remove it";
const TIMEOUT: &str = "session_store_timeout says how long a call may take; remove it";

/// Reads an address; otherwise says what is wrong with it, as the end of a sentence and without a value of it.
pub(super) fn parse(url: &str) -> Result<ConnectionString, String> {
    match url.split_once("://") {
        Some(("mongodb", _)) => {}
        Some(("mongodb+srv", _)) if cfg!(feature = "mongodb-srv") => {}
        Some(("mongodb+srv", _)) => {
            return Err("is looked up in DNS; turn on the cargo feature `mongodb-srv`".into());
        }
        _ => return Err("must be one URL such as \"mongodb://127.0.0.1:27017\"".into()),
    }
    if let Some(objection) = url.split_once('?').and_then(|(_, query)| PARAMETERS.objection(query)) {
        return Err(objection);
    }
    let connection = ConnectionString::parse(url).map_err(|_| {
        "is not a usable URL; write \"mongodb://host:port\", with special characters of a password percent-encoded"
    })?;
    let unacknowledged = Some(Acknowledgment::Nodes(0));
    if connection.write_concern.as_ref().is_some_and(|concern| concern.w == unacknowledged) {
        return Err("says w=0, so that nobody would know what was written; remove that".into());
    }
    Ok(connection)
}

/// Says who may read what is sent to such servers, and what to write against it.
pub(super) fn exposure(connection: &ConnectionString) -> Option<&'static str> {
    let is_here = |server: &ServerAddress| match server {
        ServerAddress::Tcp { host, .. } => is_this_machine(host),
        _ => true,
    };
    // Servers that DNS names are spoken to by TLS, unless the address says something else.
    let (are_here, tls_by_default) = match &connection.host_info {
        HostInfo::HostIdentifiers(servers) => (servers.iter().all(is_here), false),
        _ => (false, true),
    };
    match &connection.tls {
        Some(Tls::Enabled(options)) if options.allow_invalid_certificates == Some(true) => Some(
            "sends sessions to whoever answers, since certificates are not checked; remove `tlsInsecure` and \
             `tlsAllowInvalidCertificates`, and name the authority with `tlsCAFile`",
        ),
        Some(Tls::Enabled(_)) => None,
        None if tls_by_default => None,
        _ if are_here => None,
        _ => Some("sends sessions unencrypted to another machine; write `tls=true`"),
    }
}
