//! The pipelines of `examples/pipelines`, driven as an agent would: each step in its order, with its
//! condition, its inputs and the variables of the steps before it. Where a step starts Katalon, a
//! report of what it was told to run takes its place.

use std::collections::BTreeMap;

use ado_stand_in::StandIn;
use katalon_ado::katalon::project::{SuiteContent, read_test_suite};

use crate::support::holdings::names;
use crate::support::pipeline::{Step, example, folder, steps};
use crate::support::plan::{add_case, add_plan, on_points, test_case};
use crate::support::{Case, Finished, Reports, Suite, TaskRun, service};

/// The examples that a test drives.
const DRIVEN: [&str; 6] = [
    // In `examples_of_publishing.rs`.
    "by-hand.yml",
    "matrix.yml",
    "nightly.yml",
    "release.yml",
    "rerun-failed-tests.yml",
    "run-a-plans-suite.yml",
];

#[test]
fn every_example_is_driven_and_stands_in_the_readme() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, DRIVEN);
    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    for file in files {
        let block = format!("```yaml\n{}```\n", example(&file));
        assert!(
            readme.contains(&block),
            "{file} does not stand in the README as it is"
        );
    }
}

/// An agent that runs a pipeline.
struct Agent<'a> {
    service: &'a StandIn,
    folder: &'a Reports,
    /// How each test case ends, time after time; nothing more said, it passes.
    ends: BTreeMap<&'a str, Vec<&'static str>>,
    variables: BTreeMap<String, String>,
    /// What Katalon was told to run, start by start.
    ran: Vec<Vec<String>>,
    /// Names of the steps of our task that ran, and how they ended.
    finished: Vec<(String, Finished)>,
}

impl<'a> Agent<'a> {
    fn new(service: &'a StandIn, folder: &'a Reports) -> Self {
        let sources = folder.path().display().to_string();
        let temp = folder.temp().display().to_string();
        let variables = [
            ("Build.SourcesDirectory", sources),
            ("Agent.TempDirectory", temp),
            ("KATALON_API_KEY", "key".to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        Self {
            service,
            folder,
            ends: BTreeMap::new(),
            variables: variables.into(),
            ran: Vec::new(),
            finished: Vec::new(),
        }
    }

    /// Runs the pipeline; whether it succeeded.
    fn run(&mut self, file: &str) -> bool {
        let mut succeeded = true;
        for step in steps(&example(file)) {
            if !self.holds(&step.condition, succeeded) {
                continue;
            }
            let done = match step.kind.as_str() {
                "task" => self.task(&step),
                "script" => self.katalon(&self.expanded(&step.script)),
                other => panic!("'{other}' is not known here"),
            };
            succeeded &= done || step.continues;
        }
        succeeded
    }

    /// `$(name)` with its value, if there is one.
    fn expanded(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.variables {
            text = text.replace(&format!("$({name})"), value);
        }
        text
    }

    /// Whether a step runs.
    fn holds(&self, condition: &str, succeeded: bool) -> bool {
        let parts = match condition.strip_prefix("and(") {
            Some(both) => both.strip_suffix(')').unwrap().split_once(", ").unwrap(),
            None => (condition, ""),
        };
        let state = match parts.0 {
            "" | "succeeded()" => succeeded,
            "succeededOrFailed()" => true,
            other => panic!("'{other}' is not known here"),
        };
        let is_other = match parts.1.strip_prefix("ne(variables['") {
            Some(rest) => {
                let (name, value) = rest.split_once("'], '").unwrap();
                self.variables[name] != value.trim_end_matches("')")
            }
            None => parts.1.is_empty(),
        };
        state && is_other
    }

    fn task(&mut self, step: &Step) -> bool {
        let mut run = TaskRun::new(self.service, self.folder.path());
        for (name, value) in &step.inputs {
            run = run.input(name, &self.expanded(value));
        }
        let finished = run.run();
        for line in finished.stdout.lines() {
            let Some(rest) = line.strip_prefix("##vso[task.setvariable variable=") else {
                continue;
            };
            let (name, value) = rest.split_once(";isoutput=true;]").unwrap();
            let name = format!("{}.{name}", step.name);
            self.variables.insert(name, value.to_owned());
        }
        let succeeded = finished.code == 0;
        self.finished.push((step.name.clone(), finished));
        succeeded
    }

    /// Writes the report that Katalon would; whether all passed.
    fn katalon(&mut self, command_line: &str) -> bool {
        let option = |name: &str| {
            let (_, behind) = command_line.split_once(&format!("-{name}=\""))?;
            behind.split('"').next()
        };
        let suite = option("testSuitePath").unwrap();
        let chosen: Vec<String> = match option("testSuiteQuery") {
            Some(query) => {
                let paths = query
                    .strip_prefix("ids=(")
                    .unwrap()
                    .strip_suffix(')')
                    .unwrap();
                paths.split(',').map(str::to_owned).collect()
            }
            None => {
                let file = self.folder.path().join(format!("{suite}.ts"));
                match read_test_suite(std::fs::File::open(file).unwrap())
                    .unwrap()
                    .content
                {
                    SuiteContent::TestCases(links) => {
                        links.into_iter().map(|link| link.test_case).collect()
                    }
                    other => panic!("{other:?}"),
                }
            }
        };
        let cases: Vec<Case> = chosen
            .iter()
            .map(|path| {
                let name = path.strip_prefix("Test Cases/").unwrap();
                let next = self.ends.get_mut(name).filter(|ends| !ends.is_empty());
                Case::ended(name, next.map_or("PASSED", |ends| ends.remove(0)), "no")
            })
            .collect();
        let passed = cases.iter().all(|case| case.status == "PASSED");
        let start = self.ran.len();
        let mut report = Suite::new(suite.strip_prefix("Test Suites/").unwrap(), &cases).at(
            &format!("2025-08-11T1{start}:15:02.000Z"),
            1_754_871_302_000 + i64::try_from(start).unwrap() * 3_600_000,
        );
        if let Some(folder) = option("reportFolder") {
            report = report.in_folder(folder);
        }
        self.folder.add(&report);
        self.ran.push(chosen);
        passed
    }
}

/// A suite of Katalon, so that there is something to be run.
fn write_suite(folder: &Reports, name: &str, cases: &[&str]) {
    let links: String = cases
        .iter()
        .map(|case| {
            format!("<testCaseLink><testCaseId>Test Cases/{case}</testCaseId></testCaseLink>")
        })
        .collect();
    let file = folder.path().join(format!("Test Suites/{name}.ts"));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, format!("<TestSuiteEntity>{links}</TestSuiteEntity>")).unwrap();
}

/// A Katalon project of three test cases and the suite `Smoke` that holds them.
fn smoke() -> Reports {
    let folder = Reports::new();
    for name in ["A", "B", "C"] {
        test_case(&folder, name, "", "");
    }
    write_suite(&folder, "Smoke", &["A", "B", "C"]);
    folder
}

#[test]
fn what_failed_is_run_again_and_published_too() {
    let (service, folder) = (service(), smoke());
    let mut agent = Agent::new(&service, &folder);
    agent.ends = [("A", vec!["FAILED"]), ("C", vec!["ERROR"])].into();
    assert!(agent.run("rerun-failed-tests.yml"));
    assert_eq!(agent.ran.len(), 2);
    assert_eq!(agent.ran[1], ["Test Cases/A", "Test Cases/C"]);
    let runs: Vec<Vec<String>> = service.runs().iter().map(names).collect();
    assert_eq!(runs, [vec!["A", "B", "C"], vec!["A", "C"]]);
}

#[test]
fn what_fails_twice_fails_the_build() {
    let (service, folder) = (service(), smoke());
    let mut agent = Agent::new(&service, &folder);
    agent.ends = [("A", vec!["FAILED", "FAILED"])].into();
    assert!(!agent.run("rerun-failed-tests.yml"));
    let (name, last) = agent.finished.last().unwrap();
    assert_eq!((name.as_str(), last.code), ("second", 1));
    last.says("##vso[task.complete result=Failed;]KADO101");
}

#[test]
fn where_nothing_failed_nothing_is_run_again_and_nothing_published_twice() {
    let (service, folder) = (service(), smoke());
    let mut agent = Agent::new(&service, &folder);
    assert!(agent.run("rerun-failed-tests.yml"));
    assert_eq!(agent.ran.len(), 1);
    let ran: Vec<&str> = agent
        .finished
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(ran, ["first", "failed"]);
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn a_plans_suites_are_run_in_their_order_and_published_onto_their_points() {
    let (service, folder) = (service(), Reports::new());
    add_plan(&service);
    for (id, name) in [(42, "Log out"), (41, "Log in, then (out)")] {
        add_case(&service, id, name);
        test_case(&folder, name, &id.to_string(), "");
    }
    let mut agent = Agent::new(&service, &folder);
    agent.ends = [("Log out", vec!["FAILED"])].into();
    // Katalon's own step has failed, and the results are published all the same.
    assert!(!agent.run("run-a-plans-suite.yml"));
    assert_eq!(
        agent.ran,
        [["Test Cases/Log out", "Test Cases/Log in, then (out)"]]
    );
    let points = on_points(&service);
    let points: Vec<(u64, &str)> = points
        .iter()
        .map(|(id, _, end)| (*id, end.as_str()))
        .collect();
    assert_eq!(points, [(4100, "Passed"), (4200, "Failed")]);
}

#[test]
fn where_the_plan_holds_nothing_neither_katalon_nor_the_publication_runs() {
    let (service, folder) = (service(), smoke());
    add_plan(&service);
    let mut agent = Agent::new(&service, &folder);
    assert!(agent.run("run-a-plans-suite.yml"));
    assert_eq!(agent.ran.len(), 0);
    let ran: Vec<&str> = agent
        .finished
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(ran, ["chosen"]);
}
