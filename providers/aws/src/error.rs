//! What AWS answers, sorted: by its code, never by its English text.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::error::ProvideErrorMetadata;
use aws_sdk_ec2::operation::RequestId as _;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use infra_engine::provider::{FailureClass, ProviderError};

const THROTTLING: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "EC2ThrottledException",
    "BandwidthLimitExceeded",
    "DependencyThrottle",
    "SlowDown",
];

const TRANSIENT: &[&str] = &[
    "PriorRequestNotComplete",
    "ResourceContention",
    "ScalingActivityInProgress",
    "ServiceLinkedRoleFailure",
    "ResourceInUse",
    "DependencyViolation",
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "ServiceUnavailable",
    "Unavailable",
];

const CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

const DENIED: &[&str] = &["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"];

const MISSING: &[&str] = &[
    "LoadBalancerNotFound",
    "NoSuchHostedZone",
    "NoSuchChange",
    "NoSuchEntity",
    "PolicyNotFound",
    "ResourceNotFound",
    "ResourceNotFoundException",
];

/// Turns the SDK's error of `operation` into ours: `.map_err(failed("CreateVpc"))`.
pub(crate) fn failed<E>(operation: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> ProviderError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    move |error| match &error {
        SdkError::ServiceError(answer) => {
            let meta = answer.err().meta();
            let told =
                Told { code: meta.code().map(str::to_owned), message: meta.message().map(str::to_owned) };
            let raw = || told_by(answer.raw().body().bytes().unwrap_or_default());
            let told = if told.code.is_some() { told } else { raw() };
            refused(operation, told, answer.raw().request_id())
        }
        other => unanswered(operation, other),
    }
}

/// What AWS says of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Told {
    code: Option<String>,
    message: Option<String>,
}

/// What an answer says in which the SDK finds no code: Route53 sends `InvalidChangeBatch` as the root itself, with
/// messages inside.
fn told_by(body: &[u8]) -> Told {
    let body = String::from_utf8_lossy(body);
    let inside = |name: &str| {
        let parts = body.split(&format!("<{name}>")).skip(1).map(str::to_owned).collect::<Vec<_>>();
        parts.iter().filter_map(|part| Some(part.split_once("</")?.0.to_owned())).collect::<Vec<_>>()
    };
    let mut names = body.split('<').map(|tag| tag.split([' ', '>', '/']).next().unwrap_or_default());
    let root = names.find(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
    let root = root.filter(|name| !name.ends_with("Response")).map(str::to_owned);
    Told {
        code: inside("Code").into_iter().next().or(root),
        message: Some(inside("Message").join("; ")).filter(|text| !text.is_empty()),
    }
}

/// Whether AWS gave that code.
pub(crate) fn has_code(error: &ProviderError, code: &str) -> bool {
    error.code.as_deref() == Some(code)
}

/// An error of our own: nothing that AWS could do about it.
pub(crate) fn permanent(operation: &str, message: impl Into<String>) -> ProviderError {
    ProviderError {
        class: FailureClass::Permanent,
        operation: operation.to_owned(),
        code: None,
        message: message.into(),
        request_id: None,
        hint: None,
    }
}

/// What a code means for whoever called.
pub(crate) fn class_of(code: &str) -> FailureClass {
    match code {
        _ if is_throttling(code) || TRANSIENT.contains(&code) => FailureClass::Transient,
        _ if CREDENTIALS.contains(&code) => FailureClass::Credentials,
        _ if MISSING.contains(&code) || code.ends_with(".NotFound") => FailureClass::NotFound,
        _ => FailureClass::Permanent,
    }
}

/// Whether a code says that we call too often.
pub(crate) fn is_throttling(code: &str) -> bool {
    THROTTLING.contains(&code)
}

fn refused(operation: &str, told: Told, request_id: Option<&str>) -> ProviderError {
    let code = told.code.as_deref();
    let message = told.message.as_deref().or(code).unwrap_or("AWS refused without saying why");
    ProviderError {
        class: code.map_or(FailureClass::Permanent, class_of),
        operation: operation.to_owned(),
        message: message.to_owned(),
        request_id: request_id.map(str::to_owned),
        hint: code.and_then(|code| hint(operation, code)),
        code: told.code,
    }
}

fn hint(operation: &str, code: &str) -> Option<String> {
    match code {
        _ if DENIED.contains(&code) => Some(format!(
            "the credentials are valid, but lack the permission for {operation}: add it to their policy"
        )),
        "RequestTimeTooSkewed" => {
            Some("set this machine's clock: AWS takes requests of minutes ago only".to_owned())
        }
        "InvalidSignatureException" | "RequestExpired" | "SignatureDoesNotMatch" => {
            Some("check the secret access key, and that this machine's clock is right".to_owned())
        }
        "AuthFailure" => Some(
            "check the credentials, that the region is enabled, and that this machine's clock is right"
                .to_owned(),
        ),
        "OptInRequired" => Some("check the credentials, and that the region is enabled".to_owned()),
        _ if class_of(code) == FailureClass::Credentials => {
            Some("renew the credentials, for example with `aws sso login`".to_owned())
        }
        _ => None,
    }
}

/// No answer from AWS, or none that can be read.
fn unanswered<E: Error + 'static>(operation: &str, error: &SdkError<E, HttpResponse>) -> ProviderError {
    let credentials = cause::<CredentialsError>(error);
    let message = match credentials {
        Some(CredentialsError::CredentialsNotLoaded(_)) => "no credentials were found".to_owned(),
        _ => causes(error),
    };
    let (class, hint) = match error {
        _ if credentials.is_some() => (FailureClass::Credentials, Some(NO_CREDENTIALS)),
        SdkError::TimeoutError(_) => (FailureClass::Unreachable, Some(UNREACHABLE)),
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
            (FailureClass::Unreachable, Some(UNREACHABLE))
        }
        SdkError::ResponseError(_) => (FailureClass::Transient, None),
        _ => (FailureClass::Permanent, None),
    };
    ProviderError {
        class,
        operation: operation.to_owned(),
        code: None,
        message,
        request_id: None,
        hint: hint.map(str::to_owned),
    }
}

const NO_CREDENTIALS: &str = "sign in (`aws sso login`), set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and \
                              AWS_SECRET_ACCESS_KEY";
const UNREACHABLE: &str = "check the network, the region's name and AWS_ENDPOINT_URL";

/// The innermost causes of an error, which say what happened; the outer layers say "dispatch failure".
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut chain: Vec<String> = chain(error).map(ToString::to_string).collect();
    chain.dedup();
    let skip = chain.len().saturating_sub(2);
    chain.split_off(skip).join(": ")
}

fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// An error and what is behind it, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    // Through a reference the error would seem to live only as long as the reference.
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_helps() {
        for (code, class) in [
            ("Throttling", FailureClass::Transient),
            ("PriorRequestNotComplete", FailureClass::Transient),
            ("DependencyViolation", FailureClass::Transient),
            ("InvalidVpcID.NotFound", FailureClass::NotFound),
            ("LoadBalancerNotFound", FailureClass::NotFound),
            ("AuthFailure", FailureClass::Credentials),
            ("ExpiredToken", FailureClass::Credentials),
            ("RequestTimeTooSkewed", FailureClass::Credentials),
            ("UnauthorizedOperation", FailureClass::Permanent),
            ("InvalidParameterValue", FailureClass::Permanent),
        ] {
            assert_eq!(class_of(code), class, "{code}");
        }
    }

    #[test]
    fn a_missing_permission_is_named() {
        let told = Told { code: Some("UnauthorizedOperation".to_owned()), message: None };
        let error = refused("CreateVpc", told, Some("r-1"));
        insta::assert_snapshot!(
            error.hint.unwrap_or_default(),
            @"the credentials are valid, but lack the permission for CreateVpc: add it to their policy"
        );
    }
    #[test]
    fn a_refusal_in_route53s_own_form_is_read() {
        let own = r#"<?xml version="1.0"?><InvalidChangeBatch xmlns="https://route53.amazonaws.com/doc/2013-04-01/">
            <Messages><Message>one</Message><Message>two</Message></Messages></InvalidChangeBatch>"#;
        let usual =
            "<ErrorResponse><Error><Code>InvalidInput</Code><Message>one</Message></Error></ErrorResponse>";
        let html = "<!doctype html><html><title>500 Internal Server Error</title></html>";
        for (body, code, message) in [
            (own, Some("InvalidChangeBatch"), Some("one; two")),
            (usual, Some("InvalidInput"), Some("one")),
            (html, None, None),
        ] {
            let expected = Told { code: code.map(str::to_owned), message: message.map(str::to_owned) };
            assert_eq!(told_by(body.as_bytes()), expected);
        }
    }
}
