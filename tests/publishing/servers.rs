//! Every server that the README names, from the first request to a second start.

use ado_stand_in::{Server, Settings, StandIn};
use serde_json::{Value, json};

use crate::support::holdings::{asked, attached_to_results, the_finished_run};
use crate::support::{Case, Finished, Reports, Suite, TaskRun, assert_swagger};

/// Rows of data, a retry, a failure, and pictures: all that a server could understand otherwise.
fn reports() -> Reports {
    let cases = [
        Case::passed("Rows").bound("user", "ann"),
        Case::failed("Rows", "no such user").bound("user", "bob"),
        Case::passed("Retried").after("FAILED", "too slow", &["first.png"]),
        Case::failed("Failed", "expected 'a'").picture("failed.png"),
    ];
    let reports = Reports::new();
    let folder = reports.add(&Suite::new("Smoke", &cases).with_log());
    for picture in ["first.png", "failed.png"] {
        std::fs::write(folder.join(picture), picture).unwrap();
    }
    reports
}

fn started(server: Server, change: impl FnOnce(&mut Settings)) -> StandIn {
    let mut settings = Settings {
        page_size: 3,
        ..Settings::of(server)
    };
    change(&mut settings);
    StandIn::start(settings)
}

/// Publishes, looks at what arrived, and starts once more.
#[track_caller]
fn works(service: &StandIn, version: &str) -> (Finished, Value) {
    let reports = reports();
    let task = TaskRun::new(service, reports.path());
    let first = task.run();
    assert_eq!(first.code, 0, "{}", first.stdout);
    assert_eq!(first.issues("warning"), Vec::<String>::new());
    first.says(&format!("REST API {version})"));
    let run = the_finished_run(service, &["Failed", "Retried", "Rows"]);
    let results = run["results"].as_array().unwrap();
    let below: usize = results
        .iter()
        .map(|result| result["subResults"].as_array().unwrap().len())
        .sum();
    assert_eq!(below, 4, "two rows and two attempts");
    assert_eq!(attached_to_results(&run), ["failed.png"]);
    assert_eq!(run["build"]["id"], "71");
    // Whoever cannot read the server's words for it would publish a second time.
    let before = service.requests().len();
    let second = task.run();
    assert_eq!(second.code, 0, "{}", second.stdout);
    second.says("3 results read: 0 published, 3 left out, 0 missing");
    let requests = service.requests().split_off(before);
    let reads = ["GET", "OPTIONS"];
    assert!(
        requests
            .iter()
            .all(|request| reads.contains(&request.method.as_str()))
    );
    assert_swagger(service);
    (first, run)
}

/// The versions that were asked for, of requests that were answered.
fn versions(service: &StandIn, ending: &str) -> Vec<String> {
    let requests = service.requests();
    let answered = requests.iter().filter(|request| {
        request.path.ends_with(ending) && request.status.is_some_and(|status| status < 300)
    });
    let mut versions: Vec<String> = answered
        .filter_map(|request| {
            let (_, behind) = request.query.split_once("api-version=")?;
            Some(behind.split('&').next().unwrap().to_owned())
        })
        .collect();
    versions.dedup();
    versions
}

#[test]
fn services() {
    let (finished, _) = works(&started(Server::Services, |_| ()), "7.1");
    finished.says("(Azure DevOps Services, ");
}

#[test]
fn the_server_without_a_year() {
    let service = started(Server::ServerWithoutYear, |_| ());
    let (finished, run) = works(&service, "7.1");
    finished.says("(Azure DevOps Server, ");
    assert_eq!(run["pipelineReference"]["pipelineId"], 71);
}

#[test]
fn server_2022_with_update_1_or_2() {
    works(&started(Server::Server2022Update1, |_| ()), "7.1");
}

#[test]
fn server_2022() {
    let service = started(Server::Server2022, |_| ());
    works(&service, "7.0");
    assert_eq!(versions(&service, "/attachments"), ["7.0"]);
    // Once a start, not with every request.
    let refused = service.requests();
    let refused = refused.iter().filter(|request| request.status == Some(400));
    assert_eq!(refused.count(), 2);
}

#[test]
fn server_2020() {
    let service = started(Server::Server2020, |_| ());
    let (_, run) = works(&service, "6.0");
    assert_eq!(versions(&service, "/attachments"), ["6.0-preview.1"]);
    assert_eq!(run["pipelineReference"]["pipelineId"], 71);
}

#[test]
fn server_2019() {
    for (server, version) in [
        (Server::Server2019, "5.0"),
        (Server::Server2019Update1, "5.1"),
    ] {
        let service = started(server, |_| ());
        let (_, run) = works(&service, version);
        let preview = format!("{version}-preview.1");
        assert_eq!(versions(&service, "/attachments"), [preview]);
        assert_eq!(versions(&service, "/runs"), [version]);
        // It does not know them, and would ignore them without a word.
        let sent = &asked(&service, "POST", "/runs")[0];
        assert_eq!(sent.json().get("pipelineReference"), None);
        assert_eq!(run.get("pipelineReference"), None);
    }
}

#[test]
fn messages_in_another_language() {
    works(
        &started(Server::Server2020, |settings| {
            settings.foreign_messages = true;
        }),
        "6.0",
    );
    let service = started(Server::Server2022, |settings| {
        settings.foreign_messages = true;
        settings.denied.push("Create test runs".to_owned());
    });
    let reports = reports();
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    finished.says("lacks the permission 'Create test runs' in project 'Shop'");
    service.configure(|settings| settings.projects[0].hidden = true);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.issues("error"), ["KADO207"], "{}", finished.stdout);
}

#[test]
fn a_server_that_answers_a_version_that_is_too_new_with_401_is_asked_for_its_own() {
    let service = started(Server::Server2019, |settings| {
        settings.too_new_is_401 = true;
    });
    works(&service, "5.0");
    assert_eq!(asked(&service, "OPTIONS", "/_apis/test").len(), 2);
}

#[test]
fn a_server_that_is_too_old_is_told_and_nothing_is_sent() {
    let service = started(Server::Tfs2018, |_| ());
    let reports = reports();
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(finished.issues("error"), ["KADO417"]);
    finished.says("speaks the REST API up to version 4.1, and this task needs 5.0");
    assert_eq!(service.runs(), Vec::<Value>::new());
    assert!(asked(&service, "POST", "/runs").is_empty());
}

#[test]
fn a_virtual_directory_and_a_collection_with_a_blank() {
    let service = started(Server::Server2022, |settings| {
        settings.collection = "tfs/Default Collection".to_owned();
        settings.projects[0].name = "Web Shop".to_owned();
        settings.builds[0].project = "Web Shop".to_owned();
    });
    // Agents write a blank in an address as it is, or escaped.
    let escaped = service.collection_url();
    assert!(escaped.contains("Default%20Collection"), "{escaped}");
    for (at, url) in [escaped.replace("%20", " "), escaped].iter().enumerate() {
        let reports = reports();
        let finished = TaskRun::new(&service, reports.path())
            .var("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", url)
            .var("SYSTEM_TEAMPROJECT", "Web Shop")
            .run();
        assert_eq!(finished.code, 0, "{}", finished.stdout);
        let published = if at == 0 { "3" } else { "0" };
        assert_eq!(finished.output("publishedResults"), published);
        let url = finished.output("testRunUrls");
        assert!(url.contains("/Default%20Collection/Web%20Shop/"), "{url}");
    }
    assert_eq!(service.runs()[0]["build"]["id"], json!("71"));
}
