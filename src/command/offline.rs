//! A dry run outside of pipelines by somebody who has no address and no token yet: what would be
//! sent, without a look at what is there.

use super::context::Local;
use super::mapping::{map, titles};
use super::runs::Material;
use super::settings::{self, Target};
use crate::account::Account;
use crate::katalon::Report;
use crate::publish::dry;
use crate::publish::fate::Fate;
use crate::publish::would_send::WouldSend;

/// Tells what would be sent; `None` if somebody cancels.
pub(super) async fn tell(
    local: Local<'_>,
    reports: &[Report],
    account: &mut Account,
) -> Option<()> {
    let pipeline = local.pipeline;
    let all: Vec<usize> = (0..reports.len())
        .filter(|&at| !reports[at].results.is_empty())
        .collect();
    let per = local.invocation.inputs.test_run_per.value;
    if all.is_empty() {
        return Some(());
    }
    pipeline.section("Mapping results to Azure DevOps");
    let target = Target {
        build: None,
        is_services: true,
        is_elsewhere: false,
    };
    let material = Material {
        reports,
        settings: settings::settings(local, target),
        build_number: "",
        matching: None,
    };
    let runs = material.runs_of_build(&all, per, None);
    let titles = titles(local, &runs.iter().collect::<Vec<_>>(), &material);
    let runs = map(local, &runs, &titles, &material.settings, &material).await?;
    pipeline.section("Dry run: what would be sent");
    pipeline.line(
        "No address and no token are given, so nothing was looked up: neither what was published before, nor the build.",
    );
    for (at, (run, origin)) in runs.iter().enumerate() {
        let would_send = WouldSend::whole(run);
        for line in dry::told(run.run.name.as_str(), None, &would_send) {
            pipeline.line(&line);
        }
        let fate = Fate::Published {
            id: dry::imagined_run(at),
            refused: Default::default(),
            reduced: Default::default(),
            missing_attachments: Default::default(),
        };
        let url = |_| String::new();
        account.book(run, origin, &fate, Some(would_send), url, |_, _| true);
    }
    Some(())
}
