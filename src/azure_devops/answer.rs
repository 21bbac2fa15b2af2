//! What an answer means, and what it means to have none.

use std::error::Error as _;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    CONTENT_TYPE, DATE, HeaderMap, LOCATION, PROXY_AUTHENTICATE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use reqwest::{StatusCode, Url};
use serde_json::Value;

use super::call::Reply;
use super::sent::{Access, Refusal, RefusalKind, Sent, Trouble, TroubleKind};
use super::tls;
use super::upload::FileTrouble;

/// Nobody waits longer, and clocks can count so far.
const LONGEST_WAIT: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// What came over the wire in answer to a request.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
    /// Why the body is not whole; `None` if it is.
    pub(super) cut: Option<String>,
}

impl Answer {
    /// The service's clock.
    pub(super) fn date(&self) -> Option<Timestamp> {
        let date = self.headers.get(DATE)?;
        http_date(date.to_str().ok()?)
    }

    /// How long the service asks to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers, self.date())
    }

    /// Sorts an answer into what it came to. `collection`: what a redirect is relative to.
    pub(super) fn judge(self, collection: &Url, access: Access, request: String) -> Sent<Reply> {
        let (date, retry_after) = (self.date(), self.retry_after());
        let Answer {
            status,
            headers,
            bytes,
            cut,
        } = self;
        let trouble = |kind, cause| Trouble {
            request: request.clone(),
            cause,
            kind,
            retry_after,
        };
        let is_json = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
        let refusal = |kind| {
            let error: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let message = match error["message"].as_str() {
                Some(message) => message.to_owned(),
                None => title(&bytes).unwrap_or_else(|| beginning(&bytes)),
            };
            let message = message + &other_ways_to_sign_in(status, &headers);
            Sent::Refused(Refusal {
                request: request.clone(),
                status: status.as_u16(),
                type_key: error["typeKey"].as_str().unwrap_or_default().to_owned(),
                message,
                activity_id: activity_id(&headers),
                kind,
            })
        };
        // Somebody else changed the same run at the same moment (409), or it is too much at once
        // (429): neither was begun.
        if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::CONFLICT {
            return Sent::NotSent(trouble(TroubleKind::Busy, said(status, &bytes)));
        }
        // A gateway says so too when it has lost the answer of a request that was carried out.
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return access.trouble(trouble(TroubleKind::Busy, said(status, &bytes)));
        }
        if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
            return access.trouble(trouble(TroubleKind::Server, said(status, &bytes)));
        }
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return refusal(RefusalKind::Proxy);
        }
        if status.is_redirection() {
            let target = headers
                .get(LOCATION)
                .and_then(|target| target.to_str().ok())
                .unwrap_or_default();
            let target = collection.join(target).ok();
            let kind = match &target {
                Some(target) if is_sign_in(target) => RefusalKind::SignIn,
                Some(_) | None => RefusalKind::Redirect,
            };
            // The host alone: the rest of such an address may hold what is nobody's business.
            let host = target.as_ref().and_then(Url::host_str);
            let host = host.unwrap_or("an address that cannot be read");
            return Sent::Refused(Refusal {
                request,
                status: status.as_u16(),
                type_key: String::new(),
                message: format!("redirected to '{host}'"),
                activity_id: activity_id(&headers),
                kind,
            });
        }
        if status.is_client_error() {
            return refusal(RefusalKind::Status);
        }
        // A bad token is answered with a sign-in page and a status that looks like success.
        if status == StatusCode::NON_AUTHORITATIVE_INFORMATION || (!is_json && cut.is_none()) {
            return refusal(RefusalKind::SignIn);
        }
        if let Some(cause) = cut {
            return access.trouble(trouble(TroubleKind::Cut, cause));
        }
        match serde_json::from_slice(&bytes) {
            Ok(body) => Sent::Answered(Reply {
                body,
                date,
                continuation: continuation(&headers),
                length: bytes.len(),
                activity_id: activity_id(&headers),
            }),
            Err(error) => access.trouble(trouble(
                TroubleKind::Answer,
                format!("an answer that is no JSON ({error}): {}", beginning(&bytes)),
            )),
        }
    }
}

/// What a request came to, for the debug log.
pub(super) fn came_to(sent: &Sent<Reply>) -> String {
    match sent {
        Sent::Answered(reply) => {
            format!(
                "answered, {} bytes, activity {}",
                reply.length, reply.activity_id
            )
        }
        Sent::Refused(refusal) => {
            format!(
                "refused with {}, activity {}",
                refusal.status, refusal.activity_id
            )
        }
        Sent::NotSent(trouble) => format!("not carried out, {}", trouble.cause),
        Sent::Unknown(trouble) => format!("unknown what came of it, {}", trouble.cause),
    }
}

pub(super) fn failed<T>(access: Access, trouble: Trouble, error: &reqwest::Error) -> Sent<T> {
    // A request that broke off because of its own file was never whole, and never will be.
    if let Some(cause) = FileTrouble::behind(error) {
        return Sent::Refused(Refusal::of_our_own(trouble.request, cause.to_string()));
    }
    // Without a connection nothing was sent. A request that could not even be built likewise.
    if error.is_connect() || error.is_builder() {
        Sent::NotSent(trouble)
    } else {
        access.trouble(trouble)
    }
}

/// The failure of TLS behind an error. An I/O error may stand around another one, and names as its
/// source what is behind both.
fn tls_error<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = || cause.downcast_ref::<std::io::Error>()?.get_ref();
    cause
        .downcast_ref::<rustls::Error>()
        .or_else(|| tls_error(inner()?))
}

/// So says hyper-util of any answer to CONNECT but 200 and 407.
pub(super) const TUNNEL_REFUSED: &str = "tunnel error: unsuccessful";

/// What kind of trouble an error is, and its cause in words.
pub(super) fn trouble_of(error: &reqwest::Error) -> (TroubleKind, String) {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(tls) = tls_error(cause) {
            let (fault, words) = tls::explained(tls);
            return (TroubleKind::Tls(fault), words);
        }
        let text = cause.to_string();
        // So says hyper-util of a 407 in answer to CONNECT.
        if text.contains("proxy authorization required") {
            return (TroubleKind::ProxyPassword, whole_cause(error));
        }
        if text.contains("proxy") || text.contains("tunnel") {
            return (TroubleKind::Proxy, whole_cause(error));
        }
        source = cause.source();
    }
    let kind = if error.is_connect() {
        TroubleKind::Connect
    } else {
        TroubleKind::Cut
    };
    (kind, whole_cause(error))
}

/// An error with all its causes; the top one alone says "error sending request".
pub(super) fn whole_cause(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        source = cause.source();
    }
    // Display of the top shows the URL, which people know, or nothing new.
    if parts.is_empty() {
        error.to_string()
    } else {
        parts.join(": ")
    }
}

/// Where somebody is sent whose token counts for nothing.
fn is_sign_in(target: &Url) -> bool {
    let host = target.host_str().unwrap_or_default();
    host.ends_with(".vssps.visualstudio.com")
        || host.starts_with("login.")
        || target.path().to_ascii_lowercase().contains("/_signin")
}

fn said(status: StatusCode, bytes: &[u8]) -> String {
    let error: Value = serde_json::from_slice(bytes).unwrap_or_default();
    match error["message"].as_str() {
        Some(message) => format!("{status}: {message}"),
        None => status.to_string(),
    }
}

fn beginning(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(600)]);
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(200)
        .collect()
}

/// The token by which the rest of a list is asked for; without one the list is at its end.
fn continuation(headers: &HeaderMap) -> Option<String> {
    let token = headers.get("x-ms-continuationtoken")?.to_str().ok()?.trim();
    (!token.is_empty()).then(|| token.to_owned())
}

/// The title of a page: what IIS, proxies and firewalls say stands there.
fn title(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4_000)]);
    let begin = text.to_ascii_lowercase().find("<title>")? + "<title>".len();
    let title = text.get(begin..)?.split('<').next()?;
    let words: Vec<&str> = title.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" ").chars().take(200).collect())
}

/// What a server or proxy offers that takes neither tokens nor passwords, as one does that was set
/// up for Windows sign-in alone.
fn other_ways_to_sign_in(status: StatusCode, headers: &HeaderMap) -> String {
    let header = match status {
        StatusCode::UNAUTHORIZED => WWW_AUTHENTICATE,
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => PROXY_AUTHENTICATE,
        _ => return String::new(),
    };
    let mut offers: Vec<&str> = headers
        .get_all(header)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|offer| offer.split_whitespace().next())
        .filter(|word| !word.contains('='))
        .collect();
    offers.dedup();
    let takes_ours = offers
        .iter()
        .any(|word| ["basic", "bearer"].contains(&word.to_ascii_lowercase().as_str()));
    if offers.is_empty() || takes_ours {
        String::new()
    } else {
        format!(" (it offers {} only)", offers.join(", "))
    }
}

fn activity_id(headers: &HeaderMap) -> String {
    ["activityid", "x-vss-e2eid"]
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

fn retry_after(headers: &HeaderMap, now: Option<Timestamp>) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = value.parse::<f64>() {
        Duration::try_from_secs_f64(seconds).ok()
    } else {
        let until = http_date(value)?;
        Duration::try_from(until.duration_since(now.unwrap_or_else(Timestamp::now))).ok()
    };
    wait.map(|wait| wait.min(LONGEST_WAIT))
}

/// Reads a date of HTTP (`Wed, 25 Nov 2026 15:48:13 GMT`).
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text)
        .ok()
        .map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn of_a_page_the_title_is_told() {
        let page =
            b"<!DOCTYPE html><html><HEAD>\n<Title>401 - Unauthorized:\n Access is denied</title>";
        assert_eq!(
            title(page).as_deref(),
            Some("401 - Unauthorized: Access is denied")
        );
        assert_eq!(title(b"<html><title> </title>"), None);
        assert_eq!(title("{\"message\": \"ß\"}".as_bytes()), None);
    }

    #[test]
    fn ways_to_sign_in_are_told_where_none_is_ours() {
        let offered = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(value));
            }
            other_ways_to_sign_in(StatusCode::UNAUTHORIZED, &headers)
        };
        assert_eq!(
            offered(&["Negotiate", "NTLM"]),
            " (it offers Negotiate, NTLM only)"
        );
        assert_eq!(offered(&["Negotiate", "Basic realm=\"a, b\""]), "");
        assert_eq!(offered(&[]), "");
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = http_date("Wed, 25 Nov 2026 15:48:13 GMT");
        assert!(now.is_some());
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(retry_after(&headers, now), Some(Duration::from_secs(7)));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1000000000000000000"));
        assert_eq!(retry_after(&headers, now), Some(LONGEST_WAIT));
        headers.insert(
            RETRY_AFTER,
            HeaderValue::from_static("Wed, 25 Nov 2026 15:49:13 GMT"),
        );
        assert_eq!(retry_after(&headers, now), Some(Duration::from_secs(60)));
        headers.insert(
            RETRY_AFTER,
            HeaderValue::from_static("Wed, 25 Nov 2026 15:47:13 GMT"),
        );
        assert_eq!(retry_after(&headers, now), None);
    }
}
