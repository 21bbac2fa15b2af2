//! Publishes Katalon Studio test reports to Azure DevOps.
//!
//! [`run`] is the whole program: inputs, then the command. The commands, and the stages of
//! `publish` in their order, stand in [`command`]. `katalon` does not mention Azure DevOps and `azure_devops` does
//! not mention Katalon; only `mapping` knows both. Only [`environment`] reads the environment,
//! only [`pipeline`] prints, only `azure_devops::client` opens a connection, and only `main` ends
//! the process.

use std::io::Write;
use std::sync::Arc;

pub mod account;
pub mod agent;
pub mod azure_devops;
pub mod cancel;
pub mod command;
pub mod environment;
pub mod exit_code;
pub mod files;
pub mod freshness;
pub mod inputs;
pub mod json;
pub mod katalon;
pub mod mapping;
pub mod opening;
pub mod pipeline;
pub mod problem;
pub mod publish;
#[cfg(test)]
mod scratch;
pub mod secrets;
pub mod summary;
pub mod table;
pub mod verification;
pub mod x509;

use agent::Agent;
use cancel::Cancel;
use environment::Environment;
use exit_code::ExitCode;
use inputs::{Format, Request};
use pipeline::{Mode, Pipeline, debug_log};
use publish::Waits;

/// Where the program writes.
pub struct Streams {
    /// Standard output: the log, or with `--format json` the document.
    pub out: Box<dyn Write + Send>,
    /// Standard error: with `--format json` the log.
    pub err: Box<dyn Write + Send>,
}

impl Streams {
    /// The streams of this process.
    pub fn of_process() -> Self {
        Self {
            out: Box::new(std::io::stdout()),
            err: Box::new(std::io::stderr()),
        }
    }
}

/// Runs the program; `waits` is a value so that tests can make it short.
pub fn run(environment: &Environment, streams: Streams, waits: Waits) -> ExitCode {
    let Streams { out, err } = streams;
    match inputs::read(environment) {
        Ok(Request::Text(text)) => {
            Pipeline::new(out, err, Mode::default()).line(text.trim_end());
            ExitCode::Done
        }
        Err(stop) => {
            let json = stop.format == Format::Json;
            let pipeline = Pipeline::new(out, err, Mode::of(environment, json));
            // The warnings of this reading are among the problems already.
            let (agent, _) = Agent::read(environment, None);
            command::inputs_are_wrong(&pipeline, &stop, &agent)
        }
        Ok(Request::Run(mut invocation)) => {
            let json = invocation.format == Format::Json;
            let rust_log = environment.var("RUST_LOG");
            let mut mode = Mode::of(environment, json);
            mode.debug |= rust_log.is_some();
            let pipeline = Arc::new(Pipeline::new(out, err, mode));
            if mode.debug {
                debug_log::install(&pipeline, rust_log);
            }
            let runtime = match tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
            {
                Ok(runtime) => runtime,
                Err(error) => {
                    pipeline.line(&format!("cannot start: {error}"));
                    return ExitCode::NotPublished;
                }
            };
            let code = runtime.block_on(async {
                let cancel = Cancel::listen(invocation.under_task);
                tokio::select! {
                    code = command::run(&mut invocation, &pipeline, waits, &cancel) => code,
                    // A later signal: whatever is still open stays open, and nothing more is said.
                    () = cancel.wanted_at_once() => ExitCode::Cancelled,
                }
            });
            // A name that is still being looked up must not hold the end of the process up.
            runtime.shutdown_background();
            code
        }
    }
}
