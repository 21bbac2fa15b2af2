//! What is sent of a result where the service does not take all of it.

use std::borrow::Cow;

use super::{NewSubResult, NewTestResult};

/// Length to which messages and stack traces are shortened: what Microsoft's own description of the
/// service names for a stack trace.
const SHORT_TEXT: usize = 1_000;

/// Length to which other texts are shortened.
const SHORT_COMMENT: usize = 250;

/// What is sent of a result, in the order in which it is tried: each form loses more, or something
/// else, than the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// All of it.
    #[default]
    Whole,
    /// Its texts, and those of its sub-results and iterations, shortened.
    Short,
    /// Without message, stack trace and comment, its own and those of its sub-results and
    /// iterations.
    WithoutTexts,
    /// Without its sub-results and iterations.
    WithoutSubResults,
    /// Without times, duration and machine.
    WithoutTimes,
    /// Title, identity and outcome alone.
    Bare,
}

impl Form {
    /// All of them, in order.
    pub const ALL: [Form; 6] = [
        Form::Whole,
        Form::Short,
        Form::WithoutTexts,
        Form::WithoutSubResults,
        Form::WithoutTimes,
        Form::Bare,
    ];

    /// How a result in this form is told of: "it is published …".
    pub fn told(self) -> &'static str {
        match self {
            Form::Whole => "as it is",
            Form::Short => "with its texts shortened",
            Form::WithoutTexts => "without message, stack trace and comment",
            Form::WithoutSubResults => "without its rows and attempts",
            Form::WithoutTimes => "without times and machine",
            Form::Bare => "with name and outcome alone",
        }
    }
}

impl NewTestResult {
    /// What is sent of it in this form.
    pub fn in_form(&self, form: Form) -> Cow<'_, NewTestResult> {
        if form == Form::Whole {
            return Cow::Borrowed(self);
        }
        let mut reduced = self.clone();
        if form == Form::Short {
            reduced.error_message = reduced.error_message.shortened(SHORT_TEXT);
            reduced.stack_trace = reduced.stack_trace.shortened(SHORT_TEXT);
            reduced.comment = reduced.comment.shortened(SHORT_COMMENT);
            reduced.sub_results.iter_mut().for_each(shorten);
            for row in &mut reduced.iteration_details {
                for text in [&mut row.error_message, &mut row.comment] {
                    *text = std::mem::take(text).shortened(SHORT_COMMENT);
                }
            }
        }
        if matches!(form, Form::WithoutTexts | Form::Bare) {
            reduced.error_message = Default::default();
            reduced.stack_trace = Default::default();
            reduced.comment = Default::default();
            reduced.sub_results.iter_mut().for_each(drop_texts);
            for row in &mut reduced.iteration_details {
                row.error_message = Default::default();
                row.comment = Default::default();
            }
        }
        if matches!(form, Form::WithoutSubResults | Form::Bare) {
            reduced.sub_results.clear();
            reduced.iteration_details.clear();
            reduced.result_group_type = None;
        }
        if matches!(form, Form::WithoutTimes | Form::Bare) {
            reduced.started_date = None;
            reduced.completed_date = None;
            reduced.duration = None;
            reduced.computer_name = Default::default();
        }
        Cow::Owned(reduced)
    }

    /// The form to try after this one: the next in which it is something that was not tried yet.
    pub fn form_after(&self, form: Form) -> Option<Form> {
        let is_new = |candidate: &Form| {
            let reduced = self.in_form(*candidate);
            let mut earlier = Form::ALL.iter().take_while(|earlier| *earlier < candidate);
            earlier.all(|earlier| self.in_form(*earlier) != reduced)
        };
        let later = Form::ALL.into_iter().filter(|later| *later > form);
        later.into_iter().find(is_new)
    }
}

fn shorten(sub_result: &mut NewSubResult) {
    for text in [
        &mut sub_result.display_name,
        &mut sub_result.error_message,
        &mut sub_result.stack_trace,
    ] {
        *text = std::mem::take(text).shortened(SHORT_COMMENT);
    }
    sub_result.sub_results.iter_mut().for_each(shorten);
}

fn drop_texts(sub_result: &mut NewSubResult) {
    sub_result.error_message = Default::default();
    sub_result.stack_trace = Default::default();
    sub_result.sub_results.iter_mut().for_each(drop_texts);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::azure_devops::{AutomatedTestName, AutomatedTestStorage, GroupType, Outcome};
    use crate::secrets::{Clean, Secrets};

    fn result() -> NewTestResult {
        NewTestResult {
            test_case_title: Clean::own("title"),
            automated_test_name: AutomatedTestName::new("Test Cases/A"),
            automated_test_storage: AutomatedTestStorage::new("Test Suites/S"),
            automated_test_type: Clean::own("Katalon"),
            outcome: Outcome::Failed,
            computer_name: Clean::default(),
            started_date: None,
            completed_date: None,
            duration: None,
            error_message: Clean::default(),
            stack_trace: Clean::default(),
            comment: Clean::default(),
            result_group_type: None,
            sub_results: Vec::new(),
            iteration_details: Vec::new(),
        }
    }

    fn forms_of(result: &NewTestResult) -> Vec<Form> {
        let next = |form: &Form| result.form_after(*form);
        std::iter::successors(Some(Form::Whole), next).collect()
    }

    #[test]
    fn only_what_there_is_can_be_left_out() {
        assert_eq!(forms_of(&result()), [Form::Whole]);
        let mut timed = result();
        timed.duration = Some(Duration::from_secs(1));
        assert_eq!(forms_of(&timed), [Form::Whole, Form::WithoutTimes]);
        timed.error_message = Clean::own("short");
        let forms = [
            Form::Whole,
            Form::WithoutTexts,
            Form::WithoutTimes,
            Form::Bare,
        ];
        assert_eq!(forms_of(&timed), forms);
    }

    #[test]
    fn identity_and_outcome_stay_in_every_form() {
        let mut whole = result();
        let long = "x".repeat(5_000);
        whole.error_message = Secrets::default().clean(&long);
        whole.duration = Some(Duration::from_secs(1));
        whole.computer_name = Clean::own("machine");
        whole.result_group_type = Some(GroupType::Rerun);
        whole.sub_results = vec![NewSubResult {
            sequence_id: 1,
            display_name: Clean::own("Attempt 1"),
            outcome: Outcome::Failed,
            started_date: None,
            completed_date: None,
            duration: None,
            error_message: Secrets::default().clean(&long),
            stack_trace: Clean::default(),
            result_group_type: None,
            sub_results: Vec::new(),
        }];
        assert_eq!(forms_of(&whole), Form::ALL);
        for form in Form::ALL {
            let reduced = whole.in_form(form);
            assert_eq!(reduced.automated_test_name, whole.automated_test_name);
            assert_eq!(reduced.outcome, Outcome::Failed);
            assert_eq!(reduced.test_case_title, whole.test_case_title);
        }
        let short = whole.in_form(Form::Short);
        assert_eq!(short.error_message.len(), SHORT_TEXT);
        assert_eq!(short.sub_results[0].error_message.len(), SHORT_COMMENT);
        assert!(short.error_message.as_str().ends_with('…'));
        assert_eq!(whole.in_form(Form::Bare).into_owned(), result());
    }
}
