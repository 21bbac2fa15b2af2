//! A program for another platform, run by what pretends to be one: `cargo xtask check` names both,
//! in `KATALON_ADO_PROGRAM` and `KATALON_ADO_RUNNER`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ado_stand_in::{Fault, Rule, Settings, StandIn};

use crate::support::agent::{Profile, send_signal};
use crate::support::task_folder::new_folder;
use crate::support::{copy_folder, finished, log, reports, wait_until};

fn given(name: &str) -> PathBuf {
    let value = std::env::var_os(name);
    PathBuf::from(value.unwrap_or_else(|| panic!("{name} is not set")))
}

fn is_windows() -> bool {
    given("KATALON_ADO_PROGRAM")
        .extension()
        .is_some_and(|ending| ending == "exe")
}

/// A path as the program's own system writes it.
fn own_path(path: &Path) -> PathBuf {
    if is_windows() {
        PathBuf::from(format!(
            "Z:{}",
            path.display().to_string().replace('/', "\\")
        ))
    } else {
        path.to_owned()
    }
}

fn start(service: &StandIn, work: &Path, temp: &Path) -> Child {
    let mut variables = Profile::YamlBuild.variables(service, &own_path(work), &own_path(temp));
    // What pretends to be the other system has a home and a language of its own.
    for name in ["HOME", "WINEPREFIX", "WINEDEBUG", "WINEPATH"] {
        if let Ok(value) = std::env::var(name) {
            variables.insert(name.to_owned(), value);
        }
    }
    variables.remove("TMPDIR");
    Command::new(given("KATALON_ADO_RUNNER"))
        .arg(given("KATALON_ADO_PROGRAM"))
        .arg("task")
        .env_clear()
        .envs(variables)
        .env("LC_ALL", "C.UTF-8")
        .env("INPUT_SKIPSTALEREPORTS", "false")
        .env("INPUT_ATTACHMENTSFOR", "all")
        .current_dir(temp)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "needs a program for another platform"]
fn the_reports_are_published_from_a_path_with_letters_of_any_kind() {
    let service = StandIn::start(Settings::default());
    let (root, temp) = (new_folder("work"), new_folder("temp"));
    let long = "Prüfläufe 試験 ".repeat(8);
    // Wine 8 cannot name a file by its handle where the path has more than 260 characters; Windows
    // can.
    let length = if is_windows() { 20 } else { 150 };
    let work = root.join(long.trim()).join("x".repeat(length));
    copy_folder(&reports("three-rows-one-failed"), &work);
    let (code, output) = finished(start(&service, &work, &temp));
    assert_eq!(code, Some(0), "{output}");
    let runs = service.runs();
    assert_eq!(runs.len(), 1, "{output}");
    assert_eq!(runs[0]["state"], "NeedsInvestigation");
    let results = runs[0]["results"].as_array().unwrap();
    assert_eq!(
        results[0]["automatedTestName"],
        "Test Cases/Login/Valid user"
    );
    let screenshots = results[0]["subResults"][1]["attachments"]
        .as_array()
        .unwrap();
    assert_eq!(screenshots.len(), 1, "{output}");
    // UTF-8, and whole lines whatever their ends.
    assert!(output.contains("Prüfläufe 試験"), "{output}");
    let commands = log::commands(&output);
    let exit_code = commands
        .iter()
        .find(|command| command.property("variable") == "exitCode");
    assert_eq!(exit_code.unwrap().data, "0");
    let summary = commands
        .iter()
        .find(|command| command.name == "task.uploadsummary");
    let summary = &summary.unwrap().data;
    assert!(
        summary.starts_with(own_path(&temp).to_str().unwrap()),
        "{summary}"
    );
    assert_eq!(fs::read_dir(&temp).unwrap().count(), 1);
    fs::remove_dir_all(root).unwrap();
    fs::remove_dir_all(temp).unwrap();
}

#[test]
#[ignore = "needs a program for another platform"]
fn an_interrupt_and_the_end_of_input_leave_no_run_open() {
    for interrupt in [true, false] {
        let service = StandIn::start(Settings::default());
        let temp = new_folder("temp");
        service.script(Rule::once("POST", "/results$", Fault::NeverAnswer));
        let mut child = start(&service, &reports("three-rows-one-failed"), &temp);
        wait_until("results are sent", || {
            let requests = service.requests();
            requests
                .iter()
                .any(|request| request.method == "POST" && request.path.ends_with("/results"))
        });
        if interrupt {
            send_signal("INT", child.id());
        } else {
            drop(child.stdin.take());
        }
        let (code, output) = finished(child);
        assert_eq!(code, Some(130), "{output}");
        assert_eq!(service.runs()[0]["state"], "Aborted", "{output}");
        fs::remove_dir_all(temp).unwrap();
    }
}
