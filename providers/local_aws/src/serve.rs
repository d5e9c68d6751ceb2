//! The HTTP front end.

use std::convert::Infallible;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::handle::LocalAws;
use crate::model::Time;

/// More than any modelled request needs: user data is 16 KiB, a Route 53 batch some hundred.
const LARGEST_BODY: usize = 4 << 20;

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
}

/// Answers requests on `listener` until the task is dropped. Connections are kept alive.
///
/// # Errors
/// The listener is not bound to a loopback address (the model checks no signatures), or accepting fails for
/// good.
pub async fn serve(local: LocalAws, listener: TcpListener, clock: Clock) -> io::Result<()> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        let reason = format!(
            "{address} is not a loopback address; local AWS takes any credentials, so bind 127.0.0.1"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    loop {
        let (stream, _) = listener.accept().await?;
        let local = local.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(local.clone(), clock, request));
            // A client that goes away in the middle of a request is its own affair.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    local: LocalAws,
    clock: Clock,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let answer = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => local.handle(clock.now(), &Request::from_parts(head, body.to_bytes())),
        Err(error) => unreadable(&error.to_string()),
    };
    Ok(answer.map(Full::new))
}

fn unreadable(reason: &str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(format!("the request body cannot be read: {reason}")));
    *answer.status_mut() = http::StatusCode::BAD_REQUEST;
    answer
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
        let server = tokio::spawn(serve(fast(), listener, Clock::new(START, 1.0)));
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
        let refused = serve(fast(), listener, Clock::wall(1.0)).await;
        assert_eq!(refused.map_err(|error| error.kind()), Err(io::ErrorKind::InvalidInput));
        Ok(())
    }
}
