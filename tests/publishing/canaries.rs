//! Canaries stand wherever a secret can be, and nothing that leaves the process holds one: no byte
//! that the service receives, no line of the log, no file that is written, no command line.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use ado_stand_in::{Service, StandIn};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::plan::{katalon_project, settings};
use crate::support::{
    Case, Finished, Reports, Suite, TaskRun, assert_swagger, escaped, service, service_with,
};

/// What is secret, by where it is known from. No word is part of another.
const CANARIES: [(&str, &str); 23] = [
    ("a secret variable", "canary+job/41"),
    ("the first line of one of two", "canary-line-1-of-job"),
    ("bound in the plan", "canaryPlan42"),
    ("bound with signs", "can\"ary & <plan> 'ü' 43"),
    ("bound in JUnit, under a cut key", "canaryJunit44"),
    ("bound in the log", "canaryLog45"),
    ("bound in the log, and changed", "canaryChanged64"),
    ("masked by Katalon itself", "canaryMasked46"),
    ("the iteration's value", "canaryIteration47"),
    ("a global variable of the execution", "canaryGlobal48"),
    ("a profile of the project", "canaryProfile49"),
    ("a profile that cannot be read", "canaryMerged66"),
    ("typed", "canaryTyped50"),
    ("typed, as the message tells", "canaryTold51"),
    ("typed encrypted", "canaryEncrypted52=="),
    ("the address of a driver", "canaryUser53"),
    ("named by secretNames", "canaryNamed54"),
    ("a header of a HAR", "canaryHeader55"),
    ("a cookie of a HAR", "canaryCookie56"),
    ("a body of a HAR", "canaryBody57"),
    ("a field of a HAR", "canary Field 58"),
    ("a parameter of a HAR", "canaryParameter59"),
    ("the other run in the log", "canaryOther60"),
];

/// What is masked only where its name stands beside it: nothing binds it.
const BESIDE_ITS_NAME: [(&str, &str); 5] = [
    ("Authorization: Basic canaryBasic61==", "canaryBasic61"),
    ("{\"apiKey\":\"canaryKey62\"}", "canaryKey62"),
    (
        "https://h.example.com/?a=1&access_token=canaryQuery63",
        "canaryQuery63",
    ),
    ("Set-Cookie: sid=canarySet64; Path=/", "canarySet64"),
    ("[user:ann, password:canaryMap65, id:1]", "canaryMap65"),
];

fn canary(from: &str) -> &'static str {
    let mut canaries = CANARIES.iter();
    canaries.find(|(name, _)| *name == from).unwrap().1
}

/// Every canary in one text, as an application under test may tell them.
fn all() -> String {
    let told: Vec<&str> = CANARIES.iter().map(|(_, canary)| *canary).collect();
    format!(
        "told: {}; https://token:canaryUser53@h.example.com/",
        told.join(" | ")
    )
}

fn put(file: &Path, text: impl AsRef<[u8]>) {
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

/// A record of the log; the texts are escaped once more than XML asks for, the properties not.
fn record(level: &str, method: &str, message: &str, properties: &[(&str, &str)]) -> String {
    let properties: String = properties
        .iter()
        .map(|(name, value)| format!("<property name=\"{name}\">{}</property>\n", escaped(value)))
        .collect();
    format!(
        "<record><millis>1754907302500</millis><level>{level}</level><method>{method}</method>\
         <message>{}</message><nestedLevel>1</nestedLevel><escapedJava>false</escapedJava>\n\
         {properties}</record>\n",
        escaped(&escaped(message))
    )
}

/// A report with every canary in every place that may hold it.
fn report(reports: &Reports) {
    let told = all();
    let beside: Vec<&str> = BESIDE_ITS_NAME.iter().map(|(text, _)| *text).collect();
    let cases = [
        Case::failed("A", &format!("{told}\n\tat {told}"))
            .step(&told)
            .output(&format!("{told}\n{}", beside.join("\n")))
            .bound("password", canary("bound in the plan"))
            .bound("(Data) clientSecret", canary("bound with signs"))
            .bound("customer", canary("named by secretNames"))
            .picture("1.png")
            .after("ERROR", &told, &[]),
        Case::failed("A", &told).bound("password", "x"),
        Case::passed("Flaky").after("FAILED", &told, &[]),
    ];
    let suite = Suite::new("Smoke", &cases)
        .host(&format!("{told} - {told}"))
        .browser(&told)
        .os(&told)
        .profile(&told)
        .setup_failed(&told)
        .with_log();
    let folder = reports.add(&suite);
    put(&folder.join("1.png"), "picture");
    for name in ["canaryPlan42.csv", "console0.log", "a.html"] {
        put(
            &folder.join(name),
            format!("<p>{}</p>\n\"{told}\"\n", escaped(&told)),
        );
    }
    // More than 10 MB, so that it is zipped.
    let line = format!("{told} {}\n", "x".repeat(200));
    put(
        &folder.join("console1.log"),
        line.repeat(11_000_000 / line.len()),
    );
    let junit = std::fs::read_to_string(folder.join("JUnit_Report.xml")).unwrap();
    let bound = json!({"(Default) passw...": canary("bound in JUnit, under a cut key")});
    let bound = format!(
        "<testcase$1<properties><property name=\"data_binding\"><![CDATA[{bound}]]></property></properties>"
    );
    let first = junit.find("<testcase").unwrap();
    let end = first + junit[first..].find('>').unwrap() + 1;
    let bound = bound.replace("<testcase$1", "");
    put(
        &folder.join("JUnit_Report.xml"),
        format!("{}{bound}{}", &junit[..end], &junit[end..]),
    );
    log(&folder, &beside);
    let properties = json!({
        "id": "Test Suites/Smoke",
        "execution": {"general": {"executionProfile": told}},
        "overridingGlobalVariables": {"G_Token": canary("a global variable of the execution")},
    });
    put(&folder.join("execution.properties"), properties.to_string());
    let plan = std::fs::read_to_string(folder.join("testCaseBinding")).unwrap();
    let plan = plan.replacen(
        "\"iterationVariableName\":\"\"",
        "\"iterationVariableName\":\"password\"",
        1,
    );
    put(&folder.join("testCaseBinding"), plan);
    har(&folder);
    let profile = format!(
        "<GlobalVariableEntities><name>staging</name><GlobalVariableEntity><initValue>'{}'\
         </initValue><name>G_Password</name></GlobalVariableEntity></GlobalVariableEntities>",
        canary("a profile of the project")
    );
    let profiles = katalon_project(reports).join("Profiles");
    put(&profiles.join("staging.glbl"), &profile);
    let merged = profile
        .replace("<initValue>", "<<<<<<< HEAD\n<initValue>")
        .replace(
            canary("a profile of the project"),
            canary("a profile that cannot be read"),
        );
    put(&profiles.join("merged.glbl"), merged);
}

/// What the log's cases did, behind the first one's start; and another run before this one.
fn log(folder: &Path, beside: &[&str]) {
    let file = folder.join("execution0.log");
    let log = std::fs::read_to_string(&file).unwrap();
    let variables = json!([
        {"name": "(Default) pwd", "value": canary("bound in the log"), "masked": false},
        {"name": "street", "value": canary("masked by Katalon itself"), "masked": true},
    ])
    .to_string();
    let changed = canary("bound in the log, and changed");
    let changed = json!([{"name": "(Default) pwd", "value": changed}]).to_string();
    let typed = format!(
        "setText(findTestObject(\"Login/pwd\"), \"{}\")",
        canary("typed")
    );
    let encrypted = format!(
        "setEncryptedText(findTestObject(\"Login/field\"), \"{}\")",
        canary("typed encrypted")
    );
    let message = format!(
        "Text '{}' is set on object 'Login/input_password'",
        canary("typed, as the message tells")
    );
    let address = format!(
        "https://token:{}@cloud.example.com/wd",
        canary("the address of a driver")
    );
    let mut records = vec![
        record(
            "START",
            "startKeyword",
            &format!("Start action : {typed}"),
            &[],
        ),
        record("END", "endKeyword", &format!("End action : {typed}"), &[]),
        record(
            "START",
            "startKeyword",
            &format!("Start action : {encrypted}"),
            &[],
        ),
        record(
            "END",
            "endKeyword",
            &format!("End action : {encrypted}"),
            &[],
        ),
        record("PASSED", "logMessage", &message, &[]),
        record(
            "RUN_DATA",
            "logMessage",
            "x",
            &[("executionBindingVariables", &changed)],
        ),
        record(
            "RUN_DATA",
            "logMessage",
            "x",
            &[("executionBindingVariables", &variables)],
        ),
        record(
            "RUN_DATA",
            "logMessage",
            "x",
            &[("remoteDriverUrl", &address)],
        ),
        record("INFO", "logMessage", "HAR: /x/requests/main/0.har", &[]),
    ];
    records.extend(
        beside
            .iter()
            .map(|text| record("INFO", "logMessage", text, &[])),
    );
    let iteration = format!(
        "<property name=\"iteration\">{}</property>",
        canary("the iteration's value")
    );
    let start = log.find("startTest</method>").unwrap();
    let end = start + log[start..].find("</record>").unwrap();
    let other = json!([{"name": "token", "value": canary("the other run in the log")}]).to_string();
    let id = ("id", "Test Suites/Smoke");
    let earlier = [
        record(
            "START",
            "startSuite",
            "Start Test Suite : Test Suites/Smoke",
            &[id],
        ),
        record("START", "startTest", "x", &[("id", "Test Cases/A")]),
        record(
            "END",
            "endTest",
            "x",
            &[("executionBindingVariables", &other)],
        )
        .replace("<nestedLevel>1", "<nestedLevel>0"),
        record("END", "endSuite", "x", &[]),
    ]
    .concat()
    .replace("1754907302500", "1754907000000");
    let log = format!(
        "{}{iteration}\n</record>\n{}{}",
        &log[..end],
        records.concat(),
        &log[end + "</record>\n".len()..]
    );
    put(
        &file,
        log.replacen("<log>\n", &format!("<log>\n{earlier}"), 1),
    );
}

fn har(folder: &Path) {
    let (header, cookie) = (canary("a header of a HAR"), canary("a cookie of a HAR"));
    let field = canary("a field of a HAR").replace(' ', "+");
    let body = json!({"user": {"password": canary("a body of a HAR")}, "all": all()}).to_string();
    let parameter = canary("a parameter of a HAR");
    let har = json!({"log": {"entries": [{
        "request": {
            "method": "POST",
            "url": format!("https://h.example.com/login?token={parameter}"),
            "headers": [
                {"name": "Authorization", "value": format!("Bearer {header}")},
                {"name": "Cookie", "value": format!("sid={cookie}")},
            ],
            "queryString": [{"name": "token", "value": parameter}],
            "cookies": [{"name": "sid", "value": cookie}],
            "postData": {"mimeType": "x-www-form-urlencoded", "text": format!("user=u&passwd={field}")},
        },
        "response": {"content": {"mimeType": "application/json", "text": body}},
    }]}});
    let pretty = serde_json::to_string_pretty(&har).unwrap();
    put(&folder.join("requests/main/0.har"), pretty);
}

/// The files that were written.
fn written_files(reports: &Reports) -> Vec<(String, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(reports.temp()).into_iter();
    let files = entries
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let bytes = std::fs::read(entry.path()).unwrap();
            (entry.path().display().to_string(), bytes)
        })
        .collect()
}

/// Everything that left: by what it is, its bytes; what travels as base64 or zipped also unpacked.
fn everything(
    service: &Service,
    finished: &Finished,
    reports: &Reports,
) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    all.insert("stdout".to_owned(), finished.stdout.clone().into_bytes());
    all.insert("stderr".to_owned(), finished.stderr.clone().into_bytes());
    for (path, bytes) in written_files(reports) {
        all.insert(path, bytes);
    }
    for (number, request) in service.requests().iter().enumerate() {
        let name = format!("request {number}, {} {}", request.method, request.path);
        assert_eq!(
            request.body.len(),
            request.body_length,
            "{name} is kept whole"
        );
        let headers = request.headers.iter();
        let headers = headers.filter(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
        let headers: String = headers
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        let head = format!(
            "{} {}?{}\n{headers}",
            request.method, request.path, request.query
        );
        all.insert(format!("{name}: head"), head.into_bytes());
        if let Some(stream) = request.json()["stream"].as_str() {
            let content = STANDARD.decode(stream).unwrap();
            if content.starts_with(b"PK") {
                let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&content)).unwrap();
                let mut unzipped = Vec::new();
                archive
                    .by_index(0)
                    .unwrap()
                    .read_to_end(&mut unzipped)
                    .unwrap();
                all.insert(format!("{name}: unzipped"), unzipped);
            }
            all.insert(format!("{name}: attachment"), content);
        }
        all.insert(format!("{name}: body"), request.body.to_vec());
    }
    all
}

/// The ways in which a canary may stand somewhere: as it is, in JSON, in XML, in an address, in the
/// summary. The signs apart it is a word, so that one of them is enough.
fn written(canary: &str) -> Vec<String> {
    let json = serde_json::to_string(canary).unwrap();
    let json = json.trim_matches('"').to_owned();
    let xml = escaped(canary);
    let summary: String = canary
        .chars()
        .map(|c| match c {
            ' ' | 'ü' => c.to_string(),
            c if c.is_ascii_alphanumeric() => c.to_string(),
            c => format!("&#{};", u32::from(c)),
        })
        .collect();
    vec![
        canary.to_owned(),
        json,
        escaped(&xml),
        xml,
        summary,
        canary.replace(' ', "+"),
        canary.replace(' ', "%20"),
    ]
}

#[track_caller]
fn assert_holds_no_canary(left: &BTreeMap<String, Vec<u8>>) {
    let of_names = BESIDE_ITS_NAME.iter().map(|(_, canary)| canary);
    // Nothing binds these, so a message and the log may hold them.
    let of_files = left.iter().filter(|(name, _)| name.ends_with("attachment"));
    let of_files: Vec<_> = of_files.collect();
    for canary in of_names {
        for (name, bytes) in &of_files {
            assert!(!holds(bytes, canary), "{canary} is in {name}");
        }
    }
    let token = ("the access token", "stand-in-token");
    for (from, canary) in CANARIES.iter().chain([&token]) {
        for text in written(canary) {
            for (name, bytes) in left {
                if let Some(at) = memchr::memmem::find(bytes, text.as_bytes()) {
                    let around = &bytes[at.saturating_sub(120)..bytes.len().min(at + 120)];
                    let around = String::from_utf8_lossy(around);
                    panic!("{from}: {text} is in {name}: …{around}…");
                }
            }
        }
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

fn task(service: &StandIn, reports: &Reports) -> TaskRun {
    let lines = format!(
        "{}\n{}",
        canary("the first line of one of two"),
        "second line of job"
    );
    TaskRun::new(service, reports.path())
        .var("SYSTEM_DEBUG", "true")
        .var("RUST_LOG", "trace")
        .var("SECRET_JOB", canary("a secret variable"))
        .var("SECRET_LINES", &lines)
        .input("attachments", "all")
        .input("secretNames", "customer")
        .input("buildConfiguration", canary("a secret variable"))
        .input("testRunTitle", "{suite} {profile} {os} {browser}")
}

#[test]
fn nothing_that_is_secret_leaves_in_any_way() {
    for args in [
        &["task"][..],
        &["task", "--format=json"],
        &["task", "--dry-run", "--format=json"],
    ] {
        let (service, reports) = (service(), Reports::new());
        report(&reports);
        let finished = task(&service, &reports).args(args).run();
        assert_eq!(finished.code, 0, "{}", finished.everything());
        let left = everything(&service, &finished, &reports);
        let is_dry = args.contains(&"--dry-run");
        let kinds = ["attachment", "unzipped"];
        let found = |kind: &&str| left.keys().any(|name| name.ends_with(kind));
        assert!(is_dry || kinds.iter().all(found));
        assert!(left.keys().any(|name| name.ends_with(".md")), "a summary");
        assert_holds_no_canary(&left);
        assert_swagger(&service);
    }
}

#[test]
fn what_only_junit_tells_was_typed_is_masked_in_messages() {
    let (service, reports) = (service(), Reports::new());
    let case = Case::failed("A", "Sommer2026 is wrong").output(
        "2025-08-11 10:15:03 - [TEST_STEP][PASSED] - setText(findTestObject(\"Login/input_pwd\"), \
         \"Sommer2026\"): Text 'Sommer2026' is set on object 'Login/input_pwd'",
    );
    reports.add_suite("Smoke", &[case]);
    TaskRun::new(&service, reports.path()).run();
    let result = &service.runs()[0]["results"][0];
    assert_eq!(result["errorMessage"], "*** is wrong");
}

#[test]
fn har_files_arrive_where_they_belong_and_stay_har() {
    let (service, reports) = (service(), Reports::new());
    report(&reports);
    let finished = task(&service, &reports).input("attachments", "har").run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let run = &service.runs()[0];
    let row = &run["results"][0]["subResults"][0];
    let attempt = &row["subResults"][0];
    assert_eq!(attempt["attachments"][0]["fileName"], "0.har");
    let id = attempt["attachments"][0]["id"].as_u64().unwrap();
    let har: serde_json::Value = serde_json::from_slice(&service.attachment(id)).unwrap();
    let request = &har["log"]["entries"][0]["request"];
    assert_eq!(request["headers"][0]["value"], "***");
    assert_eq!(request["cookies"][0]["value"], "***");
    assert_eq!(request["url"], "https://h.example.com/login?token=***");
    assert_eq!(request["postData"]["text"], "user=u&passwd=***");
    assert_eq!(request["method"], "POST");
}

#[test]
fn what_was_masked_is_counted_by_name_and_not_shown() {
    let (service, reports) = (service(), Reports::new());
    let case = Case::failed("A", "Sommer2026 is wrong, and Sommer2026 again")
        .bound("password", "Sommer2026");
    reports.add_suite("Smoke", &[case]);
    let finished = TaskRun::new(&service, reports.path())
        .input("attachments", "none")
        .run();
    finished.says("\nMasked: password (3)\n");
    finished.lacks("Sommer2026");
}

#[test]
fn what_only_a_name_tells_in_a_file_is_counted_too() {
    let (service, reports) = (service(), Reports::new());
    let folder = reports.add_suite("Smoke", &[Case::failed("A", "x")]);
    put(&folder.join("console0.log"), "{\"apiKey\":\"x1\"}\n");
    let finished = TaskRun::new(&service, reports.path()).run();
    finished.says("\nMasked: apiKey (1)\n");
}

#[test]
fn values_that_cannot_all_be_looked_for_are_warned_of_and_hide_all_that_might_hold_them() {
    let long = |value: &str, count| vec![value.repeat(count)];
    for (values, message, files) in [
        // One that repeats itself, in rarer forms alone not looked for.
        (long("x", 20_000), "why it failed", 1),
        // One that is longer in XML than may be looked for.
        (long("\"", 2_000_000), "***", 0),
        // Some of which each ends with the one before.
        ((6..120).map(|count| "x".repeat(count)).collect(), "***", 0),
    ] {
        let (service, reports) = (service(), Reports::new());
        let case = Case::failed("A", "why it failed");
        let folder = reports.add_suite("Smoke", &[case]);
        let lines: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(row, value)| {
                let case = if row == 0 {
                    "Test Cases/A"
                } else {
                    "Test Cases/B"
                };
                let bound = json!({"password": format!("'{value}'")});
                json!({"testCaseName": case, "bindedValues": bound}).to_string()
            })
            .collect();
        put(&folder.join("testCaseBinding"), lines.join("\n"));
        put(&folder.join("console0.log"), "x".repeat(100_000));
        let finished = TaskRun::new(&service, reports.path()).run();
        assert_eq!(finished.code, 0, "{}", finished.everything());
        finished.says("KADO018");
        let run = &service.runs()[0];
        let result = &run["results"][0];
        assert_eq!(result["automatedTestName"], "Test Cases/A");
        assert_eq!(result["outcome"], "Failed");
        assert_eq!(result["errorMessage"], message);
        let attached = run["attachments"].as_array().unwrap();
        let logs = attached
            .iter()
            .filter(|file| file["fileName"].as_str().unwrap().ends_with(".log"));
        assert_eq!(logs.count(), files, "{attached:?}");
    }
}

#[test]
fn the_password_of_a_proxy_is_masked_where_a_report_tells_it() {
    let (service, reports) = (service(), Reports::new());
    reports.add_suite("Smoke", &[Case::failed("A", "proxy says hunter2pw")]);
    TaskRun::new(&service, reports.path())
        .var("HTTPS_PROXY", "http://bob:hunter2pw@127.0.0.1:1")
        .run();
    let result = &service.runs()[0]["results"][0];
    assert_eq!(result["errorMessage"], "proxy says ***");
}

#[test]
fn with_mask_test_data_off_only_the_secrets_of_the_job_are_masked() {
    let (service, reports) = (service(), Reports::new());
    let told = "Sommer2026 and canary+job/41 at https://bob:x@h.example.com";
    let case = Case::failed("A", told).bound("password", "Sommer2026");
    reports.add_suite("Smoke", &[case]);
    TaskRun::new(&service, reports.path())
        .input("maskTestData", "false")
        .var("SECRET_JOB", "canary+job/41")
        .run();
    let run = &service.runs()[0];
    let result = &run["results"][0];
    assert_eq!(
        result["errorMessage"],
        "Sommer2026 and *** at https://bob:x@h.example.com"
    );
    assert_eq!(result["comment"], "Test data: password = Sommer2026");
}

#[test]
fn paths_of_tests_and_suites_are_never_masked() {
    let (service, reports) = (service(), Reports::new());
    let case = Case::failed("Customer/New Customer", "the Customer is missing")
        .bound("password", "Customer");
    reports.add_suite("Customer", &[case]);
    let finished = TaskRun::new(&service, reports.path())
        .args(&["task", "--format=json"])
        .run();
    let result = &service.runs()[0]["results"][0];
    assert_eq!(
        result["automatedTestName"],
        "Test Cases/Customer/New Customer"
    );
    assert_eq!(result["automatedTestStorage"], "Test Suites/Customer");
    assert_eq!(result["testCaseTitle"], "New Customer");
    assert_eq!(result["errorMessage"], "the *** is missing");
    let told = &finished.json()["results"][0];
    assert_eq!(told["testCase"], "Test Cases/Customer/New Customer");
    assert_eq!(told["suite"], "Test Suites/Customer");
    let pages = written_files(&reports);
    let page = pages
        .iter()
        .find(|(path, _)| path.ends_with(".md"))
        .unwrap();
    let page = String::from_utf8_lossy(&page.1);
    assert!(page.contains("Customer"), "{page}");
}

/// Messages as applications and testers write them: nothing in them is secret.
const HARMLESS: [&str; 13] = [
    "the tokenUrl is empty",
    "expectedPasswordMessage was not shown",
    "password=Customer was expected",
    "Expected 'Please enter your password' but was ''",
    "{\"tokenUrl\":\"https://login.example.com/oauth2/token\",\"password\":\"\"}",
    "1,234.56 EUR were expected at 10:15:02, 1234567 were there on 2026-09-01",
    "the secret agent's Authorization: none was granted",
    "//input[@type='password' and @name=\"pwd\"] is no element",
    "https://shop.example.com/a?b=c#d was asked for by mail@example.com",
    "setText(findTestObject('Login/input_password'), GlobalVariable.password)",
    "Cookie banner: accept all cookies",
    "[password:reset] was begun by [TokenFilter:42] of [user:ann, token:none]",
    "com.example.TokenException: token expired\n\tat com.example.Password.check(Password.java:7)",
];

#[test]
fn harmless_messages_stay_word_for_word() {
    let (service, reports) = (service(), Reports::new());
    let mut cases: Vec<Case> = HARMLESS
        .iter()
        .enumerate()
        .map(|(number, message)| Case::failed(&format!("H{number}"), message))
        .collect();
    // Short values and digits are masked where they are bound, and nowhere else; so are values of
    // exempted names.
    cases.push(
        Case::failed(
            "Bound",
            "pin 1234567 and code abc at https://login.example.com/token",
        )
        .bound("passcode", "1234567")
        .bound("password", "abc")
        .bound("tokenUrl", "https://login.example.com/token"),
    );
    reports.add(&Suite::new("Smoke", &cases).with_log());
    let finished = TaskRun::new(&service, reports.path())
        .input("secretNames", "!tokenUrl")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    let run = &service.runs()[0];
    for (number, message) in HARMLESS.iter().enumerate() {
        let result = &run["results"][number];
        let (first, trace) = match message.split_once("\n\tat") {
            Some((first, trace)) => (first, Some(trace)),
            None => (*message, None),
        };
        assert_eq!(result["errorMessage"], first);
        if let Some(trace) = trace {
            assert!(result["stackTrace"].as_str().unwrap().contains(trace));
        }
    }
    let bound = &run["results"][HARMLESS.len()];
    assert_eq!(
        bound["errorMessage"],
        "pin 1234567 and code abc at https://login.example.com/token"
    );
    assert_eq!(
        bound["comment"],
        "Test data: passcode = ***, password = ***, tokenUrl = https://login.example.com/token"
    );
}

#[test]
fn a_har_that_cannot_be_read_or_whose_secret_is_base64_is_left_out_and_named() {
    let (service, reports) = (service(), Reports::new());
    report(&reports);
    let folder = reports
        .path()
        .join("Reports/20250811_101500/Smoke/20250811_101502/requests/main");
    for har in [
        "{\"log\":",
        r#"{"content":{"mimeType":"text/plain","encoding":"base64","text":"cGFzc3dvcmQ9Z2VoZWltMTIz"}}"#,
    ] {
        put(&folder.join("0.har"), har);
        let finished = task(&service, &reports)
            .input("attachments", "har")
            .input("whenAlreadyPublished", "publish")
            .run();
        assert_eq!(finished.code, 0, "{}", finished.everything());
        assert!(finished.issues("warning").contains(&"KADO011".to_owned()));
        finished.says("0.har' is not attached: ");
        finished.lacks("geheim123");
    }
    let requests = service.requests();
    assert!(
        !requests
            .iter()
            .any(|one| one.path.contains("attachments") && one.method == "POST")
    );
}

#[test]
fn a_har_with_a_secret_of_the_job_in_base64_is_left_out_whatever_is_masked() {
    let (service, reports) = (service(), Reports::new());
    report(&reports);
    let folder = reports
        .path()
        .join("Reports/20250811_101500/Smoke/20250811_101502/requests/main");
    let body = STANDARD.encode(format!("key: {}", canary("a secret variable")));
    let har = json!({"content": {"mimeType": "text/plain", "encoding": "base64", "text": body}});
    put(&folder.join("0.har"), har.to_string());
    let finished = task(&service, &reports)
        .input("attachments", "har")
        .input("maskTestData", "false")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    finished.says("0.har' is not attached: ");
    let requests = service.requests();
    assert!(
        !requests
            .iter()
            .any(|one| one.path.ends_with("/attachments"))
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_token_is_not_on_the_command_line_and_no_other_process_is_started() {
    let service = service();
    let reports = Reports::new().with_suite("Smoke", &[Case::passed("A")]);
    let rule =
        ado_stand_in::Rule::always("GET", "/connectionData$", ado_stand_in::Fault::NeverAnswer);
    service.script(rule);
    let mut child = TaskRun::new(&service, reports.path()).start();
    let process = std::path::PathBuf::from(format!("/proc/{}", child.id()));
    while service.requests().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let command_line = std::fs::read(process.join("cmdline")).unwrap();
    assert!(holds(&command_line, "task") && !holds(&command_line, "stand-in-token"));
    let mut children = String::new();
    for thread in std::fs::read_dir(process.join("task")).unwrap() {
        let file = thread.unwrap().path().join("children");
        children.push_str(&std::fs::read_to_string(file).unwrap_or_default());
    }
    assert_eq!(children, "");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn no_file_can_name_the_host_that_the_token_goes_to() {
    let (service, other) = (service(), service_with(|_| ()));
    let reports = Reports::new();
    reports.add_suite("Smoke", &[Case::passed("A")]);
    let address = format!("http\\://127.0.0.1\\:{}/contoso", other.port());
    settings(
        &reports,
        &[
            "enableIntegration=true",
            &format!("serverUrl=\"{address}\""),
            "token=\"from the file\"",
        ],
    );
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.everything());
    assert!(other.requests().is_empty());
    assert!(!service.requests().is_empty());
}
