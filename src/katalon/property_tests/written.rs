//! Makes reports, and writes them as Katalon would.

use super::super::Status;
use super::Dice;

/// Which letters texts are made of.
#[derive(Clone, Copy)]
pub(super) enum Letters {
    Any,
    /// Those of Windows-1252 as well, and not such that two of them look like UTF-8.
    Western,
}

/// What one execution of a test case was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) status: Status,
    pub(super) started: i64,
    pub(super) millis: i64,
    pub(super) message: String,
    /// The step that failed, from the outermost to the innermost; empty if none did.
    pub(super) place: Vec<String>,
}

/// A row: test case, bound value (empty: none), attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MadeRow {
    pub(super) path: String,
    pub(super) value: String,
    pub(super) attempts: Vec<Made>,
}

pub(super) fn word(dice: &mut Dice, letters: Letters) -> String {
    const WESTERN: [&str; 14] = [
        "a", "Z", "7", "&", "'", "\"", "<", ">", "ü", "é", "\\", "]]>", " ", "&lt;",
    ];
    const ANY: [&str; 18] = [
        "a",
        "Z",
        "7",
        "&",
        "'",
        "\"",
        "<",
        ">",
        "ü",
        "é",
        "\\",
        "]]>",
        " ",
        "&lt;",
        "Đ",
        "語",
        "\u{1F600}",
        "\u{a0}",
    ];
    let mut word = "w".to_owned();
    for _ in 0..dice.below(6) {
        word.push_str(match letters {
            Letters::Any => dice.one_of(&ANY),
            Letters::Western => dice.one_of(&WESTERN),
        });
    }
    // Blanks at the ends of names and messages are nothing.
    word.push('d');
    word
}

pub(super) fn made(dice: &mut Dice, letters: Letters) -> Vec<MadeRow> {
    let mut at = 1_754_902_500_100;
    let mut rows = Vec::new();
    for _ in 0..=dice.below(4) {
        let path = format!("Test Cases/{}/{}", word(dice, letters), word(dice, letters));
        let count = dice.one_of(&[1, 1, 2, 3]);
        for _ in 0..count {
            let attempts = (0..dice.one_of(&[1, 1, 1, 2, 3])).map(|_| {
                let status = dice.one_of(&[
                    Status::Passed,
                    Status::Failed,
                    Status::Error,
                    Status::Skipped,
                ]);
                let millis = i64::try_from(dice.below(5000)).unwrap();
                let started = at;
                at += millis + 10;
                let message = format!("{}\n{}", word(dice, letters), word(dice, letters));
                let depth = dice.below(4);
                let steps = (0..depth).map(|_| {
                    let index = 1 + dice.below(9);
                    format!("{index}. {}", word(dice, letters))
                });
                let steps: Vec<String> = steps.collect();
                let place = match status {
                    Status::Failed | Status::Error => steps,
                    _ => Vec::new(),
                };
                Made {
                    status,
                    started,
                    millis,
                    message,
                    place,
                }
            });
            let attempts = attempts.collect();
            rows.push(MadeRow {
                path: path.clone(),
                value: String::new(),
                attempts,
            });
        }
        if count > 1 {
            for row in rows.iter_mut().filter(|row| row.path == path) {
                row.value = word(dice, letters);
            }
        }
    }
    rows
}

pub(super) fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&apos;")
}

pub(super) fn java(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// The text of a verdict.
pub(super) fn verdict(row: &MadeRow, attempt: &Made) -> String {
    match attempt.status {
        Status::Failed => format!("{} FAILED.\nReason:\n{}", row.path, attempt.message),
        Status::Error => format!("{} has ERROR(s).\nReason:\n{}", row.path, attempt.message),
        // Katalon has no word for it.
        Status::Skipped => String::new(),
        _ => row.path.clone(),
    }
}

/// The log, with steps and called test cases that mean nothing to the result. Up to 7.5 all text
/// is escaped for Java as well, and the record does not say so.
pub(super) fn written_log(dice: &mut Dice, rows: &[MadeRow], up_to_7_5: bool) -> String {
    let plain = |text: &str| {
        if up_to_7_5 {
            java(text)
        } else {
            text.to_owned()
        }
    };
    let mut log = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n\
                   <!DOCTYPE log SYSTEM \"logger.dtd\">\n<log>\n"
        .to_owned();
    let mut record = |millis: i64,
                      level: &str,
                      method: &str,
                      nested: u32,
                      message: &str,
                      properties: &[(&str, String)]| {
        let escaped = if up_to_7_5 {
            ""
        } else {
            "  <escapedJava>false</escapedJava>\n"
        };
        let properties: String = properties
            .iter()
            .map(|(name, value)| {
                let value = xml(&plain(value));
                format!("  <property name=\"{name}\">{value}</property>\n")
            })
            .collect();
        // The program that writes it escapes for Java first, then for XML, and the log once more.
        let message = xml(&xml(&plain(message)));
        log.push_str(&format!(
            "<record>\n  <millis>{millis}</millis>\n  <level>{level}</level>\n  \
             <method>{method}</method>\n  <message>{message}</message>\n  \
             <nestedLevel>{nested}</nestedLevel>\n{escaped}{properties}</record>\n"
        ));
    };
    let id = |path: &str| vec![("id", path.to_owned()), ("name", path.to_owned())];
    let suite = "Test Suites/Smoke";
    record(
        1_754_902_500_000,
        "START",
        "startSuite",
        0,
        "Start Test Suite : x",
        &id(suite),
    );
    let mut last = 1_754_902_500_000;
    for row in rows {
        for (retry, attempt) in row.attempts.iter().enumerate() {
            let (start, end) = (attempt.started, attempt.started + attempt.millis);
            let mut properties = id(&row.path);
            properties.push(("currentRetryCount", retry.to_string()));
            record(
                start,
                "START",
                "startTest",
                1,
                "Start Test Case : x",
                &properties,
            );
            for step in 0..dice.below(3) {
                let called = dice.below(3) == 0;
                let level = dice.one_of(&["PASSED", "FAILED", "WARNING", "INFO", "NOT_RUN"]);
                if called {
                    let other = id("Test Cases/Called");
                    record(
                        start,
                        "START",
                        "startTest",
                        2,
                        "Start Test Case : y",
                        &other,
                    );
                    record(start, level, "logMessage", 2, "Test Cases/Called", &[]);
                    record(start, "END", "endTest", 1, "End Test Case : y", &[]);
                } else {
                    let message = format!("Start action : step {step}");
                    record(start, "START", "startKeyword", 1, &message, &[]);
                    record(start, level, "logMessage", 1, "a step", &[]);
                    record(start, "END", "endKeyword", 1, "End action", &[]);
                }
            }
            // What failed before and was caught is no reason.
            record(start, "START", "startKeyword", 1, "Start action : on", &[]);
            record(start, "END", "endKeyword", 1, "End action : on", &[]);
            // The failure climbs from the innermost step to the test case.
            for step in &attempt.place {
                let (index, name) = step.split_once(". ").unwrap();
                let properties = [("stepIndex", index.to_owned())];
                let message = format!("Start action : {name}");
                record(start, "START", "startKeyword", 1, &message, &properties);
            }
            for (level, step) in attempt.place.iter().enumerate().rev() {
                let (_, name) = step.split_once(". ").unwrap();
                let climbs = level + 1 == attempt.place.len() || dice.below(2) == 0;
                if climbs {
                    let first_line = attempt.message.lines().next().unwrap();
                    record(end, "FAILED", "logMessage", 1, first_line, &[]);
                }
                let message = format!("End action : {name}");
                record(end, "END", "endKeyword", 1, &message, &[]);
            }
            if attempt.status == Status::Skipped && dice.below(2) == 0 {
                record(end, "PASSED", "logMessage", 1, &row.path, &[]);
            }
            record(
                end,
                attempt.status.as_str(),
                "logMessage",
                0,
                &verdict(row, attempt),
                &[],
            );
            let message = format!("End Test Case : {}", row.path);
            record(end, "END", "endTest", 0, &message, &[]);
            last = end;
        }
    }
    record(last + 5, "END", "endSuite", 0, "End Test Suite : x", &[]);
    log.push_str("</log>\n");
    log
}

pub(super) fn written_junit(rows: &[MadeRow]) -> String {
    let cases: String = rows
        .iter()
        .map(|row| {
            let last = row.attempts.last().unwrap();
            let path = xml(&row.path);
            let failure = match last.status {
                Status::Failed | Status::Error => {
                    let message = xml(&verdict(row, last));
                    format!("<failure type=\"x\" message=\"{message}\"/>")
                }
                _ => String::new(),
            };
            let status = match last.status {
                // So JUnit calls it.
                Status::Skipped => Status::Passed,
                status => status,
            };
            format!(
                "<testcase name=\"{path}\" classname=\"{path}\" time=\"{}.{:03}\" \
                 status=\"{}\">{failure}</testcase>\n",
                last.millis / 1000,
                last.millis % 1000,
                status.as_str()
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"Smoke\">\n\
         <testsuite name=\"Smoke\" id=\"Test Suites/Smoke\" hostname=\"ann - pc\" time=\"9\" \
         timestamp=\"2025-08-11T08:55:00.000Z\">\n{cases}</testsuite>\n</testsuites>\n"
    )
}

pub(super) fn written_binding(rows: &[MadeRow]) -> String {
    rows.iter()
        .map(|row| {
            let value = java(&row.value).replace('\'', "\\'");
            let values = if row.value.is_empty() {
                serde_json::json!({})
            } else {
                serde_json::json!({"user": format!("'{value}'")})
            };
            let line = serde_json::json!({"testCaseId": row.path, "bindedValues": values});
            format!("{line}\n")
        })
        .collect()
}
