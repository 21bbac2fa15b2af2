//! Answers that do not come: every result ends up once in one finished run, or the exit code says
//! that it does not.

use std::time::Duration;

use ado_stand_in::{Fault, Recorded, Rule, StandIn};

use crate::support::holdings::{
    asked, attached_to_results, carried_out, names, states, the_finished_run,
};
use crate::support::{Case, Reports, TaskRun, assert_swagger, service};

/// Two results, the failed one with a screenshot.
fn reports() -> Reports {
    let failed = Case::failed("B", "no").output("[[ATTACHMENT|shot.png]]");
    let reports = Reports::new();
    let folder = reports.add_suite("Smoke", &[Case::passed("A"), failed]);
    std::fs::write(folder.join("shot.png"), b"a picture").unwrap();
    reports
}

/// Gives up a request after a second of silence, and the work after five without progress.
fn impatient(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("requestTimeout", "1")
        .input("retryFor", "5")
}

/// What can become of a request whose answer does not come.
fn faults() -> Vec<(&'static str, Fault)> {
    vec![
        ("reset before", Fault::ResetBefore),
        ("reset after", Fault::ResetAfter),
        ("500 before", Fault::status(500)),
        ("500 after", Fault::status_after(500)),
        ("502 before", Fault::status(502)),
        ("504 after", Fault::status_after(504)),
        ("cut answer", Fault::Truncated { bytes: 20 }),
        ("429", Fault::status(429)),
        ("429 with Retry-After", Fault::retry_after(429, 1)),
        ("503 before", Fault::status(503)),
        ("503 after", Fault::status_after(503)),
        ("503 with Retry-After", Fault::retry_after(503, 0)),
        ("409", Fault::status(409)),
        ("silence", Fault::NeverAnswer),
    ]
}

/// Lets each fault happen to the first such request: everything arrives once all the same, and
/// nothing that arrived is sent again.
fn survives(method: &str, ending: &str) {
    for (fault_name, fault) in faults() {
        let service = service();
        service.script(Rule::once(method, &format!("{ending}$"), fault));
        let reports = reports();
        let finished = impatient(&service, &reports).run_impatiently();
        assert_eq!(finished.code, 0, "{fault_name}: {}", finished.stdout);
        let run = the_finished_run(&service, &["A", "B"]);
        assert_eq!(attached_to_results(&run), ["shot.png"], "{fault_name}");
        assert_eq!(service.runs().len(), 1, "{fault_name}");
        assert_eq!(carried_out(&service, method, ending), 1, "{fault_name}");
        finished.says("2 results read: 2 published, 0 left out, 0 missing");
        assert_swagger(&service);
    }
}

#[test]
fn a_run_whose_creation_is_not_answered_is_made_once() {
    survives("POST", "/runs");
}

#[test]
fn results_whose_answer_is_lost_are_there_once() {
    survives("POST", "/results");
}

#[test]
fn an_attachment_whose_answer_is_lost_is_there_once() {
    survives("POST", "/attachments");
}

#[test]
fn a_completion_whose_answer_is_lost_is_asked_for_once() {
    survives("PATCH", "/runs/1");
}

#[test]
fn a_look_up_that_fails_is_repeated() {
    for (fault_name, fault) in faults() {
        let service = service();
        service.script(Rule::once("GET", "/runs$", fault.clone()));
        service.script(Rule::once("GET", "/results$", fault));
        let finished = impatient(&service, &reports()).run_impatiently();
        assert_eq!(finished.code, 0, "{fault_name}: {}", finished.stdout);
        the_finished_run(&service, &["A", "B"]);
    }
}

#[test]
fn a_creation_without_an_answer_is_looked_for_several_times_before_it_is_repeated() {
    let service = service();
    service.script(Rule::once("POST", "/runs$", Fault::ResetBefore));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let requests = service.requests();
    let is_creation =
        |request: &&Recorded| request.method == "POST" && request.path.ends_with("/runs");
    let creations: Vec<_> = requests
        .iter()
        .filter(is_creation)
        .map(|request| request.at)
        .collect();
    assert_eq!(creations.len(), 2);
    let looks = asked(&service, "GET", "/runs");
    let between = |look: &&Recorded| creations[0] < look.at && look.at < creations[1];
    assert_eq!(looks.iter().filter(between).count(), 3);
}

#[test]
fn a_run_that_is_made_after_the_look_for_it_is_aborted_or_used() {
    for delay in [1, 40, 200] {
        let service = service();
        let delay = Duration::from_millis(delay);
        service.script(Rule::once("POST", "/runs$", Fault::HandledLate { delay }));
        // Time for the late one to come while the program is still at work.
        let delay = Duration::from_millis(300);
        service.script(Rule::once("POST", "/attachments$", Fault::Slow { delay }));
        let finished = impatient(&service, &reports()).run_impatiently();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        the_finished_run(&service, &["A", "B"]);
        assert_swagger(&service);
    }
}

#[test]
fn results_that_arrive_after_the_look_for_them_are_not_there_twice() {
    let service = service();
    let delay = Duration::from_millis(200);
    let late = Fault::HandledLate { delay };
    service.script(Rule::once("POST", "/results$", late));
    let delay = Duration::from_millis(400);
    service.script(Rule::once("POST", "/attachments$", Fault::Slow { delay }));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    the_finished_run(&service, &["A", "B"]);
    assert_eq!(states(&service), ["Aborted", "NeedsInvestigation"]);
    assert_eq!(names(&service.runs()[0]), ["A", "A", "B", "B"]);
    assert_eq!(finished.issues("warning"), ["KADO014"]);
    assert_swagger(&service);
}

/// An upload of the run's nth try is carried out after it was looked for and sent again, and before
/// the run is completed.
fn upload_late(service: &StandIn, nth: usize) {
    let late = Fault::HandledLate {
        delay: Duration::from_millis(150),
    };
    // Between those that are late each run uploads once more, after the look.
    service.script(Rule::once("POST", "/attachments$", late).nth(nth));
    let slow = Fault::Slow {
        delay: Duration::from_millis(400),
    };
    service.script(Rule::once("PATCH", &format!("/runs/{nth}$"), slow));
}

#[test]
fn a_file_that_arrives_after_the_look_for_it_is_not_there_twice() {
    let service = service();
    upload_late(&service, 1);
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted", "NeedsInvestigation"]);
    let twice = attached_to_results(&service.runs()[0]);
    assert_eq!(twice, ["shot.png", "shot.png"]);
    let run = the_finished_run(&service, &["A", "B"]);
    assert_eq!(attached_to_results(&run), ["shot.png"]);
    assert_eq!(finished.issues("warning"), ["KADO014"]);
    finished.says("it holds an attachment twice");
    assert_swagger(&service);
}

#[test]
fn a_file_that_comes_twice_again_does_not_keep_the_run_from_being_completed() {
    let service = service();
    upload_late(&service, 1);
    upload_late(&service, 2);
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted", "NeedsInvestigation"]);
    the_finished_run(&service, &["A", "B"]);
    assert_eq!(finished.issues("warning"), ["KADO014", "KADO041"]);
    assert_swagger(&service);
}

#[test]
fn a_service_that_is_down_for_longer_than_retry_for_ends_with_4_and_an_aborted_run() {
    for fault in [Fault::status(500), Fault::status(503), Fault::ResetBefore] {
        let service = service();
        service.script(Rule::always("POST", "/results$", fault));
        let finished = impatient(&service, &reports())
            .input("retryFor", "1")
            .run_impatiently();
        assert_eq!(finished.code, 4, "{}", finished.stdout);
        assert_eq!(states(&service), ["Aborted"]);
        let run = &service.runs()[0];
        let message = run["errorMessage"].as_str().unwrap();
        assert!(message.starts_with("publishing could not be finished: "));
        finished.says("POST Shop/_apis/test/Runs/1/results");
        finished.says("Nothing was published.");
        finished.says("2 results read: 0 published, 0 left out, 2 missing");
        assert_swagger(&service);
    }
}

#[test]
fn a_completion_that_never_succeeds_ends_too() {
    let service = service();
    let never = Rule::always("PATCH", "/runs/1$", Fault::status(500));
    service.script(never.times(200));
    let finished = impatient(&service, &reports())
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    finished.says("2 results read: 0 published, 0 left out, 2 missing");
}

#[test]
fn a_completion_that_is_refused_is_asked_for_with_the_state_alone() {
    let service = service();
    service.script(Rule::once("PATCH", "/runs/1$", Fault::status(400)));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    the_finished_run(&service, &["A", "B"]);
    let completions = asked(&service, "PATCH", "/runs/1");
    assert!(completions[0].json().get("completedDate").is_some());
    assert_eq!(
        completions[1].json(),
        serde_json::json!({"state": "Completed"})
    );
    assert_swagger(&service);
}

#[test]
fn a_completion_that_is_refused_twice_ends_with_4_and_an_aborted_run() {
    let service = service();
    let refused = Rule::once("PATCH", "/runs/1$", Fault::status(400));
    service.script(refused.times(2));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted"]);
    let reason = service.runs()[0]["errorMessage"].clone();
    assert_eq!(reason, "Azure DevOps did not complete it");
    assert_swagger(&service);
}

#[test]
fn a_finished_run_that_cannot_be_read_back_is_published_with_a_warning() {
    let service = service();
    service.script(Rule::always("GET", "/results$", Fault::status(500)));
    let finished = impatient(&service, &reports())
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    the_finished_run(&service, &["A", "B"]);
    assert_eq!(finished.issues("error"), Vec::<String>::new());
    assert_eq!(finished.issues("warning"), ["KADO027"]);
    finished.says("2 results read: 2 published, 0 left out, 0 missing");
}

#[test]
fn a_run_whose_creation_was_lost_at_the_end_of_patience_is_not_left_open() {
    let service = service();
    service.script(Rule::once("POST", "/runs$", Fault::ResetAfter));
    // The look for it fails until the work is given up, and is tried once more then.
    let busy = Rule::once("GET", "/runs$", Fault::retry_after(503, 600));
    service.script(busy.nth(2));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(states(&service), ["Aborted"]);
}

#[test]
fn a_token_that_ends_in_the_middle_is_told_and_nothing_is_hammered() {
    let service = service();
    service.script(Rule::once(
        "POST",
        "/results$",
        Fault::meanwhile(|service| {
            service.configure(|settings| settings.token = "another".into());
        }),
    ));
    let finished = impatient(&service, &reports()).run_impatiently();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(finished.issues("error"), ["KADO401"]);
    assert_eq!(asked(&service, "PATCH", "/runs/1").len(), 1);
    finished.says("test run 1 could not be set to Aborted: PATCH Shop/_apis/test/runs/1: 401");
}

#[test]
fn what_an_earlier_run_holds_stays_when_the_service_goes_down() {
    let service = service();
    let reports = reports();
    reports.add_suite("Zebra", &[Case::passed("Z")]);
    // The second run cannot be made.
    service.script(Rule::always("POST", "/runs$", Fault::status(500)).nth(2));
    let finished = impatient(&service, &reports)
        .input("retryFor", "1")
        .run_impatiently();
    assert_eq!(finished.code, 5, "{}", finished.stdout);
    the_finished_run(&service, &["A", "B"]);
    finished.says("3 results read: 2 published, 0 left out, 1 missing");
    assert_swagger(&service);
}

#[test]
fn an_attachment_that_fails_five_times_is_a_missing_attachment() {
    let service = service();
    let reports = reports();
    let folder = reports.add_suite(
        "Smoke",
        &[failed_with("B", "good.png"), failed_with("C", "bad.png")],
    );
    std::fs::write(folder.join("good.png"), b"good").unwrap();
    std::fs::write(folder.join("bad.png"), b"bad").unwrap();
    // The second result's attachment.
    let broken = Rule::always("POST", "/Results/100001/attachments$", Fault::status(500));
    service.script(broken);
    let finished = impatient(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = the_finished_run(&service, &["B", "C"]);
    assert_eq!(attached_to_results(&run), ["good.png"]);
    assert_eq!(finished.issues("warning"), ["KADO010"]);
    finished.says("1 attachment did not reach Azure DevOps, 'bad.png' among them: ");
    let tried = asked(&service, "POST", "/Results/100001/attachments").len();
    assert_eq!(tried, 5);
}

fn failed_with(name: &str, picture: &str) -> Case {
    Case::failed(name, "no").output(&format!("[[ATTACHMENT|{picture}]]"))
}
