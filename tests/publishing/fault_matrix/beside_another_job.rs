//! The same while another job publishes onto the same points: the plan is read, the last run of a point
//! is looked at, and an older report that the other job is publishing is waited for.

use ado_stand_in::{Fault, Match, Recorded, Rule, Service, StandIn};
use serde_json::json;

use super::each;
use super::kinds::{self, Happening, Kind};
use super::planned::{self, BOTH, LIKE_OTHERS, POINTS, held, judge, newest_outcome, reports_of};
use super::trial::{Outcome, Request, finished_runs};
use crate::support::holdings::names;
use crate::support::plan::test_case;
use crate::support::{Case, Finished, Reports, Suite, assert_swagger};

/// What the other job has done when ours begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    /// It has published another execution onto a point of `Second`, the only suite of ours.
    Published,
    /// It is publishing `First`, the older one of our two suites.
    Publishing,
}

/// The run that the other job has made.
const THEIRS: u64 = 1;

/// The list of runs on whose reading the other job finishes.
const LAST_LOOK: usize = 3;

impl Scene {
    /// Our suites.
    fn suites(self) -> &'static [&'static str] {
        match self {
            Scene::Published => &BOTH[1..],
            Scene::Publishing => &BOTH,
        }
    }

    fn service(self) -> StandIn {
        let service = planned::service();
        let theirs = match self {
            Scene::Published => {
                let other = Suite::new("Third", &[Case::passed("Second own")]);
                let other = Reports::new().with(&other.browser("Firefox 142.0"));
                test_case(&other, "Second own", "4", "");
                other
            }
            Scene::Publishing => reports_of(&BOTH[..1]),
        };
        let finished = planned::task(&service, &theirs)
            .var("SYSTEM_JOBNAME", "Other job")
            .run_impatiently();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        if self == Scene::Publishing {
            let now = service.now();
            let open = json!({"state": "InProgress", "lastUpdatedDate": now});
            service.edit_run(THEIRS, &open);
        }
        service
    }

    /// Which column of the table a request belongs to, if to one of these.
    fn column(self, at: usize, requests: &[Recorded]) -> Option<Request> {
        let path = requests[at].path.to_lowercase();
        if path.contains("/testplan/") || path.ends_with("/test/points") {
            return Some(Request::ReadPlan);
        }
        let is_list = |one: &Recorded| one.method == "GET" && one.path.ends_with("/test/runs");
        let lists_before = requests[..at].iter().filter(|one| is_list(one)).count();
        let looks = match self {
            Scene::Published => path.ends_with(&format!("/runs/{THEIRS}")),
            Scene::Publishing => is_list(&requests[at]) && (1..LAST_LOOK).contains(&lists_before),
        };
        looks.then_some(Request::LookAtAnotherJob)
    }

    /// The requests of these columns in fair weather.
    fn fair_places(self, reports: &Reports) -> Vec<(usize, Request)> {
        let service = self.service();
        let before = service.requests().len();
        service.script(finishes_later());
        let finished = planned::task(&service, reports).run_impatiently();
        judge(&service, &finished, "fair weather", self.suites(), &[]);
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        assert_eq!(finished.issues("warning"), ["KADO061"]);
        assert_swagger(&service);
        let requests = service.requests().split_off(before);
        let places = 0..requests.len();
        let places: Vec<(usize, Request)> = places
            .filter_map(|at| Some((at, self.column(at, &requests)?)))
            .collect();
        let details = places.iter().filter(|(at, _)| {
            let one = &requests[*at];
            one.path.ends_with("/TestPoint") && one.query.contains("testPointIds=")
        });
        assert_eq!(details.count(), 1);
        let looks = places
            .iter()
            .filter(|(_, column)| *column == Request::LookAtAnotherJob);
        let expected = match self {
            Scene::Published => 1,
            Scene::Publishing => LAST_LOOK - 1,
        };
        assert_eq!(looks.count(), expected);
        places
    }

    fn publish(self, reports: &Reports, kind: &Kind, place: usize) -> Outcome {
        let Happening::Fault(fault) = &kind.fault else {
            return Outcome::Arrives;
        };
        let service = self.service();
        service.script(Rule {
            on: Match {
                method: None,
                path: String::new(),
                skip: place,
                times: Some(1),
            },
            fault: fault.clone(),
        });
        service.script(finishes_later());
        let what = format!("{} at request {place}, {self:?}", kind.name);
        let finished = planned::task(&service, reports).run_impatiently();
        if finished.code == 2 {
            all_at_the_build(&service, &finished, self.suites());
        } else {
            judge(&service, &finished, &what, self.suites(), &[THEIRS]);
        }
        let outcome = match finished.code {
            2 => Outcome::AtTheBuild,
            4 => Outcome::Not,
            5 => Outcome::Partly,
            _ if finished.issues("warning").contains(&"KADO014".to_owned()) => Outcome::ArrivesAnew,
            _ => Outcome::Arrives,
        };
        if finished.code == 0 {
            return outcome;
        }
        service.clear_script();
        finish(&service);
        let again = planned::task(&service, reports).run_impatiently();
        assert_eq!(again.code, 0, "{what}, again: {}", again.stdout);
        let suites = POINTS.iter();
        for (suite, points) in suites.filter(|(suite, _)| self.suites().contains(suite)) {
            let held = held(&service, suite, *points);
            assert_eq!(held, [1; 3], "{what}, again: {}", again.stdout);
        }
        assert_eq!(newest_outcome(&service), "Failed");
        outcome
    }
}

/// Without its plan each result is once in a run of the build, and in none that is open.
fn all_at_the_build(service: &StandIn, finished: &Finished, suites: &[&str]) {
    let all = format!("{} published, 0 left out, 0 missing", 3 * suites.len());
    finished.says(&all);
    let mut runs = finished_runs(service);
    runs.retain(|run| run["plan"].is_null());
    let mut held: Vec<String> = runs.iter().flat_map(names).collect();
    held.sort();
    let of_suite = |suite: &&str| {
        [
            format!("{suite} own"),
            format!("{suite} rows"),
            "Shared".into(),
        ]
    };
    let mut expected: Vec<String> = suites.iter().flat_map(of_suite).collect();
    expected.sort();
    assert_eq!(held, expected, "{}", finished.stdout);
}

/// The other job finishes its run, if nobody else has.
fn finish(service: &Service) {
    let run = service.run(THEIRS);
    if run.is_some_and(|run| run["state"] == "InProgress") {
        service.edit_run(THEIRS, &json!({"state": "Completed"}));
    }
}

fn finishes_later() -> Rule {
    Rule::once("GET", "/test/runs$", Fault::meanwhile(finish)).nth(LAST_LOOK)
}

/// What comes of each kind of fault: row, column, outcome.
pub(super) fn outcomes() -> Vec<(&'static str, Request, Outcome)> {
    let mut kinds = kinds::all();
    kinds.retain(|kind| !LIKE_OTHERS.contains(&kind.name) || kind.name == "401");
    let mut told = Vec::new();
    for scene in [Scene::Published, Scene::Publishing] {
        let reports = reports_of(scene.suites());
        let places = scene.fair_places(&reports);
        let trials: Vec<(&Kind, usize, Request)> = kinds
            .iter()
            .flat_map(|kind| places.iter().map(move |(at, column)| (kind, *at, *column)))
            .collect();
        let outcomes = each(&trials, |(kind, place, _)| {
            scene.publish(&reports, kind, *place)
        });
        let trials = trials.iter().zip(outcomes);
        told.extend(trials.map(|((kind, _, column), outcome)| (kind.row, *column, outcome)));
    }
    told
}
