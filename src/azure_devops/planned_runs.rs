//! The calls for planned runs: found by their plan, made with a result for each point, which are
//! read and filled.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde::Serialize;

use super::call::Call;
use super::client::{Client, Writer};
use super::reading::{list, number, page};
use super::sent::Sent;
use super::stored::{RunsPage, StoredResult, stored_result, stored_run};
use super::test_runs::RUNS_PER_PAGE;
use super::{NewTestResult, TestPlanId, TestResultId, TestRunId};

/// Results asked for at once: more are not given with their details.
const RESULTS_PER_PAGE: usize = 200;

/// Runs of a plan are found by when they changed, within so many hours: the service takes no more.
const HOURS: i64 = 7 * 24;

/// A result of a planned run, and what is sent to fill it.
pub type Filled<'a> = (TestResultId, Cow<'a, NewTestResult>);

/// The days in which runs of a plan are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastDays {
    from: Timestamp,
    to: Timestamp,
}

impl LastDays {
    /// Those before a time of the service's clock, which tells whole seconds.
    pub fn before(now: Timestamp) -> Self {
        let to = now.checked_add(SignedDuration::from_mins(1)).unwrap_or(now);
        let from = to.checked_sub(SignedDuration::from_hours(HOURS));
        Self {
            from: from.unwrap_or(Timestamp::MIN),
            to,
        }
    }
}

impl Client {
    /// The runs of a plan that changed in these days; without their comments, as far as is known.
    pub async fn runs_of_plan(
        &self,
        project: &str,
        plan: TestPlanId,
        days: LastDays,
        token: Option<&str>,
    ) -> Sent<RunsPage> {
        let mut call = Call::get(vec![project, "_apis", "test", "runs"])
            .with("minLastUpdatedDate", days.from)
            .with("maxLastUpdatedDate", days.to)
            .with("planIds", plan)
            .with("$top", RUNS_PER_PAGE);
        if let Some(token) = token {
            call = call.with("continuationToken", token);
        }
        self.fetch(call, |reply| {
            let part = page(&reply, stored_run)?;
            Ok(RunsPage {
                runs: part.items,
                is_last: part.next.is_none(),
                next: part.next,
                now: reply.date.unwrap_or_else(Timestamp::now),
            })
        })
        .await
    }

    /// Results of a planned run with their points and iterations, from position `skip` on; an empty
    /// page ends the list.
    pub async fn results_on_points(
        &self,
        project: &str,
        run: TestRunId,
        skip: usize,
    ) -> Sent<Vec<StoredResult>> {
        let id = run.to_string();
        let call = Call::get(vec![project, "_apis", "test", "Runs", &id, "results"])
            .with("detailsToInclude", "iterations,point")
            .with("$skip", skip)
            .with("$top", RESULTS_PER_PAGE);
        self.fetch(call, |reply| {
            list(&reply)?.iter().map(stored_result).collect()
        })
        .await
    }
}

impl Writer<'_> {
    /// Fills results that a planned run was made with.
    pub async fn fill_results(
        &self,
        project: &str,
        run: TestRunId,
        results: &[Filled<'_>],
    ) -> Sent<()> {
        #[derive(Serialize)]
        struct Change<'a> {
            id: u64,
            /// Without it a result stays pending, whatever its outcome says.
            state: &'static str,
            #[serde(flatten)]
            result: &'a NewTestResult,
        }
        let id = run.to_string();
        let path = vec![project, "_apis", "test", "Runs", &id, "results"];
        let body: Vec<_> = results
            .iter()
            .map(|(id, result)| Change {
                id: id.0,
                state: "Completed",
                result,
            })
            .collect();
        self.json(Call::write(Method::PATCH, path), &body, |reply| {
            let named = list(&reply)?
                .iter()
                .map(|item| number(item, "id"))
                .collect::<Result<Vec<u64>, String>>()?;
            // A closed run has been seen to answer with nothing, or with ids of -1.
            if named.len() == results.len() {
                Ok(())
            } else {
                Err(format!(
                    "the answer names {} results and not {}",
                    named.len(),
                    results.len()
                ))
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn runs_are_looked_for_in_no_more_than_seven_days() {
        let days = LastDays::before(Timestamp::UNIX_EPOCH);
        assert_eq!(
            days.to.duration_since(days.from),
            SignedDuration::from_hours(HOURS)
        );
        assert!(days.to > Timestamp::UNIX_EPOCH);
    }
}
