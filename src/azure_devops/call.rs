//! A request as who asks for something writes it down, and the answer as he reads it.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;

use super::sent::Access;
use super::version::Resource;

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

    /// A question too long for an address.
    pub(super) fn ask(path: Vec<&'a str>) -> Self {
        Self {
            method: Method::POST,
            ..Self::get(path)
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

    /// Method and path, for messages.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path.join("/"))
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    /// Its JSON.
    pub(super) body: Value,
    /// The service's clock.
    pub(super) date: Option<Timestamp>,
    /// Where a list goes on that did not fit into one answer.
    pub(super) continuation: Option<String>,
    /// Bytes of the answer's body.
    pub(super) length: usize,
    pub(super) activity_id: String,
}
