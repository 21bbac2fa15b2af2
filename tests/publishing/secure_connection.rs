//! Certificates and proxies, as an agent was configured with them.

use std::path::PathBuf;

use ado_stand_in::{RefusingProxy, StandIn};

use crate::support::one_result::{self, not_published, published, reports};
use crate::support::{Reports, TaskRun, service, service_with};

const URL: &str = "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI";

/// Tries everything once.
fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    one_result::task(service, reports, "5")
}

/// A server with a certificate that this machine does not know.
fn secure() -> StandIn {
    service_with(|settings| settings.tls = true)
}

/// Writes a file beside the reports.
fn file(reports: &Reports, name: &str, content: &str) -> PathBuf {
    let path = reports.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn with_ca(service: &StandIn, reports: &Reports) -> TaskRun {
    let ca = file(reports, "ca.pem", &service.ca_pem().unwrap());
    task(service, reports).var("AGENT_CAINFO", ca.to_str().unwrap())
}

#[test]
fn an_unknown_authority_is_told_and_not_tried_again() {
    let (service, reports) = (secure(), reports());
    // However long it may try: trying again does not change a certificate.
    let run = task(&service, &reports).input("retryFor", "86400");
    let finished = run.run_impatiently();
    not_published(&finished, "KADO408");
    finished.says("no secure connection to 'https://127.0.0.1:");
    finished.says("UnknownIssuer");
    finished.says("(--sslcacert)");
    assert!(service.requests().is_empty());
}

#[test]
fn the_agents_ca_file_is_trusted() {
    let (service, reports) = (secure(), reports());
    let finished = with_ca(&service, &reports).run_impatiently();
    published(&service, &finished);
    assert_eq!(finished.issues("warning"), Vec::<String>::new());
}

#[test]
fn a_ca_file_that_cannot_be_used_is_named() {
    let (service, reports) = (secure(), reports());
    let missing = reports.path().join("nowhere.pem");
    let garbage = file(&reports, "garbage.pem", "no certificate");
    for (path, word) in [(missing, "cannot read"), (garbage, "no PEM certificate")] {
        let path = path.to_str().unwrap();
        let run = task(&service, &reports).var("AGENT_CAINFO", path);
        let finished = run.run_impatiently();
        not_published(&finished, "KADO412");
        finished.says(path);
        finished.says(word);
    }
}

#[test]
fn an_agent_that_believes_any_certificate_is_warned_about() {
    let (service, reports) = (secure(), reports());
    let run = task(&service, &reports).var("AGENT_SKIPCERTVALIDATION", "True");
    let finished = run.run_impatiently();
    published(&service, &finished);
    assert_eq!(finished.issues("warning"), ["KADO016"]);
}

#[test]
fn the_agents_client_certificate_is_shown() {
    let service = service_with(|settings| {
        settings.tls = true;
        settings.client_certificate = true;
    });
    let reports = reports();
    let without = with_ca(&service, &reports).run_impatiently();
    not_published(&without, "KADO408");
    let (certificate, key) = service.client_pem().unwrap();
    let certificate = file(&reports, "client.pem", &certificate);
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let key = file(&reports, "client.key", &key);
    let with = with_ca(&service, &reports)
        .var("AGENT_CLIENTCERT", certificate.to_str().unwrap())
        .var("AGENT_CLIENTCERTKEY", key.to_str().unwrap());
    published(&service, &with.run_impatiently());
    let encrypted = file(&reports, "encrypted.key", &encrypted);
    let finished = with
        .var("AGENT_CLIENTCERTKEY", encrypted.to_str().unwrap())
        .run_impatiently();
    finished.says("encrypted.key' is encrypted");
    finished.says("Give certificate and key as PEM, the key not encrypted.");
}

#[test]
fn the_agents_proxy_is_used() {
    let (service, reports) = (service(), reports());
    let proxy = format!("http://127.0.0.1:{}", service.port());
    // Nobody but the proxy knows this name.
    let finished = task(&service, &reports)
        .var(URL, "http://ado.invalid/contoso/")
        .var("AGENT_PROXYURL", &proxy)
        .run_impatiently();
    published(&service, &finished);
    let requests = service.requests();
    assert!(requests.iter().all(|request| request.through_proxy));
}

#[test]
fn a_proxy_that_refuses_is_told_as_such_for_http_and_https() {
    let (service, reports) = (service(), reports());
    for address in [
        "http://ado.invalid/contoso/",
        "https://ado.invalid/contoso/",
    ] {
        let proxy = RefusingProxy::start(407);
        let finished = task(&service, &reports)
            .var(URL, address)
            .var("AGENT_PROXYURL", &proxy.url())
            .var("AGENT_PROXYUSERNAME", "me")
            .var("SECRET_AGENT_PROXYPASSWORD", "hunter2-hunter2")
            .run_impatiently();
        not_published(&finished, "KADO407");
        finished.says("proxy");
        finished.says("user and password of the agent's proxy");
        assert!(!finished.stdout.contains("hunter2"));
        let head = proxy.requests()[0].to_lowercase();
        assert!(head.contains("proxy-authorization: basic "), "{head}");
        // The token goes through a tunnel, or not at all.
        let tunnelled = address.starts_with("https");
        assert_eq!(head.starts_with("connect ado.invalid:443"), tunnelled);
        assert_eq!(head.contains("\nauthorization:"), !tunnelled);
    }
}

#[test]
fn a_proxy_that_is_not_there_is_told_as_such() {
    let (service, reports) = (service(), reports());
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let proxy = format!("http://127.0.0.1:{}", closed.local_addr().unwrap().port());
    drop(closed);
    for address in [
        "http://ado.invalid/contoso/",
        "https://ado.invalid/contoso/",
    ] {
        let finished = task(&service, &reports)
            .var(URL, address)
            .var("AGENT_PROXYURL", &proxy)
            .run_impatiently();
        not_published(&finished, "KADO407");
        finished.says(&proxy);
        finished.says("Connection refused");
    }
}

#[test]
fn the_bypass_list_goes_round_the_proxy() {
    let (service, reports) = (service(), reports());
    let proxy = RefusingProxy::start(407);
    let run = task(&service, &reports).var("AGENT_PROXYURL", &proxy.url());
    let list = r#"["elsewhere", "127\\.0\\.0\\.1"]"#;
    let finished = run.var("AGENT_PROXYBYPASSLIST", list).run_impatiently();
    published(&service, &finished);
    assert!(proxy.requests().is_empty());
}

#[test]
fn without_an_agents_proxy_the_usual_variables_count() {
    let (service, reports) = (service(), reports());
    let proxy = RefusingProxy::start(407);
    let run = task(&service, &reports)
        .var(URL, "https://ado.invalid/contoso/")
        .var("HTTPS_PROXY", &proxy.url());
    not_published(&run.run(), "KADO407");
    assert!(proxy.requests()[0].starts_with("CONNECT ado.invalid:443"));
    // Where NO_PROXY names the host, nothing goes through it.
    let before = proxy.requests().len();
    not_published(&run.var("NO_PROXY", "ado.invalid").run(), "KADO405");
    assert_eq!(proxy.requests().len(), before);
}
