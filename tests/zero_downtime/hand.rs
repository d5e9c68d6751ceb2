//! AWS by hand: requests as any client sends them, without our own client code.

use bytes::Bytes;
use http::Request;
use infra_local_aws::gauge::Gauge;

use crate::support::in_process::{ACCOUNT, Cloud, REGION};

/// Something that calls AWS directly.
#[derive(Clone)]
pub struct Hand {
    /// Where.
    pub cloud: Cloud,
}

impl Hand {
    /// Calls an action with the fields of its form; gives the answer's body.
    ///
    /// # Panics
    /// AWS refuses.
    pub fn call(&self, service: &str, action: &str, fields: &[(&str, &str)]) -> String {
        self.try_call(service, action, fields).unwrap_or_else(|body| panic!("{action}: {body}"))
    }

    /// The same where a refusal is an answer too.
    ///
    /// # Errors
    /// The body of the refusal.
    pub fn try_call(&self, service: &str, action: &str, fields: &[(&str, &str)]) -> Result<String, String> {
        let form = fields.iter().fold(format!("Action={action}"), |form, (name, value)| {
            format!("{form}&{name}={}", value.replace(':', "%3A").replace('/', "%2F").replace(' ', "%20"))
        });
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=test/20261121/{REGION}/{service}/aws4_request, \
             SignedHeaders=host, Signature=0"
        );
        let request = Request::post("/").header("authorization", scope).body(Bytes::from(form));
        let answer = self.cloud.aws.handle(self.cloud.now(), &request.expect("a request"));
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        if answer.status().is_success() { Ok(body) } else { Err(body) }
    }

    /// Auto Scaling, of one group.
    pub fn group(&self, action: &str, group: &str, fields: &[(&str, &str)]) -> String {
        let all: Vec<(&str, &str)> =
            [("AutoScalingGroupName", group)].into_iter().chain(fields.iter().copied()).collect();
        self.call("autoscaling", action, &all)
    }

    /// Sets the sizes of a group that are given.
    pub fn resize(&self, group: &str, min: usize, max: usize, desired: usize) {
        let [min, max, desired] = [min, max, desired].map(|size| size.to_string());
        let sizes = [("MinSize", &*min), ("MaxSize", &*max), ("DesiredCapacity", &*desired)];
        self.group("UpdateAutoScalingGroup", group, &sizes);
    }

    /// Has the group end an instance; with `decrement` it does not start another.
    pub fn terminate(&self, id: &str, decrement: bool) {
        let decrement = if decrement { "true" } else { "false" };
        let fields = [("InstanceId", id), ("ShouldDecrementDesiredCapacity", decrement)];
        self.call("autoscaling", "TerminateInstanceInAutoScalingGroup", &fields);
    }

    /// Takes instances off the load balancer; returns at once.
    pub fn deregister(&self, ids: &[String]) {
        let names: Vec<String> =
            (1..=ids.len()).map(|n| format!("Instances.member.{n}.InstanceId")).collect();
        let instances = names.iter().zip(ids).map(|(name, id)| (name.as_str(), id.as_str()));
        let fields: Vec<(&str, &str)> =
            [("LoadBalancerName", BALANCER)].into_iter().chain(instances).collect();
        self.call("elasticloadbalancing", "DeregisterInstancesFromLoadBalancer", &fields);
    }

    /// What there is now.
    pub fn gauge(&self) -> Gauge {
        self.cloud.aws.gauge(ACCOUNT, REGION, self.cloud.now())
    }
}

/// The one load balancer that peers' groups stand behind.
pub const BALANCER: &str = "web";
