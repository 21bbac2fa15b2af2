//! The folder into which an agent has unpacked the task.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder of its own, removed at the end of the test.
pub(crate) struct TaskFolder {
    folder: PathBuf,
}

impl TaskFolder {
    /// The task with the real program, which has no run bit: a VSIX keeps none.
    pub(crate) fn new() -> Self {
        let task = Self::without_program();
        let platform = platform();
        let program = match given() {
            Some(folder) => folder.join("bin").join(&platform).join("katalon-ado"),
            None => PathBuf::from(env!("CARGO_BIN_EXE_katalon-ado")),
        };
        task.add_program(&platform, "katalon-ado", &fs::read(program).unwrap());
        task
    }

    /// The task with another program: JavaScript for the Node that the tests run under.
    pub(crate) fn with_fake(script: &str) -> Self {
        let task = Self::without_program();
        task.add_fake(&platform(), "katalon-ado", script);
        task
    }

    /// The task without a program for this machine, or for any.
    pub(crate) fn without_program() -> Self {
        let folder = new_folder("task");
        let source =
            given().unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("task"));
        for name in ["task.json", "index.js"] {
            fs::copy(source.join(name), folder.join(name)).unwrap();
        }
        Self { folder }
    }

    /// Adds a program in JavaScript for a platform.
    pub(crate) fn add_fake(&self, platform: &str, name: &str, script: &str) {
        let text = format!("#!{}\n{script}\n", node().display());
        self.add_program(platform, name, text.as_bytes());
    }

    /// Adds a program, without run bit.
    pub(crate) fn add_program(&self, platform: &str, name: &str, content: &[u8]) {
        let folder = self.folder.join("bin").join(platform);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), content).unwrap();
        set_mode(&folder.join(name), 0o644);
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// The program for this machine.
    pub(crate) fn program(&self) -> PathBuf {
        self.folder.join("bin").join(platform()).join("katalon-ado")
    }
}

impl Drop for TaskFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A new empty folder.
pub(crate) fn new_folder(purpose: &str) -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("katalon-ado-{purpose}-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// This machine in Node's names.
pub(crate) fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}-{processor}")
}

/// The Node that an agent would bring, with its whole path.
pub(crate) fn node() -> PathBuf {
    if let Some(node) = std::env::var_os("KATALON_ADO_NODE") {
        return PathBuf::from(node);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("node"))
        .find(|node| node.is_file())
        .expect("Node 20 is needed on the path, as an agent has it")
}

#[cfg(unix)]
fn set_mode(file: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_file: &Path, _mode: u32) {}

fn given() -> Option<PathBuf> {
    std::env::var_os("KATALON_ADO_TASK").map(PathBuf::from)
}
