//! The pipelines of `examples/pipelines` that verify and publish: the inputs are read from their
//! YAML, and the task is started with them as the agent would.

use ado_stand_in::{Build, Point, StandIn};

use crate::support::pipeline::{example, tasks};
use crate::support::plan::{add_case, add_plan, on_points, test_case};
use crate::support::{Case, Finished, Reports, Suite, TaskRun, service, service_with};

/// The task with these inputs, in which the agent has put values for its variables.
fn task(
    service: &StandIn,
    reports: &Reports,
    inputs: &[(String, String)],
    variables: &[(&str, &str)],
) -> TaskRun {
    let mut run = TaskRun::new(service, reports.path());
    for (name, value) in inputs {
        let mut value = value.clone();
        for (variable, its) in variables {
            value = value.replace(variable, its);
        }
        assert!(!value.contains("$(") && !value.contains("${{"), "{value}");
        run = run.input(name, &value);
    }
    run
}

#[track_caller]
fn succeeds(run: &TaskRun) -> Finished {
    let finished = run.run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    finished
}

#[test]
fn the_nightly_run_stops_before_katalon_where_an_id_is_wrong() {
    let steps = tasks(&example("nightly.yml"));
    let [verify, publish] = steps.as_slice() else {
        panic!("{steps:?}");
    };
    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in");
    let project = Reports::new();
    test_case(&project, "Login", "14", "");
    let stopped = task(&service, &project, verify, &[]).run();
    assert_eq!(stopped.code, 6);
    stopped.says("##vso[task.complete result=Failed;]KADO608: test case 14");

    test_case(&project, "Login", "41", "");
    succeeds(&task(&service, &project, verify, &[]));
    assert!(service.runs().is_empty());
    let project = project.with(&Suite::new("Smoke", &[Case::passed("Login")]));
    succeeds(&task(&service, &project, publish, &[]));
    let points: Vec<u64> = on_points(&service).iter().map(|result| result.0).collect();
    assert_eq!(points, [4100]);

    // What reaches no point fails the night.
    test_case(&project, "Login", "", "");
    let project = project.with(
        &Suite::new("Smoke", &[Case::passed("Login")])
            .in_folder("Reports/20250811_111500/Smoke/20250811_111502")
            .at("2025-08-11T11:15:02.000Z", 0),
    );
    let unmatched = task(&service, &project, publish, &[]).run();
    assert_eq!(unmatched.code, 6, "{}", unmatched.everything());
}

#[test]
fn a_release_publishes_to_the_build_that_was_tested() {
    let steps = tasks(&example("release.yml"));
    let service = service_with(|settings| {
        settings.builds = vec![Build::new(70, "Shop"), Build::new(71, "Shop")];
    });
    add_plan(&service);
    add_case(&service, 41, "Log in");
    let workspace = Reports::new();
    let smoke = Suite::new("Smoke", &[Case::passed("Login")])
        .in_folder("tests/katalon-reports/Smoke/20250811_101502");
    let workspace = workspace.with(&smoke);
    let ids = "katalonTestCase,azureTestCaseIds\nLogin,41\n";
    let file = workspace
        .path()
        .join("tests/katalon-reports/katalon-ids.csv");
    std::fs::write(file, ids).unwrap();
    let folder = workspace.path().display().to_string();
    let variables = [
        ("$(Pipeline.Workspace)", folder.as_str()),
        ("$(resources.pipeline.tests.runID)", "70"),
    ];
    // The release itself runs as build 71.
    succeeds(&task(&service, &workspace, &steps[0], &variables));
    let runs = service.runs();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["build"]["id"], "70");
    assert_eq!(on_points(&service).len(), 1);
}

#[test]
fn one_job_publishes_what_several_containers_have_tested() {
    let steps = tasks(&example("matrix.yml"));
    let service = service();
    let smoke = Suite::new("Smoke", &[Case::passed("Login")]);
    let chrome = smoke
        .clone()
        .in_folder("katalon-Chrome-1/Smoke/20250811_101502");
    let firefox = Suite::new("Smoke", &[Case::failed("Login", "declined")])
        .browser("Firefox 140")
        .in_folder("katalon-Firefox-1/Smoke/20250811_101502");
    // Lay there before, and was not downloaded.
    let other = smoke
        .in_folder("a/Smoke/20250811_091502")
        .at("2025-08-11T09:15:02.000Z", 0);
    let workspace = Reports::new().with(&chrome).with(&firefox).with(&other);
    let folder = workspace.path().display().to_string();
    let variables = [("$(Pipeline.Workspace)", folder.as_str())];
    let run = task(&service, &workspace, &steps[0], &variables);
    let finished = run.run();
    assert_eq!(finished.code, 1, "{}", finished.everything());
    let mut names: Vec<String> = service
        .runs()
        .iter()
        .map(|run| run["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["Smoke (Chrome 139.0.1)", "Smoke (Firefox 140)"]);
    // A job that is run again publishes nothing twice.
    assert_eq!(run.run().code, 1);
    assert_eq!(service.runs().len(), 2);
}

#[test]
fn reports_are_published_later_by_hand() {
    let steps = tasks(&example("by-hand.yml"));
    let service = service();
    let number = Build::new(71, "Shop").number;
    let share = Reports::new().with(&Suite::new("Smoke", &[Case::passed("Login")]));
    let folder = share.path().display().to_string();
    let with = |trial: &'static str| {
        let variables = [
            ("${{ parameters.reports }}", folder.as_str()),
            ("${{ parameters.build }}", number.as_str()),
            ("${{ parameters.trial }}", trial),
        ];
        task(&service, &share, &steps[0], &variables)
    };
    succeeds(&with("True"));
    assert!(service.runs().is_empty());
    succeeds(&with("False"));
    assert_eq!(service.runs().len(), 1);
    assert_eq!(service.runs()[0]["build"]["id"], "71");
}

/// The commands of README's chapter, each on one line.
fn commands_of_the_desk() -> Vec<Vec<String>> {
    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    let (_, chapter) = readme.split_once("\n### From your desk\n").unwrap();
    let (_, block) = chapter.split_once("```sh\n").unwrap();
    let block = block.split("```").next().unwrap().replace("\\\n", " ");
    let lines = block.lines().filter(|line| line.starts_with("katalon-ado"));
    lines
        .map(|line| {
            let words = line.split('#').next().unwrap().split_whitespace().skip(1);
            words.map(str::to_owned).collect()
        })
        .collect()
}

#[test]
fn from_a_desk_it_is_verified_tried_and_published() {
    let service = service_with(|settings| {
        let mut build = Build::new(71, "Shop");
        build.number = "20260901.3".to_owned();
        settings.builds = vec![build];
    });
    add_plan(&service);
    add_case(&service, 41, "Log in");
    service.add_point(Point::new(4101, 530, 41, 2));
    let desk = Reports::new().with(&Suite::new("Smoke", &[Case::passed("Login")]));
    test_case(&desk, "Login", "41", "");
    let commands = commands_of_the_desk();
    assert_eq!(commands.len(), 3, "{commands:?}");
    for (at, command) in commands.iter().enumerate() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let mut run = TaskRun::new(&service, desk.path())
            .args(&words)
            .var("AZURE_DEVOPS_ORG_URL", &service.collection_url())
            .var(
                "AZURE_DEVOPS_EXT_PAT",
                &ado_stand_in::Settings::default().token,
            )
            .var("INPUT_SKIPSTALEREPORTS", "");
        for name in [
            "TF_BUILD",
            "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
            "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
            "SYSTEM_TEAMPROJECT",
            "SYSTEM_HOSTTYPE",
            "BUILD_BUILDID",
            "BUILD_BUILDNUMBER",
            "BUILD_BUILDURI",
            "SYSTEM_DEFAULTWORKINGDIRECTORY",
        ] {
            run = run.var(name, "");
        }
        let finished = succeeds(&run);
        finished.lacks("##vso");
        assert_eq!(service.runs().len(), usize::from(at == 2), "{command:?}");
    }
    assert_eq!(service.runs()[0]["build"]["id"], "71");
    assert_eq!(on_points(&service)[0].0, 4100);
}
