//! Setting the automation fields of the test cases that results were matched to.

use std::collections::BTreeMap;

use super::context::Context;
use super::plan::lists::Unread;
use super::plan::{KatalonSide, Matching};
use crate::azure_devops::TestCaseId;
use crate::azure_devops::work_items::{
    ChangeAnswer, WORK_ITEMS_PER_REQUEST, WorkItemChange, field,
};
use crate::exit_code::ExitCode;
use crate::inputs::AutomationFields;
use crate::katalon::Report;
use crate::mapping::automation::Automation;
use crate::problem::{Problem, code, counted as count};

/// The test case is read again once if somebody changes it at the same moment.
const TRIES: usize = 2;

/// What the changes came to.
#[derive(Default)]
struct Outcome {
    set: usize,
    refused: usize,
    /// The first refusal, in the service's words.
    why: String,
}

impl Outcome {
    fn refuse(&mut self, number: usize, why: &str) {
        self.refused += number;
        if self.why.is_empty() {
            self.why = why.to_owned();
        }
    }
}

impl Context<'_> {
    /// Sets the automation fields as the input says. What cannot be set is one warning: the results
    /// are published nonetheless. Fails only if somebody cancels.
    pub(super) async fn set_automation_fields(
        &self,
        matching: &Matching,
        reports: &[Report],
        katalon: &KatalonSide,
    ) -> Result<(), (ExitCode, Problem)> {
        let inputs = &self.invocation.inputs;
        let how = inputs.automation_fields.value;
        if how == AutomationFields::Keep || inputs.dry_run.value {
            return Ok(());
        }
        let mut wanted: BTreeMap<TestCaseId, Automation> = BTreeMap::new();
        for (&(report, at), place) in &matching.places {
            let project = katalon.project(report).map(|project| project.name.as_str());
            let test_case = &reports[report].results[at].test_case;
            for target in &place.targets {
                // Of several Katalon test cases the first one counts, in every run the same.
                wanted
                    .entry(target.test_case)
                    .or_insert_with(|| Automation::new(test_case, project, self.secrets));
            }
        }
        let ids: Vec<TestCaseId> = wanted.keys().copied().collect();
        let mut outcome = Outcome::default();
        for some in ids.chunks(WORK_ITEMS_PER_REQUEST) {
            match self.set(some, &wanted, how, &mut outcome).await {
                Ok(()) => {}
                Err(Unread::Refused(refusal)) => outcome.refuse(some.len(), &refusal.message),
                Err(Unread::Ended(ExitCode::Cancelled, problem)) => {
                    return Err((ExitCode::Cancelled, problem));
                }
                // Whatever is sent next meets the same, and tells it.
                Err(Unread::Ended(_, problem)) => outcome.refuse(some.len(), &problem.message),
            }
        }
        self.tell(&outcome);
        Ok(())
    }

    async fn set(
        &self,
        ids: &[TestCaseId],
        wanted: &BTreeMap<TestCaseId, Automation>,
        how: AutomationFields,
        outcome: &mut Outcome,
    ) -> Result<(), Unread> {
        let (client, project) = (self.client, self.plan_project());
        let fields = [
            field::AUTOMATION_STATUS,
            field::AUTOMATED_TEST_NAME,
            field::AUTOMATED_TEST_STORAGE,
            field::AUTOMATED_TEST_TYPE,
        ];
        let mut rest: Vec<u64> = ids.iter().map(|id| id.0).collect();
        for tried in 1..=TRIES {
            let items = self.answer(|| client.work_items(project, &rest, &fields));
            let items = items.await?;
            let changes: Vec<WorkItemChange> = items
                .iter()
                .filter_map(|item| wanted.get(&TestCaseId(item.id))?.change(item, how))
                .collect();
            if changes.is_empty() {
                return Ok(());
            }
            // Guarded by the revision, a change may be sent again: what was done is a conflict.
            let writer = client.writer();
            let answers = self.answer(|| writer.change_work_items(&changes)).await?;
            rest.clear();
            for (change, answer) in changes.iter().zip(&answers) {
                if answer.is_done() {
                    outcome.set += 1;
                } else if answer.is_conflict() && tried < TRIES {
                    rest.push(change.id);
                } else {
                    outcome.refuse(1, &why(change, answer));
                }
            }
            if rest.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn tell(&self, outcome: &Outcome) {
        if outcome.set > 0 {
            self.pipeline.line(&format!(
                "Automation fields of {} set",
                count(outcome.set, "test case")
            ));
        }
        if outcome.refused > 0 {
            self.pipeline.issue(&Problem::warning(
                code::AUTOMATION_FIELDS,
                format!(
                    "automation fields of {} could not be set: {}",
                    count(outcome.refused, "test case"),
                    outcome.why
                ),
                format!(
                    "'{}' needs the permission 'Edit work items in this node' on their area path; \
                     a personal access token the scope Work Items (Read & write). The results are \
                     published nonetheless.",
                    self.as_whom.name
                ),
            ));
        }
    }
}

fn why(change: &WorkItemChange, answer: &ChangeAnswer) -> String {
    let ChangeAnswer { status, message } = answer;
    format!("test case {}: {status}: {message}", change.id)
}
