//! Whether a report is of this build, or lay there before: in the checkout, or on the agent.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::agent::Agent;
use crate::katalon::{Report, TimeSource};

/// A report may have ended so long before the build began: clocks differ.
const SLACK: SignedDuration = SignedDuration::from_mins(10);

/// A local time without zone may be off by every zone there is, and the slack.
const SLACK_WITHOUT_ZONE: SignedDuration = SignedDuration::from_hours(26);

/// What a report's age is measured by.
#[derive(Clone, Debug, Default)]
pub struct Age<'a> {
    /// Where reports may have been downloaded to on purpose.
    pub agent: Option<&'a Agent>,
    /// When this job or stage began, by the service's clock.
    pub job_start: Option<Timestamp>,
    /// When the build began, by the service's clock.
    pub build_start: Option<Timestamp>,
    /// The service's clock minus this machine's, which the reports carry.
    pub clock_ahead: SignedDuration,
    /// When jobs of the build were under way on this agent; `None` if that is not known.
    pub jobs_here: Option<Vec<(Timestamp, Option<Timestamp>)>>,
    /// The newest files of the folders that were asked for: a JUnit of several suites makes several
    /// reports of one folder.
    newest: Newest,
}

/// When the newest file of a folder was changed, and when it came to this disk.
type Newest = RefCell<HashMap<PathBuf, [Option<Timestamp>; 2]>>;

impl<'a> Age<'a> {
    /// What is known before anybody asked for the build; `clock_ahead` is as in the field.
    pub fn of(agent: &'a Agent, clock_ahead: SignedDuration) -> Self {
        Self {
            agent: Some(agent),
            job_start: agent.job_start,
            clock_ahead,
            ..Self::default()
        }
    }
}

impl Age<'_> {
    /// Whether a report is old enough that only the build's own start can tell.
    pub fn is_before_job(&self, report: &Report) -> bool {
        let is_fresh = match (self.job_start, self.ended(report)) {
            (Some(start), Some((ended, _))) => ended >= start,
            // Nothing tells its age.
            (_, None) => true,
            (None, Some(_)) => false,
        };
        !is_fresh && !self.is_downloaded(report)
    }

    /// Whether a report ended before the build began. What is not known makes nothing stale.
    pub fn is_stale(&self, report: &Report) -> bool {
        let (Some((ended, source)), Some(build_start)) = (self.ended(report), self.build_start)
        else {
            return false;
        };
        let slack = match source {
            TimeSource::Exact => SLACK,
            TimeSource::LocalWithoutZone => SLACK_WITHOUT_ZONE,
        };
        let is_older = self.is_before_job(report) && build_start.duration_since(ended) > slack;
        is_older || (self.is_in_question(report) && !self.ended_in_a_job_here(ended))
    }

    /// Whether a report lies in the sources and ended between the start of the build and that of
    /// this job: on an agent of one's own another build may have written it.
    pub fn is_in_question(&self, report: &Report) -> bool {
        let in_sources = self
            .agent
            .and_then(|agent| agent.sources_dir.as_ref())
            .is_some_and(|sources| report.folder.starts_with(sources));
        // A time without zone tells nothing so fine.
        let exact = self
            .ended(report)
            .is_some_and(|(_, source)| source == TimeSource::Exact);
        in_sources && exact && self.build_start.is_some() && self.is_before_job(report)
    }

    /// Whether a job of this build was under way on this agent at that time. What is not known
    /// makes nothing stale.
    fn ended_in_a_job_here(&self, ended: Timestamp) -> bool {
        let Some(jobs) = &self.jobs_here else {
            return true;
        };
        let slack = SLACK;
        jobs.iter().any(|&(started, finished)| {
            started.duration_since(ended) <= slack
                && finished.is_none_or(|finished| ended.duration_since(finished) <= slack)
        })
    }

    /// [`Age::is_before_job`] of a folder that cannot be read: its newest file dates it.
    pub fn is_folder_before_job(&self, folder: &Path) -> bool {
        let [changed, _] = self.newest(folder);
        let changed = changed.map(|time| self.corrected(time));
        let is_fresh = match (self.job_start, changed) {
            (Some(start), Some(changed)) => changed >= start,
            (_, None) => true,
            (None, Some(_)) => false,
        };
        !is_fresh && !self.is_folder_downloaded(folder)
    }

    /// [`Age::is_stale`] of a folder that cannot be read.
    pub fn is_folder_stale(&self, folder: &Path) -> bool {
        let [changed, _] = self.newest(folder);
        let changed = changed.map(|time| self.corrected(time));
        let (Some(build_start), Some(changed)) = (self.build_start, changed) else {
            return false;
        };
        self.is_folder_before_job(folder) && build_start.duration_since(changed) > SLACK
    }

    /// Whether a report ended before this job began and a later execution of the same suite, under
    /// the same run configuration and profile, is at hand: the re-run replaced it.
    pub fn is_replaced(&self, report: &Report, all: &[Report]) -> bool {
        let before_job = match (self.job_start, self.ended(report)) {
            (Some(job_start), Some((ended, _))) => ended < job_start,
            (None, _) | (_, None) => false,
        };
        let began = |report: &Report| report.started.map(|(started, _)| started);
        let is_same = |other: &Report| {
            let same_configuration = if report.run_configuration.is_empty() {
                other.browser_or_device() == report.browser_or_device()
            } else {
                other.run_configuration == report.run_configuration
            };
            same_configuration && other.suite == report.suite && other.profile == report.profile
        };
        before_job
            && all
                .iter()
                .any(|other| began(other) > began(report) && is_same(other))
    }

    /// Whether a report came here on purpose: it lies where downloads go, and its files were made
    /// or changed on this disk since the job began (a self-hosted agent keeps older downloads).
    pub fn is_downloaded(&self, report: &Report) -> bool {
        self.is_folder_downloaded(&report.folder)
    }

    fn is_folder_downloaded(&self, folder: &Path) -> bool {
        let (Some(agent), Some(job_start)) = (self.agent, self.job_start) else {
            return false;
        };
        let below = |above: &Option<std::path::PathBuf>| {
            above
                .as_ref()
                .is_some_and(|above| folder.starts_with(above))
        };
        let downloads = (below(&agent.pipeline_workspace) && !below(&agent.sources_dir))
            || (agent.is_release() && below(&agent.artifacts_dir));
        let is_new = |time| self.corrected(time) >= job_start;
        downloads && {
            let [_, came_here] = self.newest(folder);
            came_here.is_some_and(is_new)
        }
    }

    fn newest(&self, folder: &Path) -> [Option<Timestamp>; 2] {
        if let Some(known) = self.newest.borrow().get(folder) {
            return *known;
        }
        let read = newest(folder);
        self.newest.borrow_mut().insert(folder.to_owned(), read);
        read
    }

    /// When a report ended, by the service's clock.
    fn ended(&self, report: &Report) -> Option<(Timestamp, TimeSource)> {
        let source = report
            .started
            .map_or(TimeSource::Exact, |(_, source)| source);
        let told = report.ended.or(report.started.map(|(started, _)| started));
        let time = match told {
            Some(time) => (time, source),
            None => {
                let [changed, _] = self.newest(&report.folder);
                (changed?, TimeSource::Exact)
            }
        };
        Some((self.corrected(time.0), time.1))
    }

    fn corrected(&self, time: Timestamp) -> Timestamp {
        time.checked_add(self.clock_ahead).unwrap_or(time)
    }
}

/// When the newest file of a folder was changed, and when it came to this disk.
fn newest(folder: &Path) -> [Option<Timestamp>; 2] {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| entry.metadata().ok());
    files.fold([None, None], |[was_changed, came], file| {
        [was_changed.max(changed(&file)), came.max(came_here(&file))]
    })
}

fn changed(metadata: &std::fs::Metadata) -> Option<Timestamp> {
    metadata.modified().ok()?.try_into().ok()
}

/// When a file came to this disk: unpacking keeps the time of its content.
#[cfg(unix)]
fn came_here(metadata: &std::fs::Metadata) -> Option<Timestamp> {
    Timestamp::from_second(std::os::unix::fs::MetadataExt::ctime(metadata)).ok()
}

#[cfg(not(unix))]
fn came_here(metadata: &std::fs::Metadata) -> Option<Timestamp> {
    let created: Option<Timestamp> = metadata
        .created()
        .ok()
        .and_then(|time| time.try_into().ok());
    created.max(changed(metadata))
}
