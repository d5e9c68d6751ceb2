//! Keeps what AWS is asked and answers, word for word, while somebody wants it.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt as _;

/// A request that was answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Spoken {
    /// The path of the request.
    pub path: String,
    /// Its body.
    pub asked: String,
    /// The body of the answer.
    pub answered: Bytes,
}

/// User data may hold anything, so nothing of a body is shown.
impl fmt::Debug for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spoken").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What is kept; nothing unless it runs. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tape(Arc<Mutex<Option<Vec<Spoken>>>>);

impl Tape {
    /// Begins to keep what is said.
    pub(crate) fn start(&self) {
        self.with(|kept| *kept = Some(Vec::new()));
    }

    /// Stops, and gives what was kept.
    pub(crate) fn stop(&self) -> Vec<Spoken> {
        self.with(mem::take).unwrap_or_default()
    }

    fn runs(&self) -> bool {
        self.with(|kept| kept.is_some())
    }

    fn keep(&self, spoken: Spoken) {
        self.with(|kept| kept.as_mut().map(|kept| kept.push(spoken)));
    }

    fn with<T>(&self, then: impl FnOnce(&mut Option<Vec<Spoken>>) -> T) -> T {
        then(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An HTTP client whose tape may run.
#[derive(Debug, Clone)]
pub(crate) struct Taped {
    inner: SharedHttpClient,
    tape: Tape,
}

impl Taped {
    /// On top of another client.
    pub(crate) fn client(inner: SharedHttpClient, tape: Tape) -> SharedHttpClient {
        SharedHttpClient::new(Self { inner, tape })
    }
}

impl HttpClient for Taped {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(TapedConnector { inner, tape: self.tape.clone() })
    }
}

#[derive(Debug)]
struct TapedConnector {
    inner: SharedHttpConnector,
    tape: Tape,
}

impl HttpConnector for TapedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !self.tape.runs() {
            return self.inner.call(request);
        }
        let path = request.uri().parse::<http::Uri>().map(|uri| uri.path().to_owned()).unwrap_or_default();
        let asked = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let (inner, tape) = (self.inner.clone(), self.tape.clone());
        HttpConnectorFuture::new(async move {
            let mut response: HttpResponse = inner.call(request).await?;
            if response.status().is_success() {
                let body = mem::replace(response.body_mut(), SdkBody::empty());
                let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
                tape.keep(Spoken { path, asked, answered: body.clone() });
                *response.body_mut() = SdkBody::from(body);
            }
            Ok(response)
        })
    }
}
