//! Proxies: one that refuses everybody, and one that lets pass who knows the password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A proxy that answers each request with the same status. It stops when this is dropped.
#[derive(Debug)]
pub struct RefusingProxy(Listening);

impl RefusingProxy {
    /// Starts a proxy that answers with that status, such as 407.
    ///
    /// # Panics
    /// Where no port or no thread is to be had: no test could go on.
    #[must_use]
    pub fn start(status: u16) -> RefusingProxy {
        RefusingProxy(Listening::start(move |stream, heads| {
            refuse(stream, status, heads)
        }))
    }

    /// The address of the proxy.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The heads of the requests so far: request line and headers, as they came.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.0.heads()
    }
}

/// A proxy that leads every connection to one port of this machine, whatever host it asks for. It stops when this is
/// dropped; connections that are open then live on.
#[derive(Debug)]
pub struct ForwardingProxy(Listening);

impl ForwardingProxy {
    /// Starts a proxy to this port, for everybody or for who knows user and password (`Basic`).
    ///
    /// # Panics
    /// Where no port or no thread is to be had: no test could go on.
    #[must_use]
    pub fn start(port: u16, user: Option<(&str, &str)>) -> ForwardingProxy {
        let wanted = user.map(|(user, password)| {
            let pair = STANDARD.encode(format!("{user}:{password}"));
            format!("proxy-authorization: basic {pair}").to_lowercase()
        });
        ForwardingProxy(Listening::start(move |stream, heads| {
            forward(stream, port, wanted.as_deref(), heads)
        }))
    }

    /// The address of the proxy.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The first head of each connection so far, as it came.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.0.heads()
    }
}

type Heads = Mutex<Vec<String>>;

/// A port, and a thread that serves one connection after the other.
#[derive(Debug)]
struct Listening {
    port: u16,
    heads: Arc<Heads>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listening {
    #[expect(clippy::panic, reason = "a test cannot go on without its proxy")]
    fn start(serve: impl Fn(TcpStream, &Heads) -> io::Result<()> + Send + 'static) -> Listening {
        match Listening::started(serve) {
            Ok(listening) => listening,
            Err(error) => panic!("the proxy cannot start: {error}"),
        }
    }

    fn started(
        serve: impl Fn(TcpStream, &Heads) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Listening> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let (noted, stop) = (Arc::clone(&heads), Arc::clone(&stopped));
        let thread = std::thread::Builder::new()
            .name("proxy".into())
            .spawn(move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // A client that goes away early is no concern of the proxy.
                    let _ = stream.and_then(|stream| serve(stream, &noted));
                }
            })?;
        Ok(Listening {
            port,
            heads,
            stopped,
            thread: Some(thread),
        })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn heads(&self) -> Vec<String> {
        self.heads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread, which waits for a connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads the head of a request and notes it. One thread serves all, so nobody may keep it.
fn head(stream: &TcpStream, heads: &Heads) -> io::Result<String> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut head = String::new();
    // Byte by byte: what follows the head is not for the proxy.
    let mut reader = BufReader::with_capacity(1, stream);
    while reader.read_line(&mut head)? > 2 {}
    heads
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(head.clone());
    Ok(head)
}

fn refuse(mut stream: TcpStream, status: u16, heads: &Heads) -> io::Result<()> {
    head(&stream, heads)?;
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

fn forward(
    mut client: TcpStream,
    port: u16,
    wanted: Option<&str>,
    heads: &Heads,
) -> io::Result<()> {
    let head = head(&client, heads)?;
    let allowed = wanted.is_none_or(|wanted| {
        head.to_lowercase()
            .lines()
            .any(|line| line.trim() == wanted)
    });
    if !allowed {
        return client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"stand-in\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    client.set_read_timeout(None)?;
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    server.set_nodelay(true)?;
    if head.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        server.write_all(head.as_bytes())?;
    }
    let (back_client, back_server) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || pass_on(client, server));
    std::thread::spawn(move || pass_on(back_server, back_client));
    Ok(())
}

/// Passes bytes on until one side ends.
fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(count) = from.read(&mut bytes) {
        if count == 0 || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = to.shutdown(Shutdown::Write);
}
