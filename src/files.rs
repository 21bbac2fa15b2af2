//! The files that are attached: which ones, their bytes ready to be sent, and why some are left out.
//!
//! Text is masked before anything else is known of it, so that its length and its fingerprint are
//! those of what is sent; long text is zipped then. Pictures, videos and PDF go as they are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::azure_devops::{ATTACHMENT_LIMIT, Content, Made, NewAttachment};
use crate::inputs::{AttachmentKinds, AttachmentsFor, Inputs};
use crate::katalon::{Attempt, AttemptFile, FileKind, Report, ReportFile, Status, TestResult};
use crate::opening::SeenFile;
use crate::secrets::{Clean, Secrets, TextKind};

mod masked;
mod zip;
mod zipped;

use masked::MaskedText;

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
    how: How,
}

/// How a file is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
enum How {
    AsItIs,
    /// As it is, unless it is text: a log may name any file as a picture.
    AsPicture,
    Masked(TextKind),
    /// Not at all.
    Refused(String),
}

/// Why some files must not be attached, although they are wanted.
pub type Refused = BTreeMap<PathBuf, String>;

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

impl<'a> Wanted<'a> {
    /// What the inputs ask for.
    pub fn of(inputs: &'a Inputs) -> Self {
        Self {
            kinds: &inputs.attachments.value,
            of_all: inputs.attachments_for.value == AttachmentsFor::All,
        }
    }

    /// Whether files of the attempts of a result are wanted.
    pub fn wants_result(&self, result: &TestResult) -> bool {
        let kinds = self.kinds;
        let any = kinds.screenshots || kinds.videos || kinds.har;
        any && (self.of_all || is_worth_a_look(result))
    }

    /// The files of an attempt whose kind is wanted.
    pub fn of_attempt<'r>(&self, attempt: &'r Attempt) -> impl Iterator<Item = &'r AttemptFile> {
        let kinds = [
            (self.kinds.screenshots, &attempt.screenshots),
            (self.kinds.videos, &attempt.videos),
            (self.kinds.har, &attempt.requests),
        ];
        let wanted = kinds.into_iter().filter(|(wanted, _)| *wanted);
        wanted.flat_map(|(_, files)| files)
    }

    /// The HAR files of a report that are wanted.
    pub fn requests_of<'r>(&self, report: &'r Report) -> impl Iterator<Item = &'r AttemptFile> {
        let results = report.results.iter();
        let wanted = results.filter(|result| self.kinds.har && self.wants_result(result));
        wanted
            .flat_map(TestResult::all_attempts)
            .flat_map(|attempt| &attempt.requests)
    }

    /// The files of a report as a whole that are wanted.
    pub fn files_of<'r>(&self, report: &'r Report) -> Vec<&'r ReportFile> {
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
pub fn list(reports: &[&Report], wanted: Wanted<'_>, refused: &Refused) -> Vec<Listed> {
    let mut listed = Vec::new();
    for report in reports {
        for file in wanted.requests_of(report) {
            listed.push(Listed {
                path: file.path.clone(),
                how: match refused.get(&file.path) {
                    Some(why) => How::Refused(why.clone()),
                    None => How::Masked(TextKind::Data),
                },
            });
        }
        for file in wanted.files_of(report) {
            let how = match file.kind {
                FileKind::Log | FileKind::Csv | FileKind::Junit => How::Masked(TextKind::Data),
                FileKind::Html => How::Masked(TextKind::Page),
                FileKind::Pdf => How::AsItIs,
            };
            listed.push(Listed {
                path: file.path.clone(),
                how,
            });
        }
        let results = report.results.iter();
        for result in results.filter(|result| wanted.wants_result(result)) {
            let files = result
                .all_attempts()
                .flat_map(|attempt| wanted.of_attempt(attempt));
            listed.extend(files.map(|file| Listed {
                path: file.path.clone(),
                how: How::AsPicture,
            }));
        }
    }
    listed
}

/// Reads the files. That may take long. Of a file that is listed twice the first says how.
pub fn prepare(listed: &[Listed], secrets: &Arc<Secrets>) -> Files {
    let mut files = Files::new();
    for Listed { path, how } in listed {
        files.entry(path.clone()).or_insert_with(|| match how {
            How::AsItIs => as_it_is(path),
            How::AsPicture if is_named_like_text(path) && !is_binary(path) => {
                masked_text(path, TextKind::Data, secrets)
            }
            How::AsPicture => as_it_is(path),
            How::Masked(kind) => masked_text(path, *kind, secrets),
            How::Refused(why) => Err(why.clone()),
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

fn masked_text(path: &Path, kind: TextKind, secrets: &Arc<Secrets>) -> Result<Prepared, String> {
    let (seen, _) = look(path)?;
    let is_long = seen.length() > TEXT_LIMIT;
    let text = MaskedText::new(seen, kind, Arc::clone(secrets));
    if is_long {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return zipped::prepare(text, &secrets.clean_file_name(&name), ATTACHMENT_LIMIT);
    }
    masked::prepare(text)
}

/// Whether the name is none of a picture or a video.
fn is_named_like_text(path: &Path) -> bool {
    const AS_THEY_ARE: [&str; 12] = [
        "png", "jpg", "jpeg", "gif", "bmp", "webp", "avi", "mp4", "mov", "webm", "mkv", "wmv",
    ];
    let extension = path.extension().and_then(|extension| extension.to_str());
    !extension.is_some_and(|own| AS_THEY_ARE.iter().any(|one| own.eq_ignore_ascii_case(one)))
}

/// Whether a file begins as no text does. One that cannot be opened is told by who reads it.
fn is_binary(path: &Path) -> bool {
    const BEGINNING: u64 = 8 * 1024;
    let mut beginning = Vec::new();
    let read = open(path).map(|(file, _)| file.take(BEGINNING).read_to_end(&mut beginning));
    let is_utf16 = beginning.starts_with(&[0xFF, 0xFE]) || beginning.starts_with(&[0xFE, 0xFF]);
    matches!(read, Ok(Ok(_))) && !is_utf16 && beginning.contains(&0)
}

/// A file that is sent as it is, read while it is sent.
#[derive(Debug)]
struct AsItIs(SeenFile);

impl Made for AsItIs {
    fn read(&self) -> std::io::Result<Box<dyn Read + Send + Sync>> {
        // A file that grew meanwhile ends where it ended.
        Ok(Box::new(self.0.open()?.take(self.0.length())))
    }
}

fn as_it_is(path: &Path) -> Result<Prepared, String> {
    let (seen, file) = look(path)?;
    let length = seen.length();
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
        content: Content::Made {
            source: Arc::new(AsItIs(seen)),
            length,
        },
        fingerprint,
        is_zipped: false,
    })
}

/// Opens a file, and nothing that is none; gives its length, too.
pub(crate) fn open(path: &Path) -> Result<(File, u64), String> {
    let (seen, file) = look(path)?;
    Ok((file, seen.length()))
}

fn look(path: &Path) -> Result<(SeenFile, File), String> {
    SeenFile::look(path).map_err(|error| error.to_string())
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
            ("har", vec!["1.har"]),
            ("all", vec!["1.png", "1.avi", "1.har"]),
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

    #[cfg(unix)]
    #[test]
    fn what_is_put_in_place_of_a_prepared_file_is_not_read() {
        let folder = crate::scratch::Scratch::new("prepared");
        let other = folder.put("other", "text");
        let listed: Vec<Listed> = [
            ("1.png", How::AsItIs),
            ("a.log", How::Masked(TextKind::Data)),
            ("b.log", How::Masked(TextKind::Data)),
        ]
        .into_iter()
        .map(|(name, how)| Listed {
            path: folder.join(name),
            how,
        })
        .collect();
        for Listed { path, .. } in &listed {
            let is_long = path.ends_with("b.log");
            let length = if is_long { TEXT_LIMIT + 1 } else { 4 };
            std::fs::write(path, "text".repeat(length.div_ceil(4) as usize)).unwrap();
        }
        let files = prepare(&listed, &Arc::default());
        for Listed { path, .. } in &listed {
            let Content::Made { source, .. } = &files[path].as_ref().unwrap().content else {
                panic!("{path:?}");
            };
            assert!(source.read().is_ok());
            std::fs::remove_file(path).unwrap();
            std::os::unix::fs::symlink(&other, path).unwrap();
            let why = source.read().map(|_| ()).unwrap_err().to_string();
            assert_eq!(why, "it is no ordinary file", "{path:?}");
        }
    }
}
