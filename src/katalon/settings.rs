//! Reads the settings of Katalon's own Azure DevOps integration.
//!
//! `com.kms.katalon.integration.azure.properties` is a properties file whose values are JSON
//! texts, most of them JSON strings that hold a JSON text once more. Keys changed over the years;
//! unknown ones are left alone, and a value that is broken is named and taken as not there.
//!
//! The token is encrypted in a way that is not public, and is never read.

use std::collections::HashMap;
use std::io::Read;

use serde_json::Value;

use super::bounded_json;
use super::java_properties;
use super::text::read_whole;

/// Lines of one list that are taken, of which the longest has one for each system, browser and
/// profile. Each plan is asked for, and each rule compared with the others.
const MOST_ITEMS: usize = 500;

/// Bytes of one of these lines.
const LONGEST_ITEM: usize = 2_000;

/// What the file says; `None` and empty lists where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether the integration is switched on; without it nothing else counts.
    pub is_enabled: bool,
    /// Address of the organization or collection, as a suggestion only.
    pub server_url: String,
    /// The project of the test plans.
    pub project: Option<IntegratedProject>,
    /// Test plans that results are submitted to (8.x to 10.1 one, later several).
    pub test_plans: Vec<TestPlan>,
    /// Katalon's status and the outcome for it, in order.
    pub statuses: Vec<(String, String)>,
    /// Which test configuration is meant by what a test ran on.
    pub configurations: Vec<ConfigurationRule>,
    /// Name of the runs that Katalon makes.
    pub test_run_name: Option<String>,
    /// Whether Katalon submits results itself.
    pub submits_itself: Option<bool>,
    /// Whether a result goes to all test points of its test case.
    pub all_test_points: Option<bool>,
    /// Whether automation fields of test cases are overwritten (10.3.1 and later).
    pub overrides_automation_fields: Option<bool>,
    /// Build definition (`definitionId` in 8.0).
    pub build_definition: Option<u64>,
    /// Release definition (8.1 and later).
    pub release_definition: Option<u64>,
    /// Whether files are attached.
    pub attaches: Option<bool>,
    /// Whether they are attached also if nothing failed.
    pub attaches_always: Option<bool>,
    /// `LOG`, `PNG`, `HTML`, `PDF`, `CSV`.
    pub attachment_kinds: Vec<String>,
}

/// The project of the test plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntegratedProject {
    /// Its GUID.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A test plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestPlan {
    /// Its id.
    pub id: u64,
    /// Its name when it was fetched.
    pub name: String,
}

/// A line of the configuration mapping; `--Any--` stands for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigurationRule {
    /// OS or device, `Windows`.
    pub os: String,
    /// Browser or app, `Chrome`.
    pub platform: String,
    /// Execution profile (10.x and later); empty if the line has none.
    pub profile: String,
    /// Id of the test configuration.
    pub configuration: u64,
}

/// Reads the file; also says which values are broken.
pub fn read(source: impl Read) -> Result<(Settings, Vec<String>), String> {
    let text = read_whole(source).map_err(|error| error.to_string())?;
    // Of a key given twice Java takes the last one.
    let mut values = Values {
        values: java_properties::read(&text).into_iter().collect(),
        oddities: Vec::new(),
    };
    let settings = settings(&mut values);
    Ok((settings, values.oddities))
}

fn settings(values: &mut Values) -> Settings {
    let test_plans = match values.list("submitOptions.testPlans", test_plan) {
        plans if plans.is_empty() => values
            .json("submitOptions.testPlan")
            .and_then(|plan| values.item("submitOptions.testPlan", &plan, test_plan))
            .into_iter()
            .collect(),
        plans => plans,
    };
    Settings {
        is_enabled: values.flag("enableIntegration").unwrap_or(false),
        server_url: values.text("serverUrl").unwrap_or_default(),
        project: values
            .json("integratedProject")
            .and_then(|project| values.item("integratedProject", &project, integrated_project)),
        test_plans,
        statuses: values.list("executionStatusMappings", status),
        configurations: values.list("testConfigurationMappings", configuration),
        test_run_name: values
            .text("submitOptions.testRunName")
            .filter(|name| !name.is_empty()),
        submits_itself: values.flag("submitOptions.autoSubmitTestRun"),
        all_test_points: values.flag("submitOptions.enableSubmitMultiTestPoints"),
        overrides_automation_fields: values
            .flag("submitOptions.enableOverrideExistingAutomationFields"),
        build_definition: values
            .number("submitOptions.buildDefinitionId")
            .or_else(|| values.number("submitOptions.definitionId")),
        release_definition: values.number("submitOptions.releaseDefinitionId"),
        attaches: values.flag("submitOptions.enableIncludeAttachment"),
        attaches_always: values
            .text("submitOptions.attachmentSendingType")
            .and_then(|word| values.word("submitOptions.attachmentSendingType", &word)),
        attachment_kinds: values.list("submitOptions.attachFileTypes", |kind| {
            kind.as_str().map(str::to_owned)
        }),
    }
}

fn text_at(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn id_at(value: &Value, key: &str) -> Option<u64> {
    text_at(value, key)?.parse().ok().filter(|&id| id > 0)
}

fn test_plan(value: &Value) -> Option<TestPlan> {
    Some(TestPlan {
        id: id_at(value, "id")?,
        name: text_at(value, "name").unwrap_or_default(),
    })
}

fn integrated_project(value: &Value) -> Option<IntegratedProject> {
    Some(IntegratedProject {
        id: text_at(value, "id")?,
        name: text_at(value, "name").unwrap_or_default(),
    })
}

fn status(value: &Value) -> Option<(String, String)> {
    Some((
        text_at(value, "katalonStatus")?,
        text_at(value, "azureStatus")?,
    ))
}

fn configuration(value: &Value) -> Option<ConfigurationRule> {
    Some(ConfigurationRule {
        os: text_at(value, "os").unwrap_or_default(),
        platform: text_at(value, "platform").unwrap_or_default(),
        // No file with a profile was ever seen, so any of the likely names is taken.
        profile: ["executionProfile", "profile", "profileName"]
            .into_iter()
            .find_map(|key| text_at(value, key))
            .unwrap_or_default(),
        configuration: id_at(value, "azureTestConfigurationId")?,
    })
}

/// The values of the file, and what is wrong with them.
struct Values {
    values: HashMap<String, String>,
    oddities: Vec<String>,
}

impl Values {
    /// The value without the quotes of a JSON string; `None` if it is not there or broken.
    fn text(&mut self, key: &str) -> Option<String> {
        let value = self.values.get(key)?.trim();
        if !value.starts_with('"') {
            return Some(value.to_owned());
        }
        match serde_json::from_str(value) {
            Ok(text) => Some(text),
            Err(error) => {
                self.oddities.push(format!("{key}: {error}"));
                None
            }
        }
    }

    fn flag(&mut self, key: &str) -> Option<bool> {
        let text = self.text(key)?;
        match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            "" => None,
            _ => {
                self.is_none(key, &text);
                None
            }
        }
    }

    /// A number that is set: Katalon writes -1 for none.
    fn number(&mut self, key: &str) -> Option<u64> {
        let text = self.text(key)?;
        match text.parse::<i64>() {
            Ok(number) => u64::try_from(number).ok().filter(|&number| number > 0),
            Err(_) if text.is_empty() => None,
            Err(_) => {
                self.is_none(key, &text);
                None
            }
        }
    }

    fn word(&mut self, key: &str, text: &str) -> Option<bool> {
        match text {
            "SEND_ALL" => Some(true),
            "SEND_IF_FAILS" => Some(false),
            "" => None,
            _ => {
                self.is_none(key, text);
                None
            }
        }
    }

    fn json(&mut self, key: &str) -> Option<Value> {
        let text = self.text(key)?;
        if text.trim().is_empty() {
            return None;
        }
        match bounded_json::from_str(&text) {
            Ok(Value::Null) => None,
            Ok(Value::Object(members)) if members.is_empty() => None,
            Ok(Value::Array(items)) if items.is_empty() => None,
            Ok(value) => Some(value),
            Err(error) => {
                self.oddities.push(format!("{key}: {error}"));
                None
            }
        }
    }

    fn list<T>(&mut self, key: &str, item: impl Fn(&Value) -> Option<T>) -> Vec<T> {
        match self.json(key) {
            Some(Value::Array(items)) => {
                if items.len() > MOST_ITEMS {
                    let others = items.len() - MOST_ITEMS;
                    self.oddities.push(format!(
                        "{key}: the first {MOST_ITEMS} lines count, and {others} do not"
                    ));
                }
                items
                    .iter()
                    .take(MOST_ITEMS)
                    .filter_map(|value| self.item(key, value, &item))
                    .collect()
            }
            Some(other) => {
                self.is_none(key, &other.to_string());
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn item<T>(
        &mut self,
        key: &str,
        value: &Value,
        item: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        let text = value.to_string();
        let taken = item(value).filter(|_| text.len() <= LONGEST_ITEM);
        if taken.is_none() {
            self.is_none(key, &text);
        }
        taken
    }

    fn is_none(&mut self, key: &str, text: &str) {
        const SHOWN: usize = 80;
        let shown: String = text.chars().take(SHOWN).collect();
        let dots = if shown.len() < text.len() { "…" } else { "" };
        self.oddities
            .push(format!("{key}: '{shown}{dots}' makes no sense here"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Settings, Vec<String>) {
        read(text.as_bytes()).unwrap()
    }

    #[test]
    fn values_are_escaped_twice() {
        let (settings, oddities) = read_text(
            r#"#Wed Aug 11 20:29:03 IST 2021
enableIntegration=true
serverUrl="https\://dev.azure.com/contoso"
token="abc\=\="
integratedProject="{\\n  \\"id\\"\: \\"7a37\\",\\n  \\"name\\"\: \\"Contoso \\\\u0026 Co\\"\\n}"
executionStatusMappings="[{\\"katalonStatus\\"\: \\"ERROR\\",\\"azureStatus\\"\: \\"Blocked\\"}]"
testConfigurationMappings="[{\\"os\\"\: \\"macOS\\",\\"platform\\"\: \\"--Any--\\",\\"azureTestConfigurationId\\"\: 12,\\"profile\\"\:\\"staging\\"}]"
submitOptions.testPlans="[{\\"id\\"\: 512,\\"name\\"\: \\"Regression\\"},{\\"id\\"\: 640}]"
submitOptions.buildDefinitionId=77
submitOptions.releaseDefinitionId=-1
submitOptions.attachmentSendingType="SEND_ALL"
submitOptions.attachFileTypes="[\\n  \\"LOG\\",\\n  \\"PNG\\"\\n]"
submitOptions.somethingNew="{"
"#,
        );
        assert_eq!(oddities, [""; 0]);
        assert!(settings.is_enabled);
        assert_eq!(settings.server_url, "https://dev.azure.com/contoso");
        assert_eq!(settings.project.unwrap().name, "Contoso & Co");
        assert_eq!(
            settings.statuses,
            [("ERROR".to_owned(), "Blocked".to_owned())]
        );
        assert_eq!(
            settings.configurations,
            [ConfigurationRule {
                os: "macOS".to_owned(),
                platform: "--Any--".to_owned(),
                profile: "staging".to_owned(),
                configuration: 12,
            }]
        );
        let plans: Vec<u64> = settings.test_plans.iter().map(|plan| plan.id).collect();
        assert_eq!(plans, [512, 640]);
        assert_eq!(settings.build_definition, Some(77));
        assert_eq!(settings.release_definition, None);
        assert_eq!(settings.attaches_always, Some(true));
        assert_eq!(settings.attachment_kinds, ["LOG", "PNG"]);
    }

    #[test]
    fn more_lines_than_anybody_means_are_told() {
        let plans: Vec<String> = (1..=800).map(|id| format!("{{\"id\": {id}}}")).collect();
        let long = format!("{{\"id\": 1, \"name\": \"{}\"}}", "x".repeat(20_000));
        let (settings, oddities) = read_text(&format!(
            "submitOptions.testPlans=[{long},{}]",
            plans.join(",")
        ));
        assert_eq!(settings.test_plans.len(), 499);
        let key = "submitOptions.testPlans";
        assert_eq!(
            oddities[0],
            format!("{key}: the first 500 lines count, and 301 do not")
        );
        assert!(
            oddities[1].ends_with("…' makes no sense here"),
            "{oddities:?}"
        );
    }

    #[test]
    fn keys_of_8_0_are_read_and_new_ones_win() {
        let (old, _) = read_text(
            "submitOptions.testPlan=\"{\\\\\"id\\\\\"\\: 7}\"\nsubmitOptions.definitionId=3",
        );
        assert_eq!(old.test_plans[0].id, 7);
        assert_eq!(old.build_definition, Some(3));
        let (both, _) = read_text(
            "submitOptions.testPlan=\"{\\\\\"id\\\\\"\\: 7}\"\n\
             submitOptions.testPlans=\"[{\\\\\"id\\\\\"\\: 8}]\"\n\
             submitOptions.buildDefinitionId=4\nsubmitOptions.definitionId=3",
        );
        assert_eq!((both.test_plans.len(), both.test_plans[0].id), (1, 8));
        assert_eq!(both.build_definition, Some(4));
    }

    #[test]
    fn what_is_empty_says_nothing() {
        let (settings, oddities) = read_text(
            "enableIntegration=false\nserverUrl=\"\"\nintegratedProject=\"[]\"\n\
             submitOptions.testPlans=\"[]\"\nsubmitOptions.testPlan=\"{}\"\n\
             submitOptions.attachFileTypes=\"{}\"\nfetchedProjectList=\"\"\n\
             executionStatusMappings=\"\"\nsubmitOptions.buildDefinitionId=-1",
        );
        assert_eq!((settings, oddities), (Settings::default(), Vec::new()));
    }

    #[test]
    fn broken_values_are_named_and_cost_nothing_else() {
        let (settings, oddities) = read_text(
            "enableIntegration=perhaps\nsubmitOptions.testPlans=\"[{\"\n\
             executionStatusMappings=\"[{\\\\\"katalonStatus\\\\\"\\:\\\\\"PASSED\\\\\"}]\"\n\
             submitOptions.testRunName=\"Nightly\"\nserverUrl=\"x\n\
             submitOptions.attachFileTypes=\"7\"\nsubmitOptions.definitionId=\"many\"\n\
             submitOptions.attachmentSendingType=\"SOMETIMES\"",
        );
        assert_eq!(settings.test_run_name.as_deref(), Some("Nightly"));
        let keys: Vec<&str> = oddities
            .iter()
            .map(|oddity| oddity.split(':').next().unwrap())
            .collect();
        assert_eq!(
            keys,
            [
                "submitOptions.testPlans",
                "enableIntegration",
                "serverUrl",
                "executionStatusMappings",
                "submitOptions.definitionId",
                "submitOptions.attachmentSendingType",
                "submitOptions.attachFileTypes",
            ]
        );
    }
}
