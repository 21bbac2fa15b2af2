//! What must hold for every report: a generator makes some, a writer writes them as Katalon would,
//! and the reader has to find in the files what was made.

use std::path::{Path, PathBuf};

use super::find::{Found, ReportFolder};
use super::join::read_all;
use super::{Attempt, Report, Status, log};
use crate::scratch::Scratch;

mod written;

use written::{Letters, Made, MadeRow, made, written_binding, written_junit, written_log};

/// Numbers that look random and are the same in every run.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        // Neighbouring seeds begin alike, so the first numbers are thrown away.
        let mut dice = Dice(seed);
        for _ in 0..4 {
            dice.below(2);
        }
        dice
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    pub(super) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// A report folder.
struct Folder(Scratch);

impl Folder {
    fn new(name: &str) -> Folder {
        Folder(Scratch::new(&format!("property-{name}")))
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        self.0.put(name, bytes);
    }

    fn report(&self) -> Report {
        let (report, problems) = self.read();
        assert_eq!(problems, [""; 0]);
        report
    }

    /// The report, and what is told about it.
    fn read(&self) -> (Report, Vec<String>) {
        let folder = ReportFolder {
            path: self.0.path().to_owned(),
            display: "r".to_owned(),
        };
        let mut read = read_all(&Found {
            folders: vec![folder],
            ..Found::default()
        });
        assert_eq!(read.unreadable, []);
        let problems = read.problems.into_iter().map(|problem| problem.message);
        (read.reports.remove(0), problems.collect())
    }
}

/// What was read, in the form of what was made.
fn as_made(report: &Report) -> Vec<MadeRow> {
    let results = report.results.iter();
    results
        .flat_map(|result| {
            result.rows.iter().map(|row| MadeRow {
                path: result.test_case.as_str().to_owned(),
                value: match row.bound_values.first() {
                    Some((_, value)) => value.clone(),
                    None => String::new(),
                },
                attempts: row.attempts.iter().map(attempt_as_made).collect(),
            })
        })
        .collect()
}

fn attempt_as_made(attempt: &Attempt) -> Made {
    let millis = attempt.duration.map(|duration| duration.as_millis());
    let failure = attempt.failure.as_ref();
    Made {
        status: attempt.status,
        started: attempt
            .started
            .map_or(0, |started| started.as_millisecond()),
        millis: millis.map_or(-1, |millis| i64::try_from(millis).unwrap()),
        message: failure
            .map(|failure| failure.message.clone())
            .unwrap_or_default(),
        place: failure
            .and_then(|failure| failure.step.clone())
            .map_or_else(Vec::new, |step| step.place),
    }
}

/// What was made, with no message where nothing went wrong.
fn expected(rows: &[MadeRow]) -> Vec<MadeRow> {
    let mut rows = rows.to_vec();
    for attempt in rows.iter_mut().flat_map(|row| &mut row.attempts) {
        if !matches!(attempt.status, Status::Failed | Status::Error) {
            attempt.message.clear();
        }
    }
    rows
}

#[test]
fn what_is_written_is_read() {
    let scratch = Folder::new("written");
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let rows = made(&mut dice, Letters::Any);
        let log = written_log(&mut dice, &rows, seed % 3 == 0);
        scratch.write("execution0.log", log.as_bytes());
        scratch.write("JUnit_Report.xml", written_junit(&rows).as_bytes());
        scratch.write("testCaseBinding", written_binding(&rows).as_bytes());
        assert_eq!(as_made(&scratch.report()), expected(&rows), "seed {seed}");
    }
}

#[test]
fn the_log_alone_tells_the_same() {
    let scratch = Folder::new("log-alone");
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let mut rows = made(&mut dice, Letters::Any);
        // Without a plan nothing tells the values of rows.
        rows.iter_mut().for_each(|row| row.value.clear());
        let log = written_log(&mut dice, &rows, seed % 3 == 0);
        scratch.write("execution0.log", log.as_bytes());
        assert_eq!(as_made(&scratch.report()), expected(&rows), "seed {seed}");
    }
}

fn went_well(status: Status) -> bool {
    matches!(status, Status::Passed | Status::Skipped)
}

#[test]
fn nothing_passes_in_a_log_that_was_cut_off_unless_it_passed_in_the_whole() {
    let scratch = Folder::new("cut");
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let rows = made(&mut dice, Letters::Any);
        let whole = written_log(&mut dice, &rows, seed % 3 == 0);
        scratch.write("testCaseBinding", written_binding(&rows).as_bytes());
        for _ in 0..20 {
            let cut = &whole.as_bytes()[..dice.below(whole.len())];
            scratch.write("execution0.log", cut);
            let (report, problems) = scratch.read();
            for problem in &problems {
                assert!(problem.contains(": the log stops at line "), "{problem}");
            }
            assert!(problems.len() <= 1, "{problems:?}");
            let read = as_made(&report);
            // What never ran stands at the end of its test case, as it was planned.
            assert_eq!(read.len(), rows.len(), "seed {seed}, {} bytes", cut.len());
            for (read, made) in read.iter().zip(&rows) {
                assert_eq!(read.path, made.path);
                for (attempt, truth) in read.attempts.iter().zip(&made.attempts) {
                    if went_well(attempt.status) {
                        let truth = truth.status;
                        assert_eq!(attempt.status, truth, "seed {seed}, {} bytes", cut.len());
                    }
                }
            }
        }
    }
}

/// What may stand between two records of a log that somebody damaged.
const DAMAGE: [&str; 6] = [
    "</log><?xml version=\"1.0\"?>\n<!DOCTYPE log SYSTEM \"logger.dtd\">\n<log>\n",
    "<!DOCTYPE log SYSTEM \"logger.dtd\">\n",
    "<<<<<<< HEAD\n",
    "</log>\n",
    "<record>\n  <level>INFO</level>\n  <mess",
    "ge>\u{fc}</message>\n</record>\n",
];

#[test]
fn damage_between_records_costs_nothing_and_is_told_once() {
    let scratch = Folder::new("damage");
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let rows = made(&mut dice, Letters::Any);
        let log = written_log(&mut dice, &rows, seed % 3 == 0);
        let mut parts: Vec<&str> = log.split_inclusive("</record>\n").collect();
        // The last part is the end of the document.
        let places = parts.len() - 1;
        for _ in 0..=dice.below(3) {
            parts.insert(1 + dice.below(places - 1), dice.one_of(&DAMAGE));
        }
        scratch.write("execution0.log", parts.concat().as_bytes());
        scratch.write("JUnit_Report.xml", written_junit(&rows).as_bytes());
        scratch.write("testCaseBinding", written_binding(&rows).as_bytes());
        let (report, problems) = scratch.read();
        assert_eq!(as_made(&report), expected(&rows), "seed {seed}");
        assert_eq!(problems.len(), 1, "seed {seed}: {problems:?}");
        assert!(
            problems[0].contains("the log is damaged at line "),
            "{problems:?}"
        );
    }
}

#[test]
fn a_report_reads_the_same_in_another_folder_of_another_machine() {
    let scratch = Folder::new("moved");
    for seed in 0..20 {
        let mut dice = Dice::new(seed);
        let rows = made(&mut dice, Letters::Any);
        let files = [
            ("execution0.log", written_log(&mut dice, &rows, false)),
            ("JUnit_Report.xml", written_junit(&rows)),
            ("testCaseBinding", written_binding(&rows)),
        ];
        let mut reports = Vec::new();
        for folder in [
            "a",
            "Reports/20250811_105459/Smoke/20250811_105500",
            "ü b/語",
        ] {
            let folder = scratch.0.join(folder);
            std::fs::create_dir_all(&folder).unwrap();
            for (name, text) in &files {
                std::fs::write(folder.join(name), text).unwrap();
            }
            let read = read_all(&Found {
                folders: vec![ReportFolder {
                    path: folder,
                    display: "r".to_owned(),
                }],
                ..Found::default()
            });
            assert_eq!(read.problems, []);
            let mut report = read.reports.into_iter().next().unwrap();
            // Where it lies is all that differs.
            report.folder = PathBuf::new();
            report.files.clear();
            reports.push(format!("{report:?}"));
        }
        assert_eq!(reports[0], reports[1], "seed {seed}");
        assert_eq!(reports[0], reports[2], "seed {seed}");
    }
}

#[test]
fn no_prefix_of_any_log_at_hand_makes_a_test_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("tests/reports"), root.join("examples/reports")];
    // Real ones, where they are at hand.
    folders.extend(super::truth_tests::samples());
    let mut dice = Dice::new(7);
    let mut logs = 0;
    for entry in folders
        .into_iter()
        .flat_map(|folder| walkdir::WalkDir::new(folder).sort_by_file_name())
    {
        let entry = entry.unwrap();
        if entry.file_name() != "execution0.log" {
            continue;
        }
        logs += 1;
        let bytes = std::fs::read(entry.path()).unwrap();
        let whole = log::read(bytes.as_slice()).unwrap();
        let whole: Vec<_> = whole
            .earlier_runs
            .iter()
            .chain([&whole])
            .flat_map(|run| &run.executions)
            .collect();
        for _ in 0..40 {
            let cut = &bytes[..dice.below(bytes.len())];
            let part = log::read(cut).unwrap();
            let part = part
                .earlier_runs
                .iter()
                .chain([&part])
                .flat_map(|run| &run.executions);
            for one in part.filter(|one| one.has_ended) {
                let same = whole.iter().find(|other| {
                    other.test_case == one.test_case
                        && other.started == one.started
                        && other.retry == one.retry
                });
                let passed = ["PASSED", "SKIPPED"].contains(&one.status.as_deref().unwrap_or(""));
                if passed {
                    assert_eq!(
                        same.unwrap().status,
                        one.status,
                        "{}",
                        entry.path().display()
                    );
                }
            }
        }
    }
    assert!(logs > 20, "{logs}");
}

/// Bytes of the text in other clothes, by name.
fn dressed(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(unit).collect()
    };
    let western = text
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap());
    vec![
        ("plain", text.as_bytes().to_vec()),
        ("marked", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        ("CRLF", text.replace('\n', "\r\n").into_bytes()),
        ("UTF-16 LE", utf16(u16::to_le_bytes)),
        ("UTF-16 BE", utf16(u16::to_be_bytes)),
        ("Windows-1252", western.collect()),
    ]
}

#[test]
fn encoding_and_line_endings_change_nothing() {
    let scratch = Folder::new("dressed");
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let rows = made(&mut dice, Letters::Western);
        let files = [
            (
                "execution0.log",
                written_log(&mut dice, &rows, seed % 3 == 0),
            ),
            ("JUnit_Report.xml", written_junit(&rows)),
            ("testCaseBinding", written_binding(&rows)),
        ];
        let files = files.map(|(name, text)| (name, dressed(&text)));
        for dress in 0..6 {
            for (name, dressed) in &files {
                scratch.write(name, &dressed[dress].1);
            }
            let name = files[0].1[dress].0;
            assert_eq!(
                as_made(&scratch.report()),
                expected(&rows),
                "seed {seed}, {name}"
            );
        }
    }
}
