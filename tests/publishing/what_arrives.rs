//! What the server holds of a report: outcomes, rows, attempts, texts.

use serde_json::Value;

use crate::support::{Case, Reports, Suite, TaskRun, assert_swagger, service, service_with};

/// The results of the only run after one start of the task.
fn results_of(suite: &Suite, configure: impl FnOnce(TaskRun) -> TaskRun) -> Vec<Value> {
    let service = service();
    let reports = Reports::new().with(suite);
    let finished = configure(TaskRun::new(&service, reports.path())).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_swagger(&service);
    let runs = service.runs();
    assert_eq!(runs.len(), 1);
    runs[0]["results"].as_array().unwrap().clone()
}

fn results(suite: &Suite) -> Vec<Value> {
    results_of(suite, |run| run)
}

fn texts<'a>(items: &'a Value, field: &str) -> Vec<&'a str> {
    let items = items.as_array().unwrap();
    let texts = items.iter().map(|item| item[field].as_str().unwrap());
    texts.collect()
}

#[test]
fn rows_are_sub_results_of_one_result_and_the_worst_decides() {
    let suite = Suite::new(
        "Smoke",
        &[
            Case::passed("Login").bound("user", "ann"),
            Case::failed("Login", "no button").bound("user", "bob"),
            Case::passed("Login").bound("user", "eve").took(2.5),
            Case::passed("Logout"),
        ],
    );
    let results = results(&suite);
    assert_eq!(results.len(), 2);
    let rows = &results[0];
    assert_eq!(rows["resultGroupType"], "dataDriven");
    assert_eq!(rows["outcome"], "Failed");
    assert_eq!(rows["durationInMs"], 4500);
    assert_eq!(rows["errorMessage"], "Row 2 (user = bob): no button");
    let sub_results = &rows["subResults"];
    let names = texts(sub_results, "displayName");
    assert_eq!(names, ["user = ann", "user = bob", "user = eve"]);
    let outcomes = texts(sub_results, "outcome");
    assert_eq!(outcomes, ["Passed", "Failed", "Passed"]);
    assert_eq!(sub_results[1]["errorMessage"], "no button");
    assert_eq!(sub_results[2]["durationInMs"], 2500);
    assert_eq!(results[1]["resultGroupType"], "none");
    assert_eq!(results[1]["subResults"], serde_json::json!([]));
}

#[test]
fn rows_without_values_are_numbered() {
    let case = Case::passed("Login");
    let suite = Suite::new("Smoke", &[case.clone(), case.clone(), case]);
    let results = results(&suite);
    let names = texts(&results[0]["subResults"], "displayName");
    assert_eq!(names, ["Row 1", "Row 2", "Row 3"]);
}

#[test]
fn a_secret_value_of_a_row_is_masked_in_its_name_and_in_the_message() {
    let suite = Suite::new(
        "Smoke",
        &[
            Case::failed("Login", "'Sommer2025' is refused").bound("userPassword", "Sommer2025"),
            Case::passed("Login").bound("userPassword", "abc"),
        ],
    );
    let results = results(&suite);
    let names = texts(&results[0]["subResults"], "displayName");
    assert_eq!(names, ["userPassword = ***", "userPassword = ***"]);
    assert_eq!(
        results[0]["errorMessage"],
        "Row 1 (userPassword = ***): '***' is refused"
    );
}

#[test]
fn attempts_are_sub_results_of_a_rerun_and_the_last_decides() {
    let case = Case::passed("Login")
        .after("FAILED", "no button", &[])
        .after("ERROR", "no page", &[]);
    let results = results(&Suite::new("Smoke", &[case]).with_log());
    let result = &results[0];
    assert_eq!(result["resultGroupType"], "rerun");
    assert_eq!(result["outcome"], "Passed");
    assert_eq!(result.get("errorMessage"), None);
    assert_eq!(
        result["comment"],
        "Passed at attempt 3. First failure: no button"
    );
    let attempts = &result["subResults"];
    let names = texts(attempts, "displayName");
    assert_eq!(names, ["Attempt 1", "Attempt 2", "Attempt 3"]);
    let outcomes = texts(attempts, "outcome");
    assert_eq!(outcomes, ["Failed", "Failed", "Passed"]);
    assert_eq!(attempts[0]["errorMessage"], "no button");
    assert_eq!(attempts[1]["errorMessage"], "Error: no page");
}

#[test]
fn attempts_of_a_row_stand_a_level_below_it() {
    let suite = Suite::new(
        "Smoke",
        &[
            Case::passed("Login").bound("user", "ann"),
            Case::failed("Login", "twice")
                .bound("user", "bob")
                .after("FAILED", "once", &[]),
        ],
    );
    let results = results(&suite.with_log());
    let result = &results[0];
    assert_eq!(result["resultGroupType"], "dataDriven");
    let rows = &result["subResults"];
    assert_eq!(texts(rows, "displayName"), ["user = ann", "user = bob"]);
    assert_eq!(rows[0]["subResults"], serde_json::json!([]));
    assert_eq!(rows[1]["resultGroupType"], "rerun");
    let attempts = texts(&rows[1]["subResults"], "errorMessage");
    assert_eq!(attempts, ["once", "twice"]);
    assert_eq!(result["comment"], "2 attempts. First failure: once");
}

#[test]
fn a_result_that_passed_at_last_counts_as_passed_and_flaky() {
    let service = service();
    let case = Case::passed("Login").after("FAILED", "once", &[]);
    let reports =
        Reports::new().with(&Suite::new("Smoke", &[case, Case::passed("Logout")]).with_log());
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let counts = ["totalTests", "passedTests", "failedTests", "flakyTests"];
    assert_eq!(
        counts.map(|name| finished.output(name)),
        ["2", "2", "0", "1"]
    );
    assert_eq!(service.runs()[0]["state"], "Completed");
}

fn one_of_each_status() -> Suite {
    let cases = [
        Case::passed("A"),
        Case::failed("B", "was wrong"),
        Case::ended("C", "ERROR", "broke"),
        Case::ended("D", "SKIPPED", ""),
        Case::ended("E", "INCOMPLETE", ""),
    ];
    Suite::new("Smoke", &cases).with_log().planned(&["F"])
}

#[test]
fn every_status_has_its_outcome() {
    let results = results(&one_of_each_status());
    let told: Vec<[&str; 3]> = results
        .iter()
        .map(|result| {
            ["testCaseTitle", "outcome", "errorMessage"]
                .map(|field| result[field].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(
        told,
        [
            ["A", "Passed", ""],
            ["B", "Failed", "was wrong"],
            ["C", "Failed", "Error: broke"],
            ["D", "NotExecuted", "skipped"],
            [
                "E",
                "Aborted",
                "the test case was started, and the report does not say how it ended"
            ],
            ["F", "NotExecuted", "planned, but not run"],
        ]
    );
    assert!(results.iter().all(|result| result["state"] == "Completed"));
}

#[test]
fn given_rows_of_the_status_mapping_replace_only_those() {
    let results = results_of(&one_of_each_status(), |run| {
        run.input(
            "statusMapping",
            "error = Error\nSKIPPED=none\nINCOMPLETE=Timeout",
        )
    });
    let outcomes: Vec<&str> = results
        .iter()
        .map(|result| result["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        [
            "Passed",
            "Failed",
            "Error",
            "NotExecuted",
            "Timeout",
            "NotExecuted"
        ]
    );
}

#[test]
fn a_word_that_is_no_status_is_incomplete_and_stands_in_the_message() {
    let results = results(&Suite::new("Smoke", &[Case::ended("A", "ABORTED", "")]));
    assert_eq!(results[0]["outcome"], "Aborted");
    let message = results[0]["errorMessage"].as_str().unwrap();
    assert!(message.contains("'ABORTED'"), "{message}");
}

#[test]
fn message_and_stack_trace_stand_apart_and_the_failing_step_is_named() {
    let message = "org.x.StepFailedException: Unable to click\nin line 2\n\tat a.b(c:1)\n\tat d.e(f:2)\nCaused by: g";
    let case = Case::failed("Login", message).step("click(findTestObject('Page/button'))");
    let results = results(&Suite::new("Smoke", &[case]).with_log());
    let message = results[0]["errorMessage"].as_str().unwrap();
    assert!(
        message.starts_with("org.x.StepFailedException: Unable to click\nin line 2"),
        "{message}"
    );
    assert!(
        message.contains("click(findTestObject('Page/button'))"),
        "{message}"
    );
    assert_eq!(
        results[0]["stackTrace"],
        "\tat a.b(c:1)\n\tat d.e(f:2)\nCaused by: g"
    );
}

#[test]
fn the_failing_step_is_named_with_its_place_and_its_picture_in_the_summary() {
    let service = service();
    let reports = Reports::like("failed-in-a-called-test-case");
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_swagger(&service);
    let result = &service.runs()[0]["results"][0];
    let message = result["errorMessage"].as_str().unwrap();
    let (cause, step) = message.split_once('\n').unwrap();
    assert!(cause.contains("Unable to call Test Case"), "{cause}");
    assert_eq!(
        step,
        "Failed step: 3. if (isGuest) > 2. Test Cases/Login/Open page > \
         4. click(findTestObject(\"Page/open\")), line 19, after 2.5 s: Unable to click on object \
         'Page/open' (Root cause: org.openqa.selenium.ElementClickInterceptedException: covered)"
    );
    let summary = finished.summary();
    assert!(
        summary.contains("1754902504002.png (step 3.2.4)"),
        "{summary}"
    );
}

#[test]
fn of_a_test_that_never_ended_the_last_step_is_named() {
    let service = service();
    let reports = Reports::like("killed-in-a-step");
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO001"]);
    finished.says("the log stops at line ");
    assert_eq!(
        service.runs()[0]["results"][1]["errorMessage"],
        "the test case was started, and the report does not say how it ended\n\
         Last step: 2. waitForElementVisible(findTestObject(\"Page/receipt\"), 600), line 11, \
         after 4.2 s"
    );
}

#[test]
fn a_secret_in_the_text_of_a_step_is_masked_before_it_is_cut() {
    let step = format!("setText({}, \"Sommer2026\")", "x".repeat(245));
    let case = Case::failed("Login", "no").step(&step);
    let service = service();
    let reports = Reports::new().with(&Suite::new("Smoke", &[case]).with_log());
    let finished = TaskRun::new(&service, reports.path())
        .var("SECRET_PASSWORD", "Sommer2026")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let result = service.runs()[0]["results"][0].clone();
    let message = result["errorMessage"].as_str().unwrap();
    assert!(message.contains("Failed step: 1. setText(xxx"), "{message}");
    assert!(!message.contains("Somm"), "{message}");
    assert_eq!(message.lines().last().unwrap().matches('…').count(), 1);
}

#[test]
fn control_characters_are_dropped_and_other_letters_stay() {
    let case = Case::failed("Grüße/登录 😀", "ß\u{7f}ü\t1 < 2 && \"x\"");
    let results = results(&Suite::new("Smoke", &[case]));
    assert_eq!(results[0]["automatedTestName"], "Test Cases/Grüße/登录 😀");
    assert_eq!(results[0]["testCaseTitle"], "登录 😀");
    let message = results[0]["errorMessage"].as_str().unwrap();
    assert!(message.ends_with("1 < 2 && \"x\""), "{message}");
    assert!(!message.contains('\u{7f}'));
}

#[test]
fn a_long_message_says_that_it_was_cut_and_is_attached_whole() {
    let service = service();
    let text = format!("{}\nthe end", "wrong ".repeat(10_000));
    let stack = format!("{text}\n\tat a.b(c:1)\n\tat d.e(f:2)");
    let reports = Reports::new().with_suite("Smoke", &[Case::failed("A", &stack)]);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let result = &service.runs()[0]["results"][0];
    let message = result["errorMessage"].as_str().unwrap();
    assert_eq!(message.encode_utf16().count(), 32_000);
    assert!(message.ends_with("(cut; the whole text is attached)"));
    let attachment = &result["attachments"][0];
    assert_eq!(attachment["fileName"], "error-message.txt");
    let content = service.attachment(attachment["id"].as_u64().unwrap());
    let content = String::from_utf8(content).unwrap();
    assert!(
        content.starts_with("wrong wrong") && content.contains("\nthe end\n\tat a.b(c:1)"),
        "{} bytes",
        content.len()
    );
    assert_swagger(&service);
}

#[test]
fn on_a_server_messages_are_cut_where_it_would_cut_them_in_silence() {
    let service = service_with(|settings| settings.hosted = false);
    let reports = Reports::new().with_suite("Smoke", &[Case::failed("A", &"wrong ".repeat(2_000))]);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let result = &service.runs()[0]["results"][0];
    let message = result["errorMessage"].as_str().unwrap();
    assert_eq!(message.encode_utf16().count(), 4_000);
    assert!(message.ends_with("(cut; the whole text is attached)"));
    assert_eq!(result["attachments"].as_array().unwrap().len(), 1);
}

#[test]
fn a_message_of_a_row_that_is_too_long_is_attached_to_its_sub_result() {
    let service = service();
    let reports = Reports::new().with_suite(
        "Smoke",
        &[
            Case::passed("A"),
            Case::failed("A", &"wrong ".repeat(6_000)),
        ],
    );
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let rows = &service.runs()[0]["results"][0]["subResults"];
    assert_eq!(rows[0]["attachments"], serde_json::json!([]));
    assert_eq!(rows[1]["attachments"][0]["fileName"], "error-message.txt");
}

#[test]
fn two_long_names_stay_two() {
    let long = "x".repeat(600);
    let cases = [
        Case::passed(&format!("{long}/{long} one")),
        Case::passed(&format!("{long}/{long} two")),
    ];
    let results = results(&Suite::new("Smoke", &cases));
    for (field, limit) in [("testCaseTitle", 256), ("automatedTestName", 512)] {
        let names: Vec<&str> = results
            .iter()
            .map(|result| result[field].as_str().unwrap())
            .collect();
        assert_ne!(names[0], names[1], "{field}");
        for name in names {
            assert_eq!(name.encode_utf16().count(), limit, "{field}");
            assert_eq!(name.chars().rev().nth(8), Some('…'), "{name}");
        }
    }
}

#[test]
fn results_with_the_same_last_part_are_named_from_where_they_differ() {
    let names = [
        "Shop/Cart/Open",
        "Admin/Cart/Open",
        "Shop/Close",
        "Account/Open",
    ];
    let cases = names.map(Case::passed);
    let results = results(&Suite::new("Smoke", &cases));
    let titles: Vec<&str> = results
        .iter()
        .map(|result| result["testCaseTitle"].as_str().unwrap())
        .collect();
    assert_eq!(
        titles,
        ["Shop/Cart/Open", "Admin/Cart/Open", "Close", "Account/Open"]
    );
}

#[test]
fn results_of_a_killed_suite_are_there_and_say_what_they_are() {
    let cases = [Case::passed("A"), Case::ended("B", "INCOMPLETE", "")];
    let suite = Suite::new("Smoke", &cases).killed().planned(&["C"]);
    let results = results(&suite);
    let outcomes: Vec<&str> = results
        .iter()
        .map(|result| result["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["Passed", "Aborted", "NotExecuted"]);
}

#[test]
fn the_data_of_a_single_row_stands_in_the_comment() {
    let case = Case::passed("A")
        .bound("user", "ann")
        .bound("password", "Sommer2026");
    let service = service();
    let reports = Reports::new().with(&Suite::new("Smoke", &[case]));
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let result = service.runs()[0]["results"][0].clone();
    assert_eq!(result["comment"], "Test data: password = ***, user = ann");
    assert!(
        result["subResults"].as_array().is_none_or(Vec::is_empty),
        "{result}"
    );
    assert_swagger(&service);
}

#[test]
fn a_flaky_test_is_told_in_the_line_of_its_report_and_in_the_last_one() {
    let case = Case::passed("A").after("FAILED", "x", &[]);
    let service = service();
    let reports = Reports::new().with(&Suite::new("Smoke", &[case]).with_log());
    let finished = TaskRun::new(&service, reports.path()).run();
    finished.says("1 result (1 PASSED, 1 of them flaky)");
    finished.says("1 published, 0 left out, 0 missing; 1 passed only after a retry");
}
