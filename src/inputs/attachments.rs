//! The input `attachments`: which kinds of files.

use std::collections::BTreeSet;

use super::value::{InputValue, Kind, Wrong, find_word, one_of};
use crate::katalon::FileKind;

/// Every file of a report that can be asked for.
const FILES: [(&str, FileKind); 5] = [
    ("log", FileKind::Log),
    ("html", FileKind::Html),
    ("pdf", FileKind::Pdf),
    ("csv", FileKind::Csv),
    ("junit", FileKind::Junit),
];

const SCREENSHOTS: &str = "screenshots";
const ALL: &str = "all";
const NONE: &str = "none";

const VIDEOS: &str = "videos";
const HAR: &str = "har";
const WORDS: &[&str] = &[
    "log",
    SCREENSHOTS,
    "html",
    "pdf",
    "csv",
    "junit",
    VIDEOS,
    HAR,
    ALL,
    NONE,
];

/// Which kinds of files are attached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttachmentKinds {
    /// Pictures, each at the result that it belongs to.
    pub screenshots: bool,
    /// Recordings of the screen, each at the result that it belongs to.
    pub videos: bool,
    /// Requests and answers of services, each at the result that it belongs to.
    pub har: bool,
    /// Files of the report as a whole.
    pub files: BTreeSet<FileKind>,
}

impl AttachmentKinds {
    /// Whether kinds were asked for in which nothing can be masked. Screenshots are among those,
    /// too, but everybody expects what is on them.
    pub fn cannot_all_be_masked(&self) -> bool {
        self.videos || self.files.contains(&FileKind::Pdf)
    }

    fn all() -> Self {
        Self {
            screenshots: true,
            videos: true,
            har: true,
            files: FILES.iter().map(|&(_, kind)| kind).collect(),
        }
    }
}

impl InputValue for AttachmentKinds {
    const KIND: Kind = Kind::AnyOf(WORDS);

    fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        let mut kinds = Self::default();
        let mut none = None;
        let mut wrongs = Vec::new();
        let words = text
            .split(['\n', '\r', ','])
            .map(str::trim)
            .filter(|word| !word.is_empty());
        for word in words {
            match find_word(WORDS, word) {
                Some(ALL) => kinds = Self::all(),
                Some(NONE) => none = Some(word),
                Some(SCREENSHOTS) => kinds.screenshots = true,
                Some(VIDEOS) => kinds.videos = true,
                Some(HAR) => kinds.har = true,
                Some(known) => kinds.files.extend(
                    FILES
                        .iter()
                        .filter(|(name, _)| *name == known)
                        .map(|&(_, kind)| kind),
                ),
                None => wrongs.push(Wrong {
                    part: word.to_owned(),
                    because: "it is no kind of attachment".to_owned(),
                    advice: format!("Use any of {}.", one_of(WORDS)),
                }),
            }
        }
        if let Some(word) = none
            && kinds != Self::default()
        {
            wrongs.push(Wrong {
                part: word.to_owned(),
                because: "other kinds stand beside it".to_owned(),
                advice: "Use 'none' alone, or leave it out.".to_owned(),
            });
        }
        if wrongs.is_empty() {
            Ok(kinds)
        } else {
            Err(wrongs)
        }
    }

    fn shown(&self) -> String {
        let files = FILES
            .iter()
            .filter(|(_, kind)| self.files.contains(kind))
            .map(|&(word, _)| word);
        let words: Vec<&str> = self
            .screenshots
            .then_some(SCREENSHOTS)
            .into_iter()
            .chain(self.videos.then_some(VIDEOS))
            .chain(self.har.then_some(HAR))
            .chain(files)
            .collect();
        if words.is_empty() {
            NONE.to_owned()
        } else {
            words.join(",")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_separated_by_commas_and_lines() {
        let kinds = AttachmentKinds::parse("Log, screenshots\r\n csv,,\n").unwrap();
        assert!(kinds.screenshots);
        assert_eq!(kinds.files, BTreeSet::from([FileKind::Log, FileKind::Csv]));
        assert_eq!(kinds.shown(), "screenshots,log,csv");
    }

    #[test]
    fn all_and_none_are_kinds_too() {
        let all = AttachmentKinds::parse("all,log").unwrap();
        assert!(all.screenshots && all.videos && all.har);
        assert_eq!(all.files.len(), FILES.len());
        let none = AttachmentKinds::parse("none").unwrap();
        assert_eq!(none, AttachmentKinds::default());
        assert_eq!(none.shown(), "none");
    }

    #[test]
    fn every_wrong_kind_is_told() {
        let wrongs = AttachmentKinds::parse("log,movies,HARs,none").unwrap_err();
        let parts: Vec<&str> = wrongs.iter().map(|wrong| wrong.part.as_str()).collect();
        assert_eq!(parts, ["movies", "HARs", "none"]);
    }

    #[test]
    fn every_word_of_the_list_is_understood() {
        for word in WORDS {
            assert!(AttachmentKinds::parse(word).is_ok(), "{word}");
        }
    }
}
