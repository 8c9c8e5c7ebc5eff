//! The Redis store over TLS, with certificates that the test makes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use redis::{Client, TlsCertificates};
use rocket_session_state_conformance::Suite;
use rocket_session_state_core::Chain;
use rocket_session_state_core::config::{Environment, MigrateFrom, RedisUrl, SessionConfig, SessionType};
use rocket_session_state_core::manager::Manager;
use rocket_session_state_core::store::{RedisStore, Store, StoreError};
use test_servers::certificates::{Authority, Certificate};
use test_servers::port::free_port;
use test_servers::redis_cluster::{FREE_PORT, Plan, RedisCluster};
use test_servers::redis_sentinel::{self, RedisSentinel};
use test_servers::resp::Reply;
use tokio::time::Instant;

use crate::calls::call;
use crate::conformance::Older;
use crate::redis_channels::{assert_told, watch};
use crate::redis_server::Server;

/// A server with a certificate that only its own authority vouches for.
struct TlsServer {
    server: Server,
    port: u16,
    authority: Authority,
}

impl TlsServer {
    fn start() -> Self {
        Self::start_with(|authority| authority.issue("IP:127.0.0.1"), false)
    }

    fn start_with(certificate: impl Fn(&Authority) -> Certificate, asks_clients: bool) -> Self {
        let authority = Authority::new();
        let port = free_port();
        let mut arguments = vec!["--tls-port".to_owned(), port.to_string()];
        arguments.extend(authority.arguments_of_redis(&certificate(&authority), asks_clients));
        let server = Server::start_with(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        TlsServer { server, port, authority }
    }

    fn url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.port)
    }

    fn authority(&self) -> PathBuf {
        self.authority.file()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_redis_store_passes_the_suite_over_tls() {
    let server = TlsServer::start();
    let root_cert = Some(fs::read(server.authority()).unwrap());
    let certificates = TlsCertificates { client_tls: None, root_cert };
    let client = Client::build_with_tls(server.url(), certificates).unwrap();
    let suite = Suite::new(RedisStore::from_client(client)).aged_by(Older::at(&server.server).await);
    suite.run().await.unwrap();
}

#[tokio::test]
async fn an_address_can_name_the_files_of_authority_certificate_and_key() {
    let server = TlsServer::start_with(|authority| authority.issue("IP:127.0.0.1"), true);
    let client = server.authority.issue("DNS:client");
    let (authority, certificate, key) =
        (server.authority(), client.file.display().to_string(), client.key.display().to_string());
    let url = format!(
        "{}?ssl_ca_certs={}&ssl_certfile={certificate}&ssl_keyfile={key}",
        server.url(),
        authority.display()
    );
    let store = RedisStore::from_url(&url).unwrap();
    // The connection that listens is the first one here.
    let mut hints = watch(&store, "k").await;
    let began = Instant::now();
    store.delete(call(), "k").await.unwrap();
    assert_told(&mut hints, began).await;
    store.ping(call()).await.unwrap();
}

/// The manager of the sessions at an address, with settings of TLS; nothing is connected yet.
fn manager(url: impl Into<RedisUrl>, [ca, cert, key]: [Option<&Path>; 3]) -> Result<Manager, StoreError> {
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Redis;
    // What a cluster refuses is tried for as long as a call may take; what is slow is the machine.
    let limit = Duration::from_secs(5);
    (config.session_store_timeout, config.session_request_timeout) = (limit, limit);
    config.secret_key = Some("0123456789abcdef0123456789abcdef".into());
    config.store.redis.url = url.into();
    config.store.redis.tls_ca = ca.map(Into::into);
    config.store.redis.tls_cert = cert.map(Into::into);
    config.store.redis.tls_key = key.map(Into::into);
    Manager::new(config.check(Environment::default()).unwrap_or_else(|error| panic!("{error}")))
}

async fn launched(url: impl Into<RedisUrl>, files: [Option<&Path>; 3]) -> Result<(), String> {
    let text = |error: StoreError| Chain(&error).to_string();
    manager(url, files).map_err(text)?.ping(std::time::SystemTime::now()).await.map_err(text)
}

#[tokio::test]
async fn the_settings_can_name_the_files_of_authority_certificate_and_key() {
    let server = TlsServer::start_with(|authority| authority.issue("IP:127.0.0.1"), true);
    let client = server.authority.issue("DNS:client");
    let (ca, cert, key) = (server.authority(), client.file.as_path(), client.key.as_path());
    launched(server.url(), [Some(&ca), Some(cert), Some(key)]).await.unwrap();
    // Some in the address, some in the settings.
    let url = format!("{}?ssl_ca_certs={}&ssl_certfile={}", server.url(), ca.display(), cert.display());
    launched(url, [None, None, Some(key)]).await.unwrap();
    let error = launched(server.url(), [Some(&ca), None, None]).await.unwrap_err();
    assert!(error.contains("CertificateRequired") && error.contains("session_redis_tls_cert"), "{error}");
}

#[tokio::test]
async fn a_file_of_tls_that_is_missing_not_pem_or_of_another_certificate_is_named_before_anything_is_connected()
 {
    let authority = Authority::new();
    let [one, other] = [authority.issue("DNS:a"), authority.issue("DNS:b")];
    let (text, cut, empty) = (
        authority.folder().join("text.pem"),
        authority.folder().join("cut.pem"),
        authority.folder().join("empty.pem"),
    );
    fs::write(&text, "hush").unwrap();
    fs::write(&cut, &fs::read(authority.file()).unwrap()[..200]).unwrap();
    fs::write(&empty, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n").unwrap();
    let missing = authority.folder().join("missing.pem");
    let ca = authority.file();
    for (files, key, reason) in [
        (
            [Some(&missing), None, None],
            "session_redis_tls_ca names the file",
            "which can't be read: No such file",
        ),
        ([Some(&text), None, None], "session_redis_tls_ca", "not PEM"),
        ([Some(&cut), None, None], "session_redis_tls_ca", "not PEM"),
        ([Some(&empty), None, None], "session_redis_tls_ca", "has a certificate that can't be used"),
        ([Some(&one.key), None, None], "session_redis_tls_ca", "not PEM, or has no certificate"),
        ([Some(&ca), Some(&text), Some(&one.key)], "session_redis_tls_cert", "not PEM"),
        (
            [None, Some(&one.file), Some(&one.file)],
            "session_redis_tls_key",
            "no private key that is not encrypted",
        ),
        (
            [None, Some(&one.file), Some(&other.key)],
            "session_redis_tls_key",
            "can't be used with its certificate",
        ),
        ([None, Some(&one.file), Some(&missing)], "session_redis_tls_key", "can't be read"),
    ] {
        let files = files.map(|file| file.map(PathBuf::as_path));
        for url in ["rediss://127.0.0.1:1".into(), ["rediss://127.0.0.1:1"].into()] as [RedisUrl; 2] {
            let error = Chain(&manager(url, files).unwrap_err()).to_string();
            assert!(error.contains(key) && error.contains(reason) && !error.contains("hush"), "{error}");
        }
    }
    let mut old = MigrateFrom::new(SessionType::Redis);
    old.store.redis.url = "rediss://127.0.0.1:1".into();
    old.store.redis.tls_ca = Some(missing.clone());
    let mut config = SessionConfig::default();
    config.session_type = SessionType::Memory;
    config.secret_key = Some("0123456789abcdef0123456789abcdef".into());
    config.session_migrate_from = Some(old);
    let checked = config.check(Environment::default()).unwrap();
    let error = Chain(&Manager::new(checked).unwrap_err()).to_string();
    assert!(error.contains("session_migrate_from: `redis_tls_ca` names the file"), "{error}");
    let url = format!("rediss://127.0.0.1:1?ssl_ca_certs={}", missing.display());
    let error = Chain(&RedisStore::from_url(&url).unwrap_err()).to_string();
    assert!(error.contains("names with ssl_ca_certs the file"), "{error}");
}

#[tokio::test]
async fn the_log_says_why_a_certificate_is_refused() {
    let server = |certificate: fn(&Authority) -> Certificate| TlsServer::start_with(certificate, false);
    let good = server(|authority| authority.issue("IP:127.0.0.1"));
    let unknown = launched(good.url(), [None; 3]).await.unwrap_err();
    assert!(unknown.contains("UnknownIssuer") && unknown.contains("session_redis_tls_ca"), "{unknown}");
    let named = server(|authority| authority.issue("DNS:other.example.com"));
    let error = launched(named.url(), [Some(&named.authority()), None, None]).await.unwrap_err();
    assert!(error.contains("not valid for name") && error.contains("127.0.0.1"), "{error}");
    let expired = server(|authority| authority.issue_expired("IP:127.0.0.1"));
    let error = launched(expired.url(), [Some(&expired.authority()), None, None]).await.unwrap_err();
    assert!(error.contains("Expired"), "{error}");
}

/// A cluster whose nodes go by a name, as their certificates do.
struct TlsCluster {
    cluster: RedisCluster,
    authority: Authority,
    client: Certificate,
}

impl TlsCluster {
    fn start(further: &[&str]) -> Self {
        let authority = Authority::new();
        let (certificate, client) = (authority.issue("DNS:localhost"), authority.issue("DNS:client"));
        let mut arguments = authority.arguments_of_redis(&certificate, true);
        let tls = ["--tls-port", FREE_PORT, "--tls-cluster", "yes", "--tls-replication", "yes"];
        arguments.extend(tls.iter().chain(further).map(|argument| (*argument).to_owned()));
        let plan = Plan { replicas: false, arguments, ..Plan::default() };
        TlsCluster { cluster: RedisCluster::start_as(&plan), authority, client }
    }

    fn url(&self, node: usize) -> String {
        let Reply::List(setting) = self.cluster.nodes()[node].command(&["CONFIG", "GET", "tls-port"]) else {
            panic!("no port of TLS")
        };
        format!("rediss://localhost:{}", setting[1].text())
    }

    async fn launched(&self, nodes: &[usize]) -> Result<(), String> {
        let urls: Vec<String> = nodes.iter().map(|node| self.url(*node)).collect();
        let ca = self.authority.file();
        launched(urls, [Some(ca.as_path()), Some(&self.client.file), Some(&self.client.key)]).await
    }
}

#[tokio::test]
async fn a_cluster_whose_nodes_go_by_the_name_in_their_certificates_launches_over_tls_and_one_by_addresses_does_not()
 {
    let names = ["--cluster-announce-hostname", "localhost", "--cluster-preferred-endpoint-type", "hostname"];
    let named = TlsCluster::start(&names);
    named.launched(&[0, 1, 2]).await.unwrap();
    // The others are found by their names, and each is tried.
    named.launched(&[1]).await.unwrap();
    let watch: Vec<_> =
        (0..3).map(|node| named.cluster.nodes()[node].command(&["INFO", "commandstats"]).text()).collect();
    assert!(watch.iter().all(|stats| stats.contains("cmdstat_getex")), "{watch:?}");
    let addressed = TlsCluster::start(&[]);
    let error = addressed.launched(&[0]).await.unwrap_err();
    assert!(error.contains("not valid for name") && error.contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn sentinels_and_their_master_are_reached_over_tls_with_one_authority_and_certificate() {
    let authority = Authority::new();
    let (certificate, client) = (authority.issue("IP:127.0.0.1"), authority.issue("DNS:client"));
    let [of_server, of_sentinel] = [free_port(), free_port()];
    let lines = |port: u16| {
        let arguments = authority.arguments_of_redis(&certificate, true);
        let pair = |pair: &[String]| format!("{} {}\n", pair[0].trim_start_matches('-'), pair[1]);
        format!("tls-port {port}\n{}", arguments.chunks(2).map(pair).collect::<String>())
    };
    let sentinels = RedisSentinel::start_as(redis_sentinel::Plan {
        replicas: 0,
        sentinels: 1,
        server_lines: lines(of_server),
        sentinel_lines: lines(of_sentinel),
        ..redis_sentinel::Plan::default()
    });
    // The same server by the port that its clients take.
    let monitor = ["SENTINEL", "MONITOR", "encrypted", "127.0.0.1", &of_server.to_string(), "1"];
    sentinels.sentinels()[0].command(&monitor);
    let (ca, cert, key) = (authority.file(), client.file.as_path(), client.key.as_path());
    let url = format!("rediss+sentinel://127.0.0.1:{of_sentinel}/encrypted");
    launched(url.clone(), [Some(&ca), Some(cert), Some(key)]).await.unwrap();
    let in_address = format!(
        "ssl_ca_certs={}&ssl_certfile={}&ssl_keyfile={}",
        ca.display(),
        cert.display(),
        key.display()
    );
    launched(format!("{url}?{in_address}"), [None; 3]).await.unwrap();
    let error = launched(url, [Some(&ca), None, None]).await.unwrap_err();
    assert!(error.contains("CertificateRequired"), "{error}");
}

/// The variable belongs to the whole process, so the test runs itself in another one.
#[test]
fn a_private_authority_can_be_named_by_the_environment() {
    const URL: &str = "STORES_TEST_TLS_URL";
    if let Ok(url) = std::env::var(URL) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(async { RedisStore::from_url(&url).unwrap().ping(call()).await.unwrap() });
    }
    let server = TlsServer::start();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "redis_tls::a_private_authority_can_be_named_by_the_environment"])
        .env(URL, server.url())
        .env("SSL_CERT_FILE", server.authority())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
