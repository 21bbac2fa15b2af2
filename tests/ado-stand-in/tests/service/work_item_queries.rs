//! Work items found by WIQL (contract §5).

use crate::plans_support::*;
use crate::support::*;
use ado_stand_in::{Project, StandIn, WorkItem};
use serde_json::json;

const NAME: &str = "Microsoft.VSTS.TCM.AutomatedTestName";

/// The ids that a query in the project finds.
fn found(service: &StandIn, condition: &str) -> Vec<u64> {
    let query = json!({ "query": format!("SELECT [System.Id] FROM WorkItems WHERE {condition}") });
    let reply = post(service, "Shop/_apis/wit/wiql", &query);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let items = reply.json()["workItems"].as_array().unwrap().clone();
    items
        .iter()
        .map(|item| item["id"].as_u64().unwrap())
        .collect()
}

#[test]
fn work_items_are_found_by_a_query() {
    let service = planned_with(|settings| {
        settings.projects.push(Project::new(
            "Other",
            "0ddba11a-0000-4000-8000-000000000001",
        ));
    });
    service.add_work_item(WorkItem::test_case(2, "It's here").in_project("Other"));
    service.add_work_item(WorkItem::test_case(3, "Gone").deleted());
    service.edit_work_item(1003, |case| {
        case.fields.insert(NAME.into(), "Test Cases/Pay".into());
    });
    let cases = "[System.WorkItemType] = 'Test Case'";
    assert_eq!(found(&service, cases), [2, 1001, 1002, 1003]);
    assert_eq!(
        found(
            &service,
            &format!("{cases} AND [System.TeamProject] = @project")
        ),
        [1001, 1002, 1003]
    );
    assert_eq!(found(&service, "[System.Title] = 'it''s HERE'"), [2]);
    assert_eq!(
        found(&service, "System.Id IN (1001, 1003, 5)"),
        [1001, 1003]
    );
    assert_eq!(
        found(&service, &format!("[{NAME}] <> '' and {cases}")),
        [1003]
    );
    assert_eq!(
        found(
            &service,
            "[System.Title] CONTAINS 'user' AND NOT [System.Id] > 1001"
        ),
        [1001]
    );
    assert_eq!(
        found(
            &service,
            "([System.Id] = 1001 OR [System.Id] >= 1003) AND [System.Title] NOT IN ('Pay') ORDER BY [System.Id] DESC"
        ),
        [1001]
    );
    assert_eq!(
        found(
            &service,
            &format!("{cases} ORDER BY [System.Rev] DESC, [System.Title]")
        ),
        [1003, 1002, 1001, 2]
    );
    let top = json!({ "query": "select [System.Id], [System.Title] from workitems order by [System.Id] desc" });
    let reply = post(&service, "_apis/wit/wiql?$top=1", &top).json();
    assert_eq!(reply["workItems"][0]["id"], 1003);
    assert_eq!(reply["columns"][1]["referenceName"], "System.Title");
}

#[test]
fn a_query_for_work_items_is_checked() {
    let service = planned();
    let query = |path: &str, text: &str| post(&service, path, &json!({ "query": text }));
    for (text, words) in [
        ("SELECT [System.Id] WorkItems", "Expecting from"),
        ("SELECT [System.Name] FROM WorkItems", "TF51005"),
        (
            "SELECT [System.Id] FROM WorkItems WHERE [System.Title] = 'a",
            "Missing quote",
        ),
        (
            "SELECT [System.Id] FROM WorkItems WHERE [System.Title] LIKE 'a'",
            "Expecting an operator",
        ),
        (
            "SELECT [System.Id] FROM WorkItems WHERE [System.Title] = @me",
            "Expecting a value",
        ),
        (
            "SELECT [System.Id] FROM WorkItems WHERE [System.Id = 1",
            "Missing ]",
        ),
        ("SELECT [System.Id] FROM WorkItems; DROP", "Expecting"),
    ] {
        refused(&query("Shop/_apis/wit/wiql", text), 400, words);
    }
    refused(
        &query(
            "_apis/wit/wiql",
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project",
        ),
        400,
        "only in the address of a project",
    );
    refused(
        &post(&service, "Shop/_apis/wit/wiql", &json!({ "wiql": "a" })),
        400,
        "Unknown property 'wiql'",
    );
}

#[test]
fn a_query_finds_at_most_20000_work_items() {
    let service = service();
    for id in 1..=20_001 {
        service.add_work_item(WorkItem::test_case(id, "a"));
    }
    let query = json!({ "query": "SELECT [System.Id] FROM WorkItems" });
    refused(
        &post(&service, "Shop/_apis/wit/wiql", &query),
        400,
        "VS402337",
    );
    let reply = post(&service, "Shop/_apis/wit/wiql?$top=20000", &query).json();
    assert_eq!(reply["workItems"].as_array().unwrap().len(), 20_000);
}
