//! Proxies: the agent's, those of the usual variables, and what goes round them.

use ado_stand_in::{ForwardingProxy, RefusingProxy, ServerCertificate, StandIn};

use crate::support::one_result::{self, not_published, published, reports};
use crate::support::{Reports, TaskRun, service, service_with};

const URL: &str = "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI";

/// Nobody but a proxy knows this name.
const HTTP: &str = "http://ado.invalid/contoso/";
const HTTPS: &str = "https://ado.invalid/contoso/";

/// Tries everything once.
fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    one_result::task(service, reports, "5").var(URL, HTTP)
}

/// A server whose certificate is for the name that only a proxy knows.
fn secure() -> StandIn {
    service_with(|settings| {
        settings.tls = true;
        settings.certificate = ServerCertificate {
            names: vec!["ado.invalid".to_owned()],
            ..ServerCertificate::default()
        };
    })
}

#[test]
fn the_agents_proxy_is_used_with_its_user() {
    let reports = reports();
    for (service, address) in [(service(), HTTP), (secure(), HTTPS)] {
        // A blank, a colon and an `@`: whatever a password may hold.
        let password = "pass: w@rd";
        let proxy = ForwardingProxy::start(service.port(), Some(("me", password)));
        let mut run = task(&service, &reports)
            .var(URL, address)
            .var("AGENT_PROXYURL", &proxy.url())
            .var("AGENT_PROXYUSERNAME", "me")
            .var("SECRET_AGENT_PROXYPASSWORD", password);
        if let Some(ca) = service.ca_pem() {
            let file = reports.path().join("ca.pem");
            std::fs::write(&file, ca).unwrap();
            run = run.var("AGENT_CAINFO", file.to_str().unwrap());
        }
        published(&service, &run.run_impatiently());
        let head = proxy.requests()[0].to_lowercase();
        // The token goes through a tunnel, or with the request.
        let tunnelled = address == HTTPS;
        assert_eq!(head.starts_with("connect ado.invalid:443 "), tunnelled);
        assert_eq!(head.contains("\nauthorization:"), !tunnelled);
        // A wrong password is told as such, and not tried again.
        let finished = run
            .var("SECRET_AGENT_PROXYPASSWORD", "hunter2-hunter2")
            .input("retryFor", "86400")
            .run_impatiently();
        not_published(&finished, "KADO407");
        finished.says(&format!(
            "the proxy '{}' does not accept user 'me' and password",
            proxy.url()
        ));
        finished.says("--proxyusername, --proxypassword");
        finished.lacks("hunter2");
    }
}

#[test]
fn a_proxy_that_wants_a_password_that_nobody_gave_is_told_as_such() {
    let (service, reports) = (service(), reports());
    for address in [HTTP, HTTPS] {
        let proxy = RefusingProxy::start(407);
        let finished = task(&service, &reports)
            .var(URL, address)
            .var("AGENT_PROXYURL", &proxy.url())
            .run_impatiently();
        not_published(&finished, "KADO407");
        finished.says("wants a user and password, and none is given");
    }
}

#[test]
fn a_proxy_that_answers_a_wrong_password_with_401_is_told_as_such() {
    let (service, reports) = (service(), reports());
    for address in [HTTP, HTTPS] {
        let proxy = RefusingProxy::start(401);
        let finished = task(&service, &reports)
            .var(URL, address)
            .var("AGENT_PROXYURL", &proxy.url())
            .var("AGENT_PROXYUSERNAME", "me")
            .var("SECRET_AGENT_PROXYPASSWORD", "hunter2")
            .input("retryFor", "86400")
            .run_impatiently();
        not_published(&finished, "KADO407");
        finished.says(&proxy.url());
        finished.says("--proxyusername, --proxypassword");
        finished.lacks("hunter2");
        // Whoever asks for the reason shows who he is as well, or the reason would be another one.
        let heads = proxy.requests();
        let shows = |head: &&String| {
            head.to_lowercase()
                .contains("\nproxy-authorization: basic ")
        };
        assert_eq!(heads.iter().filter(shows).count(), heads.len());
        // A tunnel and its reason; or a request and the question for the version.
        assert_eq!(heads.len(), 2);
    }
}

#[test]
fn what_a_proxy_answers_to_connect_is_told_and_it_never_sees_the_token() {
    let (service, reports) = (service(), reports());
    for (status, words) in [
        (
            401,
            "the proxy '{}' wants a user and password, and none is given (it answered CONNECT with 401 Unauthorized). Check user and password in the address of the variable HTTPS_PROXY: they stand before the host, with ':' between and '@' behind them",
        ),
        (
            403,
            "no way through the proxy '{}' to 'https://ado.invalid/contoso/': it answered CONNECT with 403 Forbidden. Check the variable HTTPS_PROXY",
        ),
        (302, "it answered CONNECT with 302 Found"),
        (502, "it answered CONNECT with 502 Bad Gateway"),
    ] {
        let proxy = RefusingProxy::start(status);
        let finished = task(&service, &reports)
            .var(URL, HTTPS)
            .var("HTTPS_PROXY", &proxy.url())
            .input("retryFor", "0")
            .run_impatiently();
        not_published(&finished, "KADO407");
        finished.says(&words.replace("{}", &proxy.url()));
        for head in proxy.requests() {
            let head = head.to_lowercase();
            assert!(head.starts_with("connect ado.invalid:443 "), "{head}");
            assert!(!head.contains("\nauthorization:"), "{head}");
        }
    }
}

#[test]
fn a_proxy_that_bars_the_way_is_told_as_such() {
    let (service, reports) = (service(), reports());
    for address in [HTTP, HTTPS] {
        let proxy = RefusingProxy::start(403);
        let finished = task(&service, &reports)
            .var(URL, address)
            .var("AGENT_PROXYURL", &proxy.url())
            .run_impatiently();
        not_published(&finished, "KADO407");
        finished.says("Check the address of the agent's proxy (--proxyurl)");
        finished.lacks("lacks the permission");
    }
}

#[test]
fn a_proxy_that_is_not_there_is_told_as_such() {
    let (service, reports) = (service(), reports());
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let proxy = format!("http://127.0.0.1:{}", closed.local_addr().unwrap().port());
    drop(closed);
    for address in [HTTP, HTTPS] {
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
fn the_bypass_list_goes_round_the_proxy_and_what_cannot_be_used_is_named() {
    let (service, reports) = (service(), reports());
    let proxy = RefusingProxy::start(407);
    let run = task(&service, &reports)
        .var("AGENT_PROXYURL", &proxy.url())
        .var(
            "AGENT_PROXYBYPASSLIST",
            r#"["elsewhere", "ADO\\.invalid$"]"#,
        );
    // Without the proxy nobody knows the name.
    not_published(&run.run_impatiently(), "KADO405");
    assert!(proxy.requests().is_empty());
    let finished = run
        .var("AGENT_PROXYBYPASSLIST", r#"["(?=x)ado", "*.invalid"]"#)
        .run_impatiently();
    not_published(&finished, "KADO407");
    assert_eq!(finished.issues("warning"), ["KADO023", "KADO023"]);
    finished.says("the entry '(?=x)ado' of the agent's proxy bypass list cannot be used");
}

#[test]
fn what_is_on_this_machine_goes_round_the_agents_proxy() {
    let (service, reports) = (service(), reports());
    let proxy = RefusingProxy::start(407);
    let finished = task(&service, &reports)
        .var(URL, &service.collection_url())
        .var("AGENT_PROXYURL", &proxy.url())
        .run_impatiently();
    published(&service, &finished);
    assert!(proxy.requests().is_empty());
}

#[test]
fn without_an_agents_proxy_the_usual_variables_count() {
    let (service, reports) = (service(), reports());
    let proxy = ForwardingProxy::start(service.port(), Some(("a@b", "hunter2")));
    let url = proxy.url().replace("http://", "http://a%40b:hunter2@");
    for variable in ["HTTP_PROXY", "http_proxy"] {
        let finished = task(&service, &reports)
            .var(variable, &url)
            .var("SYSTEM_DEBUG", "true")
            .run();
        published(&service, &finished);
        finished.lacks("hunter2");
    }
    let refusing = RefusingProxy::start(407);
    let url = refusing.url().replace("http://", "me:hunter2@");
    for (variable, exceptions) in [("HTTPS_PROXY", "NO_PROXY"), ("https_proxy", "no_proxy")] {
        let run = task(&service, &reports).var(URL, HTTPS).var(variable, &url);
        let finished = run.run();
        not_published(&finished, "KADO407");
        finished.says("does not accept user 'me' and password (client error");
        finished.says(&format!(
            "user and password in the address of the variable {variable}"
        ));
        finished.lacks("hunter2");
        assert!(refusing.requests()[0].starts_with("CONNECT ado.invalid:443"));
        // Where the exceptions name the host, nothing goes through it.
        let before = refusing.requests().len();
        not_published(&run.var(exceptions, ".invalid").run(), "KADO405");
        assert_eq!(refusing.requests().len(), before);
    }
    let finished = task(&service, &reports)
        .var("HTTP_PROXY", "socks5://proxy:1080")
        .run();
    not_published(&finished, "KADO412");
    finished.says("HTTP_PROXY is a proxy of the kind 'socks5'");
}

#[test]
fn the_authority_of_a_proxy_that_opens_connections_is_told_and_trusted_if_given() {
    let (service, reports) = (secure(), reports());
    let proxy = ForwardingProxy::start(service.port(), None);
    let run = task(&service, &reports)
        .var(URL, HTTPS)
        .var("AGENT_PROXYURL", &proxy.url());
    let finished = run.run_impatiently();
    not_published(&finished, "KADO408");
    finished.says("issued by 'CN=Stand-in authority', which this machine does not trust");
    finished.says(&format!(
        "If the proxy '{}' opens secure connections, it is the proxy's authority.",
        proxy.url()
    ));
    let file = reports.path().join("ca.pem");
    std::fs::write(&file, service.ca_pem().unwrap()).unwrap();
    let finished = run.var("AGENT_CAINFO", file.to_str().unwrap());
    published(&service, &finished.run_impatiently());
}
