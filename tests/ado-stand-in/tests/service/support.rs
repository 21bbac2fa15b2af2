//! A client made of a socket, so that nothing but the wire is between a test and the stand-in.

use ado_stand_in::{Settings, StandIn};
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A service as it is set up by default.
pub(crate) fn service() -> StandIn {
    StandIn::start(Settings::default())
}

/// A service with some settings changed.
pub(crate) fn service_with(change: impl FnOnce(&mut Settings)) -> StandIn {
    let mut settings = Settings::default();
    change(&mut settings);
    StandIn::start(settings)
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        lines
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| json!({ "not JSON": self.text() }))
    }

    /// The ids in a list.
    pub(crate) fn ids(&self) -> Vec<u64> {
        let body = self.json();
        let values = body["value"].as_array().cloned().unwrap_or_default();
        values
            .iter()
            .filter_map(|value| value["id"].as_u64())
            .collect()
    }

    /// The number of items in a list.
    pub(crate) fn count(&self) -> u64 {
        self.json()["count"].as_u64().unwrap()
    }
}

/// Reads one answer to its end.
pub(crate) fn read_reply(stream: &mut impl Read) -> io::Result<Reply> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.push(byte[0]);
    }
    let mut reply = Reply {
        status: 0,
        head: String::from_utf8_lossy(&head).into_owned(),
        body: Vec::new(),
    };
    reply.status = reply
        .head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    let length = reply
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    reply.body = vec![0; length];
    stream.read_exact(&mut reply.body)?;
    Ok(reply)
}

/// A connection to the service.
pub(crate) fn connect(service: &StandIn) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", service.port())).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Writes a request with exactly these headers, besides `Host` and the length.
pub(crate) fn write_request(
    stream: &mut impl Write,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<()> {
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body);
    stream.write_all(&bytes)
}

/// One request over a connection of its own, with exactly these headers.
pub(crate) fn exchange(
    service: &StandIn,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Reply> {
    let mut stream = connect(service);
    write_request(&mut stream, method, path, headers, body)?;
    read_reply(&mut stream)
}

pub(crate) const TOKEN: (&str, &str) = ("Authorization", "Bearer stand-in-token");
pub(crate) const SUPPRESS: (&str, &str) = ("X-TFS-FedAuthRedirect", "Suppress");
pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The path below the default collection, with api-version 7.1 unless it names one.
fn full(path: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    if path.contains("api-version") {
        format!("/contoso/{path}")
    } else {
        format!("/contoso/{path}{separator}api-version=7.1")
    }
}

/// A request as a well-behaved client sends it, whose answer may fail to come.
pub(crate) fn try_send(
    service: &StandIn,
    method: &str,
    path: &str,
    body: &Value,
) -> io::Result<Reply> {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    exchange(
        service,
        method,
        &full(path),
        &[TOKEN, SUPPRESS, JSON],
        body.as_bytes(),
    )
}

/// A request as a well-behaved client sends it.
pub(crate) fn send(service: &StandIn, method: &str, path: &str, body: &Value) -> Reply {
    try_send(service, method, path, body).unwrap()
}

pub(crate) fn get(service: &StandIn, path: &str) -> Reply {
    send(service, "GET", path, &Value::Null)
}

pub(crate) fn post(service: &StandIn, path: &str, body: &Value) -> Reply {
    send(service, "POST", path, body)
}

pub(crate) fn patch(service: &StandIn, path: &str, body: &Value) -> Reply {
    send(service, "PATCH", path, body)
}

/// The body of a run that the service takes.
pub(crate) fn run_body() -> Value {
    json!({ "name": "Smoke", "automated": true, "state": "InProgress", "build": { "id": "71" } })
}

/// A run, made over the wire.
pub(crate) fn new_run(service: &StandIn) -> u64 {
    let reply = post(service, "Shop/_apis/test/runs", &run_body());
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["id"].as_u64().unwrap()
}

/// A result that the service takes.
pub(crate) fn result_body(title: &str) -> Value {
    json!({ "testCaseTitle": title, "state": "Completed", "outcome": "Passed" })
}

/// The result with these fields changed.
pub(crate) fn with(mut value: Value, fields: &Value) -> Value {
    for (name, field) in fields.as_object().unwrap() {
        value[name] = field.clone();
    }
    value
}

/// Posts results to a run.
pub(crate) fn add_results(service: &StandIn, run: u64, results: &Value) -> Reply {
    post(
        service,
        &format!("Shop/_apis/test/Runs/{run}/results"),
        results,
    )
}

/// A run with one result, made over the wire; ids of both.
pub(crate) fn new_result(service: &StandIn, result: &Value) -> (u64, u64) {
    let run = new_run(service);
    let reply = add_results(service, run, &json!([result]));
    assert_eq!(reply.status, 200, "{}", reply.text());
    (run, reply.ids()[0])
}

/// Asserts that a request was refused with this status and these words.
#[track_caller]
pub(crate) fn refused(reply: &Reply, status: u16, words: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    let body = reply.json();
    let message = body["message"].as_str().unwrap_or_default();
    assert!(message.contains(words), "'{words}' is not in '{message}'");
    assert!(
        body["typeKey"]
            .as_str()
            .is_some_and(|key| key.ends_with("Exception")),
        "{body}"
    );
}
