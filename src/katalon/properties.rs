//! Reads `execution.properties`: JSON despite its name, what Katalon was asked to do.

use std::io::Read;

use serde_json::Value;

use super::bounded_json;
use super::text::read_whole;

/// What the file says; empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// `Test Suites/Smoke`, or the path of a test case that was run alone.
    pub id: String,
    /// The run configuration, `Chrome`: what was asked for, not what was got.
    pub run_configuration: String,
    /// It says that neither browser nor device is driven: a suite that only calls services.
    pub names_no_driver: bool,
    /// Execution profile.
    pub profile: String,
    /// `user - machine`.
    pub host: String,
    /// OS of the machine that Katalon ran on.
    pub os: String,
    /// Name of the mobile device, `Pixel 7 (Android 14)`.
    pub device: String,
    /// OS of the mobile device with its version, `Android 14`.
    pub device_os: String,
    /// OS that a cloud was asked for.
    pub remote_os: String,
    /// `8.2.5.208`; since 8.2.
    pub katalon_version: String,
    /// Name of the collection that the suite was executed in, without its path; since 10.1.
    pub collection_name: String,
    /// Global variables that this execution was given in place of the profile's.
    pub global_variables: Vec<(String, String)>,
}

/// Reads the whole file; the error says what is wrong with it.
pub fn read(source: impl Read) -> Result<Properties, String> {
    let text = read_whole(source).map_err(|error| error.to_string())?;
    let json: Value = bounded_json::from_str(&text).map_err(|error| error.to_string())?;
    let at = |keys: &[&str]| {
        keys.iter()
            .try_fold(&json, |value, key| value.get(key))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let joined = |first: String, separator: &str, second: String| {
        if first.is_empty() || second.is_empty() {
            first
        } else {
            format!("{first}{separator}{second}")
        }
    };
    let mobile = |key| at(&["execution", "drivers", "system", "Mobile", key]);
    Ok(Properties {
        id: at(&["id"]),
        run_configuration: at(&["Name"]),
        names_no_driver: json
            .pointer("/execution/drivers/system")
            .and_then(Value::as_object)
            .is_some_and(|drivers| drivers.is_empty()),
        profile: at(&["execution", "general", "executionProfile"]),
        host: at(&["host", "hostName"]),
        os: at(&["host", "os"]),
        device: mobile("deviceName"),
        device_os: joined(mobile("deviceOS"), " ", mobile("deviceOSVersion")),
        remote_os: at(&[
            "execution",
            "drivers",
            "system",
            "Remote",
            "testCloudRemoteOS",
        ]),
        // Keys with a dot in them, not a path.
        katalon_version: joined(
            at(&["katalon.versionNumber"]),
            ".",
            at(&["katalon.buildNumber"]),
        ),
        collection_name: at(&["overridingGlobalVariables", "suiteCollectionName"]),
        global_variables: json
            .get("overridingGlobalVariables")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, value)| match value {
                Value::String(text) => (name.clone(), text.clone()),
                other => (name.clone(), other.to_string()),
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_read() {
        let json = br#"{"Name":"Android","id":"Test Suites/Smoke",
            "host":{"hostName":"me - pc","os":"Windows 10 64bit"},
            "execution":{"general":{"executionProfile":"staging"},
              "drivers":{"system":{"Mobile":{"deviceName":"Pixel 7","deviceOS":"Android","deviceOSVersion":"14"}}}},
            "katalon.versionNumber":"8.2.5","katalon.buildNumber":"208",
            "overridingGlobalVariables":{"suiteCollectionName":"All"}}"#;
        let properties = read(json.as_slice()).unwrap();
        assert_eq!(properties.profile, "staging");
        assert_eq!(properties.run_configuration, "Android");
        assert_eq!(properties.device, "Pixel 7");
        assert_eq!(properties.device_os, "Android 14");
        assert_eq!(properties.katalon_version, "8.2.5.208");
        assert_eq!(properties.collection_name, "All");
        assert!(
            properties
                .global_variables
                .contains(&("suiteCollectionName".to_owned(), "All".to_owned()))
        );
        assert_eq!(properties.remote_os, "");
        assert!(!properties.names_no_driver);
        let service = read(br#"{"execution":{"drivers":{"system":{}}}}"#.as_slice());
        assert!(service.unwrap().names_no_driver);
    }

    #[test]
    fn half_a_file_is_an_error_that_says_where() {
        let error = read(br#"{"Name":"Chrome","#.as_slice()).unwrap_err();
        assert!(error.contains("line 1"), "{error}");
    }
}
