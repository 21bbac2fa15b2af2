//! Connections, and what can be made to go wrong with them.

use crate::support::*;
use ado_stand_in::{
    Fault, ForwardingProxy, RefusingProxy, Rule, ServerCertificate, Settings, StandIn,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

const RUNS: &str = "Shop/_apis/test/runs";
const SHORT: Duration = Duration::from_millis(60);

/// A service in which this happens to the first creation of a run.
fn with_fault(fault: Fault) -> StandIn {
    let service = service();
    service.script(Rule::once("POST", "/runs$", fault));
    service
}

fn create(service: &StandIn) -> io::Result<Reply> {
    try_send(service, "POST", RUNS, &run_body())
}

/// Waits until so many runs are stored.
fn wait_for_runs(service: &StandIn, count: usize) {
    let begin = Instant::now();
    while service.runs().len() < count {
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "the run never came"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn one_connection_serves_many_requests() {
    let service = service();
    let mut stream = connect(&service);
    for _ in 0..20 {
        write_request(
            &mut stream,
            "GET",
            "/contoso/_apis/projects/Shop",
            &[TOKEN],
            b"",
        )
        .unwrap();
        assert_eq!(read_reply(&mut stream).unwrap().status, 200);
    }
    get(&service, "_apis/projects/Shop");
    let connections: Vec<u64> = service
        .requests()
        .iter()
        .map(|request| request.connection)
        .collect();
    assert_eq!(connections[..20], [1; 20]);
    assert_eq!(connections[20], 2);
}

#[test]
fn an_answer_comes_in_one_piece() {
    let service = service();
    let mut stream = connect(&service);
    write_request(
        &mut stream,
        "GET",
        "/contoso/_apis/projects/Shop",
        &[TOKEN],
        b"",
    )
    .unwrap();
    let mut buffer = [0; 16 * 1024];
    let length = stream.read(&mut buffer).unwrap();
    let text = String::from_utf8_lossy(&buffer[..length]);
    assert!(
        text.starts_with("HTTP/1.1 200") && text.ends_with('}'),
        "{text}"
    );
}

#[test]
fn a_body_in_chunks_is_read_too() {
    let service = service();
    let mut stream = connect(&service);
    let body = run_body().to_string();
    let head = "POST /contoso/Shop/_apis/test/runs?api-version=7.1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer stand-in-token\r\n\
                Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (first, second) = body.split_at(5);
    let chunks = format!(
        "{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    stream
        .write_all(format!("{head}{chunks}").as_bytes())
        .unwrap();
    assert_eq!(read_reply(&mut stream).unwrap().status, 200);
}

#[test]
fn a_status_can_come_instead_of_handling_or_after_it() {
    let service = with_fault(Fault::retry_after(503, 7));
    let reply = create(&service).unwrap();
    refused(&reply, 503, "TF400733");
    assert_eq!(reply.header("Retry-After"), Some("7"));
    assert_eq!(
        (service.runs().len(), service.requests()[0].handled),
        (0, false)
    );

    let service = with_fault(Fault::status_after(500));
    refused(&create(&service).unwrap(), 500, "Internal Error");
    assert_eq!(
        (service.runs().len(), service.requests()[0].handled),
        (1, true)
    );

    let service = with_fault(Fault::Status {
        code: 418,
        headers: vec![("Content-Type".into(), "text/plain".into())],
        body: Some("tea".into()),
        handled: false,
    });
    let reply = create(&service).unwrap();
    assert_eq!((reply.status, reply.text()), (418, "tea".into()));
    let head = reply.head.to_lowercase();
    assert!(
        head.contains("content-type: text/plain") && !head.contains("application/json"),
        "{head}"
    );
}

#[test]
fn a_connection_can_be_reset_before_or_after_handling() {
    for (fault, runs) in [(Fault::ResetBefore, 0), (Fault::ResetAfter, 1)] {
        let service = with_fault(fault);
        let error = create(&service).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(service.runs().len(), runs);
        let recorded = &service.requests()[0];
        assert_eq!((recorded.status, recorded.handled), (None, runs == 1));
        assert_eq!(
            create(&service).unwrap().status,
            200,
            "only the first one is met"
        );
    }
}

#[test]
fn a_request_can_be_handled_after_its_connection_is_gone() {
    let service = with_fault(Fault::HandledLate { delay: SHORT });
    let begin = Instant::now();
    assert!(create(&service).is_err());
    let looked = service.runs().len();
    if begin.elapsed() < SHORT {
        assert_eq!(looked, 0, "it is not handled before its time");
    }
    wait_for_runs(&service, 1);
    assert!(begin.elapsed() >= SHORT);
}

#[test]
fn an_answer_can_come_late() {
    let service = with_fault(Fault::Slow { delay: SHORT });
    let begin = Instant::now();
    assert_eq!(create(&service).unwrap().status, 200);
    assert!(begin.elapsed() >= SHORT);
}

#[test]
fn the_body_of_an_answer_can_come_in_pieces() {
    let service = service();
    service.script(Rule::once(
        "GET",
        "/projects/",
        Fault::SlowBody {
            bytes: 50,
            interval: Duration::from_millis(10),
        },
    ));
    let begin = Instant::now();
    let reply = get(&service, "_apis/projects/Shop");
    assert_eq!(reply.json()["name"], "Shop");
    let pieces = reply.body.len().div_ceil(50) as u32;
    assert!(pieces > 2 && begin.elapsed() >= Duration::from_millis(10) * pieces);
}

#[test]
fn an_answer_can_break_off() {
    let service = with_fault(Fault::Truncated { bytes: 10 });
    let mut stream = connect(&service);
    let body = run_body().to_string();
    write_request(
        &mut stream,
        "POST",
        "/contoso/Shop/_apis/test/runs?api-version=7.1",
        &[TOKEN, JSON],
        body.as_bytes(),
    )
    .unwrap();
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), 10, "{body}");
    let promised: usize = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")
                .map(|n| n.parse().unwrap())
        })
        .unwrap();
    assert!(promised > 100);
    assert_eq!(service.runs().len(), 1);
}

#[test]
fn a_request_can_be_answered_with_the_sign_in_page_or_sent_elsewhere() {
    let service = with_fault(Fault::SignInPage);
    let reply = create(&service).unwrap();
    assert_eq!(
        (reply.status, reply.header("Content-Type")),
        (203, Some("text/html; charset=utf-8"))
    );
    let service = with_fault(Fault::Redirect {
        location: "https://elsewhere.example/_signin".into(),
    });
    let reply = create(&service).unwrap();
    assert_eq!(
        (reply.status, reply.header("Location")),
        (302, Some("https://elsewhere.example/_signin"))
    );
    assert!(service.runs().is_empty());
}

#[test]
fn a_request_can_be_left_without_an_answer() {
    let service = with_fault(Fault::NeverAnswer);
    let mut stream = connect(&service);
    stream.set_read_timeout(Some(SHORT)).unwrap();
    let body = run_body().to_string();
    write_request(
        &mut stream,
        "POST",
        "/contoso/Shop/_apis/test/runs?api-version=7.1",
        &[TOKEN, JSON],
        body.as_bytes(),
    )
    .unwrap();
    let error = read_reply(&mut stream).unwrap_err();
    assert!(
        matches!(
            error.kind(),
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
        ),
        "{error}"
    );
    assert!(service.runs().is_empty());
}

#[test]
fn a_request_can_be_left_unread() {
    let service = with_fault(Fault::NeverRead);
    let mut stream = connect(&service);
    stream.set_write_timeout(Some(SHORT)).unwrap();
    // More than any socket holds by itself.
    let body = vec![b' '; 64 * 1024 * 1024];
    let path = "/contoso/Shop/_apis/test/runs?api-version=7.1";
    let error = write_request(&mut stream, "POST", path, &[TOKEN, JSON], &body).unwrap_err();
    assert!(
        matches!(
            error.kind(),
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
        ),
        "{error}"
    );
    let recorded = &service.requests()[0];
    assert_eq!((recorded.status, recorded.body_length), (None, 0));
}

#[test]
fn a_body_can_be_read_slowly() {
    let service = with_fault(Fault::SlowRead { pause: SHORT });
    let begin = Instant::now();
    assert_eq!(create(&service).unwrap().status, 200);
    // Before the body and before its end.
    assert!(begin.elapsed() >= SHORT * 2);
    assert_eq!(service.requests()[0].json(), run_body());
}

#[test]
fn a_request_that_took_the_server_for_a_proxy_is_told_apart() {
    let service = service();
    exchange(
        &service,
        "GET",
        &format!("{}_apis/projects/Shop", service.collection_url()),
        &[TOKEN],
        b"",
    )
    .unwrap();
    get(&service, "_apis/projects/Shop");
    let requests = service.requests();
    assert_eq!(
        (requests[0].status, requests[0].through_proxy),
        (Some(200), true)
    );
    assert_eq!(
        (requests[1].status, requests[1].through_proxy),
        (Some(200), false)
    );
}

#[test]
fn a_success_can_ask_to_wait() {
    let service = service();
    let slow_down = Fault::HeadersOnSuccess(vec![
        ("Retry-After".into(), "3".into()),
        ("X-RateLimit-Remaining".into(), "0".into()),
    ]);
    service.script(Rule::always("GET", "/projects/", slow_down));
    let reply = get(&service, "_apis/projects/Shop");
    assert_eq!(
        (
            reply.status,
            reply.header("Retry-After"),
            reply.header("x-ratelimit-remaining")
        ),
        (200, Some("3"), Some("0"))
    );
    assert_eq!(
        get(&service, "_apis/projects/Nowhere").header("Retry-After"),
        None
    );
}

#[test]
fn something_can_happen_just_before_a_request() {
    let service = service();
    let run = new_run(&service);
    service.script(Rule::once(
        "POST",
        "/results$",
        Fault::meanwhile(move |service| {
            service.edit_run(run, &json!({ "state": "Aborted" }));
        }),
    ));
    refused(
        &add_results(&service, run, &json!([result_body("a")])),
        400,
        "which is in Aborted state",
    );
    service.script(Rule::once(
        "PATCH",
        "/runs/",
        Fault::meanwhile(move |service| {
            service.delete_run(run);
        }),
    ));
    refused(
        &patch(&service, &format!("Shop/_apis/test/runs/{run}"), &json!({})),
        404,
        "It may have been deleted",
    );
}

#[test]
fn rules_count_their_requests() {
    let service = service();
    service.script(
        Rule::once("GET", "/projects/", Fault::status(500))
            .nth(2)
            .times(2),
    );
    let statuses: Vec<u16> = (0..5)
        .map(|_| get(&service, "_apis/projects/Shop").status)
        .collect();
    assert_eq!(statuses, [200, 500, 500, 200, 200]);
    service.script(Rule::always("GET", "/runs?*$top=5", Fault::status(429)));
    assert_eq!(get(&service, "Shop/_apis/test/runs?$top=5").status, 429);
    assert_eq!(get(&service, "Shop/_apis/test/runs?$top=6").status, 200);
    service.clear_script();
    assert_eq!(get(&service, "Shop/_apis/test/runs?$top=5").status, 200);
}

#[test]
fn a_service_that_is_dropped_is_gone() {
    let service = service();
    let port = service.port();
    drop(service);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn the_clock_can_go_wrong() {
    let service = service_with(|settings| settings.clock_ahead = -3600 * 24 * 400);
    let reply = get(&service, "_apis/projects/Shop");
    let year: i32 = service.now()[..4].parse().unwrap();
    assert!(reply.header("Date").unwrap().contains(&year.to_string()));
    let this_year: i32 = crate::support::service().now()[..4].parse().unwrap();
    assert!(year < this_year);
}

/// One GET over TLS; the certificate and key of the client are optional.
fn get_over_tls(
    service: &StandIn,
    trusted: Option<&str>,
    client: Option<(String, String)>,
) -> io::Result<Reply> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = trusted {
        roots
            .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
            .unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match client {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            config
                .with_client_auth_cert(
                    chain,
                    PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                )
                .unwrap()
        }
    };
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, connect(service));
    write_request(
        &mut stream,
        "GET",
        "/contoso/_apis/projects/Shop",
        &[TOKEN],
        b"",
    )?;
    read_reply(&mut stream)
}

#[test]
fn over_tls_a_client_must_trust_the_private_authority() {
    let service = StandIn::start(Settings {
        tls: true,
        ..Settings::default()
    });
    assert!(service.collection_url().starts_with("https://127.0.0.1:"));
    let authority = service.ca_pem().unwrap();
    assert_eq!(
        get_over_tls(&service, Some(&authority), None)
            .unwrap()
            .status,
        200
    );
    assert!(get_over_tls(&service, None, None).is_err());
    assert!(crate::support::service().ca_pem().is_none());
}

#[test]
fn over_tls_a_client_certificate_can_be_demanded() {
    let service = StandIn::start(Settings {
        tls: true,
        client_certificate: true,
        ..Settings::default()
    });
    let authority = service.ca_pem().unwrap();
    assert!(get_over_tls(&service, Some(&authority), None).is_err());
    let client = service.client_pem();
    assert_eq!(
        get_over_tls(&service, Some(&authority), client)
            .unwrap()
            .status,
        200
    );
}

#[test]
fn a_proxy_refuses_everybody() {
    let proxy = RefusingProxy::start(407);
    for request in [
        "CONNECT dev.azure.com:443 HTTP/1.1",
        "GET http://127.0.0.1:1/contoso/ HTTP/1.1",
    ] {
        let mut stream = TcpStream::connect(proxy.url().trim_start_matches("http://")).unwrap();
        stream
            .write_all(
                format!("{request}\r\nHost: a\r\nProxy-Authorization: Basic YTpi\r\n\r\n")
                    .as_bytes(),
            )
            .unwrap();
        let reply = read_reply(&mut stream).unwrap();
        assert_eq!(reply.status, 407);
        assert!(
            reply
                .header("Proxy-Authenticate")
                .unwrap()
                .starts_with("Basic")
        );
    }
    let requests = proxy.requests();
    assert!(requests[0].starts_with("CONNECT dev.azure.com:443"));
    assert!(requests[1].contains("Proxy-Authorization: Basic YTpi"));
}

#[test]
fn a_proxy_lets_pass_who_knows_the_password() {
    let service = crate::support::service();
    let proxy = ForwardingProxy::start(service.port(), Some(("a", "b")));
    let ask = |request: &str, password: &str| {
        let mut stream = TcpStream::connect(proxy.url().trim_start_matches("http://")).unwrap();
        let head = format!("{request} HTTP/1.1\r\nHost: a\r\n{password}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        (read_reply(&mut stream).unwrap().status, stream)
    };
    let password = "Proxy-Authorization: Basic YTpi\r\n";
    let address = "GET http://ado.invalid/contoso/_apis/projects/Shop";
    for wrong in ["", "Proxy-Authorization: Basic eDp5\r\n"] {
        assert_eq!(ask(address, wrong).0, 407);
        assert_eq!(ask("CONNECT ado.invalid:443", wrong).0, 407);
    }
    let token = format!("{}: {}\r\n", TOKEN.0, TOKEN.1);
    assert_eq!(ask(address, &(token.clone() + password)).0, 200);
    let (status, mut tunnel) = ask("CONNECT ado.invalid:443", password);
    assert_eq!(status, 200);
    let head = format!("GET /contoso/_apis/projects/Shop HTTP/1.1\r\nHost: a\r\n{token}\r\n");
    tunnel.write_all(head.as_bytes()).unwrap();
    assert_eq!(read_reply(&mut tunnel).unwrap().status, 200);
    assert_eq!(proxy.requests().len(), 6);
}

#[test]
fn a_certificate_can_be_one_that_nobody_should_trust() {
    for certificate in [
        ServerCertificate {
            names: vec!["elsewhere".into()],
            ..ServerCertificate::default()
        },
        ServerCertificate {
            days: (-3, -1),
            ..ServerCertificate::default()
        },
        ServerCertificate {
            by_itself: true,
            ..ServerCertificate::default()
        },
        ServerCertificate {
            intermediate: Some(false),
            ..ServerCertificate::default()
        },
    ] {
        let service = StandIn::start(Settings {
            tls: true,
            certificate,
            ..Settings::default()
        });
        let authority = service.ca_pem().unwrap();
        assert!(get_over_tls(&service, Some(&authority), None).is_err());
    }
}

#[test]
fn it_can_listen_on_the_address_of_the_sixth_version() {
    let service = StandIn::start(Settings {
        ipv6: true,
        ..Settings::default()
    });
    assert!(service.collection_url().starts_with("http://[::1]:"));
    assert!(TcpStream::connect(("::1", service.port())).is_ok());
}
