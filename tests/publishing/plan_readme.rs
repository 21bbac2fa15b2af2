//! README's chapter on test plans, walked through as a new user would: the plan that it draws, the
//! YAML that it gives, and what then shows.

use ado_stand_in::{Configuration, Plan, Point, StandIn, Suite as TestSuite, WorkItem};

use crate::support::pipeline::tasks;
use crate::support::plan::{SHOP, add_cases, on_points, setting, settings, test_case};
use crate::support::{Case, Reports, Suite, TaskRun, service};

/// The fenced blocks of the chapter: the plan, and the YAML.
fn chapter() -> (String, String) {
    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    let (_, chapter) = readme.split_once("\n## Onto a test plan\n").unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    let block = |language: &str| {
        let (_, block) = chapter.split_once(&format!("```{language}\n")).unwrap();
        block.split("```").next().unwrap().to_owned()
    };
    (block("text"), block("yaml"))
}

/// The plan as it is drawn: three suites, of which one lies in another, and two configurations.
fn drawn(plan: &str) -> StandIn {
    let service = service();
    let name = plan.lines().next().unwrap().split("  ").next().unwrap();
    service.add_plan(Plan::new(510, name));
    let mut suites = plan.lines().skip(1).map(|line| {
        let name = line.split("─ ").nth(1).unwrap();
        name.split("  ").next().unwrap().trim()
    });
    service.add_suite(TestSuite::new(520, 510, suites.next().unwrap()));
    service.add_suite(TestSuite::new(521, 510, suites.next().unwrap()).below(520));
    service.add_suite(TestSuite::new(530, 510, suites.next().unwrap()));
    assert_eq!(suites.next(), None);
    service.add_configuration(Configuration::new(1, "Windows 11"));
    service.add_configuration(Configuration::new(2, "Linux"));
    for (id, line) in (41..=43).zip(plan.lines()) {
        let (_, case) = line.split_once(&format!("{id} ")).unwrap();
        let (title, configurations) = case.split_once("  ").unwrap();
        service.add_work_item(WorkItem::test_case(id, title));
        for (number, name) in [(1, "Windows 11"), (2, "Linux")] {
            if configurations.contains(name) {
                service.add_point(Point::new(id * 100 + number, 521, id, number));
            }
        }
    }
    service
}

#[test]
fn what_the_readme_promises_of_its_plan_happens() {
    let (plan, yaml) = chapter();
    let service = drawn(&plan);
    let cases = [
        Case::passed("Log in"),
        Case::failed("Pay by card", "declined"),
        Case::passed("Search"),
    ];
    let windows = Suite::new("Smoke", &cases);
    let linux = windows
        .clone()
        .in_folder("Reports/20250811_111500/Smoke/20250811_111502")
        .at("2025-08-11T11:15:02.000Z", 0)
        .os("Linux 64bit");
    let reports = Reports::new().with(&windows).with(&linux);
    for (name, id) in [("Log in", "41"), ("Pay by card", "42"), ("Search", "43")] {
        test_case(&reports, name, id, "");
    }
    let mut run = TaskRun::new(&service, reports.path());
    for (name, value) in tasks(&yaml).concat() {
        run = run.input(&name, &value);
    }
    // Step 2: tried without sending anything.
    let tried = run.clone().input("dryRun", "true").run();
    assert_eq!(tried.code, 0, "{}", tried.everything());
    assert!(service.runs().is_empty());
    tried.says("4 of 6 results reach test points");
    tried.says("test case 41, point 4101 (");
    tried.says("test case 43 has no point with the configuration 'Windows 11'");

    let finished = run.run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let outcomes: Vec<(u64, String)> = on_points(&service)
        .into_iter()
        .map(|(point, _, outcome)| (point, outcome))
        .collect();
    let outcome = |point, outcome: &str| (point, outcome.to_owned());
    assert_eq!(
        outcomes,
        [
            outcome(4101, "Passed"),
            outcome(4102, "Passed"),
            outcome(4201, "Failed"),
            outcome(4302, "Passed"),
        ]
    );
    finished.says("6 results read: 6 published, 0 left out, 0 missing");
    assert!(finished.summary().contains("Without a test point"));

    // Repaired, and run again: the missing runs of the plan, and nothing twice.
    service.add_point(Point::new(4301, 521, 43, 1));
    service.add_point(Point::new(4202, 521, 42, 2));
    let again = run.run();
    assert_eq!(again.code, 0, "{}", again.everything());
    assert_eq!(on_points(&service).len(), 6);
    again.says("6 of 6 results reach test points");
}

/// What the YAML for pull requests gives to their builds: the one input, and its value.
fn for_pull_requests(document: &str) -> (String, String) {
    let document = document.replace("\r\n", "\n");
    let (_, behind) = document
        .split_once("    ${{ if eq(variables['Build.Reason'], 'PullRequest') }}:\n")
        .unwrap();
    let (lines, _) = behind.split_once("    ${{ else }}:\n").unwrap();
    let line = lines.strip_prefix("      ").unwrap();
    let (name, value) = line.split_once(": ").unwrap();
    let (value, _) = value.split_once(" #").unwrap();
    (name.to_owned(), value.trim().to_owned())
}

#[test]
fn the_yaml_for_pull_requests_keeps_them_off_a_plan_that_settings_and_ids_name() {
    let readme = for_pull_requests(include_str!("../../README.md"));
    assert_eq!(readme, for_pull_requests(include_str!("../../SECURITY.md")));
    let publish = |inputs: &[(String, String)]| {
        let service = service();
        add_cases(&service, 1);
        let reports = Reports::new().with_suite("Smoke", &[Case::passed("T1")]);
        test_case(&reports, "T1", "1", "");
        let lines = [
            "enableIntegration=true",
            &setting("integratedProject", SHOP),
            &setting(
                "submitOptions.testPlans",
                r#"[{"id":510,"name":"Release 4"}]"#,
            ),
        ];
        settings(&reports, &lines);
        let mut run = TaskRun::new(&service, reports.path());
        for (name, value) in inputs {
            run = run.input(name, value);
        }
        let finished = run.run();
        assert_eq!(finished.code, 0, "{}", finished.everything());
        assert_eq!(service.runs()[0]["results"].as_array().unwrap().len(), 1);
        on_points(&service).len()
    };
    assert_eq!(publish(&[]), 1, "the settings name the plan");
    assert_eq!(publish(&[readme]), 0);
}
