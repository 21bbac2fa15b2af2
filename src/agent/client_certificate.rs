//! The certificate by which the agent was configured to identify itself
//! (`config.sh --sslclientcert …`), read and checked before the first request.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{self, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::environment::Environment;
use crate::problem::{Problem, code};
use crate::x509::Certificate;

/// The files of a client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate (PEM).
    pub certificate: Option<PathBuf>,
    /// Its private key (PEM); it may also stand in the file of the certificate.
    pub key: Option<PathBuf>,
    /// Both together (PKCS#12), which cannot be used.
    pub archive: Option<PathBuf>,
}

/// A section of a PEM file, in DER.
type Section = (SectionKind, Vec<u8>);

/// What cannot be used and why, and what to do about it.
type Refused = (String, String);

/// A client certificate that can be used, with its private key.
#[derive(Clone)]
pub struct ClientIdentity(Arc<CertifiedKey>);

impl ClientIdentity {
    /// Certificate and key.
    pub fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity")
    }
}

impl ClientCertificate {
    pub(super) fn told(environment: &Environment) -> Option<Self> {
        let path = |name: &str| environment.var(name).map(PathBuf::from);
        let files = Self {
            certificate: path("AGENT_CLIENTCERT"),
            key: path("AGENT_CLIENTCERTKEY"),
            archive: path("AGENT_CLIENTCERTARCHIVE"),
        };
        (files.certificate.is_some() || files.archive.is_some()).then_some(files)
    }

    /// Reads certificate and key.
    ///
    /// # Errors
    /// An input error: it says which file cannot be used, and what to do about it.
    pub fn load(&self) -> Result<ClientIdentity, Problem> {
        self.loaded().map_err(|(cause, advice)| {
            Problem::error(
                code::CLIENT_CERTIFICATE,
                format!("cannot use the agent's client certificate: {cause}"),
                advice,
            )
        })
    }

    fn loaded(&self) -> Result<ClientIdentity, Refused> {
        let Some(file) = &self.certificate else {
            let archive = self.archive.as_deref().unwrap_or(Path::new(""));
            return Err((
                format!("'{}' is an archive (PKCS#12)", archive.display()),
                as_pem(archive),
            ));
        };
        let mut sections = sections(file)?;
        if let Some(key) = &self.key {
            sections.extend(self::sections(key)?);
        }
        let key_file = self.key.as_ref().unwrap_or(file);
        let certificates: Vec<CertificateDer<'static>> = sections
            .iter()
            .filter(|(kind, _)| *kind == SectionKind::Certificate)
            .map(|(_, der)| CertificateDer::from(der.clone()))
            .collect();
        let Some(first) = certificates.first() else {
            return Err((
                format!("'{}' holds no PEM certificate", file.display()),
                as_pem(file),
            ));
        };
        if let Some(told) = Certificate::parse(first)
            && told.version < 3
        {
            return Err((
                format!(
                    "'{}' is '{}' in the form X.509 version {}, which is too old",
                    file.display(),
                    told.subject,
                    told.version
                ),
                "Have it issued anew, as version 3.".to_owned(),
            ));
        }
        let key = sections
            .iter()
            .find_map(|(kind, der)| private_key(*kind, der));
        let Some(key) = key else {
            return Err((
                format!(
                    "'{}' holds no private key in a form that is known here",
                    key_file.display()
                ),
                format!(
                    "The forms are PKCS#8, PKCS#1 and SEC1: 'openssl pkcs8 -topk8 -nocrypt -in {} -out client.key' writes the first.",
                    key_file.display()
                ),
            ));
        };
        let provider = rustls::crypto::ring::default_provider();
        CertifiedKey::from_der(certificates, key, &provider)
            .map(|certified| ClientIdentity(Arc::new(certified)))
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => (
                    format!(
                        "the key '{}' does not belong to the certificate '{}'",
                        key_file.display(),
                        file.display()
                    ),
                    "Configure the agent with the two that belong together.".to_owned(),
                ),
                error => (
                    format!("'{}': {error}", file.display()),
                    "RSA keys from 2048 bits on and the curves P-256, P-384 and Ed25519 are known here."
                        .to_owned(),
                ),
            })
    }
}

fn private_key(kind: SectionKind, der: &[u8]) -> Option<PrivateKeyDer<'static>> {
    match kind {
        SectionKind::PrivateKey => Some(PrivateKeyDer::Pkcs8(der.to_vec().into())),
        SectionKind::RsaPrivateKey => Some(PrivateKeyDer::Pkcs1(der.to_vec().into())),
        SectionKind::EcPrivateKey => Some(PrivateKeyDer::Sec1(der.to_vec().into())),
        _ => None,
    }
}

/// The sections of a PEM file; those of other kinds are left out.
fn sections(file: &Path) -> Result<Vec<Section>, Refused> {
    let shown = file.display();
    let bytes = std::fs::read(file).map_err(|error| {
        (
            format!("'{shown}': {error}"),
            "Check what the agent was configured with (--sslclientcert, --sslclientcertkey)."
                .to_owned(),
        )
    })?;
    // Both forms of an encrypted key say so: in the section's name, or in a header.
    if String::from_utf8_lossy(&bytes).contains("ENCRYPTED") {
        return Err((
            format!("the key '{shown}' is encrypted"),
            format!(
                "Give the agent an unencrypted one, readable by it alone: 'openssl pkcs8 -topk8 -nocrypt -in {shown} -out client.key'."
            ),
        ));
    }
    let mut reader = bytes.as_slice();
    let mut sections = Vec::new();
    loop {
        match pem::from_buf(&mut reader) {
            Ok(Some(section)) => sections.push(section),
            Ok(None) => return Ok(sections),
            Err(error) => return Err((format!("'{shown}': {error:?}"), as_pem(file))),
        }
    }
}

fn as_pem(file: &Path) -> String {
    let file = file.display();
    format!(
        "Certificate and key are needed as PEM: 'openssl pkcs12 -nodes -in {file} -out client.pem' makes both of an archive (--sslclientcert and --sslclientcertkey may name one file)."
    )
}
