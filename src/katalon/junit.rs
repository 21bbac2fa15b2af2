//! Reads one `JUnit_Report.xml`, as every version of Katalon writes it.
//!
//! Gives what the file says and judges as little as possible: which other file is believed over
//! it is for [`super::join`]. The counters (`tests`, `failures`, …) are not read at all; up to
//! 6.x `tests` counts only what passed.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Read};
use std::time::Duration;

use quick_xml::Reader;

use super::text::TextReader;
use super::unknown::Unknown;
use super::{Step, Variable};

mod document;
mod output;

use document::{Document, Go};

/// What one `JUnit_Report.xml` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Junit {
    /// The suites in the order of the file; several in the report of a collection.
    pub suites: Vec<JunitSuite>,
    /// Values that make no sense and are taken as unknown, each with its place in the file.
    pub oddities: Vec<String>,
    /// What a later version of Katalon may have added.
    pub unknown: Unknown,
}

/// A `testsuite`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JunitSuite {
    /// `Test Suites/Smoke`; empty if the file does not say it.
    pub id: String,
    /// Last part of the id.
    pub name: String,
    /// `user - machine`.
    pub hostname: String,
    /// The attribute as it is written; part of a report's key.
    pub timestamp: Option<String>,
    /// Wall-clock time of the suite, with set-up and retries.
    pub time: Option<Duration>,
    /// Of a property given twice the last value that is not empty.
    pub properties: BTreeMap<String, String>,
    /// The test cases, rows apart, in order.
    pub cases: Vec<JunitCase>,
}

impl JunitSuite {
    /// A property that is there and not empty.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }
}

/// A `testcase`: the last attempt of one row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JunitCase {
    /// The path of the test case; 4.7 appends ` - Iteration N`.
    pub name: String,
    /// The path of the test case; in 11.0.0 a UUID.
    pub classname: String,
    /// Katalon's word as it is written; empty if the file does not say it.
    pub status: String,
    /// Tags, separated by commas (11.2 and later).
    pub tag: String,
    /// How long the last attempt took; up to 6.x no version writes it.
    pub time: Option<Duration>,
    /// `failure@message` or `error@message`: everything there is, stack trace included. Without
    /// such an element what the output says.
    pub message: Option<String>,
    /// The step that failed, as the output has it: without number and line.
    pub step: Option<Step>,
    /// Paths of the lines `[[ATTACHMENT|path]]` of the output.
    pub attachments: Vec<String>,
    /// Variable and value (since 10.1); Katalon cuts long names.
    pub data_binding: Vec<(String, String)>,
    /// Texts that the steps of the output typed, as variables that the objects give their names to,
    /// and what a damaged `data_binding` still tells: good only to know what is secret.
    pub other_variables: Vec<Variable>,
    /// The time of the first line of the output, when the attempt began: always without zone.
    pub output_began: Option<WrittenTimeOfOutput>,
}

/// A local time of the machine that ran the tests, in a type of its own so that nobody takes it
/// for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenTimeOfOutput(pub jiff::civil::DateTime);

impl JunitCase {
    /// The path of the test case, whichever attribute holds it.
    pub fn path(&self) -> &str {
        if self.classname.starts_with("Test Cases/") {
            return &self.classname;
        }
        super::names::without_iteration(&self.name)
    }
}

/// Why the text could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JunitError {
    /// The line where it ended, counted from 1.
    pub line: u64,
    /// The element there, `testsuites/testsuite[0]("Smoke")/testcase[3]`.
    pub place: String,
    /// What is wrong.
    pub cause: String,
    /// Test cases that were read before.
    pub cases_read: usize,
    /// Variables of the test cases that were read, and what is left of the one where it ended: good
    /// only to know what is secret.
    pub variables: Vec<Variable>,
}

impl fmt::Display for JunitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.place.is_empty() {
            write!(f, ", at {}", self.place)?;
        }
        write!(f, ": {}", self.cause)
    }
}

/// Reads the file from a stream, without keeping more of it than the answer and one tag or text.
pub fn read(source: impl Read) -> Result<Junit, JunitError> {
    let mut reader = Reader::from_reader(Bounded::new(source));
    reader.config_mut().expand_empty_elements = true;
    // An ampersand that somebody forgot to escape is no reason to lose a report.
    reader.config_mut().allow_dangling_amp = true;
    let mut document = Document::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let line = reader.get_mut().next_event();
        let step = match reader.read_event_into(&mut buffer) {
            Ok(event) => document.take(event, line),
            Err(error) => Err(error.to_string()),
        };
        match step {
            Ok(Go::On) => {}
            Ok(Go::Finished) => return Ok(document.finish()),
            Err(cause) => {
                let line = reader.get_ref().line();
                // What follows is no XML any more, and may tell what is secret all the same. That it
                // may not be read has been told.
                let rest = reader.into_inner().text;
                let _ = rest.take(LONGEST_REST).read_to_end(&mut buffer);
                return Err(JunitError {
                    line,
                    place: document.place(),
                    cause,
                    cases_read: document.cases_read(),
                    variables: document.variables(&buffer),
                });
            }
        }
    }
}

/// A tag with its attributes is not longer; the greatest message that was seen has some kilobytes.
const LONGEST_TAG: usize = 16 * 1024 * 1024;

/// So much behind an error is looked at.
const LONGEST_REST: u64 = 16 * 1024 * 1024;

/// A text is not longer: the output of a suite has all steps of all its cases.
const LONGEST_TEXT: usize = 256 * 1024 * 1024;

/// Text of which no tag and no text may be so long that it takes all memory.
struct Bounded<R> {
    text: TextReader<R>,
    /// Bytes that the event under way may still have.
    left: usize,
}

impl<R: Read> Bounded<R> {
    fn new(source: R) -> Self {
        Self {
            text: TextReader::new(source),
            left: LONGEST_TEXT,
        }
    }

    /// The next tag or text begins; gives its line.
    fn next_event(&mut self) -> u64 {
        // A failed read is met again, and told, by the reader itself.
        let begins_tag = match self.text.fill_buf() {
            Ok([b'<', second, ..]) => *second != b'!',
            Ok(_) | Err(_) => false,
        };
        self.left = if begins_tag {
            LONGEST_TAG
        } else {
            LONGEST_TEXT
        };
        self.text.line()
    }

    fn line(&self) -> u64 {
        self.text.line()
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(target.len());
        target[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other("a tag or a text in it is too long"));
        }
        let available = self.text.fill_buf()?;
        Ok(&available[..available.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.text.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(cases: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"Smoke\">\n\
             <testsuite name=\"Smoke\" id=\"Test Suites/Smoke\" time=\"3.5\" hostname=\"me - pc\" \
             timestamp=\"2021-01-25 08:26:11\">\n{cases}\n</testsuite></testsuites>"
        )
    }

    fn first_case(xml: &str) -> JunitCase {
        read(xml.as_bytes())
            .unwrap()
            .suites
            .remove(0)
            .cases
            .remove(0)
    }

    #[test]
    fn newlines_of_a_message_are_kept_raw_or_escaped() {
        for message in [
            "x FAILED.\nReason:\n\tat y",
            "x FAILED.&#xa;Reason:&#10;&#9;at y",
        ] {
            let xml = suite(&format!(
                "<testcase name=\"Test Cases/x\" classname=\"Test Cases/x\" status=\"FAILED\">\
                 <failure type=\"FAILED\" message=\"{message}\"/></testcase>"
            ));
            assert_eq!(
                first_case(&xml).message.as_deref(),
                Some("x FAILED.\nReason:\n\tat y")
            );
        }
    }

    #[test]
    fn one_bad_value_is_named_with_its_place_and_the_rest_is_read() {
        let xml = suite(
            "<testcase name=\"Test Cases/a\" status=\"PASSED\" time=\"1.0\"/>\n\
             <testcase name=\"Test Cases/b\" status=\"PASSED\" time=\"1,204\"/>",
        );
        let junit = read(xml.as_bytes()).unwrap();
        assert_eq!(
            junit.oddities,
            [
                "line 5, at testsuites/testsuite[0](\"Smoke\")/testcase[1]/@time: \
              invalid duration \"1,204\""
            ]
        );
        assert_eq!(junit.suites[0].cases[0].time, Some(Duration::from_secs(1)));
        assert_eq!(junit.suites[0].cases[1].time, None);
    }

    #[test]
    fn a_file_that_ends_early_says_where_and_how_much_was_read() {
        let xml = suite("<testcase name=\"Test Cases/a\"/>\n<testcase name=\"Test Cases/b\">");
        let cut = xml.split("</testsuite>").next().unwrap();
        let error = read(cut.as_bytes()).unwrap_err();
        assert_eq!(error.cases_read, 1);
        assert_eq!(
            error.place,
            "testsuites/testsuite[0](\"Smoke\")/testcase[1]"
        );
        assert_eq!(error.line, 6);
        assert!(read(&b""[..]).is_err());
        assert!(read(&b"<html><body/></html>"[..]).is_err());
    }

    #[test]
    fn the_path_is_in_classname_or_in_name() {
        for (name, classname, path) in [
            ("Test Cases/A", "Test Cases/A", "Test Cases/A"),
            (
                "Test Cases/A - Iteration 12",
                "Test Cases/A",
                "Test Cases/A",
            ),
            ("Test Cases/A - Iteration 2", "", "Test Cases/A"),
            (
                "Test Cases/A - Iteration X",
                "",
                "Test Cases/A - Iteration X",
            ),
            (
                "Test Cases/A",
                "6f1d2a40-1111-2222-3333-444455556666",
                "Test Cases/A",
            ),
        ] {
            let case = JunitCase {
                name: name.to_owned(),
                classname: classname.to_owned(),
                ..JunitCase::default()
            };
            assert_eq!(case.path(), path);
        }
    }

    #[test]
    fn what_is_skipped_has_not_passed_and_a_failure_stays_one() {
        for (status, expected) in [
            ("PASSED", "SKIPPED"),
            ("", "SKIPPED"),
            ("FAILED", "FAILED"),
            ("INCOMPLETE", "INCOMPLETE"),
        ] {
            let case = format!(
                "<testcase name=\"Test Cases/x\" status=\"{status}\"><skipped message=\"no\"/></testcase>"
            );
            assert_eq!(first_case(&suite(&case)).status, expected);
        }
    }

    #[test]
    fn of_several_failures_the_first_is_what_ended_the_test() {
        let case = "<testcase name=\"Test Cases/x\" status=\"FAILED\">\
                    <failure message=\"no button\"/><error message=\"no window\"/></testcase>";
        let case = first_case(&suite(case));
        assert_eq!(case.message.as_deref(), Some("no button"));
    }

    #[test]
    fn of_a_property_given_twice_the_last_value_that_is_not_empty_counts() {
        let xml = suite(
            "<properties><property name=\"deviceName\" value=\"\"/>\
             <property name=\"deviceName\" value=\"Pixel 7\"/>\
             <property name=\"deviceName\" value=\"\"/>\
             <property name=\"devicePlatform\"/></properties>",
        );
        let junit = read(xml.as_bytes()).unwrap();
        assert_eq!(junit.suites[0].property("deviceName"), Some("Pixel 7"));
        assert_eq!(junit.suites[0].property("devicePlatform"), None);
    }

    #[test]
    fn an_ampersand_that_was_not_escaped_is_a_letter() {
        let xml = suite(
            "<testcase name=\"Test Cases/a & b\" status=\"FAILED\">\
             <failure type=\"FAILED\">x & y</failure><system-out>a & b</system-out></testcase>",
        );
        let case = first_case(&xml);
        assert_eq!(case.name, "Test Cases/a & b");
        assert_eq!(case.message.as_deref(), Some("x & y"));
    }

    #[test]
    fn output_gives_pictures_and_the_time_it_began() {
        let xml = suite(
            "<testcase name=\"Test Cases/a\" status=\"FAILED\"><properties>\
             <property name=\"data_binding\"><![CDATA[{\"user\":\"ann\"}]]></property></properties>\
             <system-out><![CDATA[2021-01-25 08:26:12 - [TEST_CASE][FAILED] - x: y\n\n\
             [[ATTACHMENT|C:\\\\a b\\\\1.png]]&#xD;\n[[ATTACHMENT|keyes/k [1]].png]]]]></system-out>\
             </testcase>",
        );
        let case = first_case(&xml);
        assert_eq!(case.attachments, ["C:\\\\a b\\\\1.png", "keyes/k [1]].png"]);
        assert_eq!(
            case.output_began,
            Some(WrittenTimeOfOutput("2021-01-25T08:26:12".parse().unwrap()))
        );
        assert_eq!(case.data_binding, [("user".to_owned(), "ann".to_owned())]);
    }

    #[test]
    fn what_a_damaged_data_binding_tells_is_known_and_of_no_row() {
        let cases = |binding: &str| {
            suite(&format!(
                "<testcase name=\"Test Cases/a\"><properties><property name=\"data_binding\">\
                 <![CDATA[{{\"token\":\"first\"}}]]></property></properties></testcase>\
                 <testcase name=\"Test Cases/b\"><properties>{binding}</properties></testcase>"
            ))
        };
        let values = |variables: &[Variable]| {
            let values = variables.iter().map(|one| one.value.clone());
            values.collect::<Vec<_>>()
        };
        let broken =
            cases("<property name=\"data_binding\"><![CDATA[{\"password\":\"x\",]]></property>");
        let case = &read(broken.as_bytes()).unwrap().suites[0].cases[1];
        assert_eq!(case.data_binding, []);
        assert_eq!(values(&case.other_variables), ["x"]);
        // The file ends inside of it.
        for binding in [
            "<property name=\"data_binding\"><![CDATA[{\"password\":\"x\",\"user",
            "<property name=\"data_binding\" value=\"{&quot;password&quot;:&quot;x&quot;,&quot;",
            "<property name=\"data_binding\">{&quot;password&quot;:&quot;x&quot;,&quot;us",
            "<property name=\"data_binding\"><![CDATA[{\"password\":\"x\",\"user\":1}]]></prop",
        ] {
            let cut = cases(binding);
            let cut = cut
                .split("</properties></testcase>\n</testsuite>")
                .next()
                .unwrap();
            assert!(cut.ends_with(binding), "{cut}");
            let error = read(cut.as_bytes()).unwrap_err();
            let mut values = values(&error.variables);
            values.retain(|value| value != "1");
            assert_eq!(values, ["first", "x"], "{binding}");
        }
        // It is broken long before.
        let broken = cases(
            "</wrong><property name=\"data_binding\" value=\"{&quot;password&quot;:&quot;x&quot;}\"/>",
        );
        let error = read(broken.as_bytes()).unwrap_err();
        assert_eq!(values(&error.variables), ["first", "x"]);
    }

    #[test]
    fn entities_of_a_document_are_not_expanded_and_depth_is_harmless() {
        let xml = format!(
            "<!DOCTYPE testsuites [<!ENTITY a \"boom\"><!ENTITY f SYSTEM \"/etc/passwd\">]>{}",
            suite("<testcase name=\"Test Cases/&a;\" status=\"PASSED\"><system-out>&f;</system-out></testcase>")
                .replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "")
        );
        assert_eq!(first_case(&xml).name, "Test Cases/&a;");
        let deep = |levels| {
            let deep = format!("{}{}", "<x>".repeat(levels), "</x>".repeat(levels));
            suite(&format!("{deep}<testcase name=\"Test Cases/a\"/>"))
        };
        assert_eq!(first_case(&deep(10_000)).name, "Test Cases/a");
        let refused = |xml: &str| read(xml.as_bytes()).unwrap_err().to_string();
        assert!(refused(&deep(10_001)).contains("more than 10000 levels"));
        let long = suite(&format!("<{}/>", "x".repeat(1_001)));
        assert!(refused(&long).contains("the name of an element is too long"));
    }
}
