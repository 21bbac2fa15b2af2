//! What Katalon's own settings for Azure DevOps supply, and when they are left alone.

use ado_stand_in::{Project, StandIn};

use crate::support::plan::{SHOP, setting, settings};
use crate::support::{Case, Finished, Reports, TaskRun, service, service_with};

fn reports() -> Reports {
    Reports::new().with_suite(
        "Smoke",
        &[Case::passed("Login"), Case::failed("Pay", "boom")],
    )
}

fn titles(service: &StandIn) -> Vec<String> {
    let runs = service.runs();
    runs.iter()
        .map(|run| run["name"].as_str().unwrap().to_owned())
        .collect()
}

fn asked_for_the_project(service: &StandIn) -> usize {
    let requests = service.requests();
    let projects = requests.iter();
    projects
        .filter(|request| request.path.contains("_apis/projects/"))
        .count()
}

#[test]
fn settings_of_this_project_supply_what_is_not_given_and_say_so() {
    let service = service();
    let reports = reports();
    settings(
        &reports,
        &[
            "enableIntegration=true",
            &setting("integratedProject", SHOP),
            "submitOptions.testRunName=\"Nightly {suite}\"",
            &setting("submitOptions.attachFileTypes", r#"["PNG"]"#),
            "submitOptions.attachmentSendingType=\"SEND_IF_FAILS\"",
            &setting(
                "executionStatusMappings",
                r#"[{"katalonStatus":"FAILED","azureStatus":"Blocked"},{"katalonStatus":"PASSED","azureStatus":"Passed"}]"#,
            ),
            "submitOptions.buildDefinitionId=77",
            "token=\"abc\\=\\=\"",
        ],
    );
    let run = TaskRun::new(&service, reports.path()).run();
    assert_eq!(run.code, 0, "{}", run.everything());
    // Braces mean nothing to Katalon.
    assert_eq!(titles(&service), ["Nightly {suite}"]);
    let outcomes: Vec<String> = service.runs()[0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(outcomes, ["Passed", "Blocked"]);
    run.says("testRunTitle = Nightly {suite} (Katalon setting 'submitOptions.testRunName')");
    run.says("statusMapping = FAILED=Blocked (Katalon setting 'executionStatusMappings')");
    run.says("attachments = screenshots (Katalon setting 'submitOptions.attachFileTypes')");
    run.lacks("attachmentsFor = ");
    assert_eq!(run.issues("warning"), [""; 0]);
    assert_eq!(asked_for_the_project(&service), 1);
    let run = TaskRun::new(&service, reports.path())
        .input("testRunTitle", "{suite}")
        .input("whenAlreadyPublished", "publish")
        .run();
    run.lacks("testRunTitle = Nightly");
    assert_eq!(titles(&service)[1], "Smoke");
}

#[test]
fn settings_of_another_project_are_left_alone_with_one_warning() {
    for project in [
        r#"{"id":"0b61fe80-0000-4c57-9d2b-1f1f5a3c7e10","name":"Shop"}"#,
        "{}",
    ] {
        let service = service();
        let reports = reports();
        settings(
            &reports,
            &[
                "enableIntegration=true",
                &setting("integratedProject", project),
                "submitOptions.testRunName=\"Nightly\"",
                "submitOptions.autoSubmitTestRun=true",
            ],
        );
        let run = TaskRun::new(&service, reports.path()).run();
        assert_eq!(run.code, 0);
        assert_eq!(titles(&service), ["Smoke"]);
        assert_eq!(run.issues("warning"), ["KADO054"], "{}", run.everything());
    }
}

#[test]
fn settings_that_are_off_or_not_wanted_are_silent_and_ask_nothing() {
    for (enabled, wanted) in [("false", "true"), ("true", "false")] {
        let service = service();
        let reports = reports();
        settings(
            &reports,
            &[
                &format!("enableIntegration={enabled}"),
                &setting("integratedProject", SHOP),
                "submitOptions.testRunName=\"Nightly\"",
                "executionStatusMappings=\"[{\"",
                "submitOptions.autoSubmitTestRun=true",
            ],
        );
        let run = TaskRun::new(&service, reports.path())
            .input("useKatalonSettings", wanted)
            .run();
        assert_eq!(run.code, 0);
        assert_eq!(titles(&service), ["Smoke"]);
        assert_eq!(run.issues("warning"), [""; 0]);
        assert_eq!(asked_for_the_project(&service), 0);
    }
}

#[test]
fn what_is_wrong_in_settings_is_a_warning_and_the_rest_is_taken() {
    let service = service();
    let reports = reports();
    settings(
        &reports,
        &[
            "enableIntegration=true",
            &setting("integratedProject", SHOP),
            "submitOptions.testRunName=\"Nightly\"",
            "submitOptions.autoSubmitTestRun=true",
            "submitOptions.testPlans=\"[{\"",
            &setting(
                "executionStatusMappings",
                r#"[{"katalonStatus":"FAILED","azureStatus":"Odd"}]"#,
            ),
        ],
    );
    let run = TaskRun::new(&service, reports.path()).run();
    assert_eq!(run.code, 0);
    assert_eq!(titles(&service), ["Nightly"]);
    let mut warnings = run.issues("warning");
    warnings.sort();
    assert_eq!(warnings, ["KADO009", "KADO055", "KADO056"]);
    run.says("Katalon setting 'executionStatusMappings' cannot be 'FAILED=Odd'");
}

#[test]
fn projects_that_say_different_things_supply_nothing_until_one_is_named() {
    let service = service();
    let reports = Reports::new();
    for (project, title) in [("a", "From a"), ("b", "From b")] {
        let own = Reports::new().with_suite(title, &[Case::passed("Login")]);
        settings(
            &own,
            &[
                "enableIntegration=true",
                &setting("integratedProject", SHOP),
                &format!("submitOptions.testRunName=\"{title}\""),
            ],
        );
        std::fs::rename(own.path(), reports.path().join(project)).unwrap();
    }
    let run = |input: &str| -> Finished {
        TaskRun::new(&service, reports.path())
            .input("katalonProject", input)
            .input("whenAlreadyPublished", "publish")
            .input("dryRun", "true")
            .run()
    };
    let unclear = run("");
    assert!(unclear.issues("warning").contains(&"KADO054".to_owned()));
    unclear.says("say different things");
    unclear.lacks("testRunTitle = ");
    let named = run("b");
    assert_eq!(named.issues("warning"), [""; 0]);
    named.says("testRunTitle = From b");
}

#[test]
fn outside_a_pipeline_the_project_is_that_of_the_settings() {
    let service = service_with(|settings| {
        settings.projects.push(Project::new(
            "Other",
            "11111111-6a0c-4c57-9d2b-1f1f5a3c7e10",
        ));
    });
    let reports = reports();
    settings(
        &reports,
        &[
            "enableIntegration=true",
            &setting("integratedProject", SHOP),
        ],
    );
    let outside = || {
        let mut run = TaskRun::new(&service, reports.path()).args(&["publish"]);
        for name in [
            "TF_BUILD",
            "SYSTEM_TEAMPROJECT",
            "BUILD_BUILDID",
            "BUILD_BUILDURI",
        ] {
            run = run.var(name, "");
        }
        run
    };
    let run = outside().run();
    assert_eq!(run.code, 0, "{}", run.everything());
    run.says("project = Shop (Katalon setting)");
    assert_eq!(titles(&service), ["Smoke"]);
    let run = outside().input("useKatalonSettings", "false").run();
    assert_eq!(run.code, 2);
    run.says("KADO205");
    // One that is not there was typed by nobody: no input is wrong.
    settings(
        &reports,
        &[
            "enableIntegration=true",
            &setting("integratedProject", &SHOP.replace("Shop", "Gone")),
        ],
    );
    let run = outside().run();
    assert_eq!(run.code, 4, "{}", run.everything());
    run.says("KADO207");
}
