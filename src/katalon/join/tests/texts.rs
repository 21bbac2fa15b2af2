//! Texts, times and the files that belong to a report.

use super::super::super::{AttemptFile, Status, TimeSource};
use super::{LOGIN, PAY, messages, millis, pictures, read, report, statuses};

#[test]
fn years_of_the_buddhist_calendar_beside_a_log_are_of_the_same_run() {
    let read = read("buddhist-year-and-a-log");
    assert_eq!(messages(&read), [""; 0]);
    let began: Vec<Option<i64>> = read.reports.iter().map(millis).collect();
    assert_eq!(began, [Some(1_522_498_820_000), Some(1_522_585_220_000)]);
    let failure = read.reports[0].results[0].rows[0].attempts[0]
        .failure
        .as_ref();
    assert_eq!(failure.unwrap().message, "no button");
    assert!(read.reports.iter().all(|report| report.ended.is_some()));
}

#[test]
fn the_log_with_the_higher_number_is_the_older_half() {
    let report = report("log-in-two-files");
    assert_eq!(
        statuses(&report),
        [(LOGIN, Status::Passed), (PAY, Status::Passed)]
    );
    assert!(report.finished);
}

#[test]
fn old_logs_are_escaped_for_java_also_in_paths() {
    let report = report("text-escaped-for-java-up-to-6");
    assert_eq!(report.suite.as_str(), "Test Suites/Kiểm thử");
    let result = &report.results[0];
    assert_eq!(result.test_case.as_str(), "Test Cases/Kiểm thử/Đăng nhập");
    let failure = result.rows[0].attempts[0].failure.as_ref().unwrap();
    assert!(failure.message.ends_with("Unable to open \"C:\\new\""));
    assert_eq!(failure.stack_trace, "\tat Script.run(Script.groovy:7)");
    assert_eq!(pictures(result), [["1754902500120.png"]]);
}

#[test]
fn timestamps_of_all_versions_are_read_and_a_buddhist_year_is_unknown() {
    let read = read("four-timestamp-formats");
    let sources: Vec<(&str, Option<TimeSource>)> = read
        .reports
        .iter()
        .map(|report| {
            let source = report.started.map(|(_, source)| source);
            (report.display_folder.as_str(), source)
        })
        .collect();
    assert_eq!(
        sources,
        [
            ("9.1-day-first", Some(TimeSource::LocalWithoutZone)),
            ("buddhist-year", None),
            ("since-10.2.3-utc", Some(TimeSource::Exact)),
            ("up-to-9.0", Some(TimeSource::LocalWithoutZone)),
        ]
    );
    assert_eq!(millis(&read.reports[2]), Some(1_752_151_000_911));
    assert_eq!(
        read.reports[1].junit_timestamp.as_deref(),
        Some("2561-03-31 20:20:20")
    );
}

#[test]
fn output_without_zone_is_read_in_the_zone_that_the_suites_start_gives() {
    let report = report("utc-timestamp-and-local-output");
    let started: Vec<Option<String>> = report
        .results
        .iter()
        .map(|result| result.started().map(|moment| moment.to_string()))
        .collect();
    let known = |text: &str| Some(text.to_owned());
    assert_eq!(
        started,
        [
            known("2025-07-10T12:36:42Z"),
            known("2025-07-10T12:36:45Z"),
            None
        ]
    );
}

#[test]
fn pictures_of_the_log_are_found_by_name_wherever_they_were_recorded() {
    let read = read("screenshot-by-log");
    assert_eq!(
        pictures(&read.reports[0].results[0]),
        [["1754902500120.png", "keyes-Log in.png"]]
    );
    assert_eq!(
        messages(&read),
        ["report '.': did not find 1 recorded screenshot: '1754902509999.png'"]
    );
}

#[test]
fn without_a_log_pictures_come_from_junits_output() {
    let report = report("screenshot-by-junit");
    assert_eq!(
        pictures(&report.results[0]),
        [["1754902500120.png", "keyes-Log in.png"]]
    );
    assert_eq!(pictures(&report.results[1]), [[""; 0]]);
}

#[test]
fn paths_that_lead_out_of_the_folder_are_refused() {
    let read = read("screenshot-outside-the-folder");
    assert_eq!(pictures(&read.reports[0].results[0]), [[""; 0]]);
    assert_eq!(
        messages(&read),
        [
            "report 'report': did not find 1 recorded screenshot: '/home/ann/shots/gone.png'",
            "report 'report': left out 2 recorded files that would lead out of the report \
             folder: '../secret.png', 'keyes/../../secret.png'",
        ]
    );
}

#[test]
fn videos_and_requests_belong_to_the_attempt_that_the_log_names() {
    let read = read("videos-and-requests");
    assert_eq!(
        messages(&read),
        [
            "report 'Reports/20250811_105459/Smoke/20250811_105500': left out 1 recorded file that \
             would lead out of the report folder: '/etc/../../secret.har'"
        ]
    );
    let names = |files: &[AttemptFile]| -> Vec<String> {
        files.iter().map(|file| file.name.clone()).collect()
    };
    let results = &read.reports[0].results;
    let attempt = &results[0].rows[0].attempts[0];
    assert_eq!(names(&attempt.videos), ["Valid user_1_0.avi"]);
    // The other one is gone, which is nothing to complain about.
    assert_eq!(names(&attempt.requests), ["GET---List-users_0.har"]);
    let other = &results[1].rows[0].attempts[0];
    assert!(other.videos.is_empty() && other.requests.is_empty());
}

#[test]
fn the_html_above_and_the_pdf_beside_belong_to_the_report() {
    let report = report("html-above-and-pdf-beside");
    let names: Vec<&str> = report.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "JUnit_Report.xml",
            "execution0.log",
            "Smoke.html",
            "20250811_105510 JUnit_Report.xml",
            "20250811_105510 execution0.log",
            "20250811_105510 20250811_105510.pdf",
        ]
    );
}

#[test]
fn text_is_read_in_the_encoding_that_it_has() {
    let read = read("other-encodings");
    assert_eq!(read.reports.len(), 3);
    for report in &read.reports {
        assert_eq!(report.suite.as_str(), "Test Suites/Größe");
        assert_eq!(
            statuses(report),
            [("Test Cases/Über uns/Größe", Status::Passed)]
        );
    }
}
