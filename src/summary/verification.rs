//! The summary of `verify`.

use super::inert::text;
use super::{listed, note_lines, shortened};
use crate::secrets::Secrets;
use crate::verification::{State, Verification};

/// The page: what is wrong first, then what was looked at.
pub fn of_verification(found: &Verification, notes: &[String], secrets: &Secrets) -> String {
    let shown = |raw: &str| shortened(&secrets.mask(raw.trim()));
    let mut page = format!(
        "**{}** ok, **{}** wrong, **{}** to note, **{}** not tried\n\n",
        found.count(State::Fine),
        found.count(State::Wrong),
        found.count(State::Note),
        found.count(State::Untried)
    );
    page.push_str(&note_lines(notes, shown));
    let checks = found.checks.iter().map(|check| {
        format!(
            "| {} | {} | {} |\n",
            sign(check.state),
            text(&check.what),
            shown(&check.told)
        )
    });
    page.push_str(&listed(
        "### Looked at\n\n| | What | Found |\n| --- | --- | --- |\n",
        checks.collect(),
        "more",
    ));
    let permissions = found.permissions.iter().map(|one| {
        format!(
            "| {} | {} | {} | {} |\n",
            sign(one.state),
            text(one.name),
            text(one.given),
            shown(&one.how)
        )
    });
    page.push_str(&listed(
        "### Permissions\n\n| | Permission | Given at | Tried by |\n| --- | --- | --- | --- |\n",
        permissions.collect(),
        "more",
    ));
    let mut test_cases: Vec<_> = found.test_cases.iter().collect();
    test_cases.sort_by_key(|one| one.state != State::Wrong);
    let test_cases = test_cases.into_iter().map(|one| {
        format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            sign(one.state),
            one.id,
            shown(&one.title),
            shown(&one.katalon.join(", ")),
            shown(&one.configurations.join(", ")),
            shown(&one.told)
        )
    });
    page.push_str(&listed(
        "### Test case IDs\n\n\
         | | ID | Title | Katalon test case | Configurations | |\n\
         | --- | ---: | --- | --- | --- | --- |\n",
        test_cases.collect(),
        "more test cases",
    ));
    page
}

fn sign(state: State) -> &'static str {
    match state {
        State::Fine => "✅",
        State::Wrong => "❌",
        State::Note => "ℹ️",
        State::Untried => "",
    }
}
