//! What the user asked for: option, task input or variable, and what is wrong with it.

use crate::support::{Case, Reports, TaskRun, assert_swagger, service, service_with};

fn reports() -> Reports {
    Reports::new().with_suite("Smoke", &[Case::passed("A")])
}

#[test]
fn nothing_is_read_or_sent_when_inputs_are_wrong_and_all_are_named() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("testRunTitle", "{suit}")
        .input("dryRun", "perhaps")
        .input("requestTimeout", "0")
        .input("statusMapping", "PASSED=Great\nBROKEN=Failed")
        .input("attachments", "log,movies")
        .input("whenAlreadyPublished", "sometimes")
        .run();
    assert_eq!(finished.code, 2);
    assert_eq!(service.requests().len(), 0);
    for wrong in [
        "task input 'testRunTitle' cannot be '{suit}'",
        "task input 'dryRun' cannot be 'perhaps'",
        "task input 'requestTimeout' cannot be '0'",
        "task input 'statusMapping' cannot be 'PASSED=Great'",
        "task input 'statusMapping' cannot be 'BROKEN=Failed'",
        "task input 'attachments' cannot be 'movies'",
        "task input 'whenAlreadyPublished' cannot be 'sometimes'",
    ] {
        finished.says(wrong);
    }
    assert_eq!(finished.issues("error"), ["KADO202"; 7]);
    let version = format!("katalon-ado {} (", env!("CARGO_PKG_VERSION"));
    assert!(finished.stdout.starts_with(&version), "{}", finished.stdout);
    finished.says("\nAgent: Agent 1, version 4.260.0\n");
    finished.lacks("Finding Katalon reports");
    assert_eq!(finished.output("testRunIds"), "");
    assert_eq!(finished.output("totalTests"), "0");
    assert_eq!(finished.output("exitCode"), "2");
}

#[test]
fn an_option_beats_the_task_input() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("buildConfiguration", "from the task")
        .input("buildPlatform", "from the task")
        .args(&["task", "--build-configuration", " from the option "])
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = &service.runs()[0];
    assert_eq!(run["buildConfiguration"]["flavor"], "from the option");
    assert_eq!(run["buildConfiguration"]["platform"], "from the task");
    finished.says("buildConfiguration = from the option (option)");
    finished.says("buildPlatform = from the task (input)");
    assert_swagger(&service);
}

#[test]
fn an_empty_input_is_not_given() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .var("INPUT_TESTRUNTITLE", "   ")
        .var("INPUT_DRYRUN", " ")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs()[0]["name"], "Smoke");
    finished.lacks("testRunTitle");
}

#[test]
fn booleans_come_in_any_case() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("dryRun", " TRUE ")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 0);
    let finished = TaskRun::new(&service, reports.path())
        .input("dryRun", "true")
        .args(&["task", "--dry-run=False"])
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn a_macro_that_the_agent_left_is_told_with_its_variable() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("testRunTitle", "$(Smoke.Title) of {suite}")
        .input("searchFolder", "$(reportsFolder)")
        .run();
    assert_eq!(finished.code, 2);
    assert_eq!(finished.issues("error"), ["KADO203"; 2]);
    finished.says("task input 'searchFolder' holds '$(reportsFolder)': no variable 'reportsFolder' is defined");
    finished.says("no variable 'Smoke.Title' is defined");
    assert_eq!(service.requests().len(), 0);
}

#[test]
fn an_unknown_input_is_a_warning_that_names_the_nearest_one() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("reportFolder", "**/Smoke")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO021"]);
    finished.says("task input 'reportfolder' does not exist here and is not read. Did you mean 'reportFolders'?");
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn inputs_of_microsofts_task_are_answered_with_what_to_use_here() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("testResultsFiles", "**/JUnit_Report.xml")
        .input("testResultsFormat", "JUnit")
        .input("testRunner", "JUnit")
        .input("mergeTestResults", "true")
        .input("publishRunAttachments", "true")
        .input("failTaskOnMissingResultsFile", "true")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO021"; 6]);
    for (input, answer) in [
        ("testResultsFiles", "Use 'reportFolders'"),
        ("testResultsFormat", "Leave it out"),
        ("testRunner", "Leave it out"),
        ("mergeTestResults", "Use 'testRunPer'"),
        ("publishRunAttachments", "Use 'attachments'"),
        (
            "failTaskOnMissingResultsFile",
            "Use 'failTaskOnMissingReports'",
        ),
    ] {
        finished.says(&format!(
            "task input '{input}' does not exist here and is not read. {answer}"
        ));
    }
}

#[test]
fn a_script_step_is_not_warned_of_inputs_of_other_tasks() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("targetType", "inline")
        .args(&["publish"])
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), Vec::<String>::new());
}

#[test]
fn without_a_command_or_with_a_wrong_one_the_exit_code_is_2() {
    let (service, reports) = (service(), reports());
    for (args, told) in [
        (&[][..], "no command is given"),
        (&["publsh"], "Did you mean 'publish'?"),
        (
            &["publish", "--report-folder=x"],
            "Did you mean '--report-folders'?",
        ),
        (&["publish", "extra"], "unexpected argument 'extra'"),
    ] {
        let finished = TaskRun::new(&service, reports.path()).args(args).run();
        assert_eq!(finished.code, 2, "{args:?}");
        finished.says(told);
        assert_eq!(finished.issues("error"), ["KADO201"], "{args:?}");
    }
    assert_eq!(service.requests().len(), 0);
}

#[test]
fn a_wrong_option_does_not_hide_wrong_values() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .args(&[
            "publish",
            "--nonsense",
            "--dry-run",
            "maybe",
            "--project=a",
            "--project=b",
            "--retry-for=soon",
        ])
        .run();
    assert_eq!(finished.code, 2);
    for told in [
        "unexpected argument '--nonsense' found",
        "unexpected argument 'maybe' found. Write '--dry-run=maybe'.",
        "option '--project' stands more than once. Give it once.",
        "option '--dry-run' cannot be 'maybe': it is neither true nor false",
        "option '--retry-for' cannot be 'soon'",
    ] {
        finished.says(told);
    }
    assert_eq!(service.requests().len(), 0);
}

#[test]
fn a_token_on_the_command_line_is_refused_and_not_repeated() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .args(&["publish", "--token", "typed-by-hand"])
        .run();
    assert_eq!(finished.code, 2);
    finished.says("AZURE_DEVOPS_EXT_PAT");
    finished.lacks("typed-by-hand");
}

#[test]
fn a_wrong_command_of_the_task_is_an_input_error() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("command", "upload")
        .run();
    assert_eq!(finished.code, 2);
    finished.says("task input 'command' cannot be 'upload'");
    assert_eq!(service.requests().len(), 0);
}

#[test]
fn help_and_version_end_well() {
    let (service, reports) = (service(), reports());
    let run = |args: &[&str]| {
        let finished = TaskRun::new(&service, reports.path()).args(args).run();
        assert_eq!(finished.code, 0, "{args:?}");
        finished.stdout
    };
    assert_eq!(
        run(&["--version"]),
        format!("katalon-ado {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert!(run(&["--help"]).contains("publish"));
    let help = run(&["publish", "--help"]);
    assert!(help.contains("--when-already-published"));
    assert_eq!(run(&["help", "publish"]), help);
    assert_eq!(service.requests().len(), 0);
}

#[test]
fn a_missing_address_and_a_missing_project_are_told_together() {
    let (service, reports) = (service(), reports());
    let outside = TaskRun::new(&service, reports.path())
        .var("TF_BUILD", "")
        .var("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "")
        .var("SYSTEM_TEAMPROJECT", "")
        .args(&["publish", "--dry-run=maybe"]);
    let finished = outside.run();
    assert_eq!(finished.code, 2);
    finished.says("error KADO202: option '--dry-run' cannot be 'maybe'");
    finished.says("error KADO204: nothing tells which Azure DevOps to publish to");
    finished.says("error KADO205: no project is given");
    finished.lacks("##vso[");
}

#[test]
fn outside_a_pipeline_a_personal_token_publishes_to_the_address_that_was_typed() {
    let service = service_with(|settings| {
        settings.token_kind = ado_stand_in::TokenKind::Personal;
    });
    let reports = reports();
    let mut outside = TaskRun::new(&service, reports.path())
        .var("AZURE_DEVOPS_EXT_PAT", "stand-in-token")
        .args(&[
            "publish",
            "--organization",
            &service.collection_url(),
            "--project=Shop",
        ]);
    for name in [
        "TF_BUILD",
        "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
        "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
        "SYSTEM_TEAMPROJECT",
        "BUILD_BUILDID",
    ] {
        outside = outside.var(name, "");
    }
    let finished = outside.run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1);
    assert_eq!(service.runs()[0].get("build"), None);
    finished.says("There is no build to look runs up by");
    finished.lacks("##vso[");
    let sent_as = service.requests()[0].header("authorization").unwrap()[..6].to_owned();
    assert_eq!(sent_as, "Basic ");
    assert_swagger(&service);
}

#[test]
fn a_project_that_was_typed_and_does_not_exist_is_an_input_error() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .var("TF_BUILD", "")
        .var("BUILD_BUILDID", "")
        .var("SYSTEM_TEAMPROJECT", "")
        .args(&["publish", "--project=Shpo"])
        .run();
    assert_eq!(finished.code, 2, "{}", finished.stdout);
    finished.says("KADO207");
    assert_eq!(service.runs().len(), 0);
}

#[test]
fn the_input_project_does_not_move_runs_away_from_their_build() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("project", "Elsewhere")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs()[0]["project"]["name"], "Shop");
}

#[test]
fn without_a_token_nothing_is_asked_for_and_the_exit_code_is_4() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .var(
            "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
            "",
        )
        .run();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(service.requests().len(), 0);
    finished.says("there is no access token");
    finished.says("1 result read: 0 published, 0 left out, 1 missing");
    assert_eq!(finished.issues("error"), ["KADO420"]);
}

#[test]
fn wrong_inputs_are_a_json_document_too() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("testRunTitle", "{suit}")
        .args(&["publish", "--format", "json"])
        .run();
    assert_eq!(finished.code, 2);
    let document = finished.json();
    assert_eq!(document["command"], "publish");
    assert_eq!(document["exitCode"], 2);
    assert_eq!(document["totals"]["total"], 0);
    assert_eq!(document["errors"][0]["code"], "KADO202");
    assert!(finished.stderr.contains("'{suit}' is no placeholder"));
    for args in [
        &["publish", "--format=json", "--nonsense"][..],
        &["--format", "json"],
    ] {
        let finished = TaskRun::new(&service, reports.path()).args(args).run();
        assert_eq!(finished.code, 2);
        assert_eq!(finished.json()["errors"][0]["code"], "KADO201", "{args:?}");
    }
}

#[test]
fn a_secret_in_a_wrong_input_is_not_shown() {
    let (service, reports) = (service(), reports());
    let run = TaskRun::new(&service, reports.path())
        .var("SECRET_DB_PASSWORD", "hunter2-prod")
        .input("testRunTitle", "{hunter2-prod}")
        .input("dryRun", "stand-in-token");
    for finished in [
        run.run(),
        run.args(&["task", "--format", "json", "--hunter2-prod"])
            .run(),
    ] {
        assert_eq!(finished.code, 2);
        finished.lacks("hunter2-prod");
        finished.lacks("stand-in-token");
        assert!(finished.everything().contains("***"));
    }
}

#[test]
fn patterns_begin_at_the_search_folder_and_take_out_what_an_earlier_line_took() {
    let service = service();
    let reports = Reports::new();
    for name in ["Smoke", "Checkout", "Slow"] {
        reports.add_suite(name, &[Case::passed("A")]);
    }
    let finished = TaskRun::new(&service, reports.path())
        .input("searchFolder", "Reports")
        .input("reportFolders", "**/JUnit_Report.xml\n!**/Slow/**")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let runs = service.runs();
    let mut names: Vec<&str> = runs
        .iter()
        .map(|run| run["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["Checkout", "Smoke"]);
    finished.says("reportFolders = **/JUnit_Report.xml, !**/Slow/** (input)");
}

#[test]
fn an_absolute_pattern_leads_out_of_the_search_folder() {
    let (service, reports) = (service(), Reports::new());
    reports.add_suite("Smoke", &[Case::passed("A")]);
    reports.add_suite("Slow", &[Case::passed("B")]);
    let elsewhere = Reports::new();
    let folder = reports.path().display();
    let finished = TaskRun::new(&service, reports.path())
        .input("searchFolder", &elsewhere.path().display().to_string())
        .input(
            "reportFolders",
            &format!("{folder}/Reports/**\n!{folder}/**/Slow/**"),
        )
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1);
    assert_eq!(service.runs()[0]["name"], "Smoke");
}
