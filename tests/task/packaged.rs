//! What needs a static program and the rights of root: `cargo xtask check` runs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use ado_stand_in::{Settings, StandIn};

use crate::support::agent::{Agent, Profile, StepResult};
use crate::support::task_folder::{TaskFolder, new_folder};
use crate::support::{copy_folder, reports};

#[test]
#[ignore = "needs root and a static program"]
fn in_an_empty_root_the_program_publishes_over_https_with_a_private_authority() {
    use std::os::unix::fs::PermissionsExt;
    let service = StandIn::start(Settings {
        tls: true,
        ..Settings::default()
    });
    assert!(service.collection_url().starts_with("https://"));
    let root = new_folder("root");
    let program = root.join("katalon-ado");
    fs::copy(TaskFolder::new().program(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(root.join("ca.pem"), service.ca_pem().unwrap()).unwrap();
    fs::create_dir(root.join("temp")).unwrap();
    copy_folder(&reports("three-rows-one-failed"), &root.join("work"));

    let start = |with_authority: bool| {
        let mut command = Command::new("chroot");
        command
            .arg(&root)
            .args(["/katalon-ado", "task"])
            .env_clear()
            .envs(Profile::YamlBuild.variables(&service, Path::new("/work"), Path::new("/temp")))
            .env("INPUT_SKIPSTALEREPORTS", "false")
            .env("INPUT_RETRYFOR", "0")
            .stdin(Stdio::piped());
        if with_authority {
            command.env("AGENT_CAINFO", "/ca.pem");
        }
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        crate::support::finished(child)
    };
    // The authority is what makes the difference.
    let (code, log) = start(false);
    assert_eq!(code, Some(4), "{log}");
    assert!(log.contains("KADO408"), "{log}");
    assert!(service.runs().is_empty());
    let (code, log) = start(true);
    assert_eq!(code, Some(0), "{log}");
    let runs = service.runs();
    assert_eq!(runs.len(), 1, "{log}");
    assert_eq!(runs[0]["state"], "NeedsInvestigation");
    fs::remove_dir_all(root).unwrap();
}

#[test]
#[ignore = "needs root, for a mount"]
fn from_a_folder_that_is_mounted_read_only_the_task_publishes() {
    let service = StandIn::start(Settings::default());
    let task = TaskFolder::new();
    let mounted = "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && \
        ! touch \"$0/x\" 2>/dev/null && exec \"$@\"";
    let folder = task.path().to_str().unwrap();
    let agent = Agent::new(
        Profile::YamlBuild,
        &service,
        &reports("three-rows-one-failed"),
    )
    .wrapped_in(&["unshare", "--mount", "sh", "-c", mounted, folder]);
    let step = agent.run(&task);
    assert_eq!(step.result, StepResult::Succeeded, "{}", step.log);
    assert_eq!(service.runs().len(), 1, "{}", step.log);
    // The copy is gone, the summary stays.
    let left = fs::read_dir(agent.temp_folder()).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.path()).collect();
    let kept = step.summaries.iter().map(|page| page.parent().unwrap());
    assert_eq!(left, kept.collect::<Vec<_>>());
}
