//! The one door to Azure DevOps: address, token, API version, silence, and what a request came to.
//!
//! Nothing is repeated here. A request comes to one of four things ([`Sent`]); what to do about it
//! is decided by who knows what was asked for.

use std::cell::Cell;
use std::error::Error as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;

use super::progress::Progress;
use super::sent::{Access, Refusal, RefusalKind, Sent, Trouble, TroubleKind};
use super::upload::{Part, Upload};

/// Longer answers are not read: no list that is asked for comes near it.
const LONGEST_ANSWER: usize = 256 * 1024 * 1024;

/// Nobody waits longer, and clocks can count so far.
const LONGEST_WAIT: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How often silence is looked for.
const WATCH: Duration = Duration::from_millis(200);

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Its JSON.
    pub body: Value,
    /// The service's clock.
    pub date: Option<Timestamp>,
    /// Bytes of the answer's body.
    length: usize,
    activity_id: String,
}

/// A version of the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    /// `7` of `7.1`.
    pub major: u8,
    /// `1` of `7.1`.
    pub minor: u8,
}

/// The newest version that this program speaks.
pub const NEWEST: ApiVersion = ApiVersion { major: 7, minor: 1 };

/// How a resource is asked for in a version in which it is a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// Released in every version.
    Released,
    /// A preview below this version.
    PreviewBelow(ApiVersion),
    /// Always a preview.
    Preview,
}

/// What a client is made of.
pub struct Server {
    /// Collection URL with a trailing slash.
    pub collection: Url,
    /// The whole value of the header `Authorization`.
    pub authorization: HeaderValue,
    /// No byte for so long, and a request is given up.
    pub request_timeout: Duration,
    /// The proxy that connections go through, as it may be shown.
    pub proxy: Option<String>,
}

/// Sends requests to one project collection.
pub struct Client {
    http: reqwest::Client,
    collection: Url,
    request_timeout: Duration,
    proxy: Option<String>,
    version: Cell<ApiVersion>,
    not_before: Cell<Option<Instant>>,
}

/// A request to be sent.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) access: Access,
    /// Segments below the collection, not yet escaped.
    pub(super) path: Vec<&'a str>,
    pub(super) query: Vec<(&'a str, String)>,
    pub(super) resource: Resource,
}

impl<'a> Call<'a> {
    pub(super) fn get(path: Vec<&'a str>) -> Self {
        Self {
            method: Method::GET,
            access: Access::Read,
            path,
            query: Vec::new(),
            resource: Resource::Released,
        }
    }

    pub(super) fn write(method: Method, path: Vec<&'a str>) -> Self {
        Self {
            method,
            access: Access::Write,
            path,
            query: Vec::new(),
            resource: Resource::Released,
        }
    }

    pub(super) fn with(mut self, name: &'a str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(super) fn of(mut self, resource: Resource) -> Self {
        self.resource = resource;
        self
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path.join("/"))
    }
}

impl Client {
    /// A client for a collection.
    ///
    /// # Errors
    /// Says what of certificates, keys or proxy cannot be used.
    pub fn new(server: Server, builder: reqwest::ClientBuilder) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        let mut authorization = server.authorization;
        authorization.set_sensitive(true);
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // Asks for a plain 401 where the service would send a sign-in page.
        headers.insert(
            "x-tfs-fedauthredirect",
            HeaderValue::from_static("Suppress"),
        );
        let http = builder
            .default_headers(headers)
            .user_agent(concat!("katalon-ado/", env!("CARGO_PKG_VERSION")))
            // The token must not travel on to where an answer points.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(server.request_timeout)
            .build()
            .map_err(|error| whole_cause(&error))?;
        Ok(Self {
            http,
            collection: server.collection,
            request_timeout: server.request_timeout,
            proxy: server.proxy,
            version: Cell::new(NEWEST),
            not_before: Cell::new(None),
        })
    }

    /// The collection's address, with a trailing slash.
    pub fn collection(&self) -> &Url {
        &self.collection
    }

    /// The proxy that connections go through, as it may be shown; `None` also where a variable of
    /// the system names one.
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// The version that server and program agreed on so far.
    pub fn version(&self) -> ApiVersion {
        self.version.get()
    }

    /// The only way to write. A dry run has none.
    pub fn writer(&self) -> Writer<'_> {
        Writer { client: self }
    }

    /// Sends a request without a body and reads its answer.
    pub(super) async fn fetch<T>(
        &self,
        call: Call<'_>,
        read: impl FnOnce(Reply) -> Result<T, String>,
    ) -> Sent<T> {
        let (access, name) = (call.access, call.name());
        self.send(&call, &|_| Ok(None))
            .await
            .map(access, &name, read)
    }

    async fn send(&self, call: &Call<'_>, body: &BodyMaker<'_>) -> Sent<Reply> {
        let sent = self.send_in(self.version.get(), call, body).await;
        if let Sent::Refused(refusal) = &sent
            && let Some(ceiling) = highest_supported(refusal)
            && ceiling < self.version.get()
        {
            self.version.set(ceiling);
            return self.send_in(ceiling, call, body).await;
        }
        sent
    }

    async fn send_in(
        &self,
        version: ApiVersion,
        call: &Call<'_>,
        body: &BodyMaker<'_>,
    ) -> Sent<Reply> {
        let request = call.name();
        self.wait_until_allowed().await;
        let trouble = |kind, cause: String| Trouble {
            request: request.clone(),
            cause,
            kind,
            retry_after: None,
        };
        let url = match self.url(call, version) {
            Ok(url) => url,
            Err(cause) => return Sent::NotSent(trouble(TroubleKind::Connect, cause)),
        };
        let progress = Progress::begun();
        let mut builder = self.http.request(call.method.clone(), url);
        match body(&progress) {
            Ok(Some(upload)) => {
                builder = builder
                    .header(CONTENT_TYPE, "application/json; charset=utf-8")
                    .body(reqwest::Body::wrap(upload));
            }
            Ok(None) => {}
            Err(error) => {
                return Sent::Refused(Refusal {
                    request,
                    status: 0,
                    type_key: String::new(),
                    message: error.to_string(),
                    activity_id: String::new(),
                    kind: RefusalKind::Status,
                });
            }
        }
        let exchange = async {
            let mut response = builder.send().await?;
            progress.made();
            let (status, headers) = (response.status(), response.headers().clone());
            let mut bytes = Vec::new();
            let mut cut = None;
            loop {
                match response.chunk().await {
                    Ok(Some(chunk)) => {
                        progress.made();
                        bytes.extend_from_slice(&chunk);
                        if bytes.len() > LONGEST_ANSWER {
                            cut = Some("the answer is longer than 256 MB".to_owned());
                            break;
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        cut = Some(whole_cause(&error));
                        break;
                    }
                }
            }
            Ok::<_, reqwest::Error>((status, headers, bytes, cut))
        };
        let silence = async {
            while progress.silence() < self.request_timeout {
                tokio::time::sleep(WATCH.min(self.request_timeout)).await;
            }
        };
        let begun = Instant::now();
        let name = request.clone();
        let sent = tokio::select! {
            answer = exchange => match answer {
                Ok((status, headers, bytes, cut)) => self.judge(call, request, status, &headers, bytes, cut),
                Err(error) => failed(call.access, trouble(kind_of(&error), whole_cause(&error)), &error),
            },
            () = silence => call.access.trouble(trouble(
                TroubleKind::Silent,
                format!("no byte came or went for {} seconds", self.request_timeout.as_secs_f64()),
            )),
        };
        log::debug!(
            "{name}: {}, {} ms",
            came_to(&sent),
            begun.elapsed().as_millis()
        );
        sent
    }

    fn url(&self, call: &Call<'_>, version: ApiVersion) -> Result<Url, String> {
        let mut url = self.collection.clone();
        url.path_segments_mut()
            .map_err(|()| format!("'{}' cannot hold a path", self.collection))?
            .pop_if_empty()
            .extend(&call.path);
        let ApiVersion { major, minor } = version;
        let preview = match call.resource {
            Resource::Released => "",
            Resource::PreviewBelow(released) if version >= released => "",
            Resource::PreviewBelow(_) | Resource::Preview => "-preview.1",
        };
        url.query_pairs_mut()
            .extend_pairs(
                call.query
                    .iter()
                    .map(|(name, value)| (*name, value.as_str())),
            )
            .append_pair("api-version", &format!("{major}.{minor}{preview}"));
        Ok(url)
    }

    /// How long the service still wants to be left alone.
    pub fn asked_to_wait(&self) -> Duration {
        self.not_before.get().map_or(Duration::ZERO, |when| {
            when.saturating_duration_since(Instant::now())
        })
    }

    /// The next request goes at once, whatever the service asked for: the last one, for which no
    /// time is left to wait.
    pub fn wait_no_longer(&self) {
        self.not_before.set(None);
    }

    /// What the service asked for on any answer holds for all requests that follow.
    async fn wait_until_allowed(&self) {
        while let Some(when) = self.not_before.get() {
            if when <= Instant::now() {
                self.not_before.set(None);
                break;
            }
            tokio::time::sleep_until(when.into()).await;
        }
    }

    fn judge(
        &self,
        call: &Call<'_>,
        request: String,
        status: StatusCode,
        headers: &HeaderMap,
        bytes: Vec<u8>,
        cut: Option<String>,
    ) -> Sent<Reply> {
        let date = headers
            .get(DATE)
            .and_then(|date| http_date(date.to_str().ok()?));
        let retry_after = retry_after(headers, date);
        if let Some(wait) = retry_after {
            let when = Instant::now() + wait;
            self.not_before.set(Some(
                self.not_before
                    .get()
                    .map_or(when, |earlier| earlier.max(when)),
            ));
        }
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
                None => beginning(&bytes),
            };
            Sent::Refused(Refusal {
                request: request.clone(),
                status: status.as_u16(),
                type_key: error["typeKey"].as_str().unwrap_or_default().to_owned(),
                message,
                activity_id: activity_id(headers),
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
            return call
                .access
                .trouble(trouble(TroubleKind::Busy, said(status, &bytes)));
        }
        if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
            return call
                .access
                .trouble(trouble(TroubleKind::Server, said(status, &bytes)));
        }
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return refusal(RefusalKind::Proxy);
        }
        if status.is_redirection() {
            let target = headers
                .get(LOCATION)
                .and_then(|target| target.to_str().ok())
                .unwrap_or_default();
            let target = self.collection.join(target).ok();
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
                activity_id: activity_id(headers),
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
            return call.access.trouble(trouble(TroubleKind::Cut, cause));
        }
        match serde_json::from_slice(&bytes) {
            Ok(body) => Sent::Answered(Reply {
                body,
                date,
                length: bytes.len(),
                activity_id: activity_id(headers),
            }),
            Err(error) => call.access.trouble(trouble(
                TroubleKind::Answer,
                format!("an answer that is no JSON ({error}): {}", beginning(&bytes)),
            )),
        }
    }
}

type BodyMaker<'a> = dyn Fn(&Arc<Progress>) -> std::io::Result<Option<Upload>> + 'a;

/// Sends requests that change something.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    client: &'a Client,
}

impl Writer<'_> {
    /// Sends a JSON document.
    pub(super) async fn json<T>(
        &self,
        call: Call<'_>,
        body: &impl serde::Serialize,
        read: impl FnOnce(Reply) -> Result<T, String>,
    ) -> Sent<T> {
        let (access, name) = (call.access, call.name());
        let bytes = match serde_json::to_vec(body) {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) => {
                return Sent::NotSent(Trouble {
                    request: name,
                    cause: error.to_string(),
                    kind: TroubleKind::Answer,
                    retry_after: None,
                });
            }
        };
        let maker = |progress: &Arc<Progress>| {
            Ok(Some(Upload::new(
                [Part::Ready(bytes.clone())],
                Arc::clone(progress),
            )))
        };
        self.client
            .send(&call, &maker)
            .await
            .map(access, &name, read)
    }

    /// Sends a body that is made anew for each try.
    pub(super) async fn parts<T>(
        &self,
        call: Call<'_>,
        parts: &dyn Fn() -> std::io::Result<Vec<Part>>,
        read: impl FnOnce(Reply) -> Result<T, String>,
    ) -> Sent<T> {
        let (access, name) = (call.access, call.name());
        let maker =
            |progress: &Arc<Progress>| Ok(Some(Upload::new(parts()?, Arc::clone(progress))));
        self.client
            .send(&call, &maker)
            .await
            .map(access, &name, read)
    }
}

/// The ceiling that an out-of-range refusal names. The message is localised, so the last number of
/// the form `d.d` in it is taken; the one asked for stands before it.
fn highest_supported(refusal: &Refusal) -> Option<ApiVersion> {
    if refusal.status != 400 || !refusal.type_key.contains("VersionOutOfRange") {
        return None;
    }
    refusal
        .message
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .filter_map(|word| {
            let (major, minor) = word.trim_matches('.').split_once('.')?;
            Some(ApiVersion {
                major: major.parse().ok()?,
                minor: minor.parse().ok()?,
            })
        })
        .next_back()
}

/// What a request came to, for the debug log.
fn came_to(sent: &Sent<Reply>) -> String {
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

fn failed<T>(access: Access, trouble: Trouble, error: &reqwest::Error) -> Sent<T> {
    // Without a connection nothing was sent. A request that could not even be built likewise.
    if error.is_connect() || error.is_builder() {
        Sent::NotSent(trouble)
    } else {
        access.trouble(trouble)
    }
}

/// An I/O error may stand around another one, and names as its source what is behind both.
fn is_tls(cause: &(dyn std::error::Error + 'static)) -> bool {
    let inner = cause
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    cause.is::<rustls::Error>() || inner.is_some_and(|inner| is_tls(inner))
}

fn kind_of(error: &reqwest::Error) -> TroubleKind {
    let mut source = error.source();
    while let Some(cause) = source {
        if is_tls(cause) {
            return TroubleKind::Tls;
        }
        if cause.to_string().contains("proxy") || cause.to_string().contains("tunnel") {
            return TroubleKind::Proxy;
        }
        source = cause.source();
    }
    if error.is_connect() {
        TroubleKind::Connect
    } else {
        TroubleKind::Cut
    }
}

/// An error with all its causes; the top one alone says "error sending request".
fn whole_cause(error: &reqwest::Error) -> String {
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
    use super::*;

    fn refusal(message: &str) -> Refusal {
        Refusal {
            request: String::new(),
            status: 400,
            type_key: "VssVersionOutOfRangeException".to_owned(),
            message: message.to_owned(),
            activity_id: String::new(),
            kind: RefusalKind::Status,
        }
    }

    #[test]
    fn the_ceiling_is_read_from_a_message_in_any_language() {
        let seven = Some(ApiVersion { major: 7, minor: 0 });
        let english = "The requested REST API version of 7.1 is out of range for this server. The latest REST API version this server supports is 7.0.";
        assert_eq!(highest_supported(&refusal(english)), seven);
        let german = "Die angeforderte REST-API-Version 7.1 liegt außerhalb des Bereichs. Die neueste Version ist 7.0.";
        assert_eq!(highest_supported(&refusal(german)), seven);
        assert_eq!(
            highest_supported(&Refusal {
                type_key: "Other".to_owned(),
                ..refusal(english)
            }),
            None
        );
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
