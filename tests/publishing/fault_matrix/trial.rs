//! One publication in which something goes wrong, and what must hold whatever that is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ado_stand_in::{Fault, Match, Recorded, Rule, StandIn};
use serde_json::Value;

use super::kinds::{BY_HAND, Happening};
#[cfg(unix)]
use crate::support::child::{end_of, signal};
use crate::support::holdings::names;
use crate::support::relay::Relay;
use crate::support::{Case, Finished, Reports, Suite, TaskRun, assert_swagger, service_with};

/// What each run holds: results, and attachments at run, result and attempt.
const RESULTS: usize = 4;
const ATTACHMENTS: usize = 4;

/// Two suites; one test of each failed, one passed at its second attempt.
pub(super) fn reports() -> Reports {
    let reports = Reports::new();
    for name in ["First", "Second"] {
        let of = |case: &str| format!("{name} {case}");
        let cases = [
            Case::passed(&of("A")),
            Case::failed(&of("B"), "no").picture("b.png"),
            Case::passed(&of("C")).after("FAILED", "flaky", &["c.png"]),
            Case::failed(&of("D"), "no").picture("d.png"),
        ];
        let folder = reports.add(&Suite::new(name, &cases).with_log());
        for picture in ["b", "c", "d"] {
            std::fs::write(folder.join(format!("{picture}.png")), picture).unwrap();
        }
    }
    reports
}

/// The columns of the README's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Request {
    ReadPlan,
    LookUp,
    LookAtAnotherJob,
    Create,
    AddResults,
    Attach,
    Complete,
    ReadBack,
}

impl Request {
    pub(super) const ALL: [Request; 8] = [
        Request::ReadPlan,
        Request::LookUp,
        Request::LookAtAnotherJob,
        Request::Create,
        Request::AddResults,
        Request::Attach,
        Request::Complete,
        Request::ReadBack,
    ];

    fn of(request: &Recorded) -> Request {
        let path = &request.path;
        match request.method.as_str() {
            "PATCH" => Request::Complete,
            "POST" if path.ends_with("/runs") => Request::Create,
            "POST" if path.ends_with("/results") => Request::AddResults,
            "POST" => Request::Attach,
            _ if path.ends_with("/results") => Request::ReadBack,
            _ => Request::LookUp,
        }
    }

    pub(super) fn told(self) -> &'static str {
        match self {
            Request::ReadPlan => "reading a test plan",
            Request::LookUp => "looking up",
            Request::LookAtAnotherJob => "looking at another job",
            Request::Create => "making a run",
            Request::AddResults => "adding results",
            Request::Attach => "attaching",
            Request::Complete => "completing",
            Request::ReadBack => "reading back",
        }
    }
}

/// The requests of a publication in which nothing goes wrong.
pub(super) fn fair_sequence(reports: &Reports) -> Vec<Request> {
    let service = service();
    let finished = task(&service, reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_swagger(&service);
    service.requests().iter().map(Request::of).collect()
}

/// A service with pages as long as the real one's: a shorter one of runs ends the list.
fn service() -> StandIn {
    service_with(|settings| settings.page_size = 100)
}

fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("requestTimeout", "1")
        .input("retryFor", "5")
        // The reports are shared by many: no summary is written beside them.
        .var("AGENT_TEMPDIRECTORY", "")
}

/// What a publication came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Everything is there.
    Arrives,
    /// A run was given up for another one.
    ArrivesAnew,
    /// All results are there, and a file that is not is named.
    WithoutFile,
    /// Exit code 2: all results are in runs of the build, because the plan could not be read.
    AtTheBuild,
    /// Exit code 5.
    Partly,
    /// Exit code 4.
    Not,
}

/// A fault, and the number of the request that it happens to.
pub(super) type Placed = (usize, Happening);

/// Publishes while these faults happen, with so many seconds of patience, and looks whether what was
/// told is true: each result exactly once in a finished run, or named as missing with the right
/// exit code. If one is missing, then once more, as the agent would, in fair weather: everything is
/// there.
pub(super) fn publish(reports: &Reports, what: &str, faults: &[Placed], patience: u64) -> Outcome {
    let service = service();
    let relay = Relay::to(service.port());
    for (place, fault) in faults {
        let fault = match fault {
            Happening::Fault(fault) => fault.clone(),
            Happening::Outage => {
                let outage = relay.outage(Duration::from_millis(40));
                Fault::meanwhile(move |_| outage())
            }
        };
        service.script(Rule {
            on: Match {
                method: None,
                path: String::new(),
                skip: *place,
                times: Some(1),
            },
            fault,
        });
    }
    let address = format!("http://127.0.0.1:{}/contoso/", relay.port());
    let finished = task(&service, reports)
        .var("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", &address)
        .input("retryFor", &patience.to_string())
        .run_impatiently();
    let is_late =
        |(_, fault): &Placed| matches!(fault, Happening::Fault(Fault::HandledLate { .. }));
    let may_be_late = faults.iter().any(is_late);
    let outcome = judge(&service, &finished, what, may_be_late);
    if finished.code == 0 {
        return outcome;
    }
    // What is handled late comes before the next try.
    if may_be_late {
        std::thread::sleep(Duration::from_millis(200));
    }
    service.clear_script();
    let again = task(&service, reports).run_impatiently();
    assert_eq!(again.code, 0, "{what}, again: {}", again.stdout);
    for suite in ["First", "Second"] {
        let runs = whole_runs(&service, suite);
        assert_eq!(runs, 1, "{what}, again: {}", again.stdout);
    }
    outcome
}

/// What must hold whatever happened.
fn judge(service: &StandIn, finished: &Finished, what: &str, may_be_late: bool) -> Outcome {
    let told = || format!("{what}: {}", finished.stdout);
    // Left out is what was found in a finished run of ours after its answer was lost.
    let published =
        number(&finished.stdout, " published, ") + number(&finished.stdout, " left out, ");
    let missing = number(&finished.stdout, " missing");
    assert_eq!(published + missing, 2 * RESULTS, "{}", told());
    let code = match (published, missing) {
        (_, 0) => 0,
        (0, _) => 4,
        (_, _) => 5,
    };
    assert_eq!(finished.code, code, "{}", told());
    let held = ["First", "Second"].map(|suite| whole_runs(service, suite));
    let held_once = held.iter().filter(|&&runs| runs == 1).count();
    assert!(held.iter().all(|&runs| runs <= 1), "{}", told());
    assert_eq!(published, held_once * RESULTS, "{}", told());
    // What is half full was ended by somebody else, and no run stays open but in the log.
    for run in finished_runs(service) {
        let by_hand = run["substate"] == BY_HAND;
        assert!(by_hand || names(&run).len() == RESULTS, "{}", told());
    }
    for run in service.runs() {
        let id = run["id"].as_u64().unwrap();
        let left_open = format!("test run {id} could not be set to Aborted");
        let is_open = run["state"] == "InProgress";
        assert!(
            !is_open || finished.stdout.contains(&left_open),
            "{}",
            told()
        );
    }
    let warnings = finished.issues("warning");
    let files = missing_files(service, may_be_late);
    let told_of_files = warnings.contains(&"KADO010".to_owned());
    let is_unsure = finished.stdout.contains("whether it arrived ");
    assert!(told_of_files == (files > 0) || is_unsure, "{}", told());
    match code {
        4 => Outcome::Not,
        5 => Outcome::Partly,
        _ if told_of_files => Outcome::WithoutFile,
        _ if warnings.contains(&"KADO014".to_owned()) => Outcome::ArrivesAnew,
        _ => Outcome::Arrives,
    }
}

/// The number that stands before some words in the last count of the log.
pub(super) fn number(log: &str, words: &str) -> usize {
    let mut lines = log.lines().rev();
    let line = lines.find(|line| line.contains(" results read: "));
    let line = line.unwrap_or_else(|| panic!("no count in {log}"));
    let before = line.split(words).next().unwrap();
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

pub(super) fn finished_runs(service: &StandIn) -> Vec<Value> {
    let mut runs = service.runs();
    runs.retain(|run| run["state"] == "Completed" || run["state"] == "NeedsInvestigation");
    runs
}

/// How many finished runs hold each result of a suite exactly once.
fn whole_runs(service: &StandIn, suite: &str) -> usize {
    let expected: Vec<String> = ["A", "B", "C", "D"]
        .map(|case| format!("{suite} {case}"))
        .into();
    let runs = finished_runs(service);
    runs.iter().filter(|run| names(run) == expected).count()
}

/// How many attachments finished runs lack; fails if one is at the wrong place, or there twice. Only
/// an upload that is carried out after everybody looked may be there twice: Azure DevOps takes files
/// of finished runs, too.
fn missing_files(service: &StandIn, may_be_late: bool) -> usize {
    let mut missing = 0;
    for run in finished_runs(service) {
        if names(&run).len() < RESULTS {
            continue;
        }
        let mut there: BTreeMap<String, usize> = BTreeMap::new();
        collect(&run, "run", &mut there);
        let most = 1 + usize::from(may_be_late);
        assert!(there.values().all(|&count| count <= most), "{there:?}");
        let places: BTreeSet<&str> = there.keys().map(String::as_str).collect();
        let expected = [
            "run execution0.log",
            "result B b.png",
            "sub-result 1 c.png",
            "result D d.png",
        ];
        assert!(places.is_subset(&expected.into()), "{places:?}");
        missing += ATTACHMENTS - there.len();
    }
    missing
}

/// The attachments of a run, result or sub-result and of all below it, by place and name.
fn collect(holder: &Value, place: &str, there: &mut BTreeMap<String, usize>) {
    let list = |name: &str| holder[name].as_array().cloned().unwrap_or_default();
    for attachment in list("attachments") {
        let name = attachment["fileName"].as_str().unwrap();
        *there.entry(format!("{place} {name}")).or_default() += 1;
    }
    for result in list("results") {
        let name = result["automatedTestName"].as_str().unwrap();
        let case = name.rsplit(' ').next().unwrap();
        collect(&result, &format!("result {case}"), there);
    }
    for sub_result in list("subResults") {
        let number = sub_result["sequenceId"].as_u64().unwrap();
        collect(&sub_result, &format!("sub-result {number}"), there);
    }
}

/// Cancels the real program while it waits for the answer to this request.
#[cfg(unix)]
pub(super) fn cancel(reports: &Reports, place: usize) {
    let service = service();
    let delay = Duration::from_secs(60);
    service.script(Rule {
        on: Match {
            method: None,
            path: String::new(),
            skip: place,
            times: Some(1),
        },
        fault: Fault::Slow { delay },
    });
    let child = task(&service, reports)
        .input("requestTimeout", "100")
        .start();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while service.requests().len() <= place {
        assert!(
            std::time::Instant::now() < deadline,
            "request {place} never came"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "TERM");
    // Five seconds are promised; the rest bears a busy machine.
    let (code, log) = end_of(child, Duration::from_secs(8));
    assert_eq!(code, 130, "request {place}: {log}");
    for run in service.runs() {
        assert!(run["state"] != "InProgress", "request {place}: {log}");
    }
    for run in finished_runs(&service) {
        assert_eq!(names(&run).len(), RESULTS, "request {place}: {log}");
    }
    let requests = service.requests();
    let late = requests[place..].iter().skip(1).map(Request::of);
    // Attachments that go at the same time may have been on their way.
    let new = late.filter(|request| matches!(request, Request::Create | Request::AddResults));
    assert_eq!(new.count(), 0, "request {place}: {log}");
}
