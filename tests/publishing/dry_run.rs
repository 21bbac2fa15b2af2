//! A dry run: the same road, stopped before the first write, and told as a table and as JSON.

use ado_stand_in::{Fault, Rule, StandIn};
use serde_json::{Value, json};

use crate::support::holdings::{asked, writes};
use crate::support::{Case, Reports, Suite, TaskRun, service};

fn one_failed() -> Reports {
    Reports::new().with_suite("Smoke", &[Case::passed("A"), Case::failed("B", "x")])
}

/// Rows, attempts, pictures, and files of two reports.
fn rich_reports() -> Reports {
    let reports = Reports::new();
    let cases = [
        Case::passed("Shop/Login"),
        Case::failed("Shop/Pay", "no button").picture("pay.png"),
        Case::passed("Shop/Search").bound("word", "blue"),
        Case::ended("Shop/Search", "ERROR", "no page")
            .bound("word", "red")
            .picture("red.png"),
        Case::passed("Admin/Login").after("FAILED", "once", &["once.png"]),
    ];
    let folder = reports.add(&Suite::new("Smoke", &cases).with_log());
    for name in ["pay.png", "red.png", "once.png", "20250811_101502.csv"] {
        std::fs::write(folder.join(name), name).unwrap();
    }
    reports.add_suite("Checkout", &[Case::passed("Shop/Login")]);
    reports
}

#[test]
fn a_dry_run_tells_what_would_be_sent_as_a_table_and_writes_nothing() {
    let (service, reports) = (service(), rich_reports());
    let finished = TaskRun::new(&service, reports.path())
        .input("dryRun", "true")
        .run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    assert_eq!(writes(&service), 0);
    assert_eq!(service.runs(), Vec::<Value>::new());
    let table = "##[section]Dry run: what would be sent
would make test run 'Checkout' with 1 result and 0 attachments, and complete it
  Outcome  Title  Test case
  Passed   Login  Test Cases/Shop/Login
would make test run 'Smoke' with 4 results and 5 attachments, and complete it
  Outcome  Title                    Test case               Files
  Passed   Shop/Login               Test Cases/Shop/Login
  Failed   Pay                      Test Cases/Shop/Pay     pay.png
  Failed   Search       2 rows      Test Cases/Shop/Search  red.png
  Passed   Admin/Login  2 attempts  Test Cases/Admin/Login  once.png
  Files of the run: 20250811_101502.csv, execution0.log
##[section]Result
";
    finished.says(table);
    finished.says("5 results read: 5 would be published, 0 left out, 0 missing");
    assert_eq!(finished.output("testRunIds"), "");
    assert_eq!(finished.output("failedTests"), "2");
    assert_eq!(finished.output("publishedResults"), "0");
}

/// What a document of `--format json` says of what would be sent, in the order of the names.
fn told(document: &Value) -> Vec<Value> {
    let mut runs: Vec<Value> = document["runs"].as_array().unwrap().clone();
    runs.sort_by_key(|run| run["name"].as_str().unwrap().to_owned());
    let told = runs.iter().map(|run| {
        assert_eq!((&run["id"], &run["url"]), (&Value::Null, &Value::Null));
        assert_eq!(run["state"], "planned");
        json!({"name": run["name"], "holds": run["wouldSend"]})
    });
    told.collect()
}

/// The same of what is there.
fn arrived(service: &StandIn) -> Vec<Value> {
    fn files(holder: &Value) -> Vec<String> {
        let own = holder["attachments"].as_array().into_iter().flatten();
        let own = own.map(|file| file["fileName"].as_str().unwrap().to_owned());
        let below = holder["subResults"].as_array().into_iter().flatten();
        own.chain(below.flat_map(files)).collect()
    }
    let mut runs = service.runs();
    runs.sort_by_key(|run| run["name"].as_str().unwrap().to_owned());
    let arrived = runs.iter().map(|run| {
        let results = run["results"].as_array().unwrap().iter().map(|result| {
            json!({
                "isNew": true,
                "testCase": result["automatedTestName"],
                "suite": result["automatedTestStorage"],
                "title": result["testCaseTitle"],
                "outcome": result["outcome"],
                "pointId": result["testPoint"]["id"],
                "subResults": result["subResults"].as_array().unwrap().len(),
                "files": files(result),
            })
        });
        let results: Vec<Value> = results.collect();
        let files = files(run);
        json!({"name": run["name"], "holds": {"results": results, "files": files}})
    });
    arrived.collect()
}

#[test]
fn what_a_dry_run_tells_is_what_arrives() {
    let (service, reports) = (service(), rich_reports());
    for per in ["suite", "build"] {
        let task = || {
            let task = TaskRun::new(&service, reports.path());
            task.input("attachmentsFor", "all")
                .input("testRunPer", per)
                .input("whenAlreadyPublished", "publish")
        };
        for run in service.runs() {
            service.delete_run(run["id"].as_u64().unwrap());
        }
        let dry = task()
            .args(&["publish", "--dry-run", "--format=json"])
            .run()
            .json();
        assert_eq!(dry["dryRun"], true);
        let published = task().args(&["publish", "--format=json"]).run().json();
        assert_eq!(told(&dry), arrived(&service), "{per}");
        assert_eq!(published["runs"][0]["wouldSend"], Value::Null);
        let outcome = |document: &Value| document["results"][1]["outcome"].clone();
        assert_eq!(outcome(&dry), outcome(&published));
        assert_eq!(dry["results"][1]["runId"], Value::Null);
    }
}

#[test]
fn of_a_run_that_an_earlier_try_left_open_only_what_is_missing_is_told() {
    let (service, reports) = (service(), rich_reports());
    service.script(Rule::always("POST", "/attachments$", Fault::NeverAnswer));
    let mut child = TaskRun::new(&service, reports.path()).start();
    while asked(&service, "POST", "/attachments").is_empty() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    service.clear_script();
    let runs = service.runs();
    assert_eq!(runs.len(), 2);
    let id = &runs[1]["id"];
    let before = writes(&service);
    let finished = TaskRun::new(&service, reports.path())
        .input("dryRun", "true")
        .run_impatiently();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.says(&format!(
        "would add 0 results and 5 attachments to test run {id} 'Smoke', and complete it"
    ));
    finished.lacks("Test Cases/Shop/Login");
    finished.says("  Passed   Admin/Login  2 attempts  Test Cases/Admin/Login  once.png\n");
    assert_eq!(writes(&service), before);
    assert_eq!(finished.output("publishedResults"), "0");
    assert_eq!(service.runs(), runs);
    // Without that report the run would be given up.
    let others = TaskRun::new(&service, reports.path())
        .input("dryRun", "true")
        .input("reportFolders", "**\n!**/Smoke/**")
        .run_impatiently();
    others.says(&format!("would set test run {id} to Aborted"));
    assert_eq!(service.runs(), runs);
}

#[test]
fn the_gates_of_a_dry_run_are_as_they_would_be() {
    let (service, reports) = (service(), one_failed());
    let dry = TaskRun::new(&service, reports.path())
        .input("dryRun", "true")
        .input("failTaskOnFailedTests", "true");
    let finished = dry.run();
    assert_eq!(finished.code, 1);
    finished.says("It is a dry run: nothing was published.");
    let broken = reports.path().join("Reports/broken");
    std::fs::create_dir_all(&broken).unwrap();
    std::fs::write(broken.join("JUnit_Report.xml"), "<testsuites><test").unwrap();
    assert_eq!(dry.run().code, 3);
    service.script(Rule::always("GET", "connectionData", Fault::status(401)));
    assert_eq!(dry.run().code, 4);
    assert_eq!(writes(&service), 0);
}

#[test]
fn a_dry_run_sees_what_was_published_before() {
    let (service, reports) = (service(), one_failed());
    let run = TaskRun::new(&service, reports.path());
    assert_eq!(run.run().code, 0);
    let id = service.runs()[0]["id"].to_string();
    let before = writes(&service);
    let finished = run.input("dryRun", "true").run();
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    finished.says(&format!("already published in test run {id}"));
    finished.says("2 results read: 0 would be published, 2 left out, 0 missing");
    assert_eq!(finished.output("testRunIds"), id);
    assert_eq!(writes(&service), before);
}

/// Somebody at a desk who has set up nothing yet.
fn at_a_desk(service: &StandIn, reports: &Reports) -> TaskRun {
    let run = TaskRun::new(service, reports.path()).args(&["publish", "--dry-run"]);
    [
        "TF_BUILD",
        "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
        "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
        "SYSTEM_TEAMPROJECT",
        "BUILD_BUILDID",
    ]
    .iter()
    .fold(run, |run, name| run.var(name, ""))
}

#[test]
fn without_address_and_token_a_dry_run_tells_what_it_can_and_says_so() {
    let (service, reports) = (service(), rich_reports());
    let finished = at_a_desk(&service, &reports)
        .input("failTaskOnFailedTests", "true")
        .run();
    assert_eq!(finished.code, 1, "{}", finished.stdout);
    finished.says("No address and no token are given, so nothing was looked up");
    finished.says("would make test run 'Smoke' with 4 results and 5 attachments, and complete it");
    finished.says("  Failed   Pay                      Test Cases/Shop/Pay     pay.png");
    finished.says("5 results read: 5 would be published, 0 left out, 0 missing");
    let document = at_a_desk(&service, &reports)
        .args(&["publish", "--dry-run", "--format=json"])
        .run()
        .json();
    let connected = TaskRun::new(&service, reports.path())
        .args(&["publish", "--dry-run", "--format=json"])
        .run()
        .json();
    assert_eq!(told(&document), told(&connected));
    let nothing = at_a_desk(&service, &Reports::new()).run();
    assert_eq!(nothing.code, 3, "{}", nothing.stdout);
}

#[test]
fn where_a_connection_is_configured_a_dry_run_makes_it_or_fails() {
    let (service, reports) = (service(), one_failed());
    let desk = || at_a_desk(&service, &reports);
    let url = service.collection_url();
    let runs = [
        (
            4,
            "KADO420",
            desk()
                .var("AZURE_DEVOPS_ORG_URL", &url)
                .input("project", "Shop"),
        ),
        (
            2,
            "KADO204",
            desk().var("AZURE_DEVOPS_EXT_PAT", "stand-in-token"),
        ),
        (2, "KADO204", desk().input("buildId", "71")),
        (2, "KADO204", desk().args(&["publish"])),
        (2, "KADO204", desk().var("TF_BUILD", "True")),
        (
            2,
            "KADO202",
            desk().var("AZURE_DEVOPS_ORG_URL", "nowhere at all"),
        ),
    ];
    for (code, problem, run) in runs {
        let finished = run.run();
        assert_eq!(finished.code, code, "{problem}\n{}", finished.stdout);
        finished.says(problem);
    }
    assert_eq!(service.requests().len(), 0);
}
