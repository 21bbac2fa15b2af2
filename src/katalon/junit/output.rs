//! Reads the output of a test case in JUnit: one entry a message, `<time> - [KIND][STATUS] - text`.
//!
//! Katalon writes there what it takes from the log, so it tells what nothing else in JUnit does:
//! when the test case began, which step failed, which pictures were taken. The times never have a
//! zone.

use std::collections::BTreeSet;

use super::super::failure;
use super::super::times::WrittenTime;
use super::super::{Step, Variable};
use super::{JunitCase, WrittenTimeOfOutput};
use crate::secrets::typed;

/// Letters of a step's message that have to agree with that of the test case.
const COMPARED: usize = 60;

/// Failed steps among which the one is looked for that the failure tells of: so many of the last
/// ones, and of the first. A step fails with those around it, and where a test case went on after
/// many failures, Katalon tells of the first or of the last.
const MOST_FAILED: usize = 250;

/// Bytes of a failure in which the message of a step is looked for: what went wrong stands before
/// the stack trace.
const TOLD: usize = 16 * 1024;

/// An entry of the output.
struct Entry<'a> {
    time: WrittenTime,
    /// `TEST_CASE`, `TEST_STEP`, `MESSAGE`, …
    kind: &'a str,
    /// `FAILED`, `INFO`, …
    status: &'a str,
    text: &'a str,
}

/// Takes what the output tells into the test case, whose failure has been read before.
pub(super) fn read(output: &str, case: &mut JunitCase) {
    case.attachments.extend(attachments(output));
    let mut failed_steps: Vec<(&str, &str)> = Vec::new();
    let mut went_on = false;
    let mut verdict = "";
    let mut typed: BTreeSet<Variable> = BTreeSet::new();
    for (at, entry) in entries(output).enumerate() {
        if at == 0
            && let WrittenTime::Local(local) = entry.time
        {
            case.output_began = Some(WrittenTimeOfOutput(local));
        }
        typed.extend(typed_by(&entry));
        match (entry.kind, entry.status) {
            ("TEST_STEP", "FAILED" | "ERROR") => {
                failed_steps.push(parts(entry.text));
                went_on = false;
            }
            ("TEST_STEP", "PASSED") => went_on = true,
            ("TEST_CASE", "FAILED" | "ERROR") if verdict.is_empty() => {
                let path = entry.text.strip_prefix(case.path());
                verdict = path.and_then(|rest| rest.strip_prefix(": ")).unwrap_or("");
            }
            _ => {}
        }
    }
    case.other_variables.extend(typed);
    let says_nothing = case.message.as_deref().is_none_or(str::is_empty);
    if says_nothing && !verdict.is_empty() && verdict != "null" {
        case.message = Some(verdict.to_owned());
    }
    let told = case.message.as_deref().unwrap_or_default();
    let told = &told[..told.floor_char_boundary(TOLD)];
    let is_told = |(_, message): &&(&str, &str)| {
        let message = failure::reason_of(message).trim_start();
        let line = message.lines().next().unwrap_or_default();
        let begin: String = line.chars().take(COMPARED).collect();
        !begin.is_empty() && told.contains(&begin)
    };
    // The step around it comes before the one that failed, with the same message. If nothing tells
    // which it was, it is the last, unless the script caught that and went on.
    let last = failed_steps.last().filter(|_| !went_on);
    let latest = failed_steps.len().saturating_sub(MOST_FAILED);
    let first = failed_steps.iter().take(latest.min(MOST_FAILED));
    let failed = failed_steps.iter().skip(latest).rfind(is_told);
    let failed = failed.or_else(|| first.rev().find(is_told)).or(last);
    case.step = failed.map(|(name, message)| Step {
        place: vec![(*name).to_owned()],
        line: None,
        message: (*message).to_owned(),
        duration: None,
    });
}

/// The text that a step types, and its message repeats.
fn typed_by(entry: &Entry<'_>) -> impl Iterator<Item = Variable> {
    let (step, message) = match entry.kind {
        "TEST_STEP" => parts(entry.text),
        _ => ("", entry.text),
    };
    let by_message = typed::of_message(message).map(|(object, text)| (object, text, false));
    let typed = typed::of_step(step).into_iter().chain(by_message);
    typed
        .map(Variable::typed)
        .filter(|variable| !variable.value.is_empty())
}

/// The entries of the output; an entry ends where the next one begins.
fn entries(output: &str) -> impl Iterator<Item = Entry<'_>> {
    let mut lines = lines_with_places(output).peekable();
    let mut next_head = move || lines.find_map(|(at, line)| Some((at, head(line)?)));
    let mut pending = next_head();
    std::iter::from_fn(move || {
        let (at, (time, kind, status, head_length)) = pending.take()?;
        pending = next_head();
        let end = pending.as_ref().map_or(output.len(), |(next, _)| *next);
        let text = output.get(at + head_length..end).unwrap_or_default();
        Some(Entry {
            time,
            kind,
            status,
            text: text.trim_end(),
        })
    })
}

fn lines_with_places(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let begins = at;
        at += line.len();
        (begins, line)
    })
}

/// Time, kind and status of the line with which an entry begins, and how long they are.
fn head(line: &str) -> Option<(WrittenTime, &str, &str, usize)> {
    let plain = line.trim_start();
    let (time, rest) = plain.split_once(" - [")?;
    let time = WrittenTime::parse(time)?;
    let (kind, rest) = rest.split_once("][")?;
    let (status, text) = rest.split_once("] - ")?;
    let is_word = |word: &str| {
        word.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    (is_word(kind) && is_word(status)).then(|| (time, kind, status, line.len() - text.len()))
}

/// A step and its message. The step is Groovy, in which a colon may stand inside of brackets and
/// quotes.
fn parts(text: &str) -> (&str, &str) {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ':') if depth == 0 && text[at..].starts_with(": ") => {
                return (&text[..at], &text[at + 2..]);
            }
            (None, _) => {}
        }
    }
    // Brackets that never close: words of people, not Groovy.
    text.split_once(": ").unwrap_or((text.trim_end(), ""))
}

/// The paths of lines `[[ATTACHMENT|path]]`.
fn attachments(output: &str) -> impl Iterator<Item = String> {
    output.lines().filter_map(|line| {
        let path = line.trim().strip_prefix("[[ATTACHMENT|")?;
        // The last brackets, because a path may hold some; behind them 6.x has `&#xD;`.
        let end = path.rfind("]]")?;
        Some(path[..end].to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(message: &str, output: &str) -> JunitCase {
        let mut case = JunitCase {
            name: "Test Cases/A".to_owned(),
            message: Some(message.to_owned()).filter(|message| !message.is_empty()),
            ..JunitCase::default()
        };
        read(output, &mut case);
        case
    }

    #[test]
    fn the_failed_step_is_the_one_that_the_failure_tells_of() {
        let output = "2022-02-15 11:05:47 - [TEST_CASE][FAILED] - Test Cases/A: Test Cases/A FAILED.\n\
                      Reason:\nx.Y: Unable to click 'a: b'\n\n\
                      2022-02-15 11:06:01 - [TEST_STEP][PASSED] - open(): null\n\n\
                      2022-02-15 11:06:07 - [TEST_STEP][FAILED] - if (a ? b : c): Unable to click 'a: b' (Root cause: z)\n\n\
                      2022-02-15 11:06:08 - [TEST_STEP][FAILED] - click(find(\"a: b\")): Unable to click 'a: b' (Root cause: z)\n\n\
                      2022-02-15 11:06:09 - [TEST_STEP][FAILED] - closeAll(): no window\nat all";
        let told = "Test Cases/A FAILED.\nReason:\nx.Y: Unable to click 'a: b' (Root cause: z)";
        let step = |message| case(message, output).step.unwrap();
        assert_eq!(step(told).place, ["click(find(\"a: b\"))"]);
        assert_eq!(step(told).message, "Unable to click 'a: b' (Root cause: z)");
        // Nothing tells which: the last.
        assert_eq!(step("something else").place, ["closeAll()"]);
        assert_eq!(step("something else").message, "no window\nat all");
        assert_eq!(case("x", "no entry at all").step, None);
        let caught = format!("{output}\n2022-02-15 11:06:10 - [TEST_STEP][PASSED] - open(): null");
        assert_eq!(case("something else", &caught).step, None);
    }

    #[test]
    fn the_first_of_many_soft_failures_is_found_like_the_last() {
        let step = |at| {
            format!(
                "2022-02-15 11:06:07 - [TEST_STEP][FAILED] - click({at}): Unable to click '{at}'\n\n"
            )
        };
        let output: String = (0..3 * MOST_FAILED).map(step).collect();
        for told in [0, MOST_FAILED - 1, 2 * MOST_FAILED, 3 * MOST_FAILED - 1] {
            let message = format!("Test Cases/A FAILED.\nReason:\nUnable to click '{told}'");
            let step = case(&message, &output).step.unwrap();
            assert_eq!(step.place, [format!("click({told})")]);
        }
    }

    #[test]
    fn what_steps_type_is_known_from_the_output() {
        let output = "2022-02-15 11:05:47 - [TEST_STEP][PASSED] - setText(findTestObject(\"A/input_pwd\"), \
                      \"a: b\"): Text 'a: b' is set on object 'A/input_pwd'\n\n\
                      2022-02-15 11:05:48 - [MESSAGE][PASSED] - Text 'c' is set on object 'A/user'\n\n\
                      2022-02-15 11:05:49 - [TEST_STEP][PASSED] - setEncryptedText(field, \"d==\"): null";
        let typed = case("", output).other_variables;
        let typed: Vec<(&str, &str, bool)> = typed
            .iter()
            .map(|one| (one.name.as_str(), one.value.as_str(), one.masked))
            .collect();
        assert_eq!(
            typed,
            [
                ("", "d==", true),
                ("input_pwd", "a: b", false),
                ("user", "c", false)
            ]
        );
    }

    #[test]
    fn a_failure_without_an_element_is_told_by_the_output() {
        let output = "10-07-2025T19:36:58 - [TEST_CASE][FAILED] - Test Cases/A: Test Cases/A FAILED.\n\
                      Reason:\nassert x\n\n  false\n\n\
                      10-07-2025T19:36:59 - [MESSAGE][INFO] - x";
        let read = case("", output);
        assert_eq!(
            read.message.as_deref(),
            Some("Test Cases/A FAILED.\nReason:\nassert x\n\n  false")
        );
        let began = "2025-07-10T19:36:58".parse().unwrap();
        assert_eq!(read.output_began, Some(WrittenTimeOfOutput(began)));
        assert_eq!(case("own", output).message.as_deref(), Some("own"));
    }

    #[test]
    fn steps_of_which_the_groovy_is_broken_end_at_the_first_colon() {
        for (text, expected) in [
            ("click: Unable", ("click", "Unable")),
            ("it's done: Unable", ("it's done", "Unable")),
            ("f(a: b, \"c: d\"): no: x", ("f(a: b, \"c: d\")", "no: x")),
            ("closeAll()", ("closeAll()", "")),
        ] {
            assert_eq!(parts(text), expected);
        }
    }
}
