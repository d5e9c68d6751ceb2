//! Talking to a cloud that another process serves, about what is not AWS.

use std::io;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::fault::Fault;
use crate::status::Status;

/// How the cloud at an address such as `http://127.0.0.1:4599` is.
///
/// # Errors
/// Nobody answers there, or something that is not this.
pub async fn status(endpoint: &str) -> io::Result<Status> {
    let body = ask(endpoint, Method::GET, "/_local/", String::new()).await?;
    serde_json::from_str(&body).map_err(io::Error::other)
}

/// Lets faults happen there; gives all that have yet to happen, a line each.
///
/// # Errors
/// Nobody answers there, or it is refused.
pub async fn inject(endpoint: &str, faults: &[Fault]) -> io::Result<String> {
    let lines = faults.iter().map(|fault| format!("{fault}\n")).collect();
    ask(endpoint, Method::POST, "/_local/faults", lines).await
}

/// Forgets what has yet to go wrong there; gives what is left, a line each.
///
/// # Errors
/// Nobody answers there, or it is refused.
pub async fn clear_faults(endpoint: &str) -> io::Result<String> {
    ask(endpoint, Method::DELETE, "/_local/faults", String::new()).await
}

async fn ask(endpoint: &str, method: Method, path: &str, body: String) -> io::Result<String> {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", endpoint.trim_end_matches('/')))
        .header(ACCEPT, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(io::Error::other)?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.map_err(io::Error::other)?;
    let status = answer.status();
    let body = answer.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    if status == StatusCode::OK { Ok(text) } else { Err(io::Error::other(text.trim_end().to_owned())) }
}
