//! What became of every Katalon result: published, left out, or missing; and what follows from it.

use std::collections::{BTreeMap, HashMap};

use crate::azure_devops::form::Form;
use crate::azure_devops::{TestCaseId, TestPlanId, TestPointId, TestRunId};
use crate::exit_code::ExitCode;
use crate::katalon::{Report, Status, TestResult};
use crate::mapping::Origin;
use crate::publish::desired::DesiredRun;
use crate::publish::fate::Fate;
use crate::publish::would_send::WouldSend;

/// What became of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResultFate {
    /// It is in this finished run, sent by this command.
    Published(TestRunId),
    /// It is not sent on purpose.
    LeftOut {
        /// Why.
        why: String,
        /// The run that holds it, if one does.
        run: Option<TestRunId>,
    },
    /// It should be in a finished run and is in none.
    Missing {
        /// Why.
        why: String,
        /// Another job has it and may still publish it.
        held: bool,
    },
}

/// Where a result belongs in test plans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanPlace {
    /// The test cases that it stands for.
    pub test_cases: Vec<TestCaseId>,
    /// The points that it belongs on.
    pub points: Vec<TestPointId>,
    /// Why it reaches no point; `None` if it does, or without a plan.
    pub unmatched: Option<Unmatched>,
}

/// A result that reaches no test point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// Why, in words.
    pub why: String,
    /// `unmatchedResults: fail` counts it.
    pub fails: bool,
}

/// A report and its results.
#[derive(Clone, Debug)]
pub struct ReportAccount {
    /// The report.
    pub report: Report,
    /// Its key.
    pub key: String,
    /// Whether its results count for totals and gates.
    pub counts: bool,
    /// What became of each of its results.
    pub fates: Vec<ResultFate>,
    /// Where each of them belongs in test plans.
    pub places: Vec<PlanPlace>,
    /// Which of them a run has told; the others are missing so far.
    booked: Vec<bool>,
    /// Whether a run has told if the report counts.
    is_counted: bool,
}

impl ReportAccount {
    /// Adds what became of a result in one of the runs that it belongs in: it is published only if
    /// it is in all of them.
    fn book(&mut self, result: usize, fate: ResultFate) {
        let known = &mut self.fates[result];
        if !std::mem::replace(&mut self.booked[result], true) {
            *known = fate;
            return;
        }
        match (&mut *known, &fate) {
            (ResultFate::Missing { held, .. }, ResultFate::Missing { held: also, .. }) => {
                *held |= also;
            }
            (ResultFate::Published(_), ResultFate::Missing { .. })
            | (ResultFate::LeftOut { .. }, ResultFate::Published(_) | ResultFate::Missing { .. }) =>
            {
                *known = fate;
            }
            (
                ResultFate::Missing { .. } | ResultFate::Published(_) | ResultFate::LeftOut { .. },
                _,
            ) => {}
        }
    }

    /// Why a result is missing that no run has told anything of yet.
    fn wait(&mut self, result: usize, why: &str) {
        if !self.booked[result] {
            self.fates[result] = ResultFate::Missing {
                why: why.to_owned(),
                held: false,
            };
        }
    }

    /// A report counts if it does for one of its runs.
    fn count(&mut self, counts: bool) {
        self.counts = counts || (self.is_counted && self.counts);
        self.is_counted = true;
    }
}

/// A run that holds results of the reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunAccount {
    /// Its id.
    pub id: TestRunId,
    /// Where people look at it.
    pub url: String,
    /// Its name.
    pub name: String,
    /// The plan of a planned run.
    pub plan: Option<TestPlanId>,
    /// Results that this command put there; for a run found, those of the reports at hand.
    pub results: usize,
    /// It was there before.
    pub found: bool,
    /// Its own message counts results that were refused.
    pub incomplete: bool,
    /// In a dry run, what would be sent to it.
    pub would_send: Option<WouldSend>,
}

/// Everything that became of everything.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The reports, in the order of their folders.
    pub reports: Vec<ReportAccount>,
    /// The runs, in the order in which they were made or found.
    pub runs: Vec<RunAccount>,
    /// Attachments that did not arrive: name and reason.
    pub missing_attachments: Vec<(String, String)>,
    /// Single results that were refused: test case and reason.
    pub refused: Vec<(String, String)>,
    /// Single results that are there in another form than they should be: test case, form, reason.
    pub reduced: Vec<(String, Form, String)>,
}

/// Counts of Katalon results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All.
    pub total: usize,
    /// `PASSED`.
    pub passed: usize,
    /// `FAILED` and `ERROR`.
    pub failed: usize,
    /// The rest.
    pub other: usize,
    /// Passed after an attempt that did not.
    pub flaky: usize,
}

/// Counts of what became of Katalon results; the three sum to the number read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// In a finished run, sent by this command.
    pub published: usize,
    /// Left out on purpose.
    pub left_out: usize,
    /// In no finished run.
    pub missing: usize,
}

impl Account {
    /// An account in which nothing has become of the reports yet.
    pub fn of(reports: Vec<Report>, keys: Vec<String>) -> Self {
        let reports = reports.into_iter().zip(keys).map(|(report, key)| {
            let unknown = ResultFate::Missing {
                why: "nothing was published".to_owned(),
                held: false,
            };
            let fates = vec![unknown; report.results.len()];
            ReportAccount {
                report,
                key,
                counts: true,
                booked: vec![false; fates.len()],
                places: vec![PlanPlace::default(); fates.len()],
                is_counted: false,
                fates,
            }
        });
        Self {
            reports: reports.collect(),
            ..Self::default()
        }
    }

    /// Leaves a whole report out.
    pub fn leave_out(&mut self, report: usize, why: &str) {
        let account = &mut self.reports[report];
        account.counts = false;
        account.fates.fill(ResultFate::LeftOut {
            why: why.to_owned(),
            run: None,
        });
    }

    /// Leaves one result out.
    pub fn leave_result_out(&mut self, (report, result): (usize, usize), why: &str) {
        let left_out = ResultFate::LeftOut {
            why: why.to_owned(),
            run: None,
        };
        self.reports[report].book(result, left_out);
    }

    /// Notes where a result belongs in test plans.
    pub fn place(&mut self, (report, result): (usize, usize), place: PlanPlace) {
        self.reports[report].places[result] = place;
    }

    /// Notes that the service refuses a point of a result, which is unmatched if it has no other.
    pub fn refuse_point(
        &mut self,
        (report, result): (usize, usize),
        point: TestPointId,
        why: &str,
    ) {
        let place = &mut self.reports[report].places[result];
        place.points.retain(|known| *known != point);
        if place.points.is_empty() {
            place.unmatched = Some(Unmatched {
                why: why.to_owned(),
                fails: true,
            });
        }
    }

    /// Whether a result reaches no test point.
    pub fn is_unmatched(&self, (report, result): (usize, usize)) -> bool {
        self.reports[report].places[result].unmatched.is_some()
    }

    /// Results that reach no test point, with the report that they are of.
    pub fn unmatched(&self) -> impl Iterator<Item = (&Report, &TestResult, &Unmatched)> {
        self.reports.iter().flat_map(|account| {
            let results = account.report.results.iter().zip(&account.places);
            results.filter_map(|(result, place)| {
                Some((&account.report, result, place.unmatched.as_ref()?))
            })
        })
    }

    /// Books what became of a run. `counts` says of a report that was published before, and by
    /// whom (this owner or another), whether it counts.
    pub fn book(
        &mut self,
        run: &DesiredRun,
        origin: &Origin,
        fate: &Fate,
        would_send: Option<WouldSend>,
        url: impl Fn(TestRunId) -> String,
        counts: impl Fn(usize, bool) -> bool,
    ) {
        let name = run.run.name.as_str().to_owned();
        match fate {
            Fate::Published {
                id,
                refused,
                reduced,
                missing_attachments,
            } => {
                self.runs.push(RunAccount {
                    id: *id,
                    url: url(*id),
                    name,
                    plan: run.run.plan,
                    results: run.results.len() - refused.len(),
                    found: false,
                    incomplete: !refused.is_empty(),
                    would_send,
                });
                for &(report, result) in origin.sources.iter().flatten() {
                    self.reports[report].count(true);
                    self.reports[report].book(result, ResultFate::Published(*id));
                }
                // A Katalon result whose rows made several results is there only if all are.
                for (&position, why) in refused {
                    for &(report, result) in &origin.sources[position] {
                        let account = &mut self.reports[report];
                        let missing = ResultFate::Missing {
                            why: why.clone(),
                            held: false,
                        };
                        account.book(result, missing);
                        let test_case = &account.report.results[result].test_case;
                        self.refused
                            .push((test_case.as_str().to_owned(), why.clone()));
                    }
                }
                for (&position, (form, why)) in reduced {
                    for &(report, result) in &origin.sources[position] {
                        let test_case = &self.reports[report].report.results[result].test_case;
                        self.reduced
                            .push((test_case.as_str().to_owned(), *form, why.clone()));
                    }
                }
                for (&position, why) in missing_attachments {
                    let attachment = &run.attachments[position].attachment;
                    self.missing_attachments
                        .push((attachment.name.as_str().to_owned(), why.clone()));
                }
            }
            Fate::AlreadyPublished {
                id,
                ours,
                incomplete,
            } => {
                match self.runs.iter_mut().find(|known| known.id == *id) {
                    Some(known) if known.found => known.results += run.results.len(),
                    Some(_) => {}
                    None => self.runs.push(RunAccount {
                        id: *id,
                        url: url(*id),
                        name,
                        plan: run.run.plan,
                        results: run.results.len(),
                        found: true,
                        incomplete: *incomplete,
                        would_send: None,
                    }),
                }
                let why = format!("already published in test run {id}");
                // Asked once for each report: it looks at all others, and at the disk.
                let mut known: HashMap<usize, bool> = HashMap::new();
                for &(report, result) in origin.sources.iter().flatten() {
                    let account = &mut self.reports[report];
                    let left_out = ResultFate::LeftOut {
                        why: why.clone(),
                        run: Some(*id),
                    };
                    account.book(result, left_out);
                    let counts = known.entry(report).or_insert_with(|| counts(report, *ours));
                    account.count(*counts);
                }
            }
            Fate::StillHeld { by } => {
                let why = format!("another job is still publishing it, in test run {by}");
                self.miss(origin, &why, true);
            }
            Fate::Missing { reason } => self.miss(origin, reason, false),
            // Both are to be published in other runs, which tell what becomes of them.
            Fate::Divided => self.wait(origin, "it was to be published in runs of its own"),
            Fate::PointRefused { reason } => self.wait(origin, reason),
        }
    }

    fn miss(&mut self, origin: &Origin, why: &str, held: bool) {
        for &(report, result) in origin.sources.iter().flatten() {
            let missing = ResultFate::Missing {
                why: why.to_owned(),
                held,
            };
            self.reports[report].book(result, missing);
        }
    }

    fn wait(&mut self, origin: &Origin, why: &str) {
        for &(report, result) in origin.sources.iter().flatten() {
            self.reports[report].wait(result, why);
        }
    }

    /// Results that count for totals and gates, with the report that they are of.
    pub fn counting(&self) -> impl Iterator<Item = (&Report, &TestResult)> {
        let counting = self.reports.iter().filter(|account| account.counts);
        counting.flat_map(|account| {
            account
                .report
                .results
                .iter()
                .map(|result| (&account.report, result))
        })
    }

    /// How many results that count ended with each Katalon status; those that none did are left out.
    pub fn by_status(&self) -> BTreeMap<Status, usize> {
        let mut counts = BTreeMap::new();
        for (_, result) in self.counting() {
            *counts.entry(result.status()).or_default() += 1;
        }
        counts
    }

    /// Counts by what the status means.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (_, result) in self.counting() {
            totals.total += 1;
            match result.status() {
                Status::Passed => totals.passed += 1,
                Status::Failed | Status::Error => totals.failed += 1,
                Status::Incomplete | Status::Skipped | Status::NotRun => totals.other += 1,
            }
            totals.flaky += usize::from(result.is_flaky());
        }
        totals
    }

    /// Counts by what became of them.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for fate in self.reports.iter().flat_map(|account| &account.fates) {
            match fate {
                ResultFate::Published(_) => tally.published += 1,
                ResultFate::LeftOut { .. } => tally.left_out += 1,
                ResultFate::Missing { .. } => tally.missing += 1,
            }
        }
        tally
    }

    /// Results read, whatever became of them.
    pub fn results_read(&self) -> usize {
        self.reports
            .iter()
            .map(|account| account.report.results.len())
            .sum()
    }

    /// Results in Azure DevOps in runs that this command finished.
    pub fn published_results(&self) -> usize {
        self.runs
            .iter()
            .filter(|run| !run.found && run.would_send.is_none())
            .map(|run| run.results)
            .sum()
    }

    /// Missing results by reason. The activity by which support finds a request differs for each
    /// and is no other reason.
    pub fn missing(&self) -> BTreeMap<&str, usize> {
        let mut reasons = BTreeMap::new();
        for fate in self.reports.iter().flat_map(|account| &account.fates) {
            if let ResultFate::Missing { why, .. } = fate {
                let why = why.split(" (activity ").next().unwrap_or(why);
                *reasons.entry(why).or_default() += 1;
            }
        }
        reasons
    }

    /// How many results keep the task from succeeding under `failTaskOnFailedTests`, by status.
    pub fn failing(&self) -> BTreeMap<Status, usize> {
        let mut failing = BTreeMap::new();
        for (report, result) in self.counting() {
            let status = result.status();
            let fails = match status {
                Status::Failed | Status::Error | Status::Incomplete => true,
                // Planned, and the suite was killed before its turn.
                Status::NotRun => !report.finished,
                Status::Passed | Status::Skipped => false,
            };
            if fails {
                *failing.entry(status).or_default() += 1;
            }
        }
        failing
    }

    /// Whether everything that should be in a finished run is in one.
    pub fn publication(&self) -> ExitCode {
        let tally = self.tally();
        let incomplete = self.runs.iter().any(|run| run.incomplete);
        if tally.missing == 0 && !incomplete {
            return ExitCode::Done;
        }
        let fates = || self.reports.iter().flat_map(|account| &account.fates);
        let held = fates().any(|fate| matches!(fate, ResultFate::Missing { held: true, .. }));
        // A result may be in one of the runs that it belongs in, and be missing all the same.
        let in_a_run = self.runs.iter().any(|run| run.results > 0);
        if in_a_run || held {
            ExitCode::PartlyPublished
        } else {
            ExitCode::NotPublished
        }
    }
}
