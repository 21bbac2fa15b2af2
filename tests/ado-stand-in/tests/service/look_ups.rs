//! Projects and builds (contract §5).

use crate::support::*;
use ado_stand_in::{Build, Project, TimelineRecord};
use serde_json::json;

#[test]
fn projects_come_in_pages_without_the_hidden_ones() {
    let service = service_with(|settings| {
        settings.page_size = 2;
        for number in 0..4 {
            let mut project = Project::new(
                &format!("P{number}"),
                &format!("00000000-0000-4000-8000-00000000000{number}"),
            );
            project.hidden = number == 1;
            settings.projects.push(project);
        }
    });
    let names = |skip: usize| {
        let body = get(&service, &format!("_apis/projects?$skip={skip}&$top=1000")).json();
        let values = body["value"].as_array().unwrap();
        values
            .iter()
            .map(|project| project["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (names(0), names(2)),
        (
            vec!["Shop".into(), "P0".into()],
            vec!["P2".into(), "P3".into()]
        )
    );
}

#[test]
fn a_build_that_is_not_there_is_refused_with_404() {
    let service = service_with(|settings| settings.builds.push(Build::new(72, "Elsewhere")));
    for id in ["72", "9", "x"] {
        let reply = get(&service, &format!("Shop/_apis/build/builds/{id}"));
        refused(
            &reply,
            404,
            &format!("The requested build {id} could not be found"),
        );
        refused(
            &get(&service, &format!("Shop/_apis/build/builds/{id}/timeline")),
            404,
            "could not be found",
        );
    }
    let build = get(&service, "Shop/_apis/build/builds/71").json();
    assert_eq!(
        (&build["id"], &build["startTime"]),
        (&json!(71), &json!("2026-11-25T08:00:00Z"))
    );
}

#[test]
fn builds_are_found_newest_first_and_page_by_page() {
    let service = service_with(|settings| {
        settings.page_size = 2;
        for id in 72..76 {
            let mut build = Build::new(id, "Shop");
            if id == 74 {
                build.definition = 6;
                build.branch = "refs/heads/other".into();
            }
            settings.builds.push(build);
        }
    });
    let first = get(&service, "Shop/_apis/build/builds?definitions=5&$top=50");
    assert_eq!(first.ids(), [75, 73]);
    let token = first.header("x-ms-continuationtoken").unwrap();
    let second = get(
        &service,
        &format!("Shop/_apis/build/builds?definitions=5&continuationToken={token}"),
    );
    assert_eq!(second.ids(), [72, 71]);
    assert_eq!(second.header("x-ms-continuationtoken"), None);
    assert_eq!(
        get(&service, "Shop/_apis/build/builds?buildNumber=20261125.73").ids(),
        [73]
    );
    assert_eq!(
        get(
            &service,
            "Shop/_apis/build/builds?branchName=refs/heads/other"
        )
        .ids(),
        [74]
    );
    assert_eq!(
        get(&service, "Shop/_apis/build/builds?buildIds=71,74").ids(),
        [74, 71]
    );
}

#[test]
fn builds_come_in_the_order_that_was_asked_for() {
    let service = service_with(|settings| settings.builds.push(Build::new(72, "Shop")));
    let ids = |order: &str| {
        let path = format!("Shop/_apis/build/builds?queryOrder={order}");
        get(&service, &path).ids()
    };
    assert_eq!(ids("queueTimeDescending"), [72, 71]);
    assert_eq!(ids("startTimeAscending"), [71, 72]);
    let refused = get(&service, "Shop/_apis/build/builds?queryOrder=newest");
    assert_eq!(refused.status, 400);
}

#[test]
fn a_timeline_tells_the_agent_of_a_job() {
    let service = service_with(|settings| {
        settings.builds[0].timeline = vec![TimelineRecord {
            kind: "Job".into(),
            name: "Tests".into(),
            worker_name: Some("agent-1".into()),
            start_time: Some("2026-11-25T08:00:00Z".into()),
            finish_time: None,
        }];
    });
    let timeline = get(&service, "Shop/_apis/build/builds/71/timeline").json();
    let record = &timeline["records"][0];
    assert_eq!(
        (
            &record["type"],
            &record["workerName"],
            &record["finishTime"]
        ),
        (&json!("Job"), &json!("agent-1"), &json!(null))
    );
}
