//! REST API versions (contract §1.3).

use crate::support::*;
use serde_json::json;

fn create(version: &str, accept: &str) -> Reply {
    let service = service();
    let path = format!("/contoso/Shop/_apis/test/runs{version}");
    let body = run_body().to_string();
    exchange(
        &service,
        "POST",
        &path,
        &[TOKEN, JSON, ("Accept", accept)],
        body.as_bytes(),
    )
    .unwrap()
}

#[test]
fn a_write_without_api_version_is_refused() {
    let reply = create("", "application/json");
    refused(
        &reply,
        400,
        "No api-version was supplied for the \"POST\" request",
    );
    assert_eq!(reply.json()["typeKey"], "VssVersionNotSpecifiedException");
}

#[test]
fn the_version_may_stand_in_the_query_or_in_accept() {
    for (query, accept) in [
        ("?api-version=7.1", "*/*"),
        ("", "application/json;api-version=7.0"),
    ] {
        let reply = create(query, accept);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let reply = create("", "application/json; api-version=7.0");
    assert_eq!(
        reply.header("Content-Type"),
        Some("application/json; charset=utf-8; api-version=7.0")
    );
}

#[test]
fn a_version_that_is_too_high_is_refused_with_the_ceiling() {
    let service = service_with(|settings| settings.max_api_version = (7, 0));
    let reply = post(&service, "Shop/_apis/test/runs", &run_body());
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["typeKey"], "VssVersionOutOfRangeException");
    assert_eq!(
        reply.json()["message"],
        "The requested REST API version of 7.1 is out of range for this server. The latest REST API version this server supports is 7.0."
    );
    refused(
        &get(&service, "_apis/projects/Shop?api-version=7.1"),
        400,
        "out of range",
    );
    assert_eq!(
        post(
            &service,
            "Shop/_apis/test/runs?api-version=7.0",
            &run_body()
        )
        .status,
        200
    );
}

#[test]
fn a_preview_without_the_word_preview_is_refused() {
    let service = service_with(|settings| settings.max_api_version = (7, 2));
    let run = new_run(&service);
    let attachment = json!({ "stream": "YQ==", "fileName": "a.txt" });
    let send = |version: &str| {
        let path = format!("Shop/_apis/test/Runs/{run}/attachments?api-version={version}");
        post(&service, &path, &attachment)
    };
    for version in ["5.0", "6.0", "7.2"] {
        let reply = send(version);
        refused(&reply, 400, "under preview");
        assert_eq!(reply.json()["typeKey"], "VssInvalidPreviewVersionException");
    }
    for version in [
        "5.0-preview.1",
        "6.0-preview",
        "7.0",
        "7.1",
        "7.2-preview.1",
    ] {
        assert_eq!(send(version).status, 200, "{version}");
    }
    refused(
        &get(&service, "_apis/connectionData?api-version=7.1"),
        400,
        "under preview",
    );
    refused(
        &post(
            &service,
            "Shop/_apis/test/runs?api-version=7.2",
            &run_body(),
        ),
        400,
        "under preview",
    );
}

#[test]
fn a_version_that_is_none_is_refused() {
    let service = service();
    for version in ["7", "latest", "7.1-beta", "7.1-preview.x"] {
        refused(
            &get(
                &service,
                &format!("_apis/projects/Shop?api-version={version}"),
            ),
            400,
            "is not a version number",
        );
    }
}

#[test]
fn version_5_knows_no_pipeline_reference() {
    let service = service();
    for field in [
        json!({ "pipelineReference": { "pipelineId": 71, "jobReference": { "jobName": "a" } } }),
        json!({ "tags": [{ "name": "a" }] }),
    ] {
        let body = with(run_body(), &field);
        let old = post(&service, "Shop/_apis/test/runs?api-version=5.0", &body);
        refused(&old, 400, "in version 5.0");
        post(&service, "Shop/_apis/test/runs?api-version=6.0", &body);
    }
    let runs = service.runs();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["pipelineReference"]["pipelineId"], 71);
}

#[test]
fn a_version_that_is_too_high_can_be_refused_like_a_token() {
    let service = service_with(|settings| {
        settings.max_api_version = (5, 0);
        settings.too_new_is_401 = true;
    });
    refused(
        &get(&service, "_apis/projects/Shop?api-version=7.1"),
        401,
        "TF400813",
    );
    assert_eq!(
        get(&service, "_apis/projects/Shop?api-version=5.0").status,
        200
    );
}

#[test]
fn messages_can_be_in_another_language() {
    let service = service_with(|settings| {
        settings.max_api_version = (7, 0);
        settings.foreign_messages = true;
    });
    let reply = get(&service, "_apis/projects/Shop?api-version=7.1").json();
    assert_eq!(reply["typeKey"], "VssVersionOutOfRangeException");
    let message = reply["message"].as_str().unwrap();
    assert!(message.contains("7.0 / 7.1"), "{message}");
    assert!(!message.contains("version"), "{message}");
    let reply = get(&service, "_apis/projects/Nowhere?api-version=7.0").json();
    assert!(
        reply["message"].as_str().unwrap().starts_with("TF200016: "),
        "{reply}"
    );
}

#[test]
fn options_tell_which_versions_there_are() {
    let service = service_with(|settings| settings.max_api_version = (6, 0));
    let reply = send(
        &service,
        "OPTIONS",
        "_apis/test?api-version=6.0",
        &json!(null),
    );
    let values = reply.json()["value"].as_array().unwrap().clone();
    let of = |name: &str| {
        values
            .iter()
            .find(|value| value["resourceName"] == name)
            .unwrap()
    };
    assert_eq!(
        (&of("Runs")["maxVersion"], &of("Runs")["releasedVersion"]),
        (&json!("6.0"), &json!("6.0"))
    );
    assert_eq!(of("Attachments")["releasedVersion"], "0.0");
    assert_eq!(of("Points")["releasedVersion"], "0.0");
}
