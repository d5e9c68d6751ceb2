//! Things that go wrong on purpose, so that a client's way of coping can be tested.
//!
//! A fault has one textual form, which command lines, tests and files share:
//!
//! ```text
//! SERVICE:ACTION[@START][~PERCENT%]=EFFECT[*TIMES]     requests meet it
//! instance[:PATTERN][@AFTER]=FATE[*COUNT]              dies, stops, crashes, recovers
//! image:PATTERN[@AFTER]=FLAW                           never-healthy, fails-checks, serves-5xx, dies-after:T, boots:T
//! group[:PATTERN][@AFTER]=desired:N                    somebody scales it
//! hook:PATTERN[@AFTER]=ANSWER                          abandons, continues, silent: who waits for lifecycle hooks
//! capacity[:ZONE or TYPE][@AFTER]=N                    so many more instances can be launched
//! quota[@AFTER]=N                                      so many instances at most
//! ```
//!
//! `START` is the number of the first matching request that meets the fault, or a time from now on (`1m30s`). Patterns
//! know `*` and `?`. A fault strikes once, one with a percentage always, unless `*TIMES` says otherwise (`*3`,
//! `*always`).
//!
//! ```
//! use infra_local_aws::fault::Fault;
//! let fault: Fault = "autoscaling:AttachLoadBalancers@2=throttle*3".parse()?;
//! assert_eq!(fault.to_string(), "autoscaling:AttachLoadBalancers@2=throttle*3");
//! # Ok::<(), infra_local_aws::fault::ParseFaultError>(())
//! ```

mod armed;
mod mishap;
mod past;
mod print;
mod span;
mod text;
mod words;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::service::Service;
use crate::timing::Delay;
use crate::wire::ApiError;

pub use armed::Faults;
pub use mishap::apply;
pub(crate) use span::parse as parse_span;
pub use text::ParseFaultError;
pub use words::SUBJECTS;

/// Something that goes wrong. It is written, in files too, as the module says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Fault {
    /// Requests meet it.
    Call(CallFault),
    /// It happens by itself.
    Mishap {
        /// So long from now.
        after: Duration,
        /// What happens.
        what: Mishap,
    },
}

/// A fault that some requests meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFault {
    /// A pattern for the short name of the service, as in call counts.
    pub service: String,
    /// A pattern for the operation, as in call counts.
    pub action: String,
    /// Which matching request is the first to meet it.
    pub start: Start,
    /// So many of a thousand matching requests meet it, by the cloud's seed; without it all do.
    pub per_mille: Option<u16>,
    /// So many requests meet it before it has worn off; without it, it never does.
    pub times: Option<u32>,
    /// What happens to them.
    pub effect: Effect,
}

/// When a fault of requests begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the matching request of this number, which counts from 1.
    Request(u32),
    /// After so long.
    After(Duration),
}

/// What a fault does to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is refused, and nothing happens.
    Refuse(ApiError),
    /// It is refused as coming too often, in the service's own words.
    Throttle,
    /// It is carried out, but the client hears `InternalError`: it cannot know whether it was.
    LoseAnswer,
    /// The connection is lost before it arrives.
    Drop,
    /// It is carried out, and the connection is lost before the answer arrives.
    Cut,
    /// It is delivered twice, as networks and proxies do, and carried out both times.
    Twice(Heard),
    /// The answer takes so long.
    Delay(Duration),
    /// The answer knows nothing of what was written so recently.
    Stale(Duration),
}

/// Which answer reaches the client of a request that was delivered twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// That of the first delivery: the second is known to nobody.
    First,
    /// That of the second, which may say that all is there already.
    Second,
}

/// What happens to a cloud by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mishap {
    /// Something happens to running instances, those in service in a group before others.
    Instance {
        /// Compared with the id of the instance, and those of its image and group.
        pattern: String,
        /// What happens.
        fate: Fate,
        /// To so many of them.
        count: u32,
    },
    /// Instances launched from now on from images turn out so.
    Image {
        /// Compared with the image's id and name.
        pattern: String,
        /// What is wrong with them.
        flaw: Flaw,
    },
    /// Somebody sets the desired size of groups.
    Group {
        /// Compared with the group's name.
        pattern: String,
        /// Put between the group's bounds.
        desired: u64,
    },
    /// Whoever answers lifecycle hooks does so from now on.
    Hook {
        /// Compared with the hook's name.
        pattern: String,
        /// The answer.
        answer: Answer,
    },
    /// EC2 has room for only so many more instances.
    Capacity {
        /// A zone (`us-east-1a`) or a type (`t3.micro`); without one, all.
        of: Option<String>,
        /// Instances.
        left: u64,
    },
    /// The account may have only so many instances.
    Quota(u64),
}

/// What happens to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// Its host fails: it is terminated.
    Dies,
    /// It shuts down.
    Stops,
    /// Its application ends; the machine runs on.
    Crashes,
    /// Its application is well again.
    Recovers,
}

/// What whoever waits for a lifecycle hook says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// `ABANDON`.
    Abandons,
    /// `CONTINUE`.
    Continues,
    /// Nothing: the heartbeat runs out.
    Silent,
}

/// What is wrong with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flaw {
    /// Its application never listens.
    NeverHealthy,
    /// Its application listens but fails HTTP checks.
    FailsChecks,
    /// It passes checks, and answers requests with 5xx.
    Serves5xx,
    /// Its application ends by itself after so long.
    DiesAfter(Delay),
    /// Its application takes so long to come up.
    Boots(Delay),
}

impl From<CallFault> for Fault {
    fn from(fault: CallFault) -> Self {
        Self::Call(fault)
    }
}

impl CallFault {
    /// The next request of an operation meets `effect`, once.
    pub fn once(service: Service, action: &str, effect: Effect) -> Self {
        let (service, action) = (service.name().to_owned(), action.to_owned());
        Self { service, action, start: Start::Request(1), per_mille: None, times: Some(1), effect }
    }
}

/// What a service answers to requests that come too often (each service's "common errors").
pub fn throttled(service: Service) -> ApiError {
    match service {
        Service::Ec2 => ApiError::new("RequestLimitExceeded", "Request limit exceeded.").with_status(503),
        Service::S3 => ApiError::new("SlowDown", "Please reduce your request rate.").with_status(503),
        _ => ApiError::new("Throttling", "Rate exceeded"),
    }
}

/// What a client hears of a request whose answer was lost inside AWS.
pub fn internal_error() -> ApiError {
    ApiError::new("InternalError", "An internal error has occurred").with_status(500)
}

#[cfg(test)]
mod tests;
