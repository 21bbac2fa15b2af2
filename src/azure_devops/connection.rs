//! Making a connection: proxy, certificates, and who we are to the service.

use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use regex::RegexBuilder;
use reqwest::header::HeaderValue;
use reqwest::{Certificate, ClientBuilder, Identity, Url};

use super::client::{Call, Client, Resource, Server};
use super::explain::Credential;
use super::reading::text;
use super::sent::Sent;
use crate::agent::{Agent, Connection, Proxy};
use crate::problem::{Problem, code};

/// The identity of somebody who did not show who he is; some organisations answer it nonetheless.
const ANONYMOUS: &str = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";

/// Who answers, and who we are to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectedAs {
    /// The name under which permissions are given.
    pub name: String,
    /// Azure DevOps Services, and not a server of one's own.
    pub is_services: bool,
    /// The ID of the collection; empty if the answer does not hold it.
    pub collection_id: String,
    /// It is another collection than that of the running pipeline, and knows nothing of its build.
    pub is_elsewhere: bool,
    /// The service's clock minus this machine's.
    pub clock_ahead: jiff::SignedDuration,
}

/// Makes a client from what the agent tells. Also gives warnings.
///
/// # Errors
/// Says which file or setting cannot be used.
pub fn client(
    agent: &Agent,
    connection: &Connection,
    request_timeout: Duration,
) -> Result<(Client, Vec<Problem>), Problem> {
    let mut warnings = Vec::new();
    let settings = |message: String, advice: &str| {
        Problem::error(
            code::CONNECTION_SETTINGS,
            message,
            format!("{advice} Nothing was published."),
        )
    };
    let address = format!("{}/", connection.collection_url.as_str());
    let collection = Url::parse(&address)
        .map_err(|error| settings(format!("'{address}' is no address: {error}"), "Correct it."))?;
    let token = connection.token.as_ref().ok_or_else(|| agent.no_token())?;
    let authorization = HeaderValue::from_str(token.authorization().expose()).map_err(|_| {
        settings(
            "the access token holds characters that no header can hold".to_owned(),
            "Copy it again, without line breaks.",
        )
    })?;
    // Installed once a process; a second time it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let proxy = proxy_in_use(agent, &collection, &mut warnings);
    let make = |roots: Roots, warnings: &mut Vec<Problem>| {
        let builder = builder(agent, proxy, roots, warnings)?;
        let server = Server {
            collection: collection.clone(),
            authorization: authorization.clone(),
            credential: Credential {
                kind: token.kind(),
                by_service_connection: connection.by_service_connection,
            },
            request_timeout,
            proxy: proxy.map(|proxy| proxy.url.clone()),
        };
        Client::new(server, builder).map_err(|cause| {
            settings(
                format!("cannot prepare a connection: {cause}"),
                "Check the agent's proxy and certificates.",
            )
        })
    };
    match make(Roots::OfTheSystem, &mut warnings) {
        Ok(client) => Ok((client, warnings)),
        // A machine without any root certificates cannot even build a client.
        Err(problem) => match make(Roots::Bundled, &mut Vec::new()) {
            Ok(client) => Ok((client, warnings)),
            Err(_) => Err(problem),
        },
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Roots {
    OfTheSystem,
    Bundled,
}

fn builder(
    agent: &Agent,
    proxy: Option<&Proxy>,
    roots: Roots,
    warnings: &mut Vec<Problem>,
) -> Result<ClientBuilder, Problem> {
    let settings = |message: String, advice: &str| {
        Problem::error(
            code::CONNECTION_SETTINGS,
            message,
            format!("{advice} Nothing was published."),
        )
    };
    let mut builder = reqwest::Client::builder();
    // On Linux the default would cut a peer that is slow to read after 30 seconds; silence is
    // watched for elsewhere, as long as the input says.
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
    {
        builder = builder.tcp_user_timeout(None);
    }
    let mut authorities = Vec::new();
    if let Some(path) = &agent.ca_file {
        let pem = std::fs::read(path).map_err(|error| {
            settings(
                format!(
                    "cannot read the agent's CA file '{}': {error}",
                    path.display()
                ),
                "Check what the agent was configured with (--sslcacert).",
            )
        })?;
        // A file without any certificate makes an empty bundle and no error.
        authorities = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if authorities.is_empty() {
            return Err(settings(
                format!(
                    "the agent's CA file '{}' holds no PEM certificate",
                    path.display()
                ),
                "Convert it to PEM.",
            ));
        }
    }
    builder = match roots {
        Roots::OfTheSystem => builder.tls_certs_merge(authorities),
        Roots::Bundled => {
            let bundled = webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .filter_map(|der| Certificate::from_der(der.as_ref()).ok());
            builder.tls_certs_only(bundled.chain(authorities))
        }
    };
    if agent.skip_certificate_validation {
        builder = builder.tls_danger_accept_invalid_certs(true);
        warnings.push(Problem::warning(
            code::CERTIFICATES_NOT_VALIDATED,
            "the agent is configured to trust any certificate: the token could be read on the way",
            "Configure the agent with its CA file (--sslcacert) instead of --sslskipcertvalidation.",
        ));
    }
    if let Some(certificate) = &agent.client_certificate {
        let identity = client_certificate(certificate).map_err(|cause| {
            settings(
                format!("cannot use the agent's client certificate: {cause:#}"),
                "Give certificate and key as PEM, the key not encrypted.",
            )
        })?;
        builder = builder.identity(identity);
    }
    if let Some(proxy) = proxy {
        let mut through = reqwest::Proxy::all(&proxy.url).map_err(|_| {
            settings(
                // Not repeated: what cannot be read as an address may hold a password.
                "the agent's proxy is no address".to_owned(),
                "Check what the agent was configured with (--proxyurl).",
            )
        })?;
        if let Some(user) = &proxy.user {
            let password = proxy
                .password
                .as_ref()
                .map_or("", |password| password.expose());
            through = through.basic_auth(user, password);
        }
        builder = builder.proxy(through);
    } else if agent.proxy.is_some() {
        builder = builder.no_proxy();
    }
    Ok(builder)
}

/// The agent's proxy, unless its list lets the collection go round it.
fn proxy_in_use<'a>(
    agent: &'a Agent,
    collection: &Url,
    warnings: &mut Vec<Problem>,
) -> Option<&'a Proxy> {
    let proxy = agent.proxy.as_ref()?;
    let mut bypassed = false;
    for pattern in &proxy.bypass {
        match RegexBuilder::new(pattern).case_insensitive(true).build() {
            Ok(regex) => bypassed |= regex.is_match(collection.as_str()),
            // Expressions of .NET may look around; those are named and not guessed.
            Err(_) => warnings.push(Problem::warning(
                code::PROXY_BYPASS,
                format!("the entry '{pattern}' of the agent's proxy bypass list cannot be used"),
                "Write it without look-around; until then it bypasses nothing.",
            )),
        }
    }
    (!bypassed).then_some(proxy)
}

fn client_certificate(files: &crate::agent::ClientCertificate) -> anyhow::Result<Identity> {
    let read = |path: &std::path::Path| {
        std::fs::read(path).with_context(|| format!("'{}'", path.display()))
    };
    let mut pem = read(&files.certificate)?;
    if let Some(key) = &files.key {
        let key_pem = read(key)?;
        let is_encrypted = String::from_utf8_lossy(&key_pem).contains("ENCRYPTED");
        anyhow::ensure!(!is_encrypted, "the key '{}' is encrypted", key.display());
        pem.push(b'\n');
        pem.extend(key_pem);
    }
    Ok(Identity::from_pem(&pem)?)
}

impl Client {
    /// Asks who answers, and who we are to it; `None` if we are nobody: the token counts for nothing.
    pub async fn identity(&self) -> Sent<Option<ConnectedAs>> {
        let call = Call::get(vec!["_apis", "connectionData"]).of(Resource::Preview);
        self.fetch(call, |reply| {
            let user = &reply.body["authenticatedUser"];
            let Some(id) = user["id"].as_str() else {
                return Err("an answer that names no user".to_owned());
            };
            let name = [
                "providerDisplayName",
                "customDisplayName",
                "subjectDescriptor",
            ]
            .iter()
            .find_map(|field| user[*field].as_str())
            .filter(|name| !name.is_empty())
            .unwrap_or(id);
            let hosted = reply.body["deploymentType"].as_str().unwrap_or_default();
            let now = Timestamp::now();
            Ok((id != ANONYMOUS).then(|| ConnectedAs {
                name: name.to_owned(),
                is_services: hosted.eq_ignore_ascii_case("hosted"),
                collection_id: text(&reply.body, "instanceId"),
                is_elsewhere: false,
                clock_ahead: reply.date.unwrap_or(now).duration_since(now),
            }))
        })
        .await
    }
}
