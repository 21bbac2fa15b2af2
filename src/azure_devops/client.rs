//! The one door to Azure DevOps: address, token, API version, silence, and what a request came to.
//!
//! Nothing is repeated here. A request comes to one of four things ([`Sent`]); what to do about it
//! is decided by who knows what was asked for.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, Url};

use super::answer::{Answer, TUNNEL_REFUSED, came_to, failed, trouble_of, whole_cause};
use super::call::{Call, Reply};
use super::credential::Credential;
use super::progress::Progress;
use super::sent::{Refusal, RefusalKind, Sent, Trouble, TroubleKind};
use super::spoken::{Hint, hint, listed};
use super::upload::{Part, Upload};
use super::usage::Usage;
use super::version::{ApiVersion, NEWEST, OLDEST, Resource};
use crate::agent::Proxy;

/// Longer answers are not read: no list that is asked for comes near it.
const LONGEST_ANSWER: usize = 256 * 1024 * 1024;

/// How often silence is looked for.
const WATCH: Duration = Duration::from_millis(200);

/// What a client is made of.
pub struct Server {
    /// Collection URL with a trailing slash.
    pub collection: Url,
    /// The whole value of the header `Authorization`.
    pub authorization: HeaderValue,
    /// What that is, in words.
    pub credential: Credential,
    /// No byte for so long, and a request is given up.
    pub request_timeout: Duration,
    /// The proxy that connections go through.
    pub proxy: Option<Proxy>,
    /// Whose certificates are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// Sends requests to one project collection.
pub struct Client {
    http: reqwest::Client,
    /// Knows no token, and asks the proxy why it opens no tunnel.
    to_proxy: Option<reqwest::Client>,
    collection: Url,
    request_timeout: Duration,
    proxy: Option<Proxy>,
    ca_file: Option<PathBuf>,
    credential: Credential,
    version: Cell<ApiVersion>,
    /// The server accepted the version, or was asked for those that it speaks.
    version_settled: Cell<bool>,
    not_before: Cell<Option<Instant>>,
    /// The service's clock, and when it was read.
    clock: Cell<Option<(Timestamp, Instant)>>,
    usage: Usage,
}

impl Client {
    /// A client for a collection. Where there is a proxy, `to_proxy` asks that without a token.
    ///
    /// # Errors
    /// Says what of certificates, keys or proxy cannot be used.
    pub fn new(
        server: Server,
        builder: reqwest::ClientBuilder,
        to_proxy: Option<reqwest::ClientBuilder>,
    ) -> Result<Self, String> {
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
        let build = |builder: reqwest::ClientBuilder| {
            builder
                .user_agent(concat!("katalon-ado/", env!("CARGO_PKG_VERSION")))
                // The token must not travel on to where an answer points.
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(server.request_timeout)
                .build()
                .map_err(|error| whole_cause(&error))
        };
        Ok(Self {
            http: build(builder.default_headers(headers))?,
            to_proxy: to_proxy.map(build).transpose()?,
            collection: server.collection,
            request_timeout: server.request_timeout,
            proxy: server.proxy,
            ca_file: server.ca_file,
            credential: server.credential,
            version: Cell::new(NEWEST),
            version_settled: Cell::new(false),
            not_before: Cell::new(None),
            clock: Cell::new(None),
            usage: Usage::default(),
        })
    }

    /// The collection's address, with a trailing slash.
    pub fn collection(&self) -> &Url {
        &self.collection
    }

    /// What requests are signed with.
    pub fn credential(&self) -> Credential {
        self.credential
    }

    /// The proxy that connections go through.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// The agent's CA file, whose certificates are trusted beside the system's.
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// The version that server and program agreed on so far.
    pub fn version(&self) -> ApiVersion {
        self.version.get()
    }

    /// The service's clock, as far as it told; else this machine's.
    pub fn now(&self) -> Timestamp {
        let told = self.clock.get();
        told.and_then(|(then, at)| then.checked_add(at.elapsed()).ok())
            .unwrap_or_else(Timestamp::now)
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

    /// Sends a JSON document and reads the answer.
    pub(super) async fn fetch_for<T>(
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
        self.send(&call, &maker).await.map(access, &name, read)
    }

    /// Sends a request in the version that was agreed on, or in the one that the server names
    /// when it refuses that.
    async fn send(&self, call: &Call<'_>, body: &BodyMaker<'_>) -> Sent<Reply> {
        let asked = self.version.get();
        let sent = self.send_in(asked, call, body).await;
        let refusal = match sent {
            Sent::Refused(refusal) => refusal,
            Sent::Answered(_) => {
                self.version_settled.set(true);
                return sent;
            }
            Sent::NotSent(_) | Sent::Unknown(_) => return sent,
        };
        let spoken = match hint(&refusal, asked, !self.version_settled.get()) {
            Hint::Newest(newest) => Some(newest),
            Hint::Ask => self.spoken_version().await,
            Hint::Nothing => None,
        };
        match spoken.filter(|spoken| *spoken < asked) {
            None => Sent::Refused(refusal),
            Some(spoken) if spoken < OLDEST => Sent::Refused(Refusal {
                kind: RefusalKind::TooOld(spoken),
                ..refusal
            }),
            Some(spoken) => {
                self.version.set(spoken);
                self.version_settled.set(true);
                self.send_in(spoken, call, body).await
            }
        }
    }

    /// Asks which version the server speaks; `None` if it does not say, or said so before.
    async fn spoken_version(&self) -> Option<ApiVersion> {
        if self.version_settled.replace(true) {
            return None;
        }
        let call = Call {
            method: Method::OPTIONS,
            ..Call::get(vec!["_apis", "test"])
        };
        let call = call.of(Resource::Unversioned);
        match self.send_in(NEWEST, &call, &|_| Ok(None)).await {
            Sent::Answered(reply) => listed(&reply.body),
            Sent::Refused(_) | Sent::NotSent(_) | Sent::Unknown(_) => None,
        }
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
                return Sent::Refused(Refusal::of_our_own(request, error.to_string()));
            }
        }
        let exchange = async {
            // A connection has as long as silence has: that begins now, and not with the body.
            progress.made();
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
            Ok::<_, reqwest::Error>(Answer {
                status,
                headers,
                bytes,
                cut,
            })
        };
        let silence = async {
            while progress.silence() < self.request_timeout {
                tokio::time::sleep(WATCH.min(self.request_timeout)).await;
            }
        };
        let begun = Instant::now();
        let name = request.clone();
        let sent = tokio::select! {
            // Where a connection and patience end at the same moment, the connection says why.
            biased;
            answer = exchange => match answer {
                Ok(answer) => {
                    self.note(&request, &answer);
                    answer.judge(&self.collection, call.access, request)
                }
                Err(error) => {
                    let (kind, cause) = self.trouble_of(&error).await;
                    failed(call.access, trouble(kind, cause), &error)
                }
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

    /// Keeps what an answer tells beside what was asked for: the time, and how busy the service is.
    fn note(&self, request: &str, answer: &Answer) {
        if let Some(date) = answer.date() {
            self.clock.set(Some((date, Instant::now())));
        }
        self.usage.note(request, &answer.headers);
        if let Some(wait) = answer.retry_after() {
            let when = Instant::now() + wait;
            let earlier = self.not_before.get();
            self.not_before
                .set(Some(earlier.map_or(when, |earlier| earlier.max(when))));
        }
    }

    /// What kind of trouble an error is. Of a proxy's answer to `CONNECT` the library keeps all but
    /// 407 to itself, so the proxy is asked once more.
    async fn trouble_of(&self, error: &reqwest::Error) -> (TroubleKind, String) {
        let (kind, cause) = trouble_of(error);
        if !cause.contains(TUNNEL_REFUSED) {
            return (kind, cause);
        }
        match tokio::time::timeout(self.request_timeout, self.tunnel_refusal()).await {
            Ok(Some(status)) => {
                let kind = match status {
                    StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                        TroubleKind::ProxyPassword
                    }
                    _ => kind,
                };
                (kind, format!("it answered CONNECT with {status}"))
            }
            Ok(None) | Err(_) => (kind, cause),
        }
    }

    /// What the proxy answers to `CONNECT`, if it refuses that.
    async fn tunnel_refusal(&self) -> Option<StatusCode> {
        let to_proxy = self.to_proxy.as_ref()?;
        let host = self.collection.host_str()?;
        let port = self.collection.port_or_known_default()?;
        // Of `http`, or it would itself be asked for through a tunnel.
        let target = format!("http://{host}:{port}/");
        let asked = to_proxy.request(Method::CONNECT, target).send().await;
        let status = asked.ok()?.status();
        (!status.is_success()).then_some(status)
    }

    fn url(&self, call: &Call<'_>, version: ApiVersion) -> Result<Url, String> {
        let mut url = self.collection.clone();
        url.path_segments_mut()
            .map_err(|()| format!("'{}' cannot hold a path", self.collection))?
            .pop_if_empty()
            .extend(&call.path);
        let mut query = url.query_pairs_mut();
        query.extend_pairs(
            call.query
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        if let Some(version) = call.resource.version(version) {
            query.append_pair("api-version", &version);
        }
        drop(query);
        Ok(url)
    }

    /// How long the service still wants to be left alone.
    pub fn asked_to_wait(&self) -> Duration {
        self.not_before.get().map_or(Duration::ZERO, |when| {
            when.saturating_duration_since(Instant::now())
        })
    }

    /// Whether the service said that it has little left for us.
    pub fn is_scarce(&self) -> bool {
        self.usage.is_scarce()
    }

    /// What the service said of how much of it is used, if it is worth a line and was not told yet.
    pub fn news_of_usage(&self) -> Option<String> {
        self.usage.news()
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
}

type BodyMaker<'a> = dyn Fn(&Arc<Progress>) -> std::io::Result<Option<Upload>> + 'a;

/// Sends requests that change something.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    client: &'a Client,
}

impl Writer<'_> {
    /// The version that server and program agreed on so far.
    pub(super) fn version(&self) -> ApiVersion {
        self.client.version()
    }

    /// Sends a JSON document.
    pub(super) async fn json<T>(
        &self,
        call: Call<'_>,
        body: &impl serde::Serialize,
        read: impl FnOnce(Reply) -> Result<T, String>,
    ) -> Sent<T> {
        self.client.fetch_for(call, body, read).await
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
