//! Shows what a pipeline would see: starts the stand-in Azure DevOps, publishes the example reports
//! to it as the task in a pipeline does, and leaves a page open that shows what arrived.
//!
//! `cargo run --example try_it`, or with `-- --once` to end after publishing.

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use ado_stand_in::{Settings, StandIn};

/// Tells this program, started again by itself, to be the publisher.
const PUBLISHER: &str = "KATALON_ADO_TRY_IT_PUBLISHER";

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
    let service = StandIn::start(Settings::default());
    let temp = std::env::temp_dir().join(format!("katalon-ado-try-it-{}", std::process::id()));
    std::fs::create_dir_all(&temp)?;
    let published = publish(&service, &reports, &temp).await;
    std::fs::remove_dir_all(&temp)?;
    published?;
    if once || interrupted.is_finished() {
        return Ok(());
    }
    say(&format!(
        "To publish there yourself: AZURE_DEVOPS_EXT_PAT={} katalon-ado publish --organization {} --project Shop --build-id 71",
        Settings::default().token,
        service.collection_url()
    ));
    say(&format!("See them at {} (Ctrl-C ends)", service.page_url()));
    interrupted.await.map_err(std::io::Error::other)?
}

/// Runs the publisher to its end.
async fn publish(service: &StandIn, reports: &Path, temp: &Path) -> std::io::Result<()> {
    say(&format!(
        "Publishing '{}' as a pipeline would:\n",
        reports.display()
    ));
    let mut child = Command::new(std::env::current_exe()?)
        .arg("task")
        .env_clear()
        .envs(agent(service, reports, temp))
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
    say(&format!(
        "Test runs that arrived: {}.",
        service.runs().len()
    ));
    Ok(())
}

/// What an agent sets for a task.
fn agent(service: &StandIn, reports: &Path, temp: &Path) -> Vec<(&'static str, String)> {
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
        ("BUILD_BUILDID", "71".to_owned()),
        (
            "BUILD_BUILDNUMBER",
            Settings::default().builds[0].number.clone(),
        ),
        ("BUILD_BUILDURI", "vstfs:///Build/Build/71".to_owned()),
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
