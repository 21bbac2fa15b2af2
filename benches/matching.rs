//! Matching 10,000 results with 20,000 test points, against the least that any way of matching does,
//! which is to sort the points by test case and look each result up: `cargo bench --bench matching`.
//! Half and twice as many show that the time grows as they do.

use std::collections::HashMap;
use std::io::Write;
use std::time::{Duration, Instant};

use katalon_ado::azure_devops::test_plans::StoredTestPlan;
use katalon_ado::azure_devops::test_points::StoredTestPoint;
use katalon_ado::azure_devops::{
    TestCaseId, TestConfigurationId, TestPlanId, TestPointId, TestSuiteId,
};
use katalon_ado::mapping::Ids;
use katalon_ado::mapping::plan::{Configurations, Plan};
use katalon_ado::mapping::points::{Choice, Target, Wanted, placements};

/// Runs of each; the median counts.
const RUNS: usize = 7;

/// The plan of all points.
const PLAN: TestPlanId = TestPlanId(1);

/// More than this many times the floor is not linear any more, or does something needless.
const MOST: f64 = 40.0;

fn main() -> std::io::Result<()> {
    // `cargo test --benches` starts this too, and has nothing to gain from it.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let mut out = std::io::stdout();
    for results in [5_000, 10_000, 20_000] {
        let points = points(results);
        let wanted = wanted(results);
        let floor = median(|| looked_up(&points, &wanted));
        let time = median(|| placed(&points, &wanted));
        let ratio = time.as_secs_f64() / floor.as_secs_f64();
        writeln!(
            out,
            "{results} results, {} points: {} µs, {ratio:.1} x looking them up",
            points.len(),
            time.as_micros()
        )?;
        if ratio > MOST {
            return Err(std::io::Error::other(format!(
                "{ratio:.1} is more than {MOST} times the floor"
            )));
        }
    }
    Ok(())
}

/// Two points for each test case, in configurations of their own.
fn points(test_cases: u64) -> Vec<StoredTestPoint> {
    let of_test_case = |test_case| {
        (1..=2).map(move |configuration| StoredTestPoint {
            id: TestPointId(test_case * 10 + configuration),
            test_case: TestCaseId(test_case),
            title: format!("Test case {test_case}"),
            plan: PLAN,
            plan_name: "Release 4".to_owned(),
            suite: Some(TestSuiteId(test_case % 100)),
            configuration: TestConfigurationId(configuration),
            configuration_name: format!("Configuration {configuration}"),
            tester: String::new(),
            outcome: None,
            last_run: None,
            is_automated: Some(true),
            is_active: Some(true),
        })
    };
    (1..=test_cases).flat_map(of_test_case).collect()
}

/// A result for each test case; a rule gives it one of the two configurations.
fn wanted(results: u64) -> Vec<Wanted> {
    (1..=results)
        .zip(0..)
        .map(|(test_case, position)| Wanted {
            source: (0, position),
            ids: Ids {
                ids: vec![TestCaseId(test_case)],
                unresolved: Vec::new(),
            },
            configuration: Some(TestConfigurationId(1 + test_case % 2)),
        })
        .collect()
}

/// The floor.
fn looked_up(points: &[StoredTestPoint], wanted: &[Wanted]) -> usize {
    let mut of_test_case: HashMap<TestCaseId, Vec<&StoredTestPoint>> = HashMap::new();
    for point in points {
        of_test_case.entry(point.test_case).or_default().push(point);
    }
    let found = wanted.iter().filter_map(|one| {
        let points = of_test_case.get(&one.ids.ids[0])?;
        let mut points = points.iter();
        points.find(|point| Some(point.configuration) == one.configuration)
    });
    found.count()
}

/// What the program does: the plan, the points of each result, what of them is in the run.
fn placed(points: &[StoredTestPoint], wanted: &[Wanted]) -> usize {
    let stored = StoredTestPlan {
        id: PLAN,
        name: "Release 4".to_owned(),
        root_suite: None,
        is_active: true,
        synchronises_outcomes: false,
    };
    let plan = Plan::new(&stored, points.to_vec());
    let choice = Choice {
        plans: &[plan],
        configurations: &Configurations::default(),
        to_all_points: false,
    };
    let targets: Vec<((usize, usize), Vec<Target>)> = wanted
        .iter()
        .map(|one| (one.source, choice.matched(one).targets))
        .collect();
    let targets = targets
        .iter()
        .map(|(source, targets)| (*source, targets.as_slice()));
    placements(PLAN, targets).len()
}

fn median(mut work: impl FnMut() -> usize) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            std::hint::black_box(work());
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}
