//! Attachments (contract §3).

use crate::support::*;
use ado_stand_in::StandIn;
use serde_json::{Value, json};

fn attachment(fields: &Value) -> Value {
    with(json!({ "stream": "aGVsbG8=", "fileName": "a.txt" }), fields)
}

fn attach(service: &StandIn, path: &str, fields: &Value) -> Reply {
    post(
        service,
        &format!("Shop/_apis/test/Runs/{path}"),
        &attachment(fields),
    )
}

#[track_caller]
fn each_refused(rows: &[(Value, &str)]) {
    let service = service();
    let run = new_run(&service);
    for (fields, words) in rows {
        refused(
            &attach(&service, &format!("{run}/attachments"), fields),
            400,
            words,
        );
    }
    assert_eq!(service.runs()[0]["attachments"], json!([]));
}

#[test]
fn what_is_not_base64_is_refused() {
    each_refused(&[
        (json!({ "stream": "hello!" }), "is not base64"),
        (json!({ "stream": "aGVsbG8" }), "is not base64"),
        (json!({ "stream": "aGVs\nbG8=" }), "is not base64"),
        (json!({ "stream": "_-8=" }), "is not base64"),
        (json!({ "stream": 5 }), "must be base64 text"),
    ]);
    let service = service();
    let run = new_run(&service);
    let reply = post(
        &service,
        &format!("Shop/_apis/test/Runs/{run}/attachments"),
        &json!({ "fileName": "a.txt" }),
    );
    refused(&reply, 400, "must be base64 text");
}

#[test]
fn a_file_name_that_a_server_cannot_keep_is_refused() {
    for character in r#"\/:*?"<>|"#.chars() {
        each_refused(&[(
            json!({ "fileName": format!("a{character}b.txt") }),
            "no file name may hold",
        )]);
    }
    each_refused(&[
        (json!({ "fileName": "a\nb.txt" }), "no file name may hold"),
        (json!({ "fileName": "x".repeat(261) }), "longer than 260"),
        (json!({ "fileName": "" }), "must be a name"),
    ]);
    let service = service();
    let run = new_run(&service);
    let reply = post(
        &service,
        &format!("Shop/_apis/test/Runs/{run}/attachments"),
        &json!({ "stream": "" }),
    );
    refused(&reply, 400, "needs a fileName");
}

#[test]
fn an_unknown_field_or_type_of_an_attachment_is_refused() {
    each_refused(&[
        (json!({ "size": 5 }), "Unknown property 'size'"),
        (json!({ "attachmentType": "Screenshot" }), "AttachmentType"),
        (
            json!({ "attachmentType": "generalAttachment" }),
            "AttachmentType",
        ),
        (json!({ "comment": null }), "must be text"),
    ]);
}

#[test]
fn more_than_100_mb_of_base64_text_are_refused() {
    let service = service_with(|settings| settings.kept_body = 1000);
    let run = new_run(&service);
    let reply = attach(
        &service,
        &format!("{run}/attachments"),
        &json!({ "stream": "A".repeat(104_857_604) }),
    );
    refused(
        &reply,
        400,
        "exceeded the maximum file size (104857600 bytes)",
    );
    let recorded = service.requests().pop().unwrap();
    assert_eq!(recorded.body.len(), 1000);
    assert!(recorded.body_length > 104_857_600);
}

#[test]
fn an_attachment_belongs_to_something_that_exists() {
    let service = service();
    let result = with(
        result_body("a"),
        &json!({ "resultGroupType": "rerun", "subResults": [{ "sequenceId": 1 }], "iterationDetails": [{ "id": 1 }] }),
    );
    let (run, id) = new_result(&service, &result);
    for (path, words) in [
        (
            format!("{run}/Results/5/attachments"),
            "Test result 5 does not exist".to_owned(),
        ),
        (
            format!("{run}/Results/{id}/attachments?testSubResultId=2"),
            "Sub-result 2".into(),
        ),
        (
            format!("{run}/Results/{id}/attachments?iterationId=2"),
            "Iteration 2".into(),
        ),
        (
            "99/attachments".into(),
            "Test run 99 cannot be found".into(),
        ),
    ] {
        refused(&attach(&service, &path, &json!({})), 404, &words);
        refused(
            &get(&service, &format!("Shop/_apis/test/Runs/{path}")),
            404,
            &words,
        );
    }
    let reply = attach(
        &service,
        &format!("{run}/attachments?testSubResultId=1"),
        &json!({}),
    );
    refused(&reply, 400, "Unknown query parameter");
}

#[test]
fn each_level_has_a_list_of_its_own_without_sizes() {
    let service = service();
    let result = with(
        result_body("a"),
        &json!({ "resultGroupType": "rerun", "subResults": [{ "sequenceId": 1 }], "iterationDetails": [{ "id": 1 }] }),
    );
    let (run, id) = new_result(&service, &result);
    let paths = [
        format!("{run}/attachments"),
        format!("{run}/Results/{id}/attachments"),
        format!("{run}/Results/{id}/attachments?testSubResultId=1"),
        format!("{run}/Results/{id}/attachments?iterationId=1"),
    ];
    for (number, path) in paths.iter().enumerate() {
        let fields = json!({ "fileName": format!("{number}.txt"), "comment": "katalon & co" });
        assert_eq!(attach(&service, path, &fields).status, 200, "{path}");
    }
    for (number, path) in paths.iter().enumerate() {
        let list = get(&service, &format!("Shop/_apis/test/Runs/{path}")).json();
        assert_eq!(list["count"], 1, "{path}");
        let only = &list["value"][0];
        assert_eq!(
            (&only["fileName"], &only["comment"]),
            (&json!(format!("{number}.txt")), &json!("katalon & co"))
        );
        assert!(only.get("size").is_none());
    }
}

#[test]
fn the_content_of_an_attachment_can_be_read() {
    let service = service();
    let (run, id) = new_result(&service, &result_body("a"));
    let reply = attach(
        &service,
        &format!("{run}/Results/{id}/attachments"),
        &json!({}),
    );
    let attachment = reply.json()["id"].as_u64().unwrap();
    let content = get(
        &service,
        &format!("Shop/_apis/test/Runs/{run}/Results/{id}/attachments/{attachment}"),
    );
    assert_eq!(content.body, b"hello");
    refused(
        &get(
            &service,
            &format!("Shop/_apis/test/Runs/{run}/attachments/{attachment}"),
        ),
        404,
        "cannot be found",
    );
}

#[test]
fn two_attachments_may_have_one_name() {
    let service = service();
    let run = new_run(&service);
    for _ in 0..2 {
        assert_eq!(
            attach(&service, &format!("{run}/attachments"), &json!({})).status,
            200
        );
    }
    assert_eq!(
        service.runs()[0]["attachments"].as_array().unwrap().len(),
        2
    );
}
