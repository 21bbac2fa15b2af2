//! An agent: the environment it makes, how it starts a task, reads its log, retries and cancels it.
//!
//! Written from the description of the agent alone; what it does with a task is told there with
//! the place in its source.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ado_stand_in::StandIn;

use super::step::{Ledger, definition};
use super::task_folder::{TaskFolder, new_folder, node};

pub(crate) use super::profile::Profile;
pub(crate) use super::step::{Step, StepResult};

/// How long the agent waits after each signal before it sends the next.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) after_interrupt: Duration,
    pub(crate) after_terminate: Duration,
}

impl Patience {
    /// The agent's own.
    pub(crate) const REAL: Self = Self {
        after_interrupt: Duration::from_millis(7500),
        after_terminate: Duration::from_millis(2500),
    };
    /// For what ignores every signal.
    pub(crate) const SHORT: Self = Self {
        after_interrupt: Duration::from_millis(700),
        after_terminate: Duration::from_millis(300),
    };
}

/// An agent with one job.
pub(crate) struct Agent {
    vars: BTreeMap<String, String>,
    inputs: BTreeMap<String, String>,
    working_folder: PathBuf,
    temp_folder: PathBuf,
    wrapper: Vec<String>,
    preload: Option<PathBuf>,
    restricted: bool,
    retries: usize,
}

impl Agent {
    /// An agent whose job belongs to that kind of pipeline, with reports below a folder.
    pub(crate) fn new(profile: Profile, service: &StandIn, working_folder: &Path) -> Self {
        let temp_folder = new_folder("agent-temp");
        let vars = profile.variables(service, working_folder, &temp_folder);
        Self {
            vars,
            inputs: BTreeMap::new(),
            working_folder: working_folder.to_owned(),
            temp_folder,
            wrapper: Vec::new(),
            preload: None,
            restricted: false,
            retries: 0,
        }
        // The example reports are of other days.
        .input("skipStaleReports", "false")
    }

    /// The user gives a task input.
    pub(crate) fn input(mut self, name: &str, value: &str) -> Self {
        self.inputs.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Another variable.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    /// `retryCountOnTaskFailure`.
    pub(crate) fn retrying(mut self, retries: usize) -> Self {
        self.retries = retries;
        self
    }

    /// The step's `target` says `commands: restricted`.
    pub(crate) fn restricted(mut self) -> Self {
        self.restricted = true;
        self
    }

    /// Node is started by this command, which is given Node and its arguments.
    pub(crate) fn wrapped_in(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Node runs this script before the task: how another system is put on.
    pub(crate) fn preloading(mut self, script: &str) -> Self {
        let file = self.temp_folder.join("preload.js");
        std::fs::write(&file, script).unwrap();
        self.preload = Some(file);
        self
    }

    /// `AGENT_TEMPDIRECTORY`.
    pub(crate) fn temp_folder(&self) -> &Path {
        &self.temp_folder
    }

    /// Runs the step to its end, with its retries.
    pub(crate) fn run(&self, task: &TaskFolder) -> Step {
        let mut ledger = Ledger::new(task, self.restricted);
        loop {
            self.start(task).wait_into(&mut ledger);
            let again = ledger.attempts() <= self.retries;
            if !(again && ledger.has_failed()) {
                return ledger.step();
            }
            ledger.before_retry();
        }
    }

    /// Starts the step once, and leaves it running.
    pub(crate) fn start(&self, task: &TaskFolder) -> Running {
        let mut words = self.wrapper.clone();
        words.push(node().display().to_string());
        if let Some(preload) = &self.preload {
            words.extend(["-r".to_owned(), preload.display().to_string()]);
        }
        words.push(task.path().join("index.js").display().to_string());
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .env_clear()
            .envs(&self.vars)
            .envs(self.input_variables(task))
            .current_dir(&self.working_folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let readers = vec![
            reader(child.stdout.take().unwrap(), &log),
            reader(child.stderr.take().unwrap(), &log),
        ];
        Running {
            child,
            log,
            readers,
        }
    }

    /// Every input that the definition knows, with its default where nobody gave it; then those
    /// that it does not know.
    fn input_variables(&self, task: &TaskFolder) -> BTreeMap<String, String> {
        let definition = definition(task);
        let defaults = definition["inputs"].as_array().unwrap().iter();
        let defaults = defaults.map(|input| {
            let text = |key: &str| input[key].as_str().unwrap_or_default().to_owned();
            (text("name"), text("defaultValue"))
        });
        let given = self.inputs.clone().into_iter();
        defaults
            .chain(given)
            .map(|(name, value)| {
                (
                    format!("INPUT_{}", name.to_uppercase()),
                    value.trim().to_owned(),
                )
            })
            .collect()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.temp_folder);
    }
}

/// A step that runs.
pub(crate) struct Running {
    child: Child,
    log: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// The process of Node.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What was written so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.lock().unwrap()).into_owned()
    }

    /// Waits for the end.
    pub(crate) fn wait(self, task: &TaskFolder) -> Step {
        let mut ledger = Ledger::new(task, false);
        self.wait_into(&mut ledger);
        ledger.step()
    }

    /// Cancels the step: interrupt, terminate, and then the end of Node alone.
    pub(crate) fn cancel(mut self, task: &TaskFolder, patience: Patience) -> Step {
        for (signal, wait) in [
            ("INT", patience.after_interrupt),
            ("TERM", patience.after_terminate),
        ] {
            self.signal(signal);
            let sent = Instant::now();
            while self.child.try_wait().unwrap().is_none() && sent.elapsed() < wait {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        self.signal("KILL");
        let mut step = self.wait(task);
        step.result = StepResult::Canceled;
        step
    }

    /// Sends a signal to Node, if it still runs.
    pub(crate) fn signal(&mut self, name: &str) {
        if self.child.try_wait().unwrap().is_none() {
            send_signal(name, self.id());
        }
    }

    fn wait_into(mut self, ledger: &mut Ledger) {
        let status = self.child.wait().unwrap();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let log = self.log();
        ledger.attempt(status.code(), &log);
    }
}

/// Sends a signal to a process.
pub(crate) fn send_signal(name: &str, process: u32) {
    let arguments = [format!("-{name}"), process.to_string()];
    Command::new("kill").args(arguments).status().unwrap();
}

fn reader(mut stream: impl Read + Send + 'static, log: &Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut piece) {
            log.lock().unwrap().extend_from_slice(&piece[..length]);
        }
    })
}
