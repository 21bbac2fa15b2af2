//! A zip archive of one file, made while it is read: nothing of it is kept, however long the file.
//!
//! The same bytes under the same name make the same archive, on every machine and at every time:
//! by that an attachment is recognised when the task runs again. So the file has the zero of zip's
//! calendar for its time. Lengths and checksum stand behind the content, as in every archive that
//! is written without seeking (APPNOTE.TXT 4.3.9).

use std::io::{self, Read};

use flate2::{Compression, CrcReader, read::DeflateEncoder};

/// The names are UTF-8, and lengths and checksum follow the content.
const FLAGS: u16 = 1 << 11 | 1 << 3;

/// Deflate, and the version of zip (2.0) that brought it.
const DEFLATED: u16 = 8;
const VERSION: u16 = 20;

/// An ordinary file that its owner may write and all may read, in the words of Unix.
const MADE_ON_UNIX: u16 = 3 << 8;
const MODE: u32 = 0o100_644 << 16;

/// Deflated bytes made at once: what comes out depends on it, and must not depend on the reader.
const PIECE: usize = 32 * 1024;

/// 1980-01-01, 00:00.
const TIME: u16 = 0;
const DATE: u16 = 1 << 5 | 1;

/// Reads as an archive that holds what `inner` reads as.
pub(super) struct Zip<R: Read> {
    name: Vec<u8>,
    /// What is made and was not read yet.
    ready: io::Cursor<Vec<u8>>,
    content: Option<DeflateEncoder<CrcReader<R>>>,
}

impl<R: Read> Zip<R> {
    /// `name` is that of the file in the archive.
    pub(super) fn new(name: &str, inner: R) -> Self {
        let name = name.as_bytes().to_vec();
        let mut head = Vec::new();
        number(&mut head, 0x0403_4b50_u32.to_le_bytes());
        number(&mut head, VERSION.to_le_bytes());
        common(&mut head, &Sums::default(), &name);
        head.extend_from_slice(&name);
        // Logs shrink to a tenth even so, and time is what a pipeline pays for.
        let content = DeflateEncoder::new(CrcReader::new(inner), Compression::fast());
        Self {
            name,
            ready: io::Cursor::new(head),
            content: Some(content),
        }
    }
}

/// What is known of the content only behind it.
#[derive(Default)]
struct Sums {
    crc: u32,
    deflated: u32,
    length: u32,
}

impl Sums {
    fn of<R: Read>(content: &DeflateEncoder<CrcReader<R>>) -> io::Result<Self> {
        let fits = |length: u64| {
            u32::try_from(length).map_err(|_| io::Error::other("it has more than 4 GB"))
        };
        Ok(Self {
            crc: content.get_ref().crc().sum(),
            deflated: fits(content.total_out())?,
            length: fits(content.total_in())?,
        })
    }

    fn write(&self, target: &mut Vec<u8>) {
        for sum in [self.crc, self.deflated, self.length] {
            number(target, sum.to_le_bytes());
        }
    }
}

/// What head and directory say alike.
fn common(target: &mut Vec<u8>, sums: &Sums, name: &[u8]) {
    for word in [FLAGS, DEFLATED, TIME, DATE] {
        number(target, word.to_le_bytes());
    }
    sums.write(target);
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    number(target, length.to_le_bytes());
    // No extra field.
    number(target, [0; 2]);
}

/// Lengths and checksum, the directory with its one entry, and the end.
fn end(name: &[u8], sums: &Sums) -> Vec<u8> {
    let mut end = Vec::new();
    number(&mut end, 0x0807_4b50_u32.to_le_bytes());
    sums.write(&mut end);
    let behind_content = 30 + name.len() + end.len();
    let mut directory = Vec::new();
    number(&mut directory, 0x0201_4b50_u32.to_le_bytes());
    number(&mut directory, (MADE_ON_UNIX | VERSION).to_le_bytes());
    number(&mut directory, VERSION.to_le_bytes());
    common(&mut directory, sums, name);
    // No comment; on the first disk; the content is text.
    number(&mut directory, [0, 0, 0, 0, 1, 0]);
    number(&mut directory, MODE.to_le_bytes());
    // Where its head begins.
    number(&mut directory, [0; 4]);
    directory.extend_from_slice(name);
    end.extend_from_slice(&directory);
    number(&mut end, 0x0605_4b50_u32.to_le_bytes());
    // One disk with one entry.
    number(&mut end, [0, 0, 0, 0, 1, 0, 1, 0]);
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    number(&mut end, length(directory.len()).to_le_bytes());
    let begins = sums.deflated.saturating_add(length(behind_content));
    number(&mut end, begins.to_le_bytes());
    // No comment.
    number(&mut end, [0; 2]);
    end
}

fn number<const BYTES: usize>(target: &mut Vec<u8>, bytes: [u8; BYTES]) {
    target.extend_from_slice(&bytes);
}

impl<R: Read> Read for Zip<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let read = self.ready.read(target)?;
        if read > 0 || target.is_empty() {
            return Ok(read);
        }
        let Some(content) = &mut self.content else {
            return Ok(0);
        };
        let mut piece = vec![0; PIECE];
        let made = content.read(&mut piece)?;
        if made > 0 {
            piece.truncate(made);
            self.ready = io::Cursor::new(piece);
            return self.ready.read(target);
        }
        let sums = Sums::of(content)?;
        self.content = None;
        self.ready = io::Cursor::new(end(&self.name, &sums));
        self.ready.read(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zipped(name: &str, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        Zip::new(name, content).read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// As somebody else reads it: name and content of the only file.
    fn unzipped(bytes: Vec<u8>) -> (String, Vec<u8>) {
        let mut archive = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut file = archive.by_index(0).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        (file.name().unwrap().into_owned(), content)
    }

    #[test]
    fn what_was_zipped_is_read_by_others() {
        let long = b"2025-08-11 10:15:02 - [TEST_CASE][PASSED]\n".repeat(50_000);
        for content in [&b""[..], b"x", &long] {
            let name = "Grüße 1.log";
            let bytes = zipped(name, content);
            assert_eq!(unzipped(bytes), (name.to_owned(), content.to_vec()));
        }
        assert!(zipped("a", &long).len() < long.len() / 10);
    }

    #[test]
    fn the_same_content_makes_the_same_archive() {
        let content = b"some lines\n".repeat(1_000);
        assert_eq!(zipped("a.log", &content), zipped("a.log", &content));
        assert_ne!(zipped("b.log", &content), zipped("a.log", &content));
    }

    #[test]
    fn it_is_the_same_in_large_pieces_and_in_small_ones() {
        let content: String = (0..60_000_u64)
            .map(|n| format!("{}\n", n * n % 99_991))
            .collect();
        let whole = zipped("a.log", content.as_bytes());
        for size in [1, 1_000, 48 * 1024] {
            let mut zip = Zip::new("a.log", content.as_bytes());
            let (mut bytes, mut piece) = (Vec::new(), vec![0; size]);
            while let read @ 1.. = zip.read(&mut piece).unwrap() {
                bytes.extend_from_slice(&piece[..read]);
            }
            assert!(bytes == whole, "{size}");
        }
    }
}
