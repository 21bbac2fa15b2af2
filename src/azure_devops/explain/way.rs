//! What to try where something on the way to the server fails: proxy, certificates.

use super::super::client::Client;
use super::super::tls::TlsFault;
use crate::agent::Proxy;

/// What to try where TLS failed.
pub(super) fn about_tls(client: &Client, fault: TlsFault) -> String {
    let opens = match client.proxy() {
        Some(proxy) => format!(
            " If the proxy '{}' opens secure connections, it is the proxy's authority.",
            proxy.url
        ),
        None => String::new(),
    };
    match fault {
        TlsFault::Untrusted => {
            let trust = match client.ca_file() {
                Some(file) => format!(
                    "Add the certificate of that authority to the agent's CA file '{}', where it is missing.",
                    file.display()
                ),
                None => "Give the agent the certificate of that authority as a PEM file: configure it with --sslcacert (variable AGENT_CAINFO), install it in this machine's store, or set SSL_CERT_FILE to a file with all that are trusted.".to_owned(),
            };
            format!("{trust}{opens}")
        }
        TlsFault::OutOfDate => {
            "The certificate must be renewed on the server; check the clock of this machine first."
                .to_owned()
        }
        TlsFault::WrongName => {
            format!("Use an address with one of the names that the certificate has, or have it issued for this one.{opens}")
        }
        TlsFault::ClientCertificate => {
            "Configure the agent with a client certificate that the server accepts (--sslclientcert, --sslclientcertkey).".to_owned()
        }
        TlsFault::NoTls => "Check scheme and port of the address: it may be one of 'http'.".to_owned(),
        TlsFault::TooOld => {
            "The server must allow TLS 1.2 or 1.3, with one of their usual ciphers.".to_owned()
        }
        TlsFault::Other => {
            format!("Check the certificate of the server, and what stands between.{opens}")
        }
    }
}

/// A proxy that wants a user and password, or others than these.
pub(super) fn proxy_password(proxy: &Proxy) -> (String, String) {
    let (url, named_by) = (&proxy.url, proxy.named_by);
    let cause = match &proxy.user {
        Some(user) => format!("the proxy '{url}' does not accept user '{user}' and password"),
        None => format!("the proxy '{url}' wants a user and password, and none is given"),
    };
    (cause, format!("Check {}.", place_of_password(named_by)))
}

/// Where user and password of a proxy are given.
pub(super) fn place_of_password(named_by: &str) -> String {
    if named_by.contains("agent") {
        "user and password of the agent's proxy (--proxyusername, --proxypassword); only Basic is spoken"
            .to_owned()
    } else {
        // An address with both in it would be masked.
        format!(
            "user and password in the address of the variable {named_by}: they stand before the host, with ':' between and '@' behind them; only Basic is spoken"
        )
    }
}

/// What to try where a proxy cannot be reached, or does not let us through.
pub(super) fn about_proxy(proxy: Option<&Proxy>) -> String {
    match proxy {
        Some(proxy) if proxy.named_by.contains("agent") => {
            "Check the address of the agent's proxy (--proxyurl), whether it lets this address pass, and the agent's file '.proxybypass' for what needs no proxy.".to_owned()
        }
        Some(proxy) => format!(
            "Check the variable {}, whether the proxy lets this address pass, and NO_PROXY for what needs no proxy.",
            proxy.named_by
        ),
        None => "Check what stands between this machine and the server.".to_owned(),
    }
}
