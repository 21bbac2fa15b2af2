//! What no body may hold, whatever it is for.

use crate::support::*;
use serde_json::{Value, json};

const RUNS: &str = "/contoso/Shop/_apis/test/runs?api-version=7.1";

#[test]
fn a_body_that_is_not_declared_as_json_is_refused() {
    let service = service();
    let body = run_body().to_string();
    for headers in [&[TOKEN][..], &[TOKEN, ("Content-Type", "text/plain")]] {
        let reply = exchange(&service, "POST", RUNS, headers, body.as_bytes()).unwrap();
        refused(&reply, 415, "media type");
    }
}

#[test]
fn a_body_that_is_not_json_is_refused() {
    let service = service();
    for body in [
        &b"{"[..],
        b"{\"name\":\"\xff\"}",
        br#"{"name":"\ud83d"}"#,
        b"{\"name\":\"a\nb\"}",
        b"",
    ] {
        let reply = exchange(&service, "POST", RUNS, &[TOKEN, JSON], body).unwrap();
        refused(&reply, 400, "is not JSON");
    }
}

#[test]
fn a_lone_surrogate_is_refused() {
    let service = service();
    let body = run_body().to_string().replace("Smoke", r"Smoke \ud83d");
    refused(
        &exchange(&service, "POST", RUNS, &[TOKEN, JSON], body.as_bytes()).unwrap(),
        400,
        "is not JSON",
    );
    let body = run_body()
        .to_string()
        .replace("Smoke", r"Smoke \ud83d\ude00");
    assert_eq!(
        exchange(&service, "POST", RUNS, &[TOKEN, JSON], body.as_bytes())
            .unwrap()
            .status,
        200
    );
}

#[test]
fn a_control_character_is_refused() {
    let service = service();
    for text in ["a\0b", "a\u{1b}[31m", "a\u{8}", "a\u{7f}"] {
        let body = with(run_body(), &json!({ "name": text }));
        refused(
            &post(&service, "Shop/_apis/test/runs", &body),
            400,
            "control character",
        );
    }
    let result = with(result_body("a"), &json!({ "errorMessage": "a\u{1}" }));
    let run = new_run(&service);
    refused(
        &add_results(&service, run, &json!([result])),
        400,
        "'[0].errorMessage' holds a control character",
    );
    let result = with(result_body("a"), &json!({ "errorMessage": "a\tb\r\nc" }));
    assert_eq!(add_results(&service, run, &json!([result])).status, 200);
}

#[test]
fn a_body_that_is_too_large_is_refused_with_413() {
    let service = service_with(|settings| settings.body_limit = 1000);
    let run = new_run(&service);
    let result = with(
        result_body("a"),
        &json!({ "errorMessage": "x".repeat(1000) }),
    );
    let reply = add_results(&service, run, &json!([result]));
    assert_eq!(reply.status, 413);
    assert!(
        service.run(run).unwrap()["results"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let attachment = json!({ "stream": "A".repeat(4000), "fileName": "a.txt" });
    assert_eq!(
        post(
            &service,
            &format!("Shop/_apis/test/Runs/{run}/attachments"),
            &attachment
        )
        .status,
        200
    );
}

#[test]
fn an_unknown_query_parameter_is_refused() {
    let service = service();
    let run = new_run(&service);
    for path in [
        "Shop/_apis/test/runs?$skp=1",
        "Shop/_apis/build/builds?number=1",
        "_apis/projects?top=1",
    ] {
        refused(&get(&service, path), 400, "Unknown query parameter");
    }
    refused(
        &get(
            &service,
            &format!("Shop/_apis/test/Runs/{run}/results?top=5"),
        ),
        400,
        "Unknown query parameter",
    );
    refused(
        &get(&service, "Shop/_apis/test/runs?$top=many"),
        400,
        "is not a whole number",
    );
}

#[test]
fn a_length_is_counted_in_utf_16() {
    let service = service();
    let named = |name: String| {
        post(
            &service,
            "Shop/_apis/test/runs",
            &with(run_body(), &json!({ "name": name })),
        )
    };
    assert_eq!(named("😀".repeat(128)).status, 200);
    refused(&named("😀".repeat(129)), 400, "longer than 256 characters");
}

#[test]
fn a_method_that_a_resource_does_not_know_is_refused_with_405() {
    let service = service();
    let (run, result) = new_result(&service, &result_body("a"));
    for path in [
        format!("Shop/_apis/test/Runs/{run}/results/{result}"),
        format!("Shop/_apis/test/Runs/{run}/results"),
    ] {
        refused(
            &send(&service, "DELETE", &path, &Value::Null),
            405,
            "does not support http method 'DELETE'",
        );
    }
    assert_eq!(
        service.run(run).unwrap()["results"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
