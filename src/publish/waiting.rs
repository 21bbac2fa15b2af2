//! What is said of a wait.

use std::time::Duration;

use super::retry::Patience;
use crate::azure_devops::client::Client;
use crate::azure_devops::explain;
use crate::azure_devops::sent::{Trouble, TroubleKind};
use crate::pipeline::Pipeline;

/// A shorter wait is not worth a line.
pub(super) const WORTH_A_LINE: Duration = Duration::from_secs(3);

/// Says that a request is tried again, if that takes a while. That no connection can be made is said
/// at once: an address that is wrong stays wrong however often it is tried.
pub(super) fn tell(
    pipeline: &Pipeline,
    client: &Client,
    trouble: &Trouble,
    patience: &Patience,
    wait: Duration,
) {
    let no_connection = match trouble.kind {
        TroubleKind::Connect
        | TroubleKind::Proxy
        | TroubleKind::ProxyPassword
        | TroubleKind::Tls(_) => true,
        TroubleKind::Silent
        | TroubleKind::Cut
        | TroubleKind::Busy
        | TroubleKind::Server
        | TroubleKind::Answer => false,
    };
    if no_connection && patience.has_failed_once() {
        let problem = explain::trouble(client, trouble, Duration::ZERO, "");
        pipeline.line(&format!(
            "{}; trying again for up to {}",
            problem.message,
            seconds(patience.limit())
        ));
    } else if wait >= WORTH_A_LINE {
        pipeline.line(&format!(
            "{}: {}; trying again in {}",
            trouble.request,
            trouble.cause,
            seconds(wait)
        ));
    }
}

/// A length in words.
pub(super) fn seconds(length: Duration) -> String {
    match length.as_secs() {
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}
