//! Attachments of runs, results, sub-results and iterations (contract §3).

use crate::answer::Answer;
use crate::errors::{Handled, Refusal};
use crate::routes::{self, Call, Resource};
use crate::shape::{self, ANY, Kind, Shape};
use crate::state::{Attachment, State};
use crate::text;
use crate::version::Release;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

pub(crate) const OF_RUN: Resource = Resource {
    methods: &["GET", "POST"],
    // On servers of version 5 and 6 only a preview is to be had (contract §1.3).
    release: Release::From((7, 0), 1),
    handler: attachments,
    in_project: true,
    large_body: true,
};
pub(crate) const OF_RESULT: Resource = OF_RUN;
pub(crate) const CONTENT: Resource = Resource {
    methods: &["GET"],
    handler: content,
    ..OF_RUN
};

/// Longest base64 text.
const LARGEST: usize = 104_857_600;
/// Longest file name.
const FILE_NAME: usize = 260;

static TYPES: &[&str] = &[
    "GeneralAttachment",
    "AfnStrip",
    "BugFilingData",
    "CodeCoverage",
    "IntermediateCollectorData",
    "RunConfig",
    "TestImpactDetails",
    "TmiTestRunDeploymentFiles",
    "TmiTestRunReverseDeploymentFiles",
    "TmiTestResultDetail",
    "TmiTestRunSummary",
    "ConsoleLog",
];

static ATTACHMENT: Shape = &[
    // Not checked as text: base64 is checked as it is decoded.
    ("stream", Kind::Anything),
    ("fileName", Kind::Name(FILE_NAME)),
    ("comment", Kind::Text(ANY)),
    ("attachmentType", Kind::Word(TYPES, "AttachmentType")),
];

/// What an attachment belongs to, as the address tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Owner {
    run: u64,
    result: Option<u64>,
    sub_result: Option<u64>,
    iteration: Option<u64>,
}

impl Owner {
    fn of(attachment: &Attachment) -> Owner {
        Owner {
            run: attachment.run,
            result: attachment.result,
            sub_result: attachment.sub_result,
            iteration: attachment.iteration,
        }
    }
}

/// The owner in the address, if it exists.
fn owner(state: &State, call: &Call<'_>) -> Handled<Owner> {
    let request = call.request;
    let run = state.run(&call.project()?.id, routes::number(call.parts[2]))?;
    let result = match call.parts.get(3..5) {
        Some([what, id]) if routes::is(what, "results") => Some(run.result(routes::number(id))?),
        _ => None,
    };
    let Some(result) = result else {
        request.only_parameters(&[])?;
        return Ok(Owner {
            run: run.id,
            result: None,
            sub_result: None,
            iteration: None,
        });
    };
    request.only_parameters(&["testSubResultId", "iterationId", "actionPath"])?;
    let sub_result = request.number("testSubResultId")?;
    if let Some(id) = sub_result
        && result.sub_result(id).is_none()
    {
        return Err(Refusal::not_found(format!(
            "Sub-result {id} of test result {} cannot be found.",
            result.id
        )));
    }
    let iteration = request.number("iterationId")?;
    if let Some(id) = iteration {
        let iterations = result
            .fields
            .get("iterationDetails")
            .and_then(Value::as_array);
        if !iterations
            .into_iter()
            .flatten()
            .any(|iteration| iteration["id"] == id)
        {
            return Err(Refusal::not_found(format!(
                "Iteration {id} of test result {} cannot be found.",
                result.id
            )));
        }
    }
    Ok(Owner {
        run: run.id,
        result: Some(result.id),
        sub_result,
        iteration,
    })
}

fn attachments(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    if call.method == "POST" {
        return add(state, call);
    }
    state.allowed("View test runs")?;
    let owner = owner(state, call)?;
    let belonging = state
        .attachments
        .iter()
        .filter(|(_, attachment)| Owner::of(attachment) == owner);
    // The recorded sample has no `size` (contract §3).
    let views = belonging.map(|(id, attachment)| {
        json!({
            "id": id,
            "url": url(state, call, *id),
            "fileName": attachment.file_name,
            "comment": attachment.comment,
            "createdDate": attachment.created,
        })
    });
    Ok(Answer::list(views.collect()))
}

fn add(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.allowed("Create test runs")?;
    let owner = owner(state, call)?;
    let body = call.json()?;
    let fields = shape::object(ATTACHMENT, body, "", state.settings.hosted)?;
    let text_of = |name: &str| fields.get(name).and_then(Value::as_str);
    let Some(bytes) = call.stream() else {
        return Err(Refusal::property("'stream' must be base64 text."));
    };
    let bytes = bytes?;
    let Some(file_name) = text_of("fileName") else {
        return Err(Refusal::property("An attachment needs a fileName."));
    };
    // `\ / : * ? " < > |` and control characters; whoever names a file so is refused by one service or another.
    if file_name
        .chars()
        .any(|c| c.is_control() || "\\/:*?\"<>|".contains(c))
    {
        return Err(Refusal::property(format!(
            "The file name '{file_name}' holds a character that no file name may hold."
        )));
    }
    let id = state.add_attachment(Attachment {
        run: owner.run,
        result: owner.result,
        sub_result: owner.sub_result,
        iteration: owner.iteration,
        file_name: file_name.into(),
        comment: text_of("comment").unwrap_or_default().into(),
        kind: text_of("attachmentType")
            .unwrap_or("GeneralAttachment")
            .into(),
        created: String::new(),
        bytes,
    });
    Ok(Answer::json(
        200,
        &json!({ "id": id, "url": url(state, call, id) }),
    ))
}

/// The bytes in the body of an attachment, or why there are none; nothing where it has no such text.
pub(crate) fn stream(body: &Value) -> Option<Handled<Bytes>> {
    let stream = body.get("stream")?.as_str()?;
    if stream.len() > LARGEST {
        return Some(Err(Refusal::rule(format!(
            "Cannot upload file as it exceeded the maximum file size ({LARGEST} bytes)"
        ))));
    }
    let bytes = STANDARD.decode(stream).map(Bytes::from);
    Some(bytes.map_err(|error| Refusal::property(format!("'stream' is not base64: {error}"))))
}

fn url(state: &State, call: &Call<'_>, id: u64) -> String {
    let project = call
        .project
        .as_ref()
        .map(|project| text::percent_encoded(&project.name));
    let path = match call.parts.get(3..5) {
        Some([what, result]) if routes::is(what, "results") => {
            format!("{}/Results/{result}", call.parts[2])
        }
        _ => call.parts[2].to_owned(),
    };
    let collection = state.collection_url();
    format!(
        "{collection}{}/_apis/test/Runs/{path}/Attachments/{id}",
        project.unwrap_or_default()
    )
}

fn content(state: &mut State, call: &Call<'_>) -> Handled<Answer> {
    state.allowed("View test runs")?;
    let owner = owner(state, call)?;
    let id = routes::number(call.parts.last().copied().unwrap_or_default());
    let attachment = state.attachments.get(&id).filter(|attachment| {
        let whose = Owner::of(attachment);
        whose.run == owner.run && whose.result == owner.result
    });
    let attachment = attachment
        .ok_or_else(|| Refusal::not_found(format!("Attachment {id} cannot be found.")))?;
    Ok(Answer::bytes(
        200,
        "application/octet-stream",
        attachment.bytes.clone(),
    ))
}
