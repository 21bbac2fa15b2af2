//! How many requests a publication costs: agents pay for each, and services throttle.

use std::collections::BTreeSet;

use ado_stand_in::StandIn;

use crate::support::{Case, Reports, Suite, TaskRun, assert_swagger, service_with};

/// A service with pages as long as the real one's.
fn service() -> StandIn {
    service_with(|settings| settings.page_size = 1_000)
}

fn many(count: usize) -> Vec<Case> {
    (0..count)
        .map(|number| Case::passed(&format!("Case {number}")))
        .collect()
}

/// What was asked for: the last words of each path.
fn asked(service: &StandIn) -> Vec<String> {
    service
        .requests()
        .iter()
        .map(|request| {
            let path = request.path.to_lowercase();
            let resource = path.split("_apis/").nth(1).unwrap();
            let words = resource
                .split('/')
                .filter(|word| word.parse::<u64>().is_err());
            format!("{} {}", request.method, words.collect::<Vec<_>>().join("/"))
        })
        .collect()
}

#[test]
fn a_report_costs_what_was_promised_however_many_results_it_has() {
    for results in [1, 999, 1_000, 1_001, 2_500] {
        let service = service();
        let reports = Reports::new().with_suite("Many", &many(results));
        let finished = TaskRun::new(&service, reports.path()).run();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        assert_eq!(service.runs()[0]["totalTests"], results);
        let pages = results.div_ceil(1_000);
        let mut expected = vec!["GET connectiondata", "GET test/runs", "POST test/runs"];
        expected.extend(vec!["POST test/runs/results"; pages]);
        expected.push("GET test/runs");
        expected.push("PATCH test/runs");
        // The page after the last is empty, and says so.
        expected.extend(vec!["GET test/runs/results"; pages + 1]);
        assert_eq!(asked(&service), expected, "{results} results");
        assert_swagger(&service);
    }
}

#[test]
fn everything_goes_over_one_connection() {
    let service = service();
    let reports = Reports::new()
        .with_suite("Many", &many(1_500))
        .with_suite("Few", &many(2));
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let requests = service.requests();
    let connections: BTreeSet<u64> = requests.iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), 1);
}

#[test]
fn an_attachment_costs_one_request() {
    let service = service();
    let reports = Reports::new();
    let case = Case::failed("A", "x").picture("1.png").picture("2.png");
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    std::fs::write(folder.join("1.png"), "picture").unwrap();
    std::fs::write(folder.join("2.png"), "another").unwrap();
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let asked = asked(&service);
    let attached = asked.iter().filter(|asked| asked.contains("attachments"));
    assert_eq!(attached.count(), 3, "{asked:?}");
    assert_eq!(asked.len(), 8 + 3, "{asked:?}");
}

#[test]
fn an_old_report_costs_one_look_at_the_build() {
    let service = service();
    let reports = Reports::new()
        .with_suite("One", &many(1))
        .with_suite("Two", &many(1));
    let finished = TaskRun::new(&service, reports.path())
        .input("skipStaleReports", "true")
        .var("SYSTEM_PIPELINESTARTTIME", "2026-01-01 00:00:00+00:00")
        .run();
    assert_eq!(finished.code, 3, "{}", finished.stdout);
    // The last one: a try before this may have left a run open.
    let expected = ["GET connectiondata", "GET build/builds", "GET test/runs"];
    assert_eq!(asked(&service), expected);
}

#[test]
fn what_was_published_before_costs_two_requests() {
    let service = service();
    let reports = Reports::new()
        .with_suite("Many", &many(1_500))
        .with_suite("Few", &many(2));
    let run = TaskRun::new(&service, reports.path());
    assert_eq!(run.run().code, 0);
    let before = asked(&service).len();
    assert_eq!(run.run().code, 0);
    assert_eq!(
        asked(&service)[before..],
        ["GET connectiondata", "GET test/runs"]
    );
}

#[test]
fn a_dry_run_looks_runs_up_and_asks_for_nothing_else() {
    let service = service();
    let reports = Reports::new().with_suite("Many", &many(1_500));
    let finished = TaskRun::new(&service, reports.path())
        .input("dryRun", "true")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(
        asked(&service),
        ["GET connectiondata", "GET test/runs", "GET test/runs"]
    );
}
