//! What went wrong with TLS, in words: which certificate, of whom, why.

use std::error::Error as StdError;
use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use crate::x509::Certificate;

/// Kinds of failure that need advice of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// Nobody here trusts who issued the certificate.
    Untrusted,
    /// The certificate is not valid any more, or not yet; or the clock is wrong.
    OutOfDate,
    /// The certificate is for other names.
    WrongName,
    /// The other side wants a client certificate, or does not accept ours.
    ClientCertificate,
    /// The other side does not speak TLS.
    NoTls,
    /// The other side speaks only what is too old.
    TooOld,
    /// Something else.
    Other,
}

/// A certificate that is not trusted, and why.
#[derive(Debug)]
pub(super) struct RefusedCertificate {
    fault: TlsFault,
    words: String,
}

impl RefusedCertificate {
    pub(super) fn of(
        why: &CertificateError,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Self {
        let Some(own) = Certificate::parse(end_entity) else {
            return Self {
                fault: TlsFault::Other,
                words: format!("its certificate cannot be read ({why})"),
            };
        };
        let others: Vec<Certificate> = intermediates
            .iter()
            .filter_map(|der| Certificate::parse(der))
            .collect();
        let whose = format!(
            "its certificate '{}', issued by '{}',",
            own.subject, own.issuer
        );
        let now = Timestamp::from_second(i64::try_from(now.as_secs()).unwrap_or(i64::MAX)).ok();
        let (fault, words) = match why {
            CertificateError::UnknownIssuer => (TlsFault::Untrusted, untrusted(&own, &others)),
            // An authority that was set up anew under its old name, mostly.
            CertificateError::BadSignature => (
                TlsFault::Untrusted,
                format!(
                    "{whose} was signed by another authority than the one of that name that this machine trusts"
                ),
            ),
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => {
                (TlsFault::OutOfDate, out_of_date(&own, &others, now))
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                let host = server_name.to_str();
                let names = match &own.names[..] {
                    [] => "names no host as it must today, in its subject alternative names"
                        .to_owned(),
                    names => format!("is for {} only", quoted(names)),
                };
                (
                    TlsFault::WrongName,
                    format!("{whose} {names}, and not for '{host}'"),
                )
            }
            other => (
                TlsFault::Other,
                format!("{whose} is refused: {}", named(other)),
            ),
        };
        Self { fault, words }
    }
}

impl fmt::Display for RefusedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl StdError for RefusedCertificate {}

fn untrusted(own: &Certificate, others: &[Certificate]) -> String {
    let subject = &own.subject;
    if own.is_self_signed() {
        return format!(
            "its certificate '{subject}' was issued by itself, and this machine does not trust it"
        );
    }
    // Up the chain that was sent, as far as it goes.
    let mut top = own;
    for _ in others {
        match others.iter().find(|above| above.subject == top.issuer) {
            Some(above) if !top.is_self_signed() => top = above,
            Some(_) | None => break,
        }
    }
    let issuer = &own.issuer;
    if top == own {
        format!(
            "its certificate '{subject}' was issued by '{issuer}', which this machine does not trust, and no certificate of that authority was sent"
        )
    } else {
        format!(
            "its certificate '{subject}' was issued by '{issuer}', under the authority '{}', which this machine does not trust",
            top.issuer
        )
    }
}

/// The one of the chain that is out of date need not be the server's own.
fn out_of_date(own: &Certificate, others: &[Certificate], now: Option<Timestamp>) -> String {
    let chain = || std::iter::once(own).chain(others);
    let whose = |it: &Certificate| {
        let (subject, issuer) = (&it.subject, &it.issuer);
        if it == own {
            format!("its certificate '{subject}', issued by '{issuer}',")
        } else {
            format!("the certificate '{subject}' of its chain, issued by '{issuer}',")
        }
    };
    let expired = |it: &&Certificate| it.not_after.zip(now).is_some_and(|(end, now)| end < now);
    let early = |it: &&Certificate| {
        it.not_before
            .zip(now)
            .is_some_and(|(begin, now)| now < begin)
    };
    let clock = now.map_or(String::new(), |now| {
        format!(" (the clock of this machine says {})", shown(now))
    });
    if let Some(it) = chain().find(expired)
        && let Some(end) = it.not_after
    {
        return format!("{} expired on {}{clock}", whose(it), shown(end));
    }
    if let Some(it) = chain().find(early)
        && let Some(begin) = it.not_before
    {
        return format!(
            "{} is valid only from {} on{clock}",
            whose(it),
            shown(begin)
        );
    }
    format!(
        "{} or the one of its authority is out of date{clock}",
        whose(own)
    )
}

fn shown(time: Timestamp) -> String {
    let time = TimeZone::UTC.to_datetime(time);
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn quoted(names: &[String]) -> String {
    const MOST: usize = 10;
    let mut quoted: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|name| format!("'{name}'"))
        .collect();
    if names.len() > MOST {
        quoted.push(format!("{} more", names.len() - MOST));
    }
    quoted.join(", ")
}

fn named(why: &CertificateError) -> String {
    match why {
        CertificateError::Revoked => "it was revoked".to_owned(),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "it is signed in a way that is no longer accepted, such as SHA-1".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not meant for servers".to_owned()
        }
        // Display is the name of the variant, with what stands in it.
        other => other.to_string(),
    }
}

/// What rustls says, in words, and what kind of failure it is.
pub fn explained(error: &Error) -> (TlsFault, String) {
    let words = |text: &str| format!("{text} ({error})");
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            match other.0.downcast_ref::<RefusedCertificate>() {
                Some(refused) => (refused.fault, refused.words.clone()),
                None => (TlsFault::Other, other.0.to_string()),
            }
        }
        Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired => (
                TlsFault::ClientCertificate,
                words("it wants a client certificate"),
            ),
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied => (
                TlsFault::ClientCertificate,
                words("it does not accept the client certificate, or the lack of one"),
            ),
            AlertDescription::ProtocolVersion => (
                TlsFault::TooOld,
                words("it speaks only older versions of TLS"),
            ),
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => (
                TlsFault::TooOld,
                words("it found no cipher in common, or wants a client certificate"),
            ),
            _ => (TlsFault::Other, error.to_string()),
        },
        Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::ExtendedMasterSecretExtensionRequired,
        ) => (
            TlsFault::TooOld,
            words("it speaks only older versions of TLS"),
        ),
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => (
            TlsFault::NoTls,
            words("what answers there does not speak TLS"),
        ),
        error => (TlsFault::Other, error.to_string()),
    }
}
