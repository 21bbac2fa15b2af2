//! Files that are not as they were, or not as anybody would wish: what can be published is, and the
//! rest is named.

use std::path::{Path, PathBuf};

use ado_stand_in::{Fault, Rule, StandIn};

use crate::support::holdings::{attached_to_results, names, the_finished_run};
use crate::support::{Case, Finished, Reports, Suite, TaskRun, assert_swagger, service};

/// `A`, and `B` that failed with a screenshot of `bytes`; gives its path.
fn reports(bytes: &[u8]) -> (Reports, PathBuf) {
    let failed = Case::failed("B", "no").output("[[ATTACHMENT|shot.png]]");
    let reports = Reports::new();
    let folder = reports.add_suite("Smoke", &[Case::passed("A"), failed]);
    let shot = folder.join("shot.png");
    std::fs::write(&shot, bytes).unwrap();
    (reports, shot)
}

/// The screenshot is changed between the reading of the report and its upload.
fn changed_before_it_is_sent(
    bytes: &[u8],
    change: impl Fn(&Path) + Send + Sync + 'static,
) -> (StandIn, Finished) {
    let service = service();
    let (reports, shot) = reports(bytes);
    let happens = Fault::meanwhile(move |_| change(&shot));
    service.script(Rule::once("POST", "/results$", happens));
    let finished = TaskRun::new(&service, reports.path()).run_impatiently();
    (service, finished)
}

#[test]
fn a_file_that_vanishes_or_changes_before_it_is_sent_is_named_and_nothing_else_is_missing() {
    type Change = fn(&Path);
    let changes: [(Change, &str); 4] = [
        (|shot| std::fs::remove_file(shot).unwrap(), "o such file"),
        (|shot| std::fs::write(shot, "").unwrap(), "was changed"),
        (
            |shot| std::fs::write(shot, b"a pictuRe").unwrap(),
            "was changed",
        ),
        (
            |shot| {
                std::fs::remove_file(shot).unwrap();
                std::fs::create_dir(shot).unwrap();
            },
            "can no longer be read",
        ),
    ];
    for (change, told) in changes {
        let (service, finished) = changed_before_it_is_sent(b"a picture", change);
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        let run = the_finished_run(&service, &["A", "B"]);
        assert_eq!(attached_to_results(&run), Vec::<String>::new());
        assert_eq!(
            finished.issues("warning"),
            ["KADO010"],
            "{}",
            finished.stdout
        );
        finished.says("1 attachment did not reach Azure DevOps, 'shot.png' among them: ");
        finished.says(told);
        // No status, since nothing was answered.
        finished.lacks("attachments: 0 ");
        finished.says("2 results read: 2 published, 0 left out, 0 missing");
        assert_swagger(&service);
    }
}

#[test]
fn a_large_file_that_changes_while_it_is_sent_never_arrives() {
    let large = vec![b'x'; 3_000_000];
    let (service, finished) = changed_before_it_is_sent(&large, |shot| {
        let mut other = vec![b'x'; 3_000_000];
        other[2_999_999] = b'y';
        std::fs::write(shot, other).unwrap();
    });
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = the_finished_run(&service, &["A", "B"]);
    assert_eq!(attached_to_results(&run), Vec::<String>::new());
    finished.says("the file was changed while it was to be sent");
    // It is not tried again: it will not change back.
    let tried = service.requests();
    let tried = tried
        .iter()
        .filter(|request| request.path.ends_with("/attachments"));
    assert!(tried.count() <= 1);
}

#[test]
fn a_file_that_grows_is_attached_as_it_was() {
    let (service, finished) = changed_before_it_is_sent(b"a picture", |shot| {
        std::fs::write(shot, b"a picture and more").unwrap();
    });
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = the_finished_run(&service, &["A", "B"]);
    let result = run["results"].as_array().unwrap();
    let attachment = &result[1]["attachments"][0];
    let stored = service.attachment(attachment["id"].as_u64().unwrap());
    assert_eq!(stored, b"a picture");
    assert_eq!(finished.issues("warning"), Vec::<String>::new());
}

#[test]
fn a_report_in_the_place_of_which_something_else_lies_is_named() {
    let service = service();
    let reports = Reports::new().with_suite("Smoke", &[Case::passed("A")]);
    let broken = reports.add(&Suite::new("Broken", &[Case::passed("B")]));
    std::fs::write(broken.join("JUnit_Report.xml"), "no XML at all").unwrap();
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 3, "{}", finished.stdout);
    assert_eq!(finished.issues("error"), ["KADO302"]);
    the_finished_run(&service, &["A"]);
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::process::CommandExt;
    use std::path::Path;

    use super::*;
    use crate::hostile_files::unix::{fifo, run_in_time};
    use crate::support::PROGRAM;

    #[test]
    fn what_is_put_in_place_of_a_file_before_it_is_sent_is_neither_waited_for_nor_read() {
        type Swap = fn(&Path, &Path);
        let swaps: [(Swap, &str); 3] = [
            (|_, file| fifo(file), "it is no ordinary file"),
            (
                |other, file| symlink(other, file).unwrap(),
                "it is no ordinary file",
            ),
            (
                |other, file| std::fs::hard_link(other, file).unwrap(),
                "another file is in its place",
            ),
        ];
        for (swap, told) in swaps {
            for name in ["shot.png", "console0.log"] {
                let service = service();
                let (reports, shot) = reports(b"a picture");
                let file = shot.with_file_name(name);
                std::fs::write(&file, b"a picture or a log").unwrap();
                let other = reports.temp().join("other");
                std::fs::create_dir_all(reports.temp()).unwrap();
                std::fs::write(&other, b"a picture or a log").unwrap();
                let happens = Fault::meanwhile(move |_| {
                    std::fs::remove_file(&file).unwrap();
                    swap(&other, &file);
                });
                service.script(Rule::once("POST", "/results$", happens));
                let finished = run_in_time(&TaskRun::new(&service, reports.path()));
                assert_eq!(finished.code, 0, "{}", finished.stdout);
                assert_eq!(finished.issues("warning"), ["KADO010"], "{name}");
                finished.says(&format!("the file can no longer be read: {told}"));
                finished.says("2 results read: 2 published, 0 left out, 0 missing");
                the_finished_run(&service, &["A", "B"]);
            }
        }
    }

    #[test]
    fn a_folder_whose_name_is_no_text_is_a_report_like_any_other() {
        let service = service();
        let (reports, shot) = reports(b"a picture");
        let folder = shot.parent().unwrap();
        // Latin-1, as an old archive may unpack it.
        let odd = folder.with_file_name(OsStr::from_bytes(b"Pr\xfcfung"));
        std::fs::rename(folder, &odd).unwrap();
        let finished = TaskRun::new(&service, reports.path()).run();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        let run = the_finished_run(&service, &["A", "B"]);
        assert_eq!(attached_to_results(&run), ["shot.png"]);
        finished.says("Smoke/Pr\u{fffd}fung: ");
    }

    #[test]
    fn a_file_whose_name_is_no_text_is_named_if_it_is_missed() {
        let service = service();
        let (reports, shot) = reports(b"a picture");
        let odd = shot.with_file_name(OsStr::from_bytes(b"sh\xf6t.png"));
        std::fs::rename(&shot, odd).unwrap();
        let finished = TaskRun::new(&service, reports.path()).run();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        the_finished_run(&service, &["A", "B"]);
        assert_eq!(finished.issues("warning"), ["KADO003"]);
    }

    /// A folder so deep that no path of the system reaches its end, made of two that it does reach.
    fn too_deep(root: &Path) -> PathBuf {
        let half = |name: &str| {
            let mut path = root.join(name);
            (0..14).for_each(|_| path.push("d".repeat(200)));
            std::fs::create_dir_all(&path).unwrap();
            path
        };
        let (upper, _) = (half("upper"), half("lower"));
        std::fs::rename(root.join("lower"), upper.join("lower")).unwrap();
        upper
    }

    #[test]
    fn a_long_path_is_published_and_one_that_is_too_long_is_named() {
        let service = service();
        let long = format!("Reports/{}", vec!["long".repeat(40); 12].join("/"));
        let suite = Suite::new("Long", &[Case::passed("A")]).in_folder(&long);
        let reports = Reports::new().with(&suite);
        too_deep(reports.path());
        let finished = TaskRun::new(&service, reports.path()).run();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        the_finished_run(&service, &["A"]);
        assert_eq!(finished.issues("warning"), ["KADO004"]);
        finished.says("cannot open folder '");
    }

    /// Runs the program as somebody whom rights hold for: not as root.
    fn run_with_rights(run: &TaskRun, folder: &Path) -> Finished {
        let locked = folder.join("locked");
        std::fs::write(&locked, "").unwrap();
        lock(&locked);
        if std::fs::read(&locked).is_err() {
            return run.run();
        }
        // Nobody may not even get to the folder that the program was built in.
        let copy = folder.join("katalon-ado");
        std::fs::copy(PROGRAM, &copy).unwrap();
        let mut command = run.command(&copy);
        let nobody = 65_534;
        Finished::of(command.uid(nobody).gid(nobody).spawn().unwrap())
    }

    fn lock(path: &Path) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o000)).unwrap();
    }

    fn open(path: &Path) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    }

    #[test]
    fn what_may_not_be_read_is_named_and_the_rest_is_published() {
        let service = service();
        let (reports, shot) = reports(b"a picture");
        open(reports.path());
        open(&reports.temp());
        lock(&shot);
        let secret = reports.add_suite("Secret", &[Case::passed("S")]);
        lock(&secret.join("JUnit_Report.xml"));
        let hidden = reports.add_suite("Hidden", &[Case::passed("H")]);
        lock(&hidden);
        let with_log = Suite::new("Logged", &[Case::passed("L")]).with_log();
        let logged = reports.add(&with_log);
        lock(&logged.join("JUnit_Report.xml"));
        let run = TaskRun::new(&service, reports.path());
        let finished = run_with_rights(&run, reports.path());
        open(&hidden);
        assert_eq!(finished.code, 3, "{}", finished.stdout);
        let all: Vec<Vec<String>> = service.runs().iter().map(names).collect();
        assert_eq!(all, [vec!["L"], vec!["A", "B"]]);
        assert_eq!(finished.issues("error"), ["KADO302"], "{}", finished.stdout);
        // The folder that is hidden, the JUnit beside a log, and the picture.
        let warnings = finished.issues("warning");
        assert_eq!(
            warnings,
            ["KADO004", "KADO001", "KADO011"],
            "{}",
            finished.stdout
        );
        for told in ["Hidden", "Secret", "Logged", "shot.png"] {
            let lines = finished.stdout.lines();
            let mut issues = lines.filter(|line| line.contains("task.logissue"));
            assert!(
                issues.any(|line| line.contains(told)),
                "{told}: {}",
                finished.stdout
            );
        }
    }
}
