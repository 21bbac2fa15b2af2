//! Records of the `log` crate as debug lines: `system.debug`, or `RUST_LOG` for more.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::Pipeline;

/// The writer that records go to. One for the process, because `log` has one logger; exchanged with
/// each run of the program within it.
static WRITER: Mutex<Option<Arc<Pipeline>>> = Mutex::new(None);

/// From now on records become debug lines of `pipeline`. `filter` is the text of `RUST_LOG`; without
/// it our own requests are told.
pub fn install(pipeline: &Arc<Pipeline>, filter: Option<&str>) {
    *WRITER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(pipeline));
    // A second time it is there already.
    let _ = env_logger::Builder::new()
        .parse_filters(filter.unwrap_or("katalon_ado=debug"))
        .format(|line, record| writeln!(line, "{}", record.args()))
        .target(env_logger::Target::Pipe(Box::new(Lines)))
        .try_init();
}

/// Hands on what env_logger writes: whole records, one at a time.
struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let writer = WRITER
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(pipeline) = writer {
            pipeline.debug(String::from_utf8_lossy(bytes).trim_end());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
