//! Which build the runs belong to: the running one, another that is named, that of a classic
//! release, or none.

use ado_stand_in::{Build, Project, Settings, StandIn};
use serde_json::{Value, json};

use crate::support::holdings::{asked, states};
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

#[test]
fn outside_a_pipeline_a_number_is_looked_for_in_the_definition_that_is_named() {
    let (service, reports) = (service(), reports());
    let outside = |args: &[&str]| {
        TaskRun::new(&service, reports.path())
            .var("TF_BUILD", "")
            .var("BUILD_BUILDID", "")
            .args(&[&["publish", "--build-number=twice"], args].concat())
            .run()
    };
    let several = outside(&[]);
    assert_eq!(several.code, 2, "{}", several.stdout);
    several.says("2 builds in project 'Shop' have the number 'twice': ");
    several.says("ID 81 of 'Shop tests'");
    assert_eq!(outside(&["--build-definition=10"]).code, 0);
    assert_eq!(service.runs()[0]["build"]["id"], "82");
    assert_eq!(outside(&["--build-definition=11"]).code, 2);
}

#[test]
fn in_a_pipeline_without_a_build_the_run_belongs_to_none() {
    let (service, reports) = (service(), reports());
    let finished = TaskRun::new(&service, reports.path())
        .var("BUILD_BUILDID", "")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.says("No build is running here");
    finished.says("There is no build to look runs up by");
    let created = asked(&service, "POST", "/runs")[0].json();
    for link in ["build", "pipelineReference", "releaseUri"] {
        assert_eq!(created.get(link), None, "{link}");
    }
    assert_swagger(&service);
}

/// A job of a deployment job, which downloads and does not check out.
#[test]
fn a_deployment_job_publishes_what_it_downloaded() {
    let service = service();
    let reports = Reports::new().with_suite("Smoke", &[Case::passed("A")]);
    let workspace = reports.path().display().to_string();
    let finished = TaskRun::new(&service, reports.path())
        .input("skipStaleReports", "true")
        .var("SYSTEM_PIPELINESTARTTIME", "2026-01-01 00:00:00+00:00")
        .var("SYSTEM_PHASENAME", "Deploy")
        .var("SYSTEM_JOBNAME", "Deploy")
        .var("PIPELINE_WORKSPACE", &workspace)
        .var("BUILD_SOURCESDIRECTORY", &format!("{workspace}/s"))
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = &service.runs()[0];
    assert_eq!(run["build"]["id"], "71");
    let reference = &run["pipelineReference"];
    assert_eq!(reference["phaseReference"]["phaseName"], "Deploy");
    assert_eq!(reference["jobReference"]["jobName"], "Deploy");
}

const RELEASES: &str = "6c1d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10";
const SHOP: &str = "5b0d8e2f-6a0c-4c57-9d2b-1f1f5a3c7e10";

/// A job of a classic release of project Releases that deploys build 71 of project Shop. On
/// Services the agent's own connection and one address lead to the host of the releases.
fn release(service: &StandIn, reports: &Reports, environment: u32) -> TaskRun {
    service.configure(|settings| {
        if settings.projects.len() == 1 {
            settings.projects.push(Project::new("Releases", RELEASES));
        }
    });
    let elsewhere = "http://vsrm.invalid/contoso/";
    let uri = format!("vstfs:///ReleaseManagement/Environment/{environment}");
    [
        ("SYSTEM_HOSTTYPE", "release"),
        ("SYSTEM_COLLECTIONURI", elsewhere),
        ("ENDPOINT_URL_SYSTEMVSSCONNECTION", elsewhere),
        ("SYSTEM_TEAMPROJECT", "Releases"),
        ("SYSTEM_TEAMPROJECTID", RELEASES),
        // The id of the environment in the definition: the same for every release.
        ("SYSTEM_STAGENAME", "3"),
        ("SYSTEM_PHASENAME", "Agent job"),
        ("BUILD_TYPE", "Build"),
        ("BUILD_PROJECTID", SHOP),
        ("RELEASE_RELEASEURI", "vstfs:///ReleaseManagement/Release/4"),
        ("RELEASE_ENVIRONMENTURI", &uri),
        ("RELEASE_ENVIRONMENTID", &environment.to_string()),
    ]
    .iter()
    .fold(
        TaskRun::new(service, reports.path()),
        |run, (name, value)| run.var(name, value),
    )
}

#[test]
fn a_release_publishes_to_the_project_of_the_build_that_it_deploys() {
    let (service, reports) = (service(), reports());
    let finished = release(&service, &reports, 9).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.says("Release: vstfs:///ReleaseManagement/Release/4, of build 20260901.3 (ID 71)");
    let run = &service.runs()[0];
    assert_eq!(run["project"]["name"], "Shop");
    assert_eq!(run["build"]["id"], "71");
    assert_eq!(run["releaseUri"], "vstfs:///ReleaseManagement/Release/4");
    assert_eq!(
        run["releaseEnvironmentUri"],
        "vstfs:///ReleaseManagement/Environment/9"
    );
    assert_eq!(run.get("pipelineReference"), None);
    assert_swagger(&service);
}

#[test]
fn a_release_of_something_else_publishes_to_its_own_project_without_a_build() {
    for kind in ["Jenkins", "GitHub", ""] {
        let (service, reports) = (service(), reports());
        let finished = release(&service, &reports, 9)
            .var("BUILD_TYPE", kind)
            .var("BUILD_BUILDID", "1234")
            .run();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        finished.says("Release: vstfs:///ReleaseManagement/Release/4, without build");
        let run = &service.runs()[0];
        assert_eq!(run["project"]["name"], "Releases");
        assert_eq!(run.get("build"), None);
        assert_eq!(run["releaseUri"], "vstfs:///ReleaseManagement/Release/4");
    }
}

#[test]
fn another_build_is_published_to_from_a_release_too() {
    let (service, reports) = (service(), reports());
    let finished = release(&service, &reports, 9).input("buildId", "80").run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let run = &service.runs()[0];
    assert_eq!(run["build"]["id"], "80");
    assert_eq!(run["releaseUri"], "vstfs:///ReleaseManagement/Release/4");
    assert_eq!(run.get("pipelineReference"), None);
}

/// Opens the run again, as if its job had been killed, or was still at work.
fn reopen(service: &StandIn, run: &Value, updated: &str) {
    let id = run["id"].as_u64().unwrap();
    let fields = json!({"state": "InProgress", "lastUpdatedDate": updated});
    assert!(service.edit_run(id, &fields));
}

#[test]
fn open_runs_of_other_releases_and_stages_are_left_alone_however_old() {
    let (service, reports) = (service(), reports());
    for environment in [8, 9] {
        let first = release(&service, &reports, environment).run();
        assert_eq!(first.code, 0, "{}", first.stdout);
    }
    for run in service.runs() {
        reopen(&service, &run, "2026-01-01T00:00:00Z");
    }
    // What they hold is at hand, and then something else is.
    let third = release(&service, &reports, 10).run_impatiently();
    assert_eq!(third.code, 0, "{}", third.stdout);
    assert_eq!(states(&service), ["InProgress", "InProgress", "Completed"]);
    let others = Reports::new().with_suite("Other", &[Case::passed("B")]);
    let fourth = release(&service, &others, 11).run_impatiently();
    assert_eq!(fourth.code, 0, "{}", fourth.stdout);
    assert_eq!(
        states(&service),
        ["InProgress", "InProgress", "Completed", "Completed"]
    );
}

#[test]
fn a_release_that_is_deployed_again_goes_on_with_its_own_run() {
    let (service, reports) = (service(), reports());
    let deployed = |attempt: &str| {
        release(&service, &reports, 9)
            .var("RELEASE_ATTEMPTNUMBER", attempt)
            .run_impatiently()
    };
    assert_eq!(deployed("1").code, 0);
    reopen(&service, &service.runs()[0], &service.now());
    let again = deployed("2");
    assert_eq!(again.code, 0, "{}", again.stdout);
    again.says("of an earlier try is filled up");
    assert_eq!(states(&service), ["Completed"]);
}
