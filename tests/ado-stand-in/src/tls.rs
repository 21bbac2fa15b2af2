//! A private certificate authority, made anew for each server that speaks TLS.

use crate::settings::ServerCertificate;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_rustls::TlsAcceptor;

/// The authority, with a server certificate and one client certificate.
pub(crate) struct Authority {
    pub(crate) certificate_pem: String,
    /// Certificate and key.
    pub(crate) client_pem: (String, String),
    config: Arc<ServerConfig>,
}

impl Authority {
    pub(crate) fn new(
        like: &ServerCertificate,
        demand_client_certificate: bool,
    ) -> Result<Authority, Box<dyn Error + Send + Sync>> {
        let issuer =
            CertifiedIssuer::self_signed(authority("Stand-in authority"), KeyPair::generate()?)?;
        let second = CertifiedIssuer::signed_by(
            authority("Stand-in second authority"),
            KeyPair::generate()?,
            &issuer,
        )?;

        let server_key = KeyPair::generate()?;
        let mut params = CertificateParams::new(like.names.clone())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "Stand-in server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let now = SystemTime::now();
        params.not_before = moved(now, like.days.0).into();
        params.not_after = moved(now, like.days.1).into();
        let server = match like.intermediate {
            _ if like.by_itself => params.self_signed(&server_key)?,
            None => params.signed_by(&server_key, &issuer)?,
            Some(_) => params.signed_by(&server_key, &second)?,
        };
        let mut chain = vec![server.der().clone()];
        if like.intermediate == Some(true) {
            chain.push(second.der().clone());
        }

        let client_key = KeyPair::generate()?;
        let mut params = named("Stand-in client");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let client = params.signed_by(&client_key, &issuer)?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let config = if demand_client_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(issuer.der().clone())?;
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            config.with_client_cert_verifier(verifier)
        } else {
            config.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let config = config.with_single_cert(chain, key)?;
        Ok(Authority {
            certificate_pem: issuer.pem(),
            client_pem: (client.pem(), client_key.serialize_pem()),
            config: Arc::new(config),
        })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Authority")
    }
}

fn authority(common_name: &str) -> CertificateParams {
    let mut params = named(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn moved(time: SystemTime, days: i64) -> SystemTime {
    let span = Duration::from_secs(days.unsigned_abs() * 24 * 60 * 60);
    if days < 0 { time - span } else { time + span }
}

fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params
}
