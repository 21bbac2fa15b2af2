//! The file of the input `testCaseMapping`: which test cases of Azure DevOps a Katalon test case
//! stands for.
//!
//! People keep it in spreadsheets, which write the separator of their country, a byte order mark,
//! and a first line `sep=;`. Columns are found by their names; others may stand beside them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use crate::katalon::TestCasePath;
use crate::katalon::project::MOST_IDS;
use crate::katalon::text::read_whole;
use crate::opening;

const TEST_CASE: &str = "katalonTestCase";
const IDS: &str = "azureTestCaseIds";

/// What Katalon's paths begin with; people leave it out.
const PREFIX: &str = "Test Cases/";

/// The IDs of Katalon test cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappingFile {
    ids: BTreeMap<TestCasePath, Vec<u64>>,
    oddities: Vec<String>,
}

/// Numbers that are named one by one where they are no IDs, and digits of each that are shown.
const MOST_NAMED: usize = 10;
const SHOWN: usize = 80;

/// What is met while the file is read.
#[derive(Default)]
struct Met {
    /// The IDs of each Katalon test case.
    known: HashMap<TestCasePath, HashSet<u64>>,
    /// Numbers that are no IDs.
    wrong: usize,
}

impl MappingFile {
    /// Reads the file.
    ///
    /// # Errors
    /// Says why it is no mapping; lower case, without full stop.
    pub fn open(path: &Path) -> Result<Self, String> {
        let file = opening::open_named(path).map_err(|error| error.to_string())?;
        Self::read(file)
    }

    fn read(source: impl Read) -> Result<Self, String> {
        let text = read_whole(source).map_err(|error| error.to_string())?;
        let (separator, text, lines_before) = separator_of(&text);
        let mut reader = ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| error.to_string())?;
        let column = |name: &str| {
            let mut cells = header.iter();
            cells.position(|cell| cell.trim().eq_ignore_ascii_case(name))
        };
        let (Some(test_cases), Some(ids)) = (column(TEST_CASE), column(IDS)) else {
            return Err(format!("its first line is not '{TEST_CASE},{IDS}'"));
        };
        // IDs that nobody put into quotes make cells of their own.
        let ids_run_on = ids + 1 == header.len();
        let mut mapping = Self::default();
        let mut met = Met::default();
        for record in reader.records() {
            let record = record.map_err(|error| error.to_string())?;
            let line = record.position().map_or(0, csv::Position::line) + lines_before;
            mapping.take(&record, line, test_cases, ids, ids_run_on, &mut met);
        }
        if met.wrong > MOST_NAMED {
            let others = met.wrong - MOST_NAMED;
            let more = format!("{others} more numbers are no IDs of test cases");
            mapping.oddities.push(more);
        }
        for (path, ids) in &mut mapping.ids {
            if ids.len() > MOST_IDS {
                let path: String = path.as_str().chars().take(SHOWN).collect();
                mapping.oddities.push(format!(
                    "'{path}' stands for {} test cases, and the first {MOST_IDS} count",
                    ids.len()
                ));
                ids.truncate(MOST_IDS);
            }
        }
        Ok(mapping)
    }

    fn take(
        &mut self,
        record: &StringRecord,
        line: u64,
        test_case: usize,
        ids: usize,
        run_on: bool,
        met: &mut Met,
    ) {
        let path = record.get(test_case).unwrap_or_default().trim();
        if path.is_empty() {
            return;
        }
        let path = path.replace('\\', "/");
        let path = match path.get(..PREFIX.len()) {
            Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => path,
            Some(_) | None => format!("{PREFIX}{path}"),
        };
        let cells = record.iter().skip(ids);
        let cells = cells.take(if run_on { usize::MAX } else { 1 });
        let path = TestCasePath::new(path);
        let known = met.known.entry(path.clone()).or_default();
        let all = self.ids.entry(path).or_default();
        for word in cells.flat_map(|cell| cell.split(|c: char| !c.is_ascii_digit())) {
            if word.is_empty() {
                continue;
            }
            // The service counts in 31 bits.
            match word
                .parse::<i32>()
                .ok()
                .and_then(|id| u64::try_from(id).ok())
            {
                Some(id) if id > 0 => {
                    if known.insert(id) {
                        all.push(id);
                    }
                }
                Some(_) | None => {
                    met.wrong += 1;
                    if met.wrong <= MOST_NAMED {
                        let word: String = word.chars().take(SHOWN).collect();
                        let oddity = format!("line {line}: '{word}' is no ID of a test case");
                        self.oddities.push(oddity);
                    }
                }
            }
        }
    }

    /// The IDs of a Katalon test case, in order; empty if the file gives none.
    pub fn ids(&self, test_case: &TestCasePath) -> &[u64] {
        self.ids.get(test_case).map_or(&[], Vec::as_slice)
    }

    /// The Katalon test cases that it names, by path.
    pub fn test_cases(&self) -> impl Iterator<Item = &TestCasePath> {
        self.ids.keys()
    }

    /// How many Katalon test cases have IDs.
    pub fn len(&self) -> usize {
        self.ids.values().filter(|ids| !ids.is_empty()).count()
    }

    /// Whether it gives no ID at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers that are no IDs, with their lines.
    pub fn oddities(&self) -> &[String] {
        &self.oddities
    }
}

/// The separator, the text that begins with the header, and how many lines stand before it.
fn separator_of(text: &str) -> (u8, &str, u64) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let told = first.trim().strip_prefix("sep=").map(str::as_bytes);
    if let Some(&[separator]) = told {
        return (separator, rest, 1);
    }
    let first = first.to_ascii_lowercase();
    let between = first.find(&IDS.to_ascii_lowercase()).map(|at| {
        let before = first[..at].trim_end_matches('"');
        before.trim_end_matches(' ').bytes().next_back()
    });
    let of_start = || {
        let after = first.split(&IDS.to_ascii_lowercase()).nth(1)?;
        after.trim_start_matches(['"', ' ']).bytes().next()
    };
    let found = between
        .flatten()
        .filter(|separator| b",;\t".contains(separator))
        .or_else(of_start)
        .filter(|separator| b",;\t".contains(separator));
    (found.unwrap_or(b','), text, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str, test_case: &str) -> Vec<u64> {
        let mapping = MappingFile::read(text.as_bytes()).unwrap();
        mapping.ids(&TestCasePath::new(test_case)).to_vec()
    }

    #[test]
    fn separators_marks_and_quotes_are_those_of_spreadsheets() {
        let path = "Test Cases/Login/Valid, user";
        for text in [
            "katalonTestCase,azureTestCaseIds\n\"Login/Valid, user\",\"7, 8\"\n",
            "katalonTestCase,azureTestCaseIds\r\n\"Login/Valid, user\",7,8\r\n",
            "\u{feff}katalonTestCase;azureTestCaseIds\r\nLogin/Valid, user;7,8\r\n",
            "KATALONTESTCASE\tAzureTestCaseIds\nTest Cases/Login/Valid, user\t#7 and #8",
            "sep=;\nkatalonTestCase;azureTestCaseIds\nLogin\\Valid, user;7 / 8;\n",
            "title;azureTestCaseIds;katalonTestCase\nx;TC-7|TC-8;Login/Valid, user\n",
            "azureTestCaseIds;katalonTestCase\n7,8;Login/Valid, user\n",
            "katalonTestCase,azureTestCaseIds\n\"Login/Valid, user\",7\n\n\"Login/Valid, user\",8,7",
        ] {
            assert_eq!(ids(text, path), [7, 8], "{text}");
        }
    }

    #[test]
    fn an_empty_cell_gives_no_id_and_costs_nothing() {
        let text = "katalonTestCase,azureTestCaseIds,note\nA,,9\nB\n,5,\n";
        let mapping = MappingFile::read(text.as_bytes()).unwrap();
        assert!(mapping.is_empty());
        assert_eq!(mapping.oddities(), [""; 0]);
    }

    #[test]
    fn numbers_that_cannot_be_ids_are_told_with_their_line() {
        let text = "sep=,\nkatalonTestCase,azureTestCaseIds\nA,99999999999\nB,0 4\n";
        let mapping = MappingFile::read(text.as_bytes()).unwrap();
        assert_eq!(mapping.len(), 1);
        assert_eq!(
            mapping.oddities(),
            [
                "line 3: '99999999999' is no ID of a test case",
                "line 4: '0' is no ID of a test case"
            ]
        );
    }

    #[test]
    fn more_numbers_than_anybody_means_are_counted() {
        let ids: String = (1..=60_000).map(|id| format!("{id} ")).collect();
        let text = format!(
            "katalonTestCase,azureTestCaseIds\nA,{ids}\nB,{}",
            "0 ".repeat(15)
        );
        let mapping = MappingFile::read(text.as_bytes()).unwrap();
        let path = TestCasePath::new("Test Cases/A");
        assert_eq!(mapping.ids(&path).len(), 1_000);
        let oddities = mapping.oddities();
        assert_eq!(oddities.len(), 12);
        assert_eq!(oddities[10], "5 more numbers are no IDs of test cases");
        assert_eq!(
            oddities[11],
            "'Test Cases/A' stands for 60000 test cases, and the first 1000 count"
        );
    }

    #[test]
    fn what_is_no_mapping_says_what_it_should_begin_with() {
        for text in ["", "a,b\nc,d", "katalonTestCase\nA"] {
            let cause = MappingFile::read(text.as_bytes()).unwrap_err();
            assert_eq!(
                cause,
                "its first line is not 'katalonTestCase,azureTestCaseIds'"
            );
        }
    }
}
