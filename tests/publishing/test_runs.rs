//! What the server holds of a run: name, links, times; and how many results go in one request.

use serde_json::{Value, json};

use crate::support::{Case, Reports, Suite, TaskRun, assert_swagger, service, service_with};

fn names_of(reports: &Reports, title: &str) -> Vec<String> {
    let service = service();
    let finished = TaskRun::new(&service, reports.path())
        .input("testRunTitle", title)
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_swagger(&service);
    let runs = service.runs();
    let names = runs.iter().map(|run| run["name"].as_str().unwrap());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}

fn passed() -> [Case; 1] {
    [Case::passed("A")]
}

/// The only run after one start of the task, changed by `configure`.
fn run_of(suite: &Suite, configure: impl FnOnce(TaskRun) -> TaskRun) -> Value {
    let service = service();
    let reports = Reports::new().with(suite);
    let finished = configure(TaskRun::new(&service, reports.path())).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_swagger(&service);
    service.runs().remove(0)
}

#[test]
fn a_title_is_made_of_what_the_report_says() {
    let suite = Suite::new("Web/Smoke", &passed()).profile("staging");
    let title = "{suite}|{suitePath}|{profile}|{browser}|{os}|{build}|{date}";
    assert_eq!(
        names_of(&Reports::new().with(&suite), title),
        ["Smoke|Test Suites/Web/Smoke|staging|Chrome|Windows 11 64bit|20260901.3|2025-08-11 10:15"]
    );
}

#[test]
fn a_collection_gives_its_name_to_the_titles_of_its_suites() {
    let service = service();
    let reports = Reports::like("two-suites-of-a-collection");
    let finished = TaskRun::new(&service, reports.path())
        .input("testRunTitle", "{collection}: {suite}")
        // No summary is left behind in the fixture.
        .var("AGENT_TEMPDIRECTORY", "")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let runs = service.runs();
    assert_eq!(runs.len(), 3);
    for run in runs {
        let name = run["name"].as_str().unwrap();
        let (collection, suite) = name.split_once(": ").unwrap();
        assert!(!collection.is_empty() && !suite.is_empty(), "{name}");
    }
}

#[test]
fn braces_in_a_suites_name_mean_nothing() {
    let suite = Suite::new("{os} {x}", &passed()).in_folder("Reports/a");
    let names = names_of(&Reports::new().with(&suite), "{suite} on {os}");
    assert_eq!(names, ["{os} {x} on Windows 11 64bit"]);
}

#[test]
fn equal_titles_get_what_tells_their_runs_apart() {
    let suite = |folder: &str| Suite::new("Smoke", &passed()).in_folder(folder);
    let reports = Reports::new()
        .with(&suite("Reports/a").browser("Chrome 139.0.1"))
        .with(&suite("Reports/b").browser("Firefox 140.0"))
        .with(&suite("Reports/c").browser("Edge 139").profile("staging"))
        .with(
            &suite("Reports/d")
                .browser("Edge 139")
                .profile("production")
                .at("2025-08-11T11:00:00.000Z", 0),
        );
    assert_eq!(
        names_of(&reports, "{suite}"),
        [
            "Smoke (Chrome 139.0.1)",
            "Smoke (Edge 139) (production)",
            "Smoke (Edge 139) (staging)",
            "Smoke (Firefox 140.0)",
        ]
    );
    let reports = Reports::new()
        .with(&suite("Reports/a"))
        .with(&suite("Reports/b").at("2025-08-11T11:00:00.000Z", 0));
    assert_eq!(
        names_of(&reports, "{suite}"),
        ["Smoke (2025-08-11 10:15:02)", "Smoke (2025-08-11 11:00:00)"]
    );
}

#[test]
fn a_long_title_is_cut_and_stays_two() {
    let suite = |end: &str| {
        let name = format!("{}{end}", "x".repeat(300));
        Suite::new(&name, &passed()).in_folder(&format!("Reports/{end}"))
    };
    let reports = Reports::new().with(&suite("1")).with(&suite("2"));
    let names = names_of(&reports, "{suite}");
    assert_ne!(names[0], names[1]);
    assert!(names.iter().all(|name| name.chars().count() == 256));
}

#[test]
fn platform_is_the_reports_os_and_configuration_empty_unless_given() {
    let suite = Suite::new("Smoke", &passed());
    let run = run_of(&suite, |run| run);
    assert_eq!(run["buildConfiguration"]["platform"], "Windows 11 64bit");
    assert_eq!(run["buildConfiguration"].get("flavor"), None);
    let run = run_of(&suite, |run| {
        run.input("buildPlatform", "x64")
            .input("buildConfiguration", "Release")
    });
    assert_eq!(run["buildConfiguration"]["platform"], "x64");
    assert_eq!(run["buildConfiguration"]["flavor"], "Release");
}

#[test]
fn times_come_from_the_milliseconds_of_the_log() {
    let cases = [Case::passed("A").took(1.25), Case::passed("B").took(0.5)];
    // A JUnit of a machine two hours east; the log's milliseconds need no zone.
    let suite = Suite::new("Smoke", &cases)
        .at("2025-08-11 12:15:02", 1_754_907_302_125)
        .with_log();
    let run = run_of(&suite, |run| run);
    assert_eq!(run["startedDate"], "2025-08-11T10:15:02.125Z");
    assert_eq!(run["completedDate"], "2025-08-11T10:15:03.875Z");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results[0]["startedDate"], "2025-08-11T10:15:02.125Z");
    assert_eq!(results[0]["completedDate"], "2025-08-11T10:15:03.375Z");
    assert_eq!(results[0]["durationInMs"], 1250);
    assert_eq!(results[1]["startedDate"], "2025-08-11T10:15:03.375Z");
}

#[test]
fn a_time_without_zone_is_that_of_the_machine_however_it_names_its_zone() {
    for (zone, started) in [
        ("UTC", "2025-08-11T12:15:02Z"),
        ("<+0530>-5:30", "2025-08-11T06:45:02Z"),
        // As containers have it; Katalon brings its own list of zones.
        ("Europe/Berlin", "2025-08-11T10:15:02Z"),
    ] {
        let is_known = !zone.contains('/')
            || cfg!(windows)
            || std::path::Path::new("/usr/share/zoneinfo")
                .join(zone)
                .exists();
        if !is_known {
            eprintln!("skipped: this machine has no list of time zones");
            continue;
        }
        let suite = Suite::new("Smoke", &passed()).at("2025-08-11 12:15:02", 0);
        let run = run_of(&suite, |run| run.var("TZ", zone));
        assert_eq!(run["startedDate"], started, "{zone}");
    }
}

#[test]
fn a_report_from_the_future_began_at_the_latest_now() {
    let suite = Suite::new("Smoke", &passed()).at("2290-01-01T00:00:00.000Z", 0);
    let run = run_of(&suite, |run| run);
    let started = run["startedDate"].as_str().unwrap();
    assert!(!started.starts_with("2290"), "{started}");
}

#[test]
fn the_computer_is_the_machine_without_its_user() {
    let suite = Suite::new("Smoke", &passed()).host("ann - of sales - build-7");
    let run = run_of(&suite, |run| run);
    assert_eq!(run["results"][0]["computerName"], "build-7");
    let suite = Suite::new("Smoke", &passed()).host("");
    let run = run_of(&suite, |run| run);
    assert_eq!(run["results"][0].get("computerName"), None);
}

#[test]
fn a_run_is_linked_to_stage_phase_and_job_with_their_attempts() {
    let run = run_of(&Suite::new("Smoke", &passed()), |run| {
        run.var("SYSTEM_STAGEATTEMPT", "2")
            .var("SYSTEM_PHASEATTEMPT", "3")
            .var("SYSTEM_JOBATTEMPT", "4")
    });
    assert_eq!(
        run["pipelineReference"],
        json!({
            "pipelineId": 71,
            "stageReference": {"stageName": "Test", "attempt": 2},
            "phaseReference": {"phaseName": "Katalon", "attempt": 3},
            "jobReference": {"jobName": "__default", "attempt": 4},
        })
    );
}

#[test]
fn parts_of_the_pipeline_without_a_name_are_left_out() {
    let run = run_of(&Suite::new("Smoke", &passed()), |run| {
        run.var("SYSTEM_STAGENAME", "").var("SYSTEM_JOBNAME", "")
    });
    let reference = &run["pipelineReference"];
    assert_eq!(reference.get("stageReference"), None);
    assert_eq!(reference.get("jobReference"), None);
    assert_eq!(reference["phaseReference"]["phaseName"], "Katalon");
    let run = run_of(&Suite::new("Smoke", &passed()), |run| {
        run.var("SYSTEM_STAGENAME", "")
            .var("SYSTEM_PHASENAME", "")
            .var("SYSTEM_JOBNAME", "")
    });
    assert_eq!(run.get("pipelineReference"), None);
}

#[test]
fn a_pull_request_names_the_branch_it_wants_to_go_to() {
    let service = service();
    let reports = Reports::new().with(&Suite::new("Smoke", &passed()));
    let finished = TaskRun::new(&service, reports.path())
        .var("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let requests = service.requests();
    let created = requests
        .iter()
        .find(|request| request.method == "POST")
        .unwrap();
    assert_eq!(
        created.json()["buildReference"]["targetBranchName"],
        "refs/heads/main"
    );
    assert_swagger(&service);
}

/// The variables of a job of a classic release.
fn in_a_release(run: TaskRun) -> TaskRun {
    run.var("SYSTEM_HOSTTYPE", "release")
        .var(
            "RELEASE_RELEASEURI",
            "vstfs:///ReleaseManagement/Release/12",
        )
        .var(
            "RELEASE_ENVIRONMENTURI",
            "vstfs:///ReleaseManagement/Environment/34",
        )
        .var("RELEASE_ENVIRONMENTID", "34")
}

#[test]
fn in_a_classic_release_a_run_is_linked_to_it_and_to_the_build_it_deploys() {
    let run = run_of(&Suite::new("Smoke", &passed()), |run| {
        in_a_release(run)
            .var("BUILD_TYPE", "Build")
            .var("BUILD_PROJECTID", "5b0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10")
    });
    assert_eq!(run["build"]["id"], "71");
    assert_eq!(run["releaseUri"], "vstfs:///ReleaseManagement/Release/12");
    assert_eq!(
        run["releaseEnvironmentUri"],
        "vstfs:///ReleaseManagement/Environment/34"
    );
    assert_eq!(run.get("pipelineReference"), None);
}

#[test]
fn a_release_of_something_that_is_no_build_has_none() {
    let run = run_of(&Suite::new("Smoke", &passed()), |run| {
        in_a_release(run).var("BUILD_TYPE", "GitHub")
    });
    assert_eq!(run.get("build"), None);
    assert_eq!(run["releaseUri"], "vstfs:///ReleaseManagement/Release/12");
}

#[test]
fn a_report_is_published_to_the_release_beside_the_build() {
    let service = service();
    let reports = Reports::new().with(&Suite::new("Smoke", &passed()));
    let build = TaskRun::new(&service, reports.path());
    assert_eq!(build.run().code, 0);
    let release = in_a_release(TaskRun::new(&service, reports.path()))
        .var("BUILD_TYPE", "Build")
        .var("BUILD_PROJECTID", "Shop");
    assert_eq!(release.run().code, 0);
    assert_eq!(service.runs().len(), 2);
    assert_eq!(release.run().code, 0);
    assert_eq!(service.runs().len(), 2);
}

#[test]
fn the_comment_of_a_run_says_where_it_comes_from_and_is_short_enough() {
    let suite = Suite::new("Smoke", &passed())
        .browser(&"B".repeat(700))
        .profile("staging");
    let run = run_of(&suite, |run| run);
    let comment = run["comment"].as_str().unwrap();
    assert!(comment.starts_with("Katalon Studio 10.3.1.0, profile staging, BBB"));
    assert!(comment.encode_utf16().count() <= 500, "{comment}");
    assert!(comment.contains(" katalon-ado:"), "{comment}");
}

/// Results of each request that adds some, sub-results counted, and its length.
fn batches(service: &ado_stand_in::StandIn) -> Vec<(usize, usize)> {
    fn weight(item: &Value) -> usize {
        let below = item["subResults"].as_array();
        1 + below.map_or(0, |below| below.iter().map(weight).sum())
    }
    let requests = service.requests();
    let adding = requests.iter().filter(|request| {
        request.method == "POST" && request.path.to_lowercase().ends_with("/results")
    });
    adding
        .map(|request| {
            let results = request.json();
            let weight = results.as_array().unwrap().iter().map(weight).sum();
            (weight, request.body_length)
        })
        .collect()
}

fn many(count: usize, message: &str) -> Vec<Case> {
    (0..count)
        .map(|number| Case::failed(&format!("Many/Case {number}"), message))
        .collect()
}

#[test]
fn more_than_1000_results_go_in_several_requests() {
    let service = service_with(|settings| settings.page_size = 1_000);
    let reports = Reports::new().with_suite("Many", &many(2_300, "x"));
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let sent: Vec<usize> = batches(&service)
        .iter()
        .map(|(weight, _)| *weight)
        .collect();
    assert_eq!(sent, [1_000, 1_000, 300]);
    let run = &service.runs()[0];
    assert_eq!(run["totalTests"], 2_300);
    for (number, result) in run["results"].as_array().unwrap().iter().enumerate() {
        let name = format!("Test Cases/Many/Case {number}");
        assert_eq!(result["automatedTestName"], name);
    }
    assert_swagger(&service);
}

#[test]
fn no_request_holds_more_than_8_megabytes() {
    let service = service_with(|settings| settings.page_size = 1_000);
    let reports = Reports::new().with_suite("Many", &many(700, &"é".repeat(12_000)));
    let finished = TaskRun::new(&service, reports.path())
        .input("attachments", "none")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let sent = batches(&service);
    assert!(sent.len() > 2, "{sent:?}");
    assert!(sent.iter().all(|(_, bytes)| *bytes <= 8_000_000));
    assert_eq!(service.runs()[0]["totalTests"], 700);
}

#[test]
fn rows_with_attempts_count_both_levels_towards_950() {
    let service = service_with(|settings| settings.page_size = 1_000);
    // A row and its two attempts are three.
    let retried = Case::passed("Rows").after("FAILED", "once", &[]);
    let mut cases = vec![retried; 400];
    cases[399] = Case::failed("Rows", "twice").after("FAILED", "once", &[]);
    let reports = Reports::new().with(&Suite::new("Rows", &cases).with_log());
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let runs = service.runs();
    let results = runs[0]["results"].as_array().unwrap();
    let told: Vec<(&str, &str, usize, usize)> = results
        .iter()
        .map(|result| {
            let rows = result["subResults"].as_array().unwrap();
            let attempts = rows
                .iter()
                .map(|row| row["subResults"].as_array().unwrap().len());
            (
                result["testCaseTitle"].as_str().unwrap(),
                result["outcome"].as_str().unwrap(),
                rows.len(),
                attempts.sum(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Rows (rows 1–316)", "Passed", 316, 632),
            ("Rows (rows 317–400)", "Failed", 84, 168),
        ]
    );
    assert_eq!(finished.output("totalTests"), "1");
    assert_eq!(finished.output("failedTests"), "1");
    assert!(batches(&service).iter().all(|(weight, _)| *weight <= 1_000));
}

#[test]
fn more_than_950_rows_make_several_results() {
    let service = service_with(|settings| settings.page_size = 1_000);
    let mut cases = vec![Case::passed("Rows"); 2_000];
    cases[1_999] = Case::failed("Rows", "the last row");
    let reports = Reports::new().with_suite("Rows", &cases);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let runs = service.runs();
    let results = runs[0]["results"].as_array().unwrap();
    let told: Vec<(&str, usize, &str)> = results
        .iter()
        .map(|result| {
            let title = result["testCaseTitle"].as_str().unwrap();
            let rows = result["subResults"].as_array().unwrap().len();
            (title, rows, result["outcome"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Rows (rows 1–950)", 950, "Passed"),
            ("Rows (rows 951–1900)", 950, "Passed"),
            ("Rows (rows 1901–2000)", 100, "Failed"),
        ]
    );
    assert_eq!(results[2]["subResults"][99]["displayName"], "Row 2000");
    // One test of Katalon's is one test, however many results it made.
    assert_eq!(finished.output("totalTests"), "1");
    assert_eq!(finished.output("publishedResults"), "3");
    finished.says("1 result read: 1 published, 0 left out, 0 missing");
    assert!(batches(&service).iter().all(|(weight, _)| *weight <= 1_000));
}
