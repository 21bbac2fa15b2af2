//! The files that are attached: which ones, their bytes ready to be sent, and why some are left out.
//!
//! Text is masked before anything else is known of it, so that its length and its fingerprint are
//! those of what is sent; long text is zipped then. Pictures, videos and PDF go as they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::azure_devops::{ATTACHMENT_LIMIT, Content, NewAttachment};
use crate::inputs::AttachmentKinds;
use crate::katalon::{
    Attempt, AttemptFile, FileKind, Report, ReportFile, Status, TestResult, text,
};
use crate::secrets::{Clean, Secrets};

mod zip;
mod zipped;

/// Longer text is zipped: nobody reads it in a browser.
const TEXT_LIMIT: u64 = 10 * 1024 * 1024;

/// A file ready to be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Its bytes.
    pub content: Content,
    /// Recognises it on a server: `katalon-ado <8 hex of SHA-256> <bytes>`.
    pub fingerprint: String,
    /// Its bytes are those of an archive that holds the file.
    pub is_zipped: bool,
}

/// A file that is to be attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    path: PathBuf,
    is_text: bool,
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

/// The files that are wanted of the reports.
pub fn list(reports: &[&Report], wanted: Wanted<'_>) -> Vec<Listed> {
    let mut listed = Vec::new();
    for report in reports {
        for file in wanted.files_of(report) {
            let is_text = match file.kind {
                FileKind::Log | FileKind::Html | FileKind::Csv | FileKind::Junit => true,
                FileKind::Pdf => false,
            };
            listed.push(Listed {
                path: file.path.clone(),
                is_text,
            });
        }
        let results = report.results.iter();
        for result in results.filter(|result| wanted.wants_result(result)) {
            let files = result
                .all_attempts()
                .flat_map(|attempt| wanted.of_attempt(attempt));
            listed.extend(files.map(|file| Listed {
                path: file.path.clone(),
                is_text: false,
            }));
        }
    }
    listed
}

/// Reads the files. That may take long.
pub fn prepare(listed: &[Listed], secrets: &Arc<Secrets>) -> Files {
    let mut files = Files::new();
    for Listed { path, is_text } in listed {
        files.entry(path.clone()).or_insert_with(|| {
            if *is_text {
                masked_text(path, secrets)
            } else {
                as_it_is(path)
            }
        });
    }
    files
}

/// Text of ours, ready to be sent.
pub fn of_text(text: Clean) -> Prepared {
    let bytes = text.as_str().as_bytes();
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let fingerprint = NewAttachment::fingerprint_of(digest.as_ref(), bytes.len() as u64);
    Prepared {
        content: Content::Text(Arc::new(text)),
        fingerprint,
        is_zipped: false,
    }
}

fn masked_text(path: &Path, secrets: &Arc<Secrets>) -> Result<Prepared, String> {
    let (mut file, length) = open(path)?;
    if length > TEXT_LIMIT {
        return zipped::prepare(path, length, secrets, ATTACHMENT_LIMIT);
    }
    // A log that is still being written may grow while it is read. Whatever its encoding, it is
    // masked as text and sent as UTF-8: bytes of UTF-16 hide every secret from a mask.
    let text =
        text::read_whole(file.by_ref().take(TEXT_LIMIT)).map_err(|error| error.to_string())?;
    Ok(of_text(Clean::of_file(&text, secrets)))
}

fn as_it_is(path: &Path) -> Result<Prepared, String> {
    let (file, length) = open(path)?;
    if length > ATTACHMENT_LIMIT {
        return Err(format!(
            "it has {} MB; Azure DevOps takes 75",
            length / 1_000_000
        ));
    }
    let (fingerprint, read) =
        fingerprint_of(file.take(length)).map_err(|error| error.to_string())?;
    if read < length {
        return Err("it became shorter while it was read".to_owned());
    }
    Ok(Prepared {
        content: Content::File {
            path: path.to_owned(),
            length,
        },
        fingerprint,
        is_zipped: false,
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

/// Reads to the end; gives the fingerprint of what was read, and its length.
fn fingerprint_of(mut bytes: impl Read) -> std::io::Result<(String, u64)> {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut piece = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        let read = bytes.read(&mut piece)?;
        if read == 0 {
            break;
        }
        context.update(&piece[..read]);
        length += read as u64;
    }
    let digest = context.finish();
    Ok((
        NewAttachment::fingerprint_of(digest.as_ref(), length),
        length,
    ))
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
            step: String::new(),
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
