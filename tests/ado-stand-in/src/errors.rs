//! Refusals, in the words and the form of the service (contract §6.3).

use crate::answer::Answer;
use serde_json::{Value, json};

/// A request that the service does not carry out.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) type_key: &'static str,
    pub(crate) message: String,
}

/// What a handler comes to.
pub(crate) type Handled<T> = Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(status: u16, type_key: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            type_key,
            message: message.into(),
        }
    }

    /// A property that is unknown, of the wrong type, or too long.
    pub(crate) fn property(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "InvalidPropertyException", message)
    }

    /// Properties that are fine by themselves and wrong together, or wrong now.
    pub(crate) fn rule(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "TestManagementValidationException", message)
    }

    /// An argument that is none of those the service knows.
    pub(crate) fn argument(message: impl Into<String>) -> Refusal {
        Refusal::new(400, "ArgumentException", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Refusal {
        Refusal::new(404, "TestObjectNotFoundException", message)
    }

    pub(crate) fn forbidden(identity: &str, permission: &str) -> Refusal {
        Refusal::new(
            403,
            "UnauthorizedRequestException",
            format!(
                "Access Denied: {identity} needs the following permission(s) on the resource to perform this action: {permission}"
            ),
        )
    }

    pub(crate) fn unauthorized(message: &str) -> Refusal {
        Refusal::new(401, "UnauthorizedRequestException", message)
    }

    /// The same in a language that nobody here reads: codes and numbers stay, the numbers in another order.
    pub(crate) fn in_another_language(mut self) -> Refusal {
        let words = self
            .message
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '.')
            .map(|word| word.trim_matches('.'));
        let (codes, numbers): (Vec<&str>, Vec<&str>) = words
            .filter(|word| word.contains(|c: char| c.is_ascii_digit()))
            .partition(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
        let numbers: Vec<&str> = numbers.into_iter().rev().collect();
        self.message = format!(
            "{}: エラーが発生しました ({})",
            codes.join(" "),
            numbers.join(" / ")
        );
        self
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::json(self.status, &self.body())
    }

    fn body(&self) -> Value {
        let namespace = match self.type_key {
            "TestObjectNotFoundException"
            | "TestManagementValidationException"
            | "InvalidPropertyException"
            | "TestObjectUpdatedException" => "Microsoft.TeamFoundation.TestManagement.WebApi",
            "ProjectDoesNotExistException" | "ProjectDoesNotExistWithNameException" => {
                "Microsoft.TeamFoundation.Core.WebApi"
            }
            "ArgumentException" | "ArgumentNullException" => "System",
            name if name.starts_with("WorkItem") || name.starts_with("Rule") => {
                "Microsoft.TeamFoundation.WorkItemTracking.Server"
            }
            "BuildNotFoundException" => "Microsoft.TeamFoundation.Build.WebApi",
            // The rest comes from the layer below the areas.
            _ => "Microsoft.VisualStudio.Services.WebApi",
        };
        json!({
            "$id": "1",
            "innerException": null,
            "message": self.message,
            "typeName": format!("{namespace}.{}, {namespace}", self.type_key),
            "typeKey": self.type_key,
            "errorCode": 0,
            "eventId": 3000,
        })
    }
}
