//! Making a connection: proxy, certificates, and who we are to the service.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::HeaderValue;

use super::call::Call;
use super::client::{Client, Server};
use super::credential::Credential;
use super::reading::text;
use super::sent::Sent;
use super::tls;
use super::version::Resource;
use crate::agent::{Agent, Connection, Proxy, Secret};
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
    // reqwest asks for it, though our own settings name the same one; a second time it is there
    // already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let proxy = agent
        .proxies
        .for_address(&collection, &mut warnings)
        .map_err(|cause| unusable(cause, "Correct it."))?;
    let tls = tls::config(agent, connection, &mut warnings)?;
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        // The variables were read already, and are shown where they matter.
        .no_proxy();
    // On Linux the default would cut a peer that is slow to read after 30 seconds; silence is
    // watched for elsewhere, as long as the input says.
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
    {
        builder = builder.tcp_user_timeout(None);
    }
    let mut to_proxy = None;
    if let Some(proxy) = proxy {
        builder = builder.proxy(through(proxy)?);
        let alone = reqwest::Client::builder().tls_backend_preconfigured(tls);
        to_proxy = Some(alone.no_proxy().proxy(through(proxy)?));
    }
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
    let client = Client::new(server, builder, to_proxy).map_err(|cause| {
        unusable(
            format!("cannot prepare a connection: {cause}"),
            "Check the agent's proxy and certificates.",
        )
    })?;
    Ok((client, warnings))
}

fn unusable(message: String, advice: &str) -> Problem {
    Problem::error(
        code::CONNECTION_SETTINGS,
        message,
        format!("{advice} Nothing was published."),
    )
}

fn through(proxy: &Proxy) -> Result<reqwest::Proxy, Problem> {
    let through = reqwest::Proxy::all(&proxy.url).map_err(|_| {
        let message = format!("{} '{}' cannot be used", proxy.named_by, proxy.url);
        unusable(message, "Correct it.")
    })?;
    Ok(match &proxy.user {
        Some(user) => {
            let password = proxy.password.as_ref().map_or("", Secret::expose);
            through.basic_auth(user, password)
        }
        None => through,
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
