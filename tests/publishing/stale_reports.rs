//! Reports that lay there before the build began are left out.

use ado_stand_in::{Fault, Rule, StandIn, TimelineRecord};

use crate::support::{Case, Finished, Reports, Suite, TaskRun, service, service_with};

/// The build began at this time; a job of it later.
const BUILD: &str = "2025-08-11T10:00:00Z";
const JOB: &str = "2025-08-11 10:30:00+00:00";

fn service_of_the_build() -> StandIn {
    service_with(|settings| {
        settings.builds[0].start_time = Some(BUILD.to_owned());
    })
}

/// One passed case that took a second, at that time of that day, as JUnit writes it.
fn report_of(time: &str) -> Suite {
    Suite::new("Smoke", &[Case::passed("A")]).at(time, 0)
}

fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("skipStaleReports", "true")
        .var("SYSTEM_PIPELINESTARTTIME", JOB)
}

/// One report of that time; whether it was published, and how often the build was asked for.
fn published(service: &StandIn, time: &str) -> (bool, usize) {
    let reports = Reports::new().with(&report_of(time));
    let before = service.runs().len();
    task(service, &reports).run();
    (service.runs().len() > before, asked_for_the_build(service))
}

fn asked_for_the_build(service: &StandIn) -> usize {
    let requests = service.requests();
    let asked = requests
        .iter()
        .filter(|request| request.path.to_lowercase().contains("/_apis/build/"));
    asked.count()
}

#[test]
fn a_report_newer_than_the_job_is_fresh_and_the_build_is_not_asked_for() {
    let service = service_of_the_build();
    let time = "2025-08-11T10:31:00.000Z";
    assert_eq!(published(&service, time), (true, 0));
}

#[test]
fn an_older_one_is_compared_with_the_builds_own_start() {
    for (time, is_fresh) in [
        ("2025-08-11T10:05:00.000Z", true),
        ("2025-08-11T09:50:01.000Z", true),
        ("2025-08-11T09:49:57.000Z", false),
        ("2025-08-10T10:15:00.000Z", false),
    ] {
        let service = service_of_the_build();
        assert_eq!(published(&service, time), (is_fresh, 1), "{time}");
    }
}

#[test]
fn the_end_counts_and_not_the_start() {
    let service = service_of_the_build();
    let long = Case::passed("A").took(3_600.0);
    let suite = Suite::new("Smoke", &[long]).at("2025-08-11T09:00:00.000Z", 0);
    let reports = Reports::new().with(&suite);
    assert_eq!(task(&service, &reports).run().code, 0);
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn milliseconds_of_the_log_decide_before_a_timestamp_without_zone() {
    let service = service_of_the_build();
    // A JUnit of a machine in another zone; the log says 09:30 UTC.
    let suite = Suite::new("Smoke", &[Case::passed("A")])
        .at("2025-08-11 11:30:00", 1_754_904_600_000)
        .with_log();
    let reports = Reports::new().with(&suite);
    assert_eq!(task(&service, &reports).run().code, 3);
    assert_eq!(service.runs().len(), 0);
}

#[test]
fn a_time_without_zone_is_stale_only_after_26_hours() {
    for (time, is_fresh) in [
        ("2025-08-10 08:01:00", true),
        ("10-08-2025T08:01:00", true),
        ("2025-08-10 07:59:00", false),
    ] {
        let service = service_of_the_build();
        assert_eq!(published(&service, time), (is_fresh, 1), "{time}");
    }
}

#[test]
fn the_local_clock_is_corrected_by_the_services() {
    let time = "2025-08-11T09:30:00.000Z";
    let in_step = service_of_the_build();
    assert!(!published(&in_step, time).0);
    let ahead = service_of_the_build();
    ahead.configure(|settings| settings.clock_ahead = 3_600);
    assert!(published(&ahead, time).0);
}

#[test]
fn without_the_builds_start_nothing_is_stale() {
    let time = "2025-08-01T00:00:00.000Z";
    let waiting = service_with(|settings| settings.builds[0].start_time = None);
    assert_eq!(published(&waiting, time), (true, 1));
    let hidden = service_of_the_build();
    hidden.configure(|settings| settings.denied = vec!["View builds".to_owned()]);
    let reports = Reports::new().with(&report_of(time));
    let finished = task(&hidden, &reports).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO019"]);
    assert_eq!(hidden.runs().len(), 1);
}

#[test]
fn the_start_of_the_job_is_asked_for_only_once_however_many_are_older() {
    let service = service_of_the_build();
    let reports = Reports::new();
    for number in 0..5 {
        let suite = Suite::new(&format!("S{number}"), &[Case::passed("A")]);
        reports.add(&suite.at("2025-08-11T10:05:00.000Z", 0));
    }
    assert_eq!(task(&service, &reports).run().code, 0);
    assert_eq!(asked_for_the_build(&service), 1);
    assert_eq!(service.runs().len(), 5);
}

#[test]
fn stale_reports_can_be_asked_for() {
    let service = service_of_the_build();
    let reports = Reports::new().with(&report_of("2025-08-01T00:00:00.000Z"));
    let finished = task(&service, &reports)
        .input("skipStaleReports", "false")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(asked_for_the_build(&service), 0);
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn with_a_build_that_is_named_nothing_is_stale() {
    for (name, value) in [("buildId", "71"), ("buildNumber", "20261125.71")] {
        let service = service_of_the_build();
        let reports = Reports::new().with(&report_of("2025-08-01T00:00:00.000Z"));
        let finished = task(&service, &reports).input(name, value).run();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        assert_eq!(service.runs().len(), 1, "{name}");
    }
}

#[test]
fn reruns_are_as_old_as_the_last_of_them() {
    let service = service_of_the_build();
    let cases = [Case::passed("A"), Case::failed("B", "x")];
    let suite = |cases: &[Case], time: &str, folder: &str| {
        let folder = format!("Reports/20250811_093000/Smoke/{folder}");
        Suite::new("Smoke", cases).at(time, 0).in_folder(&folder)
    };
    let reports = Reports::new()
        .with(&suite(
            &cases,
            "2025-08-11T09:30:00.000Z",
            "20250811_093000",
        ))
        .with(&suite(
            &[Case::passed("B")],
            "2025-08-11T10:05:00.000Z",
            "20250811_100500",
        ));
    let finished = task(&service, &reports).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let runs = service.runs();
    assert_eq!(runs.len(), 1, "{}", finished.stdout);
    assert_eq!(runs[0]["totalTests"], 2);
    assert_eq!(finished.output("flakyTests"), "1");
}

fn one_fresh_two_stale(service: &StandIn, debug: &str) -> Finished {
    let reports = Reports::new();
    for (name, day) in [("Fresh", 11), ("Old", 9), ("Older", 8)] {
        let cases = [Case::failed(name, "x"), Case::passed("B")];
        let time = format!("2025-08-{day:02}T10:15:00.000Z");
        reports.add(&Suite::new(name, &cases).at(&time, 0));
    }
    task(service, &reports).var("SYSTEM_DEBUG", debug).run()
}

#[test]
fn stale_reports_are_counted_in_one_line_and_named_under_debug() {
    let service = service_of_the_build();
    let finished = one_fresh_two_stale(&service, "");
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(
        finished
            .stdout
            .matches("2 reports left out: older than the build")
            .count(),
        1
    );
    finished.lacks("stale: ");
    finished.says("6 results read: 2 published, 4 left out, 0 missing");
    assert_eq!(finished.output("failedTests"), "1");
    assert_eq!(finished.issues("warning"), Vec::<String>::new());
    let service = service_of_the_build();
    let finished = one_fresh_two_stale(&service, "true");
    finished.says("##[debug]stale: Reports/20250811_101500/Older/20250811_101502");
    finished.says("##[debug]stale: Reports/20250811_101500/Old/20250811_101502");
}

/// A report folder that cannot be read, last changed at that time.
fn add_unreadable(reports: &Reports, changed: &str) {
    let folder = reports.path().join("Reports/broken");
    std::fs::create_dir_all(&folder).unwrap();
    let file = std::fs::File::create(folder.join("JUnit_Report.xml")).unwrap();
    std::io::Write::write_all(&mut &file, b"<testsuites><test").unwrap();
    let changed: jiff::Timestamp = changed.parse().unwrap();
    let seconds = changed.as_second().unsigned_abs();
    let changed = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    file.set_modified(changed).unwrap();
}

#[test]
fn a_report_that_cannot_be_read_is_as_old_as_its_newest_file() {
    for (changed, code) in [
        ("2025-08-01T00:00:00Z", 0),
        ("2025-08-11T10:05:00Z", 3),
        ("2025-08-11T10:45:00Z", 3),
    ] {
        let service = service_of_the_build();
        let reports = Reports::new().with(&report_of("2025-08-11T10:31:00.000Z"));
        add_unreadable(&reports, changed);
        let finished = task(&service, &reports).run();
        assert_eq!(finished.code, code, "{changed}\n{}", finished.stdout);
        assert_eq!(service.runs().len(), 1);
    }
}

#[test]
fn an_old_report_that_cannot_be_read_is_told_as_stale_alone() {
    let service = service_of_the_build();
    let reports = Reports::new();
    add_unreadable(&reports, "2025-08-01T00:00:00Z");
    let finished = task(&service, &reports).run();
    assert_eq!(finished.code, 3);
    assert_eq!(finished.issues("error"), ["KADO303"]);
}

#[test]
fn what_was_downloaded_and_cannot_be_read_is_not_stale() {
    let service = service_of_the_build();
    let reports = Reports::new();
    add_unreadable(&reports, "2025-08-01T00:00:00Z");
    let finished = task_of_now(&service, &reports, "").run();
    assert_eq!(finished.code, 3);
    assert_eq!(finished.issues("error")[0], "KADO302");
}

#[test]
fn a_stale_report_does_not_make_the_names_of_fresh_ones_longer() {
    let service = service_of_the_build();
    let reports = Reports::new()
        .with(&report_of("2025-08-11T10:15:00.000Z").in_folder("Reports/fresh"))
        .with(&report_of("2025-08-09T10:15:00.000Z").in_folder("Reports/old"));
    assert_eq!(task(&service, &reports).run().code, 0);
    let runs = service.runs();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["name"], "Smoke");
}

#[test]
fn if_all_are_stale_none_was_found_and_the_input_is_named() {
    let service = service_of_the_build();
    let reports = Reports::new().with(&report_of("2025-08-01T00:00:00.000Z"));
    let finished = task(&service, &reports).run();
    assert_eq!(finished.code, 3);
    assert_eq!(finished.issues("error"), ["KADO303"]);
    finished.says("set 'skipStaleReports' to false");
    finished.says("1 result read: 0 published, 1 left out, 0 missing");
    assert_eq!(finished.output("totalTests"), "0");
    let finished = task(&service, &reports)
        .input("failTaskOnMissingReports", "false")
        .input("failTaskOnFailedTests", "true")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO303"]);
}

/// A job that began an hour ago: what this test writes came to this disk since.
fn task_of_now(service: &StandIn, reports: &Reports, began: &str) -> TaskRun {
    let workspace = reports.path().display().to_string();
    let job = service.now();
    let hour_ago = job.parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_hours(1);
    let began = if began.is_empty() {
        hour_ago.to_string()
    } else {
        began.to_owned()
    };
    task(service, reports)
        .var("PIPELINE_WORKSPACE", &workspace)
        .var("BUILD_SOURCESDIRECTORY", &format!("{workspace}/s"))
        .var("SYSTEM_PIPELINESTARTTIME", &began)
}

#[test]
fn what_was_downloaded_since_the_job_began_is_never_stale() {
    let old = "2025-08-01T00:00:00.000Z";
    let service = service_of_the_build();
    let reports = Reports::new().with(&report_of(old).in_folder("drop/Smoke/20250801_000000"));
    let finished = task_of_now(&service, &reports, "").run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1);
    assert_eq!(asked_for_the_build(&service), 0);
}

#[test]
fn what_an_earlier_build_downloaded_is_stale() {
    let old = "2025-08-01T00:00:00.000Z";
    let service = service_of_the_build();
    let reports = Reports::new().with(&report_of(old).in_folder("drop/Smoke/20250801_000000"));
    let finished = task_of_now(&service, &reports, "2250-01-01 00:00:00+00:00").run();
    assert_eq!(finished.code, 3, "{}", finished.stdout);
}

#[test]
fn what_was_checked_out_is_stale_though_it_came_to_this_disk_just_now() {
    let old = "2025-08-01T00:00:00.000Z";
    let service = service_of_the_build();
    let reports = Reports::new().with(&report_of(old).in_folder("s/Smoke/20250801_000000"));
    let finished = task_of_now(&service, &reports, "").run();
    assert_eq!(finished.code, 3, "{}", finished.stdout);
    assert_eq!(finished.issues("error"), ["KADO303"]);
}

#[test]
fn artifacts_of_a_release_are_downloaded_on_purpose() {
    let old = "2025-08-01T00:00:00.000Z";
    for (artifacts, code) in [("drop", 0), ("elsewhere", 3)] {
        let service = service_of_the_build();
        let reports = Reports::new().with(&report_of(old).in_folder("drop/Smoke/20250801_000000"));
        let artifacts = reports.path().join(artifacts).display().to_string();
        let finished = task_of_now(&service, &reports, "")
            .var("PIPELINE_WORKSPACE", "")
            .var("SYSTEM_ARTIFACTSDIRECTORY", &artifacts)
            .var(
                "RELEASE_RELEASEURI",
                "vstfs:///ReleaseManagement/Release/12",
            )
            .var(
                "RELEASE_ENVIRONMENTURI",
                "vstfs:///ReleaseManagement/Environment/34",
            )
            .var("RELEASE_ENVIRONMENTID", "34")
            .var("BUILD_TYPE", "Build")
            .var("BUILD_PROJECTID", "Shop")
            .run();
        assert_eq!(finished.code, code, "{}", finished.stdout);
    }
}

#[test]
fn without_a_build_nothing_is_stale() {
    let service = service();
    let reports = Reports::new().with(&report_of("2025-08-01T00:00:00.000Z"));
    let finished = task(&service, &reports).var("BUILD_BUILDID", "").run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1);
    assert_eq!(asked_for_the_build(&service), 0);
}

#[test]
fn trouble_with_the_builds_start_alone_makes_nothing_stale() {
    let service = service_of_the_build();
    service.script(Rule::always("GET", "/_apis/build/", Fault::ResetBefore));
    let reports = Reports::new().with(&report_of("2025-08-01T00:00:00.000Z"));
    let finished = task(&service, &reports)
        .input("retryFor", "0")
        .run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs().len(), 1);
}

/// A report in the sources, between the start of the build and that of the job, and a timeline in
/// which a job on this agent was under way from 10:06 to 10:12.
fn between(timeline: bool, ended: &str, worker: &str) -> (bool, Vec<String>) {
    let service = service_with(|settings| {
        settings.builds[0].start_time = Some(BUILD.to_owned());
        if timeline {
            settings.builds[0].timeline.push(TimelineRecord {
                kind: "Job".to_owned(),
                name: "Katalon".to_owned(),
                worker_name: Some(worker.to_owned()),
                start_time: Some("2025-08-11T10:06:00Z".to_owned()),
                finish_time: Some("2025-08-11T10:07:00Z".to_owned()),
            });
        }
    });
    let reports = Reports::new().with(&report_of(ended));
    let sources = reports.path().display().to_string();
    let finished = task(&service, &reports)
        .var("BUILD_SOURCESDIRECTORY", &sources)
        .run();
    (!service.runs().is_empty(), finished.issues("warning"))
}

#[test]
fn what_another_build_left_on_the_agent_meanwhile_is_stale() {
    let none = Vec::<String>::new();
    let ended = "2025-08-11T10:06:30.000Z";
    assert_eq!(between(true, ended, "Agent 1"), (true, none.clone()));
    assert_eq!(between(true, ended, "Agent 2"), (false, none.clone()));
    let later = "2025-08-11T10:25:00.000Z";
    assert_eq!(between(true, later, "Agent 1"), (false, none));
    assert_eq!(
        between(false, ended, "Agent 1"),
        (true, vec!["KADO019".to_owned()])
    );
}
