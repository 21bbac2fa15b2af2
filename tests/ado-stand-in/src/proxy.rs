//! A proxy that refuses everybody.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A proxy that answers each request with the same status. It stops when this is dropped.
#[derive(Debug)]
pub struct RefusingProxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RefusingProxy {
    /// Starts a proxy that answers with that status, such as 407.
    ///
    /// # Panics
    /// Where no port or no thread is to be had: no test could go on.
    #[must_use]
    #[expect(clippy::panic, reason = "a test cannot go on without its proxy")]
    pub fn start(status: u16) -> RefusingProxy {
        match RefusingProxy::started(status) {
            Ok(proxy) => proxy,
            Err(error) => panic!("the proxy cannot start: {error}"),
        }
    }

    fn started(status: u16) -> io::Result<RefusingProxy> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let (noted, stop) = (Arc::clone(&heads), Arc::clone(&stopped));
        let thread = std::thread::Builder::new()
            .name("refusing-proxy".into())
            .spawn(move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // A client that goes away early is no concern of the proxy.
                    let _ = stream.and_then(|stream| refuse(stream, status, &noted));
                }
            })?;
        Ok(RefusingProxy {
            port,
            heads,
            stopped,
            thread: Some(thread),
        })
    }

    /// The address of the proxy.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The heads of the requests so far: request line and headers, as they came.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.heads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for RefusingProxy {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread, which waits for a connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn refuse(mut stream: TcpStream, status: u16, heads: &Mutex<Vec<String>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    // One thread serves all, so nobody may keep it.
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut head = String::new();
    let mut reader = BufReader::new(&stream);
    while reader.read_line(&mut head)? > 2 {}
    heads
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(head);
    let authenticate = if status == 407 {
        "Proxy-Authenticate: Basic realm=\"stand-in\"\r\n"
    } else {
        ""
    };
    let answer = format!(
        "HTTP/1.1 {status} Refused by the proxy\r\n{authenticate}Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(answer.as_bytes())
}
