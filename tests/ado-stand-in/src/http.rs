//! The network side: the accept loop, and the faults that happen to connections.

use crate::answer::{Answer, Request};
use crate::errors::Refusal;
use crate::faults::Fault;
use crate::outgoing::Outgoing;
use crate::routes;
use crate::service::Service;
use crate::settings::Settings;
use crate::tls::Authority;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::{SockRef, Socket};
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsAcceptor;

/// No body of any request is read beyond this.
const READ_LIMIT: usize = 160 * 1024 * 1024;
/// Handling a body of this size takes long enough to keep the other connections waiting.
const LARGE: usize = 1024 * 1024;

/// Starts a service in a thread of its own.
pub(crate) fn start(
    settings: Settings,
) -> io::Result<(Service, oneshot::Sender<()>, JoinHandle<()>)> {
    let host = if settings.ipv6 { "::1" } else { "127.0.0.1" };
    let listener = std::net::TcpListener::bind((host, 0))?;
    listener.set_nonblocking(true)?;
    if let Some(bytes) = settings.receive_buffer {
        // Every connection that is accepted inherits it.
        SockRef::from(&listener).set_recv_buffer_size(bytes)?;
    }
    let port = listener.local_addr()?.port();
    let authority = if settings.tls {
        Some(
            Authority::new(&settings.certificate, settings.client_certificate)
                .map_err(io::Error::other)?,
        )
    } else {
        None
    };
    let acceptor = authority.as_ref().map(Authority::acceptor);
    let service = Service::new(settings, port, authority);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (stop, stopped) = oneshot::channel();
    let accepting = service.clone();
    let thread = std::thread::Builder::new()
        .name("ado-stand-in".into())
        .spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    _ = stopped => (),
                    () = accept(listener, accepting, acceptor) => (),
                }
            });
            // Connections that wait for ever end with the runtime.
            runtime.shutdown_background();
        })?;
    Ok((service, stop, thread))
}

async fn accept(listener: std::net::TcpListener, service: Service, acceptor: Option<TlsAcceptor>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let connections = AtomicU64::new(0);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let number = connections.fetch_add(1, Ordering::Relaxed) + 1;
        // Answers must not wait for the client's acknowledgement of an earlier packet.
        let _ = stream.set_nodelay(true);
        let Ok(stream) = stream.into_std() else {
            continue;
        };
        // A second handle on the socket, to reset a connection that hyper or TLS owns.
        let Ok(socket) = stream
            .try_clone()
            .map(|clone| Arc::new(Socket::from(clone)))
        else {
            continue;
        };
        let Ok(stream) = tokio::net::TcpStream::from_std(stream) else {
            continue;
        };
        let (service, acceptor) = (service.clone(), acceptor.clone());
        tokio::spawn(async move {
            match acceptor {
                None => connection(stream, socket, service, number).await,
                Some(acceptor) => {
                    // A client that does not trust the certificate goes away here.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        connection(stream, socket, service, number).await;
                    }
                }
            }
        });
    }
}

async fn connection<S>(stream: S, socket: Arc<Socket>, service: Service, number: u64)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answering = service_fn(move |request| {
        let (service, socket) = (service.clone(), Arc::clone(&socket));
        async move {
            match answer(request, &service, &socket, number).await {
                Some(response) => Ok(response),
                // An error ends the connection without an answer; its text goes nowhere.
                None => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
            }
        }
    });
    let serving = hyper::server::conn::http1::Builder::new()
        .half_close(false)
        .serve_connection(TokioIo::new(stream), answering);
    // Ends with an error where the client went away or a fault said so.
    let _ = serving.await;
}

/// Reads a request, lets its fault happen and answers; `None` closes the connection without an answer.
async fn answer(
    incoming: hyper::Request<Incoming>,
    service: &Service,
    socket: &Socket,
    connection: u64,
) -> Option<hyper::Response<Outgoing>> {
    let (head, body) = incoming.into_parts();
    let mut request = Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect(),
        body: Bytes::new(),
        through_proxy: head.uri.authority().is_some(),
    };
    if let Some(answer) = routes::for_people(service, &request) {
        return Some(whole(service, answer));
    }
    // Decided before the body is read, since some faults are about reading it.
    let fault = service.next_fault(&request);
    let pause = match fault {
        Some(Fault::NeverRead) => {
            service.record(&request, connection);
            return std::future::pending().await;
        }
        Some(Fault::SlowRead { pause }) => Some(pause),
        _ => None,
    };
    match read(body, pause).await {
        Ok(body) => request.body = body,
        Err(error) if error.is::<LengthLimitError>() => {
            let place = service.record(&request, connection);
            service.record_status(place, 413);
            return Some(whole(service, too_large()));
        }
        // The client went away while it was sending.
        Err(_) => return None,
    }
    let place = service.record(&request, connection);
    let reset = || {
        let _ = socket.set_linger(Some(Duration::ZERO));
    };
    let sent = |answer: Answer| {
        service.record_status(place, answer.status);
        Some(whole(service, answer))
    };
    match fault {
        // The first of these cannot come here; the second has happened.
        None | Some(Fault::NeverRead | Fault::SlowRead { .. }) => {
            sent(handled(service, request, place).await)
        }
        Some(Fault::Status {
            code,
            headers,
            body,
            handled: carried_out,
        }) => {
            if carried_out {
                handled(service, request, place).await;
            }
            let answer = match body {
                Some(body) => Answer::text(code, "application/json; charset=utf-8", body),
                None => scripted(code).answer(),
            };
            sent(answer.with_headers(headers))
        }
        Some(Fault::ResetBefore) => {
            reset();
            None
        }
        Some(Fault::ResetAfter) => {
            handled(service, request, place).await;
            reset();
            None
        }
        Some(Fault::HandledLate { delay }) => {
            let service = service.clone();
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                handled(&service, request, place).await;
            });
            reset();
            None
        }
        Some(Fault::Slow { delay }) => {
            let answer = handled(service, request, place).await;
            tokio::time::sleep(delay).await;
            sent(answer)
        }
        Some(Fault::SlowBody { bytes, interval }) => {
            let answer = handled(service, request, place).await;
            service.record_status(place, answer.status);
            Some(in_pieces(service, answer, bytes.max(1), interval, None))
        }
        Some(Fault::Truncated { bytes }) => {
            let answer = handled(service, request, place).await;
            service.record_status(place, answer.status);
            Some(in_pieces(
                service,
                answer,
                bytes.max(1),
                Duration::ZERO,
                Some(bytes),
            ))
        }
        Some(Fault::SignInPage) => sent(routes::sign_in_page(203)),
        Some(Fault::Redirect { location }) => sent(
            Answer::html(302, "<html><body>Object moved</body></html>")
                .with_header("Location", location),
        ),
        Some(Fault::NeverAnswer) => std::future::pending().await,
        Some(Fault::HeadersOnSuccess(headers)) => {
            let answer = handled(service, request, place).await;
            let success = (200..300).contains(&answer.status);
            sent(if success {
                answer.with_headers(headers)
            } else {
                answer
            })
        }
        Some(Fault::Meanwhile(what)) => {
            what(service);
            sent(handled(service, request, place).await)
        }
    }
}

/// Reads a body whole, with a pause before each piece of it.
async fn read(
    body: Incoming,
    pause: Option<Duration>,
) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    let mut body = Limited::new(body, READ_LIMIT);
    let mut bytes = BytesMut::new();
    loop {
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        match body.frame().await {
            None => return Ok(bytes.freeze()),
            Some(frame) => bytes.extend_from_slice(&frame?.into_data().unwrap_or_default()),
        }
    }
}

/// Lets the service itself answer.
async fn handled(service: &Service, request: Request, place: usize) -> Answer {
    service.record_handled(place);
    if request.body.len() < LARGE {
        return routes::handle(service, &request);
    }
    let service = service.clone();
    let handling = tokio::task::spawn_blocking(move || routes::handle(&service, &request));
    match handling.await {
        Ok(answer) => answer,
        Err(error) => Refusal::new(500, "VssServiceException", error.to_string()).answer(),
    }
}

fn too_large() -> Answer {
    // IIS answers this one before the service sees the request.
    Answer::html(413, "<html><body>Request Entity Too Large</body></html>")
        .with_header("Connection", "close")
}

/// What the service says with a status that a rule asks for.
fn scripted(code: u16) -> Refusal {
    let (type_key, message) = match code {
        401 => (
            "UnauthorizedRequestException",
            "TF400813: The user '' is not authorized to access this resource.",
        ),
        409 => (
            "TestObjectUpdatedException",
            "The object was updated by another user. Refresh and try again.",
        ),
        429 | 503 => (
            "RequestBlockedException",
            "TF400733: The request has been canceled: Request was blocked due to exceeding usage of resource 'Concurrency' in namespace 'User'.",
        ),
        _ => (
            "VssServiceException",
            "TF400898: An Internal Error Occurred.",
        ),
    };
    Refusal::new(code, type_key, message)
}

fn head(service: &Service, answer: &Answer) -> hyper::http::response::Builder {
    let (now, activity, hosted) = {
        let mut state = service.state();
        (state.now(), state.activity(), state.settings.hosted)
    };
    let mut head = hyper::Response::builder()
        .status(answer.status)
        .header("ActivityId", &activity)
        .header("X-VSS-E2EID", &activity)
        .header("X-TFS-ProcessId", "stand-in");
    if !hosted {
        head = head.header("Server", "Microsoft-IIS/10.0");
    }
    if let Ok(date) = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now) {
        head = head.header("Date", date);
    }
    for (name, value) in &answer.headers {
        head = head.header(name, value);
    }
    head.header("Content-Length", answer.body.len())
}

/// The answer with its body in one piece, so that hyper writes it once.
fn whole(service: &Service, answer: Answer) -> hyper::Response<Outgoing> {
    response(head(service, &answer), Outgoing::Whole(Some(answer.body)))
}

/// The answer with its body in pieces; where there is an end, the body breaks off after so many bytes.
fn in_pieces(
    service: &Service,
    answer: Answer,
    size: usize,
    interval: Duration,
    end: Option<usize>,
) -> hyper::Response<Outgoing> {
    let head = head(service, &answer);
    let length = answer.body.len() as u64;
    let (sender, pieces) = mpsc::channel(1);
    tokio::spawn(async move {
        let sent = end.unwrap_or(usize::MAX).min(answer.body.len());
        let mut at = 0;
        while at < sent {
            tokio::time::sleep(interval).await;
            let piece = answer.body.slice(at..(at + size).min(sent));
            at += piece.len();
            if sender.send(Ok(piece)).await.is_err() {
                return;
            }
        }
        if end.is_some() {
            // Time for what was sent to leave: an error throws away what hyper still holds.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let _ = sender
                .send(Err(io::Error::from(io::ErrorKind::ConnectionReset)))
                .await;
        }
    });
    response(head, Outgoing::Pieces { length, pieces })
}

fn response(head: hyper::http::response::Builder, body: Outgoing) -> hyper::Response<Outgoing> {
    // Only a header that a rule asked for can be wrong; the status says that the test is.
    head.body(body).unwrap_or_else(|_| {
        let mut response = hyper::Response::new(Outgoing::Whole(None));
        *response.status_mut() = hyper::StatusCode::NOT_IMPLEMENTED;
        response
    })
}
