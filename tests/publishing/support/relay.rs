//! A way to the service that can be away for a while: connections break, and new ones are refused.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The way. It ends when this is dropped.
pub(crate) struct Relay {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    away_until: Mutex<Option<Instant>>,
    open: Mutex<Vec<TcpStream>>,
}

impl Relay {
    /// A way to that port of this machine.
    pub(crate) fn to(target: u16) -> Self {
        let listener = listen(0).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let thread = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.work(Some(listener), port, target))
        };
        Self {
            port,
            shared,
            thread: Some(thread),
        }
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What breaks all connections, and refuses new ones for so long.
    pub(crate) fn outage(&self, length: Duration) -> impl Fn() + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || {
            *shared.away_until.lock().unwrap() = Some(Instant::now() + length);
            for stream in shared.open.lock().unwrap().drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Shared {
    fn work(self: Arc<Self>, mut listener: Option<TcpListener>, port: u16, target: u16) {
        while !self.is_over.load(Ordering::Relaxed) {
            let until = *self.away_until.lock().unwrap();
            let is_away = until.is_some_and(|until| Instant::now() < until);
            if is_away {
                listener = None;
            } else if listener.is_none() {
                listener = listen(port).ok();
            }
            match listener.as_ref().map(TcpListener::accept) {
                Some(Ok((client, _))) => {
                    // A service that was stopped refuses, as the way to it does then.
                    if let Ok(service) = TcpStream::connect(("127.0.0.1", target)) {
                        self.join(&client, &service);
                    }
                }
                Some(Err(_)) | None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn join(&self, client: &TcpStream, service: &TcpStream) {
        client.set_nonblocking(false).unwrap();
        for (from, to) in [(client, service), (service, client)] {
            from.set_nodelay(true).unwrap();
            let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            self.open.lock().unwrap().push(from.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Write);
            });
        }
    }
}
