//! AWS, modelled: EC2, Auto Scaling, CloudWatch, both kinds of load balancing, Route 53, S3, IAM and STS, behind AWS's
//! own wire protocols.
//!
//! One deterministic core ([`model::Model`]) holds the state and a queue of what will happen; time passes
//! only when it is told to. Two front ends speak to it: [`LocalAws::handle`], in process, under whatever
//! clock the caller has, and [`Server`], over HTTP on
//! loopback, where the load balancers answer requests, too ([`plane`]).
//!
//! ```
//! use infra_local_aws::{LocalAws, Options, model::Time};
//! let aws = LocalAws::new(Options::default());
//! let request = http::Request::post("http://sts.us-east-1.amazonaws.com/")
//!     .body(bytes::Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15"))?;
//! let answer = aws.handle(Time(1_795_000_000_000), &request);
//! assert!(String::from_utf8_lossy(answer.body()).contains("<Account>123456789012</Account>"));
//! # Ok::<(), http::Error>(())
//! ```

pub mod autoscaling;
pub mod cloud;
pub mod cloudwatch;
pub mod ec2;
pub mod elb;
pub mod elbv2;
pub mod fault;
pub mod gauge;
pub mod iam;
pub mod model;
pub mod plane;
pub mod remote;
pub mod route53;
pub mod s3;
pub mod seed;
pub mod service;
pub mod status;
pub mod sts;
pub mod throttle;
pub mod timing;
pub mod traffic;
pub mod wire;

mod handle;
mod serve;
#[cfg(test)]
mod testing;

pub use handle::{Calls, Exchange, LocalAws, Options, RestoreError, WriteHook};
pub use serve::{Clock, Server};
