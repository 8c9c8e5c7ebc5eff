//! The Redis store over TLS, with certificates that the test makes.

use std::path::{Path, PathBuf};
use std::process::Command;

use redis::{Client, TlsCertificates};
use rocket_session_state_conformance::Suite;
use rocket_session_state_core::store::{RedisStore, Store};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::calls::call;
use crate::conformance::Older;
use crate::redis_channels::{assert_told, watch};
use crate::redis_server::Server;
use test_servers::port::free_port;

/// A server with a certificate for 127.0.0.1 that only its own authority vouches for.
struct TlsServer {
    server: Server,
    url: String,
    authority: PathBuf,
    _folder: TempDir,
}

impl TlsServer {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let [ca_key, ca] = ["ca.key", "ca.pem"].map(path);
        let [key, request, certificate] = ["server.key", "server.csr", "server.pem"].map(path);
        std::fs::write(folder.path().join("names"), "subjectAltName=IP:127.0.0.1").unwrap();
        openssl(&format!(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout {ca_key} -out {ca}"
        ));
        openssl(&format!("req -newkey rsa:2048 -nodes -subj /CN=redis -keyout {key} -out {request}"));
        openssl(&format!(
            "x509 -req -in {request} -CA {ca} -CAkey {ca_key} -CAcreateserial -days 2 -extfile {} -out {certificate}",
            path("names")
        ));
        let port = free_port();
        let server = Server::start_with(&[
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &ca,
            "--tls-auth-clients",
            "no",
        ]);
        let url = format!("rediss://127.0.0.1:{port}");
        TlsServer { server, url, authority: Path::new(&ca).to_owned(), _folder: folder }
    }
}

fn openssl(arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).output().unwrap_or_else(|error| {
        panic!("openssl can't be started ({error}); install it with: apt-get install openssl")
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_redis_store_passes_the_suite_over_tls() {
    let server = TlsServer::start();
    let root_cert = Some(std::fs::read(&server.authority).unwrap());
    let certificates = TlsCertificates { client_tls: None, root_cert };
    let client = Client::build_with_tls(server.url.as_str(), certificates).unwrap();
    let suite = Suite::new(RedisStore::from_client(client)).aged_by(Older::at(&server.server).await);
    suite.run().await.unwrap();
}

#[tokio::test]
async fn an_address_can_name_the_files_of_authority_certificate_and_key() {
    let server = TlsServer::start();
    let (url, authority) = (&server.url, server.authority.display());
    let store = RedisStore::from_url(&format!("{url}?ssl_ca_certs={authority}")).unwrap();
    // The connection that listens is the first one here.
    let mut hints = watch(&store, "k").await;
    let began = Instant::now();
    store.delete(call(), "k").await.unwrap();
    assert_told(&mut hints, began).await;
    store.ping(call()).await.unwrap();
    // The server takes any client, and looks at a certificate only if it asks for one.
    let folder = server.authority.parent().unwrap().display();
    let client = format!("ssl_certfile={folder}/server.pem&ssl_keyfile={folder}/server.key");
    let store = RedisStore::from_url(&format!("{url}?ssl_ca_certs={authority}&{client}")).unwrap();
    store.ping(call()).await.unwrap();
    for (parameters, part) in [
        ("ssl_ca_certs=/no/such/file", "with ssl_ca_certs the file \"/no/such/file\", which can't be read"),
        (&*format!("ssl_certfile={authority}&ssl_keyfile={authority}"), "is not PEM"),
    ] {
        let error = RedisStore::from_url(&format!("{url}?{parameters}")).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(part), "{cause}");
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = TlsServer::start();
    let error = RedisStore::from_url(&server.url).unwrap().ping(call()).await.unwrap_err();
    let cause = std::error::Error::source(&error).and_then(|cause| cause.source()).unwrap().to_string();
    assert!(cause.contains("certificate"), "{cause}");
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
        .env(URL, &server.url)
        .env("SSL_CERT_FILE", &server.authority)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
