//! Refusals and trouble in words that name what is missing and what to try.

use std::time::Duration;

use super::client::{Client, OLDEST};
use super::sent::{Refusal, RefusalKind, Trouble, TroubleKind};
use crate::problem::{Problem, code};

/// Who asked for what, as far as it is known: stands in the words about a refusal.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The name under which permissions are given; empty if it is not known.
    pub identity: &'a str,
    /// The project.
    pub project: &'a str,
    /// Stands at the end: whether anything was published.
    pub published: &'a str,
}

/// A refusal: the cause as the service gave it, and what to try.
pub fn refusal(client: &Client, refusal: &Refusal, asker: Asker<'_>) -> Problem {
    let Refusal {
        request,
        status,
        message,
        activity_id,
        kind,
        type_key,
    } = refusal;
    let Asker {
        identity,
        project,
        published,
    } = asker;
    let address = client.collection();
    let activity = if activity_id.is_empty() {
        String::new()
    } else {
        format!(" (activity {activity_id})")
    };
    let told = format!("{request} was answered with {status}: {message}{activity}");
    match (kind, status) {
        (RefusalKind::Proxy, _) => Problem::error(
            code::PROXY_REFUSED,
            format!("the proxy refused the way to '{address}': {told}"),
            format!("Check user and password of the agent's proxy. {published}"),
        ),
        (RefusalKind::SignIn, _) => Problem::error(
            code::TOKEN_REFUSED,
            format!(
                "Azure DevOps did not accept the access token for '{address}': instead of an answer a sign-in page came ({request}, {status})"
            ),
            format!(
                "It may have expired, belong to another organization, or the address may be wrong. {published}"
            ),
        ),
        (RefusalKind::Status, 401) => Problem::error(
            code::TOKEN_REFUSED,
            format!("Azure DevOps did not accept the access token for '{address}': {told}"),
            format!("It may have expired, or belong to another organization. {published}"),
        ),
        (RefusalKind::TooOld(newest), _) => Problem::error(
            code::SERVER_TOO_OLD,
            format!(
                "'{address}' speaks the REST API up to version {newest}, and this task needs {OLDEST}: {told}"
            ),
            format!("It needs Azure DevOps Server 2019 or newer. {published}"),
        ),
        (RefusalKind::Redirect, _) => Problem::error(
            code::REDIRECTED,
            format!(
                "'{address}' sends us to another address, and the access token does not go there: {told}"
            ),
            format!("Give the address that it names, if it is yours. {published}"),
        ),
        (RefusalKind::Status, 403) => {
            let permission = permission(message, request);
            let who = if identity.is_empty() {
                "the owner of the access token"
            } else {
                identity
            };
            Problem::error(
                code::PERMISSION_MISSING,
                format!(
                    "'{who}' lacks the permission '{permission}' in project '{project}': {told}"
                ),
                format!(
                    "Give it in Project settings > Permissions, or to a personal access token the scope Test Management (Read & write). {published}"
                ),
            )
        }
        (RefusalKind::Status, 404) if refusal.is_project_missing() => Problem::error(
            code::NO_SUCH_PROJECT,
            format!(
                "cannot find project '{project}': it does not exist, or '{identity}' may not see it: {told}"
            ),
            format!(
                "Check its name, and whether the pipeline's job authorization scope is limited to the current project. {published}"
            ),
        ),
        (RefusalKind::Status, 404) if type_key.is_empty() => Problem::error(
            code::WRONG_ADDRESS,
            format!("'{address}' does not answer as Azure DevOps does: {told}"),
            format!("Check the address: scheme, host, collection. {published}"),
        ),
        (RefusalKind::Status, _) => Problem::error(
            code::REQUEST_REFUSED,
            format!("Azure DevOps refused a request: {told}"),
            published.to_owned(),
        ),
    }
}

/// Trouble: the cause as the machine gave it, and what to try. `retry_for` is how long it may
/// last: a wait that the service asks for is told beside it.
pub fn trouble(
    client: &Client,
    trouble: &Trouble,
    retry_for: Duration,
    published: &str,
) -> Problem {
    let Trouble {
        request,
        cause,
        kind,
        retry_after,
    } = trouble;
    let address = client.collection();
    let proxy = client.proxy();
    // Whoever goes through a proxy connects to it, and to nobody else.
    let kind = match kind {
        TroubleKind::Connect if proxy.is_some() => &TroubleKind::Proxy,
        kind => kind,
    };
    let proxy = proxy.map_or(String::new(), |proxy| format!(" '{proxy}'"));
    let (code, message, advice) = match kind {
        TroubleKind::Tls => (
            code::TLS_FAILED,
            format!("no secure connection to '{address}': {cause}"),
            "If the server's certificate comes from a private authority, configure the agent with its CA file (--sslcacert) or set SSL_CERT_FILE.",
        ),
        TroubleKind::Proxy => (
            code::PROXY_REFUSED,
            format!("no way through the proxy{proxy} to '{address}': {cause}"),
            "Check address, user and password of the agent's proxy, or HTTPS_PROXY and NO_PROXY.",
        ),
        TroubleKind::Connect => (
            code::NO_CONNECTION,
            format!("no connection to '{address}': {cause}"),
            "Check the address, and whether this machine needs a proxy.",
        ),
        TroubleKind::Silent | TroubleKind::Cut | TroubleKind::Busy | TroubleKind::Server => (
            code::GAVE_UP,
            format!("Azure DevOps did not carry out {request}: {cause}"),
            "Run the step again later; it goes on where it stopped. 'retryFor' and 'requestTimeout' say how long it waits.",
        ),
        TroubleKind::Answer => (
            code::WRONG_ADDRESS,
            format!("'{address}' does not answer as Azure DevOps does ({request}): {cause}"),
            "Check the address, and what stands between this machine and the server.",
        ),
    };
    let asked = retry_after.map_or(String::new(), |asked| {
        format!(
            "; it asks to wait {} seconds, and 'retryFor' allows {}",
            asked.as_secs(),
            retry_for.as_secs()
        )
    });
    Problem::error(
        code,
        message + &asked,
        format!("{advice} {published}").trim_end(),
    )
}

/// The permission that a refusal is about, as the permissions page of the product spells it. The
/// service's own word for it wins; it is missing where the message is short.
fn permission(message: &str, request: &str) -> &'static str {
    const KNOWN: [&str; 5] = [
        "Create test runs",
        "View test runs",
        "Delete test runs",
        "View project-level information",
        "View builds",
    ];
    let named = KNOWN.iter().find(|name| {
        message
            .to_ascii_lowercase()
            .contains(&name.to_ascii_lowercase())
    });
    match named {
        Some(name) => name,
        None if request.contains("_apis/build") => "View builds",
        None if request.starts_with("GET") => "View test runs",
        None => "Create test runs",
    }
}
