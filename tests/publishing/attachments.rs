//! Which files arrive, where they hang, and what they hold.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use ado_stand_in::{Fault, Rule, StandIn};
use serde_json::{Value, json};

use crate::support::holdings::asked;
use crate::support::{Case, Finished, Reports, Suite, TaskRun, assert_swagger, service};

/// Bytes that are no text and have no end of line.
fn picture(seed: u8) -> Vec<u8> {
    (0..5_000_u32)
        .map(|at| seed.wrapping_add((at * at % 251) as u8))
        .collect()
}

fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
}

fn names(holder: &Value) -> Vec<&str> {
    let attachments = holder["attachments"].as_array().unwrap();
    let mut names: Vec<&str> = attachments
        .iter()
        .map(|attachment| attachment["fileName"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names
}

/// The bytes of the only attachment of that name.
fn content(service: &StandIn, holder: &Value, name: &str) -> Vec<u8> {
    let attachments = holder["attachments"].as_array().unwrap();
    let mut named = attachments
        .iter()
        .filter(|attachment| attachment["fileName"] == name);
    let attachment = named.next().unwrap();
    assert_eq!(named.next(), None);
    service.attachment(attachment["id"].as_u64().unwrap())
}

fn published(service: &StandIn, reports: &Reports, inputs: &[(&str, &str)]) -> Value {
    let mut run = TaskRun::new(service, reports.path());
    for (name, value) in inputs {
        run = run.input(name, value);
    }
    let finished = run.run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_swagger(service);
    service.runs().remove(0)
}

/// One failed and one passed case, each with a picture that the log tells of, and all files that
/// Katalon writes.
fn whole_report() -> Reports {
    let reports = Reports::new();
    let cases = [
        Case::failed("A", "was wrong").picture("1.png"),
        Case::passed("B").picture("2.png"),
    ];
    let folder = reports.add(&Suite::new("Smoke", &cases).with_log());
    for name in ["1.png", "2.png"] {
        put(&folder, name, picture(1));
    }
    for ending in ["html", "csv", "pdf"] {
        let name = format!("20250811_101502.{ending}");
        put(&folder, &name, format!("the {ending}"));
    }
    put(&folder, "console0.log", "on the console");
    put(&folder, "notes.txt", "of somebody");
    reports
}

#[test]
fn log_html_and_csv_hang_on_the_run_and_the_picture_on_its_result() {
    let service = service();
    let run = published(&service, &whole_report(), &[]);
    assert_eq!(
        names(&run),
        [
            "20250811_101502.csv",
            "20250811_101502.html",
            "console0.log",
            "execution0.log"
        ]
    );
    assert_eq!(names(&run["results"][0]), ["1.png"]);
    assert_eq!(names(&run["results"][1]), Vec::<&str>::new());
    assert_eq!(content(&service, &run, "20250811_101502.csv"), b"the csv");
}

#[test]
fn html_above_the_folder_and_pdf_beside_it_are_files_of_the_report() {
    let service = service();
    let reports = Reports::like("html-above-and-pdf-beside");
    let all = [("attachments", "html,pdf"), ("attachmentsFor", "all")];
    let run = published(&service, &reports, &all);
    // The PDF is that of a rerun, and says so.
    assert_eq!(
        names(&run),
        ["20250811_105510 20250811_105510.pdf", "Smoke.html"]
    );
}

#[test]
fn all_and_none_and_single_kinds_can_be_asked_for() {
    let service_of_all = service();
    let all = [("attachments", "all"), ("attachmentsFor", "all")];
    let run = published(&service_of_all, &whole_report(), &all);
    assert_eq!(
        names(&run),
        [
            "20250811_101502.csv",
            "20250811_101502.html",
            "20250811_101502.pdf",
            "JUnit_Report.xml",
            "console0.log",
            "execution0.log"
        ]
    );
    assert_eq!(names(&run["results"][1]), ["2.png"]);

    let service_of_none = service();
    let run = published(
        &service_of_none,
        &whole_report(),
        &[("attachments", "none")],
    );
    assert_eq!(names(&run), Vec::<&str>::new());
    assert_eq!(names(&run["results"][0]), Vec::<&str>::new());

    let service_of_some = service();
    let reports = whole_report();
    let finished = TaskRun::new(&service_of_some, reports.path())
        .input("attachments", "junit\nPDF")
        .run();
    finished
        .says("Videos and PDF are attached as they are: what is secret in them cannot be masked");
    let run = service_of_some.runs().remove(0);
    assert_eq!(names(&run), ["20250811_101502.pdf", "JUnit_Report.xml"]);
    assert_eq!(names(&run["results"][0]), Vec::<&str>::new());
}

#[test]
fn files_of_two_reports_in_one_run_have_different_names() {
    let service = service();
    let reports = Reports::new();
    for (session, time) in [("first", "10:15"), ("second", "11:15")] {
        let suite = Suite::new("Smoke", &[Case::failed("A", "x")])
            .at(&format!("2025-08-11T{time}:02.000Z"), 0)
            .in_folder(&format!("{session}/copied out"));
        put(&reports.add(&suite), "a.csv", session);
    }
    let run = published(
        &service,
        &reports,
        &[("testRunPer", "build"), ("attachments", "csv")],
    );
    assert_eq!(
        names(&run),
        ["Smoke copied out (2) a.csv", "Smoke copied out a.csv"]
    );
    assert_eq!(content(&service, &run, "Smoke copied out a.csv"), b"first");
}

#[test]
fn videos_hang_on_their_results() {
    let service = service();
    let reports = Reports::like("videos-and-requests");
    let all = [("attachments", "videos"), ("attachmentsFor", "all")];
    let run = published(&service, &reports, &all);
    assert_eq!(names(&run), Vec::<&str>::new());
    assert_eq!(names(&run["results"][0]), ["Valid user_1_0.avi"]);
    assert_eq!(names(&run["results"][1]), Vec::<&str>::new());
}

#[test]
fn a_report_in_which_all_passed_has_no_files_unless_all_are_asked_for() {
    let reports = Reports::new();
    let cases = [Case::passed("A").picture("1.png")];
    let folder = reports.add(&Suite::new("Smoke", &cases).with_log());
    put(&folder, "1.png", picture(1));
    let failed_only = service();
    let run = published(&failed_only, &reports, &[]);
    assert_eq!(names(&run), Vec::<&str>::new());
    let all = service();
    let run = published(&all, &reports, &[("attachmentsFor", "all")]);
    assert_eq!(names(&run), ["execution0.log"]);
    assert_eq!(names(&run["results"][0]), ["1.png"]);
}

#[test]
fn pictures_of_attempts_hang_on_their_attempts_also_if_the_last_passed() {
    let service = service();
    let reports = Reports::new();
    let case = Case::passed("A")
        .picture("second.png")
        .after("FAILED", "once", &["first.png"]);
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    put(&folder, "first.png", picture(1));
    put(&folder, "second.png", picture(2));
    let run = published(&service, &reports, &[]);
    let result = &run["results"][0];
    assert_eq!(names(result), Vec::<&str>::new());
    let attempts = &result["subResults"];
    assert_eq!(names(&attempts[0]), ["first.png"]);
    assert_eq!(names(&attempts[1]), ["second.png"]);
    assert_eq!(content(&service, &attempts[0], "first.png"), picture(1));
}

#[test]
fn pictures_of_rows_hang_on_their_rows_and_on_the_attempts_below() {
    let service = service();
    let reports = Reports::new();
    let cases = [
        Case::passed("A").bound("user", "ann").picture("ann.png"),
        Case::failed("A", "twice")
            .bound("user", "bob")
            .picture("bob-2.png")
            .after("FAILED", "once", &["bob-1.png"]),
        Case::failed("A", "was wrong")
            .bound("user", "eve")
            .picture("eve.png"),
    ];
    let folder = reports.add(&Suite::new("Smoke", &cases).with_log());
    for name in ["ann.png", "bob-1.png", "bob-2.png", "eve.png"] {
        put(&folder, name, picture(name.as_bytes()[0]));
    }
    let run = published(&service, &reports, &[]);
    let rows = &run["results"][0]["subResults"];
    assert_eq!(names(&rows[0]), ["ann.png"]);
    assert_eq!(names(&rows[1]), Vec::<&str>::new());
    assert_eq!(names(&rows[1]["subResults"][0]), ["bob-1.png"]);
    assert_eq!(names(&rows[1]["subResults"][1]), ["bob-2.png"]);
    assert_eq!(names(&rows[2]), ["eve.png"]);
}

#[test]
fn without_a_log_junit_tells_which_pictures_belong_to_a_case() {
    let service = service();
    let reports = Reports::new();
    let lines = "2025-08-11 10:15:02 - [TEST_CASE][FAILED] - x\n[[ATTACHMENT|keyes/one.png]]\n[[ATTACHMENT|two.png]]\n";
    let folder = reports.add_suite(
        "Smoke",
        &[Case::passed("A"), Case::failed("B", "x").output(lines)],
    );
    put(&folder, "keyes/one.png", picture(1));
    put(&folder, "two.png", picture(2));
    put(&folder, "three.png", picture(3));
    let run = published(&service, &reports, &[]);
    assert_eq!(names(&run["results"][0]), Vec::<&str>::new());
    assert_eq!(names(&run["results"][1]), ["one.png", "two.png"]);
}

#[test]
fn a_picture_outside_the_report_folder_is_refused_with_a_warning() {
    let service = service();
    let reports = Reports::new();
    let case = Case::failed("A", "x")
        .picture("../outside.png")
        .picture("linked.png")
        .picture("here.png");
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    put(folder.parent().unwrap(), "outside.png", "secret of another");
    put(&folder, "here.png", picture(1));
    #[cfg(unix)]
    std::os::unix::fs::symlink("../outside.png", folder.join("linked.png")).unwrap();
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = &service.runs()[0];
    assert_eq!(names(&run["results"][0]), ["here.png"]);
    assert_eq!(finished.issues("warning"), ["KADO003"]);
    finished.says("would lead out of the report folder");
    finished.says("'../outside.png'");
}

#[test]
fn a_picture_that_is_gone_is_named_and_the_others_arrive() {
    let service = service();
    let reports = Reports::new();
    let case = Case::failed("A", "x")
        .picture("gone.png")
        .picture("here.png");
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    put(&folder, "here.png", picture(1));
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(names(&service.runs()[0]["results"][0]), ["here.png"]);
    assert_eq!(finished.issues("warning"), ["KADO003"]);
    finished.says("'gone.png'");
}

#[test]
fn a_picture_arrives_byte_for_byte_and_its_comment_recognises_it() {
    let service = service();
    let reports = Reports::new();
    let case = Case::failed("A", "x").picture("1.png");
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    let bytes: Vec<u8> = picture(7).repeat(100);
    put(&folder, "1.png", &bytes);
    let run = published(&service, &reports, &[]);
    let result = &run["results"][0];
    assert!(content(&service, result, "1.png") == bytes);
    let comment = result["attachments"][0]["comment"].as_str().unwrap();
    let words: Vec<&str> = comment.split(' ').collect();
    assert_eq!((words[0], words[2]), ("katalon-ado", "500000"));
    assert_eq!(words[1].len(), 8);
    assert_eq!(words[1], &katalon_ado::secrets::hex_digest(&bytes, 8));
}

#[test]
fn secrets_are_masked_in_text_and_pictures_are_left_as_they_are() {
    let service = service();
    let reports = Reports::new();
    let case = Case::failed("A", "job-secret-1 and Sommer2025")
        .bound("password", "Sommer2025")
        .picture("1.png");
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    put(&folder, "1.png", "picture with job-secret-1");
    put(&folder, "a.csv", "x;job-secret-1;Sommer2025;stand-in-token");
    put(&folder, "a.html", "<p>job-secret-1 &amp; Sommer2025</p>");
    let finished = TaskRun::new(&service, reports.path())
        .var("SECRET_DB", "job-secret-1")
        .input("attachments", "all")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = &service.runs()[0];
    assert_eq!(content(&service, run, "a.csv"), b"x;***;***;***");
    assert_eq!(content(&service, run, "a.html"), b"<p>*** &amp; ***</p>");
    for name in ["execution0.log", "JUnit_Report.xml"] {
        let text = String::from_utf8(content(&service, run, name)).unwrap();
        assert!(text.contains("*** and ***"), "{text}");
        assert!(!text.contains("job-secret-1") && !text.contains("Sommer2025"));
    }
    let picture = content(&service, &run["results"][0], "1.png");
    assert_eq!(picture, b"picture with job-secret-1");
    assert_eq!(
        run["results"][0]["errorMessage"],
        "*** and ***\nFailed step: 1. takeScreenshot(): a step"
    );
}

/// The only file of an archive, by its name.
fn unzipped(archive: Vec<u8>) -> (String, Vec<u8>) {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    assert_eq!(archive.len(), 1);
    let mut file = archive.by_index(0).unwrap();
    let mut content = Vec::new();
    file.read_to_end(&mut content).unwrap();
    (file.name().unwrap().into_owned(), content)
}

#[test]
fn text_over_10_megabytes_is_masked_and_zipped() {
    let service = service();
    let reports = Reports::new();
    let folder = reports.add_suite("Smoke", &[Case::failed("A", "x")]);
    let line = "2025-08-11;passed;job-secret-1;ann\n";
    put(&folder, "large.csv", line.repeat(320_000));
    put(&folder, "small.csv", line);
    let task = TaskRun::new(&service, reports.path()).var("SECRET_DB", "job-secret-1");
    let finished = task.run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), Vec::<String>::new());
    let run = &service.runs()[0];
    assert_eq!(names(run), ["large.csv.zip", "small.csv"]);
    let archive = content(&service, run, "large.csv.zip");
    assert!(archive.len() < 1_000_000, "{}", archive.len());
    let comment = format!(
        "katalon-ado {} {}",
        katalon_ado::secrets::hex_digest(&archive, 8),
        archive.len()
    );
    let attachments = run["attachments"].as_array().unwrap();
    let zipped = attachments
        .iter()
        .find(|attachment| attachment["fileName"] == "large.csv.zip");
    assert_eq!(zipped.unwrap()["comment"], comment);
    let (name, text) = unzipped(archive);
    assert_eq!(name, "large.csv");
    assert!(
        text == line
            .replace("job-secret-1", "***")
            .repeat(320_000)
            .as_bytes()
    );
    assert_swagger(&service);
}

#[test]
fn a_zipped_text_is_recognised_when_the_task_runs_again() {
    let service = service();
    let reports = Reports::new();
    let folder = reports.add_suite("Smoke", &[Case::failed("A", "x")]);
    put(&folder, "large.csv", "x;y;z\n".repeat(2_000_000));
    // It arrives, and the process is killed before it completes the run.
    service.script(Rule::always("PATCH", "/runs/", Fault::NeverAnswer));
    let mut child = TaskRun::new(&service, reports.path()).start();
    while asked(&service, "PATCH", "").is_empty() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(names(&service.runs()[0]), ["large.csv.zip"]);
    service.clear_script();
    let again = TaskRun::new(&service, reports.path()).run_impatiently();
    assert_eq!(again.code, 0, "{}", again.stdout);
    assert_eq!(service.runs().len(), 1);
    assert_eq!(names(&service.runs()[0]), ["large.csv.zip"]);
}

#[test]
fn a_file_that_the_service_would_not_take_is_left_out_and_named() {
    let service = service();
    let reports = Reports::new();
    let case = Case::failed("A", "x")
        .picture("large.png")
        .picture("small.png");
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    put(&folder, "small.png", picture(1));
    put(&folder, "large.png", "");
    // Only its length counts, and a hole costs no disk.
    let large = std::fs::File::options()
        .write(true)
        .open(folder.join("large.png"));
    large.unwrap().set_len(75 * 1024 * 1024 + 1).unwrap();
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(names(&service.runs()[0]["results"][0]), ["small.png"]);
    assert_eq!(finished.issues("warning"), ["KADO011"]);
    finished.says("large.png' is not attached: it has 78 MB; Azure DevOps takes 75");
}

fn with_a_refused_picture(service: &StandIn, args: &[&str]) -> Finished {
    service.script(Rule::always(
        "POST",
        "/results/*/attachments",
        Fault::status(400),
    ));
    let finished = TaskRun::new(service, whole_report().path())
        .args(args)
        .run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    finished
}

#[test]
fn a_refused_attachment_is_a_warning_and_does_not_keep_the_run_from_its_end() {
    let service = service();
    let finished = with_a_refused_picture(&service, &["task"]);
    assert_eq!(finished.issues("warning"), ["KADO010"]);
    finished.says("1 attachment did not reach Azure DevOps, '1.png' among them");
    finished.says("2 results read: 2 published, 0 left out, 0 missing");
    let run = &service.runs()[0];
    assert_eq!(run["state"], "NeedsInvestigation");
    assert_eq!(names(run).len(), 4);
}

#[test]
fn attachments_that_are_missing_are_counted_in_json() {
    let service = service();
    let finished = with_a_refused_picture(&service, &["publish", "--format=json"]);
    let missing = &finished.json()["missingAttachments"];
    assert_eq!(missing.as_array().unwrap().len(), 1);
    assert_eq!(missing[0]["name"], "1.png");
    let reason = missing[0]["reason"].as_str().unwrap();
    assert!(reason.contains("400"), "{reason}");
}

#[test]
fn pictures_of_one_name_in_two_cases_are_kept_apart() {
    let service = service();
    let reports = Reports::new();
    let cases = [
        Case::failed("A", "x").picture("a/shot.png"),
        Case::failed("B", "x").picture("b/shot.png"),
    ];
    let folder = reports.add(&Suite::new("Smoke", &cases).with_log());
    put(&folder, "a/shot.png", picture(1));
    put(&folder, "b/shot.png", picture(2));
    let run = published(&service, &reports, &[]);
    for (result, seed) in [(0, 1), (1, 2)] {
        let holder = &run["results"][result];
        assert!(content(&service, holder, "shot.png") == picture(seed));
    }
}

#[test]
fn at_most_eight_attachments_are_sent_at_once() {
    let service = service();
    let reports = Reports::new();
    let mut case = Case::failed("A", "x");
    for number in 0..30 {
        case = case.picture(&format!("{number}.png"));
    }
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    for number in 0..30 {
        put(&folder, &format!("{number}.png"), picture(number));
    }
    // Each answer is late, so that those which may be sent meanwhile are.
    let delay = Duration::from_millis(50);
    service.script(Rule::always("POST", "/attachments", Fault::Slow { delay }));
    let run = published(&service, &reports, &[("attachments", "screenshots")]);
    assert_eq!(
        run["results"][0]["attachments"].as_array().unwrap().len(),
        30
    );
    // One request at a time travels over a connection.
    let requests = service.requests();
    let connections: BTreeSet<u64> = requests.iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), 8);
}

#[test]
fn names_that_a_server_cannot_keep_are_changed() {
    let service = service();
    let reports = Reports::new();
    let case = Case::failed("A", "x").picture("What? \"now\" <1>.png");
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    put(&folder, "What? \"now\" <1>.png", picture(1));
    let run = published(&service, &reports, &[]);
    let expected = json!("What_ _now_ _1_.png");
    assert_eq!(run["results"][0]["attachments"][0]["fileName"], expected);
}
