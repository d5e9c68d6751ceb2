//! The list of services, and the way from a request to its handler.

use http::{HeaderMap, Method};

use crate::model::Model;
use crate::model::ec2::Image;
use crate::wire::{
    ApiError, Data, Identity, Node, Params, Protocol, Reply, RestReply, RestRequest, cbor, failure, json,
    success,
};
use crate::{autoscaling, cloudwatch, ec2, elb, elbv2, iam, route53, s3, sts};

/// The header that names the operation of a request in `awsJson1_0`.
pub const TARGET: &str = "x-amz-target";

/// Where services without regions live.
pub const HOME: &str = "us-east-1";

/// What a handler may know about a request besides its parameters.
#[derive(Clone, Debug)]
pub struct Context {
    /// The id the answer carries.
    pub request_id: String,
    /// The caller's access key; never a secret.
    pub access_key: String,
    /// The region that the request was sent to.
    pub region: String,
    /// The image that the request names in another region of the account, if it names one.
    pub foreign_image: Option<Image>,
}

/// A modelled service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// EC2.
    Ec2,
    /// Auto Scaling.
    AutoScaling,
    /// CloudWatch.
    CloudWatch,
    /// Classic load balancing.
    Elb,
    /// Application load balancing.
    Elbv2,
    /// IAM.
    Iam,
    /// Route 53.
    Route53,
    /// S3.
    S3,
    /// STS.
    Sts,
}

/// Whether a call can change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Describe, Get, List.
    Read,
    /// Everything else.
    Write,
}

/// A request, read as far as it can be without knowing the service's operations.
#[derive(Clone, Debug)]
pub enum Call {
    /// Of the query protocols.
    Query {
        /// The value of `Action`.
        action: String,
        /// All parameters, `Action` and `Version` included.
        params: Params,
    },
    /// Of the protocols with typed members.
    Typed {
        /// Which.
        protocol: Protocol,
        /// The operation.
        action: String,
        /// The members of the body.
        params: Params,
    },
    /// Of `restXml`.
    Rest(RestRequest),
    /// Of S3, whose bodies are bytes.
    S3(Box<s3::Request>),
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Ec2,
        Self::AutoScaling,
        Self::CloudWatch,
        Self::Elb,
        Self::Elbv2,
        Self::Iam,
        Self::Route53,
        Self::S3,
        Self::Sts,
    ];

    /// The service with this signing name.
    pub fn named(signing_name: &str) -> Option<Self> {
        match signing_name {
            "ec2" => Some(Self::Ec2),
            "autoscaling" => Some(Self::AutoScaling),
            "monitoring" => Some(Self::CloudWatch),
            "elasticloadbalancing" => Some(Self::Elb),
            "iam" => Some(Self::Iam),
            "route53" => Some(Self::Route53),
            "s3" => Some(Self::S3),
            "sts" => Some(Self::Sts),
            _ => None,
        }
    }

    /// The service that a call is for: both kinds of load balancing have one signing name, and the version of the API
    /// tells them apart.
    pub fn meant(self, call: &Call) -> Self {
        match call {
            Call::Query { params, .. }
                if self == Self::Elb && params.text("Version") == Some("2015-12-01") =>
            {
                Self::Elbv2
            }
            _ => self,
        }
    }

    /// The short name, as it stands in call counts: `ec2`, `autoscaling`, `cloudwatch`, `elb`, `elbv2`, `iam`,
    /// `route53`, `s3`, `sts`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::AutoScaling => "autoscaling",
            Self::CloudWatch => "cloudwatch",
            Self::Elb => "elb",
            Self::Elbv2 => "elbv2",
            Self::Iam => "iam",
            Self::Route53 => "route53",
            Self::S3 => "s3",
            Self::Sts => "sts",
        }
    }

    /// How the service answers a request with these headers. CloudWatch answers as it is spoken to: today's SDKs
    /// speak CBOR, some JSON, and older ones the query protocol.
    pub fn protocol(self, headers: &HeaderMap) -> Protocol {
        match self {
            Self::Ec2 => Protocol::Ec2,
            Self::AutoScaling | Self::Elb | Self::Elbv2 | Self::Iam | Self::Sts => Protocol::Query,
            Self::CloudWatch if headers.get("smithy-protocol").is_some_and(|said| said == "rpc-v2-cbor") => {
                Protocol::Cbor
            }
            Self::CloudWatch if headers.contains_key(TARGET) => Protocol::Json,
            Self::CloudWatch => Protocol::Query,
            Self::Route53 | Self::S3 => Protocol::RestXml,
        }
    }

    /// The XML namespace of its answers, which ends in the API's version.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::AutoScaling => "http://autoscaling.amazonaws.com/doc/2011-01-01/",
            Self::CloudWatch => "http://monitoring.amazonaws.com/doc/2010-08-01/",
            Self::Elb => "http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/",
            Self::Elbv2 => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Route53 => "https://route53.amazonaws.com/doc/2013-04-01/",
            Self::S3 => s3::NAMESPACE,
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        }
    }

    /// The region whose model answers; Route 53 and IAM have but one, and S3's buckets are all in one.
    pub fn home(self, identity: &Identity) -> String {
        match self {
            Self::Route53 | Self::Iam | Self::S3 => HOME.to_owned(),
            _ => identity.region.clone(),
        }
    }

    /// Reads a request of the query protocols and of `restXml`.
    ///
    /// # Errors
    /// A refusal in the service's words: no action, or a body that is not XML.
    pub fn read(
        self,
        protocol: Protocol,
        method: &Method,
        path: &str,
        query: &str,
        body: &str,
    ) -> Result<Call, ApiError> {
        if protocol == Protocol::RestXml {
            return RestRequest::read(method, path, query, body).map(Call::Rest);
        }
        let form = if *method == Method::GET { query } else { body };
        let params = Params::parse(protocol, form);
        match params.text("Action") {
            Some(action) => Ok(Call::Query { action: action.to_owned(), params }),
            None => Err(ApiError::new("MissingAction", "The request must contain the parameter Action")),
        }
    }

    /// Carries out a request and words the answer.
    pub fn answer(self, model: &mut Model, context: &Context, call: &Call) -> Reply {
        let id = &context.request_id;
        let protocol = call.protocol(self);
        let answered = match call {
            Call::Query { action, params } => self
                .dispatch(model, context, action, params)
                .map(|body| success(protocol, self.namespace(), action, id, body)),
            Call::Typed { action, params, .. } => {
                self.typed(model, action, params).map(|body| Reply::typed(protocol, 200, &body))
            }
            Call::Rest(request) => {
                route53::dispatch(model, context, request).map(|reply| self.rest_answer(reply))
            }
            Call::S3(request) => Ok(s3::answer(model, context, request)),
        };
        answered.unwrap_or_else(|error| self.refuse(protocol, id, &error))
    }

    /// Words a refusal.
    pub fn refuse(self, protocol: Protocol, request_id: &str, error: &ApiError) -> Reply {
        match self {
            Self::S3 => s3::refuse(request_id, error),
            _ => failure(protocol, self.namespace(), request_id, error),
        }
    }

    /// Of the services that speak more than one protocol.
    fn typed(self, model: &mut Model, action: &str, params: &Params) -> Result<Data, ApiError> {
        match self {
            Self::CloudWatch => cloudwatch::dispatch(model, action, params),
            _ => Err(unknown_action(action)),
        }
    }

    fn dispatch(
        self,
        model: &mut Model,
        context: &Context,
        action: &str,
        params: &Params,
    ) -> Result<Node, ApiError> {
        match self {
            Self::Ec2 => ec2::dispatch(model, context, action, params),
            Self::AutoScaling => autoscaling::dispatch(model, context, action, params),
            Self::CloudWatch => self.typed(model, action, params).map(|body| body.node()),
            Self::Elb => elb::dispatch(model, context, action, params),
            Self::Elbv2 => elbv2::dispatch(model, action, params),
            Self::Iam => iam::dispatch(model, context, action, params),
            Self::Sts => sts::dispatch(model, context, action, params),
            Self::Route53 | Self::S3 => Err(unknown_action(action)),
        }
    }

    fn rest_answer(self, reply: RestReply) -> Reply {
        let mut answer = Reply::xml(reply.status, &reply.root.attribute("xmlns", self.namespace()));
        answer.headers.extend(reply.location.map(|location| ("location".into(), location)));
        answer
    }
}

impl Call {
    /// Reads a request of RPC v2: `/service/{Service}/operation/{Operation}`.
    ///
    /// # Errors
    /// A refusal if the path names no operation, or the body is not CBOR.
    pub fn cbor(path: &str, body: &[u8]) -> Result<Self, ApiError> {
        let action = path.rsplit_once("/operation/").map(|(_, action)| action.to_owned());
        let action = action.ok_or_else(|| unknown_action(path))?;
        let params = cbor::read(body).map_err(|error| {
            ApiError::new("SerializationException", format!("The body is not CBOR: {error}"))
        })?;
        Ok(Self::Typed { protocol: Protocol::Cbor, action, params })
    }

    /// Reads a request of `awsJson1_0`, of which the header [`TARGET`] names the operation: `{Service}.{Operation}`.
    ///
    /// # Errors
    /// A refusal if it names none, or the body is not JSON.
    pub fn json(target: &str, body: &[u8]) -> Result<Self, ApiError> {
        let (_, action) = target.rsplit_once('.').ok_or_else(|| unknown_action(target))?;
        let params = json::read(body).map_err(|error| {
            ApiError::new("SerializationException", format!("The body is not JSON: {error}"))
        })?;
        Ok(Self::Typed { protocol: Protocol::Json, action: action.to_owned(), params })
    }

    fn protocol(&self, service: Service) -> Protocol {
        match self {
            Self::Typed { protocol, .. } => *protocol,
            Self::Query { .. } if service == Service::Ec2 => Protocol::Ec2,
            Self::Query { .. } => Protocol::Query,
            Self::Rest(_) | Self::S3(_) => Protocol::RestXml,
        }
    }

    /// The operation's name in call counts: the action, or the method and the kind of thing (`POST rrset`).
    pub fn action(&self) -> String {
        match self {
            Self::Query { action, .. } | Self::Typed { action, .. } => action.clone(),
            Self::Rest(request) => route53::action(request).to_owned(),
            Self::S3(request) => s3::action(request),
        }
    }

    /// The region and the id of an image that a request is about although it goes to another region:
    /// CopyImage's source.
    pub fn foreign_image(&self, home: &str) -> Option<(&str, &str)> {
        match self {
            Self::Query { action, params } if action == "CopyImage" => {
                let region = params.text("SourceRegion").filter(|region| *region != home)?;
                Some((region, params.text("SourceImageId")?))
            }
            _ => None,
        }
    }

    /// Whether it can change anything, which names and methods tell in all these services.
    pub fn access(&self) -> Access {
        let reads = match self {
            Self::Query { action, .. } | Self::Typed { action, .. } => {
                ["Describe", "Get", "List"].iter().any(|verb| action.starts_with(verb))
            }
            Self::Rest(request) => route53::reads(request),
            Self::S3(request) => s3::reads(request),
        };
        if reads { Access::Read } else { Access::Write }
    }
}

/// The answer to an action that is not modelled.
pub fn unknown_action(action: &str) -> ApiError {
    ApiError::new("InvalidAction", format!("The action {action} is not valid for this web service."))
}
