//! Bodies of known length that are made while they are sent: JSON in memory, and attachments whose
//! bytes are read from disk and encoded piece by piece, so that eight of them cost no memory.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::NewAttachment;
use super::progress::Progress;

/// Bytes of a file encoded at once; a multiple of three, so that pieces join without padding.
const PIECE: usize = 48 * 1024;

/// Bytes of ready text sent at once, so that progress shows while a slow line takes them.
const SLICE: usize = 64 * 1024;

/// A part of a body.
pub(super) enum Part {
    /// Bytes that are ready.
    Ready(Bytes),
    /// Bytes that are made while they are sent, as base64.
    Encoded(Box<Encoded>),
}

/// What is encoded while it is sent.
pub(super) struct Encoded {
    source: Box<dyn Read + Send + Sync>,
    /// Bytes that are left.
    left: u64,
    /// Over what was read so far.
    digest: ring::digest::Context,
    /// The fingerprint of all of it.
    expected: String,
    length: u64,
}

impl Encoded {
    /// `length` bytes that are to be those of which the fingerprint was taken.
    pub(super) fn new(
        source: impl Read + Send + Sync + 'static,
        length: u64,
        attachment: &NewAttachment,
    ) -> Self {
        Self {
            source: Box::new(source),
            left: length,
            digest: ring::digest::Context::new(&ring::digest::SHA256),
            expected: attachment.fingerprint.as_str().to_owned(),
            length,
        }
    }

    /// The next piece, and whether it is the last. What changed since fails before its last piece:
    /// the request breaks off, and other bytes than those that were looked at never arrive.
    fn next(&mut self) -> io::Result<(Bytes, bool)> {
        let wanted = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        let mut raw = vec![0; wanted];
        self.source
            .read_exact(&mut raw)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => FileTrouble::changed(),
                _ => FileTrouble::unreadable(error),
            })?;
        self.digest.update(&raw);
        self.left -= wanted as u64;
        let is_last = self.left == 0;
        if is_last {
            let longer = self.source.read(&mut [0])? > 0;
            let digest = self.digest.clone().finish();
            if longer
                || NewAttachment::fingerprint_of(digest.as_ref(), self.length) != self.expected
            {
                return Err(FileTrouble::changed());
            }
        }
        Ok((Bytes::from(STANDARD.encode(&raw)), is_last))
    }
}

/// A file is not what it was when it was looked at: a request with it can never be whole.
#[derive(Debug)]
pub(super) struct FileTrouble(String);

impl FileTrouble {
    pub(super) fn unreadable(error: io::Error) -> io::Error {
        Self(format!("the file can no longer be read: {error}")).into()
    }

    pub(super) fn changed() -> io::Error {
        Self("the file was changed while it was to be sent".to_owned()).into()
    }

    /// The trouble with a file behind an error, if that is what it is about.
    pub(super) fn behind<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a FileTrouble> {
        let mut source = error.source();
        while let Some(cause) = source {
            // An I/O error names as its source what is behind the one that it stands around.
            let inner = cause
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            if let Some(trouble) = inner.and_then(|inner| inner.downcast_ref()) {
                return Some(trouble);
            }
            source = cause.source();
        }
        None
    }
}

impl From<FileTrouble> for io::Error {
    fn from(trouble: FileTrouble) -> Self {
        io::Error::other(trouble)
    }
}

impl Display for FileTrouble {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for FileTrouble {}

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
            Part::Encoded(source) => source.next()?,
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
        Part::Encoded(file) => file.left.div_ceil(3) * 4,
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
    use std::time::Duration;

    use super::*;
    use crate::azure_devops::Content;
    use crate::secrets::Clean;

    /// Sends `source` where the four bytes `abcd` were looked at.
    fn sent(source: &'static [u8]) -> io::Result<Vec<u8>> {
        let digest = ring::digest::digest(&ring::digest::SHA256, b"abcd");
        let attachment = NewAttachment {
            name: Clean::own("a.zip"),
            content: Content::Text(Arc::default()),
            fingerprint: NewAttachment::fingerprint_of(digest.as_ref(), 4),
        };
        let parts = [Part::Encoded(Box::new(Encoded::new(
            source,
            4,
            &attachment,
        )))];
        let mut upload = Upload::new(parts, Progress::begun());
        let mut sent = Vec::new();
        while let Some(piece) = upload.next_piece()? {
            sent.extend_from_slice(&piece);
        }
        Ok(sent)
    }

    #[test]
    fn other_bytes_than_those_that_were_looked_at_are_not_sent_to_their_end() {
        assert_eq!(sent(b"abcd").unwrap(), b"YWJjZA==");
        for changed in [&b"abc"[..], b"abcde", b"abce"] {
            assert!(sent(changed).is_err());
        }
    }

    fn next(body: &mut Upload) -> Option<io::Result<Bytes>> {
        let mut context = Context::from_waker(std::task::Waker::noop());
        match Pin::new(body).poll_frame(&mut context) {
            Poll::Ready(frame) => frame.map(|frame| frame.map(|frame| frame.into_data().unwrap())),
            Poll::Pending => panic!("it is always ready"),
        }
    }

    #[test]
    fn a_piece_that_is_taken_is_progress() {
        let progress = Progress::begun();
        let text = Bytes::from(vec![b'x'; 3 * SLICE]);
        let mut body = Upload::new([Part::Ready(text)], Arc::clone(&progress));
        let pause = Duration::from_millis(200);
        for _ in 0..3 {
            std::thread::sleep(pause);
            assert!(progress.silence() >= pause);
            assert_eq!(next(&mut body).unwrap().unwrap().len(), SLICE);
            assert!(progress.silence() < pause);
        }
        assert!(next(&mut body).is_none());
    }
}
