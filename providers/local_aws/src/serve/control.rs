//! What is not AWS: how the cloud is, and what shall go wrong in it.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /_local/` | how it is, as text; as JSON if that is accepted |
//! | `GET /_local/faults` | what has yet to go wrong, a line each |
//! | `POST /_local/faults` | lets the faults of the body's lines happen |
//! | `DELETE /_local/faults` | forgets what has yet to go wrong |

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::Server;
use crate::fault::{Fault, ParseFaultError};

/// The folder of everything that is not AWS.
const FOLDER: &str = "/_local";

/// The answer to a request that is not for AWS; `None` if it is.
pub fn answer(server: &Server, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let path = request.uri().path().strip_prefix(FOLDER)?;
    let answer = match (request.method(), path) {
        (&Method::GET, "" | "/") => status(server, request),
        (&Method::GET, "/faults") => faults(server),
        (&Method::POST, "/faults") => inject(server, request.body()),
        (&Method::DELETE, "/faults") => {
            server.local.clear_faults();
            faults(server)
        }
        _ => text(StatusCode::NOT_FOUND, format!("there is {FOLDER}/ and {FOLDER}/faults\n")),
    };
    Some(answer)
}

fn status(server: &Server, request: &Request<Bytes>) -> Response<Bytes> {
    let status = server.local.status(server.clock.now(), server.plane.as_ref());
    let accepted = request.headers().get(ACCEPT).and_then(|accepted| accepted.to_str().ok());
    if !accepted.is_some_and(|accepted| accepted.contains("application/json")) {
        return text(StatusCode::OK, status.to_string());
    }
    match serde_json::to_string_pretty(&status) {
        Ok(json) => typed(StatusCode::OK, "application/json", json + "\n"),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

fn faults(server: &Server) -> Response<Bytes> {
    let lines = server.local.faults(server.clock.now()).into_iter().map(|fault| format!("{fault}\n"));
    text(StatusCode::OK, lines.collect())
}

/// All or none.
fn inject(server: &Server, body: &[u8]) -> Response<Bytes> {
    let body = String::from_utf8_lossy(body);
    let lines = body.lines().filter(|line| !line.trim().is_empty());
    let read: Result<Vec<Fault>, ParseFaultError> = lines.map(str::parse).collect();
    match read {
        Err(error) => text(StatusCode::BAD_REQUEST, format!("{error}\n")),
        Ok(read) => {
            let now = server.clock.now();
            read.into_iter().for_each(|fault| server.local.inject(now, fault));
            faults(server)
        }
    }
}

/// An answer in plain text.
pub fn text(status: StatusCode, text: String) -> Response<Bytes> {
    typed(status, "text/plain; charset=utf-8", text)
}

fn typed(status: StatusCode, kind: &'static str, body: String) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
