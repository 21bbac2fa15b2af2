//! Makes the attempts of a row of what JUnit and log say about it.

use super::super::junit::JunitCase;
use super::super::log::Execution;
use super::super::times::{between, from_millis};
use super::super::{Attempt, Failure, Status, Step, failure};
use super::screenshots::Screenshots;
use super::sources::Sources;

/// Attempts of a row that JUnit has: all but the last are the log's alone.
pub(super) fn attempts(
    case: &JunitCase,
    logged: &[&Execution],
    sources: &Sources<'_>,
    screenshots: &mut Screenshots<'_>,
) -> Vec<Attempt> {
    // What stands in a log that stops may be only the attempts before the one that JUnit tells of.
    let (earlier, last) = match logged.split_last() {
        Some((last, _)) if sources.is_log_short() && is_another(case, last) => (logged, None),
        Some((last, earlier)) => (earlier, Some(last)),
        None => (logged, None),
    };
    let mut attempts: Vec<Attempt> = earlier
        .iter()
        .map(|execution| logged_attempt(execution, screenshots))
        .collect();
    let Some(last) = last else {
        attempts.push(Attempt {
            started: (sources.case_started)(case),
            screenshots: screenshots.find_paths(&case.attachments),
            ..reported_attempt(case)
        });
        return attempts;
    };
    let logged = logged_attempt(last, screenshots);
    let reported = reported_attempt(case);
    let pictures = if last.attachments.is_empty() {
        // The records may lie in the part of the log that is damaged or gone.
        screenshots.find_paths(&case.attachments)
    } else {
        logged.screenshots
    };
    let skipped = last.has_ended && logged.status == Status::Skipped;
    let status = if skipped {
        Status::Skipped
    } else {
        reported.status
    };
    attempts.push(Attempt {
        status,
        started: logged.started,
        duration: reported.duration.or(logged.duration),
        failure: match status {
            Status::Passed | Status::NotRun => None,
            Status::Skipped => logged.failure,
            // The log stops before the failure that JUnit tells of.
            Status::Failed | Status::Error if !last.has_ended => reported.failure,
            Status::Failed | Status::Error | Status::Incomplete => {
                with_step(reported.failure, logged.failure)
            }
        },
        screenshots: pictures,
        videos: logged.videos,
        requests: logged.requests,
    });
    attempts
}

/// Whether JUnit tells of another attempt than the log: it takes duration and status from the log,
/// so those would be the same.
fn is_another(case: &JunitCase, execution: &Execution) -> bool {
    let ends = execution.started.zip(execution.ended);
    let logged =
        ends.and_then(|(started, ended)| between(from_millis(started)?, from_millis(ended)?));
    let took_another_time = case
        .time
        .zip(logged)
        .is_some_and(|(told, logged)| told != logged);
    let verdict = execution.status.as_deref().and_then(Status::parse);
    let ended_otherwise = match verdict {
        // Of a test case that was left aside JUnit says that it passed.
        Some(Status::Skipped) | None => false,
        Some(verdict) => {
            execution.has_ended && status_of(&case.status, case.message.is_some()).0 != verdict
        }
    };
    execution.retry.is_some() && (took_another_time || ended_otherwise)
}

/// What JUnit says, with the step that only the log knows.
fn with_step(reported: Option<Failure>, logged: Option<Failure>) -> Option<Failure> {
    match (reported, logged) {
        (Some(reported), Some(logged)) => Some(Failure {
            step: logged.step.or(reported.step),
            ..reported
        }),
        (reported, logged) => reported.or(logged),
    }
}

fn reported_attempt(case: &JunitCase) -> Attempt {
    let message = case.message.as_deref().unwrap_or_default();
    let (status, word) = status_of(&case.status, !message.is_empty());
    Attempt {
        status,
        started: None,
        duration: case.time,
        failure: failure_of(status, word, message, case.path(), case.step.as_ref()),
        screenshots: Vec::new(),
        videos: Vec::new(),
        requests: Vec::new(),
    }
}

/// An attempt as the log alone tells it.
pub(super) fn logged_attempt(execution: &Execution, screenshots: &mut Screenshots<'_>) -> Attempt {
    let (status, word) = match &execution.status {
        Some(word) if execution.has_ended => status_of(word, false),
        Some(_) | None => (Status::Incomplete, None),
    };
    let started = execution.started.and_then(from_millis);
    let ended = execution.ended.and_then(from_millis);
    let message = match status {
        // What a step said last is no reason why the case never ended.
        Status::Incomplete if word.is_none() => "",
        _ => &execution.message,
    };
    let step = execution.step.as_ref();
    let mut failure = failure_of(status, word, message, &execution.test_case, step);
    if let Some(failure) = &mut failure
        && failure.stack_trace.is_empty()
        && !message.is_empty()
    {
        let trace = failure::split(&execution.stack_trace, &execution.test_case);
        failure.stack_trace = trace.stack_trace;
    }
    Attempt {
        status,
        started,
        duration: started
            .zip(ended)
            .and_then(|(started, ended)| between(started, ended)),
        failure,
        screenshots: screenshots.find_all(&execution.attachments),
        videos: screenshots.find_if_there(&execution.videos),
        requests: screenshots.find_if_there(&execution.requests),
    }
}

/// The status that a word means, and the word itself if it means none.
fn status_of(word: &str, has_message: bool) -> (Status, Option<&str>) {
    match Status::parse(word) {
        Some(status) => (status, None),
        // Only a message tells that something went wrong.
        None if word.trim().is_empty() && has_message => (Status::Failed, None),
        None if word.trim().is_empty() => (Status::Incomplete, None),
        None => (Status::Incomplete, Some(word)),
    }
}

fn failure_of(
    status: Status,
    word: Option<&str>,
    message: &str,
    path: &str,
    step: Option<&Step>,
) -> Option<Failure> {
    if status == Status::Passed {
        return None;
    }
    // The message of a case that went well is its path.
    let message = if message == path { "" } else { message };
    let mut failure = failure::split(message, path);
    // A step that failed is no reason why the test case was left aside.
    if status != Status::Skipped {
        failure.step = step.cloned();
    }
    if let Some(word) = word {
        let unknown = format!("Katalon reports the status '{word}'");
        failure.message = if failure.message.is_empty() {
            unknown
        } else {
            format!("{unknown}: {}", failure.message)
        };
    }
    (failure != Failure::default()).then_some(failure)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_status_without_a_word_is_told_by_the_message() {
        assert_eq!(status_of("passed", false), (Status::Passed, None));
        assert_eq!(status_of("", true), (Status::Failed, None));
        assert_eq!(status_of(" ", false), (Status::Incomplete, None));
        assert_eq!(
            status_of("WARNING", true),
            (Status::Incomplete, Some("WARNING"))
        );
    }

    #[test]
    fn of_an_attempt_junit_and_log_tell_the_same_time_and_the_same_end() {
        let case = |status: &str, time| JunitCase {
            status: status.to_owned(),
            time,
            ..JunitCase::default()
        };
        let execution = |status: &str, has_ended: bool| Execution {
            retry: Some(1),
            status: Some(status.to_owned()),
            started: Some(1_754_902_501_000),
            ended: has_ended.then_some(1_754_902_502_500),
            has_ended,
            ..Execution::default()
        };
        let took = |millis| Some(Duration::from_millis(millis));
        for (case, execution, other) in [
            (
                case("PASSED", took(1_500)),
                execution("PASSED", true),
                false,
            ),
            (case("PASSED", took(1_400)), execution("PASSED", true), true),
            (case("PASSED", took(1_500)), execution("FAILED", true), true),
            (case("PASSED", None), execution("ERROR", true), true),
            (case("PASSED", None), execution("FAILED", false), false),
            (
                case("PASSED", took(1_500)),
                execution("SKIPPED", true),
                false,
            ),
            (case("FAILED", None), execution("LATER", true), false),
        ] {
            assert_eq!(
                is_another(&case, &execution),
                other,
                "{case:?} {execution:?}"
            );
            // Versions without retries at once have one attempt.
            let once = Execution {
                retry: None,
                ..execution
            };
            assert!(!is_another(&case, &once));
        }
    }

    #[test]
    fn the_step_is_the_logs_which_knows_number_and_line_and_the_rest_is_junits() {
        let failure = |message: &str, place: &str| Failure {
            message: message.to_owned(),
            step: (!place.is_empty()).then(|| Step {
                place: vec![place.to_owned()],
                ..Step::default()
            }),
            ..Failure::default()
        };
        let told = |reported, logged| {
            let failure = with_step(Some(reported), Some(logged)).unwrap();
            let step = failure.step.map(|step| step.place.concat());
            (failure.message, step.unwrap_or_default())
        };
        let expected = |step: &str| ("told".to_owned(), step.to_owned());
        assert_eq!(
            told(failure("told", "click"), failure("logged", "2. click")),
            expected("2. click")
        );
        assert_eq!(
            told(failure("told", "click"), failure("logged", "")),
            expected("click")
        );
        assert_eq!(
            with_step(None, Some(failure("x", ""))),
            Some(failure("x", ""))
        );
    }
}
