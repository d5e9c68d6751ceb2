//! The AWS provider: one file per kind, and the only code that names an `aws-sdk` crate.

// Where a shared state is kept.
pub mod bucket;

// What every kind stands on.
pub mod client;
mod codec;
pub mod connector;
mod doubt;
mod ec2;
mod error;
mod kind;
mod kinds;
mod limiter;
mod lookup;
pub mod provider;
mod put;
mod schema;
mod status;
pub mod survey;
mod tagged;
mod tags;
pub mod transport;

// The kinds.
mod ami;
mod autoscaling_group;
mod elb;
mod instance;
mod internet_gateway;
mod key_pair;
mod launch;
mod launch_configuration;
mod launch_template;
mod lifecycle_hook;
mod many;
mod metric_alarm;
mod route53_record;
mod route53_zone;
mod route_table;
mod scaling_policy;
mod scheduled_action;
mod security_group;
mod subnet;
mod vpc;

pub use autoscaling_group::rehearsed::{is_noticeable, watched};
pub use client::{Aws, Options};
pub use connector::{Calls, Wire};
pub use provider::{AwsProvider, kind, schemas};
pub use status::{CheckStatus, GroupStatus, InstanceStatus};
pub use tags::address_tag;
