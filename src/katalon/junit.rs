//! Reads one `JUnit_Report.xml`, as every version of Katalon writes it.
//!
//! Gives what the file says and judges as little as possible: which other file is believed over
//! it is for [`super::join`]. The counters (`tests`, `failures`, …) are not read at all; up to
//! 6.x `tests` counts only what passed.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, Read};
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::binding;
use super::text::{TextReader, entity, unescape_xml};
use super::times::{WrittenTime, parse_seconds};

/// What one `JUnit_Report.xml` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Junit {
    /// The suites in the order of the file; several in the report of a collection.
    pub suites: Vec<JunitSuite>,
    /// Values that make no sense and are taken as unknown, each with its place in the file.
    pub oddities: Vec<String>,
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
    /// How long the last attempt took; up to 6.x no version writes it.
    pub time: Option<Duration>,
    /// `failure@message` or `error@message`: everything there is, stack trace included.
    pub message: Option<String>,
    /// Paths of the lines `[[ATTACHMENT|path]]` of the output.
    pub attachments: Vec<String>,
    /// Variable and value (since 10.1); Katalon cuts long names.
    pub data_binding: Vec<(String, String)>,
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
        without_iteration(&self.name)
    }
}

/// A path without the ` - Iteration N` that 4.7 appends.
pub(crate) fn without_iteration(name: &str) -> &str {
    match name.rsplit_once(" - Iteration ") {
        Some((path, number))
            if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            path
        }
        _ => name,
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
    let mut reader = Reader::from_reader(TextReader::new(source));
    reader.config_mut().expand_empty_elements = true;
    // An ampersand that somebody forgot to escape is no reason to lose a report.
    reader.config_mut().allow_dangling_amp = true;
    let mut parser = Parser::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let line = line_of_next_tag(&mut reader);
        let step = match reader.read_event_into(&mut buffer) {
            Ok(event) => parser.take(event, line),
            Err(error) => Err(error.to_string()),
        };
        match step {
            Ok(Go::On) => {}
            Ok(Go::Finished) => return Ok(parser.finish()),
            Err(cause) => {
                return Err(JunitError {
                    line: reader.get_ref().line(),
                    place: parser.place(),
                    cause,
                    cases_read: parser.cases_read,
                });
            }
        }
    }
}

fn line_of_next_tag<R: Read>(reader: &mut Reader<TextReader<R>>) -> u64 {
    // A failed read is met again, and told, by the reader itself.
    let _ = reader.get_mut().fill_buf();
    reader.get_ref().line()
}

enum Go {
    On,
    Finished,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Root,
    Suite,
    SuiteProperties,
    SuiteProperty,
    Case,
    CaseProperties,
    CaseProperty,
    Failure,
    Output,
    /// Unknown, or known at another place.
    Other,
}

/// Oddities that are named one by one; a file that is wrong throughout would fill the log.
const ODDITIES_NAMED: usize = 3;

#[derive(Default)]
struct Parser {
    junit: Junit,
    open: Vec<Element>,
    /// Elements open inside an [`Element::Other`], which is as deep as anyone likes.
    ignored_depth: usize,
    root: String,
    /// The suite whose elements come now: an index, since suites may nest.
    open_suites: Vec<usize>,
    property_name: String,
    property_value: Option<String>,
    /// Text of the element that is open, if it is one whose text matters.
    text: String,
    cases_read: usize,
    odd_values: usize,
}

impl Parser {
    fn take(&mut self, event: Event<'_>, line: u64) -> Result<Go, String> {
        match event {
            Event::Start(tag) => self.start(&tag, line)?,
            Event::End(_) => self.end(),
            Event::Text(text) => self.add_text(&text),
            Event::CData(text) => self.add_text(&text),
            Event::GeneralRef(name) => match entity(&name) {
                Some(letter) => self.add_text(letter.encode_utf8(&mut [0; 4])),
                // Not expanded, whatever a DTD says it means.
                None => self.add_text(&format!("&{};", &*name)),
            },
            Event::Eof if !self.open.is_empty() => {
                return Err("the file ends before its last element does".to_owned());
            }
            Event::Eof if self.root.is_empty() => return Err("the file is empty".to_owned()),
            Event::Eof => return Ok(Go::Finished),
            // Never met: the reader was told to give start and end instead.
            Event::Empty(_) => {}
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        Ok(Go::On)
    }

    fn start(&mut self, tag: &BytesStart<'_>, line: u64) -> Result<(), String> {
        if self.ignored_depth > 0 {
            self.ignored_depth += 1;
            return Ok(());
        }
        let name = tag.local_name().into_inner().to_owned();
        let parent = self.open.last().copied();
        let element = match (parent, name.as_str()) {
            (None, "testsuites") => Element::Root,
            (None | Some(Element::Root | Element::Suite), "testsuite") => Element::Suite,
            (None, other) => {
                let other: String = other.chars().take(40).collect();
                return Err(format!("<{other}> is no JUnit report"));
            }
            (Some(Element::Suite), "properties") => Element::SuiteProperties,
            (Some(Element::SuiteProperties), "property") => Element::SuiteProperty,
            (Some(Element::Suite), "testcase") => Element::Case,
            (Some(Element::Case), "properties") => Element::CaseProperties,
            (Some(Element::CaseProperties), "property") => Element::CaseProperty,
            (Some(Element::Case), "failure" | "error") => Element::Failure,
            (Some(Element::Case), "system-out") => Element::Output,
            (Some(_), _) => Element::Other,
        };
        if parent.is_none() {
            self.root = name;
        }
        match element {
            Element::Suite => self.start_suite(tag, line)?,
            Element::Case => self.start_case(tag, line)?,
            Element::SuiteProperty | Element::CaseProperty => self.start_property(tag)?,
            Element::Failure => self.start_failure(tag)?,
            Element::Output => self.text.clear(),
            Element::Other => {
                self.ignored_depth = 1;
                return Ok(());
            }
            Element::Root | Element::SuiteProperties | Element::CaseProperties => {}
        }
        self.open.push(element);
        Ok(())
    }

    fn start_suite(&mut self, tag: &BytesStart<'_>, line: u64) -> Result<(), String> {
        self.open_suites.push(self.junit.suites.len());
        self.junit.suites.push(JunitSuite::default());
        let mut suite = JunitSuite::default();
        let mut time = None;
        each_attribute(tag, |name, value| match name {
            "id" => suite.id = value,
            "name" => suite.name = value,
            "hostname" => suite.hostname = value,
            "timestamp" => suite.timestamp = Some(value),
            "time" => time = Some(value),
            _ => {}
        })?;
        if let Some(open) = self.suite() {
            *open = suite;
        }
        let timestamp = self.suite().and_then(|suite| suite.timestamp.clone());
        if let Some(timestamp) = timestamp
            && WrittenTime::parse(&timestamp).is_none()
        {
            self.odd(line, "timestamp", "timestamp", &timestamp);
        }
        if let Some(time) = time {
            let duration = self.duration(line, &time);
            if let Some(suite) = self.suite() {
                suite.time = duration;
            }
        }
        Ok(())
    }

    fn start_case(&mut self, tag: &BytesStart<'_>, line: u64) -> Result<(), String> {
        let mut case = JunitCase::default();
        let mut time = None;
        each_attribute(tag, |name, value| match name {
            "name" => case.name = value,
            "classname" => case.classname = value,
            "status" => case.status = value,
            "time" => time = Some(value),
            _ => {}
        })?;
        if let Some(suite) = self.suite() {
            suite.cases.push(case);
        }
        self.open.push(Element::Case);
        let duration = time.and_then(|time| self.duration(line, &time));
        self.open.pop();
        if let Some(case) = self.case() {
            case.time = duration;
        }
        Ok(())
    }

    fn start_property(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        self.text.clear();
        self.property_name.clear();
        self.property_value = None;
        each_attribute(tag, |name, value| match name {
            "name" => self.property_name = value,
            "value" => self.property_value = Some(value),
            _ => {}
        })
    }

    fn start_failure(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        self.text.clear();
        let mut message = None;
        each_attribute(tag, |name, value| {
            if name == "message" {
                message = Some(value);
            }
        })?;
        // Katalon writes one; of several the first is what ended the test.
        if let Some(case) = self.case()
            && case.message.is_none()
        {
            case.message = message;
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.ignored_depth > 0 {
            self.ignored_depth -= 1;
            return;
        }
        match self.open.pop() {
            Some(Element::Suite) => {
                self.open_suites.pop();
            }
            Some(Element::Case) => self.cases_read += 1,
            Some(Element::SuiteProperty) => {
                let name = std::mem::take(&mut self.property_name);
                let value = self.take_property_value();
                if let Some(suite) = self.suite()
                    && !value.is_empty()
                {
                    suite.properties.insert(name, value);
                }
            }
            Some(Element::CaseProperty) if self.property_name == "data_binding" => {
                let value = self.take_property_value();
                if let Some(case) = self.case() {
                    case.data_binding = binding::plain_values(&value);
                }
            }
            Some(Element::Failure) => {
                let body = std::mem::take(&mut self.text);
                if let Some(case) = self.case() {
                    let says_nothing = case.message.as_deref().is_none_or(str::is_empty);
                    if says_nothing && !body.trim().is_empty() {
                        case.message = Some(body.trim().to_owned());
                    }
                }
            }
            Some(Element::Output) => {
                let output = std::mem::take(&mut self.text);
                if let Some(case) = self.case() {
                    case.attachments.extend(attachments(&output));
                    case.output_began = output_began(&output);
                }
            }
            Some(
                Element::Root
                | Element::SuiteProperties
                | Element::CaseProperties
                | Element::CaseProperty
                | Element::Other,
            )
            | None => {}
        }
    }

    fn take_property_value(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.property_value
            .take()
            .unwrap_or_else(|| text.trim().to_owned())
    }

    fn add_text(&mut self, text: &str) {
        let matters = matches!(
            self.open.last(),
            Some(
                Element::SuiteProperty | Element::CaseProperty | Element::Failure | Element::Output
            )
        );
        if matters && self.ignored_depth == 0 {
            self.text.push_str(text);
        }
    }

    fn suite(&mut self) -> Option<&mut JunitSuite> {
        let index = *self.open_suites.last()?;
        self.junit.suites.get_mut(index)
    }

    fn case(&mut self) -> Option<&mut JunitCase> {
        self.suite()?.cases.last_mut()
    }

    fn duration(&mut self, line: u64, text: &str) -> Option<Duration> {
        let duration = parse_seconds(text);
        // Nothing written is nothing known, and nothing to complain about.
        if duration.is_none() && !text.trim().is_empty() {
            self.odd(line, "time", "duration", text);
        }
        duration
    }

    fn odd(&mut self, line: u64, attribute: &str, what: &str, value: &str) {
        self.odd_values += 1;
        if self.odd_values <= ODDITIES_NAMED {
            let value: String = value.chars().take(60).collect();
            self.junit.oddities.push(format!(
                "line {line}, at {}/@{attribute}: invalid {what} \"{value}\"",
                self.place()
            ));
        }
    }

    fn finish(mut self) -> Junit {
        if self.odd_values > ODDITIES_NAMED {
            let rest = self.odd_values - ODDITIES_NAMED;
            self.junit
                .oddities
                .push(format!("{rest} more invalid value(s)"));
        }
        self.junit
    }

    /// The element that is open, as a path.
    fn place(&self) -> String {
        let mut place = self.root.clone();
        // Katalon nests none; somebody else's file may nest thousands.
        for (depth, &index) in self.open_suites.iter().take(4).enumerate() {
            if depth > 0 || self.root != "testsuite" {
                place.push_str("/testsuite");
            }
            let name = self.junit.suites.get(index).map_or("", |suite| &suite.name);
            place.push_str(&format!("[{index}](\"{name}\")"));
        }
        if self.open.contains(&Element::Case)
            && let Some(suite) = self
                .open_suites
                .last()
                .and_then(|&index| self.junit.suites.get(index))
        {
            let index = suite.cases.len().saturating_sub(1);
            place.push_str(&format!("/testcase[{index}]"));
        }
        place
    }
}

fn each_attribute(tag: &BytesStart<'_>, mut take: impl FnMut(&str, String)) -> Result<(), String> {
    // Unchecked: an attribute given twice is odd, but nothing is lost by it.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        // Not the reader's own unescaping: it turns the newlines of a stack trace into blanks.
        let value = unescape_xml(&attribute.value).replace("\r\n", "\n");
        take(attribute.key.into_inner(), value);
    }
    Ok(())
}

/// The paths of lines `[[ATTACHMENT|path]]`.
fn attachments(output: &str) -> impl Iterator<Item = String> {
    output.lines().filter_map(|line| {
        let path = line.trim().strip_prefix("[[ATTACHMENT|")?;
        // The last brackets, because a path may hold some; behind them 6.x has `&#xD;`.
        let end = path.rfind("]]")?;
        Some(path[..end].to_owned())
    })
}

/// The time at the beginning of the output's first line that has one.
fn output_began(output: &str) -> Option<WrittenTimeOfOutput> {
    let (time, _) = output.trim_start().split_once(" - [")?;
    match WrittenTime::parse(time)? {
        WrittenTime::Local(local) => Some(WrittenTimeOfOutput(local)),
        WrittenTime::Zoned(_) => None,
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
    fn entities_of_a_document_are_not_expanded_and_depth_is_harmless() {
        let xml = format!(
            "<!DOCTYPE testsuites [<!ENTITY a \"boom\"><!ENTITY f SYSTEM \"/etc/passwd\">]>{}",
            suite("<testcase name=\"Test Cases/&a;\" status=\"PASSED\"><system-out>&f;</system-out></testcase>")
                .replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "")
        );
        assert_eq!(first_case(&xml).name, "Test Cases/&a;");
        let deep = format!("{}{}", "<x>".repeat(200_000), "</x>".repeat(200_000));
        let xml = suite(&format!("{deep}<testcase name=\"Test Cases/a\"/>"));
        assert_eq!(first_case(&xml).name, "Test Cases/a");
    }
}
