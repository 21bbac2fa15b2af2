//! Requests as they were read and answers before they are written.

use crate::errors::{Handled, Refusal};
use crate::text;
use bytes::Bytes;
use serde_json::{Map, Value};

/// A request, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As it stood in the request line.
    pub(crate) path: String,
    /// As it stood in the request line, without the question mark.
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// The request line named the whole address, as a client does that speaks to a proxy.
    pub(crate) through_proxy: bool,
}

impl Request {
    /// The parts of the path, decoded. A doubled or a trailing slash leaves an empty part.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path
            .trim_start_matches('/')
            .split('/')
            .map(text::percent_decoded)
            .collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        self.query
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                let decoded = |text: &str| text::percent_decoded(&text.replace('+', " "));
                (decoded(name), decoded(value))
            })
    }

    /// The value of a query parameter; an empty one counts as not given.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters()
            .find(|(parameter, _)| parameter.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn number(&self, name: &str) -> Handled<Option<u64>> {
        let Some(value) = self.parameter(name) else {
            return Ok(None);
        };
        value.parse().map(Some).map_err(|_| {
            Refusal::argument(format!(
                "The value '{value}' of query parameter '{name}' is not a whole number."
            ))
        })
    }

    pub(crate) fn flag(&self, name: &str) -> Handled<bool> {
        match self.parameter(name).map(|value| value.to_ascii_lowercase()) {
            None => Ok(false),
            Some(value) if value == "true" => Ok(true),
            Some(value) if value == "false" => Ok(false),
            Some(value) => Err(Refusal::argument(format!(
                "The value '{value}' of query parameter '{name}' is neither true nor false."
            ))),
        }
    }

    /// Stricter than the service, which ignores what it does not know: a misspelt parameter would go unnoticed.
    pub(crate) fn only_parameters(&self, known: &[&str]) -> Handled<()> {
        for (name, _) in self.parameters() {
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            if !is("api-version") && !known.iter().any(|other| is(other)) {
                return Err(Refusal::argument(format!(
                    "Unknown query parameter '{name}'."
                )));
            }
        }
        Ok(())
    }

    /// The body as JSON. What no JSON text may hold, lone surrogates and bytes that are not UTF-8, is refused here.
    pub(crate) fn json(&self) -> Handled<Value> {
        let media_type = self.header("content-type").unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Refusal::new(
                415,
                "UnsupportedMediaTypeException",
                format!(
                    "The request entity's media type '{media_type}' is not supported for this resource."
                ),
            ));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            Refusal::new(
                400,
                "VssPropertyValidationException",
                format!("The body of the request is not JSON: {error}"),
            )
        })
    }
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(status: u16, value: &Value) -> Answer {
        Answer::text(status, "application/json; charset=utf-8", value.to_string())
    }

    /// A list in the service's envelope; `count` is that of this page.
    pub(crate) fn list(values: Vec<Value>) -> Answer {
        let mut body = Map::new();
        body.insert("count".into(), values.len().into());
        body.insert("value".into(), values.into());
        Answer::json(200, &body.into())
    }

    pub(crate) fn html(status: u16, html: impl Into<String>) -> Answer {
        Answer::text(status, "text/html; charset=utf-8", html)
    }

    pub(crate) fn text(status: u16, content_type: &str, body: impl Into<String>) -> Answer {
        Answer::bytes(status, content_type, Bytes::from(body.into()))
    }

    pub(crate) fn bytes(status: u16, content_type: &str, body: Bytes) -> Answer {
        Answer {
            status,
            headers: vec![("Content-Type".into(), content_type.into())],
            body,
        }
    }

    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Answer {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds headers; one that is there already gives way.
    pub(crate) fn with_headers(mut self, headers: Vec<(String, String)>) -> Answer {
        for (name, value) in headers {
            self.headers
                .retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
            self.headers.push((name, value));
        }
        self
    }

    /// The version that was agreed on stands in the content type (contract §1.3).
    pub(crate) fn with_version(mut self, version: &str) -> Answer {
        for (name, value) in &mut self.headers {
            if name == "Content-Type" && value.starts_with("application/json") {
                value.push_str("; api-version=");
                value.push_str(version);
            }
        }
        self
    }
}
