//! The program: one call into the library, and the exit code.

use katalon_ado::Streams;
use katalon_ado::environment::Environment;
use katalon_ado::publish::Waits;

fn main() -> std::process::ExitCode {
    katalon_ado::run(
        &Environment::from_process(),
        Streams::of_process(),
        Waits::default(),
    )
    .into()
}
