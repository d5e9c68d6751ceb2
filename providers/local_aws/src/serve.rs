//! The HTTP front end.

mod control;
mod guard;

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::handle::{Exchange, LocalAws};
use crate::model::Time;
use crate::plane::Plane;

/// More than any modelled request needs: user data is 16 KiB, a Route 53 batch some hundred, an object of S3 that is
/// sent in one piece by most clients less than 8 MiB.
const LARGEST_BODY: usize = 16 << 20;

/// The model's time as a function of the wall clock: it starts at one moment and runs `speed` times as fast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    origin: Time,
    started: SystemTime,
    speed: f64,
}

impl Clock {
    /// A clock that shows `origin` now and then runs at `speed`; 1.0 is real time. A cloud restored from a
    /// snapshot wants an origin no earlier than its own time, else it stands still until the clock has caught
    /// up.
    pub fn new(origin: Time, speed: f64) -> Self {
        let speed = if speed.is_finite() { speed.clamp(0.0, 1e6) } else { 1.0 };
        Self { origin, started: SystemTime::now(), speed }
    }

    /// The wall clock itself, sped up from now on.
    pub fn wall(speed: f64) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::new(Time(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)), speed)
    }

    /// What the clock shows.
    pub fn now(&self) -> Time {
        let elapsed = self.started.elapsed().unwrap_or_default();
        self.origin + elapsed.mul_f64(self.speed)
    }

    /// How long a span on the clock really takes; on one that stands still, for ever.
    pub fn real(&self, span: Duration) -> Duration {
        match span.is_zero() {
            true => span,
            false => Duration::try_from_secs_f64(span.as_secs_f64() / self.speed).unwrap_or(Duration::MAX),
        }
    }
}

/// A cloud served over HTTP.
#[derive(Clone, Debug)]
pub struct Server {
    /// The cloud.
    pub local: LocalAws,
    /// What time it is in it.
    pub clock: Clock,
    /// Its load balancers and instances, if they answer requests.
    pub plane: Option<Plane>,
}

impl Server {
    /// Answers requests on `listener` until the task is dropped. Connections are kept alive.
    ///
    /// # Errors
    /// The listener is not bound to a loopback address (the model checks no signatures), or accepting fails for
    /// good.
    pub async fn run(self, listener: TcpListener) -> io::Result<()> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            let reason = format!(
                "{address} is not a loopback address; local AWS takes any credentials, so bind 127.0.0.1"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let plane = self.plane.clone();
        tokio::select! {
            ended = self.listen(listener) => ended,
            () = async {
                match &plane {
                    Some(plane) => plane.run().await,
                    None => std::future::pending().await,
                }
            } => Ok(()),
        }
    }

    async fn listen(self, listener: TcpListener) -> io::Result<()> {
        loop {
            let (stream, _) = listener.accept().await?;
            let server = self.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| server.clone().answer(request));
                // A client that goes away in the middle of a request is its own affair.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }

    /// An error closes the connection without an answer.
    async fn answer(self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        if let Some(reason) = guard::stranger(request.headers()) {
            return Ok(plain(StatusCode::FORBIDDEN, &reason));
        }
        let (head, body) = request.into_parts();
        let body = match Limited::new(body, LARGEST_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                let reason = format!("the request body cannot be read: {error}");
                return Ok(plain(StatusCode::BAD_REQUEST, &reason));
            }
        };
        let request = Request::from_parts(head, body);
        if let Some(answer) = control::answer(&self, &request) {
            return Ok(answer.map(Full::new));
        }
        let Exchange { answer, delay } = self.local.exchange(self.clock.now(), &request);
        tokio::time::sleep(self.clock.real(delay)).await;
        answer.map(|answer| answer.map(Full::new))
    }
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    control::text(status, text.to_owned()).map(Full::new)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;
    use crate::testing::{START, fast};

    #[tokio::test]
    async fn one_connection_carries_many_requests() -> io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = Server { local: fast(), clock: Clock::new(START, 1.0), plane: None };
        let server = tokio::spawn(server.run(listener));
        let mut stream = TcpStream::connect(address).await?;
        for _ in 0..2 {
            let body = "Action=GetCallerIdentity";
            let request = format!(
                "POST / HTTP/1.1\r\nhost: sts.us-east-1.amazonaws.com\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            while !answer.ends_with("</GetCallerIdentityResponse>") {
                let mut part = [0; 4096];
                let read = stream.read(&mut part).await?;
                assert_ne!(read, 0, "the connection was closed after {answer}");
                answer.push_str(&String::from_utf8_lossy(&part[..read]));
            }
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        server.abort();
        Ok(())
    }

    #[tokio::test]
    async fn only_loopback_is_served() -> io::Result<()> {
        let listener = TcpListener::bind("0.0.0.0:0").await?;
        let server = Server { local: fast(), clock: Clock::wall(1.0), plane: None };
        let refused = server.run(listener).await;
        assert_eq!(refused.map_err(|error| error.kind()), Err(io::ErrorKind::InvalidInput));
        Ok(())
    }
}
