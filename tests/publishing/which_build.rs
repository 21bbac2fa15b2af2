//! Another build than the running one: `buildId`, `buildNumber`.

use ado_stand_in::{Build, Settings, StandIn};

use crate::support::{Case, Reports, TaskRun, assert_swagger, service_with};

fn service() -> StandIn {
    service_with(|settings: &mut Settings| {
        let mut build = |id, number: &str, definition| {
            let mut build = Build::new(id, "Shop");
            build.number = number.to_owned();
            build.definition = definition;
            settings.builds.push(build);
        };
        build(80, "nightly", 9);
        build(81, "twice", 9);
        build(82, "twice", 10);
    })
}

fn reports() -> Reports {
    Reports::new().with_suite("Smoke", &[Case::passed("A")])
}

#[test]
fn another_build_is_linked_without_the_jobs_of_this_one() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("buildId", "80")
        .input("testRunTitle", "{suite} of {build}")
        .input("skipStaleReports", "true")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = &service.runs()[0];
    assert_eq!(run["build"]["id"], "80");
    assert_eq!(run["name"], "Smoke of nightly");
    assert!(
        run["pipelineReference"]["stageReference"].is_null(),
        "{run}"
    );
    assert_swagger(&service);
}

#[test]
fn a_build_number_is_looked_for_in_the_running_definition() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .var("SYSTEM_DEFINITIONID", "10")
        .input("buildNumber", "twice")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(service.runs()[0]["build"]["id"], "82");
    assert_swagger(&service);
}

#[test]
fn a_build_number_that_several_builds_have_is_an_input_error_that_lists_them() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("buildNumber", "twice")
        .run();
    assert_eq!(finished.code, 2, "{}", finished.stdout);
    finished.says("ID 81");
    finished.says("ID 82");
    assert!(service.runs().is_empty());
    finished.says("1 result read: 0 published, 0 left out, 1 missing");
}

#[test]
fn a_build_that_does_not_exist_is_an_input_error() {
    for (name, value) in [("buildId", "12345"), ("buildNumber", "no such number")] {
        let (service, reports) = (service(), reports());
        let finished = TaskRun::new(&service, reports.path())
            .input(name, value)
            .run();
        assert_eq!(finished.code, 2, "{}", finished.stdout);
        assert_eq!(finished.issues("error"), ["KADO206"]);
        assert!(
            service
                .requests()
                .iter()
                .all(|request| request.method == "GET")
        );
    }
}

#[test]
fn one_input_names_the_build_and_not_two() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("buildId", "x1")
        .input("buildNumber", "nightly")
        .run();
    assert_eq!(finished.code, 2);
    finished.says("task input 'buildId' cannot be 'x1': it is no ID");
    let both = TaskRun::new(&service, reports.path())
        .input("buildId", "80")
        .input("buildNumber", "nightly")
        .run();
    assert_eq!(both.code, 2);
    both.says("'buildId' and 'buildNumber' both name the build");
    assert!(service.requests().is_empty());
}
