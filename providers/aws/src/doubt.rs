//! A write that AWS may have carried out is not sent again blindly. The SDK would: after a lost connection or a server
//! error it repeats any call, and a network that was made twice is an orphan. Here such a call fails at once, and
//! whoever asked for it looks first.

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

use crate::error::is_throttling;

/// What AWS answers with a server's status although it has decided to do nothing.
const CERTAIN: &[&str] = &["ResourceContention", "ServiceLinkedRoleFailure"];

/// A connection that was lost after a write was sent.
#[derive(Debug)]
struct Unheard(BoxError);

impl fmt::Display for Unheard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer to a write was not heard")
    }
}

impl Error for Unheard {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}

/// On a response to a write: if anything is wrong with it, the write may have been carried out.
#[derive(Debug, Clone, Copy)]
struct Sent;

/// The error of a write's connection.
pub(crate) fn unheard(error: ConnectorError) -> ConnectorError {
    match (error.is_timeout(), error.is_io()) {
        (true, _) => ConnectorError::timeout(Unheard(error.into_source()).into()),
        (_, true) => ConnectorError::io(Unheard(error.into_source()).into()),
        (false, false) => error,
    }
}

/// Marks the answer to a write, unless its code says that nothing was done.
pub(crate) fn mark(response: &mut HttpResponse, code: Option<&str>) {
    let decided = code.is_some_and(|code| is_throttling(code) || CERTAIN.contains(&code));
    let status = response.status().as_u16();
    if !decided && !(300..500).contains(&status) {
        response.add_extension(Sent);
    }
}

/// Forbids the SDK to send a write again that may have been carried out.
#[derive(Debug)]
pub(crate) struct NeverBlindly;

impl ClassifyRetry for NeverBlindly {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let unheard =
            error.as_connector_error().and_then(Error::source).is_some_and(|cause| cause.is::<Unheard>());
        let sent = context.response().is_some_and(|response| response.extension::<Sent>().is_some());
        if unheard || sent { RetryAction::RetryForbidden } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "writes are not repeated blindly"
    }
}
