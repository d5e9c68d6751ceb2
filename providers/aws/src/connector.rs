//! Under the SDK: every attempt of every call is counted, paced, and sent to AWS or into a model of it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;

use crate::doubt;
use crate::error::is_throttling;
use crate::limiter::{Limiter, Rate};

/// Where requests go instead of the network: a model of AWS in this process. An error is a connection that was lost,
/// before or after the request was carried out.
pub type Wire =
    Arc<dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, io::Result<http::Response<Bytes>>> + Send + Sync>;

/// How many calls have been made, attempts counted one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Calls that only look.
    pub reads: usize,
    /// Calls that may change something.
    pub writes: usize,
}

/// The counters behind [`Calls`].
#[derive(Debug, Default)]
pub(crate) struct Counter {
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl Counter {
    pub(crate) fn calls(&self) -> Calls {
        Calls { reads: self.reads.load(Ordering::Relaxed), writes: self.writes.load(Ordering::Relaxed) }
    }

    fn count(&self, access: Access) {
        let counter = match access {
            Access::Read => &self.reads,
            Access::Write => &self.writes,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a call may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// A service's buckets: one for reads, one for writes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) reads: Rate,
    pub(crate) writes: Rate,
}

/// An HTTP client of the SDK that counts and paces what goes through it.
#[derive(Debug, Clone)]
pub(crate) struct Metered {
    inner: SharedHttpClient,
    meter: Arc<Meter>,
}

#[derive(Debug)]
struct Meter {
    counter: Arc<Counter>,
    reads: Arc<Limiter>,
    writes: Arc<Limiter>,
}

impl Metered {
    /// With a bucket for reads and one for writes.
    pub(crate) fn new(inner: SharedHttpClient, counter: Arc<Counter>, rates: Rates) -> Self {
        let (reads, writes) = (Arc::new(Limiter::new(rates.reads)), Arc::new(Limiter::new(rates.writes)));
        Self { inner, meter: Arc::new(Meter { counter, reads, writes }) }
    }

    /// With one bucket for everything, where AWS counts reads and writes together.
    pub(crate) fn together(inner: SharedHttpClient, counter: Arc<Counter>, rate: Rate) -> Self {
        let both = Arc::new(Limiter::new(rate));
        Self { inner, meter: Arc::new(Meter { counter, reads: Arc::clone(&both), writes: both }) }
    }
}

impl HttpClient for Metered {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(MeteredConnector { inner, meter: Arc::clone(&self.meter) })
    }
}

#[derive(Debug)]
struct MeteredConnector {
    inner: SharedHttpConnector,
    meter: Arc<Meter>,
}

impl HttpConnector for MeteredConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let access = access(request.method(), request.uri(), request.body().bytes().unwrap_or_default());
        let (inner, meter) = (self.inner.clone(), Arc::clone(&self.meter));
        HttpConnectorFuture::new(async move {
            let limiter = match access {
                Access::Read => &meter.reads,
                Access::Write => &meter.writes,
            };
            limiter.acquire().await;
            meter.counter.count(access);
            let answered = async { judged(inner.call(request).await?).await };
            let (mut response, code) = match (answered.await, access) {
                (Err(error), Access::Write) => return Err(doubt::unheard(error)),
                (answered, _) => answered?,
            };
            limiter.learn(code.as_deref().is_some_and(is_throttling));
            if access == Access::Write {
                doubt::mark(&mut response, code.as_deref());
            }
            Ok(response)
        })
    }
}

/// Whether a request only looks: by the query protocol's `Action`, by the operation in CloudWatch's addresses, elsewhere
/// by the method.
fn access(method: &str, uri: &str, body: &[u8]) -> Access {
    let named = uri.rsplit_once("/operation/").map(|(_, operation)| operation.as_bytes());
    let looks = match body.strip_prefix(b"Action=".as_slice()).or(named) {
        Some(action) => ["Describe", "Get", "List"].iter().any(|verb| action.starts_with(verb.as_bytes())),
        None => method == "GET" || method == "HEAD",
    };
    if looks { Access::Read } else { Access::Write }
}

/// The answer, and the code of the error that it tells. Only errors are looked into; their bodies are short.
async fn judged(response: HttpResponse) -> Result<(HttpResponse, Option<String>), ConnectorError> {
    if response.status().is_success() {
        return Ok((response, None));
    }
    let mut response = response;
    let body = std::mem::replace(response.body_mut(), SdkBody::empty());
    let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
    let code = code(&String::from_utf8_lossy(&body)).map(str::to_owned);
    *response.body_mut() = SdkBody::from(body);
    Ok((response, code))
}

/// The code of an error in XML, as EC2, the query protocol and Route53 all write it.
fn code(body: &str) -> Option<&str> {
    let (_, rest) = body.split_once("<Code>")?;
    Some(rest.split_once("</Code>")?.0)
}

/// A [`Wire`] as the SDK's HTTP client.
#[derive(Clone)]
pub(crate) struct InProcess(pub(crate) Wire);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
            let answered = wire(http::Request::from_parts(parts, body)).await;
            let response = answered.map_err(|lost| ConnectorError::io(lost.into()))?.map(SdkBody::from);
            HttpResponse::try_from(response).map_err(|error| ConnectorError::user(error.into()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_looks_is_told_from_one_that_changes() {
        let (root, cbor) =
            ("https://aws.local/", "https://aws.local/service/GraniteServiceVersion20100801/operation/");
        let (describe, put) = (format!("{cbor}DescribeAlarms"), format!("{cbor}PutMetricAlarm"));
        for (method, uri, body, expected) in [
            ("POST", root, "Action=DescribeVpcs&Version=2016-11-15", Access::Read),
            ("POST", root, "Action=GetCallerIdentity&Version=2011-06-15", Access::Read),
            ("POST", root, "Action=CreateVpc&Version=2016-11-15", Access::Write),
            ("GET", root, "", Access::Read),
            ("POST", &describe, "", Access::Read),
            ("POST", &put, "", Access::Write),
            ("POST", root, "<ChangeResourceRecordSetsRequest/>", Access::Write),
            ("DELETE", root, "", Access::Write),
        ] {
            assert_eq!(access(method, uri, body.as_bytes()), expected, "{method} {uri} {body}");
        }
    }

    #[test]
    fn the_code_is_found_in_every_dialect() {
        for body in [
            "<Response><Errors><Error><Code>Throttling</Code><Message/></Error></Errors></Response>",
            "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code></Error></ErrorResponse>",
        ] {
            assert_eq!(code(body), Some("Throttling"));
        }
        assert_eq!(code("<html>Internal Server Error</html>"), None);
    }
}
