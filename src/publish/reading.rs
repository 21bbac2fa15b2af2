//! Asking for something that only reads, before anything is published.

use std::time::Duration;

use super::retry::{Patience, Waits};
use super::waiting;
use crate::azure_devops::client::Client;
use crate::azure_devops::sent::{Sent, Trouble};
use crate::cancel::Cancel;
use crate::pipeline::Pipeline;

/// Asks for something that only reads, until it is answered, refused, or patience is at its end.
///
/// # Errors
/// Gives the last trouble.
pub async fn read_until_answered<T, F>(
    waits: Waits,
    retry_for: Duration,
    client: &Client,
    pipeline: &Pipeline,
    cancel: &Cancel,
    mut ask: impl FnMut() -> F,
) -> Result<Sent<T>, ReadFailure>
where
    F: Future<Output = Sent<T>>,
{
    let mut patience = Patience::new(waits, retry_for);
    loop {
        let sent = tokio::select! {
            sent = ask() => sent,
            () = cancel.wanted() => return Err(ReadFailure::Cancelled),
        };
        let trouble = match sent {
            Sent::NotSent(trouble) | Sent::Unknown(trouble) => trouble,
            Sent::Answered(_) | Sent::Refused(_) => return Ok(sent),
        };
        let is_final = trouble.kind.is_final();
        let Some(wait) = (if is_final {
            None
        } else {
            patience.after(&trouble)
        }) else {
            return Err(ReadFailure::Trouble(trouble));
        };
        waiting::tell(pipeline, client, &trouble, &patience, wait);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = cancel.wanted() => return Err(ReadFailure::Cancelled),
        }
    }
}

/// Why something could not be read.
#[derive(Debug)]
pub enum ReadFailure {
    /// It was tried for as long as the inputs allow.
    Trouble(Trouble),
    /// Somebody cancelled.
    Cancelled,
}
