//! Text that is masked while it is sent, each time anew: it is read once to know its length and its
//! fingerprint, because a log has room neither in memory nor on an agent's disk.

use std::fs::File;
use std::io::{self, Read, Take};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Prepared, fingerprint_of};
use crate::azure_devops::{Content, Made};
use crate::secrets::{Masked, Secrets, TextKind};

/// A text file as it is sent.
#[derive(Clone, Debug)]
pub(super) struct MaskedText {
    path: PathBuf,
    kind: TextKind,
    /// Bytes of the file when it was looked at first; what is written behind them is left out, or
    /// the text would be another each time.
    length: u64,
    secrets: Arc<Secrets>,
}

impl MaskedText {
    pub(super) fn new(path: &Path, kind: TextKind, length: u64, secrets: Arc<Secrets>) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            length,
            secrets,
        }
    }

    /// The masked text, whatever the encoding of the file: bytes of UTF-16 would hide every secret.
    pub(super) fn open(&self) -> io::Result<Masked<Take<File>>> {
        self.secrets.masked_file(&self.path, self.kind, self.length)
    }
}

impl Made for MaskedText {
    fn read(&self) -> io::Result<Box<dyn Read + Send + Sync>> {
        Ok(Box::new(self.open()?))
    }
}

/// Looks through the file once, for length and fingerprint of the masked text.
pub(super) fn prepare(
    path: &Path,
    kind: TextKind,
    length: u64,
    secrets: Arc<Secrets>,
) -> Result<Prepared, String> {
    let text = MaskedText::new(path, kind, length, secrets);
    let masked = text.open().map_err(|error| error.to_string())?;
    let (fingerprint, length) = fingerprint_of(masked).map_err(|error| error.to_string())?;
    Ok(Prepared {
        content: Content::Made {
            source: Arc::new(text),
            length,
        },
        fingerprint,
        is_zipped: false,
    })
}
