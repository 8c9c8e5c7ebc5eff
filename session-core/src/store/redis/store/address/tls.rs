//! The files of TLS that an address and the settings beside it name.

use std::path::{Path, PathBuf, absolute};

use super::Objection;
use crate::store::redis::RedisSettings;

/// The files that are named; those of a client are the two of its certificate.
#[derive(Default, PartialEq)]
pub(super) struct TlsFiles {
    pub(super) authority: Option<TlsFile>,
    pub(super) certificate: Option<TlsFile>,
    pub(super) key: Option<TlsFile>,
}

/// A file, and what names it.
#[derive(Clone)]
pub(super) struct TlsFile {
    path: PathBuf,
    named_by: &'static str,
}

impl TlsFile {
    pub(super) fn new(path: impl Into<PathBuf>, named_by: &'static str) -> Self {
        TlsFile { path: path.into(), named_by }
    }
}

/// Goes by the file alone.
impl PartialEq for TlsFile {
    fn eq(&self, other: &Self) -> bool {
        let found = |path: &Path| absolute(path).unwrap_or_else(|_| path.into());
        found(&self.path) == found(&other.path)
    }
}

impl TlsFiles {
    /// Adds the files that the settings name to those of the address.
    pub(super) fn with(mut self, settings: &RedisSettings, is_encrypted: bool) -> Result<Self, Objection> {
        for (path, key, of_address) in [
            (&settings.tls_ca, "session_redis_tls_ca", &mut self.authority),
            (&settings.tls_cert, "session_redis_tls_cert", &mut self.certificate),
            (&settings.tls_key, "session_redis_tls_key", &mut self.key),
        ] {
            let Some(path) = path else { continue };
            let refused = |message: String| Err(Objection { key, message });
            if path.as_os_str().is_empty() {
                return refused("must name a file in PEM, such as \"ca.pem\"".into());
            }
            if !is_encrypted {
                return refused(
                    "has no effect without TLS; write rediss:// in session_redis (rediss+sentinel:// for sentinels), or \
                     remove it"
                        .into(),
                );
            }
            let file = TlsFile::new(path, key);
            if let Some(of_address) = of_address
                && *of_address != file
            {
                let name = of_address.named_by;
                return refused(format!(
                    "names another file than {name} in session_redis; keep one of the two"
                ));
            }
            *of_address = Some(file);
        }
        match (&self.certificate, &self.key) {
            (Some(alone), None) => {
                Err(alone.alone("the file of its key", ["ssl_keyfile", "session_redis_tls_key"]))
            }
            (None, Some(alone)) => {
                Err(alone.alone("the file of its certificate", ["ssl_certfile", "session_redis_tls_cert"]))
            }
            _ => Ok(self),
        }
    }
}

impl TlsFile {
    /// Whether it is the address or a setting that names it, the other one belongs to the same place.
    fn alone(&self, missing: &str, [in_address, setting]: [&str; 2]) -> Objection {
        let name = self.named_by;
        match name.starts_with("ssl_") {
            true => Objection::to_address(format!("has {name} without {missing}; add {in_address}")),
            false => Objection { key: name, message: format!("needs {missing} beside it; add {setting}") },
        }
    }

    /// The same for what is wrong with its content, or with the file.
    #[cfg(feature = "redis-tls")]
    fn objection(&self, what: &str) -> Objection {
        let (name, path) = (self.named_by, &self.path);
        match name.starts_with("ssl_") {
            true => Objection::to_address(format!("names with {name} the file {path:?}, {what}")),
            false => Objection { key: name, message: format!("names the file {path:?}, {what}") },
        }
    }
}

#[cfg(feature = "redis-tls")]
mod read {
    use redis::{ClientTlsConfig, TlsCertificates};
    use rustls::RootCertStore;
    use rustls::crypto::ring::default_provider;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::sign::CertifiedKey;

    use super::*;

    impl TlsFiles {
        /// Reads them, so that a file that is not what it should be is told at launch and not by each connection.
        pub(in super::super) fn read(&self) -> Result<Option<TlsCertificates>, Objection> {
            let root_cert = self.authority.as_ref().map(TlsFile::authority).transpose()?;
            let client_tls = match (&self.certificate, &self.key) {
                (Some(certificate), Some(key)) => Some(client(certificate, key)?),
                _ => None,
            };
            let is_any = root_cert.is_some() || client_tls.is_some();
            Ok(is_any.then_some(TlsCertificates { client_tls, root_cert }))
        }
    }

    impl TlsFile {
        fn content(&self) -> Result<Vec<u8>, Objection> {
            std::fs::read(&self.path)
                .map_err(|error| self.objection(&format!("which can't be read: {error}")))
        }

        fn certificates(&self, content: &[u8]) -> Result<Vec<CertificateDer<'static>>, Objection> {
            let certificates: Vec<_> = CertificateDer::pem_slice_iter(content)
                .collect::<Result<_, _>>()
                .map_err(|error| self.objection(&format!("which is not PEM: {error}")))?;
            if certificates.is_empty() {
                return Err(self.objection("which is not PEM, or has no certificate"));
            }
            Ok(certificates)
        }

        fn authority(&self) -> Result<Vec<u8>, Objection> {
            let content = self.content()?;
            for certificate in self.certificates(&content)? {
                RootCertStore::empty().add(certificate).map_err(|error| {
                    self.objection(&format!("which has a certificate that can't be used: {error}"))
                })?;
            }
            Ok(content)
        }
    }

    fn client(certificate: &TlsFile, key: &TlsFile) -> Result<ClientTlsConfig, Objection> {
        let (client_cert, client_key) = (certificate.content()?, key.content()?);
        let chain = certificate.certificates(&client_cert)?;
        let private = PrivateKeyDer::from_pem_slice(&client_key)
            .map_err(|_| key.objection("which is not PEM, or has no private key that is not encrypted"))?;
        CertifiedKey::from_der(chain, private, &default_provider())
            .map_err(|error| key.objection(&format!("which can't be used with its certificate: {error}")))?;
        Ok(ClientTlsConfig { client_cert, client_key })
    }
}
