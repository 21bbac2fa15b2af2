//! Folders for tests: each has its own, and it is deleted in the end.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of one test.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// An empty one; no two tests use the same name.
    pub(crate) fn new(name: &str) -> Self {
        let own = format!("katalon-ado-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(own);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A place in it.
    pub(crate) fn join(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.0.join(relative)
    }

    /// Writes a file in it, and the folders above that.
    pub(crate) fn put(&self, relative: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
