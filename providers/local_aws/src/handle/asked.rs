//! Requests as they come in, and answers as they go out.

use bytes::Bytes;
use http::{Method, Request, Response};

use crate::cloud::account_of;
use crate::model::Time;
use crate::s3;
use crate::service::{Call, Service, TARGET};
use crate::wire::{ApiError, Identity, Protocol, Reply, identify, unpacked};

/// A request before it is read: when it came, and from whom to whom.
pub struct Asked<'a> {
    /// When it came.
    pub now: Time,
    /// The id its answer carries.
    pub request_id: &'a str,
    /// Whom it is for.
    pub service: Service,
    /// Whom it is from.
    pub identity: &'a Identity,
}

impl Asked<'_> {
    /// Whose cloud it is about, and where that is.
    pub fn place(&self) -> (&str, String) {
        (account_of(&self.identity.access_key), self.service.home(self.identity))
    }
}

/// Whom a request is for, and whom it is from.
///
/// # Errors
/// It does not say, or names a service that is not modelled.
pub fn who(request: &Request<Bytes>) -> Result<(Service, Identity), ApiError> {
    let host = request.uri().host().map(str::to_owned).or_else(|| {
        request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned)
    });
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    let identity = identify(request.headers(), &host.unwrap_or_default(), path, query).ok_or_else(|| {
        let reason = "The request carries no credential scope, and its address names no service";
        ApiError::new("MissingAuthenticationToken", reason).with_status(403)
    })?;
    let service = Service::named(&identity.service).ok_or_else(|| {
        let reason = format!("The service {} is not modelled by local AWS", identity.service);
        ApiError::new("UnknownService", reason).with_status(404)
    })?;
    Ok((service, identity))
}

/// Reads a request as its service is spoken to.
///
/// # Errors
/// A refusal in the service's words.
pub fn read(service: Service, protocol: Protocol, request: &Request<Bytes>) -> Result<Call, ApiError> {
    if service == Service::S3 {
        return s3::Request::read(request).map(|request| Call::S3(Box::new(request)));
    }
    let (uri, body) = (request.uri(), unpacked(request.headers(), request.body())?);
    match protocol {
        Protocol::Cbor => return Call::cbor(uri.path(), &body),
        Protocol::Json => {
            let target = request.headers().get(TARGET).and_then(|target| target.to_str().ok());
            return Call::json(target.unwrap_or_default(), &body);
        }
        Protocol::Ec2 | Protocol::Query | Protocol::RestXml => {}
    }
    let body = std::str::from_utf8(&body)
        .map_err(|_| ApiError::new("MalformedInput", "The request body is not UTF-8"))?;
    service.read(protocol, request.method(), uri.path(), uri.query().unwrap_or_default(), body)
}

/// Ids that repeat from run to run, but not within one.
pub fn request_id(count: u64, now: Time) -> String {
    let tail = now.0 & 0xffff_ffff_ffff;
    format!("{:08x}-{:04x}-4000-a000-{tail:012x}", count & 0xffff_ffff, (count >> 32) & 0xffff)
}

/// An answer as it goes over the wire, without its body if only the head was asked for.
pub fn response(method: &Method, reply: Reply, request_id: &str) -> Response<Bytes> {
    let mut response = Response::builder().status(reply.status).header("x-amzn-requestid", request_id);
    for (name, value) in reply.headers {
        response = response.header(name.as_ref(), value);
    }
    response
        .body(if *method == Method::HEAD { Bytes::new() } else { Bytes::from(reply.body) })
        .unwrap_or_else(|error| Response::new(Bytes::from(format!("the answer is not valid HTTP: {error}"))))
}
