//! The files that are attached: which ones, their bytes ready to be sent, and why some are left out.
//!
//! Text is masked before anything else is known of it, so that its length and its fingerprint are
//! those of what is sent. Pictures, videos and PDF go as they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::azure_devops::{ATTACHMENT_LIMIT, Content};
use crate::inputs::AttachmentKinds;
use crate::katalon::{
    Attempt, AttemptFile, FileKind, Report, ReportFile, Status, TestResult, text,
};
use crate::secrets::{Clean, Secrets};

/// Longer text is not attached.
const TEXT_LIMIT: u64 = 10 * 1024 * 1024;

/// A file ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Its bytes.
    pub content: Content,
    /// Recognises it on a server: `katalon-ado <8 hex of SHA-256> <bytes>`.
    pub fingerprint: String,
}

/// The files of all reports, by where they lie; for one that is left out, why.
pub type Files = BTreeMap<PathBuf, Result<Prepared, String>>;

/// Which files are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Which kinds.
    pub kinds: &'a AttachmentKinds,
    /// Also those of results and reports in which nothing failed.
    pub of_all: bool,
}

impl Wanted<'_> {
    /// Whether files of the attempts of a result are wanted.
    pub fn wants_result(&self, result: &TestResult) -> bool {
        (self.kinds.screenshots || self.kinds.videos) && (self.of_all || is_worth_a_look(result))
    }

    /// The files of an attempt whose kind is wanted: all of them go as they are.
    pub fn of_attempt<'a>(&self, attempt: &'a Attempt) -> impl Iterator<Item = &'a AttemptFile> {
        let kinds = [
            (self.kinds.screenshots, &attempt.screenshots),
            (self.kinds.videos, &attempt.videos),
        ];
        let wanted = kinds.into_iter().filter(|(wanted, _)| *wanted);
        wanted.flat_map(|(_, files)| files)
    }

    /// The files of a report as a whole that are wanted.
    pub fn files_of<'a>(&self, report: &'a Report) -> Vec<&'a ReportFile> {
        if !self.of_all && !report.results.iter().any(is_worth_a_look) {
            return Vec::new();
        }
        let files = report.files.iter();
        files
            .filter(|file| self.kinds.files.contains(&file.kind))
            .collect()
    }
}

/// Did not pass, or only after another try.
fn is_worth_a_look(result: &TestResult) -> bool {
    match result.status() {
        Status::Failed | Status::Error | Status::Incomplete => true,
        Status::Passed | Status::Skipped | Status::NotRun => result.is_flaky(),
    }
}

/// Reads what is wanted of the reports.
pub fn read(reports: &[&Report], wanted: Wanted<'_>, secrets: &Secrets) -> Files {
    let mut files = Files::new();
    for report in reports {
        for file in wanted.files_of(report) {
            let is_text = match file.kind {
                FileKind::Log | FileKind::Html | FileKind::Csv | FileKind::Junit => true,
                FileKind::Pdf => false,
            };
            let prepare = |path: &Path| {
                if is_text {
                    masked_text(path, secrets)
                } else {
                    as_it_is(path)
                }
            };
            files
                .entry(file.path.clone())
                .or_insert_with(|| prepare(&file.path));
        }
        for result in report
            .results
            .iter()
            .filter(|result| wanted.wants_result(result))
        {
            for file in result
                .all_attempts()
                .flat_map(|attempt| wanted.of_attempt(attempt))
            {
                files
                    .entry(file.path.clone())
                    .or_insert_with(|| as_it_is(&file.path));
            }
        }
    }
    files
}

/// Text of ours, ready to be sent.
pub fn of_text(text: Clean) -> Prepared {
    let fingerprint = fingerprint(text.as_str().as_bytes(), text.as_str().len() as u64);
    Prepared {
        content: Content::Text(Arc::new(text)),
        fingerprint,
    }
}

fn masked_text(path: &Path, secrets: &Secrets) -> Result<Prepared, String> {
    let (mut file, length) = open(path)?;
    if length > TEXT_LIMIT {
        return Err(format!(
            "it has {} MB; text up to 10 MB is attached",
            length / 1_000_000
        ));
    }
    // A log that is still being written may grow while it is read. Whatever its encoding, it is
    // masked as text and sent as UTF-8: bytes of UTF-16 hide every secret from a mask.
    let text =
        text::read_whole(file.by_ref().take(TEXT_LIMIT)).map_err(|error| error.to_string())?;
    Ok(of_text(Clean::of_file(&text, secrets)))
}

fn as_it_is(path: &Path) -> Result<Prepared, String> {
    let (mut file, length) = open(path)?;
    if length > ATTACHMENT_LIMIT {
        return Err(format!(
            "it has {} MB; Azure DevOps takes 75",
            length / 1_000_000
        ));
    }
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut piece = vec![0; 64 * 1024];
    let mut left = length;
    while left > 0 {
        let wanted = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = file
            .read(&mut piece[..wanted])
            .map_err(|error| error.to_string())?;
        if read == 0 {
            return Err("it became shorter while it was read".to_owned());
        }
        context.update(&piece[..read]);
        left -= read as u64;
    }
    let digest = context.finish();
    let hex: String = digest.as_ref()[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let content = Content::File {
        path: path.to_owned(),
        length,
    };
    Ok(Prepared {
        content,
        fingerprint: format!("katalon-ado {hex} {length}"),
    })
}

fn open(path: &Path) -> Result<(File, u64), String> {
    // Opening a pipe would wait for ever, so the kind is looked at first.
    let metadata = std::fs::symlink_metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("it is no ordinary file".to_owned());
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    Ok((file, metadata.len()))
}

fn fingerprint(bytes: &[u8], length: u64) -> String {
    format!(
        "katalon-ado {} {length}",
        crate::secrets::hex_digest(bytes, 8)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::InputValue;

    #[test]
    fn files_of_an_attempt_are_taken_by_kind() {
        let file = |name: &str| AttemptFile {
            path: PathBuf::from(name),
            name: name.to_owned(),
        };
        let attempt = Attempt {
            status: Status::Failed,
            started: None,
            duration: None,
            failure: None,
            screenshots: vec![file("1.png")],
            videos: vec![file("1.avi")],
            requests: vec![file("1.har")],
        };
        for (words, expected) in [
            ("screenshots", vec!["1.png"]),
            ("videos", vec!["1.avi"]),
            ("all", vec!["1.png", "1.avi"]),
            ("log", vec![]),
        ] {
            let kinds = AttachmentKinds::parse(words).unwrap();
            let wanted = Wanted {
                kinds: &kinds,
                of_all: true,
            };
            let names: Vec<&str> = wanted
                .of_attempt(&attempt)
                .map(|file| file.name.as_str())
                .collect();
            assert_eq!(names, expected, "{words}");
        }
    }
}
