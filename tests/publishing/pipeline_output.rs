//! What the pipeline sees: log, issues, output variables and summary.

use ado_stand_in::{Fault, Rule};

use crate::support::{Case, Finished, Reports, Suite, TaskRun, service, service_with};

/// Output variables that are always set.
const OUTPUTS: [&str; 9] = [
    "testRunIds",
    "testRunUrls",
    "totalTests",
    "passedTests",
    "failedTests",
    "otherTests",
    "flakyTests",
    "publishedResults",
    "exitCode",
];

fn outputs(finished: &Finished) -> Vec<String> {
    OUTPUTS.iter().map(|name| finished.output(name)).collect()
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap()
}

fn two_suites() -> Reports {
    Reports::new()
        .with_suite(
            "Smoke",
            &[Case::passed("A"), Case::failed("B", "was wrong")],
        )
        .with_suite("Checkout", &[Case::passed("C")])
}

#[test]
fn the_log_begins_with_versions_and_what_is_published_to() {
    let (service, reports) = (service(), two_suites());
    let finished = TaskRun::new(&service, reports.path())
        .input("buildConfiguration", "Release")
        .run();
    let lines: Vec<&str> = finished.stdout.lines().collect();
    let version = env!("CARGO_PKG_VERSION");
    assert!(lines[0].starts_with(&format!("katalon-ado {version} (")));
    assert_eq!(lines[1], "Agent: Agent 1, version 4.260.0");
    finished.says("buildConfiguration = Release (input)");
    finished.says(&format!(
        "Server: {} (Azure DevOps Services, REST API 7.1)",
        service.collection_url()
    ));
    finished.says("Identity: Shop Build Service (contoso)");
    finished.says("Project: Shop");
    finished.says("Build: 20260901.3 (ID 71)");
}

#[test]
fn each_stage_has_a_section_and_each_report_and_run_a_line() {
    let (service, reports) = (service(), two_suites());
    let finished = TaskRun::new(&service, reports.path()).run();
    let sections: Vec<&str> = finished
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("##[section]"))
        .collect();
    assert_eq!(
        sections,
        [
            "Finding Katalon reports",
            "Reading reports",
            "Mapping results to Azure DevOps",
            "Publishing",
            "Result"
        ]
    );
    finished.says("Reports/20250811_101500/Smoke/20250811_101502: Test Suites/Smoke, 2 results (1 FAILED, 1 PASSED)");
    finished.says("Reports/20250811_101500/Checkout/20250811_101502: Test Suites/Checkout, 1 result (1 PASSED)");
    for run in service.runs() {
        let url = run["webAccessUrl"].as_str().unwrap();
        let count = run["totalTests"].as_u64().unwrap();
        let s = if count == 1 { "" } else { "s" };
        finished.says(&format!(
            "'{}': {count} of {count} result{s} in test run {}: {url}",
            run["name"].as_str().unwrap(),
            run["id"]
        ));
    }
    assert_eq!(
        last_line(&finished.stdout),
        "3 results read: 3 published, 0 left out, 0 missing"
    );
}

#[test]
fn output_variables_count_katalons_results() {
    let service = service();
    let cases = [
        Case::passed("A"),
        Case::passed("B").after("FAILED", "x", &[]),
        Case::failed("C", "x"),
        Case::ended("D", "ERROR", "x"),
        Case::ended("E", "SKIPPED", ""),
        Case::ended("F", "INCOMPLETE", ""),
    ];
    let reports = Reports::new().with(&Suite::new("Smoke", &cases).with_log());
    let finished = TaskRun::new(&service, reports.path()).run();
    let run = &service.runs()[0];
    let url = run["webAccessUrl"].as_str().unwrap();
    let id = run["id"].to_string();
    assert_eq!(
        outputs(&finished),
        [&id, url, "6", "2", "2", "2", "1", "6", "0"]
    );
}

#[test]
fn output_variables_are_set_also_when_nothing_was_done() {
    let service = service();
    let empty = Reports::new();
    let nothing = ["", "", "0", "0", "0", "0", "0", "0"];
    let finished = TaskRun::new(&service, empty.path()).run();
    assert_eq!(outputs(&finished)[..8], nothing);
    assert_eq!(finished.output("exitCode"), "3");
    service.script(Rule::always("GET", "connectionData", Fault::status(401)));
    let finished = TaskRun::new(&service, empty.path()).run();
    assert_eq!(outputs(&finished)[..8], nothing);
    assert_eq!(finished.output("exitCode"), "4");
}

#[test]
fn several_runs_stand_in_the_output_variables_separated_by_commas() {
    let (service, reports) = (service(), two_suites());
    let finished = TaskRun::new(&service, reports.path()).run();
    let runs = service.runs();
    let ids: Vec<String> = runs.iter().map(|run| run["id"].to_string()).collect();
    let urls: Vec<&str> = runs
        .iter()
        .map(|run| run["webAccessUrl"].as_str().unwrap())
        .collect();
    assert_eq!(finished.output("testRunIds"), ids.join(","));
    assert_eq!(finished.output("testRunUrls"), urls.join(","));
}

#[test]
fn outside_a_pipeline_no_line_is_a_command() {
    let (service, reports) = (service(), two_suites());
    let finished = TaskRun::new(&service, reports.path())
        .var("TF_BUILD", "")
        .args(&["publish", "--fail-task-on-failed-tests"])
        .run();
    assert_eq!(finished.code, 1);
    finished.lacks("##");
    finished.says("error KADO101: tests did not pass: 1 FAILED");
    let written = std::fs::read_dir(reports.temp()).unwrap();
    assert_eq!(written.count(), 0, "nobody would show a summary");
}

#[test]
fn the_step_is_failed_by_the_last_line_and_only_under_task_in_a_pipeline() {
    let start = |configure: fn(TaskRun) -> TaskRun| {
        let (service, reports) = (service(), two_suites());
        configure(TaskRun::new(&service, reports.path())).run()
    };
    let failed = start(|run| run.input("failTaskOnFailedTests", "true"));
    assert_eq!(failed.code, 1);
    assert_eq!(
        last_line(&failed.stdout),
        "##vso[task.complete result=Failed;]KADO101: tests did not pass: 1 FAILED"
    );
    assert_eq!(failed.stdout.matches("task.complete").count(), 1);
    let before_it = failed.stdout.lines().rev().nth(1).unwrap();
    assert!(before_it.starts_with("3 results read: "), "{before_it}");
    let outside = start(|run| {
        run.input("failTaskOnFailedTests", "true")
            .var("TF_BUILD", "")
    });
    assert_eq!(outside.code, 1);
    outside.lacks("task.complete");
    let script = start(|run| run.args(&["publish", "--fail-task-on-failed-tests"]));
    assert_eq!(script.code, 1);
    script.lacks("task.complete");
    let done = start(|run| run);
    assert_eq!(done.code, 0);
    done.lacks("task.complete");
}

#[test]
fn further_errors_are_counted_beside_the_one_that_decided() {
    let (service, reports) = (service(), two_suites());
    let broken = reports.path().join("Reports/broken");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("JUnit_Report.xml"), "<testsuites><test").unwrap();
    let finished = TaskRun::new(&service, reports.path())
        .input("failTaskOnFailedTests", "true")
        .run();
    assert_eq!(finished.code, 3);
    let last = last_line(&finished.stdout);
    assert!(
        last.starts_with("##vso[task.complete result=Failed;]KADO302: "),
        "{last}"
    );
    assert!(last.ends_with(" (and one more error)"), "{last}");
    assert_eq!(finished.issues("error"), ["KADO302", "KADO101"]);
}

#[test]
fn more_than_eight_issues_of_a_kind_are_counted() {
    let (service, reports) = (service(), Reports::new());
    for number in 0..12 {
        let case = Case::failed("A", "x").picture("gone.png");
        let suite = Suite::new(&format!("S{number}"), &[case]).with_log();
        reports.add(&suite);
    }
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning").len(), 8);
    finished
        .says("##vso[task.logissue type=warning;]4 more warnings stand in the log of this step");
    assert_eq!(
        finished.stdout.matches("did not find 1 recorded").count(),
        12
    );
}

#[test]
fn the_summary_shows_totals_runs_and_what_did_not_pass() {
    let (service, reports) = (service(), Reports::new());
    let cases = [
        Case::passed("Shop/Fine"),
        Case::passed("Shop/Flaky")
            .after("FAILED", "no button", &["0.png"])
            .picture("2.png"),
        Case::ended("Shop/Lost", "INCOMPLETE", ""),
        Case::failed("Shop/Wrong", "expected 3 items\n\nbut found 2").picture("1.png"),
        Case::ended("Shop/Rows", "SKIPPED", ""),
        Case::ended("Shop/Rows", "ERROR", "no page"),
    ];
    let folder = reports.add(&Suite::new("Smoke", &cases).with_log());
    for name in ["0.png", "1.png", "2.png"] {
        std::fs::write(folder.join(name), "picture").unwrap();
    }
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let url = service.runs()[0]["webAccessUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    let page = format!(
        "{bar}

**5 tests**: **2** passed (1 only after a retry), **2** failed (1 FAILED, 1 ERROR), **1** other (1 INCOMPLETE)

5 results read: 5 published, 0 left out, 0 missing

### Test runs

| Test run | Results | |
| --- | ---: | --- |
| [Smoke]({url}) | 5 | published |

### Tests that did not pass, or only after a retry

| Test case | Status | Message | Screenshots | Suite |
| --- | --- | --- | --- | --- |
| Test Cases/Shop/Rows | ERROR | Row 2&#58; no page |  | Test Suites/Smoke |
| Test Cases/Shop/Wrong | FAILED | expected 3 items · but found 2 | 1.png (step 1) | Test Suites/Smoke |
| Test Cases/Shop/Lost | INCOMPLETE | the test case was started, and the report does not say how it ended |  | Test Suites/Smoke |
| Test Cases/Shop/Flaky | flaky | no button | 0.png (step 1), 2.png (step 1) | Test Suites/Smoke |
",
        bar = ["🟥".repeat(16), "⬜".repeat(8), "🟩".repeat(16)].concat()
    );
    assert_eq!(finished.summary(), page);
    assert_eq!(
        std::fs::read_dir(reports.temp()).unwrap().count(),
        1,
        "it stays"
    );
}

#[test]
fn the_summary_shows_what_is_not_published_and_why() {
    let service = service();
    let reports = Reports::new().with_suite("Before", &[Case::passed("A"), Case::passed("B")]);
    assert_eq!(TaskRun::new(&service, reports.path()).run().code, 0);
    let first = service.runs()[0]["id"].clone();
    let reports = reports
        .with_suite("New", &[Case::passed("C"), Case::passed("D")])
        .with_suite("Refused", &[Case::passed("X")]);
    service.configure(|settings| settings.refused_titles = vec!["C".to_owned(), "X".to_owned()]);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 5, "{}", finished.stdout);
    let page = finished.summary();
    for line in [
        "\n- ⚠️ KADO501&#58; 2 of 5 results are in no finished test run",
        "\n5 results read: 1 published, 2 left out, 2 missing\n",
        " | 1 | published, without what was refused |\n",
        " | 2 | was there before |\n",
        "\n\n### Not published by this step\n\n| Results | | Why |\n| ---: | --- | --- |\n",
        &format!("\n| 2 | left out | already published in test run {first} |\n"),
        "\n| 1 | missing | Azure DevOps refused",
    ] {
        assert!(page.contains(line), "{line} in\n{page}");
    }
    let dry = TaskRun::new(&service, reports.path())
        .input("dryRun", "true")
        .run();
    let page = dry.summary();
    assert!(
        page.starts_with("**Dry run: nothing was sent.**\n\n"),
        "{page}"
    );
    assert!(page.contains("| Refused | 1 | would be made |\n"), "{page}");
}

#[test]
fn a_summary_of_very_many_failures_is_cut_with_a_count() {
    let (service, reports) = (service(), Reports::new());
    service.configure(|settings| settings.page_size = 1_000);
    let cases: Vec<Case> = (0..2_500)
        .map(|number| Case::failed(&format!("C{number}"), &"# long ".repeat(90)))
        .collect();
    reports.add_suite("Many", &cases);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let page = finished.summary();
    assert!(page.len() < 1_000_000, "{}", page.len());
    let shown = page.matches("| FAILED |").count();
    assert!(shown > 500, "{shown}");
    let count = format!("\n\n… and {} more of these tests\n", 2_500 - shown);
    assert!(page.ends_with(&count));
}

#[test]
fn a_long_list_of_runs_is_cut_in_the_output_variables_with_a_warning() {
    let service = service_with(|settings| settings.collection = "c".repeat(300));
    let reports = Reports::new();
    for number in 0..30 {
        reports.add_suite(&format!("S{number}"), &[Case::passed("A")]);
    }
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO020"]);
    let urls = finished.output("testRunUrls");
    assert!(urls.len() <= 8_000 && urls.len() > 7_000, "{}", urls.len());
    let first = service.runs()[0]["webAccessUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(urls.starts_with(&format!("{first},")));
    assert_eq!(finished.output("testRunIds").split(',').count(), 30);
}

#[test]
fn a_refused_request_is_told_with_method_path_status_message_and_activity() {
    let (service, reports) = (service(), two_suites());
    service.configure(|settings| settings.denied = vec!["Create test runs".to_owned()]);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(finished.issues("error"), ["KADO403"]);
    finished.says("'Shop Build Service (contoso)' lacks the permission");
    finished.says("POST Shop/_apis/test/runs was answered with 403: ");
    finished.says("(activity ");
    finished.says("Nothing was published.");
}

#[test]
fn a_set_up_that_failed_is_told_once_and_stands_in_the_summary() {
    let (service, reports) = (service(), Reports::new());
    let suite = Suite::new("Smoke", &[Case::passed("A")]);
    reports.add(&suite.with_log().setup_failed("no database"));
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO007"]);
    assert_eq!(finished.stdout.matches("no database").count(), 1);
    let page = finished.summary();
    assert!(page.contains("no database"), "{page}");
}
