//! Takes apart the one text in which Katalon tells why a test case did not pass.

use super::Failure;

/// Separates what went wrong from the stack trace, and drops the words around both that only
/// repeat which test case it was.
pub(crate) fn split(text: &str, test_case: &str) -> Failure {
    let text = text.replace("\r\n", "\n");
    let reason = reason(&text, test_case);
    let mut frames_begin = reason.len();
    let mut at = 0;
    for line in reason.split_inclusive('\n') {
        if is_frame(line) {
            frames_begin = at;
            break;
        }
        at += line.len();
    }
    let (message, stack_trace) = reason.split_at(frames_begin);
    let message = message.trim();
    Failure {
        // A text of frames alone has no message; its first line is better than none.
        message: if message.is_empty() {
            reason.trim().lines().next().unwrap_or_default().to_owned()
        } else {
            message.to_owned()
        },
        stack_trace: stack_trace.trim_end().to_owned(),
        step: None,
    }
}

/// What the verdict on any test case gives as its reason; the text itself if it is no verdict.
pub(crate) fn reason_of(text: &str) -> &str {
    let begins = [
        " FAILED.\nReason:",
        " FAILED because (of)",
        " has ERROR(s).\nReason:",
        " ERROR.\nReason:",
    ];
    let path = begins
        .iter()
        .filter_map(|begin| text.find(begin))
        .min()
        .and_then(|end| text.get(..end));
    match path {
        Some(path) if !path.contains('\n') => reason(text, path),
        Some(_) | None => text,
    }
}

/// What follows `<path> FAILED.\nReason:\n`, or up to 6.x
/// `<path> FAILED because (of) (Stack trace: …)`; JUnit of 5.x mixes the two.
fn reason<'a>(text: &'a str, test_case: &str) -> &'a str {
    let Some(rest) = text.trim_start().strip_prefix(test_case) else {
        return without_wrapping(text);
    };
    let rest = rest.trim_start();
    // A set-up that breaks is told in other words.
    let verdicts = ["FAILED", "has ERROR(s)", "ERROR"];
    let Some(rest) = verdicts.iter().find_map(|word| rest.strip_prefix(word)) else {
        return text;
    };
    let rest = rest.trim_start_matches('.').trim_start();
    let reason = if let Some(reason) = rest.strip_prefix("Reason:") {
        reason
    } else if let Some(reason) = rest.strip_prefix("because") {
        let reason = reason.trim_start();
        reason.strip_prefix("(of)").unwrap_or(reason)
    } else {
        rest
    };
    let reason = without_wrapping(reason);
    if reason.trim().is_empty() {
        text
    } else {
        reason
    }
}

/// Up to 6.x a reason stands in `(Stack trace: …)`; JUnit of 5.x has nothing before that.
fn without_wrapping(reason: &str) -> &str {
    match reason.trim_start().strip_prefix("(Stack trace:") {
        Some(inner) => inner.trim_end().strip_suffix(')').unwrap_or(inner),
        None => reason,
    }
}

fn is_frame(line: &str) -> bool {
    let inner = line.trim_start();
    let is_indented = inner.len() < line.len();
    is_indented && inner.starts_with("at ")
        || inner.starts_with("Caused by: ")
        || is_indented && inner.starts_with("... ") && inner.trim_end().ends_with(" more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_and_stack_trace_are_told_apart() {
        for (text, message, stack_trace) in [
            (
                "Test Cases/A FAILED.\nReason:\norg.x.StepFailedException: Unable to click\n\tat a.b(c:1)\n\tat d.e(f:2)\nCaused by: g\n",
                "org.x.StepFailedException: Unable to click",
                "\tat a.b(c:1)\n\tat d.e(f:2)\nCaused by: g",
            ),
            (
                "Test Cases/A FAILED because (of) (Stack trace: x.Y: Unable to click\r\n\tat a.b(c:1)\r\n)",
                "x.Y: Unable to click",
                "\tat a.b(c:1)",
            ),
            (
                "Test Cases/A FAILED.\nReason:\n(Stack trace: x.Y: Unable to click\n\tat a.b(c:1)\n)",
                "x.Y: Unable to click",
                "\tat a.b(c:1)",
            ),
            (
                "(Stack trace: x.Y: Unable to click\n\tat a.b(c:1)\n)",
                "x.Y: Unable to click",
                "\tat a.b(c:1)",
            ),
            (
                "Test Cases/A FAILED because (of) Variable 'x' is not defined",
                "Variable 'x' is not defined",
                "",
            ),
            (
                "Test Cases/A has ERROR(s).\nReason:\nno database",
                "no database",
                "",
            ),
            ("Test Cases/A FAILED.", "Test Cases/A FAILED.", ""),
            (
                "Test Cases/A FAILED.\nReason:\n",
                "Test Cases/A FAILED.\nReason:",
                "",
            ),
            ("two\nlines", "two\nlines", ""),
            ("look at this\nat noon", "look at this\nat noon", ""),
            ("\tat a.b(c:1)", "at a.b(c:1)", "\tat a.b(c:1)"),
            ("", "", ""),
        ] {
            let expected = Failure {
                message: message.to_owned(),
                stack_trace: stack_trace.to_owned(),
                step: None,
            };
            assert_eq!(split(text, "Test Cases/A"), expected, "{text}");
        }
    }

    #[test]
    fn the_reason_of_any_verdict_is_known() {
        for (text, reason) in [
            ("Test Cases/B FAILED.\nReason:\nx.Y: no", "x.Y: no"),
            ("SCENARIO s has ERROR(s).\nReason:\nno", "no"),
            (
                "Verify text FAILED. (Root cause: x)",
                "Verify text FAILED. (Root cause: x)",
            ),
            ("no\nB FAILED.\nReason:\nyes", "no\nB FAILED.\nReason:\nyes"),
        ] {
            assert_eq!(reason_of(text).trim(), reason, "{text}");
        }
    }
}
