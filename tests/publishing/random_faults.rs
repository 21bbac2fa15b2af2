//! Ten thousand results while one request of five fails, this way or that: nothing is lost, and
//! nothing is there twice. The same seed gives the same faults.

use std::time::Duration;

use ado_stand_in::{Fault, Match, Rule};

use crate::support::holdings::names;
use crate::support::{Case, Reports, Suite, TaskRun, service_with};

const SUITES: usize = 4;
const RESULTS: usize = 2_500;

/// Suites of many results, some of which failed and have a picture.
fn reports() -> Reports {
    let reports = Reports::new();
    for suite in 0..SUITES {
        let case = |at: usize| {
            let name = format!("{suite}/{at:04}");
            if at.is_multiple_of(250) {
                Case::failed(&name, "no").output(&format!("[[ATTACHMENT|{at}.png]]"))
            } else {
                Case::passed(&name)
            }
        };
        let cases: Vec<Case> = (0..RESULTS).map(case).collect();
        let folder = reports.add(&Suite::new(&format!("Suite {suite}"), &cases));
        for at in (0..RESULTS).step_by(250) {
            std::fs::write(folder.join(format!("{at}.png")), "picture").unwrap();
        }
    }
    reports
}

/// What may happen to a request.
fn faults() -> Vec<Fault> {
    vec![
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Truncated { bytes: 10 },
        Fault::status(429),
        Fault::status(500),
        Fault::status_after(500),
        Fault::status(503),
        Fault::status_after(503),
        Fault::status_after(504),
        Fault::HandledLate {
            delay: Duration::from_millis(5),
        },
    ]
}

#[test]
fn ten_thousand_results_arrive_once_whatever_fails_on_the_way() {
    let reports = reports();
    for mut seed in [1_u64, 2026] {
        let mut roll = |sides: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % sides
        };
        let service = service_with(|settings| settings.page_size = 1_000);
        for place in 0..600 {
            if roll(5) == 0 {
                let faults = faults();
                service.script(Rule {
                    on: Match {
                        method: None,
                        path: String::new(),
                        skip: place,
                        times: Some(1),
                    },
                    fault: faults[roll(faults.len())].clone(),
                });
            }
        }
        let finished = TaskRun::new(&service, reports.path())
            .input("requestTimeout", "5")
            .input("retryFor", "60")
            .run_impatiently();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        finished.says("10000 results read: 10000 published, 0 left out, 0 missing");
        let mut runs = service.runs();
        runs.retain(|run| run["state"] != "Aborted");
        assert_eq!(runs.len(), SUITES);
        for (suite, run) in runs.iter().enumerate() {
            let expected: Vec<String> = (0..RESULTS).map(|at| format!("{suite}/{at:04}")).collect();
            assert_eq!(names(run), expected);
            let results = run["results"].as_array().unwrap();
            for (at, result) in results.iter().enumerate() {
                let attached = result["attachments"].as_array().unwrap().len();
                assert_eq!(
                    attached,
                    usize::from(at.is_multiple_of(250)),
                    "{suite}/{at}"
                );
            }
        }
        // What failed did fail.
        let requests = service.requests();
        let failed = requests
            .iter()
            .filter(|request| request.status != Some(200));
        assert!(failed.count() > 10);
    }
}
