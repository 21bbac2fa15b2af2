//! The page that shows people what arrived: plain HTML, no scripts, everything escaped.

mod plans;

use crate::answer::Answer;
use crate::routes;
use crate::state::State;
use crate::text::html;
use serde_json::Value;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");
/// Nothing on the page may run, and nothing may come from elsewhere.
const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'";

/// All runs and test plans, the newest first.
pub(crate) fn runs(state: &State) -> Answer {
    let mut page = String::new();
    let collection = html(&state.settings.collection);
    let number = state.runs.len();
    // Writing into a `String` cannot fail, here and below.
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Test runs in {collection}</title><style>{STYLE}</style></head><body><main>\
         <h1>Test runs in {collection}</h1>\
         <p class=\"lead\">A stand-in for Azure DevOps on this machine. {} so far, newest first.</p>\n",
        numbered(number as u64, "run")
    );
    if number == 0 {
        page.push_str("<p class=\"empty\">Nothing has been published yet. Reload this page after publishing.</p>");
    }
    for run in state.runs.values().rev() {
        write_run(&mut page, &state.whole_run(run));
    }
    plans::write_all(&mut page, state);
    page.push_str("</main></body></html>\n");
    Answer::html(200, page).with_header("Content-Security-Policy", POLICY)
}

/// The bytes of an attachment: a picture as one, everything else as text that a browser must not interpret.
pub(crate) fn attachment(state: &State, id: &str) -> Answer {
    let Some(attachment) = state.attachments.get(&routes::number(id)) else {
        return Answer::html(
            404,
            "<!DOCTYPE html><title>No such attachment</title>No such attachment",
        );
    };
    let kind = picture(&attachment.file_name).unwrap_or("text/plain; charset=utf-8");
    Answer::bytes(200, kind, attachment.bytes.clone())
        .with_header("X-Content-Type-Options", "nosniff")
        .with_header("Content-Security-Policy", "default-src 'none'")
}

/// The media type of a picture that cannot hold a script.
fn picture(file_name: &str) -> Option<&'static str> {
    let (_, extension) = file_name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        "bmp" => Some("image/bmp"),
        "webp" => Some("image/webp"),
        _ => None,
    }
}

fn numbered(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A size as people read it.
fn weighed(bytes: u64) -> String {
    match bytes {
        0..1000 => numbered(bytes, "byte"),
        1000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// The text in a field, escaped; empty where there is none.
fn escaped(value: &Value, field: &str) -> String {
    html(value[field].as_str().unwrap_or_default())
}

fn write_run(page: &mut String, run: &Value) {
    let state = run["state"].as_str().unwrap_or_default();
    let colour = match state {
        "Completed" => "pass",
        "NeedsInvestigation" | "Aborted" => "fail",
        _ => "open",
    };
    let _ = write!(
        page,
        "<section class=\"run\" id=\"run-{id}\"><div class=\"title\"><h2>{}</h2><span class=\"id\">run {id}</span>\
         <span class=\"badge {colour}\">{}</span></div>",
        escaped(run, "name"),
        html(state),
        id = run["id"],
    );
    write_counts(page, run);
    page.push_str("<dl>");
    write_term(page, "Build", &build(run));
    write_term(page, "Pipeline", &pipeline(run));
    write_term(page, "Release", &escaped(run, "releaseUri"));
    write_term(page, "Test plan", &escaped(&run["plan"], "id"));
    write_term(page, "Started", &escaped(run, "startedDate"));
    write_term(page, "Completed", &escaped(run, "completedDate"));
    write_term(page, "Comment", &escaped(run, "comment"));
    page.push_str("</dl>");
    write_text(page, "Error message", "error", run, "errorMessage");
    write_attachments(page, &run["attachments"]);
    for result in run["results"].as_array().into_iter().flatten() {
        write_result(page, result, "result");
    }
    page.push_str("</section>\n");
}

fn write_counts(page: &mut String, run: &Value) {
    let count = |name: &str| run[name].as_u64().unwrap_or_default();
    let (total, passed, failed) = (
        count("totalTests"),
        count("passedTests"),
        count("unanalyzedTests"),
    );
    let incomplete = count("incompleteTests");
    let other = total.saturating_sub(passed + failed + incomplete);
    page.push_str("<div class=\"bar\">");
    for (class, count) in [("pass", passed), ("fail", failed), ("other", other)] {
        if count > 0 {
            let _ = write!(
                page,
                "<span class=\"{class}\" style=\"flex:{count}\"></span>"
            );
        }
    }
    if incomplete > 0 {
        let _ = write!(page, "<span style=\"flex:{incomplete}\"></span>");
    }
    let mut parts = Vec::new();
    for (count, word) in [
        (passed, "passed"),
        (failed, "failed"),
        (other, "other"),
        (incomplete, "incomplete"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let results = numbered(total, "result");
    let colon = if parts.is_empty() { "" } else { ": " };
    let _ = write!(
        page,
        "</div><p class=\"counts\">{results}{colon}{}</p>",
        parts.join(", ")
    );
}

fn write_term(page: &mut String, term: &str, description: &str) {
    if !description.is_empty() {
        let _ = write!(page, "<dt>{term}</dt><dd>{description}</dd>");
    }
}

fn build(run: &Value) -> String {
    let build = &run["build"];
    if build.is_null() {
        return String::new();
    }
    let configuration = &run["buildConfiguration"];
    let mut text = format!("{} (id {})", escaped(build, "name"), escaped(build, "id"));
    for field in ["platform", "flavor"] {
        if configuration[field].is_string() {
            let _ = write!(text, ", {}", escaped(configuration, field));
        }
    }
    text
}

fn pipeline(run: &Value) -> String {
    let reference = &run["pipelineReference"];
    let mut parts = Vec::new();
    for (part, name, word) in [
        ("stageReference", "stageName", "stage"),
        ("phaseReference", "phaseName", "phase"),
        ("jobReference", "jobName", "job"),
    ] {
        let part = &reference[part];
        if part[name].is_string() {
            let attempt = part["attempt"].as_u64();
            let attempt = attempt
                .map(|number| format!(", attempt {number}"))
                .unwrap_or_default();
            parts.push(format!("{word} {}{attempt}", escaped(part, name)));
        }
    }
    parts.join(" · ")
}

/// The class of a badge for that outcome.
fn colour_of(outcome: &str) -> &'static str {
    match outcome {
        "Passed" => "pass",
        "Failed" | "Error" | "Timeout" | "Aborted" => "fail",
        "In progress" | "Active" => "open",
        _ => "other",
    }
}

/// A result or, with another class, a sub-result.
fn write_result(page: &mut String, result: &Value, class: &str) {
    let outcome = result["outcome"].as_str().unwrap_or("Unspecified");
    let colour = colour_of(outcome);
    let title = match result["testCaseTitle"]
        .as_str()
        .or(result["displayName"].as_str())
    {
        Some(title) => html(title),
        None => format!("Sub-result {}", result["id"]),
    };
    let mut meta = Vec::new();
    if let Some(duration) = result["durationInMs"].as_f64() {
        meta.push(spoken(duration));
    }
    if class == "result" && result["state"] != "Completed" {
        meta.push(format!("state {}", escaped(result, "state")));
    }
    for field in ["resultGroupType", "computerName"] {
        if result[field].as_str().is_some_and(|text| text != "none") {
            meta.push(escaped(result, field));
        }
    }
    let pictures = pictures(result);
    if pictures > 0 {
        meta.push(numbered(pictures, "picture"));
    }
    let open = if colour == "fail" { " open" } else { "" };
    let _ = write!(
        page,
        "<details class=\"{class}\"{open}><summary><span class=\"badge {colour}\">{}</span> {title} \
         <span class=\"meta\">{}</span></summary><div class=\"inside\">",
        html(outcome),
        meta.join(" · ")
    );
    page.push_str("<dl>");
    write_term(page, "Test point", &place(result));
    for (term, field) in [
        ("Test", "automatedTestName"),
        ("Storage", "automatedTestStorage"),
        ("Type", "automatedTestType"),
        ("Started", "startedDate"),
        ("Completed", "completedDate"),
        ("Comment", "comment"),
    ] {
        let known = !result[field]
            .as_str()
            .is_some_and(|text| text.starts_with("0001-"));
        write_term(
            page,
            term,
            &if known {
                escaped(result, field)
            } else {
                String::new()
            },
        );
    }
    page.push_str("</dl>");
    write_text(page, "Error message", "error", result, "errorMessage");
    write_text(page, "Stack trace", "", result, "stackTrace");
    let sub_results = result["subResults"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if !sub_results.is_empty() && result["attachments"].get(0).is_some() {
        page.push_str(
            "<p class=\"note\">The Tests tab does not show attachments of a result that has sub-results.</p>",
        );
    }
    write_attachments(page, &result["attachments"]);
    for sub_result in sub_results {
        write_result(page, sub_result, "sub");
    }
    for iteration in result["iterationDetails"].as_array().into_iter().flatten() {
        write_iteration(page, iteration);
    }
    page.push_str("</div></details>");
}

/// The test point of a result with what it is made of.
fn place(result: &Value) -> String {
    let mut parts = vec![escaped(&result["testPoint"], "id")];
    for name in ["testSuite", "configuration"] {
        parts.push(escaped(&result[name], "name"));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

fn write_iteration(page: &mut String, iteration: &Value) {
    let outcome = iteration["outcome"].as_str().unwrap_or("Unspecified");
    let _ = write!(
        page,
        "<div class=\"sub\"><span class=\"badge {}\">{}</span> Iteration {} <span class=\"meta\">{}</span></div>",
        colour_of(outcome),
        html(outcome),
        iteration["id"].as_u64().unwrap_or_default(),
        escaped(iteration, "comment"),
    );
    write_text(page, "Error message", "error", iteration, "errorMessage");
}

/// How many pictures a result and its sub-results have.
fn pictures(result: &Value) -> u64 {
    let attachments = result["attachments"].as_array().into_iter().flatten();
    let own = attachments
        .filter(|attachment| attachment["fileName"].as_str().and_then(picture).is_some());
    let nested = result["subResults"]
        .as_array()
        .into_iter()
        .flatten()
        .map(pictures);
    own.count() as u64 + nested.sum::<u64>()
}

fn spoken(milliseconds: f64) -> String {
    if milliseconds < 1000.0 {
        format!("{milliseconds:.0} ms")
    } else if milliseconds < 60_000.0 {
        format!("{:.1} s", milliseconds / 1000.0)
    } else {
        format!(
            "{} min {:02.0} s",
            (milliseconds / 60_000.0).floor(),
            (milliseconds % 60_000.0 / 1000.0).floor()
        )
    }
}

fn write_text(page: &mut String, title: &str, class: &str, value: &Value, field: &str) {
    let text = escaped(value, field);
    if !text.is_empty() {
        let _ = write!(page, "<h3>{title}</h3><pre class=\"{class}\">{text}</pre>");
    }
}

fn write_attachments(page: &mut String, attachments: &Value) {
    let attachments = attachments.as_array().map_or(&[][..], Vec::as_slice);
    if attachments.is_empty() {
        return;
    }
    page.push_str("<ul class=\"files\">");
    for attachment in attachments {
        let (id, name) = (&attachment["id"], escaped(attachment, "fileName"));
        let _ = write!(page, "<li><a href=\"/_attachment/{id}\">");
        if attachment["fileName"].as_str().and_then(picture).is_some() {
            let _ = write!(
                page,
                "<img src=\"/_attachment/{id}\" alt=\"\" loading=\"lazy\">"
            );
        }
        let size = attachment["size"].as_u64().unwrap_or_default();
        let kind = escaped(attachment, "attachmentType");
        let _ = write!(page, "{name}</a><small>{} · {kind}</small>", weighed(size));
        let comment = escaped(attachment, "comment");
        if !comment.is_empty() {
            let _ = write!(page, "<small>{comment}</small>");
        }
        page.push_str("</li>");
    }
    page.push_str("</ul>");
}
