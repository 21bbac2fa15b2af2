//! Texts of any length, worked on window by window, so that a log of hundreds of megabytes costs
//! no memory and nothing is missed on the edge between two reads.
//!
//! A window holds more than what is decided in it: what stands before, and as much behind as the
//! longest thing that may begin in it. What a stage makes of a text is therefore a matter of the
//! text alone, never of how it was read, and it is the same on every try.

use std::collections::BTreeMap;
use std::io::{self, Read};

/// How much stands before what is decided: the longest name and what is around it.
pub(super) const BEFORE: usize = 512;

/// How much is decided in one window.
pub(super) const DECIDED: usize = 128 * 1024;

/// A part of a text.
pub(super) struct Window<'a> {
    pub(super) text: &'a [u8],
    /// What begins here or later is to be decided …
    pub(super) from: usize,
    /// … and what begins before this.
    pub(super) until: usize,
    /// Whether the window ends where the text does.
    pub(super) is_end: bool,
}

/// What a stage gives.
#[derive(Default)]
pub(super) struct Output {
    pub(super) text: Vec<u8>,
    /// How often something was masked, by the name that it stands for.
    pub(super) counts: Counts,
}

/// How often something was masked, by name.
pub(super) type Counts = BTreeMap<String, usize>;

impl Output {
    pub(super) fn count(&mut self, name: &str) {
        match self.counts.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                self.counts.insert(name.to_owned(), 1);
            }
        }
    }
}

/// Something that changes a text from its beginning to its end.
pub(super) trait Stage {
    /// How far behind the place that is decided it has to see.
    fn behind(&self) -> usize;

    /// Decides what the window asks for. Gives how far the text has been used, which is where the
    /// next window goes on: its end, or further.
    fn step(&mut self, window: &Window<'_>, output: &mut Output) -> usize;
}

/// A stage that may be left out.
impl<S: Stage> Stage for Option<S> {
    fn behind(&self) -> usize {
        self.as_ref().map_or(0, Stage::behind)
    }

    fn step(&mut self, window: &Window<'_>, output: &mut Output) -> usize {
        match self {
            Some(stage) => stage.step(window, output),
            None => {
                let text = &window.text[window.from..window.until];
                output.text.extend_from_slice(text);
                window.until
            }
        }
    }
}

/// A whole text, changed.
pub(super) fn whole(mut stage: impl Stage, text: &[u8], counts: &mut Counts) -> Vec<u8> {
    let mut output = Output {
        text: Vec::with_capacity(text.len()),
        counts: std::mem::take(counts),
    };
    let mut from = 0;
    while from < text.len() {
        let end = text.len().min(from + DECIDED + stage.behind());
        let is_end = end == text.len();
        let window = Window {
            text: &text[..end],
            from,
            until: if is_end { end } else { from + DECIDED },
            is_end,
        };
        from = stage.step(&window, &mut output);
    }
    *counts = output.counts;
    output.text
}

/// A reader that gives what a stage makes of another.
pub(super) struct Staged<R, S> {
    pub(super) source: R,
    stage: S,
    decided: usize,
    buffer: Vec<u8>,
    /// How far the buffer has been used.
    used: usize,
    at_end: bool,
    output: Output,
    given: usize,
}

impl<R: Read, S: Stage> Staged<R, S> {
    /// The size of the windows makes no difference to what comes out.
    pub(super) fn new(source: R, stage: S, decided: usize) -> Self {
        Self {
            source,
            stage,
            decided,
            buffer: Vec::new(),
            used: 0,
            at_end: false,
            output: Output::default(),
            given: 0,
        }
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.output.counts
    }

    /// Fills the output again; empty only at the end of the text.
    fn refill(&mut self) -> io::Result<()> {
        self.output.text.clear();
        self.given = 0;
        while self.output.text.is_empty() {
            let needless = self.used.saturating_sub(BEFORE);
            self.buffer.drain(..needless);
            self.used -= needless;
            let wanted = self.used + self.decided + self.stage.behind();
            self.read_up_to(wanted)?;
            if self.at_end && self.used >= self.buffer.len() {
                return Ok(());
            }
            let until = if self.at_end {
                self.buffer.len()
            } else {
                self.buffer.len() - self.stage.behind()
            };
            let window = Window {
                text: &self.buffer,
                from: self.used,
                until: until.max(self.used),
                is_end: self.at_end,
            };
            self.used = self.stage.step(&window, &mut self.output);
        }
        Ok(())
    }

    /// Fills the buffer to exactly that length, so that windows do not depend on how much a read
    /// gives.
    fn read_up_to(&mut self, length: usize) -> io::Result<()> {
        while self.buffer.len() < length && !self.at_end {
            let before = self.buffer.len();
            self.buffer.resize(length, 0);
            let read = self.source.read(&mut self.buffer[before..]);
            self.buffer
                .truncate(before + read.as_ref().map_or(0, |&read| read));
            match read {
                Ok(0) => self.at_end = true,
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }
}

impl<R: Read, S: Stage> Read for Staged<R, S> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if self.given >= self.output.text.len() {
            self.refill()?;
        }
        let left = &self.output.text[self.given..];
        let count = left.len().min(target.len());
        target[..count].copy_from_slice(&left[..count]);
        self.given += count;
        Ok(count)
    }
}
