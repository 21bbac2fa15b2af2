//! Refusals and trouble in words that name what is missing and what to try.

use std::time::Duration;

use super::client::Client;
use super::sent::{Refusal, RefusalKind, Trouble, TroubleKind};
use super::version::OLDEST;
use crate::problem::{Problem, code};

mod way;

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
    let credential = client.credential();
    let activity = if activity_id.is_empty() {
        String::new()
    } else {
        format!(" (activity {activity_id})")
    };
    let told = format!("{request} was answered with {status}: {message}{activity}");
    match (kind, status) {
        (RefusalKind::Proxy, _) => {
            let (words, advice) = match client.proxy() {
                Some(proxy) => way::proxy_password(proxy),
                None => ("a proxy refused it".to_owned(), way::about_proxy(None)),
            };
            Problem::error(
                code::PROXY_REFUSED,
                format!("no way to '{address}': {words}: {told}"),
                format!("{advice} {published}"),
            )
        }
        // Azure DevOps signs its refusals; a filter on the way has a page of its own.
        (RefusalKind::Status, 403) if type_key.is_empty() && activity_id.is_empty() => {
            Problem::error(
                code::PROXY_REFUSED,
                format!("the way to '{address}' is barred, and not by Azure DevOps: {told}"),
                format!("{} {published}", way::about_proxy(client.proxy())),
            )
        }
        (RefusalKind::SignIn, _) => Problem::error(
            code::TOKEN_REFUSED,
            format!(
                "Azure DevOps did not accept {} for '{address}': instead of an answer a sign-in page came ({request}, {status})",
                credential.word()
            ),
            format!(
                "{} Or the address is wrong. {published}",
                credential.advice()
            ),
        ),
        // Nor does Azure DevOps refuse a token without signing it; a proxy may (tinyproxy does), and
        // so may the web server in front of one.
        (RefusalKind::Status, 401)
            if type_key.is_empty()
                && activity_id.is_empty()
                && address.scheme() == "http"
                && let Some(proxy) = client.proxy() =>
        {
            Problem::error(
                code::PROXY_REFUSED,
                format!(
                    "the proxy '{}', or the server behind it, does not accept who asks for '{address}': {told}",
                    proxy.url
                ),
                format!(
                    "Check {}; else it is {} that is refused. {published}",
                    way::place_of_password(proxy.named_by),
                    credential.word()
                ),
            )
        }
        (RefusalKind::Status, 401) => Problem::error(
            code::TOKEN_REFUSED,
            format!(
                "Azure DevOps did not accept {} for '{address}': {told}",
                credential.word()
            ),
            format!("{} {published}", credential.advice()),
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
            let who = if identity.is_empty() {
                format!("the owner of {}", credential.word())
            } else {
                format!("'{identity}'")
            };
            // In every language: a user without the access level for test plans.
            if message.contains("TF400409") {
                return Problem::error(
                    code::PERMISSION_MISSING,
                    format!("{who} has no access level for this: {told}"),
                    format!(
                        "Give it 'Basic + Test Plans' (Organization settings > Users, on a server Access levels). {published}"
                    ),
                );
            }
            let (permission, place) = permission(message, request);
            Problem::error(
                code::PERMISSION_MISSING,
                format!("{who} lacks the permission '{permission}' in project '{project}': {told}"),
                format!("Give it in {place}{}. {published}", credential.scope()),
            )
        }
        (RefusalKind::Status, 404) if refusal.is_project_missing() => Problem::error(
            code::NO_SUCH_PROJECT,
            format!(
                "cannot find project '{project}': it does not exist, or '{identity}' may not see it: {told}"
            ),
            if credential.by_service_connection {
                format!(
                    "Check the input 'project', and what the owner of the service connection may see. {published}"
                )
            } else {
                format!(
                    "Check its name, and whether the pipeline's job authorization scope is limited to the current project. {published}"
                )
            },
        ),
        (RefusalKind::Status, 404)
            if type_key.is_empty() || type_key.contains("ResourceNotFound") =>
        {
            Problem::error(
                code::WRONG_ADDRESS,
                format!("'{address}' does not answer as Azure DevOps does: {told}"),
                format!("Check the address: scheme, host, collection. {published}"),
            )
        }
        (RefusalKind::Status, _) => Problem::error(
            code::REQUEST_REFUSED,
            format!("Azure DevOps refused a request: {told}"),
            published.to_owned(),
        ),
    }
}

/// The service answers everybody, and we are nobody to it.
pub fn nobody(client: &Client, published: &str) -> Problem {
    Problem::error(
        code::TOKEN_REFUSED,
        format!(
            "Azure DevOps did not accept {} for '{}': we are nobody to it",
            client.credential().word(),
            client.collection()
        ),
        format!("{} {published}", client.credential().advice()),
    )
}

/// Trouble: the cause as the machine gave it, and what to try. `left` is what is left of
/// `retryFor`: a wait that the service asks for is told beside it.
pub fn trouble(client: &Client, trouble: &Trouble, left: Duration, published: &str) -> Problem {
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
    let (code, message, advice) = match kind {
        TroubleKind::Tls(fault) => (
            code::TLS_FAILED,
            format!("no secure connection to '{address}': {cause}"),
            way::about_tls(client, *fault),
        ),
        TroubleKind::ProxyPassword if let Some(proxy) = proxy => {
            let (words, advice) = way::proxy_password(proxy);
            (
                code::PROXY_REFUSED,
                format!("no way to '{address}': {words} ({cause})"),
                advice,
            )
        }
        TroubleKind::Proxy | TroubleKind::ProxyPassword => {
            let shown = proxy.map_or(String::new(), |proxy| format!(" '{}'", proxy.url));
            (
                code::PROXY_REFUSED,
                format!("no way through the proxy{shown} to '{address}': {cause}"),
                way::about_proxy(proxy),
            )
        }
        TroubleKind::Connect => (
            code::NO_CONNECTION,
            format!("no connection to '{address}': {cause}"),
            "Check the address, and whether this machine needs a proxy.".to_owned(),
        ),
        TroubleKind::Silent | TroubleKind::Cut | TroubleKind::Busy | TroubleKind::Server => (
            code::GAVE_UP,
            format!("Azure DevOps did not carry out {request}: {cause}"),
            "Run the step again later; it goes on where it stopped. 'retryFor' and 'requestTimeout' say how long it waits.".to_owned(),
        ),
        TroubleKind::Answer => (
            code::WRONG_ADDRESS,
            format!("'{address}' does not answer as Azure DevOps does ({request}): {cause}"),
            "Check the address, and what stands between this machine and the server.".to_owned(),
        ),
    };
    let asked = retry_after.map_or(String::new(), |asked| asks_too_much(asked, left));
    Problem::error(
        code,
        message + &asked,
        format!("{advice} {published}").trim_end(),
    )
}

/// What is added where the service asks for a longer wait than there is patience left.
pub fn asks_too_much(asked: Duration, left: Duration) -> String {
    let left = left.as_secs_f64().ceil();
    let asked = asked.as_secs_f64().ceil();
    format!("; it asks to wait {asked} seconds, and 'retryFor' allows {left} more")
}

/// A permission, as the permissions page of the product spells it, and where that page is.
type Permission = (&'static str, &'static str);

const OF_PROJECT: &str = "Project settings > Permissions";
const OF_PIPELINE: &str = "Manage security of the pipeline";
const OF_AREA: &str = "Project settings > Project configuration > Areas > Security";

/// What publishing and its look-ups may lack.
const PERMISSIONS: [Permission; 10] = [
    ("Create test runs", OF_PROJECT),
    ("View test runs", OF_PROJECT),
    ("Delete test runs", OF_PROJECT),
    ("View project-level information", OF_PROJECT),
    ("Manage test configurations", OF_PROJECT),
    ("View builds", OF_PIPELINE),
    ("View work items in this node", OF_AREA),
    ("Edit work items in this node", OF_AREA),
    ("Manage test plans", OF_AREA),
    ("Manage test suites", OF_AREA),
];

/// The permission that a refusal is about. The service's own word for it wins; where the message is
/// short, or in another language, the request tells.
fn permission(message: &str, request: &str) -> Permission {
    let message = message.to_ascii_lowercase();
    let named = |(name, _): &&Permission| message.contains(&name.to_ascii_lowercase());
    if let Some(permission) = PERMISSIONS.iter().find(named) {
        return *permission;
    }
    let reads = request.starts_with("GET");
    let about = |area: &str| request.contains(area);
    let name = if about("_apis/build") {
        "View builds"
    } else if about("_apis/projects") {
        "View project-level information"
    } else if about("_apis/wit/workitemsbatch") || about("_apis/wit/wiql") || about("/points") {
        "View work items in this node"
    } else if about("_apis/wit") && !reads {
        "Edit work items in this node"
    } else if about("_apis/testplan") && !reads {
        "Manage test plans"
    } else if about("_apis/wit") || about("_apis/testplan") {
        "View work items in this node"
    } else if reads {
        "View test runs"
    } else if request.starts_with("DELETE") {
        "Delete test runs"
    } else {
        "Create test runs"
    };
    let known = PERMISSIONS.iter().find(|(known, _)| *known == name);
    known.copied().unwrap_or((name, OF_PROJECT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_named_by_the_service_or_by_the_request() {
        let table = [
            ("needs Manage test suites", "GET x", "Manage test suites"),
            ("", "GET Shop/_apis/test/runs", "View test runs"),
            ("", "POST Shop/_apis/test/runs", "Create test runs"),
            ("", "PATCH Shop/_apis/test/runs/1", "Create test runs"),
            ("", "DELETE Shop/_apis/test/runs/1", "Delete test runs"),
            ("", "GET Shop/_apis/build/builds", "View builds"),
            (
                "",
                "GET _apis/projects/Shop",
                "View project-level information",
            ),
            (
                "",
                "POST Shop/_apis/test/points",
                "View work items in this node",
            ),
            (
                "",
                "GET Shop/_apis/testplan/plans",
                "View work items in this node",
            ),
            ("", "PATCH _apis/wit/$batch", "Edit work items in this node"),
            (
                "",
                "POST _apis/wit/workitemsbatch",
                "View work items in this node",
            ),
        ];
        for (message, request, expected) in table {
            assert_eq!(permission(message, request).0, expected, "{request}");
        }
    }
}
