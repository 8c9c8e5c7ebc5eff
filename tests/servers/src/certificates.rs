//! Certificates that only tests trust.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tempfile::TempDir;

/// An authority of the test's own, which nobody else trusts. Its files are gone with it.
pub struct Authority {
    folder: TempDir,
    issued: AtomicU32,
}

/// A certificate and its key, each a file in PEM.
pub struct Certificate {
    /// The certificate.
    pub file: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

impl Authority {
    /// Makes an authority.
    #[allow(clippy::new_without_default)] // it makes files
    pub fn new() -> Authority {
        let authority =
            Authority { folder: TempDir::new().expect("a temporary folder"), issued: AtomicU32::new(0) };
        let [file, key] = [authority.file(), authority.folder().join("ca.key")].map(shown);
        openssl(&format!("req -x509 {KEY} -days 2 -subj /CN=authority -keyout {key} -out {file}"));
        authority
    }

    /// The folder of all its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder().join("ca.pem")
    }

    /// Issues a certificate for names such as `DNS:localhost,IP:127.0.0.1`, which is also good for a client.
    pub fn issue(&self, names: &str) -> Certificate {
        self.issue_for(names, 2)
    }

    /// Issues one that has ended.
    pub fn issue_expired(&self, names: &str) -> Certificate {
        self.issue_for(names, -1)
    }

    fn issue_for(&self, names: &str, days: i32) -> Certificate {
        let number = self.issued.fetch_add(1, Relaxed);
        let path = |ending: &str| self.folder().join(format!("{number}.{ending}"));
        let (file, key) = (path("pem"), path("key"));
        let [request, extensions] = [path("csr"), path("names")];
        std::fs::write(&extensions, format!("subjectAltName={names}")).expect("a file of the test's own");
        openssl(&format!("req {KEY} -subj /CN=test -keyout {} -out {}", key.display(), request.display()));
        openssl(&format!(
            "x509 -req -in {} -CA {} -CAkey {} -days {days} -extfile {} -out {}",
            request.display(),
            self.file().display(),
            self.folder().join("ca.key").display(),
            extensions.display(),
            file.display()
        ));
        Certificate { file, key }
    }

    /// The arguments by which a Redis server has this certificate, and asks clients for theirs if `asks_clients`. Its
    /// port, `--tls-port`, is not among them.
    pub fn arguments_of_redis(&self, certificate: &Certificate, asks_clients: bool) -> Vec<String> {
        let asks = if asks_clients { "yes" } else { "no" }.to_owned();
        [
            ("--tls-cert-file", shown(certificate.file.clone())),
            ("--tls-key-file", shown(certificate.key.clone())),
            ("--tls-ca-cert-file", shown(self.file())),
            ("--tls-auth-clients", asks),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect()
    }
}

fn shown(path: PathBuf) -> String {
    path.display().to_string()
}

fn openssl(arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).output().unwrap_or_else(|error| {
        panic!("openssl can't be started ({error}); install it with: apt-get install openssl")
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
