//! Processes of the program that are told to end.

use std::io::Read;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Sends a signal by the command of that name.
pub(crate) fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let status = Command::new("kill").args(["-s", name, &id]).status();
    assert!(status.unwrap().success());
}

/// How a child ends that was told to, with what it has written.
pub(crate) fn end_of(mut child: Child, deadline: Duration) -> (i32, String) {
    let begun = Instant::now();
    let input = child.stdin.take();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if begun.elapsed() > deadline {
            child.kill().unwrap();
            panic!("it did not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    drop(input);
    let mut log = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    (code.unwrap(), log)
}
