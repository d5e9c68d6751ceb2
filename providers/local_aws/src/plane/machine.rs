//! An instance as a small HTTP server.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::watch;

use super::accept::{Task, accept, bind};
use super::view::MachineView;
use crate::fault::parse_span;
use crate::model::behaviour::Condition;
use crate::serve::Clock;

/// A running one. It ends, with its connections, when this is dropped.
pub struct Machine {
    address: SocketAddr,
    condition: watch::Sender<Condition>,
    _task: Task,
}

/// What its answers are made of.
struct App {
    id: String,
    image: String,
    zone: String,
    latency: Duration,
    clock: Clock,
    condition: watch::Receiver<Condition>,
}

impl Machine {
    /// Starts one.
    ///
    /// # Errors
    /// There is no socket for it.
    pub fn start(seen: &MachineView, latency: Duration, clock: Clock) -> io::Result<Self> {
        let listener = bind(0)?;
        let address = listener.local_addr()?;
        let (condition, heard) = watch::channel(seen.condition);
        let (id, image, zone) = (seen.id.clone(), seen.image.clone(), seen.zone.clone());
        let app = Arc::new(App { id, image, zone, latency, clock, condition: heard });
        let task = Task::spawn(accept(listener, move |stream, _| {
            let app = Arc::clone(&app);
            async move {
                // Whoever closes it ends it at once, so that a machine that ends resets its connections.
                let _ = stream.set_zero_linger();
                let service = service_fn(move |request| respond(Arc::clone(&app), request));
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            }
        }));
        Ok(Self { address, condition, _task: task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on its application is so.
    pub fn turn(&self, condition: Condition) {
        self.condition.send_if_modified(|now| std::mem::replace(now, condition) != condition);
    }
}

/// Answers with who it is. `?take=30s` lets it take so much longer, on the model's clock.
async fn respond(app: Arc<App>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let wait = app.latency.saturating_add(app.clock.real(take(request.uri().query())));
    let mut body = request.into_body();
    while let Some(Ok(_)) = body.frame().await {}
    tokio::time::sleep(wait).await;
    let well = *app.condition.borrow() == Condition::Well;
    let status = if well { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    let text = format!("{} {} {}\n", app.id, app.image, app.zone);
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    Ok(answer)
}

fn take(query: Option<&str>) -> Duration {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let asked = pairs.filter(|(name, _)| name == "take").find_map(|(_, span)| parse_span(&span));
    asked.unwrap_or_default()
}
