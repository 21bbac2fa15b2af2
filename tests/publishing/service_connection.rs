//! Service connections: another address, other credentials, perhaps another collection.

use ado_stand_in::{Build, Fault, Project, Rule, Settings, StandIn, TokenKind};

use crate::support::holdings::asked;
use crate::support::one_result::{self, reports};
use crate::support::{Finished, Reports, TaskRun, assert_swagger, service, service_with};

const ID: &str = "0b1c2d3e-0000-4111-8222-333344445555";
const TOKEN: &str = "token-of-the-connection";

/// Another collection, whose project is called otherwise, with a personal token of its own.
fn other() -> StandIn {
    other_with(|_| ())
}

fn other_with(change: impl FnOnce(&mut Settings)) -> StandIn {
    service_with(|settings| {
        settings.collection = "tfs/Quality".to_owned();
        settings.hosted = false;
        settings.projects = vec![Project::new(
            "Reports",
            "6c0d8e2f-0000-4c57-9d2b-1f1f5a3c7e11",
        )];
        settings.builds = vec![Build::new(5, "Reports")];
        settings.token = TOKEN.to_owned();
        settings.token_kind = TokenKind::Personal;
        settings.identity = "Quality Publisher".to_owned();
        change(settings);
    })
}

/// The pipeline of `own`, with a service connection to this address.
fn task(own: &StandIn, reports: &Reports, url: &str) -> TaskRun {
    one_result::task(own, reports, "2")
        .input("azureDevOpsConnection", ID)
        .var(&format!("ENDPOINT_URL_{ID}"), url)
        .var(&format!("ENDPOINT_AUTH_SCHEME_{ID}"), "Token")
        .var(&format!("ENDPOINT_AUTH_PARAMETER_{ID}_APITOKEN"), TOKEN)
}

#[track_caller]
fn keeps_its_secrets(finished: &Finished) {
    finished.lacks(TOKEN);
    // `:token-of-the-connection`
    finished.lacks("OnRva2VuLW9mLXRoZS1jb25uZWN0aW9u");
    finished.lacks(&Settings::default().token);
}

#[test]
fn a_token_leads_to_a_project_of_another_collection_without_build() {
    let (own, other, reports) = (service(), other(), reports());
    let finished = task(&own, &reports, &other.collection_url())
        .input("project", "Reports")
        .var("SYSTEM_DEBUG", "true")
        .var("SYSTEM_DEFINITIONID", "5")
        .var("RELEASE_RELEASEURI", "vstfs:///ReleaseManagement/Release/4")
        .var(
            "RELEASE_ENVIRONMENTURI",
            "vstfs:///ReleaseManagement/Environment/9",
        )
        .var("BUILD_TYPE", "Build")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.says("leads to another collection than that of this pipeline");
    finished.says("Identity: Quality Publisher");
    finished.says("Project: Reports");
    assert!(own.requests().is_empty());
    let run = &other.runs()[0];
    for missing in ["build", "pipelineReference", "releaseUri"] {
        assert_eq!(run.get(missing), None, "{run}");
    }
    keeps_its_secrets(&finished);
    assert_swagger(&other);
}

#[test]
fn another_build_can_be_named_there() {
    let (own, other, reports) = (service(), other(), reports());
    let finished = task(&own, &reports, &other.collection_url())
        .input("project", "Reports")
        .input("buildId", "5")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(other.runs()[0]["build"]["id"], "5");
}

#[test]
fn the_own_collection_under_another_name_keeps_the_build() {
    let (own, reports) = (service(), reports());
    let url = own.collection_url().replace("127.0.0.1", "localhost");
    own.configure(|settings| settings.token = TOKEN.to_owned());
    let run = task(&own, &reports, &url);
    let finished = run
        .var(
            "SYSTEM_COLLECTIONID",
            "1A57A2CE-0000-4000-8000-000000000001",
        )
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(own.runs()[0]["build"]["id"], "71");
    finished.lacks("another collection");
    // As whom it is published is another matter.
    let request = &asked(&own, "POST", "/runs")[0];
    assert!(
        request
            .header("authorization")
            .unwrap()
            .starts_with("Basic ")
    );
}

#[test]
fn user_and_password_are_accepted_where_the_server_takes_them() {
    let (own, reports) = (service(), reports());
    let other = other_with(|settings| {
        settings.user = Some((r"CONTOSO\publisher".to_owned(), "pass:word-1".to_owned()));
    });
    let run = task(&own, &reports, &other.collection_url())
        .input("project", "Reports")
        .var(&format!("ENDPOINT_AUTH_SCHEME_{ID}"), "UsernamePassword")
        .var(
            &format!("ENDPOINT_AUTH_PARAMETER_{ID}_USERNAME"),
            r"CONTOSO\publisher",
        )
        .var(
            &format!("ENDPOINT_AUTH_PARAMETER_{ID}_PASSWORD"),
            "pass:word-1",
        );
    let finished = run.run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.lacks("pass:word-1");
    // A server that was set up for Windows sign-in alone.
    let windows = Fault::Status {
        code: 401,
        headers: vec![("WWW-Authenticate".to_owned(), "Negotiate, NTLM".to_owned())],
        body: Some("<html><title>401 - Unauthorized</title></html>".to_owned()),
        handled: false,
    };
    other.script(Rule::always("GET", "", windows));
    let finished = run.run();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    finished.says("did not accept user and password of the service connection for '");
    finished.says("401: 401 - Unauthorized (it offers Negotiate, NTLM only)");
    finished.says("give the service connection a personal access token.");
    finished.lacks("pass:word-1");
}

#[test]
fn the_address_is_taken_as_a_person_typed_it() {
    let (own, other, reports) = (service(), other(), reports());
    let collection = other.collection_url();
    let without_slash = collection.trim_end_matches('/').to_owned();
    for url in [
        without_slash.clone(),
        format!(" {collection}Reports/ "),
        format!("{collection}Reports/_git/tests?path=a"),
        without_slash.replace("http://", "http://somebody@"),
    ] {
        let finished = task(&own, &reports, &url)
            .input("project", "Reports")
            .input("dryRun", "true")
            .run();
        assert_eq!(finished.code, 0, "{url}: {}", finished.stdout);
        finished.says(&format!("Server: {collection} ("));
    }
    // Neither a collection nor a project in one: told with the address that was typed.
    let nowhere = format!("{collection}Nowhere/Deeper");
    let finished = task(&own, &reports, &nowhere)
        .input("project", "Reports")
        .run();
    one_result::not_published(&finished, "KADO404");
    finished.says(&format!("'{nowhere}/'"));
}

#[test]
fn a_project_that_is_not_there_is_a_wrong_input() {
    let (own, other, reports) = (service(), other(), reports());
    // The pipeline's own project is no project of the other collection.
    let finished = task(&own, &reports, &other.collection_url()).run();
    assert_eq!(finished.code, 2, "{}", finished.stdout);
    assert_eq!(finished.issues("error"), ["KADO207"]);
    finished.says("cannot find project 'Shop': it does not exist, or 'Quality Publisher' may not");
    finished.says("Check the input 'project'");
}

#[test]
fn a_refused_token_of_a_connection_is_told_as_such() {
    let (own, reports) = (service(), reports());
    let other = other_with(|settings| settings.token = "renewed-meanwhile".to_owned());
    let finished = task(&own, &reports, &other.collection_url())
        .input("project", "Reports")
        .run();
    one_result::not_published(&finished, "KADO401");
    finished.says("did not accept the access token of the service connection for 'http://");
    keeps_its_secrets(&finished);
}

#[test]
fn a_connection_that_cannot_be_used_is_an_input_error_that_says_why() {
    let (own, other, reports) = (service(), other(), reports());
    let url = other.collection_url();
    let finished = task(&own, &reports, &url)
        .var(&format!("ENDPOINT_AUTH_SCHEME_{ID}"), "OAuth2")
        .input("dryRun", "perhaps")
        .run();
    assert_eq!(finished.code, 2, "{}", finished.stdout);
    assert_eq!(finished.issues("error"), ["KADO202", "KADO208"]);
    finished.says(&format!(
        "service connection '{ID}' has the authentication scheme 'OAuth2', which cannot be used here"
    ));
    let finished = task(&own, &reports, &url)
        .input("azureDevOpsConnection", "Quality")
        .run();
    assert_eq!(finished.issues("error"), ["KADO208"], "{}", finished.stdout);
    finished.says("service connection 'Quality' is none that this job was given");
    let finished = task(&own, &reports, &url)
        .input("azureDevOpsConnection", "$(connection)")
        .run();
    assert_eq!(finished.issues("error"), ["KADO203"], "{}", finished.stdout);
    assert!(own.requests().is_empty() && other.requests().is_empty());
}
