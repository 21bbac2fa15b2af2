//! Reading runs and results, page by page (contract §2.1 and §4).

use crate::support::*;
use ado_stand_in::{Build, StandIn};
use serde_json::{Value, json};

const OF_BUILD: &str = "Shop/_apis/test/runs?buildUri=vstfs%3A%2F%2F%2FBuild%2FBuild%2F71";

/// A service with seven runs of build 71 and one of build 72.
fn eight_runs(page_size: usize) -> StandIn {
    let service = service_with(|settings| {
        settings.page_size = page_size;
        settings.builds.push(Build::new(72, "Shop"));
    });
    for number in 1..=8 {
        let build = if number == 4 { "72" } else { "71" };
        service.add_run(&json!({ "build": { "id": build }, "comment": "a <b>", "lastUpdatedDate": format!("2026-11-0{number}T08:00:00Z") }));
    }
    service
}

#[test]
fn the_runs_of_a_build_come_in_pages() {
    let service = eight_runs(3);
    let page = |skip: usize, top: usize| {
        get(&service, &format!("{OF_BUILD}&$skip={skip}&$top={top}")).ids()
    };
    assert_eq!(
        page(0, 100),
        [1, 2, 3],
        "the service's own limit goes before $top"
    );
    assert_eq!(page(3, 2), [5, 6]);
    assert_eq!(page(6, 100), [8]);
    assert_eq!(page(7, 100), [0_u64; 0]);
    assert_eq!(
        get(&service, OF_BUILD).count(),
        3,
        "the number in this page"
    );
    refused(
        &get(&service, "Shop/_apis/test/runs?buildUri=71"),
        400,
        "is not the uri of a build",
    );
}

#[test]
fn pages_can_overlap() {
    let service = eight_runs(3);
    service.configure(|settings| settings.pages_overlap = true);
    let page = |skip: usize| get(&service, &format!("{OF_BUILD}&$skip={skip}&$top=100")).ids();
    assert_eq!((page(0), page(3)), (vec![1, 2, 3], vec![3, 5, 6]));
    assert_eq!(
        page(7),
        [0_u64; 0],
        "an overlap does not make the list longer"
    );
}

#[test]
fn a_list_without_run_details_has_no_comments() {
    let service = eight_runs(100);
    let listed =
        |details: &str| get(&service, &format!("{OF_BUILD}{details}")).json()["value"][0].clone();
    assert!(listed("").get("comment").is_none());
    assert!(listed("&includeRunDetails=false").get("comment").is_none());
    assert_eq!(
        listed("&includeRunDetails=true")["comment"],
        "a &lt;b&gt;",
        "comments come back HTML-encoded"
    );
    assert!(
        get(&service, OF_BUILD).json()["value"][0]
            .get("pipelineReference")
            .is_none()
    );
    refused(
        &get(&service, &format!("{OF_BUILD}&includeRunDetails=yes")),
        400,
        "neither true nor false",
    );
}

#[test]
fn a_run_without_build_is_in_no_build() {
    let service = service();
    service.add_run(&json!({ "plan": { "id": "17" } }));
    assert_eq!(get(&service, OF_BUILD).count(), 0);
    assert_eq!(get(&service, "Shop/_apis/test/runs?planId=17").count(), 1);
    assert_eq!(get(&service, "Shop/_apis/test/runs?planId=18").count(), 0);
    assert_eq!(
        get(&service, "Shop/_apis/test/runs?automated=false").count(),
        0
    );
}

#[test]
fn a_query_by_dates_spans_a_week_at_most() {
    let service = eight_runs(3);
    let query = |rest: &str| get(&service, &format!("Shop/_apis/test/runs?{rest}"));
    refused(
        &query("minLastUpdatedDate=2026-11-01T00:00:00Z"),
        400,
        "'maxLastUpdatedDate' is required",
    );
    refused(
        &query("minLastUpdatedDate=2026-11-01T00:00:00Z&maxLastUpdatedDate=2026-11-08T00:00:01Z"),
        400,
        "7 days apart",
    );
    refused(
        &query("minLastUpdatedDate=2026-11-02T00:00:00Z&maxLastUpdatedDate=2026-11-01T00:00:00Z"),
        400,
        "7 days apart",
    );
    let week = "minLastUpdatedDate=2026-11-01T00:00:00Z&maxLastUpdatedDate=2026-11-08T00:00:00Z";
    refused(
        &query(&format!("{week}&$top=101")),
        400,
        "$top can be 100 at most",
    );
    refused(
        &query(&format!("{week}&buildIds=1,2,3,4,5,6,7,8,9,10,11")),
        400,
        "more than 10 ids",
    );
    refused(
        &query(&format!("{week}&includeRunDetails=true")),
        400,
        "Unknown query parameter",
    );

    let first = query(&format!("{week}&buildIds=71"));
    assert_eq!(first.ids(), [1, 2, 3]);
    assert!(first.json()["value"][0].get("comment").is_none());
    let token = first.header("x-ms-continuationtoken").unwrap();
    let second = query(&format!("{week}&buildIds=71&continuationToken={token}"));
    assert_eq!(second.ids(), [5, 6, 7]);
    assert_eq!(
        second.header("x-ms-continuationtoken"),
        None,
        "no token is the end"
    );
}

#[test]
fn a_query_by_dates_can_choose() {
    let service = service();
    let date = "2026-11-03T08:00:00Z";
    let first = json!({ "build": { "id": "71" }, "name": "A", "lastUpdatedDate": date, "state": "Completed", "plan": { "id": "17" } });
    service.add_run(&first);
    service.add_run(&json!({ "name": "B", "lastUpdatedDate": date, "isAutomated": false }));
    let query = |rest: &str| {
        let week =
            "minLastUpdatedDate=2026-11-01T00:00:00Z&maxLastUpdatedDate=2026-11-08T00:00:00Z";
        get(&service, &format!("Shop/_apis/test/runs?{week}&{rest}")).ids()
    };
    for chosen in [
        "runTitle=A",
        "state=completed",
        "planIds=16,17",
        "buildDefIds=5",
        "branchName=refs/heads/main",
        "isAutomated=true",
    ] {
        assert_eq!(query(chosen), [1], "{chosen}");
    }
    assert_eq!(query("isAutomated=false"), [2]);
}

fn many_results(count: usize) -> StandIn {
    let service = service_with(|settings| settings.page_size = 5000);
    let results: Value = (0..count)
        .map(|number| json!({ "testCaseTitle": number.to_string(), "outcome": "Passed" }))
        .collect();
    service.add_run(&json!({ "results": results }));
    service
}

#[test]
fn results_come_1000_at_a_time_and_200_with_details() {
    let service = many_results(1100);
    let count =
        |query: &str| get(&service, &format!("Shop/_apis/test/Runs/1/results?{query}")).count();
    assert_eq!(count("$top=5000"), 1000);
    assert_eq!(count("detailsToInclude=none&$top=5000"), 1000);
    assert_eq!(count("detailsToInclude=subResults&$top=5000"), 200);
    assert_eq!(count("detailsToInclude=subResults,iterations"), 200);
    assert_eq!(count("detailsToInclude=point&$top=1000"), 200);
    assert_eq!(count("$skip=1000&$top=1000"), 100);
    service.configure(|settings| settings.page_size = 3);
    assert_eq!(count("$top=1000"), 3);
}

#[test]
fn details_of_results_come_only_on_demand() {
    let service = service();
    let result = with(
        result_body("a"),
        &json!({ "comment": "a & b", "resultGroupType": "rerun", "subResults": [{ "sequenceId": 1 }], "iterationDetails": [{ "id": 1 }] }),
    );
    let (run, id) = new_result(&service, &result);
    for path in [
        format!("Runs/{run}/results"),
        format!("Runs/{run}/results/{id}"),
    ] {
        let read = |details: &str| {
            let body = get(&service, &format!("Shop/_apis/test/{path}{details}")).json();
            if body["value"].is_array() {
                body["value"][0].clone()
            } else {
                body
            }
        };
        let plain = read("");
        assert_eq!(plain["comment"], "a &amp; b");
        assert!(plain.get("subResults").is_none() && plain.get("iterationDetails").is_none());
        assert_eq!(
            read("?detailsToInclude=subResults")["subResults"][0]["id"],
            1
        );
        assert_eq!(
            read("?detailsToInclude=iterations")["iterationDetails"][0]["id"],
            1
        );
        refused(
            &get(
                &service,
                &format!("Shop/_apis/test/{path}?detailsToInclude=all"),
            ),
            400,
            "detailsToInclude",
        );
    }
}

#[test]
fn results_can_be_chosen_by_outcome() {
    let service = service();
    let run = new_run(&service);
    let outcome = |outcome: &str| with(result_body("a"), &json!({ "outcome": outcome }));
    add_results(
        &service,
        run,
        &json!([outcome("Passed"), outcome("Failed"), outcome("Error")]),
    );
    let path = format!("Shop/_apis/test/Runs/{run}/results?outcomes");
    assert_eq!(
        get(&service, &format!("{path}=Failed,error")).ids(),
        [100_001, 100_002]
    );
    refused(&get(&service, &format!("{path}=Bad")), 400, "TestOutcome");
}

#[test]
fn a_result_that_is_not_there_is_refused_with_404() {
    let service = service();
    let run = new_run(&service);
    let reply = get(
        &service,
        &format!("Shop/_apis/test/Runs/{run}/results/100000"),
    );
    refused(
        &reply,
        404,
        &format!("Test result 100000 does not exist in test run {run}"),
    );
}

#[test]
fn statistics_count_by_state_and_outcome() {
    let service = service();
    let run = new_run(&service);
    let failed = with(result_body("c"), &json!({ "outcome": "Failed" }));
    add_results(
        &service,
        run,
        &json!([result_body("a"), result_body("b"), failed]),
    );
    let reply = get(&service, &format!("Shop/_apis/test/runs/{run}/Statistics")).json();
    assert_eq!(reply["run"]["id"], run.to_string());
    let of = |outcome: &str| {
        let statistics = reply["runStatistics"].as_array().unwrap();
        statistics
            .iter()
            .find(|row| row["outcome"] == outcome)
            .unwrap()["count"]
            .clone()
    };
    assert_eq!((of("Passed"), of("Failed")), (json!(2), json!(1)));
}
