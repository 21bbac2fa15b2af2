//! The same for planned runs: each point receives each result exactly once, and the newest last.

use ado_stand_in::{Fault, Match, Point, Recorded, Rule, StandIn};
use serde_json::Value;

use super::kinds::{self, BY_HAND, Happening, Kind};
use super::{each, trial};
use crate::support::plan::{add_case, add_plan, test_case};
use crate::support::{Case, Finished, Reports, Suite, TaskRun, assert_swagger, service_with};

/// Points of each suite: one of its own, one with rows, and one that both share.
pub(super) const POINTS: [(&str, [u64; 3]); 2] =
    [("First", [100, 200, 300]), ("Second", [300, 400, 500])];

/// Kinds that say nothing new about planned runs.
pub(super) const LIKE_OTHERS: [&str; 7] = [
    "an answer that comes too late",
    "409",
    "503",
    "502",
    "504 though it was carried out",
    "401",
    "a sign-in page",
];

/// Two suites: the later one failed where the earlier one passed, on the point that they share.
pub(super) const BOTH: [&str; 2] = ["First", "Second"];

/// Of the two suites these.
pub(super) fn reports_of(suites: &[&str]) -> Reports {
    let reports = Reports::new();
    let all = POINTS.iter().enumerate();
    for (at, (name, _)) in all.filter(|(_, (name, _))| suites.contains(name)) {
        let row = |value: &str| Case::passed(&format!("{name} rows")).bound("user", value);
        let shared = if at == 0 {
            Case::passed("Shared")
        } else {
            Case::failed("Shared", "no").picture("no.png")
        };
        let cases = [
            Case::passed(&format!("{name} own")),
            row("ann"),
            row("bob"),
            shared,
        ];
        let suite = Suite::new(name, &cases)
            .with_log()
            .in_folder(&format!("20250811_1{at}1502"))
            .at(
                &format!("2025-08-11T1{at}:15:02.000Z"),
                1_754_907_302_000 + 3_600_000 * at as i64,
            );
        let folder = reports.add(&suite);
        std::fs::write(folder.join("no.png"), "no").unwrap();
    }
    for (name, id) in [
        ("First own", "1"),
        ("First rows", "2"),
        ("Shared", "3"),
        ("Second own", "4"),
        ("Second rows", "5"),
    ] {
        test_case(&reports, name, id, "");
    }
    reports
}

pub(super) fn service() -> StandIn {
    let service = service_with(|settings| settings.page_size = 100);
    add_plan(&service);
    for id in 1..=5 {
        add_case(&service, id, &format!("Case {id}"));
    }
    // Nobody's result belongs there.
    service.add_point(Point::new(9_000, 530, 9, 2));
    service
}

pub(super) fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("testPlan", "510")
        .input("requestTimeout", "1")
        .input("retryFor", "5")
        .var("AGENT_TEMPDIRECTORY", "")
}

/// Whether a request is one of publishing, and not of reading the plan.
fn publishes(request: &Recorded) -> bool {
    let path = request.path.to_lowercase();
    path.contains("/test/runs")
}

/// The positions of the requests that publish, where nothing goes wrong.
fn fair_places(reports: &Reports) -> Vec<usize> {
    let service = service();
    let finished = task(&service, reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_swagger(&service);
    assert_eq!(service.plan_violations(510), Vec::<String>::new());
    assert_eq!(newest_outcome(&service), "Failed");
    let requests = service.requests();
    let publishing = requests.iter().enumerate();
    publishing
        .filter(|(_, request)| publishes(request))
        .map(|(place, _)| place)
        .collect()
}

/// The outcome that the plan shows for the point that both suites share.
pub(super) fn newest_outcome(service: &StandIn) -> String {
    let histories = service.point_histories(510);
    let shared = histories.into_iter().find(|history| history.point == 300);
    shared.unwrap().outcome
}

/// How often finished runs of a suite on the plan hold a finished result of each of its points, with all rows.
/// A run that somebody ended before it was full does not count.
pub(super) fn held(service: &StandIn, suite: &str, points: [u64; 3]) -> [usize; 3] {
    let mut held = points.map(|_| 0);
    let runs = service.runs();
    let finished = runs.iter().filter(|run| {
        let is_finished = run["state"] == "Completed" || run["state"] == "NeedsInvestigation";
        is_finished && run["name"] == suite && !run["plan"].is_null()
    });
    for run in finished {
        let results = run["results"].as_array().unwrap();
        let filled = results
            .iter()
            .filter(|result| result["state"] == "Completed");
        let filled: Vec<&Value> = filled.collect();
        if filled.len() < results.len() {
            assert_eq!(run["substate"], BY_HAND);
            continue;
        }
        for result in filled {
            let point: u64 = result["testPoint"]["id"].as_str().unwrap().parse().unwrap();
            let rows = result["iterationDetails"].as_array().map_or(0, Vec::len);
            let expected = if [200, 500].contains(&point) { 2 } else { 0 };
            assert_eq!(rows, expected, "point {point}");
            let at = points.iter().position(|one| *one == point).unwrap();
            held[at] += 1;
        }
    }
    held
}

/// What must hold whatever happened to a publication of these suites. Runs of others may stay open.
pub(super) fn judge(
    service: &StandIn,
    finished: &Finished,
    what: &str,
    suites: &[&str],
    of_others: &[u64],
) {
    let told = || format!("{what}: {}", finished.stdout);
    assert_eq!(service.mistakes(), Vec::<String>::new(), "{}", told());
    let number = |words| trial::number(&finished.stdout, words);
    let (published, missing) = (
        number(" published, ") + number(" left out, "),
        number(" missing"),
    );
    assert_eq!(published + missing, 3 * suites.len(), "{}", told());
    let code = match (published, missing) {
        (_, 0) => 0,
        (0, _) => 4,
        (_, _) => 5,
    };
    assert_eq!(finished.code, code, "{}", told());
    let ours = POINTS.iter().filter(|(suite, _)| suites.contains(suite));
    let held: Vec<[usize; 3]> = ours
        .map(|(suite, points)| held(service, suite, *points))
        .collect();
    let counts = held.concat();
    assert!(
        counts.iter().all(|&count| count <= 1),
        "{held:?} {}",
        told()
    );
    let there: usize = counts.iter().sum();
    assert_eq!(published, there, "{}", told());
    // The later suite is the last.
    if held.last() == Some(&[1; 3]) {
        assert_eq!(newest_outcome(service), "Failed", "{}", told());
    }
    let of_others = |run: &Value| of_others.iter().any(|&id| run["id"] == id);
    for run in service.runs().iter().filter(|run| !of_others(run)) {
        let left_open = format!("test run {} could not be set to Aborted", run["id"]);
        let is_open = run["state"] == "InProgress";
        assert!(
            !is_open || finished.stdout.contains(&left_open),
            "{}",
            told()
        );
    }
}

fn publish(reports: &Reports, kind: &Kind, place: usize) {
    let Happening::Fault(fault) = &kind.fault else {
        return;
    };
    let service = service();
    service.script(Rule {
        on: Match {
            method: None,
            path: String::new(),
            skip: place,
            times: Some(1),
        },
        fault: fault.clone(),
    });
    let what = format!("{} at request {place}", kind.name);
    let finished = task(&service, reports).run_impatiently();
    judge(&service, &finished, &what, &BOTH, &[]);
    // What is looked for first is never there twice, and needs no other run.
    let is_late = matches!(fault, Fault::HandledLate { .. });
    if kind.is_trouble && !is_late {
        let anew = finished.issues("warning").contains(&"KADO014".to_owned());
        assert!(!anew, "{what}: {}", finished.stdout);
    }
    if finished.code == 0 {
        return;
    }
    if is_late {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    service.clear_script();
    let again = task(&service, reports).run_impatiently();
    assert_eq!(again.code, 0, "{what}, again: {}", again.stdout);
    for (suite, points) in POINTS {
        let held = held(&service, suite, points);
        assert_eq!(held, [1; 3], "{what}, again: {}", again.stdout);
    }
}

#[test]
fn whatever_goes_wrong_once_each_point_receives_its_results_once_and_in_order() {
    let reports = reports_of(&BOTH);
    let places = fair_places(&reports);
    let mut kinds = kinds::all();
    kinds.retain(|kind| !LIKE_OTHERS.contains(&kind.name));
    let trials: Vec<(Kind, usize)> = kinds
        .iter()
        .flat_map(|kind| places.iter().map(|place| (kind.clone(), *place)))
        .collect();
    each(&trials, |(kind, place)| publish(&reports, kind, *place));
}
