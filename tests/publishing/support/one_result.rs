//! What tests about the way to the server publish: one result, tried once.

use ado_stand_in::{Settings, StandIn};

use super::holdings::the_finished_run;
use super::{Case, Finished, Reports, TaskRun, assert_swagger};

/// `:stand-in-token` in Base64, as `Basic` sends it.
pub(crate) const TOKEN_AS_BASIC: &str = "OnN0YW5kLWluLXRva2Vu";

/// One report with one result.
pub(crate) fn reports() -> Reports {
    Reports::new().with_suite("Smoke", &[Case::passed("A")])
}

/// Tries everything once, and waits for a silent server this many seconds.
pub(crate) fn task(service: &StandIn, reports: &Reports, patience: &str) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("requestTimeout", patience)
        .input("retryFor", "0")
}

/// It ended with 4 and one error of this code, counted the results, and said no secret.
#[track_caller]
pub(crate) fn not_published(finished: &Finished, code: &str) {
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    assert_eq!(finished.issues("error"), [code], "{}", finished.stdout);
    finished.says("Nothing was published.");
    finished.says("1 result read: 0 published, 0 left out, 1 missing");
    assert_eq!(finished.output("exitCode"), "4");
    assert_eq!(finished.output("totalTests"), "1");
    assert_eq!(finished.output("testRunIds"), "");
    keeps_the_token(finished);
}

/// No output holds the token, in no form.
#[track_caller]
pub(crate) fn keeps_the_token(finished: &Finished) {
    for output in [&finished.stdout, &finished.stderr] {
        assert!(!output.contains(&Settings::default().token), "{output}");
        assert!(!output.contains(TOKEN_AS_BASIC), "{output}");
    }
}

/// The result is in a finished run, and no output holds the token.
#[track_caller]
pub(crate) fn published(service: &StandIn, finished: &Finished) {
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    the_finished_run(service, &["A"]);
    keeps_the_token(finished);
    assert_swagger(service);
}
