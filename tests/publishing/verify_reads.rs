//! `verify` at large plans and old servers: how often it asks, in which versions, and what it shows to
//! those who wait.

use ado_stand_in::{Fault, Rule, Server, Settings, StandIn};

use crate::support::holdings::asked;
use crate::support::plan::{
    add_case, add_large_plan, add_plan, katalon_project, map_large_plan, test_case,
};
use crate::support::{Reports, TaskRun, assert_swagger, service_with};
use crate::verify::{errors, planned, run, verify, writes_nothing};

/// What somebody at a terminal saw on the line that is written over, and what stayed.
fn shown(written: &str) -> (Vec<&str>, String) {
    let mut passed = Vec::new();
    let mut stayed = String::new();
    for line in written.split_inclusive('\n') {
        let mut parts: Vec<&str> = line.split('\r').collect();
        stayed.push_str(parts.pop().unwrap());
        passed.extend(parts.into_iter().filter(|part| !part.trim().is_empty()));
    }
    (passed, stayed)
}

#[test]
fn twenty_thousand_points_take_one_walk_and_are_counted_at_a_terminal() {
    let service = service_with(|settings| settings.page_size = 200);
    add_large_plan(&service);
    let project = Reports::new();
    katalon_project(&project);
    map_large_plan(&project);
    let verify = TaskRun::new(&service, project.path())
        .args(&["verify", "--suggest-mapping", "new.csv"])
        .input("testPlan", "600")
        .input("testCaseMapping", "map.csv")
        .input("publishToAllTestPoints", "true");
    let finished = verify.run_at_a_terminal();
    writes_nothing(&service);
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let (passed, stayed) = shown(&finished.stdout);
    assert!(stayed.contains("10000 of 10000 IDs would receive results"));
    assert!(!stayed.contains("so far"));
    let written = std::fs::read_to_string(project.path().join("new.csv")).unwrap();
    assert_eq!(written.lines().count(), 1 + 10_000);

    let answered = service.requests();
    let number = |ending: &str| {
        let ends = answered.iter().filter(|one| one.path.ends_with(ending));
        ends.count()
    };
    assert_eq!(number("/TestPoint"), 100);
    assert_eq!(number("/wit/workitemsbatch"), 50);
    assert!(answered.len() < 165, "{} requests", answered.len());
    // Each page that was read is one more step, up to the last.
    let points: Vec<&&str> = passed
        .iter()
        .filter(|line| line.ends_with(" test points read so far"))
        .collect();
    assert_eq!(points.len(), 100);
    assert_eq!(*points[0], "200 test points read so far");
    assert_eq!(*points[99], "20000 test points read so far");
    assert!(passed.contains(&"200 work items read so far"));
    assert!(passed.contains(&"10000 work items read so far"));
}

#[test]
fn a_log_keeps_every_line_so_it_has_none_that_count() {
    let (service, project) = planned();
    let finished = run(
        &service,
        &TaskRun::new(&service, project.path()).input("command", "verify"),
    );
    assert_eq!(finished.code, 0, "{}", finished.everything());
    finished.lacks("so far");
    finished.lacks("\r");
}

#[test]
fn a_narrow_terminal_gets_tables_that_fit_and_hold_everything() {
    let (service, project) = planned();
    test_case(&project, "Checkout/Pay by card", "4711", "");
    let verify = TaskRun::new(&service, project.path())
        .args(&["verify"])
        .input("testPlan", "510");
    let tables = |run: &TaskRun| {
        let (_, stayed) = shown(&run.run_at_a_terminal().stdout);
        let (_, tables) = stayed.split_once("Test case IDs").unwrap();
        let (tables, _) = tables.split_once("Publishing would not").unwrap();
        tables.to_owned()
    };
    let verify = verify.var("NO_COLOR", "1");
    let narrow = tables(&verify.clone().var("COLUMNS", "100"));
    assert!(
        narrow.lines().all(|line| line.chars().count() <= 100),
        "{narrow}"
    );
    // Who does not say how wide it is, and has no terminal that does, gets them whole.
    let whole = tables(&verify);
    assert!(
        whole.lines().any(|line| line.chars().count() > 100),
        "{whole}"
    );
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().filter(|c| !" -\n".contains(*c)).collect();
        letters.sort_unstable();
        letters
    };
    assert_eq!(letters(&narrow), letters(&whole));
}

/// The versions in which such requests were answered, each once.
fn versions(service: &StandIn, method: &str, ending: &str) -> Vec<String> {
    let answered = asked(service, method, ending);
    let answered = answered.iter().filter(|one| one.status == Some(200));
    let mut versions: Vec<String> = answered
        .map(|one| {
            let (_, behind) = one.query.split_once("api-version=").unwrap();
            behind.split('&').next().unwrap().to_owned()
        })
        .collect();
    versions.sort();
    versions.dedup();
    versions
}

#[test]
fn every_server_of_the_readme_is_verified_in_its_own_version() {
    for (server, version, preview, second_preview) in [
        (Server::Server2019, "5.0", "5.0-preview.1", "5.0-preview.2"),
        (
            Server::Server2019Update1,
            "5.1",
            "5.1-preview.1",
            "5.1-preview.2",
        ),
        (Server::Server2020, "6.0", "6.0-preview.1", "6.0-preview.2"),
        (Server::Server2022, "7.0", "7.0", "7.0"),
        (Server::Server2022Update1, "7.1", "7.1", "7.1"),
        (Server::ServerWithoutYear, "7.1", "7.1", "7.1"),
        (Server::Services, "7.1", "7.1", "7.1"),
    ] {
        let service = StandIn::start(Settings {
            page_size: 3,
            ..Settings::of(server)
        });
        add_plan(&service);
        add_case(&service, 41, "Log in");
        service.add_work_item(ado_stand_in::WorkItem::test_case(42, "Pay"));
        // In a suite below none that is asked for by itself.
        service.add_point(ado_stand_in::Point::new(4200, 530, 42, 2));
        let project = Reports::new();
        test_case(&project, "Login", "41", "");
        test_case(&project, "Pay", "", "");
        let verify = verify(&service, &project)
            .args(&["verify", "--format", "json", "--suggest-mapping", "new.csv"])
            .input("testSuites", "Web");
        let finished = run(&service, &verify);
        assert_eq!(finished.code, 0, "{server:?}: {}", finished.everything());
        let document = finished.json();
        let test_case = &document["testCases"][0];
        assert_eq!(test_case["state"], "fine", "{server:?}");
        assert_eq!(test_case["suites"][0], "Web/Login", "{server:?}");
        assert_eq!(test_case["configurations"][0], "Windows 11", "{server:?}");
        let permissions = document["permissions"].to_string();
        assert!(!permissions.contains("\"wrong\""), "{permissions}");
        // Every point of the plan, also where a server tells those of one suite only.
        let written = std::fs::read_to_string(project.path().join("new.csv")).unwrap();
        assert!(written.contains("Test Cases/Pay,42,Pay\n"), "{written}");
        for (method, ending, expected) in [
            ("GET", "/projects/Shop", version),
            ("GET", "/builds/71", version),
            ("GET", "/test/runs", version),
            ("POST", "/wit/workitemsbatch", version),
            ("GET", "/plans/510", preview),
            ("GET", "/testplan/configurations", preview),
            ("GET", "/510/suites", preview),
            ("GET", "/TestPoint", second_preview),
        ] {
            assert_eq!(
                versions(&service, method, ending),
                [expected],
                "{server:?}: {ending}"
            );
        }
        assert_swagger(&service);
    }
}

#[test]
fn many_test_cases_on_the_oldest_server_are_asked_for_by_id() {
    let service = StandIn::start(Settings {
        page_size: 200,
        ..Settings::of(Server::Server2019)
    });
    add_plan(&service);
    let project = Reports::new();
    for id in 1_001..=1_500 {
        add_case(&service, id, &format!("Case {id}"));
        test_case(&project, &format!("Case {id}"), &id.to_string(), "");
    }
    let finished = run(&service, &verify(&service, &project));
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert_eq!(finished.json()["testCases"].as_array().unwrap().len(), 500);
    // Three requests for 200 of them at most, each ended by an empty page.
    assert_eq!(asked(&service, "POST", "/test/points").len(), 6);
    assert_eq!(asked(&service, "GET", "/TestPoint").len(), 0);
    let requests = service.requests().len();
    assert!(requests < 30, "{requests} requests");
}

#[test]
fn a_server_that_is_too_old_is_the_only_thing_that_is_told() {
    let service = StandIn::start(Settings::of(Server::Tfs2018));
    let project = Reports::new();
    test_case(&project, "Login", "41", "");
    let finished = run(&service, &verify(&service, &project));
    assert_eq!(finished.code, 4, "{}", finished.everything());
    assert_eq!(errors(&finished)[0].0, "KADO417");
    let document = finished.json();
    let checks = document["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 1, "{checks:?}");
    assert_eq!(checks[0]["check"], "Connection");
    assert_eq!(checks[0]["state"], "wrong");
    let permissions = document["permissions"].as_array().unwrap();
    assert!(permissions.iter().all(|one| one["state"] == "untried"));
}

#[test]
fn many_test_cases_take_few_requests() {
    let service = service_with(|settings| settings.page_size = 1_000);
    add_plan(&service);
    let project = Reports::new();
    for id in 1_001..=1_500 {
        add_case(&service, id, &format!("Case {id}"));
        test_case(&project, &format!("Case {id}"), &id.to_string(), "");
    }
    let finished = run(&service, &verify(&service, &project));
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert_eq!(finished.json()["testCases"].as_array().unwrap().len(), 500);
    let requests = service.requests().len();
    assert!(requests < 25, "{requests} requests");
    assert_eq!(asked(&service, "POST", "/wit/workitemsbatch").len(), 3);
}

#[test]
fn reads_are_asked_again_and_one_that_is_never_answered_ends_it() {
    let reads = [
        ("GET", "/connectionData"),
        ("GET", "/projects/Shop"),
        ("GET", "/builds/71"),
        ("GET", "/test/runs"),
        ("GET", "/testplan/plans/510"),
        ("GET", "/testplan/configurations"),
        ("GET", "/510/suites"),
        ("POST", "/test/points"),
        ("POST", "/wit/workitemsbatch"),
    ];
    for (method, path) in reads {
        let (service, project) = planned();
        let pattern = format!("{path}$");
        service.script(Rule::once(method, &pattern, Fault::status(503)));
        let verify = verify(&service, &project);
        let finished = verify.clone().input("retryFor", "60").run_impatiently();
        assert_eq!(finished.code, 0, "{path}: {}", finished.everything());
        assert!(asked(&service, method, path).len() > 1, "{path}");

        service.script(Rule::always(method, &pattern, Fault::status(503)));
        let finished = verify.input("retryFor", "1").run_impatiently();
        assert_eq!(finished.code, 4, "{path}: {}", finished.everything());
        assert_eq!(errors(&finished)[0].0, "KADO409", "{path}");
        writes_nothing(&service);
    }
}
