//! Whole projects: a small one of ours, and a real one where it lies beside the repository.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::truth_tests::samples;
use super::*;

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects/shop")
}

#[test]
fn a_project_is_found_from_inside_and_from_above() {
    let project = own();
    let inside = project.join("Test Cases/Login");
    assert_eq!(above(&inside), Some(project.clone()));
    assert_eq!(above(&project), Some(project.clone()));
    // A map's `.prj` beside it is none, nor is a project inside a project one of its own.
    assert_eq!(below(project.parent().unwrap()), [project]);
}

#[test]
fn everything_that_can_be_read_is_read_and_the_rest_named() {
    let project = read(&own());
    assert_eq!(project.name, "Shop");
    let ids: Vec<(&str, &[IntegratedId])> = project
        .test_cases
        .iter()
        .map(|(path, test_case)| (path.as_str(), test_case.ids.as_slice()))
        .collect();
    assert_eq!(
        ids,
        [
            (
                "Test Cases/Login/Valid user",
                &[IntegratedId::Number(41_001)][..]
            ),
            (
                "Test Cases/Checkout/Pay by card",
                &[
                    IntegratedId::Number(41_002),
                    IntegratedId::Variable("ado_id".to_owned())
                ]
            ),
        ]
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
    );
    let suites: Vec<&str> = project.test_suites.keys().map(SuitePath::as_str).collect();
    assert_eq!(
        suites,
        [
            "Test Suites/Nightly",
            "Test Suites/Smoke",
            "Test Suites/Tagged"
        ]
    );
    assert_eq!(project.profiles.len(), 1);
    assert_eq!(
        project.profiles[0].variables[0].value,
        "https://shop.example.com"
    );
    let settings = project.settings.unwrap();
    assert!(settings.is_enabled);
    assert_eq!(settings.test_plans[0].id, 512);
    let problems: Vec<&str> = project
        .problems
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(
        problems,
        [
            "Katalon project, 'Test Cases/Broken.tc': it ends before its last element does",
            "Katalon project, 'Test Cases/Checkout/Pay by card.tc': 'TC-7' is no id of a test case",
            "Katalon project, 'settings/external/com.kms.katalon.integration.azure.properties': \
             executionStatusMappings: EOF while parsing an object at line 1 column 2",
        ]
    );
    assert!(
        project
            .problems
            .iter()
            .all(|one| one.code == code::PROJECT_FILE)
    );
}

#[test]
fn a_folder_without_a_project_says_so() {
    let project = read(&own().join("Test Cases"));
    assert!(
        project.problems[0]
            .message
            .contains("holds no Katalon '.prj'")
    );
    assert_eq!(project.settings, None);
}

#[test]
fn a_real_project_is_read_as_what_it_is() {
    let Some(samples) = samples() else {
        println!("skipped: there is no folder of real reports beside the repository");
        return;
    };
    let folder = samples.join("katalon-project");
    let project = read(&folder);
    assert_eq!(project.problems, []);
    assert_eq!(project.name, "Contoso_Demo_Project");
    let text = std::fs::read_to_string(samples.join("truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&text).unwrap();
    let expected = truth["katalon-project"]["azure_test_case_ids"]
        .as_object()
        .unwrap();
    assert_eq!(project.test_cases.len(), expected.len());
    for (path, expected) in expected {
        let test_case = &project.test_cases[&TestCasePath::new(path.as_str())];
        assert_eq!(
            test_case.ids_text.as_deref(),
            expected["raw"].as_str(),
            "{path}"
        );
        // The truth resolves variables by their defaults; a report does by the values of a row.
        let resolved: Vec<u64> = test_case
            .ids
            .iter()
            .map(|id| match id {
                IntegratedId::Number(number) => *number,
                IntegratedId::Variable(name) => {
                    let mut variables = test_case.variables.iter();
                    let variable = variables.find(|one| one.name == *name).unwrap();
                    variable.default_value.parse().unwrap()
                }
            })
            .collect();
        let expected = expected["ids"].as_array().unwrap();
        let expected: Vec<u64> = expected.iter().map(|id| id.as_u64().unwrap()).collect();
        assert_eq!(resolved, expected, "{path}");
    }
    let cleared = &project.test_suites[&SuitePath::new("Test Suites/New Test Case Suite")];
    let SuiteContent::TestCases(links) = &cleared.content else {
        panic!("{cleared:?}");
    };
    let runs: Vec<bool> = links.iter().map(|link| link.runs).collect();
    assert_eq!(runs, [true, true, false]);
    assert!(cleared.reruns_immediately && cleared.reruns == 3);
    let query = &project.test_suites[&SuitePath::new("Test Suites/TrueTest/HelpDesk_DynamicTS")];
    assert_eq!(
        query.content,
        SuiteContent::Query("tag=(helpdesk)".to_owned())
    );
    let settings = project.settings.unwrap();
    assert_eq!(settings.project.unwrap().name, "Contoso Shop");
    let plans: Vec<u64> = settings.test_plans.iter().map(|plan| plan.id).collect();
    assert_eq!(plans, [512, 640]);
    assert_eq!(settings.attachment_kinds, ["LOG", "PNG", "HTML", "PDF"]);
    assert_eq!(
        (settings.build_definition, settings.release_definition),
        (Some(77), None)
    );
}

#[test]
fn settings_of_all_versions_are_read() {
    let Some(samples) = samples() else {
        println!("skipped: there is no folder of real reports beside the repository");
        return;
    };
    let variants = samples.join("katalon-project/settings-variants");
    for (version, enabled, plans, build, always) in [
        ("8.0", true, vec![512], Some(77), Some(false)),
        ("8.1", true, vec![512], None, Some(true)),
        ("not-configured", false, vec![], None, Some(false)),
    ] {
        let path = variants.join(version);
        let path = path.join("com.kms.katalon.integration.azure.properties");
        let (settings, oddities) = settings::read(File::open(path).unwrap()).unwrap();
        assert_eq!(oddities, [""; 0], "{version}");
        let ids: Vec<u64> = settings.test_plans.iter().map(|plan| plan.id).collect();
        assert_eq!(
            (
                settings.is_enabled,
                ids,
                settings.build_definition,
                settings.attaches_always
            ),
            (enabled, plans, build, always),
            "{version}"
        );
    }
}
