//! A way through a proxy (`CONNECT`), and what the proxy says where it opens none.

use std::fmt;
use std::io;

use http::Uri;
use http::header::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::transport::Stream;

/// No proxy has more to say before the tunnel.
const LONGEST_HEAD: usize = 16 * 1024;

/// Why a proxy opened no way.
#[derive(Debug)]
pub(super) enum TunnelError {
    /// It answered so.
    Answered {
        /// HTTP status.
        status: u16,
        /// The line with the status, and how it wants to be spoken to.
        words: String,
    },
    /// It did not answer as a proxy does.
    NoProxy(String),
}

impl fmt::Display for TunnelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TunnelError::Answered { words, .. } => write!(f, "it answered CONNECT with {words}"),
            TunnelError::NoProxy(cause) => f.write_str(cause),
        }
    }
}

impl From<io::Error> for TunnelError {
    fn from(error: io::Error) -> Self {
        TunnelError::NoProxy(error.to_string())
    }
}

/// Asks the proxy for a way to the target.
pub(super) async fn open(
    stream: &mut Box<dyn Stream>,
    target: &Uri,
    authorization: Option<&HeaderValue>,
) -> Result<(), TunnelError> {
    let host = target.host().unwrap_or_default();
    let port = target.port_u16().unwrap_or(443);
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(value) = authorization.and_then(|value| value.to_str().ok()) {
        request.push_str(&format!("Proxy-Authorization: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    // Byte by byte: what follows the head belongs to TLS.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_HEAD {
            return Err(TunnelError::NoProxy("its answer does not end".to_owned()));
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(TunnelError::NoProxy(
                    "it closed the connection without an answer to CONNECT".to_owned(),
                ));
            }
            Err(error) => return Err(error.into()),
        }
    }
    judge(&String::from_utf8_lossy(&head))
}

fn judge(head: &str) -> Result<(), TunnelError> {
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/")
        .and_then(|rest| rest.split_once(' '))
        .map(|(_, line)| line.trim());
    let Some((line, number)) = status.and_then(|line| {
        let number: u16 = line.split(' ').next()?.parse().ok()?;
        Some((line, number))
    }) else {
        return Err(TunnelError::NoProxy(
            "it does not answer as a proxy does".to_owned(),
        ));
    };
    if (200..300).contains(&number) {
        return Ok(());
    }
    let offers: Vec<&str> = lines
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("proxy-authenticate"))
        .filter_map(|(_, value)| value.split_whitespace().next())
        .collect();
    let takes_ours = offers
        .iter()
        .any(|offer| offer.eq_ignore_ascii_case("basic"));
    let only = if offers.is_empty() || takes_ours {
        String::new()
    } else {
        format!(" (it offers {} only)", offers.join(", "))
    };
    Err(TunnelError::Answered {
        status: number,
        words: format!("{line}{only}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(head: &str) -> String {
        judge(head).unwrap_err().to_string()
    }

    #[test]
    fn what_a_proxy_says_is_kept() {
        assert!(judge("HTTP/1.1 200 Connection established\r\n\r\n").is_ok());
        assert!(judge("HTTP/1.0 200\r\n\r\n").is_ok());
        assert_eq!(
            told("HTTP/1.1 403 Forbidden by policy\r\n\r\n"),
            "it answered CONNECT with 403 Forbidden by policy"
        );
        assert_eq!(
            told(
                "HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM\r\nproxy-authenticate: Negotiate\r\n\r\n"
            ),
            "it answered CONNECT with 407 x (it offers NTLM, Negotiate only)"
        );
        let basic = "HTTP/1.1 407 x\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Basic realm=\"a\"\r\n\r\n";
        assert_eq!(told(basic), "it answered CONNECT with 407 x");
        assert_eq!(
            told("SSH-2.0-x\r\n\r\n"),
            "it does not answer as a proxy does"
        );
    }
}
