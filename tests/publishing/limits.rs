//! The limits of the service: what is too long, impossible or no text is changed before it is sent,
//! so that nothing is refused for it.

use serde_json::Value;

use crate::support::holdings::asked;
use crate::support::{Case, Reports, Suite, TaskRun, assert_swagger, service, service_with};

/// The only run after one start of the task, changed by `configure`.
fn run_of(suite: &Suite, configure: impl FnOnce(TaskRun) -> TaskRun) -> Value {
    let reports = Reports::new().with(suite);
    run_in(&reports, configure)
}

fn run_in(reports: &Reports, configure: impl FnOnce(TaskRun) -> TaskRun) -> Value {
    let service = service();
    let finished = configure(TaskRun::new(&service, reports.path())).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_swagger(&service);
    let mut runs = service.runs();
    assert_eq!(runs.len(), 1);
    runs.remove(0)
}

fn result_of(case: Case) -> Value {
    run_of(&Suite::new("Smoke", &[case]).with_log(), |run| run)["results"][0].clone()
}

/// The first result as it was sent: what the service makes of what is left out is its own.
fn sent_result(reports: &Reports) -> Value {
    let service = service();
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_swagger(&service);
    asked(&service, "POST", "/results")[0].json()[0].clone()
}

/// Fails unless the text was cut to the limit and keeps what tells it apart.
#[track_caller]
fn is_cut_name(text: &Value, limit: usize) {
    let text = text.as_str().unwrap();
    assert_eq!(text.encode_utf16().count(), limit, "{text}");
    let (_, hash) = text.rsplit_once('…').unwrap();
    assert_eq!(hash.len(), 8, "{text}");
    assert!(hash.chars().all(|c| c.is_ascii_hexdigit()), "{text}");
}

#[test]
fn long_names_of_the_machine_and_the_suite_are_cut_with_a_hash() {
    // Of two units each, so that the count is the service's.
    let long = "😀".repeat(300);
    let suite = Suite::new(&long, &[Case::passed("A")])
        .in_folder("Reports/a")
        .host(&format!("ann - {long}"));
    let run = run_of(&suite, |run| run);
    is_cut_name(&run["results"][0]["computerName"], 255);
    is_cut_name(&run["results"][0]["automatedTestStorage"], 255);
    is_cut_name(&run["name"], 255);
}

#[test]
fn long_names_of_stage_phase_and_job_are_cut_with_a_hash() {
    let long = "x".repeat(400);
    let run = run_of(&Suite::new("Smoke", &[Case::passed("A")]), |run| {
        run.var("SYSTEM_STAGENAME", &long)
            .var("SYSTEM_PHASENAME", &long)
            .var("SYSTEM_JOBNAME", &long)
            .input("buildPlatform", &long)
            .input("buildConfiguration", &long)
    });
    let reference = &run["pipelineReference"];
    is_cut_name(&reference["stageReference"]["stageName"], 256);
    is_cut_name(&reference["phaseReference"]["phaseName"], 256);
    is_cut_name(&reference["jobReference"]["jobName"], 256);
    is_cut_name(&run["buildConfiguration"]["platform"], 256);
    is_cut_name(&run["buildConfiguration"]["flavor"], 256);
}

#[test]
fn the_long_name_of_a_row_is_cut_with_a_hash() {
    let long = "blue ".repeat(100);
    let cases = [
        Case::passed("A").bound("colour", &long),
        Case::passed("A").bound("colour", &format!("{long}x")),
    ];
    let run = run_of(&Suite::new("Smoke", &cases), |run| run);
    let rows = &run["results"][0]["subResults"];
    is_cut_name(&rows[0]["displayName"], 256);
    is_cut_name(&rows[1]["displayName"], 256);
    assert_ne!(rows[0]["displayName"], rows[1]["displayName"]);
}

#[test]
fn the_long_name_of_a_file_is_cut_and_keeps_its_ending() {
    let reports = Reports::new();
    let suite = Suite::new(&"long ".repeat(40), &[Case::failed("A", "x")]).in_folder("Reports/a");
    let folder = reports.add(&suite);
    let other = reports.add(&Suite::new("Other", &[Case::failed("A", "x")]));
    let name = format!("{}.csv", "y".repeat(200));
    for folder in [folder, other] {
        std::fs::write(folder.join(&name), "a;b").unwrap();
    }
    let run = run_in(&reports, |run| {
        run.input("testRunPer", "build").input("attachments", "csv")
    });
    let files = run["attachments"].as_array().unwrap();
    let names: Vec<&str> = files
        .iter()
        .map(|file| file["fileName"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1]);
    for name in names {
        assert!(name.ends_with(".csv"), "{name}");
        assert!(name.encode_utf16().count() <= 260, "{name}");
    }
}

#[test]
fn the_comment_of_a_result_is_cut_and_says_so() {
    let case = Case::passed("A").after("FAILED", &"wrong ".repeat(500), &[]);
    let result = result_of(case);
    let comment = result["comment"].as_str().unwrap();
    assert!(comment.encode_utf16().count() <= 1_000, "{comment}");
    assert!(
        comment.starts_with("Passed at attempt 2. First failure: wrong"),
        "{comment}"
    );
    assert!(comment.ends_with("(cut)"), "{comment}");
    // The whole text stands where it belongs.
    let attempt = result["subResults"][0]["errorMessage"].as_str().unwrap();
    assert_eq!(attempt.trim_end().len(), 6 * 500 - 1);
}

#[test]
fn a_long_stack_trace_says_that_it_was_cut_and_is_attached_whole() {
    let frames: String = (0..400)
        .map(|at| format!("\n\tat org.shop.Page.method{at}(Page.java:{at})"))
        .collect();
    let service = service();
    let case = Case::failed("A", &format!("was wrong{frames}"));
    let reports = Reports::new().with_suite("Smoke", &[case]);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let result = &service.runs()[0]["results"][0];
    assert_eq!(result["errorMessage"], "was wrong");
    let stack = result["stackTrace"].as_str().unwrap();
    assert_eq!(stack.encode_utf16().count(), 4_000);
    assert!(stack.ends_with("(cut; the whole text is attached)"));
    let whole = service.attachment(result["attachments"][0]["id"].as_u64().unwrap());
    let whole = String::from_utf8(whole).unwrap();
    assert!(whole.ends_with("method399(Page.java:399)"), "{whole}");
}

/// A report whose JUnit is these bytes.
fn with_junit(bytes: &[u8]) -> Reports {
    let reports = Reports::new();
    let folder = reports
        .path()
        .join("Reports/20250811_101500/Smoke/20250811_101502");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("JUnit_Report.xml"), bytes).unwrap();
    reports
}

fn junit(suite: &str, case: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><testsuites><testsuite name=\"Smoke\" id=\"Test Suites/Smoke\" tests=\"1\" \
         hostname=\"ann - AGENT-7\" {suite}><testcase name=\"Test Cases/A\" classname=\"Test Cases/A\" \
         status=\"FAILED\" {case}><failure type=\"FAILED\" message=\"{message}\"/></testcase></testsuite></testsuites>"
    )
}

#[test]
fn control_characters_and_half_letters_are_dropped_or_replaced() {
    // A letter of which one half is gone: as a reference, and in UTF-16 itself.
    let times = "timestamp=\"2025-08-11T10:15:02.000Z\" time=\"1\"";
    let text = junit(
        times,
        "time=\"1\"",
        "a&#xD83D;b&#x0;c&#27;[31md\u{7f}e&#xFFFF;f&#128;g",
    );
    let run = run_in(&with_junit(text.as_bytes()), |run| run);
    let message = run["results"][0]["errorMessage"].as_str().unwrap();
    for letter in "abcdefg".chars() {
        assert!(message.contains(letter), "{message:?}");
    }
    assert!(
        !message.chars().any(|c| c.is_control() || c == '\u{ffff}'),
        "{message:?}"
    );

    let text = junit(times, "time=\"1\"", "before HALF behind");
    let mut units: Vec<u16> = [0xfeff].into_iter().chain(text.encode_utf16()).collect();
    let half: Vec<u16> = "HALF".encode_utf16().collect();
    let at = units.windows(4).position(|four| four == half).unwrap();
    units.splice(at..at + 4, [0xd83d]);
    let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let run = run_in(&with_junit(&bytes), |run| run);
    assert_eq!(run["results"][0]["errorMessage"], "before \u{fffd} behind");
}

#[test]
fn times_that_cannot_be_are_not_sent() {
    for timestamp in [
        "1970-01-01T00:00:03.000Z",
        "0001-01-01T00:00:00.000Z",
        "1970-01-01T00:00:03",
        "9999-12-31T23:59:59.000Z",
        "not a time",
    ] {
        let times = format!("timestamp=\"{timestamp}\" time=\"1\"");
        let reports = with_junit(junit(&times, "time=\"1\"", "x").as_bytes());
        let run = run_in(&reports, |run| run);
        for date in ["startedDate", "completedDate"] {
            let date = run[date].as_str().unwrap_or("20: none is known");
            assert!(date.starts_with("20"), "{timestamp} became {date}");
        }
        let result = sent_result(&reports);
        assert_eq!(
            result.get("startedDate"),
            None,
            "JUnit tells of the suite's alone"
        );
        assert_eq!(result["durationInMs"], 1_000);
    }
}

#[test]
fn a_clock_that_stands_at_its_zero_tells_no_time() {
    let suite = Suite::new("Smoke", &[Case::failed("A", "x").took(60.0)]);
    let reports = Reports::new().with(&suite.at("1970-01-01T00:00:10.000Z", 10_000).with_log());
    let result = sent_result(&reports);
    assert_eq!(
        (result.get("startedDate"), result.get("completedDate")),
        (None, None)
    );
    assert_eq!(result["durationInMs"], 60_000);
}

#[test]
fn durations_that_cannot_be_are_not_sent() {
    for time in [
        "-3",
        "NaN",
        "1e400",
        "inf",
        "1,204",
        "",
        "99999999999999999999",
    ] {
        let times = "timestamp=\"2025-08-11T10:15:02.000Z\"";
        let case = format!("time=\"{time}\"");
        let result = sent_result(&with_junit(junit(times, &case, "x").as_bytes()));
        assert_eq!(result.get("durationInMs"), None, "{time}");
        assert_eq!(result["outcome"], "Failed", "{time}");
    }
}

#[test]
fn a_clock_that_was_set_back_leaves_no_result_that_ended_before_it_began() {
    let reports = Reports::new();
    let folder = reports.add(&Suite::new("Smoke", &[Case::failed("A", "x").took(60.0)]).killed());
    let log = folder.join("execution0.log");
    let text = std::fs::read_to_string(&log).unwrap();
    // Every record behind the start of the test case is a day early.
    let (before, behind) = text.split_at(text.find("FAILED.").unwrap());
    let behind = behind.replace("<millis>17549", "<millis>17548");
    assert!(behind.contains("<millis>17548"));
    std::fs::write(&log, format!("{before}{behind}")).unwrap();
    let result = sent_result(&reports);
    assert_eq!(result["startedDate"], "2025-08-11T10:15:02Z");
    assert_eq!(result["completedDate"], "2025-08-11T10:15:02Z");
    assert_eq!(result.get("durationInMs"), None, "{result}");
}

#[test]
fn messages_end_where_the_server_ends_them() {
    for (hosted, limit) in [(true, 32_000), (false, 4_000)] {
        for length in [limit, limit + 1] {
            let service = service_with(|settings| settings.hosted = hosted);
            let reports =
                Reports::new().with_suite("Smoke", &[Case::failed("A", &"x".repeat(length))]);
            let finished = TaskRun::new(&service, reports.path()).run();
            assert_eq!(finished.code, 0, "{}", finished.stdout);
            let result = &service.runs()[0]["results"][0];
            let message = result["errorMessage"].as_str().unwrap();
            assert_eq!(message.encode_utf16().count(), limit);
            let cut = length > limit;
            assert_eq!(message.ends_with("(cut; the whole text is attached)"), cut);
            let attached = result["attachments"].as_array().unwrap().len();
            assert_eq!(attached, usize::from(cut));
        }
    }
}
