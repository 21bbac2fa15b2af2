//! The calls for work items: test cases are ones.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::AutomatedTestName;
use super::call::Call;
use super::client::{Client, Writer};
use super::reading::{list, number};
use super::sent::Sent;
use super::version::{ApiVersion, Resource};
use crate::secrets::Clean;

/// Work items in one request; the service refuses more.
pub const WORK_ITEMS_PER_REQUEST: usize = 200;

/// Many changes in one request: described for this version, and in no later one.
const BATCH: ApiVersion = ApiVersion { major: 5, minor: 0 };

/// Reference names of fields.
pub mod field {
    /// What kind of work item it is, in the words of the process.
    pub const TYPE: &str = "System.WorkItemType";
    /// Its title.
    pub const TITLE: &str = "System.Title";
    /// `Automated`, `Not Automated` or `Planned`; every test case has it, whatever its type is called.
    pub const AUTOMATION_STATUS: &str = "Microsoft.VSTS.TCM.AutomationStatus";
    /// The test that automates a test case.
    pub const AUTOMATED_TEST_NAME: &str = "Microsoft.VSTS.TCM.AutomatedTestName";
    /// What holds that test.
    pub const AUTOMATED_TEST_STORAGE: &str = "Microsoft.VSTS.TCM.AutomatedTestStorage";
    /// What kind of test it is.
    pub const AUTOMATED_TEST_TYPE: &str = "Microsoft.VSTS.TCM.AutomatedTestType";
}

/// Length of a field of one line.
pub const FIELD_LIMIT: usize = 255;

/// A work item as the service holds it, with the fields that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWorkItem {
    /// Its identity.
    pub id: u64,
    /// Goes up with every change.
    pub revision: u64,
    /// Fields that are not empty, by reference name; numbers and dates as texts.
    pub fields: BTreeMap<String, String>,
}

impl StoredWorkItem {
    /// A field; empty if it is.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Whether it is a test case. Its type may be called otherwise in another language.
    pub fn is_test_case(&self) -> bool {
        self.field(field::TYPE) == "Test Case" || self.fields.contains_key(field::AUTOMATION_STATUS)
    }
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A text.
    Text(Clean),
    /// The identity of a test, which is never masked.
    Test(AutomatedTestName),
}

impl FieldValue {
    /// The value as it is sent.
    pub fn as_str(&self) -> &str {
        match self {
            FieldValue::Text(text) => text.as_str(),
            FieldValue::Test(name) => name.as_str(),
        }
    }
}

/// Fields of a work item to be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkItemChange {
    /// Which one.
    pub id: u64,
    /// The revision that was read: one that somebody has changed since is left alone.
    pub revision: u64,
    /// Reference name and value.
    pub fields: Vec<(&'static str, FieldValue)>,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeAnswer {
    /// HTTP status of this one.
    pub status: u16,
    /// The service's message; empty if it was done.
    pub message: String,
}

impl ChangeAnswer {
    /// It was done.
    pub fn is_done(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Somebody has changed the work item since it was read.
    pub fn is_conflict(&self) -> bool {
        matches!(self.status, 409 | 412) || self.message.contains("TF26071")
    }
}

impl Client {
    /// Work items by id, at most [`WORK_ITEMS_PER_REQUEST`]. What does not exist, was deleted or may
    /// not be seen is left out.
    pub async fn work_items(
        &self,
        project: &str,
        ids: &[u64],
        fields: &[&str],
    ) -> Sent<Vec<StoredWorkItem>> {
        let call = Call::ask(vec![project, "_apis", "wit", "workitemsbatch"]);
        let body = json!({"ids": ids, "fields": fields, "errorPolicy": "omit"});
        self.fetch_for(call, &body, |reply| {
            let items = list(&reply)?.iter();
            items
                .filter(|item| !item.is_null())
                .map(stored_work_item)
                .collect()
        })
        .await
    }
}

impl Writer<'_> {
    /// Changes work items, at most [`WORK_ITEMS_PER_REQUEST`]; one that is refused leaves the
    /// others. The answers are in the order of the changes.
    pub async fn change_work_items(&self, changes: &[WorkItemChange]) -> Sent<Vec<ChangeAnswer>> {
        let call =
            Call::write(Method::PATCH, vec!["_apis", "wit", "$batch"]).of(Resource::Always(BATCH));
        let body: Vec<Value> = changes.iter().map(request).collect();
        let expected = changes.len();
        self.json(call, &body, |reply| {
            let answers: Vec<ChangeAnswer> = list(&reply)?.iter().map(change_answer).collect();
            if answers.len() == expected {
                Ok(answers)
            } else {
                Err(format!(
                    "the answer tells of {} changes and not of {expected}",
                    answers.len()
                ))
            }
        })
        .await
    }
}

/// One change as a request inside the request.
fn request(change: &WorkItemChange) -> Value {
    let ApiVersion { major, minor } = BATCH;
    let test = json!({"op": "test", "path": "/rev", "value": change.revision});
    let fields = change.fields.iter().map(
        |(name, value)| json!({"op": "add", "path": format!("/fields/{name}"), "value": value.as_str()}),
    );
    json!({
        "method": "PATCH",
        "uri": format!("/_apis/wit/workitems/{}?api-version={major}.{minor}", change.id),
        "headers": {"Content-Type": "application/json-patch+json"},
        "body": std::iter::once(test).chain(fields).collect::<Vec<_>>(),
    })
}

fn change_answer(item: &Value) -> ChangeAnswer {
    let status = number(item, "code").unwrap_or_default();
    // The body is a document inside a text.
    let body: Value = match &item["body"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    };
    let status = u16::try_from(status).unwrap_or_default();
    let message = match body["message"].as_str() {
        Some(message) if !(200..300).contains(&status) => message.to_owned(),
        Some(_) | None => String::new(),
    };
    ChangeAnswer { status, message }
}

fn stored_work_item(item: &Value) -> Result<StoredWorkItem, String> {
    let fields = item["fields"].as_object().into_iter().flatten();
    let fields = fields.filter_map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        (!text.is_empty()).then(|| (name.clone(), text))
    });
    Ok(StoredWorkItem {
        id: number(item, "id")?,
        revision: number(item, "rev").unwrap_or_default(),
        fields: fields.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_guarded_by_the_revision() {
        let change = WorkItemChange {
            id: 41,
            revision: 7,
            fields: vec![(
                field::AUTOMATION_STATUS,
                FieldValue::Text(Clean::own("Automated")),
            )],
        };
        let body = request(&change);
        assert_eq!(
            body["body"],
            json!([
                {"op": "test", "path": "/rev", "value": 7},
                {"op": "add", "path": "/fields/Microsoft.VSTS.TCM.AutomationStatus", "value": "Automated"},
            ])
        );
        assert_eq!(body["uri"], "/_apis/wit/workitems/41?api-version=5.0");
    }

    #[test]
    fn each_change_is_answered_by_a_document_inside_a_text() {
        let done = change_answer(&json!({"code": 200, "body": "{\"id\":41}"}));
        assert!(done.is_done() && done.message.is_empty());
        let conflict = json!({"code": 412, "body": "{\"message\":\"TF26071: changed\"}"});
        assert!(change_answer(&conflict).is_conflict());
        let refused = change_answer(&json!({"code": 403, "body": "{\"message\":\"TF401232\"}"}));
        assert!(!refused.is_done() && !refused.is_conflict());
        assert_eq!(refused.message, "TF401232");
    }

    #[test]
    fn a_test_case_has_an_automation_status_in_every_language() {
        let item = |fields: Value| stored_work_item(&json!({"id": 1, "fields": fields})).unwrap();
        assert!(item(json!({field::TYPE: "Test Case"})).is_test_case());
        let german =
            json!({field::TYPE: "Testfall", field::AUTOMATION_STATUS: "Nicht automatisiert"});
        assert!(item(german).is_test_case());
        assert!(!item(json!({field::TYPE: "Bug"})).is_test_case());
    }
}
