//! What a test can see and prepare.

use crate::support::*;
use serde_json::json;

#[test]
fn requests_are_recorded_as_they_came() {
    let service = service();
    get(&service, "_apis/projects/No%20where?api-version=7.1");
    post(&service, "Shop/_apis/test/runs", &run_body());
    let requests = service.requests();
    assert_eq!(
        (requests[0].method.as_str(), requests[0].status),
        ("GET", Some(404))
    );
    assert_eq!(
        (requests[0].path.as_str(), requests[0].query.as_str()),
        ("/contoso/_apis/projects/No%20where", "api-version=7.1")
    );
    assert_eq!(
        requests[1].header("authorization"),
        Some("Bearer stand-in-token")
    );
    assert_eq!(requests[1].json(), run_body());
    assert!(requests[0].at <= requests[1].at);
    exchange(&service, "GET", "/", &[], b"").unwrap();
    assert_eq!(
        service.requests().len(),
        2,
        "the page for people is not recorded"
    );
}

#[test]
fn a_run_of_somebody_else_can_be_prepared() {
    let service = service();
    let run = service.add_run(&json!({
        "name": "Theirs",
        "state": "Completed",
        "comment": "katalon-ado:0123:4567",
        "build": { "id": "71" },
        "lastUpdatedDate": "2026-11-20T08:00:00Z",
        "results": [{ "testCaseTitle": "a", "state": "Completed", "outcome": "Failed", "resultGroupType": "rerun",
                      "subResults": [{ "sequenceId": 1 }] }],
    }));
    let result = service
        .add_result(run, &json!({ "testCaseTitle": "b" }))
        .unwrap();
    let attachment = service.add_attachment(run, Some(result), "a.txt", "theirs", b"text");
    let read = get(&service, &format!("Shop/_apis/test/runs/{run}")).json();
    assert_eq!(
        (&read["state"], &read["comment"]),
        (
            &json!("NeedsInvestigation"),
            &json!("katalon-ado:0123:4567")
        )
    );
    assert_eq!(read["lastUpdatedDate"], "2026-11-20T08:00:00Z");
    let results = &service.run(run).unwrap()["results"];
    assert_eq!(results[0]["subResults"][0]["id"], 1);
    assert_eq!(results[1]["attachments"][0]["id"], attachment);
    assert_eq!(service.attachment(attachment), b"text");
    assert_eq!(service.attachment(99), b"");
}

#[test]
fn a_run_can_be_changed_and_deleted_by_somebody_else() {
    let service = service();
    let run = new_run(&service);
    service.add_attachment(run, None, "a.txt", "", b"text");
    assert!(service.edit_run(run, &json!({ "comment": "other", "build": null })));
    let stored = service.run(run).unwrap();
    assert_eq!(stored["comment"], "other");
    assert!(stored.get("build").is_none());
    assert!(service.delete_run(run));
    assert!(
        !service.delete_run(run)
            && !service.edit_run(run, &json!({}))
            && service.run(run).is_none()
    );
    assert_eq!(service.add_result(run, &json!({})), None);
    let next = new_run(&service);
    assert!(next > run, "ids are not used again");
}

#[test]
fn a_write_moves_the_time_of_the_last_update() {
    let service = service();
    let run = service
        .add_run(&json!({ "lastUpdatedDate": "2026-01-01T00:00:00Z", "build": { "id": "71" } }));
    add_results(&service, run, &json!([result_body("a")]));
    assert_ne!(
        service.run(run).unwrap()["lastUpdatedDate"],
        "2026-01-01T00:00:00Z"
    );
}

#[test]
fn counters_can_lag_behind_the_results() {
    let service = service_with(|settings| settings.counters_lag = true);
    let (run, _) = new_result(&service, &result_body("a"));
    let read = || get(&service, &format!("Shop/_apis/test/runs/{run}")).json();
    let statistics = || {
        get(&service, &format!("Shop/_apis/test/runs/{run}/Statistics")).json()["runStatistics"]
            .clone()
    };
    assert_eq!(
        (&read()["totalTests"], &read()["postProcessState"]),
        (&json!(0), &json!("InProgress"))
    );
    assert_eq!(statistics(), json!([]));
    assert_eq!(
        get(&service, &format!("Shop/_apis/test/Runs/{run}/results")).count(),
        1,
        "the list of results decides"
    );
    service.configure(|settings| settings.counters_lag = false);
    assert_eq!(
        (&read()["totalTests"], &read()["postProcessState"]),
        (&json!(1), &json!("Complete"))
    );
    assert_eq!(statistics()[0]["count"], 1);
}

#[test]
fn answers_can_look_like_those_of_an_older_server() {
    let service = service_with(|settings| settings.replies_of_2020 = true);
    let created = post(&service, "Shop/_apis/test/runs", &run_body()).json();
    assert_eq!(created["id"], "1");
    assert!(created.get("runStatistics").is_none());
    let result = with(
        result_body("a"),
        &json!({ "resultGroupType": "dataDriven", "subResults": [{ "sequenceId": 1, "resultGroupType": "rerun" }] }),
    );
    let added = add_results(&service, 1, &json!([result])).json();
    assert_eq!(
        (
            &added["value"][0]["id"],
            &added["value"][0]["subResults"][0]["id"]
        ),
        (&json!("100000"), &json!("1"))
    );
    let read = get(
        &service,
        "Shop/_apis/test/Runs/1/results?detailsToInclude=subResults",
    )
    .json()["value"][0]
        .clone();
    assert_eq!(
        (
            &read["resultGroupType"],
            &read["subResults"][0]["resultGroupType"]
        ),
        (&json!("DataDriven"), &json!("Rerun"))
    );
    assert_eq!(
        (&created["state"], &read["outcome"]),
        (&json!("inProgress"), &json!("passed"))
    );
    assert_eq!(
        get(&service, "Shop/_apis/test/runs/1/Statistics").json()["runStatistics"][0]["count"],
        1
    );
}
