//! Connections that cannot be made, and how far they got: exit code 4 with a word for each.

use ado_stand_in::{Fault, RefusingProxy, Rule, Settings, SignIn, StandIn};

use crate::support::holdings::asked;
use crate::support::one_result::{
    self, TOKEN_AS_BASIC, keeps_the_token, not_published, published, reports,
};
use crate::support::{Reports, TaskRun, service, service_with};

const URL: &str = "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI";
const TOKEN: &str = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN";
/// Tries everything once.
fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    one_result::task(service, reports, "1")
}

#[test]
fn without_a_token_nothing_is_sent() {
    let service = service();
    let finished = task(&service, &reports()).var(TOKEN, "").run_impatiently();
    not_published(&finished, "KADO420");
    finished.says("there is no access token");
    assert!(service.requests().is_empty());
}

#[test]
fn a_refused_token_is_told_with_request_status_message_and_activity() {
    let reports = reports();
    let service = service();
    let run = task(&service, &reports).var(TOKEN, "another-token");
    let finished = run.run_impatiently();
    not_published(&finished, "KADO401");
    finished.says("did not accept the access token for 'http://127.0.0.1:");
    finished.says("GET _apis/connectionData was answered with 401: TF400813: ");
    let line = finished
        .stdout
        .lines()
        .find(|line| line.contains("TF400813"));
    assert!(line.unwrap().contains(" (activity "), "{line:?}");
    assert!(!finished.stdout.contains("another-token"));
}

#[test]
fn a_sign_in_page_instead_of_an_answer_is_a_refused_token() {
    let reports = reports();
    let page = service_with(|settings| settings.refusal = SignIn::Page);
    let finished = task(&page, &reports).var(TOKEN, "x-x-x").run_impatiently();
    not_published(&finished, "KADO401");
    finished.says("instead of an answer a sign-in page came (GET _apis/connectionData, 203)");
    for location in [
        "https://spsprodeus21.vssps.visualstudio.com/_signin?realm=dev.azure.com&state=secret",
        "/_signin",
        "https://login.microsoftonline.com/common/oauth2/authorize",
    ] {
        let redirected = service();
        let location = location.to_owned();
        redirected.script(Rule::once("GET", "", Fault::Redirect { location }));
        let finished = task(&redirected, &reports).run_impatiently();
        not_published(&finished, "KADO401");
        assert!(!finished.stdout.contains("state=secret"));
    }
}

#[test]
fn who_is_nobody_to_the_service_has_a_refused_token() {
    let reports = reports();
    let service = service_with(|settings| settings.anonymous_connection_data = true);
    let run = task(&service, &reports).var(TOKEN, "another-token");
    let finished = run.run_impatiently();
    not_published(&finished, "KADO401");
    finished.says("we are nobody to it");
}

#[test]
fn a_missing_permission_is_named_with_who_lacks_it() {
    for (permission, request) in [
        ("View test runs", "GET Shop/_apis/test/runs"),
        ("Create test runs", "POST Shop/_apis/test/runs"),
    ] {
        let service = service_with(|settings| settings.denied = vec![permission.to_owned()]);
        let finished = task(&service, &reports()).run_impatiently();
        not_published(&finished, "KADO403");
        finished.says(&format!(
            "'Shop Build Service (contoso)' lacks the permission '{permission}' in project 'Shop'"
        ));
        finished.says(&format!("{request} was answered with 403: Access Denied"));
        assert!(service.runs().is_empty());
    }
}

#[test]
fn a_project_that_the_agent_tells_and_the_token_may_not_see_ends_with_4() {
    let service = service_with(|settings| settings.projects[0].hidden = true);
    let finished = task(&service, &reports()).run_impatiently();
    not_published(&finished, "KADO207");
    finished.says("cannot find project 'Shop': it does not exist, or 'Shop Build Service");
    finished.says("404: TF200016");
}

/// Outside a pipeline, where project and organization are typed.
fn by_hand(service: &StandIn, reports: &Reports, project: &str) -> TaskRun {
    let url = service.collection_url();
    let mut run = task(service, reports);
    for name in [
        "TF_BUILD",
        URL,
        TOKEN,
        "SYSTEM_TEAMPROJECT",
        "BUILD_BUILDID",
    ] {
        run = run.var(name, "");
    }
    run.var("AZURE_DEVOPS_EXT_PAT", &Settings::default().token)
        .args(&["publish", "--organization", &url, "--project", project])
}

#[test]
fn a_typed_project_that_does_not_exist_is_a_wrong_input() {
    let service = service();
    let finished = by_hand(&service, &reports(), "Nope").run_impatiently();
    assert_eq!(finished.code, 2, "{}", finished.stdout);
    finished.says("error KADO207: cannot find project 'Nope'");
    finished.says("1 result read: 0 published, 0 left out, 1 missing");
    keeps_the_token(&finished);
    let finished = by_hand(&service, &reports(), "Shop").run_impatiently();
    published(&service, &finished);
    finished.says("There is no build to look runs up by");
}

#[test]
fn an_address_where_nobody_listens_is_told() {
    let service = service();
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let address = format!("http://127.0.0.1:{port}/contoso/");
    let finished = task(&service, &reports())
        .var(URL, &address)
        .run_impatiently();
    not_published(&finished, "KADO405");
    finished.says(&format!("no connection to '{address}'"));
    finished.says("Connection refused");
}

#[test]
fn a_name_that_does_not_resolve_is_told() {
    let service = service();
    let address = "http://katalon-ado.invalid/contoso/";
    let finished = task(&service, &reports())
        .input("requestTimeout", "5")
        .var(URL, address)
        .run_impatiently();
    not_published(&finished, "KADO405");
    finished.says("no connection to 'http://katalon-ado.invalid/contoso/'");
}

#[test]
fn a_server_or_a_collection_that_is_none_is_a_wrong_address() {
    let (service, reports) = (service(), reports());
    // Whoever answers everything with 404 is no Azure DevOps.
    let other = RefusingProxy::start(404);
    let finished = task(&service, &reports)
        .var(URL, &other.url())
        .run_impatiently();
    not_published(&finished, "KADO404");
    let wrong = service.collection_url().replace("contoso", "fabrikam");
    let finished = task(&service, &reports).var(URL, &wrong).run_impatiently();
    not_published(&finished, "KADO404");
    finished.says("fabrikam/' does not answer as Azure DevOps does");
    finished.says("Check the address: scheme, host, collection.");
    let home_page = Fault::Status {
        code: 200,
        headers: Vec::new(),
        body: Some("<html>Welcome</html>".into()),
        handled: false,
    };
    service.script(Rule::once("GET", "/connectionData$", home_page));
    let finished = task(&service, &reports).run_impatiently();
    not_published(&finished, "KADO404");
    finished.says("<html>Welcome</html>");
}

#[test]
fn a_redirect_names_the_other_host_and_the_token_does_not_go_there() {
    let (service, other) = (service(), service_with(|_| ()));
    let elsewhere = format!(
        "http://localhost:{}/contoso/_apis/x?id=secret",
        other.port()
    );
    for (location, host) in [
        (elsewhere.as_str(), "localhost"),
        ("https://design.example.com/contoso/", "design.example.com"),
    ] {
        let fault = Fault::Redirect {
            location: location.to_owned(),
        };
        service.script(Rule::once("GET", "/connectionData$", fault));
        let finished = task(&service, &reports()).run_impatiently();
        not_published(&finished, "KADO410");
        finished.says(&format!("302: redirected to '{host}'"));
        assert!(!finished.stdout.contains("id=secret"));
    }
    assert!(other.requests().is_empty());
}

#[test]
fn a_server_that_says_nothing_is_given_up_after_request_timeout() {
    let service = service();
    service.script(Rule::always("GET", "/connectionData$", Fault::NeverAnswer));
    let finished = task(&service, &reports()).run_impatiently();
    not_published(&finished, "KADO409");
    finished.says("did not carry out GET _apis/connectionData: no byte came or went for 1 second");
    assert_eq!(service.requests().len(), 1);
    let again = task(&service, &reports())
        .input("retryFor", "1")
        .run_impatiently();
    not_published(&again, "KADO409");
}

#[test]
fn an_answer_that_comes_slowly_is_no_silence() {
    let service = service();
    let interval = std::time::Duration::from_millis(150);
    let slow = Fault::SlowBody {
        bytes: 60,
        interval,
    };
    service.script(Rule::once("GET", "/connectionData$", slow));
    let finished = task(&service, &reports()).run_impatiently();
    published(&service, &finished);
}

#[test]
fn a_token_that_the_service_repeats_is_masked_in_the_form_in_which_it_was_sent() {
    let (service, reports) = (service(), reports());
    let repeated = Fault::Status {
        code: 401,
        headers: Vec::new(),
        body: Some(format!(
            r#"{{"message":"not stand-in-token or {TOKEN_AS_BASIC}"}}"#
        )),
        handled: false,
    };
    service.script(Rule::always("GET", "/connectionData$", repeated));
    // A personal token goes as `Basic`.
    let run = by_hand(&service, &reports, "Shop").var("SYSTEM_DEBUG", "true");
    let finished = run.run();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    finished.says("401: not *** or ***");
    keeps_the_token(&finished);
    let finished = task(&service, &reports).run_impatiently();
    finished.says("401: not *** or ");
}

#[test]
fn the_debug_log_of_a_whole_publication_holds_no_token() {
    let reports = reports();
    let service = service();
    let run = task(&service, &reports).var("SYSTEM_DEBUG", "true");
    let finished = run.var("RUST_LOG", "trace").run();
    published(&service, &finished);
    finished.says("POST Shop/_apis/test/runs: answered");
    assert!(
        asked(&service, "POST", "/runs")[0]
            .header("authorization")
            .is_some()
    );
}
