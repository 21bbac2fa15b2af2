//! Certificates: the agent's, the system's, and those that are refused.

use std::path::PathBuf;

use ado_stand_in::{ServerCertificate, StandIn};

use crate::support::one_result::{self, not_published, published, reports};
use crate::support::{Finished, Reports, TaskRun, service, service_with};

/// Tries everything once.
fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    one_result::task(service, reports, "5")
}

/// A server with a certificate that this machine does not know.
fn secure() -> StandIn {
    secure_with(ServerCertificate::default())
}

fn secure_with(certificate: ServerCertificate) -> StandIn {
    service_with(|settings| {
        settings.tls = true;
        settings.certificate = certificate;
    })
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

/// A machine without any root certificates, as slim containers are. Only a process of its own has
/// such an environment.
fn without_roots(run: TaskRun) -> Finished {
    run.var("SSL_CERT_FILE", "/nowhere/roots.pem").run()
}

#[test]
fn an_unknown_authority_is_told_and_not_tried_again() {
    let (service, reports) = (secure(), reports());
    // However long it may try: trying again does not change a certificate.
    let run = task(&service, &reports).input("retryFor", "86400");
    let finished = run.run_impatiently();
    not_published(&finished, "KADO408");
    finished.says("no secure connection to 'https://127.0.0.1:");
    finished.says("its certificate 'CN=Stand-in server' was issued by 'CN=Stand-in authority', which this machine does not trust");
    for setting in ["--sslcacert", "AGENT_CAINFO", "SSL_CERT_FILE"] {
        finished.says(setting);
    }
    assert!(service.requests().is_empty());
    // The CA file that there is holds another authority, of the same name at that.
    let other = secure();
    let ca = file(&reports, "other.pem", &other.ca_pem().unwrap());
    let finished = run
        .var("AGENT_CAINFO", ca.to_str().unwrap())
        .run_impatiently();
    not_published(&finished, "KADO408");
    finished.says("was signed by another authority than the one of that name that this machine");
    finished.says("Add the certificate of that authority to the agent's CA file");
}

#[test]
fn the_agents_ca_file_is_trusted() {
    let (service, reports) = (secure(), reports());
    let finished = with_ca(&service, &reports).run_impatiently();
    published(&service, &finished);
    assert_eq!(finished.issues("warning"), Vec::<String>::new());
}

#[test]
fn a_machine_without_roots_trusts_the_agents_ca_file_and_what_browsers_do() {
    let (service, reports) = (secure(), reports());
    let finished = without_roots(task(&service, &reports));
    not_published(&finished, "KADO408");
    finished.says("issued by 'CN=Stand-in authority', which this machine does not trust");
    published(&service, &without_roots(with_ca(&service, &reports)));
}

#[test]
fn the_systems_roots_are_trusted_beside_the_agents_ca_file() {
    let (service, reports) = (secure(), reports());
    // What the system trusts is read from this file; the agent's file holds another authority.
    let system = file(&reports, "system.pem", &service.ca_pem().unwrap());
    let other = file(&reports, "other.pem", &secure().ca_pem().unwrap());
    let run = task(&service, &reports).var("SSL_CERT_FILE", system.to_str().unwrap());
    let finished = run.var("AGENT_CAINFO", other.to_str().unwrap()).run();
    published(&service, &finished);
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
    // One broken certificate takes nothing from the others.
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let partly = file(
        &reports,
        "partly.pem",
        &(broken.to_owned() + &service.ca_pem().unwrap()),
    );
    let run = task(&service, &reports).var("AGENT_CAINFO", partly.to_str().unwrap());
    let finished = run.run_impatiently();
    published(&service, &finished);
    assert_eq!(finished.issues("warning"), ["KADO050"]);
    finished.says("1 of 2 certificates in the agent's CA file");
}

#[test]
fn a_certificate_that_is_out_of_date_tells_since_when() {
    let reports = reports();
    for (days, words) in [
        ((-30, -2), "expired on 20"),
        ((2, 30), "is valid only from 20"),
    ] {
        let service = secure_with(ServerCertificate {
            days,
            ..ServerCertificate::default()
        });
        let finished = with_ca(&service, &reports).run_impatiently();
        not_published(&finished, "KADO408");
        finished.says(&format!(
            "its certificate 'CN=Stand-in server', issued by 'CN=Stand-in authority', {words}"
        ));
        finished.says("(the clock of this machine says 20");
        finished.says("must be renewed");
    }
}

#[test]
fn a_certificate_for_other_names_tells_which() {
    let reports = reports();
    for (names, words) in [
        (
            &["tfs.contoso.com", "10.0.0.7"][..],
            "is for 'tfs.contoso.com', '10.0.0.7' only, and not for '127.0.0.1'",
        ),
        (&[], "names no host as it must today"),
    ] {
        let service = secure_with(ServerCertificate {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            ..ServerCertificate::default()
        });
        let finished = with_ca(&service, &reports).run_impatiently();
        not_published(&finished, "KADO408");
        finished.says(words);
        finished.says("Use an address with one of the names");
    }
}

#[test]
fn a_chain_is_followed_and_a_gap_in_it_is_told() {
    let reports = reports();
    let chain = |sent| {
        secure_with(ServerCertificate {
            intermediate: Some(sent),
            ..ServerCertificate::default()
        })
    };
    let whole = chain(true);
    published(&whole, &with_ca(&whole, &reports).run_impatiently());
    let finished = task(&whole, &reports).run_impatiently();
    finished.says("issued by 'CN=Stand-in second authority', under the authority 'CN=Stand-in authority', which this machine does not trust");
    let cut = chain(false);
    let finished = with_ca(&cut, &reports).run_impatiently();
    not_published(&finished, "KADO408");
    finished.says("issued by 'CN=Stand-in second authority', which this machine does not trust, and no certificate of that authority was sent");
    let by_itself = secure_with(ServerCertificate {
        by_itself: true,
        ..ServerCertificate::default()
    });
    let finished = with_ca(&by_itself, &reports).run_impatiently();
    not_published(&finished, "KADO408");
    finished.says("was issued by itself, and this machine does not trust it");
}

#[test]
fn an_agent_that_believes_any_certificate_is_warned_about() {
    let reports = reports();
    let service = secure_with(ServerCertificate {
        names: vec!["elsewhere".to_owned()],
        days: (-30, -2),
        by_itself: true,
        ..ServerCertificate::default()
    });
    let run = task(&service, &reports).var("AGENT_SKIPCERTVALIDATION", "True");
    for _ in 0..2 {
        let finished = run.run_impatiently();
        published(&service, &finished);
        assert_eq!(finished.issues("warning"), ["KADO016"]);
    }
}

#[test]
fn a_server_that_speaks_no_tls_is_told_as_such() {
    let (service, reports) = (service(), reports());
    let url = service.collection_url().replace("http://", "https://");
    let run = task(&service, &reports).var("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", &url);
    let finished = run.run_impatiently();
    not_published(&finished, "KADO408");
    finished.says("what answers there does not speak TLS");
    finished.says("it may be one of 'http'");
}

fn demanding() -> StandIn {
    service_with(|settings| {
        settings.tls = true;
        settings.client_certificate = true;
    })
}

#[test]
fn the_agents_client_certificate_is_shown() {
    let (service, reports) = (demanding(), reports());
    let without = with_ca(&service, &reports).run_impatiently();
    not_published(&without, "KADO408");
    without.says("it wants a client certificate");
    without.says("--sslclientcert");
    let with = |(certificate, key): (String, String)| {
        let certificate = file(&reports, "client.pem", &certificate);
        let key = file(&reports, "client.key", &key);
        with_ca(&service, &reports)
            .var("AGENT_CLIENTCERT", certificate.to_str().unwrap())
            .var("AGENT_CLIENTCERTKEY", key.to_str().unwrap())
    };
    let of_another = demanding().client_pem().unwrap();
    let finished = with(of_another).run_impatiently();
    not_published(&finished, "KADO408");
    finished.says("it does not accept the client certificate");
    let own = service.client_pem().unwrap();
    published(&service, &with(own.clone()).run_impatiently());
    // Both may stand in one file.
    let both = with((own.0 + &own.1, String::new())).var("AGENT_CLIENTCERTKEY", "");
    published(&service, &both.run_impatiently());
}

/// Made with `openssl x509 -req`, which writes version 1 where no extension is asked for.
const VERSION_1: &str = "-----BEGIN CERTIFICATE-----
MIIBJTCBzQIUbb4aJT8jLXB+lEovbyCgZ3WEtXYwCgYIKoZIzj0EAwIwFTETMBEG
A1UEAwwKb2xkIGNsaWVudDAgFw0yNjExMjUxOTExMjZaGA8yMTI2MTEwMTE5MTEy
NlowFTETMBEGA1UEAwwKb2xkIGNsaWVudDBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABCkpN1tTgi/56U4vxhqrIdsG+KVgLJjOdjOoYViUh2UcAl8scj14l3FJ8hVS
KvOivV2HtjHeexdBUWXznQsmkcIwCgYIKoZIzj0EAwIDRwAwRAIgLzW50OZaknjW
vuGN9ucD12S0tHrU5nmEnX4Bgssjvg8CIC+WkMsI5sZdHwGakwIoLTL3oTOreany
X9eu2PuG/aEU
-----END CERTIFICATE-----
";

#[test]
fn a_client_certificate_that_cannot_be_used_is_an_input_error() {
    let (service, reports) = (demanding(), reports());
    let (certificate, key) = service.client_pem().unwrap();
    let (_, other_key) = demanding().client_pem().unwrap();
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let old_encrypted = key.replace(
        "PRIVATE KEY-----\n",
        "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
    );
    let unknown_form = key.replace("PRIVATE KEY", "DSA PRIVATE KEY");
    for (certificate, key, words) in [
        (
            certificate.as_str(),
            encrypted.as_str(),
            "client.key' is encrypted",
        ),
        (&certificate, &old_encrypted, "client.key' is encrypted"),
        (
            &certificate,
            &unknown_form,
            "client.key' holds no private key in a form that is known",
        ),
        (
            &certificate,
            &other_key,
            "does not belong to the certificate",
        ),
        (
            VERSION_1,
            &key,
            "client.pem' is 'CN=old client' in the form X.509 version 1",
        ),
        (
            "0\u{82}binary",
            &key,
            "client.pem' holds no PEM certificate",
        ),
    ] {
        let certificate = file(&reports, "client.pem", certificate);
        let key = file(&reports, "client.key", key);
        let run = with_ca(&service, &reports)
            .var("AGENT_CLIENTCERT", certificate.to_str().unwrap())
            .var("AGENT_CLIENTCERTKEY", key.to_str().unwrap())
            .input("dryRun", "perhaps");
        let finished = run.run_impatiently();
        assert_eq!(finished.code, 2, "{words}: {}", finished.stdout);
        // Together with whatever else is wrong.
        assert_eq!(finished.issues("error"), ["KADO202", "KADO209"]);
        finished.says(words);
    }
    let finished = with_ca(&service, &reports)
        .var("AGENT_CLIENTCERTARCHIVE", "client.pfx")
        .run_impatiently();
    assert_eq!(finished.issues("error"), ["KADO209"], "{}", finished.stdout);
    finished.says("'client.pfx' is an archive (PKCS#12)");
    finished.says("openssl pkcs12 -nodes -in client.pfx");
    assert!(service.requests().is_empty());
}
