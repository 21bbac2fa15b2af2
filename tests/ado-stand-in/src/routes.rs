//! From an address to what answers there, and the checks that come first: token, version, method, project,
//! permission.

use crate::answer::{Answer, Request};
use crate::errors::{Handled, Refusal};
use crate::service::Service;
use crate::settings::{Project, SignIn, TokenKind};
use crate::state::State;
use crate::version::{self, Agreed, Release};
use crate::{
    attachments, builds, collection, page, replies, results, runs, test_plans, work_items,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

/// What a handler gets to know besides the request.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request,
    /// The method, upper case.
    pub(crate) method: &'a str,
    /// The parts of the path behind `_apis`.
    pub(crate) parts: Vec<&'a str>,
    /// The project in the path; none at the level of the collection.
    pub(crate) project: Option<Project>,
    pub(crate) agreed: Agreed,
    body: &'a Body,
}

impl Call<'_> {
    /// The body as JSON, or why it is none.
    pub(crate) fn json(&self) -> Handled<&Value> {
        self.body.json.as_ref().map_err(Refusal::clone)
    }

    /// The bytes in the body of an attachment; none where it has no such text.
    pub(crate) fn stream(&self) -> Option<Handled<Bytes>> {
        self.body.stream.clone()
    }

    /// The project; only an area below a project asks.
    pub(crate) fn project(&self) -> Handled<&Project> {
        self.project
            .as_ref()
            .ok_or_else(|| no_such_resource(self.request))
    }
}

/// A resource, told by its address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource {
    /// The methods it knows.
    pub(crate) methods: &'static [&'static str],
    /// In which versions it is released.
    pub(crate) release: Release,
    /// What answers.
    pub(crate) handler: fn(&mut State, &Call<'_>) -> Handled<Answer>,
    /// Whether it lies in a project or in the collection.
    pub(crate) in_project: bool,
    /// Whether it may carry a large body.
    pub(crate) large_body: bool,
}

/// What is there for people and needs no authorization.
pub(crate) fn for_people(service: &Service, request: &Request) -> Option<Answer> {
    if request.method != "GET" {
        return None;
    }
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [""] => Some(page::runs(&service.state())),
        ["_attachment", id] => Some(page::attachment(&service.state(), id)),
        ["_signin"] => Some(sign_in_page(200)),
        // The link in `webAccessUrl` leads to the run on the same page.
        [.., area, "Runs"] if area.eq_ignore_ascii_case("_TestManagement") => {
            Some(page::runs(&service.state()))
        }
        _ => None,
    }
}

/// The sign-in page, as a person's browser would get it.
pub(crate) fn sign_in_page(status: u16) -> Answer {
    Answer::html(
        status,
        "<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head><body>Sign in</body></html>",
    )
}

/// Answers a request to the service.
pub(crate) fn handle(service: &Service, request: &Request) -> Answer {
    // Read before the state is locked: a large attachment takes a while, and every connection needs the state.
    let body = Body::read(request);
    let mut state = service.state();
    answer(&mut state, request, &body).unwrap_or_else(|refusal| {
        if state.settings.foreign_messages {
            refusal.in_another_language().answer()
        } else {
            refusal.answer()
        }
    })
}

/// The body of a request, read as far as that needs no state.
struct Body {
    json: Handled<Value>,
    /// The bytes of an attachment.
    stream: Option<Handled<Bytes>>,
}

impl Body {
    fn read(request: &Request) -> Body {
        let json = request.json();
        let stream = json.as_ref().ok().and_then(attachments::stream);
        Body { json, stream }
    }
}

fn answer(state: &mut State, request: &Request, body: &Body) -> Handled<Answer> {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let Some(rest) = below_collection(state, &segments) else {
        return Ok(page_not_found());
    };
    let (project, parts) = match rest {
        [apis, parts @ ..] if is(apis, "_apis") => (None, parts),
        [project, apis, parts @ ..] if is(apis, "_apis") => (Some(*project), parts),
        _ => return Ok(page_not_found()),
    };
    let anonymous = state.settings.anonymous_connection_data
        && matches!(parts, [name] if is(name, "connectionData"));
    if !anonymous && let Some(refused) = refused_token(state, request) {
        return refused;
    }
    let in_project = project.is_some();
    let resource = resource(parts, in_project).filter(|one| one.in_project == in_project);
    let Some(resource) = resource else {
        return Err(no_such_resource(request));
    };
    let agreed = version::agreed(request, resource.release, &state.settings)?;
    if !resource.methods.contains(&request.method.as_str()) {
        return Err(Refusal::new(
            405,
            "VssServiceException",
            format!(
                "The requested resource does not support http method '{}'.",
                request.method
            ),
        ));
    }
    if !resource.large_body && request.body.len() > state.settings.body_limit {
        return Ok(Answer::html(
            413,
            "<html><body>Request Entity Too Large</body></html>",
        ));
    }
    let project = match project {
        Some(project) => Some(state.project(project)?.clone()),
        None => None,
    };
    let text = agreed.text.clone();
    let call = Call {
        request,
        method: &request.method,
        parts: parts.to_vec(),
        project,
        agreed,
        body,
    };
    let answer = (resource.handler)(state, &call)?.with_version(&text);
    Ok(if state.settings.replies_of_2020 {
        replies::of_server_2020(answer)
    } else {
        answer
    })
}

/// Compares two parts of an address as the service does.
pub(crate) fn is(part: &str, name: &str) -> bool {
    part.eq_ignore_ascii_case(name)
}

/// The parts behind the collection; none where the path does not begin with it.
fn below_collection<'a>(state: &State, segments: &'a [&'a str]) -> Option<&'a [&'a str]> {
    let mut rest = segments;
    for expected in state.collection_segments() {
        match rest.split_first() {
            Some((first, others)) if first.to_lowercase() == expected.to_lowercase() => {
                rest = others
            }
            _ => return None,
        }
    }
    Some(rest)
}

fn resource(parts: &[&str], in_project: bool) -> Option<Resource> {
    let (area, rest) = parts.split_first()?;
    match area.to_ascii_lowercase().as_str() {
        "connectiondata" | "projects" => collection::resource(area, rest),
        "build" => builds::resource(rest),
        "testplan" => test_plans::resource(rest),
        "wit" => work_items::resource(rest, in_project),
        "test" => match rest {
            [] => Some(collection::OPTIONS),
            [name] if is(name, "runs") => Some(runs::LIST),
            [name, id] if is(name, "runs") && numeric(id) => Some(runs::ONE),
            [name, id, what] if is(name, "runs") && numeric(id) && is(what, "statistics") => {
                Some(runs::STATISTICS)
            }
            [name, id, what, rest @ ..] if is(name, "runs") && numeric(id) => match rest {
                [] if is(what, "results") => Some(results::LIST),
                [result] if is(what, "results") && numeric(result) => Some(results::ONE),
                [] if is(what, "attachments") => Some(attachments::OF_RUN),
                [attachment] if is(what, "attachments") && numeric(attachment) => {
                    Some(attachments::CONTENT)
                }
                [result, of] if is(what, "results") && numeric(result) && is(of, "attachments") => {
                    Some(attachments::OF_RESULT)
                }
                [result, of, attachment]
                    if is(what, "results")
                        && numeric(result)
                        && is(of, "attachments")
                        && numeric(attachment) =>
                {
                    Some(attachments::CONTENT)
                }
                _ => None,
            },
            _ => test_plans::resource_of_test(rest),
        },
        _ => None,
    }
}

pub(crate) fn numeric(part: &str) -> bool {
    !part.is_empty() && part.len() < 19 && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number in a part that [`resource`] has found to be one.
pub(crate) fn number(part: &str) -> u64 {
    part.parse().unwrap_or_default()
}

fn page_not_found() -> Answer {
    Answer::html(
        404,
        "<!DOCTYPE html><html><head><title>404 - Page not found</title></head><body>Page not found</body></html>",
    )
}

pub(crate) fn no_such_resource(request: &Request) -> Refusal {
    Refusal::new(
        404,
        "VssResourceNotFoundException",
        format!(
            "The resource location for '{} {}' is not registered on this server.",
            request.method, request.path
        ),
    )
}

/// Whether the request has a token, and the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Missing,
    Wrong,
    Right,
}

pub(crate) fn token(state: &State, request: &Request) -> Token {
    let Some((scheme, value)) = request
        .header("authorization")
        .and_then(|header| header.split_once(' '))
    else {
        return Token::Missing;
    };
    let settings = &state.settings;
    let right = if is(scheme, "bearer") {
        settings.token_kind == TokenKind::Job && value == settings.token
    } else if is(scheme, "basic") {
        let pair = STANDARD
            .decode(value)
            .ok()
            .and_then(|pair| String::from_utf8(pair).ok());
        match pair.as_deref().and_then(|pair| pair.split_once(':')) {
            Some(("", password)) => password == settings.token,
            Some((user, password)) => settings
                .user
                .as_ref()
                .is_some_and(|(name, secret)| name == user && secret == password),
            None => false,
        }
    } else {
        false
    };
    if right { Token::Right } else { Token::Wrong }
}

/// How a request without the right token is refused; none where it has it.
fn refused_token(state: &State, request: &Request) -> Option<Handled<Answer>> {
    let message = match token(state, request) {
        Token::Right => return None,
        Token::Missing => {
            "TF400813: Resource not available for anonymous access. Client authentication required."
        }
        Token::Wrong => "TF400813: The user '' is not authorized to access this resource.",
    };
    Some(match state.settings.refusal {
        SignIn::Page => Ok(sign_in_page(203)),
        SignIn::Redirect => {
            let suppressed = request
                .header("x-tfs-fedauthredirect")
                .is_some_and(|value| is(value, "suppress"));
            if suppressed {
                Err(Refusal::unauthorized(message))
            } else {
                let location = format!("{}_signin?realm=127.0.0.1", state.root);
                Ok(Answer::html(302, "<html><body>Object moved</body></html>")
                    .with_header("Location", location))
            }
        }
    })
}

/// One page of a `$skip` and `$top` list: at most the cap, and at most what the settings allow.
pub(crate) fn paged<T>(
    state: &State,
    request: &Request,
    items: Vec<T>,
    cap: usize,
) -> Handled<Vec<T>> {
    let skip = request.number("$skip")?.unwrap_or(0) as usize;
    let top = request.number("$top")?.map_or(cap, |top| top as usize);
    let top = top.min(cap).min(state.settings.page_size);
    if skip >= items.len() {
        return Ok(Vec::new());
    }
    let overlap = usize::from(state.settings.pages_overlap && skip > 0);
    Ok(items.into_iter().skip(skip - overlap).take(top).collect())
}
