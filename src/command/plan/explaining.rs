//! Finding out why test cases reach no plan: what they are, and where else they stand.

use std::collections::HashMap;

use super::super::context::Context;
use super::lists::{Items, Unread};
use crate::azure_devops::TestCaseId;
use crate::azure_devops::work_items::{WORK_ITEMS_PER_REQUEST, field};
use crate::exit_code::ExitCode;
use crate::mapping::unmatched::WorkItemKind;
use crate::problem::Problem;

/// Test cases of which is asked where else they stand: one request each.
const MOST_ASKED: usize = 20;

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What the work items are.
    pub(super) work_items: HashMap<TestCaseId, WorkItemKind>,
    /// The plans that they stand in.
    pub(super) elsewhere: HashMap<TestCaseId, Vec<String>>,
}

impl Context<'_> {
    /// Finds out about test cases that are in none of the plans. What is refused stays unknown: it
    /// explains, and decides nothing.
    pub(super) async fn explain(
        &self,
        test_cases: &[TestCaseId],
    ) -> Result<Found, (ExitCode, Problem)> {
        let (client, project) = (self.client, self.plan_project());
        let mut found = Found {
            work_items: self.kinds(test_cases).await?,
            elsewhere: HashMap::new(),
        };
        let exist = test_cases
            .iter()
            .filter(|id| found.work_items.get(id) == Some(&WorkItemKind::TestCase));
        for &id in exist.take(MOST_ASKED) {
            let asked = self.answer(|| client.suites_of_test_case(id)).await;
            let Some(suites) = self.unless_refused(asked)? else {
                break;
            };
            let mut places: Vec<String> = Vec::new();
            for suite in suites {
                let mut place = format!("test plan '{}' ({})", suite.plan_name, suite.plan);
                if !suite.project.is_empty() && !suite.project.eq_ignore_ascii_case(project) {
                    place.push_str(&format!(" of project '{}'", suite.project));
                }
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            found.elsewhere.insert(id, places);
        }
        Ok(found)
    }

    /// What these work items are, many in a request. Refused, they stay unknown.
    pub(super) async fn kinds(
        &self,
        test_cases: &[TestCaseId],
    ) -> Result<HashMap<TestCaseId, WorkItemKind>, (ExitCode, Problem)> {
        let (client, project) = (self.client, self.plan_project());
        let mut work_items = HashMap::new();
        for some in test_cases.chunks(WORK_ITEMS_PER_REQUEST) {
            let ids: Vec<u64> = some.iter().map(|id| id.0).collect();
            let fields = [field::TYPE, field::TITLE, field::AUTOMATION_STATUS];
            let asked = self
                .answer(|| client.work_items(project, &ids, &fields))
                .await;
            let Some(items) = self.unless_refused(asked)? else {
                break;
            };
            for &id in some {
                let item = items.iter().find(|item| item.id == id.0);
                let kind = match item {
                    None => WorkItemKind::Unknown,
                    Some(item) if item.is_test_case() => WorkItemKind::TestCase,
                    Some(item) => WorkItemKind::Other {
                        kind: item.field(field::TYPE).to_owned(),
                        title: item.field(field::TITLE).to_owned(),
                    },
                };
                work_items.insert(id, kind);
            }
            self.show_read(Items::called("work item"), work_items.len());
        }
        Ok(work_items)
    }

    fn unless_refused<T>(
        &self,
        asked: Result<T, Unread>,
    ) -> Result<Option<T>, (ExitCode, Problem)> {
        match asked {
            Ok(answer) => Ok(Some(answer)),
            Err(Unread::Refused(refusal)) => {
                self.pipeline
                    .debug(&format!("{}: {}", refusal.request, refusal.message));
                Ok(None)
            }
            Err(Unread::Ended(exit_code, problem)) => Err((exit_code, problem)),
        }
    }
}
