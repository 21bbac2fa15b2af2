//! Being cancelled: a signal, or under the task's launcher the end of standard input.

use std::io::Read;
use std::time::Duration;

use tokio::sync::watch;

/// An agent and a terminal may both send the first signal: what comes within this time is one.
const ONE_SIGNAL: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    GoOn,
    Stop,
    StopAtOnce,
}

/// Whether somebody wants the work to end.
#[derive(Clone, Debug)]
pub struct Cancel {
    wish: watch::Receiver<Wish>,
}

impl Cancel {
    /// Listens for signals, and for the end of standard input if `watch_input`: a launcher that
    /// was killed cannot hand a signal on, but its end of the pipe closes.
    ///
    /// Must be called inside a runtime.
    pub fn listen(watch_input: bool) -> Self {
        let (sender, wish) = watch::channel(Wish::GoOn);
        if watch_input {
            let sender = sender.clone();
            // A thread of its own: a read that never ends must not keep the runtime from ending.
            std::thread::spawn(move || {
                let mut piece = [0; 1024];
                let mut input = std::io::stdin().lock();
                while matches!(input.read(&mut piece), Ok(1..)) {}
                sender.send_if_modified(|wish| {
                    let first = *wish == Wish::GoOn;
                    *wish = (*wish).max(Wish::Stop);
                    first
                });
            });
        }
        tokio::spawn(async move {
            let mut signals = Signals::new();
            signals.next().await;
            sender.send_replace(Wish::Stop);
            let first = tokio::time::Instant::now();
            loop {
                signals.next().await;
                if first.elapsed() >= ONE_SIGNAL {
                    sender.send_replace(Wish::StopAtOnce);
                    // Whoever waits for it needs the channel to stay open.
                    std::future::pending::<()>().await;
                }
            }
        });
        Self { wish }
    }

    /// Whether the work is to end.
    pub fn is_wanted(&self) -> bool {
        *self.wish.borrow() >= Wish::Stop
    }

    /// Waits until the work is to end; open runs are to be closed first.
    pub async fn wanted(&self) {
        self.reached(Wish::Stop).await;
    }

    /// Waits until the process is to end, whatever is still open.
    pub async fn wanted_at_once(&self) {
        self.reached(Wish::StopAtOnce).await;
    }

    async fn reached(&self, least: Wish) {
        let mut wish = self.wish.clone();
        if wish.wait_for(|wish| *wish >= least).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
struct Signals {
    streams: Vec<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        Self {
            streams: kinds
                .into_iter()
                .filter_map(|kind| signal(kind).ok())
                .collect(),
        }
    }

    async fn next(&mut self) {
        let next = self
            .streams
            .iter_mut()
            .map(|stream| Box::pin(stream.recv()));
        match futures_util::future::select_all(next.collect::<Vec<_>>()).await {
            (Some(()), ..) => {}
            (None, ..) => std::future::pending().await,
        }
    }
}

#[cfg(windows)]
struct Signals {
    interrupt: Option<tokio::signal::windows::CtrlC>,
    other: Option<tokio::signal::windows::CtrlBreak>,
}

#[cfg(windows)]
impl Signals {
    fn new() -> Self {
        Self {
            interrupt: tokio::signal::windows::ctrl_c().ok(),
            other: tokio::signal::windows::ctrl_break().ok(),
        }
    }

    async fn next(&mut self) {
        let interrupt = async {
            match &mut self.interrupt {
                Some(stream) => stream.recv().await,
                None => std::future::pending().await,
            }
        };
        let other = async {
            match &mut self.other {
                Some(stream) => stream.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt => {}
            _ = other => {}
        }
    }
}
