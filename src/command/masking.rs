//! What is secret in this job, and the masks made of it.

use crate::agent::{Agent, Token};
use crate::inputs::Invocation;
use crate::katalon::Report;
use crate::pipeline::Pipeline;
use crate::problem::{Problem, code};
use crate::secrets::Secrets;

pub(super) fn secrets_of(agent: &Agent, token: Option<&Token>) -> (Secrets, Vec<String>) {
    let variables = agent
        .secret_variables
        .iter()
        .map(|(name, secret)| (name.as_str(), secret.expose()));
    let (mut secrets, too_short) = Secrets::of_job(variables, token.map(Token::expose));
    // With a service connection the job's own token is not used, and no less secret.
    for token in token.into_iter().chain(&agent.token) {
        secrets.learn(token.expose());
        // `Basic` sends the token in another form, which is as good as the token.
        let header = token.authorization();
        secrets.learn(header.expose().rsplit(' ').next().unwrap_or_default());
    }
    for password in agent
        .proxies
        .all()
        .filter_map(|proxy| proxy.password.as_ref())
    {
        secrets.learn(password.expose());
    }
    (secrets, too_short)
}

pub(super) fn job_secrets(invocation: &Invocation, pipeline: &Pipeline) -> Secrets {
    let connection = invocation.connection.as_ref();
    let token = connection.and_then(|connection| connection.token.as_ref());
    let (secrets, too_short) = secrets_of(&invocation.agent, token);
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
        if variable.masked {
            secrets.learn_masked_test_data(&variable.value);
        } else {
            secrets.learn_test_data(&variable.name, &variable.value);
        }
    }
}

pub(super) fn mask_with(pipeline: &Pipeline, secrets: &Secrets) {
    let secrets = secrets.clone();
    pipeline.set_mask(Box::new(move |text| secrets.mask(text)));
}
