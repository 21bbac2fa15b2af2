//! Making a connection: proxy, certificates, and who we are to the service.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::HeaderValue;
use jiff::Timestamp;
use url::Url;

use super::client::{Call, Client, Resource, Server};
use super::explain::Credential;
use super::reading::text;
use super::sent::Sent;
use super::tls;
use super::transport::{ProxyWay, Way};
use crate::agent::{Agent, Connection, Proxy, Secret};
use crate::problem::{Problem, code};

/// How long all addresses of a name together may take to accept a connection: where the first of
/// them is dead, the next must have its turn.
const LONGEST_CONNECT: Duration = Duration::from_secs(30);

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
    let address = format!("{}/", connection.collection_url.as_str());
    let collection = Url::parse(&address)
        .map_err(|error| unusable(format!("'{address}' is no address: {error}"), "Correct it."))?;
    let token = connection.token.as_ref().ok_or_else(|| agent.no_token())?;
    let authorization = HeaderValue::from_str(token.authorization().expose()).map_err(|_| {
        unusable(
            "the access token holds characters that no header can hold".to_owned(),
            "Copy it again, without line breaks.",
        )
    })?;
    let proxy = agent
        .proxies
        .for_address(&collection, &mut warnings)
        .map_err(|cause| unusable(cause, "Correct it."))?;
    let way = Way {
        tls: tls::config(agent, connection, &mut warnings)?,
        proxy: proxy.map(through).transpose()?,
        connect_timeout: request_timeout.min(LONGEST_CONNECT),
    };
    let server = Server {
        collection,
        authorization,
        credential: Credential {
            kind: token.kind(),
            by_service_connection: connection.by_service_connection,
        },
        request_timeout,
        proxy: proxy.cloned(),
        ca_file: agent.ca_file.clone(),
    };
    Ok((Client::new(server, way), warnings))
}

fn unusable(message: String, advice: &str) -> Problem {
    Problem::error(
        code::CONNECTION_SETTINGS,
        message,
        format!("{advice} Nothing was published."),
    )
}

fn through(proxy: &Proxy) -> Result<ProxyWay, Problem> {
    let cannot = || {
        let message = format!("{} '{}' cannot be used", proxy.named_by, proxy.url);
        unusable(message, "Correct it.")
    };
    let authorization = proxy.user.as_ref().map(|user| {
        let password = proxy.password.as_ref().map_or("", Secret::expose);
        let pair = STANDARD.encode(format!("{user}:{password}"));
        HeaderValue::from_str(&format!("Basic {pair}")).map(|mut value| {
            value.set_sensitive(true);
            value
        })
    });
    Ok(ProxyWay {
        uri: proxy.url.parse().map_err(|_| cannot())?,
        authorization: authorization.transpose().map_err(|_| cannot())?,
    })
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
