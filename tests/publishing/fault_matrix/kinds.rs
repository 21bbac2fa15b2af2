//! Every kind of fault.

use std::time::Duration;

use ado_stand_in::{Fault, Service};
use serde_json::json;

/// What stands on a run that somebody ended.
pub(super) const BY_HAND: &str = "canceledByUser";

/// The row of connections that break.
const BREAKS: &str = "a connection breaks";

/// The row of requests that are carried out when nobody waits for them any more.
pub(super) const LATE: &str = "a request is carried out after its connection broke";

/// A kind of fault.
#[derive(Clone)]
pub(super) struct Kind {
    /// The row of the README's table that it belongs to.
    pub(super) row: &'static str,
    /// Its own name.
    pub(super) name: &'static str,
    pub(super) fault: Happening,
    /// It passes, so that patience decides.
    pub(super) is_trouble: bool,
}

/// The first rows are about trouble that passes.
const ROWS_OF_TROUBLE: usize = 5;

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    /// To the request.
    Fault(Fault),
    /// The network is away: the request is carried out without an answer, and for a while no
    /// connection can be made.
    Outage,
}

/// All kinds, in the order of the table's rows.
pub(super) fn all() -> Vec<Kind> {
    let after = |milliseconds| Duration::from_millis(milliseconds);
    let kinds = [
        (
            BREAKS,
            vec![
                (
                    "reset before the request is carried out",
                    Fault::ResetBefore,
                ),
                ("reset after it", Fault::ResetAfter),
                ("an answer that is cut off", Fault::Truncated { bytes: 20 }),
            ],
        ),
        (
            "no answer for `requestTimeout`",
            vec![
                ("silence", Fault::NeverAnswer),
                (
                    "an answer that comes too late",
                    Fault::Slow {
                        delay: after(3_000),
                    },
                ),
            ],
        ),
        (
            LATE,
            vec![
                ("late by 10 ms", Fault::HandledLate { delay: after(10) }),
                ("late by 150 ms", Fault::HandledLate { delay: after(150) }),
            ],
        ),
        (
            "the service is busy (409, 429, 503)",
            vec![
                ("409", Fault::status(409)),
                ("429", Fault::status(429)),
                ("503", Fault::status(503)),
                ("503 though it was carried out", Fault::status_after(503)),
            ],
        ),
        (
            "the service breaks (500, 502, 504)",
            vec![
                ("500", Fault::status(500)),
                ("500 though it was carried out", Fault::status_after(500)),
                ("502", Fault::status(502)),
                ("504 though it was carried out", Fault::status_after(504)),
            ],
        ),
        (
            "a request is refused (400, 404, 413)",
            vec![
                ("400", Fault::status(400)),
                ("404", Fault::status(404)),
                ("413", Fault::status(413)),
            ],
        ),
        (
            "the token or a permission is refused (401, 403, a sign-in page)",
            vec![
                ("401", Fault::status(401)),
                ("403", Fault::status(403)),
                ("a sign-in page", Fault::SignInPage),
            ],
        ),
        (
            "somebody aborts the run",
            vec![(
                "aborted",
                Fault::meanwhile(|service| end(service, "Aborted")),
            )],
        ),
        (
            "somebody completes the run",
            vec![(
                "completed",
                Fault::meanwhile(|service| end(service, "Completed")),
            )],
        ),
        (
            "somebody deletes the run",
            vec![("deleted", Fault::meanwhile(delete))],
        ),
    ];
    let kinds = kinds
        .into_iter()
        .enumerate()
        .flat_map(|(number, (row, kinds))| {
            let kind = move |(name, fault)| Kind {
                row,
                name,
                fault: Happening::Fault(fault),
                is_trouble: number < ROWS_OF_TROUBLE,
            };
            kinds.into_iter().map(kind)
        });
    let outage = Kind {
        row: BREAKS,
        name: "an outage of the network",
        fault: Happening::Outage,
        is_trouble: true,
    };
    std::iter::once(outage).chain(kinds).collect()
}

/// The newest run, if it is still open.
fn open_run(service: &Service) -> Option<u64> {
    let runs = service.runs();
    let run = runs.last().filter(|run| run["state"] == "InProgress")?;
    run["id"].as_u64()
}

fn end(service: &Service, state: &str) {
    if let Some(id) = open_run(service) {
        service.edit_run(id, &json!({"state": state, "substate": BY_HAND}));
    }
}

fn delete(service: &Service) {
    if let Some(id) = open_run(service) {
        service.delete_run(id);
    }
}
