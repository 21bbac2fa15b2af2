//! The whole task under an agent: Node starts the launcher, the launcher the real program, and that
//! publishes example reports to the stand-in.

use ado_stand_in::{Fault, Rule, Settings, StandIn};
use serde_json::Value;

use crate::support::agent::{Agent, Patience, Profile, Running, StepResult, send_signal};
use crate::support::task_folder::TaskFolder;
use crate::support::{reports, wait_until};

fn service() -> StandIn {
    StandIn::start(Settings::default())
}

fn agent(service: &StandIn) -> Agent {
    Agent::new(
        Profile::YamlBuild,
        service,
        &reports("three-rows-one-failed"),
    )
}

/// The state of every run, in order.
fn states(service: &StandIn) -> Vec<String> {
    let state = |run: &Value| run["state"].as_str().unwrap().to_owned();
    service.runs().iter().map(state).collect()
}

#[test]
fn in_every_kind_of_pipeline_the_report_is_published_and_the_step_succeeds() {
    for profile in Profile::ALL {
        let service = service();
        let agent = Agent::new(profile, &service, &reports("three-rows-one-failed"));
        let step = agent.run(&TaskFolder::new());
        assert_eq!(
            step.result,
            StepResult::Succeeded,
            "{profile:?}: {}",
            step.log
        );
        assert_eq!(step.exit_codes, [Some(0)]);
        assert_eq!(step.completions(), [], "{}", step.log);
        assert_eq!(step.refused, Vec::<String>::new());
        let runs = service.runs();
        assert_eq!(runs.len(), 1, "{profile:?}");
        assert_eq!(states(&service), ["NeedsInvestigation"]);
        assert_eq!(runs[0]["build"]["id"], "71");
        assert_eq!(step.outputs["testRunIds"], runs[0]["id"].to_string());
        assert_eq!(step.outputs["exitCode"], "0");
        assert_eq!(step.summaries.len(), 1);
        let summary = std::fs::read_to_string(&step.summaries[0]).unwrap();
        assert!(summary.contains("Smoke"), "{summary}");
        let is_release = profile == Profile::ClassicRelease;
        let environment = &runs[0]["releaseEnvironmentUri"];
        assert_eq!(
            environment.as_str(),
            is_release.then_some("vstfs:///ReleaseManagement/Environment/9"),
            "{}",
            runs[0]
        );
        assert!(!step.log.contains(&Settings::default().token));
    }
}

#[test]
fn a_step_fails_by_what_the_program_told_and_never_by_an_exit_code() {
    let service = service();
    let step = agent(&service)
        .input("failTaskOnFailedTests", "true")
        .run(&TaskFolder::new());
    assert_eq!(step.result, StepResult::Failed);
    assert_eq!(step.exit_codes, [Some(0)]);
    assert_eq!(step.outputs["exitCode"], "1");
    let completions = step.completions();
    assert_eq!(completions.len(), 1, "{}", step.log);
    assert_eq!(completions[0].0, "Failed");
    assert!(
        completions[0].1.starts_with("KADO101"),
        "{}",
        completions[0].1
    );
    assert_eq!(states(&service), ["NeedsInvestigation"]);
}

#[test]
fn a_retry_of_the_agent_publishes_what_the_first_attempt_could_not() {
    let service = service();
    service.script(Rule::once("POST", "/runs$", Fault::status(403)));
    let step = agent(&service).retrying(1).run(&TaskFolder::new());
    assert_eq!(step.exit_codes, [Some(0), Some(0)], "{}", step.log);
    let completions = step.completions();
    assert_eq!(completions.len(), 1, "{}", step.log);
    assert_eq!(completions[0].0, "Failed");
    assert_eq!(step.result, StepResult::Succeeded);
    assert_eq!(step.outputs["exitCode"], "0");
    assert_eq!(states(&service), ["NeedsInvestigation"]);
}

/// Starts the step, and waits until the run is there and its results get no answer.
fn stuck(agent: &Agent, service: &StandIn, task: &TaskFolder) -> Running {
    service.script(Rule::once("POST", "/results$", Fault::NeverAnswer));
    let running = agent.start(task);
    wait_until("results are sent", || results_sent(service));
    assert_eq!(states(service), ["InProgress"]);
    running
}

fn results_sent(service: &StandIn) -> bool {
    let requests = service.requests();
    requests
        .iter()
        .any(|request| request.method == "POST" && request.path.ends_with("/results"))
}

#[test]
fn a_step_that_is_cancelled_leaves_no_run_open_and_ends_before_the_agent_loses_patience() {
    let service = service();
    let (agent, task) = (agent(&service), TaskFolder::new());
    let step = stuck(&agent, &service, &task).cancel(&task, Patience::REAL);
    assert_eq!(step.exit_codes, [Some(0)], "killed: {}", step.log);
    assert_eq!(step.result, StepResult::Canceled);
    let completions = step.completions();
    assert_eq!(completions.len(), 1, "{}", step.log);
    assert_eq!(completions[0].0, "Canceled");
    assert_eq!(states(&service), ["Aborted"]);
    assert_eq!(step.outputs["exitCode"], "130");
}

#[test]
fn when_the_launcher_is_killed_the_program_stops_and_leaves_no_run_open() {
    let service = service();
    let (agent, task) = (agent(&service), TaskFolder::new());
    let mut running = stuck(&agent, &service, &task);
    running.signal("KILL");
    wait_until("the run is aborted", || states(&service) == ["Aborted"]);
    let step = running.wait(&task);
    assert_eq!(step.exit_codes, [None]);
    let sent_late = service
        .requests()
        .into_iter()
        .rev()
        .find(|request| request.method == "POST");
    assert!(
        sent_late.unwrap().path.ends_with("/results"),
        "nothing is sent after the end"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_killed_program_left_behind_is_cleaned_up_by_the_agents_retry() {
    let service = service();
    service.script(Rule::once("POST", "/results$", Fault::NeverAnswer));
    let agent = agent(&service).retrying(1);
    let task = TaskFolder::new();
    let step = std::thread::scope(|scope| {
        let step = scope.spawn(|| agent.run(&task));
        wait_until("results are sent", || results_sent(&service));
        send_signal("KILL", process_of(&task));
        step.join().unwrap()
    });
    assert_eq!(step.exit_codes, [Some(0), Some(0)], "{}", step.log);
    let completions = step.completions();
    assert_eq!(completions.len(), 1, "{}", step.log);
    assert!(completions[0].1.starts_with("KADO903"), "{}", step.log);
    assert_eq!(step.result, StepResult::Succeeded, "{}", step.log);
    let finished = states(&service);
    assert!(!finished.contains(&"InProgress".to_owned()), "{finished:?}");
    let finished = finished
        .iter()
        .filter(|state| *state == "NeedsInvestigation");
    assert_eq!(finished.count(), 1);
}

/// The process that runs the program of that task.
#[cfg(target_os = "linux")]
fn process_of(task: &TaskFolder) -> u32 {
    let program = task.program().canonicalize().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let mut ids = processes.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let runs = std::fs::read_link(entry.path().join("exe")).ok()?;
        (runs == program).then_some(id)
    });
    ids.next().unwrap()
}

#[test]
fn where_commands_are_restricted_the_step_succeeds_without_its_summary() {
    let service = service();
    let step = agent(&service).restricted().run(&TaskFolder::new());
    assert_eq!(step.result, StepResult::Succeeded);
    assert_eq!(step.refused, ["task.uploadsummary"]);
    assert_eq!(step.outputs["exitCode"], "0");
    assert_eq!(states(&service), ["NeedsInvestigation"]);
}

#[test]
fn a_misspelt_input_arrives_and_is_answered_with_the_nearest() {
    let service = service();
    let step = agent(&service)
        .input("testRunTitel", "x")
        .run(&TaskFolder::new());
    assert!(
        step.log.contains("Did you mean 'testRunTitle'?"),
        "{}",
        step.log
    );
    assert_eq!(step.result, StepResult::Succeeded);
}

#[test]
fn a_private_authority_is_believed_where_the_agent_was_configured_with_it() {
    let service = StandIn::start(Settings {
        tls: true,
        ..Settings::default()
    });
    let task = TaskFolder::new();
    let agent = agent(&service).input("retryFor", "0");
    let step = agent.run(&task);
    assert_eq!(step.result, StepResult::Failed);
    assert_eq!(step.errors(), ["KADO408"], "{}", step.log);
    let authority = agent.temp_folder().join("ca.pem");
    std::fs::write(&authority, service.ca_pem().unwrap()).unwrap();
    let agent = agent.var("AGENT_CAINFO", authority.to_str().unwrap());
    let step = agent.run(&task);
    assert_eq!(step.result, StepResult::Succeeded, "{}", step.log);
    assert_eq!(states(&service), ["NeedsInvestigation"]);
}
