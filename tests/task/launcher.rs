//! The launcher with programs that do what the real one never should, and on systems that it is
//! only told to be on.
//!
//! Its branch for Windows is tried here as far as Node can pretend; untried on Windows itself.

use ado_stand_in::{Settings, StandIn};

use katalon_ado::exit_code::ExitCode;
use katalon_ado::problem::code;

use crate::support::agent::{Agent, Patience, Profile, Running, Step, StepResult};
use crate::support::task_folder::{TaskFolder, platform};
use crate::support::wait_until;

/// An agent in a build; what the fakes are does not need the service.
fn agent() -> Agent {
    let service = StandIn::start(Settings::default());
    Agent::new(Profile::YamlBuild, &service, &std::env::temp_dir())
}

const MISSING: &str = code::PROGRAM_MISSING.0;
const NOT_STARTED: &str = code::PROGRAM_NOT_STARTED.0;
const KILLED: &str = code::PROGRAM_KILLED.0;
const AT_ONCE: &str = code::ENDED_AT_ONCE.0;

fn run(program: &str) -> Step {
    agent().run(&TaskFolder::with_fake(program))
}

#[track_caller]
fn told_once(step: &Step, result: &str, code: &str) -> String {
    let completions = step.completions();
    assert_eq!(completions.len(), 1, "{}", step.log);
    assert_eq!(completions[0].0, result, "{}", step.log);
    assert!(completions[0].1.starts_with(code), "{}", step.log);
    assert_eq!(step.errors(), [code], "{}", step.log);
    assert_eq!(step.exit_codes, [Some(0)], "{}", step.log);
    completions[0].1.to_owned()
}

#[test]
fn a_program_that_spoke_is_not_spoken_over() {
    for code in ExitCode::WORST_FIRST.map(ExitCode::number) {
        let step = run(&format!(
            "require('fs').writeSync(1, '##vso[task.complete result=Failed;]own words\\n'); process.exitCode = {code};"
        ));
        assert_eq!(step.exit_codes, [Some(0)], "{code}");
        assert_eq!(step.completions(), [("Failed", "own words")], "{code}");
        assert_eq!(step.result, StepResult::Failed);
    }
}

#[test]
fn the_program_is_told_to_run_the_task_in_the_environment_of_the_agent() {
    let step = agent().input("testRunTitle", "{suite} a").run(&TaskFolder::with_fake(
        "console.log(JSON.stringify([process.argv.slice(2), process.cwd(), process.env.INPUT_TESTRUNTITLE, process.env.SECRET_DB_PASSWORD]));",
    ));
    let line: serde_json::Value = serde_json::from_str(step.log.trim()).unwrap();
    let folder = std::env::temp_dir().canonicalize().unwrap();
    assert_eq!(
        line,
        serde_json::json!([["task"], folder, "{suite} a", "correct horse"])
    );
    assert_eq!(step.result, StepResult::Succeeded);
}

#[test]
fn an_unknown_exit_code_is_told_in_the_programs_place() {
    let step = run("process.stdout.write('half a line'); process.exitCode = 77;");
    let text = told_once(&step, "Failed", KILLED);
    assert!(text.contains("the code 77 (0x4d)"), "{text}");
    assert!(step.log.starts_with("half a line\n##vso["), "{}", step.log);
    assert_eq!(step.result, StepResult::Failed);
}

#[test]
fn a_program_that_was_killed_is_told_in_its_place() {
    let step = run("process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);");
    let text = told_once(&step, "Failed", KILLED);
    assert!(text.contains("ended by SIGKILL"), "{text}");
}

#[test]
fn without_a_program_for_this_platform_those_that_there_are_are_named() {
    let task = TaskFolder::without_program();
    task.add_fake("win32-x64", "katalon-ado.exe", "");
    task.add_fake("sunos-x64", "katalon-ado", "");
    let step = agent().run(&task);
    let text = told_once(&step, "Failed", MISSING);
    let named = format!(
        "no program for {} in this task, only for: sunos-x64, win32-x64",
        platform()
    );
    assert!(text.contains(&named), "{text}");

    let step = agent().run(&TaskFolder::without_program());
    assert!(told_once(&step, "Failed", MISSING).contains("only for: none"));
}

#[test]
fn a_program_that_somebody_removed_is_missed() {
    let task = TaskFolder::with_fake("");
    std::fs::remove_file(task.program()).unwrap();
    let step = agent().run(&task);
    let text = told_once(&step, "Failed", MISSING);
    assert!(
        text.contains("is missing: something on this machine"),
        "{text}"
    );
    assert!(text.contains(task.program().to_str().unwrap()), "{text}");
}

#[test]
fn a_damaged_program_is_not_taken_for_a_script() {
    // A shell would end with 0 and with 2.
    for content in [&b""[..], b"(\0\0\0\0"] {
        let task = TaskFolder::without_program();
        task.add_program(&platform(), "katalon-ado", content);
        let step = agent().run(&task);
        let text = told_once(&step, "Failed", NOT_STARTED);
        assert!(
            text.contains("cannot be started: it is no program. It is damaged"),
            "{text}"
        );
    }
}

#[test]
fn what_the_system_forbids_to_start_is_told() {
    for (raise, advice) in [
        // Node reports some refusals later, and throws others.
        ("return spawn('/', [], options);", "mounted with `noexec`"),
        (
            "throw Object.assign(new Error('spawn UNKNOWN'), { code: 'UNKNOWN' });",
            "virus scanner may block it",
        ),
    ] {
        let preload = format!(
            "const c = require('child_process'); const spawn = c.spawn; c.spawn = (file, args, options) => {{ {raise} }};"
        );
        let step = agent().preloading(&preload).run(&TaskFolder::with_fake(""));
        let text = told_once(&step, "Failed", NOT_STARTED);
        assert!(text.contains(advice), "{text}");
    }
}

#[test]
fn the_run_bit_that_a_package_does_not_keep_is_set() {
    use std::os::unix::fs::PermissionsExt;
    let task = TaskFolder::with_fake("console.log(process.argv[1]);");
    let mode = || task.program().metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o644);
    let step = agent().run(&task);
    assert_eq!(step.log.trim(), task.program().to_str().unwrap());
    assert_eq!(mode(), 0o755);
}

const READ_ONLY: &str = "const fs = require('fs'); const chmod = fs.chmodSync; \
    fs.chmodSync = (file, mode) => { \
      if (file.startsWith(process.env.READ_ONLY)) throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' }); \
      chmod(file, mode); \
    };";

#[test]
fn from_a_folder_that_is_read_only_a_copy_is_started_and_removed() {
    let task = TaskFolder::with_fake("console.log(process.argv[1]); process.exitCode = 1;");
    let agent = agent()
        .preloading(READ_ONLY)
        .var("READ_ONLY", task.path().to_str().unwrap());
    let step = agent.run(&task);
    let copy = std::path::Path::new(step.log.trim());
    assert!(copy.starts_with(agent.temp_folder()), "{}", step.log);
    assert!(copy.ends_with("katalon-ado"), "{}", step.log);
    assert!(!copy.parent().unwrap().exists());
    assert_eq!(step.completions(), []);
}

#[test]
fn a_copy_that_cannot_be_made_is_told() {
    let task = TaskFolder::with_fake("");
    let step = agent()
        .preloading(READ_ONLY)
        .var("READ_ONLY", task.path().to_str().unwrap())
        .var("AGENT_TEMPDIRECTORY", "/nowhere/at/all")
        .run(&task);
    let text = told_once(&step, "Failed", NOT_STARTED);
    assert!(text.contains("/nowhere/at/all/katalon-ado-"), "{text}");
}

/// Tells every signal and lives until its standard input ends.
const LISTENS: &str = "for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => console.log('got ' + name)); \
    process.stdin.on('end', () => console.log('input ended')).resume(); \
    console.log('ready');";

fn ready(agent: &Agent, task: &TaskFolder) -> Running {
    let running = agent.start(task);
    wait_until("the program is ready", || running.log().contains("ready\n"));
    running
}

#[test]
fn signals_are_handed_on_one_by_one() {
    let (agent, task) = (agent(), TaskFolder::with_fake(LISTENS));
    let mut running = ready(&agent, &task);
    for (short, name) in [("INT", "SIGINT"), ("TERM", "SIGTERM"), ("HUP", "SIGHUP")] {
        running.signal(short);
        wait_until(name, || running.log().contains(&format!("got {name}\n")));
    }
    let step = running.cancel(&task, Patience::SHORT);
    // Killed at last, since the program ignores all of them; only then does its input end.
    assert_eq!(step.exit_codes, [None]);
    assert!(step.log.ends_with("input ended\n"), "{}", step.log);
    assert_eq!(step.completions(), []);
}

#[test]
fn the_launcher_outlives_a_program_that_takes_its_time_to_end() {
    let (agent, task) = (
        agent(),
        TaskFolder::with_fake(
            "process.on('SIGINT', () => setTimeout(() => { console.log('cleaned up'); process.exit(130); }, 300)); \
             process.stdin.resume(); console.log('ready');",
        ),
    );
    let running = ready(&agent, &task);
    let step = running.cancel(&task, Patience::REAL);
    assert_eq!(step.exit_codes, [Some(0)]);
    assert!(step.log.ends_with("cleaned up\n"), "{}", step.log);
    assert_eq!(step.completions(), []);
}

#[test]
fn a_program_that_dies_of_the_signal_handed_on_was_cancelled() {
    let (agent, task) = (
        agent(),
        TaskFolder::with_fake("setInterval(() => {}, 1000); console.log('ready');"),
    );
    let step = ready(&agent, &task).cancel(&task, Patience::REAL);
    let text = told_once(&step, "Canceled", KILLED);
    assert!(text.contains("ended by SIGINT"), "{text}");
}

#[test]
fn a_program_that_ended_at_once_on_a_second_signal_is_spoken_for() {
    let (agent, task) = (
        agent().preloading(
            "const now = Date.now; let hour = 0; Date.now = () => now() + 3600000 * hour++;",
        ),
        TaskFolder::with_fake(
            "let signals = 0; process.on('SIGINT', () => { signals += 1; console.log('signal ' + signals); if (signals === 2) process.exit(130); }); \
             process.stdin.resume(); console.log('ready');",
        ),
    );
    let mut running = ready(&agent, &task);
    running.signal("INT");
    wait_until("the first signal", || running.log().contains("signal 1\n"));
    running.signal("INT");
    let step = running.wait(&task);
    told_once(&step, "Canceled", AT_ONCE);
}

/// Makes the launcher believe that it is elsewhere, and tells how it starts the program.
fn elsewhere(system: &str, processor: &str) -> String {
    format!(
        "Object.defineProperty(process, 'platform', {{ value: '{system}' }}); \
         Object.defineProperty(process, 'arch', {{ value: '{processor}' }}); \
         const c = require('child_process'); const spawn = c.spawn; \
         c.spawn = (file, args, options) => {{ \
           const child = spawn(file, args, options); \
           console.log('started ' + JSON.stringify([file, args, options])); \
           child.kill = signal => console.log('killed with ' + signal); \
           return child; \
         }};"
    )
}

#[test]
fn on_windows_every_processor_runs_the_program_for_x64() {
    for processor in ["x64", "arm64", "ia32"] {
        let task = TaskFolder::without_program();
        task.add_fake("win32-x64", "katalon-ado.exe", "console.log('hello');");
        set_run_bit(&task);
        let step = agent()
            .preloading(&elsewhere("win32", processor))
            .run(&task);
        assert!(step.log.contains("hello\n"), "{}", step.log);
        assert_eq!(step.result, StepResult::Succeeded);
    }
}

#[test]
fn on_windows_the_console_tells_the_program_and_the_launcher_only_waits() {
    let task = TaskFolder::without_program();
    task.add_fake("win32-x64", "katalon-ado.exe", LISTENS);
    set_run_bit(&task);
    let agent = agent().preloading(&elsewhere("win32", "x64"));
    let running = ready(&agent, &task);
    let step = running.cancel(&task, Patience::SHORT);
    // Neither `windowsHide` nor `detached`, and standard input is held open.
    assert!(
        step.log
            .contains(r#"["task"],{"stdio":["pipe","inherit","inherit"]}]"#),
        "{}",
        step.log
    );
    assert!(!step.log.contains("killed with"), "{}", step.log);
    assert!(!step.log.contains("got SIG"), "{}", step.log);
    assert!(step.log.ends_with("input ended\n"), "{}", step.log);
}

#[test]
fn on_windows_no_run_bit_is_looked_for() {
    let task = TaskFolder::without_program();
    task.add_fake("win32-x64", "katalon-ado.exe", "");
    let step = agent().preloading(&elsewhere("win32", "x64")).run(&task);
    // Here, where there is one, the program then cannot be started.
    assert!(told_once(&step, "Failed", NOT_STARTED).contains("EACCES"));
}

fn set_run_bit(task: &TaskFolder) {
    use std::os::unix::fs::PermissionsExt;
    let program = task.path().join("bin/win32-x64/katalon-ado.exe");
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_step_that_fails_is_retried_by_the_agent_and_may_succeed() {
    let agent = agent().retrying(2);
    let seen = agent.temp_folder().join("seen");
    let program = format!(
        "const fs = require('fs'); if (!fs.existsSync('{0}')) {{ fs.writeFileSync('{0}', ''); process.exit(77); }}",
        seen.display()
    );
    let step = agent.run(&TaskFolder::with_fake(&program));
    assert_eq!(step.exit_codes, [Some(0), Some(0)]);
    assert_eq!(step.result, StepResult::Succeeded);
}

#[test]
fn what_the_agent_may_not_set_is_refused() {
    let step = run(
        "console.log('##vso[task.setvariable variable=exitCode;isoutput=true;]0\\n##vso[task.setvariable variable=PATH]x');",
    );
    assert_eq!(step.outputs.get("exitCode").map(String::as_str), Some("0"));
    assert_eq!(step.refused, ["task.setvariable PATH"]);
}
