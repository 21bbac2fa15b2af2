//! Connections: TCP, through a proxy or not, with TLS or not, every byte of which is noticed.
//!
//! `requestTimeout` is about bytes on the wire, and those are seen on the socket alone: what stands
//! above it has buffers of its own, and TLS has bytes of its own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::HeaderValue;
use http::{Extensions, Request, Response, Uri};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{
    CaptureConnection, Connected, Connection, HttpConnector, capture_connection,
};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::progress::Progress;
use super::tunnel::{self, TunnelError};
use super::upload::Upload;

/// Bytes that the system may hold of what was sent to it. Its own choice may be megabytes, which a
/// slow line takes longer to carry than `requestTimeout` allows, without a sign of life.
const SEND_BUFFER: usize = 256 * 1024;

/// A connection that nobody used for so long is not used again: servers close theirs after two
/// minutes.
const IDLE: Duration = Duration::from_secs(90);

/// What a connection is made with.
pub(super) struct Way {
    /// What TLS trusts and shows.
    pub(super) tls: ClientConfig,
    /// The proxy, if there is one.
    pub(super) proxy: Option<ProxyWay>,
    /// How long one address may take to answer at all.
    pub(super) connect_timeout: Duration,
}

/// The way through a proxy.
#[derive(Clone)]
pub(super) struct ProxyWay {
    /// Its address.
    pub(super) uri: Uri,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<HeaderValue>,
}

/// Sends requests over connections that it keeps.
pub(super) struct Transport {
    client: Client<Connector, Upload>,
    connecting: Arc<Progress>,
}

/// Where the bytes of a request are seen: on its connection, or while there is none on those that
/// are being made.
pub(super) struct Sight {
    begun: Progress,
    connection: CaptureConnection,
    connecting: Arc<Progress>,
}

impl Sight {
    /// Whether the request has a connection.
    pub(super) fn is_connected(&self) -> bool {
        self.connection.connection_metadata().is_some()
    }

    /// How long no byte has moved.
    pub(super) fn silence(&self) -> Duration {
        let mut extensions = Extensions::new();
        if let Some(connected) = self.connection.connection_metadata().as_ref() {
            connected.get_extras(&mut extensions);
        }
        let moved = extensions
            .get::<Arc<Progress>>()
            .unwrap_or(&self.connecting);
        // A connection that was kept has been silent before this request, too.
        self.begun.silence().min(moved.silence())
    }
}

impl Transport {
    pub(super) fn new(way: Way) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_send_buffer_size(Some(SEND_BUFFER));
        tcp.set_connect_timeout(Some(way.connect_timeout));
        let connecting = Arc::new(Progress::begun());
        let connector = Connector {
            tcp,
            tls: TlsConnector::from(Arc::new(way.tls)),
            proxy: way.proxy,
            connecting: Arc::clone(&connecting),
        };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Self { client, connecting }
    }

    /// Sends a request; beside the answer to come, where its bytes are seen.
    pub(super) fn send(
        &self,
        mut request: Request<Upload>,
    ) -> (
        impl Future<Output = Result<Response<Incoming>, Error>> + use<>,
        Sight,
    ) {
        let sight = Sight {
            begun: Progress::begun(),
            connection: capture_connection(&mut request),
            connecting: Arc::clone(&self.connecting),
        };
        (self.client.request(request), sight)
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// The name, the address, or nobody listens.
    Tcp(Box<dyn std::error::Error + Send + Sync>),
    /// TLS failed.
    Tls(io::Error),
    /// The proxy did not open a way.
    Tunnel(TunnelError),
}

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ConnectError::Tcp(error) => error.fmt(f),
            ConnectError::Tls(error) => error.fmt(f),
            ConnectError::Tunnel(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ConnectError::Tcp(error) => error.source(),
            ConnectError::Tls(error) => Some(error),
            ConnectError::Tunnel(_) => None,
        }
    }
}

/// Makes connections, one for each call.
#[derive(Clone)]
struct Connector {
    tcp: HttpConnector,
    tls: TlsConnector,
    proxy: Option<ProxyWay>,
    connecting: Arc<Progress>,
}

type Connecting = Pin<Box<dyn Future<Output = Result<Line, ConnectError>> + Send>>;

impl Service<Uri> for Connector {
    type Response = Line;
    type Error = ConnectError;
    type Future = Connecting;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        self.tcp
            .poll_ready(context)
            .map_err(|error| ConnectError::Tcp(error.into()))
    }

    fn call(&mut self, target: Uri) -> Connecting {
        let mut connector = self.clone();
        // What was polled to be ready is what must be called.
        std::mem::swap(&mut self.tcp, &mut connector.tcp);
        Box::pin(async move { connector.connect(target).await })
    }
}

impl Connector {
    async fn connect(mut self, target: Uri) -> Result<Line, ConnectError> {
        let progress = Arc::new(Progress::begun());
        let through = self.proxy.take();
        let first = through.as_ref().map_or(&target, |proxy| &proxy.uri);
        let tcp = self.tcp.call(first.clone()).await;
        let tcp = tcp.map_err(|error| ConnectError::Tcp(error.into()))?;
        let mut stream: Box<dyn Stream> = Box::new(Watched {
            stream: tcp.into_inner(),
            of_connection: Arc::clone(&progress),
            of_all: Arc::clone(&self.connecting),
        });
        if is_https(first) {
            stream = self.secured(stream, first).await?;
        }
        let mut is_forwarded = false;
        if let Some(proxy) = through {
            if is_https(&target) {
                tunnel::open(&mut stream, &target, proxy.authorization.as_ref())
                    .await
                    .map_err(ConnectError::Tunnel)?;
                stream = self.secured(stream, &target).await?;
            } else {
                is_forwarded = true;
            }
        }
        Ok(Line {
            stream: TokioIo::new(stream),
            progress,
            is_forwarded,
        })
    }

    async fn secured(
        &self,
        stream: Box<dyn Stream>,
        to: &Uri,
    ) -> Result<Box<dyn Stream>, ConnectError> {
        let host = to.host().unwrap_or_default().trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| ConnectError::Tls(io::Error::other(error)))?;
        let secured = self.tls.connect(name, stream).await;
        Ok(Box::new(secured.map_err(ConnectError::Tls)?))
    }
}

fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

/// A connection in use.
struct Line {
    stream: TokioIo<Box<dyn Stream>>,
    progress: Arc<Progress>,
    /// A proxy reads the requests, so they name the whole address.
    is_forwarded: bool,
}

impl Connection for Line {
    fn connected(&self) -> Connected {
        Connected::new()
            .proxy(self.is_forwarded)
            .extra(Arc::clone(&self.progress))
    }
}

impl hyper::rt::Read for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl hyper::rt::Write for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// What bytes go through: TCP, or TLS on it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A socket, and who is to know when bytes move on it.
struct Watched<T> {
    stream: T,
    of_connection: Arc<Progress>,
    of_all: Arc<Progress>,
}

impl<T> Watched<T> {
    fn moved(&self) {
        self.of_connection.made();
        self.of_all.made();
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.moved();
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if matches!(polled, Poll::Ready(Ok(1..))) {
            self.moved();
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        if matches!(polled, Poll::Ready(Ok(1..))) {
            self.moved();
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
