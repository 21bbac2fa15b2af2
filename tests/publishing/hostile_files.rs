//! Files that somebody made to harm: nothing outside the report is read or sent, nothing hangs or
//! takes all memory, and the other reports are published.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ado_stand_in::StandIn;

use crate::support::{Case, Finished, Reports, Suite, TaskRun, assert_swagger, service};

fn put(file: &Path, text: impl AsRef<[u8]>) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

/// A good report, and a folder for a bad one.
fn with_a_good_report() -> (StandIn, Reports, PathBuf) {
    let reports = Reports::new();
    reports.add_suite("Good", &[Case::passed("A")]);
    let bad = reports
        .path()
        .join("Reports/20250811_101500/Bad/20250811_101502");
    std::fs::create_dir_all(&bad).unwrap();
    (service(), reports, bad)
}

/// Runs the program with so much memory as a small agent could spare, and waits so long as nobody
/// would call hanging.
fn run_in_little_memory(task: &TaskRun) -> Finished {
    let program = env!("CARGO_BIN_EXE_katalon-ado");
    #[cfg(unix)]
    let mut command = with_little_memory(task, program);
    #[cfg(not(unix))]
    let mut command = task.command(Path::new(program));
    Finished::of(command.spawn().unwrap())
}

#[cfg(unix)]
fn with_little_memory(task: &TaskRun, program: &str) -> std::process::Command {
    let real = task.command(Path::new(program));
    let mut shell = std::process::Command::new("/bin/sh");
    shell
        .args(["-c", "ulimit -v 600000; exec \"$0\" \"$@\"", program])
        .args(real.get_args())
        .env_clear()
        .envs(
            real.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(real.get_current_dir().unwrap())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    shell
}

/// The good report is there and the bad one is named.
#[track_caller]
fn assert_only_the_good_one(service: &StandIn, finished: &Finished, cause: &str) {
    assert_eq!(finished.code, 3, "{}", finished.everything());
    let runs = service.runs();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["name"], "Good");
    assert_eq!(finished.issues("error"), ["KADO302"]);
    finished.says(cause);
    assert_swagger(service);
}

/// A JUnit document whose suite is called so; the rest of the tag may follow.
fn junit(before: &str, name: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{before}<testsuites name=\"{name}\"><testsuite \
         name=\"{name}\" id=\"Test Suites/{name}\" time=\"1\" timestamp=\"2025-08-11T10:15:02.000Z\" \
         hostname=\"a - b\"><testcase name=\"Test Cases/A\" classname=\"Test Cases/A\" \
         status=\"FAILED\" time=\"1\"><failure type=\"FAILED\" message=\"{message}\"/>\
         </testcase></testsuite></testsuites>"
    )
}

#[test]
fn entities_of_a_document_are_never_expanded_nor_fetched() {
    let (service, reports, bad) = with_a_good_report();
    let secret = reports.path().join("secret.txt");
    put(&secret, "the secret of a file");
    let mut bomb = String::from("<!DOCTYPE x [<!ENTITY a0 \"ha\">");
    for level in 1..40 {
        bomb.push_str(&format!("<!ENTITY a{level} \"&a{0};&a{0};\">", level - 1));
    }
    bomb.push_str(&format!(
        "<!ENTITY file SYSTEM \"file://{}\">]>",
        secret.display()
    ));
    put(
        &bad.join("JUnit_Report.xml"),
        junit(&bomb, "Bad", "&a39; and &file;"),
    );
    let finished = run_in_little_memory(&TaskRun::new(&service, reports.path()));
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let runs = service.runs();
    let bad = runs.iter().find(|run| run["name"] == "Bad").unwrap();
    assert_eq!(bad["results"][0]["errorMessage"], "&a39; and &file;");
    finished.lacks("the secret of a file");
}

#[test]
fn a_tag_of_a_gigabyte_is_refused_before_memory_is() {
    let (service, reports, bad) = with_a_good_report();
    let mut file = File::create(bad.join("JUnit_Report.xml")).unwrap();
    file.write_all(b"<testsuites name=\"").unwrap();
    // A hole in the file: zeros that take no room on the disk.
    file.seek(SeekFrom::Start(1 << 30)).unwrap();
    file.write_all(b"\"/>").unwrap();
    let finished = run_in_little_memory(&TaskRun::new(&service, reports.path()));
    assert_only_the_good_one(&service, &finished, "a tag or a text in it is too long");
}

#[test]
fn a_record_without_an_end_costs_neither_memory_nor_what_stands_behind_it() {
    let (service, reports, _) = with_a_good_report();
    let suite = Suite::new("Logged", &[Case::failed("A", "x")]).with_log();
    let folder = reports.add(&suite);
    let log = std::fs::read_to_string(folder.join("execution0.log")).unwrap();
    let mut file = File::create(folder.join("execution0.log")).unwrap();
    let (start, end) = log.split_at(log.find("<log>").unwrap() + "<log>\n".len());
    file.write_all(format!("{start}<record><level>INFO</level><message>").as_bytes())
        .unwrap();
    file.seek(SeekFrom::Current(1 << 27)).unwrap();
    file.write_all(end.as_bytes()).unwrap();
    let task = TaskRun::new(&service, reports.path()).input("attachments", "none");
    let finished = run_in_little_memory(&task);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let runs = service.runs();
    let run = runs.iter().find(|run| run["name"] == "Logged").unwrap();
    assert_eq!(run["results"][0]["errorMessage"], "x");
    assert!(finished.issues("warning").contains(&"KADO001".to_owned()));
}

#[test]
fn nesting_of_any_depth_is_refused_or_passed_over() {
    const DEEP: usize = 1_000_000;
    let (service, reports, bad) = with_a_good_report();
    put(
        &bad.join("JUnit_Report.xml"),
        format!("<testsuites>{}", "<testsuite>".repeat(DEEP)),
    );
    let finished = run_in_little_memory(&TaskRun::new(&service, reports.path()));
    assert_only_the_good_one(&service, &finished, "more than 64 levels");

    // What nobody knows is passed over, and no deeper than can be kept.
    let (service, reports, bad) = with_a_good_report();
    put(
        &bad.join("JUnit_Report.xml"),
        format!("<testsuites>{}", "<a>".repeat(DEEP)),
    );
    let finished = run_in_little_memory(&TaskRun::new(&service, reports.path()));
    assert_only_the_good_one(&service, &finished, "more than 10000 levels");

    let (service, reports, bad) = with_a_good_report();
    put(&bad.join("JUnit_Report.xml"), junit("", "Bad", "x"));
    put(&bad.join("execution.properties"), "[".repeat(DEEP));
    put(
        &bad.join("testCaseBinding"),
        format!("{{\"testCaseId\":{}", "{\"a\":".repeat(DEEP)),
    );
    put(
        &bad.join("execution0.log"),
        format!("<log>{}", "<record>".repeat(DEEP)),
    );
    let finished = run_in_little_memory(&TaskRun::new(&service, reports.path()));
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert_eq!(service.runs().len(), 2);
    finished.says("execution.properties: recursion limit exceeded");
    finished.says("testCaseBinding, line 1: ");
}

#[test]
fn of_a_plan_that_is_too_long_the_beginning_is_used_and_its_end_is_masked() {
    let (service, reports, _) = with_a_good_report();
    let message = "neither word-behind-17-MB nor word-of-half-a-line, but word-of-no-line";
    let folder = reports.add(&Suite::new("Long", &[Case::failed("A", message)]));
    let line = |name: &str, values: &str| {
        format!(
            "{{\"testCaseName\":\"Test Cases/{name}\",\"testCaseId\":\"Test Cases/{name}\",\"bindedValues\":{{{values}"
        )
    };
    let filler = format!("\"filler\":\"'{}'\"", "x".repeat(17 << 20));
    let plan = [
        line("A", "\"token\":\"'word-of-half-a-line'\",\"us"),
        line("B", "}}"),
        line(
            "C",
            &format!("{filler},\"password\":\"'word-behind-17-MB'\"}}}}"),
        ),
        line("D", "}}"),
    ];
    put(&folder.join("testCaseBinding"), plan.join("\n"));
    let finished = run_in_little_memory(&TaskRun::new(&service, reports.path()));
    assert_eq!(finished.code, 0, "{}", finished.everything());
    finished.says("testCaseBinding, line 1: it is no planned test case");
    finished.says(
        "testCaseBinding: it has more than 16 MB: what was planned from line 3 on is not known",
    );
    let runs = service.runs();
    let run = runs.iter().find(|run| run["name"] == "Long").unwrap();
    let results = run["results"].as_array().unwrap();
    let told: Vec<_> = results
        .iter()
        .map(|one| one["automatedTestName"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["Test Cases/A", "Test Cases/B"]);
    assert_eq!(
        results[0]["errorMessage"],
        "neither *** nor ***, but word-of-no-line"
    );
    finished.lacks("word-behind-17-MB");
}

#[test]
fn numbers_that_nothing_can_count_are_unknown_and_lose_no_result() {
    let (service, reports, bad) = with_a_good_report();
    let digits = "9".repeat(400);
    let text = junit("", "Bad", "x")
        .replace(
            "time=\"1\" timestamp=\"2025-08-11T10:15:02.000Z\"",
            &format!("time=\"1e999\" timestamp=\"{digits}-01-01 00:00:00\""),
        )
        .replace(
            "status=\"FAILED\" time=\"1\"",
            "status=\"FAILED\" time=\"-1\"",
        );
    put(&bad.join("JUnit_Report.xml"), text);
    put(
        &bad.join("execution0.log"),
        format!(
            "<log><record><millis>{digits}</millis><level>START</level><method>startTest</method>\
             <message>x</message><nestedLevel>{digits}</nestedLevel><property name=\"id\">Test \
             Cases/A</property><property name=\"currentRetryCount\">-{digits}</property></record>"
        ),
    );
    let finished = run_in_little_memory(&TaskRun::new(&service, reports.path()));
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let runs = service.runs();
    let bad = runs.iter().find(|run| run["name"] != "Good").unwrap();
    assert_eq!(bad["results"].as_array().unwrap().len(), 1);
    let requests = service.requests();
    let sent = requests.iter().filter(|one| one.path.ends_with("/results"));
    let sent: Vec<_> = sent.map(|request| request.json()[0].clone()).collect();
    let of_bad = sent.iter().find(|one| one["outcome"] == "Failed").unwrap();
    assert_eq!(of_bad.get("durationInMs"), None, "{of_bad}");
}

#[cfg(unix)]
pub(crate) mod unix {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    pub(crate) fn fifo(path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let made = Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    }

    /// Fails if it takes longer than nobody would call hanging.
    pub(crate) fn run_in_time(task: &TaskRun) -> Finished {
        let mut child = task.start();
        for _ in 0..600 {
            if child.try_wait().unwrap().is_some() {
                return Finished::of(child);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        child.kill().unwrap();
        panic!("it hangs");
    }

    #[test]
    fn pipes_and_devices_in_place_of_files_keep_nobody_waiting() {
        let (service, reports, bad) = with_a_good_report();
        fifo(&bad.join("JUnit_Report.xml"));
        for name in [
            "execution0.log",
            "testCaseBinding",
            "execution.properties",
            "a.html",
        ] {
            fifo(&bad.join(name));
        }
        let case = Case::failed("B", "x").picture("1.png").picture("zero.png");
        let folder = reports.add(&Suite::new("Pipes", &[case]).with_log());
        fifo(&folder.join("1.png"));
        fifo(&folder.join("a.csv"));
        symlink("/dev/zero", folder.join("zero.png")).unwrap();
        symlink("/dev/zero", folder.join("b.csv")).unwrap();
        fifo(&reports.path().join("shop.prj"));
        fifo(&reports.path().join("Profiles/staging.glbl"));
        let finished = run_in_time(&TaskRun::new(&service, reports.path()));
        assert_eq!(finished.code, 3, "{}", finished.everything());
        assert_eq!(service.runs().len(), 2);
        finished.says("it is no file");
    }

    #[test]
    fn a_pipe_in_place_of_the_mapping_file_is_a_wrong_input() {
        let (service, reports, _) = with_a_good_report();
        fifo(&reports.path().join("map.csv"));
        let task = TaskRun::new(&service, reports.path())
            .input("testPlan", "510")
            .input("testCaseMapping", "map.csv");
        let finished = run_in_time(&task);
        assert_eq!(finished.code, 2, "{}", finished.everything());
        finished.says("map.csv': it is no ordinary file");
    }

    #[test]
    fn links_that_lead_out_are_never_followed() {
        let (service, reports, bad) = with_a_good_report();
        let outside = reports.temp().join("outside");
        let secret = "the secret of another folder";
        for name in ["log", "png", "csv", "har", "glbl", "xml"] {
            put(&outside.join(format!("secret.{name}")), secret);
        }
        let case = Case::failed("B", "x")
            .picture("1.png")
            .picture("below/2.png");
        let folder = reports.add(&Suite::new("Links", &[case]).with_log());
        symlink(outside.join("secret.png"), folder.join("1.png")).unwrap();
        symlink(outside.join("secret.csv"), folder.join("a.csv")).unwrap();
        symlink(outside.join("secret.log"), folder.join("console0.log")).unwrap();
        symlink(&outside, folder.join("below")).unwrap();
        symlink(outside.join("secret.xml"), bad.join("JUnit_Report.xml")).unwrap();
        symlink(reports.path(), reports.path().join("Reports/again")).unwrap();
        let task = TaskRun::new(&service, reports.path()).input("attachments", "all");
        let finished = run_in_time(&task);
        assert_eq!(finished.code, 3, "{}", finished.everything());
        finished.says("would lead out of the report folder");
        finished.says("it is a link that leads out of the report folder");
        finished.lacks(secret);
        for request in service.requests() {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            assert!(!body.contains("dGhlIHNlY3JldCBvZiBhbm90aGVy"), "{body}");
        }
        assert_eq!(service.runs().len(), 2);
    }

    #[test]
    fn paths_that_lead_elsewhere_are_not_opened_whatever_they_look_like() {
        let (service, reports, _) = with_a_good_report();
        let mut case = Case::failed("B", "x");
        for path in [
            "/etc/passwd",
            "../../../../../../etc/passwd",
            "C:\\Windows\\win.ini",
            "\\\\server\\share\\x.png",
            "//server/share/x.png",
            "\\\\?\\C:\\x.png",
            "file:///etc/passwd",
            "a/../../x.png",
            "\u{0}x.png",
        ] {
            case = case.picture(path);
        }
        reports.add(&Suite::new("Paths", &[case]).with_log());
        let finished = run_in_time(&TaskRun::new(&service, reports.path()));
        assert_eq!(finished.code, 0, "{}", finished.everything());
        let runs = service.runs();
        let run = runs.iter().find(|run| run["name"] == "Paths").unwrap();
        assert_eq!(run["results"][0]["attachments"], serde_json::json!([]));
    }

    #[test]
    fn folders_deeper_than_any_path_are_passed_over_and_the_reports_found() {
        let (service, reports, bad) = with_a_good_report();
        std::fs::remove_dir(&bad).unwrap();
        // From the bottom upwards, so that no path of it is ever used.
        let (deep, above) = (reports.path().join("deep"), reports.path().join("above"));
        std::fs::create_dir(&deep).unwrap();
        for _ in 0..2_500 {
            std::fs::create_dir(&above).unwrap();
            std::fs::rename(&deep, above.join("dd")).unwrap();
            std::fs::rename(&above, &deep).unwrap();
        }
        let finished = run_in_time(&TaskRun::new(&service, reports.path()));
        assert_eq!(service.runs().len(), 1, "{}", finished.everything());
        assert!(
            finished.issues("warning").contains(&"KADO004".to_owned()),
            "{}",
            finished.stdout
        );
    }

    #[test]
    fn a_text_that_a_log_names_as_a_picture_is_masked_as_text() {
        let (service, reports, _) = with_a_good_report();
        let case = Case::failed("B", "x")
            .bound("password", "Sommer2026")
            .picture("testCaseBinding")
            .picture("archive.png");
        let folder = reports.add(&Suite::new("Named", &[case]).with_log());
        // An archive stays one: nobody unpacks it.
        put(&folder.join("archive.png"), b"PK\x03\x04\0\0Sommer2026");
        let finished = run_in_time(&TaskRun::new(&service, reports.path()));
        assert_eq!(finished.code, 0, "{}", finished.everything());
        let runs = service.runs();
        let run = runs.iter().find(|run| run["name"] == "Named").unwrap();
        let attachments = run["results"][0]["attachments"].as_array().unwrap();
        let content = |name: &str| {
            let named = attachments
                .iter()
                .find(|one| one["fileName"] == name)
                .unwrap();
            service.attachment(named["id"].as_u64().unwrap())
        };
        let plan = String::from_utf8(content("testCaseBinding")).unwrap();
        assert!(plan.contains("\"password\":\"***\""), "{plan}");
        assert_eq!(content("archive.png"), b"PK\x03\x04\0\0Sommer2026");
    }
}
