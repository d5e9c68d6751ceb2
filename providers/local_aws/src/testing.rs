//! What the tests of all services share.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Request, Response};

use crate::handle::{LocalAws, Options};
use crate::model::Time;
use crate::timing::TimeModel;

/// When tests begin: 2026-11-21T07:00:00Z.
pub const START: Time = Time(1_795_244_400_000);

/// A new cloud whose steps take milliseconds.
pub fn fast() -> LocalAws {
    LocalAws::new(Options { seed: 7, timing: TimeModel::fast() })
}

/// START plus so many seconds.
pub fn at(seconds: u64) -> Time {
    Time(START.0 + seconds * 1000)
}

/// Sends a form to a service by its signing name, in us-east-1. Gives HTTP status and body.
pub fn call(local: &LocalAws, now: Time, service: &str, form: &str) -> (u16, String) {
    let request = signed(service, "POST", "/", form);
    text(&local.handle(now, &request))
}

/// Sends a `restXml` request to Route 53. Gives HTTP status and body.
pub fn rest(local: &LocalAws, now: Time, method: &str, path: &str, body: &str) -> (u16, String) {
    text(&local.handle(now, &signed("route53", method, path, body)))
}

/// The text between the first `<name>` and `</name>`.
pub fn field<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(value, _)| value)
}

/// The texts between all `<name>` and `</name>`.
pub fn fields<'a>(body: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}>");
    body.split(&open).skip(1).filter_map(|rest| rest.split_once(&format!("</{name}>"))).map(|x| x.0).collect()
}

/// `200`, or `CODE STATUS` of a refusal.
pub fn outcome((status, body): &(u16, String)) -> String {
    match field(body, "Code").filter(|_| *status >= 400) {
        Some(code) => format!("{code} {status}"),
        None => status.to_string(),
    }
}

/// A request of a row: service, form (for Route 53 method, path and body), outcome, and what the answer says
/// somewhere. `{name}` or `{parent/name}` in the form or the last stands for such an element of an earlier answer, the
/// latest that has one. The service `elbv2` is the newer kind of load balancing; `wait` lets so many seconds pass.
pub type Asked = (&'static str, &'static str, &'static str, &'static str);

/// Checks rows of "what real AWS does" with steps that take milliseconds: each on a cloud of its own, its requests a
/// second after each other.
pub fn check(rows: &[(&str, &[Asked])]) {
    check_at(&TimeModel::fast(), rows);
}

/// The same, at another pace.
pub fn check_at(timing: &TimeModel, rows: &[(&str, &[Asked])]) {
    for (row, requests) in rows {
        let local = LocalAws::new(Options { seed: 7, timing: timing.clone() });
        let (mut seconds, mut seen) = (0, BTreeMap::new());
        for (service, form, wanted, says) in *requests {
            if *service == "wait" {
                seconds += form.parse::<u64>().expect("seconds");
                continue;
            }
            seconds += 1;
            let (form, says) = (filled(form, &seen), filled(says, &seen));
            let answer = send(&local, at(seconds), service, &form, &mut seen);
            assert_eq!(outcome(&answer), *wanted, "{row}: {form}: {}", answer.1);
            assert!(answer.1.contains(&says), "{row}: {form}: {says} is not in {}", answer.1);
        }
    }
}

/// Sends a request of a row, filled with what earlier answers have said, and keeps what this one says.
pub fn send(
    local: &LocalAws,
    now: Time,
    service: &str,
    form: &str,
    seen: &mut BTreeMap<String, String>,
) -> (u16, String) {
    let answer = ask(local, now, service, &filled(form, seen));
    seen.extend(elements(&answer.1));
    answer
}

fn ask(local: &LocalAws, now: Time, service: &str, form: &str) -> (u16, String) {
    let mut parts = form.splitn(3, ' ');
    match (service, parts.next(), parts.next(), parts.next()) {
        ("route53", Some(method), Some(path), body) => {
            rest(local, now, method, &format!("/2013-04-01/{path}"), body.unwrap_or_default())
        }
        ("elbv2", ..) => {
            call(local, now, "elasticloadbalancing", &format!("Version=2015-12-01&Action={form}"))
        }
        _ => call(local, now, service, &format!("Action={form}")),
    }
}

/// A text with what it asks for of earlier answers; see [`Asked`].
pub fn filled(text: &str, seen: &BTreeMap<String, String>) -> String {
    seen.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// The first text of each element of an answer, by its name and by its parent's and its own.
pub fn elements(body: &str) -> BTreeMap<String, String> {
    let (mut open, mut found) = (Vec::new(), BTreeMap::new());
    for (tag, text) in body.split('<').filter_map(|piece| piece.split_once('>')) {
        if tag.starts_with('/') {
            open.pop();
        } else if !tag.starts_with('?') {
            let name = tag.split(' ').next().unwrap_or(tag);
            if !text.trim().is_empty() {
                let parent = open.last().copied().unwrap_or_default();
                found.entry(name.to_owned()).or_insert_with(|| text.to_owned());
                found.entry(format!("{parent}/{name}")).or_insert_with(|| text.to_owned());
            }
            open.push(name);
        }
    }
    found
}

fn signed(service: &str, method: &str, path: &str, body: &str) -> Request<Bytes> {
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    );
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", scope)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .expect("a literal request")
}

fn text(response: &Response<Bytes>) -> (u16, String) {
    (response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned())
}
