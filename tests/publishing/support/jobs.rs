//! Jobs that find the same report, and runs as one of them would have made them.

use ado_stand_in::{Service, StandIn};
use serde_json::{Value, json};

use super::{Case, Reports, TaskRun, service};

pub(crate) fn reports() -> Reports {
    Reports::new().with_suite("Smoke", &[Case::passed("A"), Case::passed("B")])
}

pub(crate) fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("requestTimeout", "1")
        .input("retryFor", "5")
}

/// The task of another job.
pub(crate) fn another_job(service: &StandIn, reports: &Reports) -> TaskRun {
    task(service, reports).var("SYSTEM_JOBNAME", "Other job")
}

/// The mark that a run of this program would bear, read from one that it made elsewhere.
fn comment_of(run: TaskRun, service: &StandIn) -> String {
    let finished = run.run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    service.runs()[0]["comment"].as_str().unwrap().to_owned()
}

/// The comment of a run of this job with these reports, and of one of another job.
pub(crate) fn comments(reports: &Reports) -> (String, String) {
    let (ours, theirs) = (service(), service());
    (
        comment_of(task(&ours, reports), &ours),
        comment_of(another_job(&theirs, reports), &theirs),
    )
}

pub(crate) fn run_with(comment: &str, state: &str) -> Value {
    json!({
        "name": "Smoke",
        "state": state,
        "comment": comment,
        "build": {"id": "71"},
    })
}

fn now(service: &Service) -> Value {
    json!(service.now())
}

/// An open run that somebody changed just now.
pub(crate) fn open_run(service: &Service, comment: &str) -> u64 {
    let mut run = run_with(comment, "InProgress");
    run["lastUpdatedDate"] = now(service);
    service.add_run(&run)
}
