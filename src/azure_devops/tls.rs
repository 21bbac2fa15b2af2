//! TLS: which certificates are trusted, and words for those that are not.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use rustls::sign::SingleCertAndKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};
use rustls_platform_verifier::Verifier;

use crate::agent::{Agent, Connection};
use crate::problem::{Problem, code};

mod failure;

use failure::RefusedCertificate;
pub use failure::{TlsFault, explained};

/// What a connection to the server is made with. Also gives warnings.
///
/// # Errors
/// Says what of the agent's CA file cannot be used.
pub(super) fn config(
    agent: &Agent,
    connection: &Connection,
    warnings: &mut Vec<Problem>,
) -> Result<ClientConfig, Problem> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = if agent.skip_certificate_validation {
        warnings.push(Problem::warning(
            code::CERTIFICATES_NOT_VALIDATED,
            "the agent is configured to trust any certificate: the token could be read on the way",
            "Configure the agent with its CA file (--sslcacert) instead of --sslskipcertvalidation.",
        ));
        Arc::new(AnyCertificate(Arc::clone(&provider)))
    } else {
        let authorities = authorities(agent, warnings)?;
        let verifier = verifier(authorities, &provider).map_err(|error| unusable(&error))?;
        Arc::new(Explaining(verifier))
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &connection.identity {
        Some(identity) => {
            let certificate = SingleCertAndKey::from(identity.certified_key());
            builder.with_client_cert_resolver(Arc::new(certificate))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn unusable(error: &Error) -> Problem {
    Problem::error(
        code::CONNECTION_SETTINGS,
        format!("cannot prepare secure connections: {error}"),
        "Check the certificates of this machine. Nothing was published.",
    )
}

/// The system's roots and these. Machines without any, such as slim containers, trust what
/// browsers do.
fn verifier(
    authorities: Vec<CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, Error> {
    match Verifier::new(Arc::clone(provider)) {
        Ok(verifier) if authorities.is_empty() => Ok(verifier),
        Ok(_) => Verifier::new_with_extra_roots(authorities, Arc::clone(provider)),
        Err(_) => {
            log::debug!("this machine has no root certificates; those of browsers are used");
            let bundled = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned();
            Verifier::new_with_extra_roots(bundled.chain(authorities), Arc::clone(provider))
        }
    }
}

/// The certificates of the agent's CA file.
fn authorities(
    agent: &Agent,
    warnings: &mut Vec<Problem>,
) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let Some(path) = &agent.ca_file else {
        return Ok(Vec::new());
    };
    let shown = path.display();
    let wrong = |message: String, advice: String| {
        Problem::error(
            code::CONNECTION_SETTINGS,
            message,
            format!("{advice} Nothing was published."),
        )
    };
    let bytes = std::fs::read(path).map_err(|error| {
        wrong(
            format!("cannot read the agent's CA file '{shown}': {error}"),
            "Check what the agent was configured with (--sslcacert).".to_owned(),
        )
    })?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&bytes).flatten().collect();
    let all = certificates.len();
    let usable: Vec<CertificateDer<'static>> = certificates
        .into_iter()
        .filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok())
        .collect();
    if usable.is_empty() {
        return Err(wrong(
            format!("the agent's CA file '{shown}' holds no PEM certificate that can be used"),
            format!(
                "Convert it: 'openssl x509 -inform der -in {shown} -out ca.pem' makes PEM of a binary certificate."
            ),
        ));
    }
    if usable.len() < all {
        warnings.push(Problem::warning(
            code::AUTHORITIES_LEFT_OUT,
            format!(
                "{} of {all} certificates in the agent's CA file '{shown}' cannot be read and are not trusted",
                all - usable.len()
            ),
            "",
        ));
    }
    Ok(usable)
}

/// Verifies as the other does, and says more about what it refuses.
#[derive(Debug)]
struct Explaining(Verifier);

impl ServerCertVerifier for Explaining {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.0
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            Error::InvalidCertificate(why) => {
                let refused =
                    RefusedCertificate::of(&why, end_entity, intermediates, server_name, now);
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Trusts whoever answers, as the agent was told to.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
