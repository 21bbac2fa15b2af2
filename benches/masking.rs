//! Masking 64 MB of a log, against hashing the same bytes, which every attached file costs anyway:
//! `cargo bench --bench masking`. Ratios, because seconds say little about another machine.
//!
//! What must show: a thousand secrets cost hardly more than one, and a text made to be slow costs no
//! more than some ten times an ordinary one. Secrets that end with each other are told one by one
//! wherever they end: a text of them alone costs as many times more as there are, 64 at most.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use katalon_ado::secrets::{SecretNames, Secrets, TextKind};

/// Runs of each; the median counts.
const RUNS: usize = 3;

const LENGTH: usize = 64 * 1024 * 1024;

fn main() -> io::Result<()> {
    // `cargo test --benches` starts this too, and has nothing to gain from it.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    let mut out = io::stdout();
    let log = repeated(RECORD);
    let floor = median(|| {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        log.chunks(64 * 1024)
            .for_each(|piece| context.update(piece));
        usize::from(context.finish().as_ref()[0])
    });
    writeln!(out, "SHA-256 of 64 MB: {} ms", floor.as_millis())?;
    for (name, text, secrets) in [
        ("no secret but names", &log, secrets(0)),
        ("one secret", &log, secrets(1)),
        ("100 secrets", &log, secrets(100)),
        ("1,000 secrets", &log, secrets(1_000)),
        ("5,000 secrets", &log, secrets(5_000)),
        ("one secret of 15 MB", &log, long_secret()),
        (
            "secrets that end with each other",
            &repeated("x"),
            nested_secrets(),
        ),
        (
            "1,000 secrets, each line one of them",
            &repeated("<message>p&amp;ss \"word\" 17</message>\n"),
            secrets(1_000),
        ),
        (
            "names that lead to nothing",
            &repeated("passwordtokensecretpwd"),
            secrets(1),
        ),
        (
            "typed texts without an end",
            &repeated("text 'text &apos;setText(find(\"a"),
            secrets(1),
        ),
        ("addresses without an end", &repeated("://a"), secrets(1)),
        (
            "quotes without an end",
            &repeated("\"token\":\"\\\\\\\""),
            secrets(1),
        ),
        (
            "brackets without an end",
            &repeated("\"token\":[["),
            secrets(1),
        ),
        ("maps without an end", &repeated("[token:["), secrets(1)),
        ("entries of no map", &repeated(", token:x"), secrets(1)),
    ] {
        let time = median(|| masked(&secrets, text));
        let ratio = time.as_secs_f64() / floor.as_secs_f64();
        writeln!(out, "{name}: {ratio:.1} x")?;
    }
    Ok(())
}

/// A step as Katalon writes it, with a value that is secret by its name.
const RECORD: &str = "<record>\n  <date>2026-09-01T10:15:02.123456Z</date>\n  \
    <millis>1788257702123</millis>\n  <nanos>456000</nanos>\n  <sequence>4711</sequence>\n  \
    <level>START</level>\n  <class>com.kms.katalon.core.logging.XmlKeywordLogger</class>\n  \
    <method>startKeyword</method>\n  <thread>1</thread>\n  \
    <message>Start action : setText(findTestObject(&amp;quot;Object Repository/Page_Login/\
    input_password&amp;quot;), &amp;quot;p&amp;amp;ss word 17&amp;quot;)</message>\n  \
    <nestedLevel>1</nestedLevel>\n  <escapedJava>false</escapedJava>\n  \
    <property name=\"stepIndex\">12</property>\n</record>\n";

fn repeated(piece: &str) -> Vec<u8> {
    let mut text = piece.repeat(LENGTH / piece.len() + 1).into_bytes();
    text.truncate(LENGTH);
    text
}

fn secrets(count: usize) -> Secrets {
    let mut secrets = Secrets::new(SecretNames::default(), true);
    for number in 0..count {
        secrets.learn_test_data("password", &format!("p&ss \"word\" {number}"));
    }
    secrets.learn_job([("TOKEN", "a secret of the job")]);
    secrets.learn_token("access-token");
    secrets
}

fn long_secret() -> Secrets {
    let mut secrets = secrets(0);
    secrets.learn_test_data("password", &"Sommer2026".repeat(1_500_000));
    secrets
}

/// As somebody has them who tries how long a password may be.
fn nested_secrets() -> Secrets {
    let mut secrets = secrets(0);
    for length in 6..64 {
        secrets.learn_test_data("password", &"x".repeat(length));
    }
    secrets
}

fn masked(secrets: &Secrets, text: &[u8]) -> usize {
    let Ok(mut reader) = secrets.masked(text, TextKind::Data) else {
        return 0;
    };
    let mut piece = vec![0; 64 * 1024];
    let mut length = 0;
    while let Ok(read) = reader.read(&mut piece) {
        if read == 0 {
            break;
        }
        length += read;
    }
    length
}

fn median(mut work: impl FnMut() -> usize) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            std::hint::black_box(work());
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}
