//! Text of reports and of the service is only text, and what is secret leaves nowhere.

use ado_stand_in::{Fault, Rule, StandIn};
use serde_json::json;

use crate::support::{
    Case, Finished, Reports, Suite, TaskRun, assert_swagger, service, service_with,
};

const COMMAND: &str = "##vso[task.complete result=Failed;]done";

/// Ways to make an agent see a command where none stands.
const HOSTILE: [&str; 6] = [
    COMMAND,
    "##[error]x",
    "a\r##vso[task.setvariable variable=PATH]/evil",
    "a\n##vso[task.setvariable variable=PATH]/evil",
    "#\u{200b}#vso[task.setsecret]x",
    "a\u{85}##VSO[task.uploadfile]/etc/passwd",
];

/// Commands and headings that are the program's own; anything else would be somebody's.
const OURS: [&str; 7] = [
    "##[section]",
    "##[debug]",
    "##vso[task.logissue type=warning;",
    "##vso[task.logissue type=error;",
    "##vso[task.setvariable variable=",
    "##vso[task.uploadsummary]",
    "##vso[task.complete result=Failed;]",
];

/// Fails if the agent would find a command that the program did not mean.
#[track_caller]
fn assert_only_our_commands(finished: &Finished) {
    let everything = finished.everything();
    let ends_line = |c: char| "\n\r\u{b}\u{c}\u{85}\u{2028}\u{2029}".contains(c);
    for line in everything.split(ends_line) {
        let rest = OURS
            .iter()
            .find_map(|own| line.strip_prefix(own))
            .unwrap_or(line);
        let visible: String = rest.chars().filter(|&c| c != '\u{200b}').collect();
        let visible = visible.to_lowercase();
        assert!(
            !visible.contains("##vso") && !visible.contains("##["),
            "{line}"
        );
    }
    assert!(everything.matches("task.setvariable").count() >= 9);
    assert_eq!(
        everything
            .matches("##vso[task.setvariable variable=")
            .count(),
        9
    );
}

fn hostile_reports() -> Reports {
    let reports = Reports::new();
    for (number, hostile) in HOSTILE.iter().enumerate() {
        let one_line = hostile.replace(['\r', '\n', '\u{85}'], " ");
        let cases = [
            Case::failed(&one_line, hostile)
                .step(&one_line)
                .picture(&format!("{one_line}/gone.png")),
            Case::failed("Rows", hostile).bound(&one_line, hostile),
            Case::passed("Rows").bound(&one_line, "x"),
            Case::passed("Retried").after("FAILED", hostile, &[]),
        ];
        let name = format!("{} {number}", one_line.replace('/', " "));
        reports.add(
            &Suite::new(&name, &cases)
                .in_folder(&format!("Reports/{number} {name}"))
                .host(&format!("{one_line} - {one_line}"))
                .browser(&one_line)
                .profile(hostile)
                .setup_failed(hostile)
                .with_log(),
        );
        let broken = reports
            .path()
            .join(format!("Reports/broken {number} {name}"));
        std::fs::create_dir_all(&broken).unwrap();
        std::fs::write(broken.join("JUnit_Report.xml"), "<testsuites").unwrap();
    }
    reports
}

fn hostile_task(service: &StandIn, reports: &Reports) -> TaskRun {
    TaskRun::new(service, reports.path())
        .var("SYSTEM_DEBUG", "true")
        .var("AGENT_NAME", COMMAND)
        .var("BUILD_BUILDNUMBER", COMMAND)
        .var("SYSTEM_STAGENAME", COMMAND)
        .input("testRunTitle", &format!("{{suite}} {COMMAND} {{profile}}"))
        .input("failTaskOnFailedTests", "true")
        .input("noSuchInput]##vso[task.complete]", "x")
}

#[test]
fn a_test_called_like_a_logging_command_stays_a_name() {
    let service = service();
    let named = "##vso[task.setvariable variable=PATH]evil";
    // The log names a test only where something is wrong with it.
    service.configure(|settings| settings.refused_titles = vec![named.to_owned()]);
    let cases = [Case::failed(COMMAND, COMMAND), Case::passed(named)];
    let reports = Reports::new().with_suite("Smoke", &cases);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 5, "{}", finished.stdout);
    assert_only_our_commands(&finished);
    finished
        .says("the result of 'Test Cases/#_#vso[task.setvariable variable=PATH]evil' was refused");
    let result = &service.runs()[0]["results"][0];
    assert_eq!(result["automatedTestName"], format!("Test Cases/{COMMAND}"));
    assert_eq!(result["testCaseTitle"], COMMAND);
    assert_eq!(result["errorMessage"], COMMAND);
    assert_swagger(&service);
}

#[test]
fn nothing_in_a_report_or_a_variable_acts_as_a_command() {
    let (service, reports) = (service(), hostile_reports());
    let finished = hostile_task(&service, &reports).run();
    assert_eq!(finished.code, 3, "{}", finished.stdout);
    assert_eq!(service.runs().len(), HOSTILE.len());
    assert_only_our_commands(&finished);
    let last = finished.stdout.lines().last().unwrap();
    assert!(last.starts_with("##vso[task.complete result=Failed;]KADO302: "));
    assert_swagger(&service);
}

#[test]
fn nothing_in_a_report_acts_beside_a_json_document() {
    let (service, reports) = (service(), hostile_reports());
    let finished = hostile_task(&service, &reports)
        .args(&["task", "--format=json"])
        .run();
    assert_only_our_commands(&finished);
    assert!(!finished.stdout.contains("##"));
    let document = finished.json();
    let results = document["results"].as_array().unwrap();
    let name = format!("Test Cases/{COMMAND}");
    assert!(results.iter().any(|result| result["testCase"] == name));
}

#[test]
fn nothing_that_the_service_says_acts_as_a_command() {
    let service = service();
    service.configure(|settings| settings.identity = COMMAND.to_owned());
    let body = json!({
        "$id": "1",
        "message": format!("{COMMAND}\n##vso[task.setvariable variable=PATH]/evil"),
        "typeKey": "InvalidArgumentException",
    });
    let refusal = Fault::Status {
        code: 400,
        headers: vec![("ActivityId".to_owned(), COMMAND.to_owned())],
        body: Some(body.to_string()),
        handled: false,
    };
    service.script(Rule::always("POST", "/results$", refusal));
    let reports = Reports::new().with_suite("Smoke", &[Case::passed("A")]);
    let finished = TaskRun::new(&service, reports.path())
        .var("SYSTEM_DEBUG", "true")
        .run();
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_only_our_commands(&finished);
    assert!(
        finished
            .stdout
            .contains("task.complete result=Failed;]done")
    );
}

#[test]
fn hostile_text_in_the_summary_is_inert() {
    let service = service();
    let reports = Reports::new();
    let hostile = "<script>alert(1)</script> |x| [a](https://evil.example) ![p](q) `c` **b**\n# heading\n<img src=x>";
    let name = hostile.replace(['\n', '/'], " ");
    let case = Case::failed(&name, hostile).picture("<b>.png");
    let suite = Suite::new(&name, &[case]).in_folder("Reports/a").with_log();
    let folder = reports.add(&suite);
    std::fs::write(folder.join("<b>.png"), "picture").unwrap();
    let finished = TaskRun::new(&service, reports.path())
        .input("failTaskOnFailedTests", "true")
        .run();
    assert_eq!(finished.code, 1, "{}", finished.stdout);
    let page = finished.summary();
    for sign in [
        "<script",
        "<img",
        "<b>.png",
        "https://evil",
        "](q)",
        "`c`",
        "**b**",
        "\n# ",
    ] {
        assert!(!page.contains(sign), "{sign} in\n{page}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let cells: Vec<usize> = rows.map(|line| line.matches('|').count()).collect();
    assert_eq!(cells, [4, 4, 4, 6, 6, 6], "{page}");
}

/// The token and secrets in every place of a report that is not the identity of a test.
fn reports_with_secrets() -> Reports {
    let reports = Reports::new();
    let told = "stand-in-token and job-secret-1 and p&ss \"w\"/1";
    let cases = [
        Case::failed("A", told)
            .step(told)
            .output(told)
            .picture("1.png"),
        Case::passed("B").bound("user", told),
        Case::failed("B", told)
            .bound("user", "x")
            .after("ERROR", told, &[]),
    ];
    let suite = Suite::new("Smoke", &cases)
        .host(&format!("{told} - {told}"))
        .browser(told)
        .profile(told)
        .with_log();
    let folder = reports.add(&suite);
    std::fs::write(folder.join("1.png"), "picture").unwrap();
    std::fs::write(folder.join("job-secret-1.csv"), told).unwrap();
    std::fs::write(
        folder.join("a.html"),
        "p&amp;ss &quot;w&quot;/1 job-secret-1 p%26ss%20%22w%22%2F1",
    )
    .unwrap();
    reports
}

const NEVER: [&str; 6] = [
    "stand-in-token",
    "job-secret-1",
    "p&ss \"w\"/1",
    "p&ss \\\"w\\\"/1",
    "p&amp;ss",
    "p%26ss",
];

#[test]
fn the_token_and_secret_variables_leave_nowhere() {
    for args in [
        &["task"][..],
        &["task", "--format=json"],
        &["task", "--dry-run"],
    ] {
        let (service, reports) = (service(), reports_with_secrets());
        let finished = TaskRun::new(&service, reports.path())
            .var("SYSTEM_DEBUG", "true")
            .var("RUST_LOG", "trace")
            .var("SECRET_ONE", "job-secret-1")
            .var("SECRET_TWO", "p&ss \"w\"/1")
            .input("buildConfiguration", "job-secret-1")
            .input("attachments", "all")
            .input("failTaskOnFailedTests", "true")
            .args(args)
            .run();
        assert_eq!(finished.code, 1, "{}", finished.everything());
        let mut written = vec![finished.everything()];
        written.push(finished.summary());
        for request in service.requests() {
            written.push(format!("{}?{}", request.path, request.query));
            written.push(String::from_utf8(request.body.to_vec()).unwrap());
        }
        // Attachments travel as base64.
        let attachments = (1..=20).map(|id| String::from_utf8(service.attachment(id)).unwrap());
        let attachments: Vec<String> = attachments.collect();
        let is_dry = args.contains(&"--dry-run");
        assert!(is_dry || attachments.iter().any(|text| text.contains("***")));
        written.extend(attachments);
        for text in written {
            for secret in NEVER {
                let summary_form = secret.replace('-', "&#45;");
                assert!(!text.contains(secret), "{secret} in\n{text}");
                assert!(!text.contains(&summary_form), "{secret} in\n{text}");
            }
        }
        assert!(finished.everything().contains("***"));
    }
}

#[test]
fn the_token_travels_in_one_header_only() {
    let service = service();
    let reports = Reports::new().with_suite("Smoke", &[Case::passed("A")]);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    for request in service.requests() {
        assert_eq!(
            request.header("authorization"),
            Some("Bearer stand-in-token")
        );
        let holding = request
            .headers
            .iter()
            .filter(|(_, value)| value.contains("stand-in-token"));
        assert_eq!(holding.count(), 1);
    }
}

#[test]
fn a_personal_token_is_masked_plain_and_in_the_form_in_which_it_travels() {
    let service = service_with(|settings| {
        settings.token_kind = ado_stand_in::TokenKind::Personal;
    });
    let travels = "OnN0YW5kLWluLXRva2Vu";
    let told = format!("stand-in-token or {travels}");
    let reports = Reports::new().with_suite("Smoke", &[Case::failed("A", &told)]);
    let finished = TaskRun::new(&service, reports.path())
        .var("TF_BUILD", "")
        .var("SYSTEM_DEBUG", "true")
        .var(
            "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
            "",
        )
        .var("AZURE_DEVOPS_EXT_PAT", "stand-in-token")
        .args(&["publish"])
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let sent = format!("Basic {travels}");
    let requests = service.requests();
    assert_eq!(requests[0].header("authorization"), Some(sent.as_str()));
    finished.lacks("stand-in-token");
    finished.lacks(travels);
    assert_eq!(
        service.runs()[0]["results"][0]["errorMessage"],
        "*** or ***"
    );
}

#[test]
fn the_jobs_token_is_masked_as_scripts_send_it_too() {
    let service = service();
    let told = "stand-in-token or OnN0YW5kLWluLXRva2Vu";
    let reports = Reports::new().with_suite("Smoke", &[Case::failed("A", told)]);
    let finished = TaskRun::new(&service, reports.path()).run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let result = &service.runs()[0]["results"][0];
    assert_eq!(result["errorMessage"], "*** or ***");
}

#[test]
fn a_secret_that_is_too_short_is_named_without_its_value() {
    let service = service();
    let reports = Reports::new().with_suite("Smoke", &[Case::failed("A", "qz and 90817")]);
    let finished = TaskRun::new(&service, reports.path())
        .var("SECRET_PIN", "90817")
        .var("SECRET_AB", "qz")
        .run();
    assert_eq!(finished.issues("warning"), ["KADO017"]);
    finished.says("secret variables too short to be masked: AB, PIN");
    finished.lacks("90817");
    assert_eq!(
        service.runs()[0]["results"][0]["errorMessage"],
        "qz and 90817"
    );
}
