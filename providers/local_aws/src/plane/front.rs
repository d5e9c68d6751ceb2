//! A load balancer's listener: takes connections and sends what comes to instances.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

use super::accept::{Task, accept, bind};
use super::board::{Board, Choice, Lease};
use super::tally::{Cause, Tally};
use super::view::{FrontKey, FrontView};
use super::{Tallies, lock};
use crate::cloud::fingerprint;
use crate::model::Time;
use crate::serve::Clock;

/// Connections to instances, kept open between requests.
pub type Client = legacy::Client<HttpConnector, Incoming>;

/// Says which instance has answered.
const TRACE: &str = "x-amzn-trace-id";

/// One without connections.
pub fn client() -> Client {
    legacy::Client::builder(TokioExecutor::new()).build(HttpConnector::new())
}

/// An open listener. It ends, with its connections, when this is dropped.
pub struct Front {
    address: SocketAddr,
    http: bool,
    board: Arc<Board>,
    _task: Task,
}

/// What each connection needs.
struct Desk {
    key: FrontKey,
    board: Arc<Board>,
    client: Client,
    tallies: Tallies,
    clock: Clock,
}

impl Front {
    /// Opens one, on the same port for the same listener as long as that is free.
    ///
    /// # Errors
    /// There is no socket for it.
    pub fn open(
        key: &FrontKey,
        http: bool,
        clock: Clock,
        client: Client,
        tallies: Tallies,
    ) -> io::Result<Self> {
        let listener = bind(usual_port(key))?;
        let address = listener.local_addr()?;
        let board = Arc::new(Board::default());
        let desk = Desk { key: key.clone(), board: Arc::clone(&board), client, tallies, clock };
        let desk = Arc::new(desk);
        let task = Task::spawn(accept(listener, move |stream, peer| {
            let desk = Arc::clone(&desk);
            async move {
                match http {
                    true => requests(desk, stream, peer).await,
                    false => bytes(&desk, stream).await,
                }
            }
        }));
        Ok(Self { address, http, board, _task: task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it speaks HTTP.
    pub fn is_http(&self) -> bool {
        self.http
    }

    /// Agrees with the model; `address` tells where an instance listens.
    pub fn follow(&self, view: &FrontView, address: impl Fn(&str) -> Option<SocketAddr>, now: Time) {
        self.board.follow(view, address, now);
    }

    /// Instances that have left in good order and still have requests open.
    pub fn lingering(&self) -> Vec<String> {
        self.board.lingering()
    }
}

/// Below the ports that systems deal out.
fn usual_port(key: &FrontKey) -> u16 {
    20_000 + u16::try_from(fingerprint(&key.to_string()) % 10_000).unwrap_or_default()
}

async fn requests(desk: Arc<Desk>, stream: TcpStream, peer: SocketAddr) {
    let node: Arc<Option<String>> = Arc::new(desk.board.node());
    let service = service_fn(move |request| {
        let (desk, node) = (Arc::clone(&desk), Arc::clone(&node));
        async move { Ok::<_, Infallible>(answer(&desk, node.as_deref(), peer, request).await) }
    });
    // A client that goes away in the middle of a request is its own affair.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    desk: &Desk,
    node: Option<&str>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let Some(lease) = desk.board.take(node, Choice::LeastOutstanding) else {
        return desk.refuse(Cause::NoneInService);
    };
    let sent = send(desk, &lease, peer, request);
    let answered = tokio::select! {
        answered = tokio::time::timeout(desk.clock.real(lease.idle), sent) => answered.unwrap_or(Err(Cause::TimedOut)),
        () = lease.cut() => Err(Cause::Cut),
    };
    match answered {
        Ok(response) => {
            let status = Some(response.status().as_u16());
            desk.count(|tally| tally.answered(&lease.image, status));
            response
        }
        Err(cause) => desk.refuse(cause),
    }
}

/// Sends a request to an instance and waits for the whole answer.
async fn send(
    desk: &Desk,
    lease: &Lease,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Cause> {
    let address = lease.address.ok_or(Cause::Refused)?;
    let request = forwarded(request, address, peer, desk.key.port).ok_or(Cause::Malformed)?;
    let answer = desk.client.request(request).await.map_err(|error| cause(&error))?;
    let (mut head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|_| Cause::Refused)?.to_bytes();
    head.headers.remove(http::header::CONNECTION);
    head.headers.extend(trace(lease));
    Ok(Response::from_parts(head, Full::new(body)))
}

fn trace(lease: &Lease) -> HeaderMap {
    let value = format!("Instance={};Image={}", lease.id, lease.image);
    let value = HeaderValue::from_str(&value).ok();
    value.map(|value| (http::HeaderName::from_static(TRACE), value)).into_iter().collect()
}

/// The request as it reaches an instance: with who has sent it (user guide, "HTTP headers").
fn forwarded(
    request: Request<Incoming>,
    to: SocketAddr,
    from: SocketAddr,
    port: u16,
) -> Option<Request<Incoming>> {
    let (mut head, body) = request.into_parts();
    let mut uri = std::mem::take(&mut head.uri).into_parts();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(to.to_string().parse::<Authority>().ok()?);
    head.uri = Uri::from_parts(uri).ok()?;
    head.version = http::Version::HTTP_11;
    head.headers.remove(http::header::CONNECTION);
    for (name, value) in [
        ("x-forwarded-for", from.ip().to_string()),
        ("x-forwarded-proto", "http".to_owned()),
        ("x-forwarded-port", port.to_string()),
    ] {
        head.headers.insert(name, HeaderValue::from_str(&value).ok()?);
    }
    Some(Request::from_parts(head, body))
}

fn cause(error: &legacy::Error) -> Cause {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<hyper::Error>());
    if source.is_some_and(hyper::Error::is_parse) { Cause::Malformed } else { Cause::Refused }
}

impl Desk {
    fn count(&self, count: impl FnOnce(&mut Tally)) {
        let key = (self.key.place.clone(), self.key.balancer.clone());
        count(lock(&self.tallies).entry(key).or_default());
    }

    fn refuse(&self, cause: Cause) -> Response<Full<Bytes>> {
        self.count(|tally| tally.dropped(cause, true));
        let mut answer = Response::new(Full::new(Bytes::from(format!("{}\n", cause.sentence()))));
        *answer.status_mut() = StatusCode::from_u16(cause.status()).unwrap_or(StatusCode::BAD_GATEWAY);
        answer
    }
}

/// A connection as it is, to one instance.
async fn bytes(desk: &Desk, mut client: TcpStream) {
    let node = desk.board.node();
    let Some(lease) = desk.board.take(node.as_deref(), Choice::RoundRobin) else {
        return desk.count(|tally| tally.dropped(Cause::NoneInService, false));
    };
    let through = async {
        let address = lease.address.ok_or(io::ErrorKind::ConnectionRefused)?;
        let mut instance = TcpStream::connect(address).await?;
        copy_bidirectional(&mut client, &mut instance).await
    };
    let ended = tokio::select! {
        ended = through => ended.map_err(|_| Cause::Refused),
        () = lease.cut() => Err(Cause::Cut),
    };
    desk.count(|tally| match ended {
        Ok(_) => tally.answered(&lease.image, None),
        Err(cause) => tally.dropped(cause, false),
    });
}
