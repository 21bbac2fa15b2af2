//! Makes one [`Report`] of the files of a folder.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::super::binding::PlannedCase;
use super::super::contents::Contents;
use super::super::find::ReportFolder;
use super::super::junit::{JunitCase, JunitSuite};
use super::super::log::Log;
use super::super::names::LONGEST_VARIABLE;
use super::super::properties::Properties;
use super::super::times::{WrittenTime, from_millis};
use super::super::{FileKind, Report, Status, SuitePath, TimeSource, Variable};
use super::damage::damaged;
use super::layout;
use super::rows;
use super::screenshots::Screenshots;
use super::sources::{self, Sources};
use crate::problem::{Problem, code, counted};

/// The files of one suite execution that go together; what belongs to another run is left aside
/// before.
pub(super) struct Parts<'a> {
    pub(super) suite: Option<&'a JunitSuite>,
    pub(super) log: Option<&'a Log>,
    pub(super) planned: &'a [PlannedCase],
    /// The plan lacks its end, because the file is longer than any that Katalon writes.
    pub(super) plan_is_cut: bool,
    /// What damaged files still tell of variables.
    pub(super) other_variables: &'a [Variable],
    pub(super) properties: &'a Properties,
    /// A JUnit that belongs to another run is no file of this report.
    pub(super) junit_is_foreign: bool,
    /// Whether the files of the folder are those of this report.
    pub(super) takes_files: bool,
}

/// Joins them; problems that are told once for each report are added to `problems`.
pub(super) fn report(
    folder: &ReportFolder,
    contents: &Contents,
    parts: &Parts<'_>,
    problems: &mut Vec<Problem>,
) -> Report {
    let started = started(parts);
    let ended = ended(parts, started);
    let mut screenshots = Screenshots::new(contents);
    let clock = OutputClock::of(parts.suite, started);
    let suite = suite_path(folder, parts);
    let lost_beginning = parts.log.is_some_and(|log| has_lost_beginning(log, &suite));
    // Of two lists of which each lacks another end, nothing tells whose the values are.
    let without_values: Vec<PlannedCase>;
    let planned = if lost_beginning && parts.plan_is_cut {
        let paths = parts.planned.iter().map(PlannedCase::without_values);
        without_values = paths.collect();
        &without_values
    } else {
        parts.planned
    };
    let results = rows::results(
        &Sources {
            cases: parts.cases(),
            log: parts.log,
            planned,
            lost_beginning,
            case_started: &|case| clock.started(case),
            room_for_lost: Cell::new(sources::MOST_LOST),
        },
        &mut screenshots,
    );
    let (files, refused_files) = if parts.takes_files {
        let (files, refused) = contents.report_files();
        (files.as_slice(), *refused)
    } else {
        (&[][..], 0)
    };
    let mut files = files.to_vec();
    if parts.junit_is_foreign {
        files.retain(|file| file.kind != FileKind::Junit);
    }
    tell_left_out(folder, &screenshots, refused_files, problems);
    tell_long_names(folder, parts, problems);
    let log_ended = parts.log.is_some_and(|log| log.suite_ended.is_some());
    let device = first([
        parts.junit("deviceName"),
        parts.run_data("deviceName"),
        &parts.properties.device,
    ]);
    Report {
        folder: folder.path.clone(),
        display_folder: folder.display.clone(),
        suite,
        collection: None,
        collection_folder: None,
        host: first([
            parts.suite.map_or("", |suite| &suite.hostname),
            parts.run_data("hostName"),
            &parts.properties.host,
        ]),
        browser: first([parts.junit("browser"), parts.run_data("browser")]),
        os: os(parts, &device),
        device,
        profile: first([&parts.properties.profile]),
        run_configuration: first([&parts.properties.run_configuration]),
        retry_count: parts.log.and_then(|log| log.suite.as_ref()?.retry_count),
        katalon_version: first([
            known_version(parts.junit("katalonVersion")),
            known_version(parts.run_data("katalonVersion")),
            &parts.properties.katalon_version,
        ]),
        started,
        ended,
        junit_timestamp: parts
            .suite
            .and_then(|suite| suite.timestamp.clone())
            .filter(|timestamp| timestamp.len() <= LONGEST_NAME),
        log_start_millis: log_start(parts.log),
        finished: log_ended || parts.cases().is_some_and(names_no_incomplete),
        results,
        files,
        variables: parts.variables(),
        reruns: Vec::new(),
        twins: 0,
    }
}

impl Parts<'_> {
    /// JUnit's list; an empty one is no list beside a log that knows better.
    fn cases(&self) -> Option<&[JunitCase]> {
        let logged = self.log.is_some_and(|log| !log.executions.is_empty());
        self.suite
            .map(|suite| suite.cases.as_slice())
            .filter(|cases| !cases.is_empty() || !logged)
    }

    /// The paths of the test cases that any file names.
    fn case_paths(&self) -> impl Iterator<Item = &str> {
        let cases = self.suite.into_iter().flat_map(|suite| &suite.cases);
        let executions = self.log.into_iter().flat_map(|log| &log.executions);
        let planned = self.planned.iter().map(|case| case.test_case.as_str());
        let planned = planned.filter(|path| !path.is_empty());
        cases
            .map(JunitCase::path)
            .chain(executions.map(|execution| execution.test_case.as_str()))
            .chain(planned)
    }

    fn names_case(&self, path: &str) -> bool {
        self.case_paths().any(|own| own == path)
    }

    /// The test case, if there is one alone.
    fn only_case(&self) -> Option<&str> {
        let mut paths = self.case_paths();
        let first = paths.next()?;
        paths.all(|path| path == first).then_some(first)
    }

    /// Every value that a test ran with, as plan, log and JUnit have it.
    fn variables(&self) -> Vec<Variable> {
        let named = |name: &str, value: &str, masked| Variable {
            name: name.to_owned(),
            value: value.to_owned(),
            masked,
        };
        let executions = self.log.map_or(&[][..], |log| &log.executions);
        let logged = executions.iter().flat_map(|execution| &execution.variables);
        let other = self.log.into_iter().flat_map(|log| &log.other_variables);
        let planned = self.planned.iter().flat_map(|case| {
            let masked: HashSet<&String> = case.masked_variables.iter().collect();
            let values = case.bound_values.iter();
            values.map(move |(name, value)| named(name, value, masked.contains(name)))
        });
        // The log says only the value; which variable it is, the plan.
        let mut iteration_variables: HashMap<&str, (&str, bool)> = HashMap::new();
        // A damaged line of the case does not say it.
        let say_it =
            |case: &&PlannedCase| (1..=LONGEST_VARIABLE).contains(&case.iteration_variable.len());
        for case in self.planned.iter().filter(say_it) {
            let name = &case.iteration_variable;
            iteration_variables
                .entry(&case.test_case)
                .or_insert_with(|| (name, case.masked_variables.contains(name)));
        }
        let iterations = executions.iter().filter_map(|execution| {
            let value = execution.iteration.as_deref()?;
            let (name, masked) = iteration_variables.get(execution.test_case.as_str())?;
            Some(named(name, value, *masked))
        });
        let cases = self.suite.into_iter().flat_map(|suite| &suite.cases);
        let of_cases = cases.clone().flat_map(|case| &case.other_variables);
        let reported = cases
            .flat_map(|case| &case.data_binding)
            .map(|(name, value)| named(name, value, false));
        let global = self.properties.global_variables.iter();
        let global = global.map(|(name, value)| named(name, value, false));
        // Cloud runs write a token into the address of their driver.
        let behind_end = self
            .log
            .and_then(|log| log.run_data_behind_end.get(DRIVER_ADDRESS));
        let addresses = [self.junit(DRIVER_ADDRESS), self.run_data(DRIVER_ADDRESS)];
        let addresses = addresses.into_iter();
        let addresses = addresses.chain(behind_end.map(String::as_str));
        let tokens = addresses.map(|address| named(DRIVER_TOKEN, password_in(address), false));
        let mut known = HashSet::new();
        logged
            .chain(other)
            .chain(of_cases)
            .chain(self.other_variables)
            .cloned()
            .chain(planned)
            .chain(iterations)
            .chain(reported)
            .chain(global)
            .chain(tokens)
            .filter(|variable| !variable.value.is_empty() && known.insert(variable.clone()))
            .collect()
    }

    fn junit(&self, property: &str) -> &str {
        self.suite
            .and_then(|suite| suite.property(property))
            .unwrap_or_default()
    }

    fn run_data(&self, name: &str) -> &str {
        self.log
            .and_then(|log| log.run_data.get(name))
            .map_or("", String::as_str)
    }
}

/// The property that says where a remote browser is driven.
const DRIVER_ADDRESS: &str = "remoteDriverUrl";

/// What its token is called, so that it counts as secret.
const DRIVER_TOKEN: &str = "token of remoteDriverUrl";

/// What stands for a password in `https://user:password@host`; the user where there is none.
fn password_in(address: &str) -> &str {
    let authority = address.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.split_once(':').map_or(user, |(_, password)| password)
}

/// Letters of what is told of each result or run: paths of suites, names of machines and browsers.
/// No file system has a longer path; a longer text is made to be repeated thousands of times.
pub(super) const LONGEST_NAME: usize = 32 * 1024;

/// The first that is there, and no longer than a name can be.
fn first<const N: usize>(values: [&str; N]) -> String {
    values
        .into_iter()
        .find(|value| !value.is_empty() && value.len() <= LONGEST_NAME)
        .unwrap_or_default()
        .to_owned()
}

/// 8.x writes the text `null.null` where it does not know itself.
fn known_version(version: &str) -> &str {
    if version.starts_with("null") {
        ""
    } else {
        version
    }
}

/// OS of the place where the tests ran: of the cloud's machine, of the device, of this one.
fn os(parts: &Parts<'_>, device: &str) -> String {
    let of_device = |os: &str, version: &str| match (os, version) {
        ("", _) => String::new(),
        (os, "") => os.to_owned(),
        (os, version) => format!("{os} {version}"),
    };
    let device_os = if device.is_empty() {
        String::new()
    } else {
        first([
            &of_device(parts.junit("deviceOS"), parts.junit("deviceOSVersion")),
            &of_device(
                parts.run_data("deviceOS"),
                parts.run_data("deviceOSVersion"),
            ),
            &parts.properties.device_os,
        ])
    };
    first([
        parts.junit("remoteOS"),
        parts.run_data("remoteOS"),
        &parts.properties.remote_os,
        &device_os,
        parts.junit("os"),
        parts.run_data("os"),
        &parts.properties.os,
    ])
}

fn suite_path(folder: &ReportFolder, parts: &Parts<'_>) -> SuitePath {
    let path = first([
        parts.suite.map_or("", |suite| &suite.id),
        parts.log.map_or("", Log::suite_id),
        &parts.properties.id,
        parts.suite.map_or("", |suite| &suite.name),
        &layout::suite_by_folder(folder, &|path| parts.names_case(path)),
        parts.only_case().unwrap_or(""),
        // Nothing says it: at least it is always the same folder.
        &folder.display,
    ]);
    SuitePath::new(path)
}

/// No `startSuite`, but executions: what stood before them is gone. A test case that was run alone
/// has no suite.
fn has_lost_beginning(log: &Log, suite: &SuitePath) -> bool {
    log.suite.is_none()
        && !log.executions.is_empty()
        && !suite.as_str().starts_with(layout::TEST_CASES)
}

fn log_start(log: Option<&Log>) -> Option<i64> {
    log?.suite.as_ref()?.millis
}

fn started(parts: &Parts<'_>) -> Option<(Timestamp, TimeSource)> {
    let by_log = log_start(parts.log).and_then(from_millis);
    // A log without its beginning knows its end, and JUnit how long before that it began.
    let by_end = || {
        let ended = from_millis(parts.log?.suite_ended?)?;
        let started = ended.checked_sub(parts.suite?.time?).ok()?;
        Some((started, TimeSource::Exact))
    };
    let by_junit = || {
        let text = parts.suite?.timestamp.as_deref()?;
        let written = WrittenTime::parse(text)?;
        let source = match written {
            WrittenTime::Zoned(_) => TimeSource::Exact,
            WrittenTime::Local(_) => TimeSource::LocalWithoutZone,
        };
        Some((written.moment()?, source))
    };
    // Or at least when its first test case began.
    let by_first_case = || {
        let executions = &parts.log?.executions;
        let millis = executions.iter().find_map(|execution| execution.started)?;
        Some((from_millis(millis)?, TimeSource::Exact))
    };
    by_log
        .map(|moment| (moment, TimeSource::Exact))
        .or_else(by_end)
        .or_else(by_junit)
        .or_else(by_first_case)
}

fn ended(parts: &Parts<'_>, started: Option<(Timestamp, TimeSource)>) -> Option<Timestamp> {
    let (started, _) = started?;
    let by_log = parts.log.and_then(|log| log.suite_ended);
    // Whole seconds in old versions, so the last test case may have ended later.
    let by_junit = || {
        let time = parts.suite?.time?;
        let last_case = parts
            .log
            .and_then(|log| log.executions.iter().filter_map(|one| one.ended).max())
            .and_then(from_millis);
        started.checked_add(time).ok().max(last_case)
    };
    // A killed run ended when its log did.
    let by_last_record = || from_millis(parts.log?.last_millis?);
    by_log
        .and_then(from_millis)
        .or_else(by_junit)
        .or_else(by_last_record)
        .filter(|ended| *ended >= started)
}

fn names_no_incomplete(cases: &[JunitCase]) -> bool {
    let statuses = cases.iter().map(|case| Status::parse(&case.status));
    statuses
        .into_iter()
        .all(|status| status != Some(Status::Incomplete))
}

/// How times in JUnit's output become moments. They never have a zone, while the suite may.
enum OutputClock {
    /// Nothing tells.
    Unknown,
    /// In this zone, between these moments.
    Known {
        zone: TimeZone,
        earliest: Timestamp,
        latest: Option<Timestamp>,
    },
}

impl OutputClock {
    /// Seconds that output and suite may differ, since one of them counts whole seconds.
    const SLACK: i64 = 2;

    fn of(suite: Option<&JunitSuite>, started: Option<(Timestamp, TimeSource)>) -> OutputClock {
        Self::try_of(suite, started).unwrap_or(OutputClock::Unknown)
    }

    fn try_of(
        suite: Option<&JunitSuite>,
        started: Option<(Timestamp, TimeSource)>,
    ) -> Option<OutputClock> {
        let (suite, (started, source)) = (suite?, started?);
        let zone = match source {
            TimeSource::LocalWithoutZone => TimeZone::system(),
            // The zone is what lies between the start and the first line, in quarter hours.
            TimeSource::Exact => {
                let first = suite.cases.iter().find_map(|case| case.output_began)?;
                let as_utc = TimeZone::UTC.to_timestamp(first.0).ok()?;
                let off = as_utc.as_second() - started.as_second() + Self::SLACK;
                let off = off.div_euclid(900) * 900;
                let offset = Offset::from_seconds(i32::try_from(off).ok()?).ok()?;
                TimeZone::fixed(offset)
            }
        };
        let slack = jiff::SignedDuration::from_secs(Self::SLACK);
        Some(OutputClock::Known {
            zone,
            earliest: started.checked_sub(slack).ok()?,
            latest: suite
                .time
                .and_then(|time| started.checked_add(time).ok()?.checked_add(slack).ok()),
        })
    }

    fn started(&self, case: &JunitCase) -> Option<Timestamp> {
        let OutputClock::Known {
            zone,
            earliest,
            latest,
        } = self
        else {
            return None;
        };
        let local = case.output_began?.0;
        let moment = zone.to_timestamp(local).ok()?;
        let possible = moment >= *earliest && latest.is_none_or(|latest| moment <= latest);
        possible.then_some(moment)
    }
}

fn tell_long_names(folder: &ReportFolder, parts: &Parts<'_>, problems: &mut Vec<Problem>) {
    let suite = parts.suite.into_iter();
    let names = suite.flat_map(|suite| [&suite.id, &suite.name, &suite.hostname]);
    let in_log = parts.log.map_or("", Log::suite_id);
    let mut names = names.map(String::as_str).chain([in_log]);
    if names.any(|name| name.len() > LONGEST_NAME) {
        problems.push(damaged(
            folder,
            &format!("its suite or its machine has a name of more than {LONGEST_NAME} bytes"),
            "The name is taken as unknown.",
        ));
    }
}

fn tell_left_out(
    folder: &ReportFolder,
    screenshots: &Screenshots<'_>,
    refused_files: usize,
    problems: &mut Vec<Problem>,
) {
    if let Some((count, names)) = screenshots.missing() {
        problems.push(Problem::warning(
            code::FILE_LEFT_OUT,
            format!(
                "report '{}': did not find {}: {names}",
                folder.display,
                counted(count, "recorded screenshot")
            ),
            "They were deleted, or the folder was copied without them.",
        ));
    }
    if let Some((count, names)) = screenshots.refused() {
        problems.push(Problem::warning(
            code::FILE_LEFT_OUT,
            format!(
                "report '{}': left out {} that would lead out of the report folder: {names}",
                folder.display,
                counted(count, "recorded file")
            ),
            "Only files inside the report folder are published.",
        ));
    }
    if refused_files > 0 {
        problems.push(Problem::warning(
            code::FILE_LEFT_OUT,
            format!(
                "report '{}': left out {} that would lead out of the report folder",
                folder.display,
                counted(refused_files, "link")
            ),
            "Only files inside the report folder are published.",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_case_that_was_run_alone_has_lost_no_beginning() {
        let log = Log {
            executions: vec![Default::default()],
            ..Log::default()
        };
        let lost = |suite: &str| has_lost_beginning(&log, &SuitePath::new(suite));
        assert!(lost("Test Suites/Smoke"));
        assert!(!lost("Test Cases/Login"));
        let nothing = Log::default();
        assert!(!has_lost_beginning(
            &nothing,
            &SuitePath::new("Test Suites/Smoke")
        ));
    }

    #[test]
    fn the_token_in_an_address_is_its_password_or_its_user() {
        for (address, password) in [
            ("https://token:eyJ.x@cloud.example.com/wd", "eyJ.x"),
            ("https://key@cloud.example.com", "key"),
            ("https://cloud.example.com/a@b", ""),
            ("", ""),
        ] {
            assert_eq!(password_in(address), password, "{address}");
        }
    }
}
