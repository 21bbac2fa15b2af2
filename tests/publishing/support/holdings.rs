//! What the service holds and was asked for, as tests about failures look at it.

use ado_stand_in::{Fault, Recorded, Rule, Service};
use serde_json::Value;

/// The requests with this method whose path ends so, in order.
pub(crate) fn asked(service: &Service, method: &str, ending: &str) -> Vec<Recorded> {
    let mut requests = service.requests();
    requests.retain(|request| request.method == method && request.path.ends_with(ending));
    requests
}

/// How many of them the service carried out or refused itself.
pub(crate) fn carried_out(service: &Service, method: &str, ending: &str) -> usize {
    let asked = asked(service, method, ending);
    asked.iter().filter(|request| request.handled).count()
}

/// Requests that change something.
pub(crate) fn writes(service: &Service) -> usize {
    let requests = service.requests();
    let reads = ["GET", "OPTIONS"];
    let writes = requests
        .iter()
        .filter(|request| !reads.contains(&request.method.as_str()));
    writes.count()
}

/// The states of all runs, in the order of their ids.
pub(crate) fn states(service: &Service) -> Vec<String> {
    let runs = service.runs();
    runs.iter()
        .map(|run| run["state"].as_str().unwrap().to_owned())
        .collect()
}

/// The names of a run's results, sorted, without `Test Cases/`.
pub(crate) fn names(run: &Value) -> Vec<String> {
    let results = run["results"].as_array().unwrap();
    let mut names: Vec<String> = results
        .iter()
        .map(|result| result["automatedTestName"].as_str().unwrap())
        .map(|name| name.strip_prefix("Test Cases/").unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The one finished run; fails unless there is one, it holds these results once, and every other
/// run is aborted.
#[track_caller]
pub(crate) fn the_finished_run(service: &Service, expected: &[&str]) -> Value {
    let runs = service.runs();
    let (finished, others): (Vec<&Value>, Vec<&Value>) = runs
        .iter()
        .partition(|run| run["state"] == "Completed" || run["state"] == "NeedsInvestigation");
    assert_eq!(finished.len(), 1, "{:?}", states(service));
    assert!(
        others.iter().all(|run| run["state"] == "Aborted"),
        "{:?}",
        states(service)
    );
    assert_eq!(names(finished[0]), expected);
    finished[0].clone()
}

/// The names of what is attached to a run's results, sorted.
pub(crate) fn attached_to_results(run: &Value) -> Vec<String> {
    let results = run["results"].as_array().unwrap().iter();
    let mut names: Vec<String> = results
        .flat_map(|result| result["attachments"].as_array().unwrap())
        .map(|attachment| attachment["fileName"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Something else happens to the service just before the first such request is carried out.
pub(crate) fn meanwhile(
    method: &str,
    path: &str,
    what: impl Fn(&Service) + Send + Sync + 'static,
) -> Rule {
    Rule::once(method, path, Fault::meanwhile(what))
}
