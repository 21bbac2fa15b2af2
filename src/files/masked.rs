//! Text that is masked while it is sent, each time anew: it is read once to know its length and its
//! fingerprint, because a log has room neither in memory nor on an agent's disk.

use std::fs::File;
use std::io::{self, Read, Take};
use std::sync::Arc;

use super::{Prepared, fingerprint_of};
use crate::azure_devops::{Content, Made};
use crate::opening::SeenFile;
use crate::secrets::{Masked, Secrets, TextKind};

/// A text file as it is sent.
#[derive(Clone, Debug)]
pub(super) struct MaskedText {
    /// The file as it was looked at first; what is written behind its end is left out, or the text
    /// would be another each time.
    seen: SeenFile,
    kind: TextKind,
    secrets: Arc<Secrets>,
}

impl MaskedText {
    pub(super) fn new(seen: SeenFile, kind: TextKind, secrets: Arc<Secrets>) -> Self {
        Self {
            seen,
            kind,
            secrets,
        }
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.seen.length()
    }

    /// The masked text, whatever the encoding of the file: bytes of UTF-16 would hide every secret.
    pub(super) fn open(&self) -> io::Result<Masked<Take<File>>> {
        let file = self.seen.open()?.take(self.seen.length());
        self.secrets.masked_file(self.seen.path(), file, self.kind)
    }
}

impl Made for MaskedText {
    fn read(&self) -> io::Result<Box<dyn Read + Send + Sync>> {
        Ok(Box::new(self.open()?))
    }
}

/// Looks through the file once, for length and fingerprint of the masked text.
pub(super) fn prepare(text: MaskedText) -> Result<Prepared, String> {
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
