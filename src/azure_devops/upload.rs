//! Bodies of known length that are made while they are sent: JSON in memory, and attachments whose
//! bytes are read from disk and encoded piece by piece, so that eight of them cost no memory.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::progress::Progress;

/// Bytes of a file encoded at once; a multiple of three, so that pieces join without padding.
const PIECE: usize = 48 * 1024;

/// Bytes of ready text sent at once, so that progress shows while a slow line takes them.
const SLICE: usize = 64 * 1024;

/// A part of a body.
pub(super) enum Part {
    /// Bytes that are ready.
    Ready(Bytes),
    /// As base64, bytes that are to be `length` and to end there.
    Encoded {
        source: Box<dyn Read + Send + Sync>,
        length: u64,
    },
}

/// A body made of parts, with its exact length.
pub(super) struct Upload {
    parts: VecDeque<Part>,
    left: u64,
    progress: Arc<Progress>,
}

impl Upload {
    pub(super) fn new(parts: impl IntoIterator<Item = Part>, progress: Arc<Progress>) -> Self {
        let parts: VecDeque<Part> = parts.into_iter().collect();
        let left = parts.iter().map(length_as_sent).sum();
        Self {
            parts,
            left,
            progress,
        }
    }

    fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        let Some(part) = self.parts.front_mut() else {
            return Ok(None);
        };
        let (piece, finished) = match part {
            Part::Ready(bytes) => {
                let piece = bytes.split_to(bytes.len().min(SLICE));
                let finished = bytes.is_empty();
                (piece, finished)
            }
            Part::Encoded { source, length } => {
                let wanted = usize::try_from(*length).unwrap_or(PIECE).min(PIECE);
                let mut raw = vec![0; wanted];
                // A file that shrank since its length was told cannot keep the announced length:
                // the request fails here instead of arriving with other bytes. So does an archive
                // that became longer, because without its end it is none.
                source.read_exact(&mut raw)?;
                *length -= wanted as u64;
                if *length == 0 && source.read(&mut [0])? > 0 {
                    return Err(io::Error::other("it became longer since it was looked at"));
                }
                (Bytes::from(STANDARD.encode(&raw)), *length == 0)
            }
        };
        if finished {
            self.parts.pop_front();
        }
        Ok(Some(piece))
    }
}

fn length_as_sent(part: &Part) -> u64 {
    match part {
        Part::Ready(bytes) => bytes.len() as u64,
        Part::Encoded { length, .. } => length.div_ceil(3) * 4,
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.progress.made();
        loop {
            return match self.next_piece() {
                Ok(Some(piece)) if piece.is_empty() => continue,
                Ok(Some(piece)) => {
                    self.left = self.left.saturating_sub(piece.len() as u64);
                    Poll::Ready(Some(Ok(Frame::data(piece))))
                }
                Ok(None) => Poll::Ready(None),
                Err(error) => Poll::Ready(Some(Err(error))),
            };
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(source: &'static [u8], length: u64) -> io::Result<Vec<u8>> {
        let source = Box::new(source);
        let parts = [Part::Encoded { source, length }];
        let mut upload = Upload::new(parts, Progress::begun());
        let mut sent = Vec::new();
        while let Some(piece) = upload.next_piece()? {
            sent.extend_from_slice(&piece);
        }
        Ok(sent)
    }

    #[test]
    fn bytes_of_another_number_than_was_told_are_not_sent_to_their_end() {
        assert_eq!(sent(b"abcd", 4).unwrap(), b"YWJjZA==");
        assert!(sent(b"abc", 4).is_err());
        assert!(sent(b"abcde", 4).is_err());
    }
}
