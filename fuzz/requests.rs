//! What holds for all requests that may reach the embedded AWS. `cargo fuzz` looks for requests for which it does not;
//! `providers/local_aws/tests/corpus.rs` tries those worth keeping.
//!
//! Several requests stand one after the other, separated by a line of `===`, so that a later one can be about what an
//! earlier one has made. Each has a method and a target on its first line, then headers, an empty line and its body.
#![allow(dead_code, reason = "each user needs some of these")]

use bytes::Bytes;
use http::Request;
use infra_local_aws::model::Time;
use infra_local_aws::timing::TimeModel;
use infra_local_aws::{Exchange, LocalAws, Options};

/// More than so many are not worth their time.
const MOST: usize = 16;

/// Of the services that are spoken to in the query protocol, the one that each request names first: `ec2`, then a
/// space.
pub fn query(bytes: &[u8]) {
    each(bytes, |request| {
        let end = request.iter().position(|byte| *byte == b' ').unwrap_or(request.len());
        let (service, body) = request.split_at(end);
        let service = std::str::from_utf8(service).unwrap_or("ec2");
        asked(service, b"POST / HTTP\ncontent-type: application/x-www-form-urlencoded", body.get(1..)?)
    });
}

/// Route53, whose bodies are XML.
pub fn route53(bytes: &[u8]) {
    each(bytes, |request| whole("route53", request));
}

/// S3.
pub fn s3(bytes: &[u8]) {
    each(bytes, |request| whole("s3", request));
}

/// CloudWatch, in CBOR or in JSON.
pub fn cloudwatch(bytes: &[u8]) {
    each(bytes, |request| whole("monitoring", request));
}

/// Sends all requests to one AWS: each is answered, and a refusal says why.
fn each(bytes: &[u8], read: impl Fn(&[u8]) -> Option<Request<Bytes>>) {
    let aws = LocalAws::new(Options { seed: 1, timing: TimeModel::fast() });
    let mut at = Time(1_795_000_000_000);
    for request in split(bytes, b"\n===\n").into_iter().take(MOST).filter_map(read) {
        at = at + std::time::Duration::from_secs(30);
        let Exchange { answer, .. } = aws.exchange(at, &request);
        let answer = answer.expect("nothing is to get lost");
        let text = String::from_utf8_lossy(answer.body());
        let says_why = ["<Code>", "__type"].iter().any(|part| text.contains(part));
        let silent = text.is_empty() && (request.method() == "HEAD" || answer.status() == 304);
        let is_refusal = answer.status().is_client_error() || answer.status().is_server_error();
        assert!(!is_refusal || says_why || silent, "{} {text}", answer.status());
        assert_ne!(answer.status(), 500, "{text}");
    }
}

fn whole(service: &str, request: &[u8]) -> Option<Request<Bytes>> {
    let head_and_body = split(request, b"\n\n");
    let head = head_and_body.first()?;
    asked(service, head, request.get(head.len() + 2..).unwrap_or_default())
}

/// The request, if HTTP would let it pass.
fn asked(service: &str, head: &[u8], body: &[u8]) -> Option<Request<Bytes>> {
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let mut first = lines.next()?.split(' ');
    let credential =
        format!("AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/{service}/aws4_request");
    let request = Request::builder().method(first.next()?).uri(first.next()?);
    let request = request.header("host", "127.0.0.1").header("authorization", credential);
    let named = lines.filter_map(|line| line.split_once(": "));
    let request = named.fold(request, |request, (name, value)| request.header(name, value));
    request.body(Bytes::copy_from_slice(body)).ok()
}

fn split<'b>(bytes: &'b [u8], by: &[u8]) -> Vec<&'b [u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(by.len()).position(|window| window == by) {
        parts.push(&rest[..at]);
        rest = &rest[at + by.len()..];
    }
    parts.push(rest);
    parts
}
