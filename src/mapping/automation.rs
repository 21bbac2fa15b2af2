//! The fields by which Azure DevOps knows that a test case is automated, and by what.

use crate::azure_devops::AutomatedTestName;
use crate::azure_devops::work_items::{
    FIELD_LIMIT, FieldValue, StoredWorkItem, WorkItemChange, field,
};
use crate::inputs::AutomationFields;
use crate::katalon::TestCasePath;
use crate::secrets::{Clean, Secrets};

/// The value of the status for a test case that is automated.
const AUTOMATED: &str = "Automated";

/// What the fields of a test case should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automation {
    values: Vec<(&'static str, FieldValue)>,
}

impl Automation {
    /// A test case that is automated by a Katalon test case, in a Katalon project if that is known.
    pub fn new(test_case: &TestCasePath, project: Option<&str>, secrets: &Secrets) -> Self {
        let own = |text| FieldValue::Text(Clean::own(text));
        let name = AutomatedTestName::within(test_case.as_str(), FIELD_LIMIT);
        let project = project
            .map(|name| secrets.clean(name).one_line().as_name(FIELD_LIMIT))
            .filter(|name| !name.is_empty());
        let storage = project.map(|name| (field::AUTOMATED_TEST_STORAGE, FieldValue::Text(name)));
        let values = [
            (field::AUTOMATION_STATUS, own(AUTOMATED)),
            (field::AUTOMATED_TEST_NAME, FieldValue::Test(name)),
        ];
        Self {
            values: values
                .into_iter()
                .chain(storage)
                .chain([(field::AUTOMATED_TEST_TYPE, own("Katalon"))])
                .collect(),
        }
    }

    /// What is to be changed; `None` if the test case says so already.
    pub fn change(&self, item: &StoredWorkItem, how: AutomationFields) -> Option<WorkItemChange> {
        let is_to_be_set = |name: &str, value: &FieldValue| {
            let found = item.field(name);
            match how {
                AutomationFields::Keep => false,
                AutomationFields::Override => found != value.as_str(),
                // The status is never empty: `Not Automated` and `Planned` say what is no longer so.
                AutomationFields::Fill if name == field::AUTOMATION_STATUS => {
                    found != value.as_str()
                }
                AutomationFields::Fill => found.is_empty(),
            }
        };
        let fields: Vec<(&'static str, FieldValue)> = self
            .values
            .iter()
            .filter(|(name, value)| is_to_be_set(name, value))
            .cloned()
            .collect();
        (!fields.is_empty()).then_some(WorkItemChange {
            id: item.id,
            revision: item.revision,
            fields,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(fields: &[(&str, &str)]) -> StoredWorkItem {
        StoredWorkItem {
            id: 41,
            revision: 3,
            fields: fields
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    fn changed(fields: &[(&str, &str)], how: AutomationFields) -> Vec<(&'static str, String)> {
        let path = TestCasePath::new("Test Cases/Login");
        let automation = Automation::new(&path, Some("Shop tests"), &Secrets::default());
        let change = automation.change(&item(fields), how);
        let fields = change.map(|change| change.fields).unwrap_or_default();
        fields
            .into_iter()
            .map(|(name, value)| (name, value.as_str().to_owned()))
            .collect()
    }

    const BY_HAND: [(&str, &str); 2] = [
        (field::AUTOMATION_STATUS, "Not Automated"),
        (field::AUTOMATED_TEST_STORAGE, "Other"),
    ];

    #[test]
    fn fill_leaves_what_is_there_and_override_does_not() {
        use AutomationFields::{Fill, Keep, Override};
        assert_eq!(changed(&BY_HAND, Keep), []);
        let names = |how| -> Vec<&str> {
            let changed = changed(&BY_HAND, how).into_iter();
            changed.map(|(name, _)| name).collect()
        };
        assert_eq!(
            names(Fill),
            [
                field::AUTOMATION_STATUS,
                field::AUTOMATED_TEST_NAME,
                field::AUTOMATED_TEST_TYPE
            ]
        );
        assert_eq!(names(Override).len(), 4);
        assert_eq!(changed(&BY_HAND, Override)[2].1, "Shop tests");
    }

    #[test]
    fn nothing_is_written_that_is_so_already() {
        let done = [
            (field::AUTOMATION_STATUS, "Automated"),
            (field::AUTOMATED_TEST_NAME, "Test Cases/Login"),
            (field::AUTOMATED_TEST_STORAGE, "Shop tests"),
            (field::AUTOMATED_TEST_TYPE, "Katalon"),
        ];
        assert_eq!(changed(&done, AutomationFields::Override), []);
        assert_eq!(changed(&done, AutomationFields::Fill), []);
    }

    #[test]
    fn an_unknown_project_leaves_the_storage_alone() {
        let path = TestCasePath::new(format!("Test Cases/{}", "x".repeat(300)));
        let automation = Automation::new(&path, None, &Secrets::default());
        let change = automation.change(&item(&[]), AutomationFields::Override);
        let fields = change.unwrap().fields;
        assert_eq!(fields.len(), 3);
        assert!(fields[1].1.as_str().chars().count() <= FIELD_LIMIT);
    }
}
