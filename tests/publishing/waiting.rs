//! Waiting: as long as the service asks, no longer than `retryFor`, and never in silence.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use ado_stand_in::{Fault, Rule, StandIn};

use crate::support::holdings::{asked, attached_to_results, states, the_finished_run};
use crate::support::{Case, Reports, TaskRun, service};

/// Two results, the failed one with a screenshot.
fn reports() -> Reports {
    let failed = Case::failed("B", "no").output("[[ATTACHMENT|shot.png]]");
    let reports = Reports::new();
    let folder = reports.add_suite("Smoke", &[Case::passed("A"), failed]);
    std::fs::write(folder.join("shot.png"), b"a picture").unwrap();
    reports
}

/// As many failed results with a screenshot each.
fn pictures(count: usize) -> Reports {
    let name = |at: usize| format!("T{at:02}");
    let case =
        |at| Case::failed(&name(at), "no").output(&format!("[[ATTACHMENT|{}.png]]", name(at)));
    let cases: Vec<Case> = (0..count).map(case).collect();
    let reports = Reports::new();
    let folder = reports.add_suite("Smoke", &cases);
    for at in 0..count {
        std::fs::write(folder.join(format!("{}.png", name(at))), name(at)).unwrap();
    }
    reports
}

fn impatient(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("requestTimeout", "1")
        .input("retryFor", "5")
}

fn with_headers(headers: &[(&str, &str)]) -> Fault {
    let owned = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Fault::HeadersOnSuccess(owned.collect())
}

/// How long after the first request the second one arrived.
fn between(service: &StandIn, first: (&str, &str), second: (&str, &str)) -> Duration {
    let at = |(method, path)| -> SystemTime { asked(service, method, path)[0].at };
    at(second).duration_since(at(first)).unwrap()
}

#[test]
fn a_wait_that_is_longer_than_retry_for_ends_it_at_once_and_the_run_is_aborted() {
    let service = service();
    let busy = Fault::retry_after(429, 600);
    service.script(Rule::always("POST", "/results$", busy));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    finished.says("it asks to wait 600 seconds, and 'retryFor' allows 5");
    assert_eq!(asked(&service, "POST", "/results").len(), 1);
    assert_eq!(states(&service), ["Aborted"]);
}

#[test]
fn a_wait_that_is_too_long_is_named_before_anything_is_published_too() {
    let service = service();
    let busy = Fault::retry_after(503, 600);
    service.script(Rule::always("GET", "/connectionData$", busy));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    finished.says("it asks to wait 600 seconds, and 'retryFor' allows 5");
    assert_eq!(service.requests().len(), 1);
}

#[test]
fn a_wait_beyond_all_time_is_no_reason_to_fall_over() {
    let service = service();
    let busy = Fault::retry_after(429, 1_000_000_000_000_000_000);
    service.script(Rule::once("POST", "/results$", busy));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted"]);
}

#[test]
fn a_wait_asked_for_on_a_success_holds_for_later_requests_and_costs_no_patience() {
    let service = service();
    let wait = Fault::HeadersOnSuccess(vec![("Retry-After".into(), "2".into())]);
    service.script(Rule::once("POST", "/runs$", wait));
    service.script(Rule::once("POST", "/results$", Fault::status(500)));
    let finished = impatient(&service, &reports())
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    the_finished_run(&service, &["A", "B"]);
    let made = asked(&service, "POST", "/runs")[0].at;
    let filled = asked(&service, "POST", "/results")[0].at;
    let waited = filled.duration_since(made).unwrap();
    assert!(waited >= Duration::from_millis(1_900), "{waited:?}");
}

#[test]
fn a_wait_asked_for_as_a_date_is_kept() {
    let service = service();
    // Whole seconds, as HTTP writes them: between one and two from now.
    let then = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
    let date = printer.timestamp_to_rfc9110_string(&then).unwrap();
    let wait = with_headers(&[("Retry-After", &date)]);
    service.script(Rule::once("POST", "/runs$", wait));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let waited = between(&service, ("POST", "/runs"), ("POST", "/results"));
    assert!(waited >= Duration::from_millis(700), "{waited:?}");
}

#[test]
fn a_wait_asked_for_by_one_of_several_uploads_holds_for_all_that_follow() {
    let (service, reports) = (service(), pictures(20));
    let busy = Fault::retry_after(429, 1);
    service.script(Rule::once("POST", "/attachments$", busy).nth(3));
    let finished = impatient(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = &service.runs()[0];
    assert_eq!(attached_to_results(run).len(), 20);
    let uploads = asked(&service, "POST", "/attachments");
    let refused = uploads.iter().position(|upload| upload.status == Some(429));
    // Up to eight were on their way; what began after the answer came a second later.
    let at = uploads[refused.unwrap()].at;
    let soon = at + Duration::from_millis(900);
    let early = uploads
        .iter()
        .filter(|upload| upload.at > at && upload.at < soon);
    assert!(early.count() <= 7);
    assert_eq!(uploads.len(), 21);
}

#[test]
fn a_wait_that_a_refusal_asks_for_is_too_long_as_well() {
    let service = service();
    let refused = Fault::retry_after(400, 600);
    service.script(Rule::once("POST", "/results$", refused));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    finished.says("it asks to wait 600 seconds, and 'retryFor' allows 5 more");
    assert_eq!(states(&service), ["Aborted"]);
}

#[test]
fn files_that_are_only_ever_put_off_are_missing_when_patience_ends() {
    let service = service();
    let busy = Fault::retry_after(429, 1);
    service.script(Rule::always("POST", "/attachments$", busy));
    let finished = impatient(&service, &reports())
        .input("retryFor", "2")
        .run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = the_finished_run(&service, &["A", "B"]);
    assert_eq!(attached_to_results(&run), Vec::<String>::new());
    assert_eq!(finished.issues("warning"), ["KADO010"]);
    assert!(asked(&service, "POST", "/attachments").len() > 1);
}

#[test]
fn a_wait_of_some_seconds_is_told_with_its_reason() {
    let service = service();
    service.script(Rule::once("POST", "/results$", Fault::retry_after(503, 3)));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.says("POST Shop/_apis/test/Runs/1/results: 503 Service Unavailable: TF400733");
    finished.says("; trying again in 3 seconds");
}

#[test]
fn that_an_answer_was_held_back_is_told_and_not_waited_for() {
    let service = service();
    let held_back = with_headers(&[("X-RateLimit-Delay", "25.5")]);
    service.script(Rule::once("POST", "/runs$", held_back));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.says("Azure DevOps held back 1 answer for 26 seconds in all");
    let waited = between(&service, ("POST", "/runs"), ("POST", "/results"));
    assert!(waited < Duration::from_secs(5), "{waited:?}");
}

#[test]
fn with_little_left_files_are_attached_one_after_the_other() {
    for (remaining, is_little) in [("10", true), ("150", false)] {
        let (service, reports) = (service(), pictures(20));
        let left = [
            ("X-RateLimit-Limit", "200"),
            ("X-RateLimit-Remaining", remaining),
        ];
        service.script(Rule::once("POST", "/results$", with_headers(&left)));
        let delay = Duration::from_millis(20);
        let slow = Fault::Slow { delay };
        service.script(Rule::always("POST", "/attachments$", slow));
        let finished = impatient(&service, &reports).run_impatiently();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        let uploads = asked(&service, "POST", "/attachments");
        assert_eq!(uploads.len(), 20);
        // Uploads at the same time need a connection each.
        let connections: BTreeSet<u64> = uploads.iter().map(|upload| upload.connection).collect();
        assert_eq!(connections.len() == 1, is_little, "{remaining} left");
        let told = "has little left for this identity (10 of 200 units)";
        assert_eq!(
            finished.stdout.contains(told),
            is_little,
            "{}",
            finished.stdout
        );
    }
}

#[test]
fn an_address_that_leads_nowhere_is_told_at_once_and_tried_until_patience_ends() {
    let service = service();
    let nowhere = "http://no-such-host.invalid/contoso/";
    let finished = impatient(&service, &reports())
        .var("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", nowhere)
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    let told = format!("no connection to '{nowhere}': ");
    let lines: Vec<&str> = finished
        .stdout
        .lines()
        .filter(|line| line.contains(&told))
        .collect();
    assert!(
        lines[0].ends_with("; trying again for up to 1 second"),
        "{lines:?}"
    );
    // Then as an error, once, and as the reason of the end.
    assert_eq!(finished.issues("error"), ["KADO405"]);
}
