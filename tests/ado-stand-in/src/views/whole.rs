//! Runs with all that belongs to them, as tests and people look at them.

use super::Details;
use crate::state::{self, Attachment, Run, State};
use serde_json::{Value, json};

impl State {
    /// A run with all that belongs to it, comments as they are stored.
    pub(crate) fn whole_run(&self, run: &Run) -> Value {
        let mut view = self.run_view(run, true);
        if run.fields.contains_key("comment") {
            view["comment"] = run.text("comment").into();
        }
        view["attachments"] = self.attachments_of(run.id, None, None);
        let results = run.results.values().map(|result| {
            let mut view = self.result_view(run, result, Details::ALL);
            if result.fields.contains_key("comment") {
                view["comment"] = result.text("comment").into();
            }
            view["attachments"] = self.attachments_of(run.id, Some(result.id), None);
            view["subResults"] = self.whole_sub_results(run.id, result.id, &result.sub_results);
            view
        });
        view["results"] = results.collect();
        view
    }

    fn whole_sub_results(&self, run: u64, result: u64, sub_results: &[Value]) -> Value {
        let views = sub_results.iter().map(|sub_result| {
            let mut view = sub_result.clone();
            view["attachments"] = self.attachments_of(run, Some(result), sub_result["id"].as_u64());
            view["subResults"] = self.whole_sub_results(run, result, state::nested(sub_result));
            view
        });
        views.collect()
    }

    /// What belongs to a run, result or sub-result; an iteration's attachments stand with its result.
    fn attachments_of(&self, run: u64, result: Option<u64>, sub_result: Option<u64>) -> Value {
        let belongs = |attachment: &Attachment| {
            attachment.run == run
                && attachment.result == result
                && attachment.sub_result == sub_result
        };
        let mut views = Vec::new();
        for (id, attachment) in self
            .attachments
            .iter()
            .filter(|(_, attachment)| belongs(attachment))
        {
            let mut view = json!({
                "id": id,
                "fileName": attachment.file_name,
                "comment": attachment.comment,
                "size": attachment.bytes.len(),
                "attachmentType": attachment.kind,
                "createdDate": attachment.created,
            });
            if let Some(iteration) = attachment.iteration {
                view["iterationId"] = iteration.into();
            }
            views.push(view);
        }
        views.into()
    }
}
