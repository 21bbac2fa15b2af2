//! Who may ask, and for what (contract §6).

use crate::support::*;
use ado_stand_in::{Project, SignIn, TokenKind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const RUNS: &str = "/contoso/Shop/_apis/test/runs?api-version=7.1";

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[test]
fn a_request_without_a_token_is_refused_with_401() {
    let service = service();
    let reply = exchange(&service, "GET", RUNS, &[SUPPRESS], b"").unwrap();
    refused(
        &reply,
        401,
        "TF400813: Resource not available for anonymous access",
    );
    assert!(reply.header("ActivityId").is_some());
    assert_eq!(reply.json()["typeKey"], "UnauthorizedRequestException");
    assert_eq!(
        (&reply.json()["$id"], &reply.json()["eventId"]),
        (&json!("1"), &json!(3000))
    );
}

#[test]
fn an_unknown_token_is_refused_with_401() {
    let service = service();
    for value in [
        "Bearer other".to_owned(),
        basic("", "other"),
        "Negotiate abc".into(),
        "Basic %%".into(),
    ] {
        let reply = exchange(
            &service,
            "GET",
            RUNS,
            &[("Authorization", &value), SUPPRESS],
            b"",
        )
        .unwrap();
        refused(&reply, 401, "TF400813: The user '' is not authorized");
    }
}

#[test]
fn without_the_suppress_header_a_client_is_sent_to_the_sign_in_page() {
    let service = service();
    let reply = exchange(
        &service,
        "GET",
        RUNS,
        &[("Authorization", "Bearer other")],
        b"",
    )
    .unwrap();
    assert_eq!(reply.status, 302);
    assert!(
        reply.header("Location").unwrap().contains("/_signin"),
        "{}",
        reply.head
    );
    assert!(
        reply
            .header("Content-Type")
            .unwrap()
            .starts_with("text/html")
    );
}

#[test]
fn a_bad_token_can_be_answered_with_the_sign_in_page() {
    let service = service_with(|settings| settings.refusal = SignIn::Page);
    let reply = exchange(
        &service,
        "GET",
        RUNS,
        &[("Authorization", "Bearer other"), SUPPRESS],
        b"",
    )
    .unwrap();
    assert_eq!(reply.status, 203);
    assert!(
        reply
            .header("Content-Type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(reply.text().contains("Sign In"));
}

#[test]
fn a_job_token_may_come_as_bearer_and_as_basic_with_an_empty_user() {
    let service = service();
    for value in [
        "Bearer stand-in-token".to_owned(),
        basic("", "stand-in-token"),
    ] {
        let reply = exchange(
            &service,
            "GET",
            RUNS,
            &[("Authorization", &value), SUPPRESS],
            b"",
        )
        .unwrap();
        assert_eq!(reply.status, 200, "{value}");
    }
    let value = basic("somebody", "stand-in-token");
    let reply = exchange(
        &service,
        "GET",
        RUNS,
        &[("Authorization", &value), SUPPRESS],
        b"",
    )
    .unwrap();
    assert_eq!(reply.status, 401);
}

#[test]
fn a_personal_token_is_refused_as_bearer() {
    let service = service_with(|settings| settings.token_kind = TokenKind::Personal);
    let reply = exchange(&service, "GET", RUNS, &[TOKEN, SUPPRESS], b"").unwrap();
    refused(&reply, 401, "TF400813");
    let value = basic("", "stand-in-token");
    let reply = exchange(
        &service,
        "GET",
        RUNS,
        &[("Authorization", &value), SUPPRESS],
        b"",
    )
    .unwrap();
    assert_eq!(reply.status, 200);
}

#[test]
fn a_user_and_password_are_accepted_where_they_are_set_up() {
    let value = basic("jo", "hunter2");
    let headers = [("Authorization", value.as_str()), SUPPRESS];
    let with_user = service_with(|settings| settings.user = Some(("jo".into(), "hunter2".into())));
    assert_eq!(
        exchange(&with_user, "GET", RUNS, &headers, b"")
            .unwrap()
            .status,
        200
    );
    assert_eq!(
        exchange(&service(), "GET", RUNS, &headers, b"")
            .unwrap()
            .status,
        401
    );
}

#[test]
fn connection_data_may_be_open_to_everybody_and_then_names_the_anonymous_identity() {
    let path = "/contoso/_apis/connectionData?api-version=7.1-preview";
    let closed = service();
    assert_eq!(
        exchange(&closed, "GET", path, &[SUPPRESS], b"")
            .unwrap()
            .status,
        401
    );
    let open = service_with(|settings| settings.anonymous_connection_data = true);
    let anonymous = exchange(
        &open,
        "GET",
        path,
        &[("Authorization", "Bearer other")],
        b"",
    )
    .unwrap();
    assert_eq!(anonymous.status, 200);
    let user = &anonymous.json()["authenticatedUser"];
    assert_eq!(user["id"], "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa");
    let known = exchange(&open, "GET", path, &[TOKEN], b"").unwrap();
    assert_eq!(
        known.json()["authenticatedUser"]["providerDisplayName"],
        "Shop Build Service (contoso)"
    );
    assert_eq!(known.json()["deploymentType"], "hosted");
    let server = service_with(|settings| settings.hosted = false);
    let known = exchange(&server, "GET", path, &[TOKEN], b"").unwrap();
    assert_eq!(known.json()["deploymentType"], "onPremises");
}

#[test]
fn a_missing_or_hidden_project_is_refused_with_404() {
    let id = "0f0f0f0f-1111-4222-8333-444444444444";
    let service = service_with(|settings| {
        let mut hidden = Project::new("Secret", id);
        hidden.hidden = true;
        settings.projects.push(hidden);
    });
    for name in ["Nowhere", "Secret"] {
        refused(
            &get(&service, &format!("_apis/projects/{name}")),
            404,
            "TF200016",
        );
        refused(
            &get(&service, &format!("{name}/_apis/test/runs")),
            404,
            "TF200016",
        );
    }
    refused(
        &get(&service, &format!("_apis/projects/{id}")),
        404,
        "VS800075",
    );
    assert_eq!(
        get(
            &service,
            "5B0D8E2F-6a0c-4c57-9d2b-1f1f5a3c7e10/_apis/test/runs"
        )
        .status,
        200
    );
}

#[test]
fn a_missing_permission_is_refused_with_403_and_names_identity_and_permission() {
    let service = service_with(|settings| {
        settings.denied = vec![
            "Create test runs".into(),
            "View test runs".into(),
            "View builds".into(),
        ];
    });
    let refuses = |reply: Reply, permission: &str| {
        refused(
            &reply,
            403,
            &format!("to perform this action: {permission}"),
        );
        refused(
            &reply,
            403,
            "Access Denied: Shop Build Service (contoso) needs",
        );
    };
    service.add_run(&json!({ "results": [{ "testCaseTitle": "a" }] }));
    refuses(
        post(&service, "Shop/_apis/test/runs", &run_body()),
        "Create test runs",
    );
    refuses(
        patch(&service, "Shop/_apis/test/runs/1", &json!({})),
        "Create test runs",
    );
    refuses(
        add_results(&service, 1, &json!([result_body("a")])),
        "Create test runs",
    );
    refuses(
        post(&service, "Shop/_apis/test/Runs/1/attachments", &json!({})),
        "Create test runs",
    );
    for path in [
        "runs",
        "runs/1",
        "runs/1/Statistics",
        "Runs/1/results",
        "Runs/1/results/100000",
        "Runs/1/attachments",
    ] {
        refuses(
            get(&service, &format!("Shop/_apis/test/{path}")),
            "View test runs",
        );
    }
    refuses(get(&service, "Shop/_apis/build/builds/71"), "View builds");
    refuses(get(&service, "Shop/_apis/build/builds"), "View builds");
}

#[test]
fn deleting_a_run_needs_a_permission_that_a_build_service_lacks() {
    let service = service();
    let run = new_run(&service);
    let path = format!("Shop/_apis/test/runs/{run}");
    refused(
        &send(&service, "DELETE", &path, &Value::Null),
        403,
        "Delete test runs",
    );
    service.configure(|settings| settings.denied.clear());
    assert_eq!(send(&service, "DELETE", &path, &Value::Null).status, 200);
    refused(&get(&service, &path), 404, "It may have been deleted");
}

#[test]
fn an_address_that_leads_nowhere_is_answered_with_404() {
    let service = service();
    for path in [
        "/other/_apis/projects/Shop",
        "/contoso",
        "/contoso/Shop/board",
    ] {
        let reply = exchange(&service, "GET", path, &[TOKEN, SUPPRESS], b"").unwrap();
        assert_eq!(reply.status, 404, "{path}");
        assert!(
            reply
                .header("Content-Type")
                .unwrap()
                .starts_with("text/html"),
            "{path}"
        );
    }
    for path in [
        "Shop/_apis/testresults/runs",
        "Shop/_apis/test/Runs/x/results",
        "_apis/test/runs",
        "Shop/_apis/projects",
    ] {
        let reply = get(&service, path);
        refused(&reply, 404, "is not registered");
        assert_eq!(reply.json()["typeKey"], "VssResourceNotFoundException");
    }
}

#[test]
fn a_collection_may_lie_deeper_and_hold_a_blank() {
    let service = service_with(|settings| settings.collection = "tfs/Default Collection".into());
    assert!(
        service
            .collection_url()
            .ends_with("/tfs/Default%20Collection/")
    );
    for (path, status) in [
        ("/tfs/Default%20Collection/Shop/_apis/test/runs", 200),
        ("/TFS/default%20collection/shop/_APIS/test/runs", 200),
        ("/TFS/default%20collection/shop/_apis/Test/Runs", 200),
        ("/Default%20Collection/Shop/_apis/test/runs", 404),
    ] {
        let reply = exchange(&service, "GET", path, &[TOKEN, SUPPRESS], b"").unwrap();
        assert_eq!(reply.status, status, "{path}");
    }
}
