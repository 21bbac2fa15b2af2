//! What is secret in this job, and the masks made of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::reading::aside;
use crate::agent::{Agent, Token};
use crate::cancel::Cancel;
use crate::files::{self, Refused};
use crate::inputs::Invocation;
use crate::katalon::har::{self, Har};
use crate::katalon::profiles::Profile;
use crate::katalon::{Report, TestResult, Variable};
use crate::pipeline::Pipeline;
use crate::problem::{Problem, code};
use crate::secrets::{Amount, Secrets};

/// Names that one line tells.
const MOST_NAMES: usize = 20;

/// Adds the job's secrets; gives the names of those that are too short to be masked.
pub(super) fn learn_job(
    secrets: &mut Secrets,
    agent: &Agent,
    token: Option<&Token>,
) -> Vec<String> {
    let variables = agent
        .secret_variables
        .iter()
        .map(|(name, secret)| (name.as_str(), secret.expose()));
    let too_short = secrets.learn_job(variables);
    // With a service connection the job's own token is not used, and no less secret.
    for token in token.into_iter().chain(&agent.token) {
        secrets.learn_token(token.expose());
        // `Basic` sends the token in another form, which is as good as the token. Scripts send the
        // job's token so as well.
        let header = token.authorization();
        secrets.learn_token(header.expose().rsplit(' ').next().unwrap_or_default());
        let header = Token::personal(token.expose()).authorization();
        secrets.learn_token(header.expose().rsplit(' ').next().unwrap_or_default());
    }
    for password in agent
        .proxies
        .all()
        .filter_map(|proxy| proxy.password.as_ref())
    {
        secrets.learn_password("password of the proxy", password.expose());
    }
    too_short
}

pub(super) fn job_secrets(invocation: &Invocation, pipeline: &Pipeline) -> Secrets {
    let inputs = &invocation.inputs;
    let mut secrets = Secrets::new(
        inputs.secret_names.value.names(),
        inputs.mask_test_data.value,
    );
    let connection = invocation.connection.as_ref();
    let token = connection.and_then(|connection| connection.token.as_ref());
    let too_short = learn_job(&mut secrets, &invocation.agent, token);
    if !too_short.is_empty() {
        pipeline.issue(&Problem::warning(
            code::SHORT_SECRET,
            format!(
                "secret variables too short to be masked: {}",
                too_short.join(", ")
            ),
            "Values of fewer than three characters, or fewer than six digits, stay as they are.",
        ));
    }
    secrets
}

/// Test data that is secret by its variable's name must not leave in any text.
pub(super) fn learn_secrets(secrets: &mut Secrets, report: &Report) {
    let rows = report.results.iter().flat_map(|result| &result.rows);
    for (variable, value) in rows.flat_map(|row| &row.bound_values) {
        secrets.learn_test_data(variable, value);
    }
    for variable in &report.variables {
        learn(secrets, variable);
    }
}

/// What is secret in the HAR files that are to be attached must be known before anything is sent.
/// Gives those that must not be attached, and why. (Katalon's settings may say later of which
/// results files are attached, but know no HAR.)
pub(super) async fn learn_requests(
    secrets: &mut Secrets,
    reports: &[Report],
    invocation: &Invocation,
    cancel: &Cancel,
) -> Refused {
    let inputs = &invocation.inputs;
    if !inputs.attachments.value.har {
        return Refused::new();
    }
    let results = reports.iter().flat_map(|report| &report.results);
    let files = results
        .flat_map(TestResult::all_attempts)
        .flat_map(|attempt| &attempt.requests);
    let paths: BTreeSet<PathBuf> = files.map(|file| file.path.clone()).collect();
    let names = secrets.names().clone();
    let reading = move || -> Vec<(PathBuf, Result<Har, String>)> {
        let read = |path: &Path| files::open(path).and_then(|(file, _)| har::read(file, &names));
        let read = paths.into_iter().map(|path| (path.clone(), read(&path)));
        read.collect()
    };
    // Who cancels gets nothing published, whatever is known.
    let read = aside(cancel, reading).await.unwrap_or_default();
    let mut refused = Refused::new();
    let mut encoded: Vec<(PathBuf, String)> = Vec::new();
    for (path, read) in read {
        match read {
            Ok(har) => {
                for (name, value) in &har.secrets {
                    secrets.learn_secret(name, value);
                }
                let texts = har.encoded.into_iter();
                encoded.extend(texts.map(|text| (path.clone(), text)));
            }
            // Secrets of the job are found in it all the same.
            Err(_) if !inputs.mask_test_data.value => {}
            Err(cause) => {
                let why = format!("what is secret in it cannot be told: {cause}");
                refused.insert(path, why);
            }
        }
    }
    for (path, text) in encoded {
        if secrets.mask_data(&text) != text {
            let why = "a body in it is base64 and holds something secret";
            refused.insert(path, why.to_owned());
        }
    }
    refused
}

/// Values of an execution profile that are secret by their names.
pub(super) fn learn_profile(secrets: &mut Secrets, profile: &Profile) {
    for variable in &profile.variables {
        learn(secrets, variable);
    }
}

fn learn(secrets: &mut Secrets, variable: &Variable) {
    if variable.masked {
        secrets.learn_masked_test_data(&variable.name, &variable.value);
    } else {
        secrets.learn_test_data(&variable.name, &variable.value);
    }
}

/// Says how often something was masked, never what.
pub(super) fn tell_counts(pipeline: &Pipeline, secrets: &Secrets) {
    let mut counts: Vec<(String, usize)> = secrets.counts().into_iter().collect();
    if counts.is_empty() {
        return;
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let named = counts.iter().take(MOST_NAMES);
    let mut told: Vec<String> = named
        .map(|(name, count)| format!("{name} ({count})"))
        .collect();
    if counts.len() > MOST_NAMES {
        told.push(format!("and {} further names", counts.len() - MOST_NAMES));
    }
    pipeline.line(&format!("Masked: {}", told.join(", ")));
}

/// Warns where there is more that is secret than can be looked for.
pub(super) fn tell_amount(pipeline: &Pipeline, secrets: &Secrets) {
    let (what, advice) = match secrets.amount() {
        Amount::Usual => return,
        Amount::Much => (
            "secret test data is very long, or there is very much of it: some is looked for as Katalon writes it, and in no rarer form",
            "Look at what is attached before many do, or set 'attachments: screenshots'.",
        ),
        Amount::TooMuch => (
            "there is more secret test data than can be looked for: messages, names of rows and titles of test runs are sent as '***', and no text file is attached",
            "Exempt the names of variables that are not secret ('secretNames', a line '!name').",
        ),
    };
    pipeline.issue(&Problem::warning(code::MUCH_TO_MASK, what, advice));
}

pub(super) fn mask_with(pipeline: &Pipeline, secrets: &Secrets) {
    let secrets = secrets.shared();
    pipeline.set_mask(Box::new(move |text| secrets.mask(text)));
}
