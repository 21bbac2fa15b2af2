//! Shows what a pipeline would see: starts the stand-in Azure DevOps, publishes the example reports
//! to it as the task in a pipeline does, in one build without a test plan, in the next onto one, and leaves a page
//! open that shows what arrived.
//!
//! `cargo run --example try_it`, or with `-- --once` to end after publishing.

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use ado_stand_in::{Build, Configuration, Plan, Point, Settings, StandIn, Suite, WorkItem};

/// Tells this program, started again by itself, to be the publisher.
const PUBLISHER: &str = "KATALON_ADO_TRY_IT_PUBLISHER";

/// The test plan of the examples. Which Katalon test cases stand for its test cases says
/// `examples/reports/test-cases.csv`.
const PLAN: (u64, &str) = (510, "Release 4");
const SUITES: [(u64, &str); 4] = [
    (520, "Checkout"),
    (521, "Account"),
    (522, "Catalogue"),
    (530, "API"),
];
/// Suite, ID and title of each test case.
const TEST_CASES: [(u64, u64, &str); 10] = [
    (520, 41, "Fill the basket"),
    (520, 42, "Pay"),
    (520, 43, "Pay less"),
    (521, 44, "Move house"),
    (521, 45, "Order again"),
    (522, 46, "Find by name"),
    (522, 47, "Filter"),
    (522, 48, "Sort"),
    (530, 49, "Order"),
    (530, 50, "Cancel an order"),
];

/// The builds that publish: without the plan, and onto it.
const BUILDS: [u64; 2] = [71, 72];

/// What the step of the second one is given.
const ONTO_THE_PLAN: [(&str, &str); 2] = [
    ("INPUT_TESTPLAN", PLAN.1),
    ("INPUT_TESTCASEMAPPING", "test-cases.csv"),
];

fn main() -> ExitCode {
    // An example does not get the program built, so it starts itself once more, with nothing in
    // the environment but what an agent would set.
    if std::env::var_os(PUBLISHER).is_some() {
        let environment = katalon_ado::environment::Environment::from_process();
        let waits = katalon_ado::publish::Waits::default();
        return katalon_ado::run(&environment, katalon_ado::Streams::of_process(), waits).into();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime.and_then(|runtime| runtime.block_on(try_it())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("try_it: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn try_it() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let once = arguments.iter().any(|argument| argument == "--once");
    if let Some(unknown) = arguments
        .iter()
        .find(|argument| argument.starts_with('-') && *argument != "--once")
    {
        return Err(std::io::Error::other(format!(
            "unknown option '{unknown}'. Use: cargo run --example try_it -- [--once] [FOLDER]"
        )));
    }
    let folder = arguments
        .iter()
        .find(|argument| !argument.starts_with("--"));
    let reports = match folder {
        Some(folder) => std::path::absolute(folder)?,
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reports"),
    };
    // Ctrl-C reaches the publisher too, which ends by itself; what is left is to clean up behind it.
    let interrupted = tokio::spawn(tokio::signal::ctrl_c());
    let service = StandIn::start(Settings {
        builds: BUILDS.map(|id| Build::new(id, "Shop")).into(),
        ..Settings::default()
    });
    let temp = std::env::temp_dir().join(format!("katalon-ado-try-it-{}", std::process::id()));
    std::fs::create_dir_all(&temp)?;
    let published = publish_all(&service, &reports, &temp, folder.is_none()).await;
    if published.is_err() || once || interrupted.is_finished() {
        std::fs::remove_dir_all(&temp)?;
        return match published? {
            0 => Ok(()),
            failed => Err(std::io::Error::other(format!(
                "{failed} of the tasks failed"
            ))),
        };
    }
    say("Each summary is the file behind 'task.uploadsummary' in the log, until this ends.");
    say(&format!(
        "To publish there yourself: AZURE_DEVOPS_EXT_PAT={} katalon-ado publish --organization {} --project Shop --build-id 71",
        Settings::default().token,
        service.collection_url()
    ));
    say(&format!("See them at {} (Ctrl-C ends)", service.page_url()));
    let ended = interrupted.await.map_err(std::io::Error::other);
    std::fs::remove_dir_all(&temp)?;
    ended?
}

/// Publishes without a plan, and with one onto its points; how many of the tasks failed.
async fn publish_all(
    service: &StandIn,
    reports: &Path,
    temp: &Path,
    with_plan: bool,
) -> std::io::Result<usize> {
    say(&format!(
        "Publishing '{}' as a pipeline would:\n",
        reports.display()
    ));
    let first = publish(service, reports, temp, BUILDS[0], &[]).await?;
    say(&format!(
        "Test runs that arrived: {}.",
        service.runs().len()
    ));
    if !with_plan {
        return Ok(usize::from(!first));
    }
    add_plan(service);
    say("\nThe next build publishes onto a test plan:\n");
    let second = publish(service, reports, temp, BUILDS[1], &ONTO_THE_PLAN).await?;
    show_plan(service);
    Ok(usize::from(!first) + usize::from(!second))
}

/// Puts the plan into the service. Each test case is to be run on Windows.
fn add_plan(service: &StandIn) {
    let (plan, name) = PLAN;
    service.add_plan(Plan::new(plan, name));
    service.add_configuration(Configuration::new(1, "Windows 11").as_default());
    for (suite, name) in SUITES {
        service.add_suite(Suite::new(suite, plan, name));
    }
    for (suite, id, title) in TEST_CASES {
        service.add_work_item(WorkItem::test_case(id, title));
        service.add_point(Point::new(id * 100, suite, id, 1));
    }
}

/// What the plan shows for each point then.
fn show_plan(service: &StandIn) {
    let (plan, name) = PLAN;
    say(&format!("Test plan '{name}' now shows:"));
    let points = service.point_histories(plan);
    for (_, id, title) in TEST_CASES {
        let result = points.iter().filter(|point| point.case == id);
        let outcome = match result.flat_map(|point| &point.results).last() {
            Some(result) => format!("{}, test run {}", result.outcome, result.run),
            None => "not run yet".to_owned(),
        };
        say(&format!("  {id} {title:<16} {outcome}"));
    }
}

/// Runs the publisher to its end, with these inputs beside those of every step; whether it
/// succeeded.
async fn publish(
    service: &StandIn,
    reports: &Path,
    temp: &Path,
    build: u64,
    inputs: &[(&str, &str)],
) -> std::io::Result<bool> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("task")
        .env_clear()
        .envs(agent(service, reports, temp, build))
        .envs(inputs.iter().copied())
        .env(PUBLISHER, "1")
        // The end of standard input would mean cancel.
        .stdin(std::process::Stdio::piped())
        .spawn()?;
    let input = child.stdin.take();
    let status = tokio::task::spawn_blocking(move || child.wait()).await;
    let status = status.map_err(std::io::Error::other)??;
    drop(input);
    say(&format!(
        "\nThe task ended with exit code {}.",
        status.code().unwrap_or(-1)
    ));
    Ok(status.success())
}

/// What an agent sets for a task.
fn agent(
    service: &StandIn,
    reports: &Path,
    temp: &Path,
    build: u64,
) -> Vec<(&'static str, String)> {
    let shown = |path: &Path| path.display().to_string();
    let mut variables = vec![
        ("TF_BUILD", "True".to_owned()),
        (
            "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",
            service.collection_url(),
        ),
        (
            "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN",
            Settings::default().token,
        ),
        ("SYSTEM_TEAMPROJECT", "Shop".to_owned()),
        ("SYSTEM_HOSTTYPE", "build".to_owned()),
        ("BUILD_BUILDID", build.to_string()),
        ("BUILD_BUILDNUMBER", Build::new(build, "Shop").number),
        ("BUILD_BUILDURI", format!("vstfs:///Build/Build/{build}")),
        ("SYSTEM_STAGENAME", "Test".to_owned()),
        ("SYSTEM_STAGEATTEMPT", "1".to_owned()),
        ("SYSTEM_PHASENAME", "Katalon".to_owned()),
        ("SYSTEM_PHASEATTEMPT", "1".to_owned()),
        ("SYSTEM_JOBNAME", "__default".to_owned()),
        ("SYSTEM_JOBATTEMPT", "1".to_owned()),
        ("AGENT_NAME", "Agent 1".to_owned()),
        ("AGENT_VERSION", "4.260.0".to_owned()),
        ("AGENT_TEMPDIRECTORY", shown(temp)),
        ("SYSTEM_DEFAULTWORKINGDIRECTORY", shown(reports)),
        ("INPUT_ATTACHMENTSFOR", "all".to_owned()),
        // The example reports are of other days.
        ("INPUT_SKIPSTALEREPORTS", "false".to_owned()),
    ];
    // Without these a program on Windows cannot open a connection.
    for name in ["SYSTEMROOT", "TZ"] {
        if let Ok(value) = std::env::var(name) {
            variables.push((name, value));
        }
    }
    variables
}

fn say(line: &str) {
    // A reader who has gone away is no error.
    let _ = writeln!(std::io::stdout(), "{line}");
}
