//! `requestTimeout`: how long nothing may move, in either direction, and what is no silence.

use std::net::{TcpListener, ToSocketAddrs};
use std::time::{Duration, Instant};

use ado_stand_in::{Fault, Rule, StandIn};

use crate::support::holdings::the_finished_run;
use crate::support::one_result::{self, not_published, published, reports};
use crate::support::{Case, Reports, Suite, TaskRun, service, service_with};

const URL: &str = "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI";

/// One second of silence is too much, and everything is tried once.
fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    one_result::task(service, reports, "1")
}

/// A report with a picture that no buffer on the way holds.
fn with_picture() -> Reports {
    let reports = Reports::new();
    let case = Case::failed("A", "x").picture("a.png");
    let folder = reports.add(&Suite::new("Smoke", &[case]).with_log());
    let picture: Vec<u8> = (0..PICTURE).map(|at| (at * at % 251) as u8).collect();
    std::fs::write(folder.join("a.png"), picture).unwrap();
    reports
}

const PICTURE: usize = 16_000_000;

/// A server whose system keeps little of what it has not read yet.
fn slow_reader() -> StandIn {
    service_with(|settings| settings.receive_buffer = Some(16 * 1024))
}

#[test]
fn an_upload_that_is_read_slowly_is_no_silence() {
    let (service, reports) = (slow_reader(), with_picture());
    // Several seconds for the whole, and less than two for what lies in the buffers of the systems.
    let pause = Duration::from_millis(4);
    service.script(Rule::always(
        "POST",
        "/attachments$",
        Fault::SlowRead { pause },
    ));
    let begun = Instant::now();
    let finished = one_result::task(&service, &reports, "2").run_impatiently();
    assert!(begun.elapsed() > Duration::from_secs(2));
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), Vec::<String>::new());
    let run = the_finished_run(&service, &["A"]);
    assert_eq!(run["results"][0]["attachments"][0]["size"], PICTURE);
}

#[test]
fn an_upload_that_nobody_reads_is_given_up() {
    let (service, reports) = (slow_reader(), with_picture());
    service.script(Rule::always("POST", "/attachments$", Fault::NeverRead));
    let finished = task(&service, &reports).run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(finished.issues("warning"), ["KADO010"]);
    finished.says("no byte came or went for 1 seconds");
    the_finished_run(&service, &["A"]);
}

#[test]
fn a_peer_that_accepts_and_says_nothing_is_given_up() {
    let (service, reports) = (service(), reports());
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = silent.local_addr().unwrap();
    for (scheme, code, cause) in [
        ("http", "KADO409", "no byte came or went for 1 seconds"),
        ("https", "KADO405", "timed out"),
    ] {
        let finished = task(&service, &reports)
            .var(URL, &format!("{scheme}://{address}/contoso/"))
            .run_impatiently();
        not_published(&finished, code);
        finished.says(cause);
    }
    // Or a proxy that never opens the way.
    let finished = task(&service, &reports)
        .var(URL, "https://ado.invalid/contoso/")
        .var("AGENT_PROXYURL", &format!("http://{address}"))
        .run_impatiently();
    not_published(&finished, "KADO407");
}

/// Whether this machine speaks version 6 with itself; some containers do not.
fn has_ipv6() -> bool {
    let has = TcpListener::bind(("::1", 0)).is_ok();
    if !has {
        eprintln!("skipped: this machine has no address of version 6");
    }
    has
}

#[test]
fn an_address_of_version_6_is_one_like_any_other() {
    if !has_ipv6() {
        return;
    }
    let (service, reports) = (service_with(|settings| settings.ipv6 = true), reports());
    let finished = task(&service, &reports).run_impatiently();
    published(&service, &finished);
    finished.says("Server: http://[::1]:");
}

#[test]
fn of_several_addresses_of_a_name_one_that_answers_is_enough() {
    let addresses: Vec<_> = ("localhost", 80).to_socket_addrs().unwrap().collect();
    let of_both = addresses.iter().any(|address| address.is_ipv6())
        && addresses.iter().any(|address| address.is_ipv4());
    if !has_ipv6() || !of_both {
        eprintln!("skipped: 'localhost' is one address only: {addresses:?}");
        return;
    }
    // Nobody listens on the other address of the name, whichever comes first.
    for ipv6 in [false, true] {
        let (service, reports) = (service_with(|settings| settings.ipv6 = ipv6), reports());
        let url = format!("http://localhost:{}/contoso/", service.port());
        let finished = task(&service, &reports).var(URL, &url).run_impatiently();
        published(&service, &finished);
    }
}
