//! The page for people.

use crate::plans_support::*;
use crate::support::*;
use ado_stand_in::{Point, StandIn, Suite};
use serde_json::json;

fn page(service: &StandIn) -> Reply {
    exchange(service, "GET", "/", &[], b"").unwrap()
}

#[test]
fn the_page_shows_what_arrived_and_needs_no_token() {
    let service = service();
    assert!(
        page(&service)
            .text()
            .contains("Nothing has been published yet")
    );
    let body = with(
        run_body(),
        &json!({ "comment": "the comment", "pipelineReference": { "pipelineId": 71, "jobReference": { "jobName": "nightly", "attempt": 2 } } }),
    );
    post(&service, "Shop/_apis/test/runs", &body);
    let result = with(
        result_body("Login works"),
        &json!({ "outcome": "Failed", "durationInMs": 1500, "errorMessage": "no such button", "stackTrace": "at Login.groovy",
                 "computerName": "agent-7", "automatedTestStorage": "Test Suites/Smoke", "resultGroupType": "dataDriven",
                 "subResults": [{ "sequenceId": 1, "displayName": "user = jo", "outcome": "Failed" }] }),
    );
    add_results(&service, 1, &json!([result]));
    let picture = service.add_attachment(1, Some(100_000), "shot.png", "the fingerprint", b"png");
    service.add_attachment(1, None, "execution.log", "", b"log");
    let reply = page(&service);
    assert_eq!(reply.status, 200);
    let text = reply.text();
    for shown in [
        "Smoke",
        "InProgress",
        "20261125.71",
        "job nightly, attempt 2",
        "1 result: 1 failed",
        "the comment",
        "Login works",
        "1.5 s",
        "no such button",
        "at Login.groovy",
        "agent-7",
        "Test Suites/Smoke",
        "user = jo",
        "execution.log",
        "the fingerprint",
        "does not show attachments of a result that has sub-results",
    ] {
        assert!(text.contains(shown), "'{shown}' is not on the page");
    }
    assert!(text.contains(&format!("<img src=\"/_attachment/{picture}\"")));
    assert!(!text.contains("<script"));
}

#[test]
fn everything_on_the_page_is_escaped() {
    let service = service();
    let evil = "<script>alert(1)</script>\"'>";
    let run = service.add_run(&json!({
        "name": evil, "comment": evil, "errorMessage": evil, "state": evil, "build": { "id": evil },
        "buildPlatform": evil, "releaseUri": evil, "plan": { "id": evil },
        "pipelineReference": { "stageReference": { "stageName": evil } },
        "results": [{ "testCaseTitle": evil, "outcome": evil, "state": evil, "errorMessage": evil, "stackTrace": evil, "comment": evil,
                      "computerName": evil, "automatedTestName": evil, "automatedTestStorage": evil, "automatedTestType": evil,
                      "resultGroupType": evil, "subResults": [{ "displayName": evil, "outcome": evil, "errorMessage": evil }] }],
    }));
    service.add_attachment(run, Some(100_000), &format!("{evil}.png"), evil, b"x");
    let text = page(&service).text();
    assert!(
        !text.contains("<script") && !text.contains("\"'>"),
        "{text}"
    );
    assert!(text.contains("&lt;script&gt;"));
    let policy = page(&service)
        .header("Content-Security-Policy")
        .unwrap()
        .to_owned();
    assert!(policy.contains("default-src 'none'"));
}

#[test]
fn only_pictures_are_served_as_what_they_are() {
    let service = service();
    let run = service.add_run(&json!({}));
    for (name, kind) in [
        ("a.png", "image/png"),
        ("a.JPG", "image/jpeg"),
        ("a.html", "text/plain; charset=utf-8"),
        ("a.svg", "text/plain; charset=utf-8"),
        ("a", "text/plain; charset=utf-8"),
    ] {
        let id = service.add_attachment(run, None, name, "", b"<script>");
        let reply = exchange(&service, "GET", &format!("/_attachment/{id}"), &[], b"").unwrap();
        assert_eq!(
            (
                reply.header("Content-Type"),
                reply.header("X-Content-Type-Options")
            ),
            (Some(kind), Some("nosniff"))
        );
        assert_eq!(reply.body, b"<script>");
    }
    assert_eq!(
        exchange(&service, "GET", "/_attachment/99", &[], b"")
            .unwrap()
            .status,
        404
    );
}

#[test]
fn the_link_of_a_run_leads_to_the_page() {
    let service = service();
    let created = post(&service, "Shop/_apis/test/runs", &run_body()).json();
    let link = created["webAccessUrl"].as_str().unwrap();
    let path = link
        .strip_prefix(service.page_url().trim_end_matches('/'))
        .unwrap();
    let reply = exchange(&service, "GET", path, &[], b"").unwrap();
    assert!(reply.text().contains("Smoke"));
}

#[test]
fn the_page_shows_plans_with_their_points() {
    let service = planned();
    service.edit_plan(17, |plan| plan.synchronised = true);
    service.add_point(Point::new(7009, 24, 1002, 3).inactive().ended("Blocked"));
    let run = new_planned_run(&service, &[7001, 7002]);
    let id = result_of(&service, run, 7001);
    let iterations = json!([{ "id": 1, "outcome": "Failed", "comment": "user = jo", "errorMessage": "no such user" }]);
    patch(
        &service,
        &format!("Shop/_apis/test/Runs/{run}/results"),
        &json!([{ "id": id, "state": "Completed", "outcome": "Failed", "iterationDetails": iterations }]),
    );
    let text = page(&service).text();
    for shown in [
        "<h2>Release 5</h2>",
        "test plan 17",
        "6 test points, outcomes synchronised across suites",
        "<h3>Login / Deep <span class=\"id\">suite 22</span>",
        "<td>7001</td><td>1001 Valid user</td><td>Windows</td><td>Ann</td><td><span class=\"badge fail\">Failed</span></td><td><a href=\"#run-1\">run 1</a></td>",
        "<td>7002</td><td>1001 Valid user</td><td>macOS</td><td></td><td><span class=\"badge open\">In progress</span>",
        "<span class=\"badge other\">Inactive</span></td>",
        "<span class=\"badge other\">Blocked</span> of an inactive point",
        "<dt>Test point</dt><dd>7001 · Login · Windows</dd>",
        "Iteration 1 <span class=\"meta\">user = jo</span>",
        "no such user",
    ] {
        assert!(text.contains(shown), "'{shown}' is not in {text}");
    }
}

#[test]
fn everything_about_plans_on_the_page_is_escaped() {
    let service = planned();
    let evil = "<script>alert(1)</script>\"'>";
    service.edit_plan(17, |plan| {
        plan.name = evil.into();
        plan.state = evil.into();
    });
    service.add_suite(Suite::new(21, 17, evil));
    service.edit_configuration(3, |configuration| configuration.name = evil.into());
    service.edit_work_item(1001, |case| case.title = evil.into());
    service.edit_point(7001, |point| {
        point.tester = Some(evil.into());
        point.outcome = Some(evil.into());
    });
    service.add_run(&json!({ "results": [{
        "testPoint": { "id": evil }, "testSuite": { "name": evil }, "configuration": { "name": evil },
        "iterationDetails": [{ "id": evil, "outcome": evil, "comment": evil, "errorMessage": evil }] }] }));
    let text = page(&service).text();
    assert!(
        !text.contains("<script") && !text.contains("\"'>"),
        "{text}"
    );
}
