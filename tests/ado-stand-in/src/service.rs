//! The service as a test holds it: started, told what goes wrong, looked into, changed by somebody else.

use crate::answer::Request;
use crate::faults::{Fault, Rule, Script};
use crate::http;
use crate::settings::Settings;
use crate::state::{Attachment, State};
use crate::swagger;
use crate::text;
use crate::tls::Authority;
use bytes::Bytes;
use serde_json::Value;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::SystemTime;
use tokio::sync::oneshot;

/// A request as it arrived, in the order of arrival.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The path, as it stood in the request line.
    pub path: String,
    /// The query, as it stood in the request line, without the question mark.
    pub query: String,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body, as far as [`Settings::kept_body`] reaches.
    pub body: Bytes,
    /// The length of the whole body.
    pub body_length: usize,
    /// The status that was sent; `None` where no answer was.
    pub status: Option<u16>,
    /// Whether the request reached the service itself, refused or not, and no fault kept it away.
    pub handled: bool,
    /// Whether the request line named the whole address, as a client does that takes this server for a proxy.
    pub through_proxy: bool,
    /// The number of the connection it came over, from 1.
    pub connection: u64,
    /// When it had arrived whole.
    pub at: SystemTime,
}

impl Recorded {
    /// The first header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// A running service. It stops when this is dropped.
#[derive(Debug)]
pub struct StandIn {
    service: Service,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl StandIn {
    /// Starts a service on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// Where no port or no thread is to be had: no test could go on.
    #[must_use]
    #[expect(clippy::panic, reason = "a test cannot go on without its server")]
    pub fn start(settings: Settings) -> StandIn {
        match http::start(settings) {
            Ok((service, stop, thread)) => StandIn {
                service,
                stop: Some(stop),
                thread: Some(thread),
            },
            Err(error) => panic!("the stand-in cannot start: {error}"),
        }
    }
}

impl Deref for StandIn {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A handle on a running service; a clone is the same service.
#[derive(Debug, Clone)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    port: u16,
    authority: Option<Authority>,
    state: Mutex<State>,
    script: Mutex<Script>,
    requests: Mutex<Vec<Recorded>>,
}

/// A test that failed while it held a lock has said so already.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Service {
    pub(crate) fn new(settings: Settings, port: u16, authority: Option<Authority>) -> Service {
        let scheme = if authority.is_some() { "https" } else { "http" };
        let host = if settings.ipv6 { "[::1]" } else { "127.0.0.1" };
        let root = format!("{scheme}://{host}:{port}/");
        Service(Arc::new(Inner {
            port,
            authority,
            state: Mutex::new(State::new(settings, root)),
            script: Mutex::default(),
            requests: Mutex::default(),
        }))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.0.state)
    }

    pub(crate) fn next_fault(&self, request: &Request) -> Option<Fault> {
        locked(&self.0.script).next(request)
    }

    /// Notes a request and returns its place.
    pub(crate) fn record(&self, request: &Request, connection: u64) -> usize {
        let kept = self.state().settings.kept_body.min(request.body.len());
        let mut requests = locked(&self.0.requests);
        requests.push(Recorded {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: if kept == request.body.len() {
                request.body.clone()
            } else {
                Bytes::copy_from_slice(&request.body[..kept])
            },
            body_length: request.body.len(),
            status: None,
            handled: false,
            through_proxy: request.through_proxy,
            connection,
            at: SystemTime::now(),
        });
        requests.len() - 1
    }

    pub(crate) fn record_handled(&self, place: usize) {
        if let Some(recorded) = locked(&self.0.requests).get_mut(place) {
            recorded.handled = true;
        }
    }

    pub(crate) fn record_status(&self, place: usize, status: u16) {
        if let Some(recorded) = locked(&self.0.requests).get_mut(place) {
            recorded.status = Some(status);
        }
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// The address of the collection, with a slash at its end, as an agent tells it.
    #[must_use]
    pub fn collection_url(&self) -> String {
        self.state().collection_url()
    }

    /// The address of the page that shows the runs to people; it needs no authorization.
    #[must_use]
    pub fn page_url(&self) -> String {
        self.state().root.clone()
    }

    /// With TLS: the certificate of the private authority.
    #[must_use]
    pub fn ca_pem(&self) -> Option<String> {
        self.0
            .authority
            .as_ref()
            .map(|authority| authority.certificate_pem.clone())
    }

    /// With TLS: a client certificate of the private authority and its key (PKCS#8).
    #[must_use]
    pub fn client_pem(&self) -> Option<(String, String)> {
        self.0
            .authority
            .as_ref()
            .map(|authority| authority.client_pem.clone())
    }

    /// Changes settings from now on. Port, TLS and collection stay as they are.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.state().settings);
    }

    /// Adds a rule; the earlier ones go first.
    pub fn script(&self, rule: Rule) {
        locked(&self.0.script).add(rule);
    }

    /// Takes all rules away.
    pub fn clear_script(&self) {
        locked(&self.0.script).clear();
    }

    /// Every request to the service so far, those to the page excepted.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        locked(&self.0.requests).clone()
    }

    /// Where recorded request bodies differ from Microsoft's swagger; empty where the swagger is missing too (see
    /// [`crate::swagger_folder`]). Bodies cut by [`Settings::kept_body`] are not compared.
    #[must_use]
    pub fn swagger_violations(&self) -> Vec<String> {
        let depth = self.state().collection_segments().len();
        swagger::violations(&self.requests(), depth)
    }

    /// All that is stored: every run as one would read it, with `results` (each with `subResults` and
    /// `attachments`) and `attachments` (id, fileName, comment, size, attachmentType).
    #[must_use]
    pub fn runs(&self) -> Vec<Value> {
        let state = self.state();
        state
            .runs
            .values()
            .map(|run| state.whole_run(run))
            .collect()
    }

    /// The run with that id, as in [`Service::runs`].
    #[must_use]
    pub fn run(&self, id: u64) -> Option<Value> {
        let state = self.state();
        state.runs.get(&id).map(|run| state.whole_run(run))
    }

    /// The bytes of an attachment; none where there is no such attachment.
    #[must_use]
    pub fn attachment(&self, id: u64) -> Vec<u8> {
        let state = self.state();
        let attachment = state.attachments.get(&id);
        attachment
            .map(|attachment| attachment.bytes.to_vec())
            .unwrap_or_default()
    }

    /// Puts a run there that somebody else made, and returns its id. `run` has the fields of a run as it is read
    /// (`name`, `state`, `comment`, `build`, `lastUpdatedDate`, …), all optional, besides `project` (a name; the
    /// first project where it is missing) and `results`. Nothing is checked.
    pub fn add_run(&self, run: &Value) -> u64 {
        self.state().add_run(run)
    }

    /// Adds a result to a run, unchecked, and returns its id; `None` where there is no such run.
    pub fn add_result(&self, run: u64, result: &Value) -> Option<u64> {
        self.state().add_result(run, result)
    }

    /// Adds an attachment to a run or to one of its results, and returns its id.
    pub fn add_attachment(
        &self,
        run: u64,
        result: Option<u64>,
        file_name: &str,
        comment: &str,
        bytes: &[u8],
    ) -> u64 {
        self.state().add_attachment(Attachment {
            run,
            result,
            sub_result: None,
            iteration: None,
            file_name: file_name.into(),
            comment: comment.into(),
            kind: "GeneralAttachment".into(),
            created: String::new(),
            bytes: Bytes::copy_from_slice(bytes),
        })
    }

    /// Sets fields of a run as somebody else would; a `null` takes one away. False where there is no such run.
    pub fn edit_run(&self, id: u64, fields: &Value) -> bool {
        self.state().edit_run(id, fields)
    }

    /// Deletes a run as somebody else would. False where there is no such run.
    pub fn delete_run(&self, id: u64) -> bool {
        self.state().delete_run(id)
    }

    /// What time the service believes it is, ISO 8601.
    #[must_use]
    pub fn now(&self) -> String {
        text::written(self.state().now())
    }
}
