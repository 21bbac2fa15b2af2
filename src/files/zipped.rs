//! Text that is too long to be attached as it is: masked and zipped while it is sent, each time
//! anew, so that a log of a gigabyte needs neither memory nor disk.

use std::io::{self, Read};
use std::sync::Arc;

use super::masked::MaskedText;
use super::zip::Zip;
use super::{Prepared, fingerprint_of};
use crate::azure_devops::{Content, FILE_NAME_LIMIT, Made};
use crate::secrets::Clean;

/// A text file as it is sent.
#[derive(Debug)]
struct ZippedText {
    name: Clean,
    text: MaskedText,
}

/// Looks through the file once, for length and fingerprint of the archive, in which it has that
/// name; says why not where the archive would be larger than `limit`.
pub(super) fn prepare(text: MaskedText, name: &Clean, limit: u64) -> Result<Prepared, String> {
    let length = text.length();
    let text = ZippedText {
        name: name.one_line().as_file_name(FILE_NAME_LIMIT),
        text,
    };
    let archive = text.read().map_err(|error| error.to_string())?;
    let (fingerprint, zipped) =
        fingerprint_of(archive.take(limit + 1)).map_err(|error| error.to_string())?;
    if zipped > limit {
        return Err(format!(
            "it has {} MB, and zipped still more than the {} MB that Azure DevOps takes",
            length / 1_000_000,
            limit / (1024 * 1024)
        ));
    }
    Ok(Prepared {
        content: Content::Made {
            source: Arc::new(text),
            length: zipped,
        },
        fingerprint,
        is_zipped: true,
    })
}

impl Made for ZippedText {
    fn read(&self) -> io::Result<Box<dyn Read + Send + Sync>> {
        let masked = self.text.open()?;
        Ok(Box::new(Zip::new(self.name.as_str(), masked)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::opening::SeenFile;
    use crate::scratch::Scratch;
    use crate::secrets::{Secrets, TextKind};

    fn log(name: &str, content: &[u8]) -> (Scratch, PathBuf) {
        let folder = Scratch::new(&format!("zipped-{name}"));
        let file = folder.put("execution0.log", content);
        (folder, file)
    }

    fn secrets() -> Arc<Secrets> {
        let mut secrets = Secrets::default();
        secrets.learn_job([("A", "hunter2\nsecond line")]);
        Arc::new(secrets)
    }

    fn prepare(file: &Path, limit: u64) -> Result<Prepared, String> {
        let (seen, _) = SeenFile::look(file).unwrap();
        let text = MaskedText::new(seen, TextKind::Data, secrets());
        super::prepare(text, &Clean::own("execution0.log"), limit)
    }

    fn bytes(prepared: &Prepared) -> Vec<u8> {
        let Content::Made { source, length } = &prepared.content else {
            panic!("{prepared:?}");
        };
        let mut bytes = Vec::new();
        source.read().unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, *length);
        bytes
    }

    #[test]
    fn a_text_is_masked_before_it_is_zipped_however_it_is_encoded() {
        let line = "user ann, password hunter2, and second line\n";
        let text = line.repeat(20_000);
        let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes);
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf16).collect();
        for content in [text.as_bytes(), &utf16] {
            let (_folder, file) = log("masked", content);
            let prepared = prepare(&file, 1_000_000).unwrap();
            let archive = io::Cursor::new(bytes(&prepared));
            let mut archive = zip::ZipArchive::new(archive).unwrap();
            let mut unzipped = String::new();
            let mut file = archive.by_name("execution0.log").unwrap();
            file.read_to_string(&mut unzipped).unwrap();
            assert!(unzipped == "user ann, password ***, and ***\n".repeat(20_000));
        }
    }

    #[test]
    fn what_is_written_behind_it_meanwhile_changes_nothing() {
        let content = b"a line\n".repeat(10);
        let (_folder, file) = log("grown", &content);
        let prepared = prepare(&file, 1_000_000).unwrap();
        let before = bytes(&prepared);
        std::fs::write(&file, content.repeat(3)).unwrap();
        assert_eq!(bytes(&prepared), before);
    }

    #[test]
    fn what_is_too_large_even_zipped_is_left_out_with_the_reason() {
        let (_folder, file) = log("large", b"no two letters alike");
        let why = prepare(&file, 30).unwrap_err();
        assert!(why.contains("zipped still more"), "{why}");
    }
}
