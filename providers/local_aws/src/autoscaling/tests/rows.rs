//! What AWS answers, row by row: each row is a situation and its check, in a cloud of its own.

mod capacity;
mod groups;
mod members;
mod refresh;

use std::sync::atomic::{AtomicU64, Ordering};

use super::{LISTENER, ZONES};
use crate::handle::LocalAws;
use crate::model::{Model, Time};
use crate::testing::{at, call, fast, field, fields, outcome};

/// A row's name, and its check.
type Row = (&'static str, fn(&Scene));

/// A new cloud for each row.
fn check(rows: &[Row]) {
    for (row, check) in rows {
        check(&Scene { row, local: fast(), now: AtomicU64::new(0) });
    }
}

/// A cloud whose steps take milliseconds, in the second `now`.
struct Scene {
    row: &'static str,
    local: LocalAws,
    now: AtomicU64,
}

impl Scene {
    /// Lets ten seconds pass, in which everything that was under way is over.
    fn later(&self) {
        self.now.fetch_add(10, Ordering::Relaxed);
    }

    fn now(&self) -> Time {
        at(self.now.load(Ordering::Relaxed))
    }

    fn send(&self, service: &str, form: &str) -> (u16, String) {
        call(&self.local, self.now(), service, &format!("Action={form}"))
    }

    /// Sends a request to Auto Scaling, whose outcome must be this: `200`, or a code and a status. Gives the answer.
    #[track_caller]
    fn asg(&self, form: &str, expected: &str) -> String {
        let answer = self.send("autoscaling", form);
        assert_eq!(outcome(&answer), expected, "{}: {form}\n{}", self.row, answer.1);
        answer.1
    }

    /// Sends a request to another service, which must succeed. Gives the answer.
    #[track_caller]
    fn ok(&self, service: &str, form: &str) -> String {
        let answer = self.send(service, form);
        assert_eq!(answer.0, 200, "{}: {form}\n{}", self.row, answer.1);
        answer.1
    }

    /// A refusal by Auto Scaling with `ValidationError`.
    #[track_caller]
    fn invalid(&self, form: &str) -> String {
        self.asg(form, "ValidationError 400")
    }

    #[track_caller]
    fn is<T: PartialEq + std::fmt::Debug>(&self, seen: T, expected: T) {
        assert_eq!(seen, expected, "{}", self.row);
    }

    #[track_caller]
    fn says(&self, answer: &str, what: &str) {
        let plain = answer.replace("&apos;", "'").replace("&quot;", "\"");
        assert!(plain.contains(what), "{}: {what} is not in {answer}", self.row);
    }

    fn model<T>(&self, look: impl FnOnce(&mut Model) -> T) -> T {
        self.local.with_model("123456789012", "us-east-1", self.now(), look)
    }

    /// Makes a launch configuration of a small instance.
    fn configuration(&self, name: &str) {
        self.asg(&format!("CreateLaunchConfiguration&LaunchConfigurationName={name}&{SMALL}"), "200");
    }

    /// Makes the load balancer `web`.
    fn balancer(&self) {
        self.ok(
            "elasticloadbalancing",
            &format!("CreateLoadBalancer&LoadBalancerName=web&{LISTENER}&{ZONES}"),
        );
    }

    /// Makes the group `g` from the launch configuration `one`, and lets its instances come.
    fn group(&self, sizes: &str) {
        self.configuration("one");
        let launch = "LaunchConfigurationName=one";
        self.asg(&format!("CreateAutoScalingGroup&AutoScalingGroupName=g&{launch}&{sizes}&{ZONES}"), "200");
        self.later();
    }

    fn described(&self) -> String {
        self.asg("DescribeAutoScalingGroups", "200")
    }

    /// Something of the first group.
    fn of_group(&self, name: &str) -> Option<String> {
        field(&self.described(), name).map(str::to_owned)
    }

    fn instances(&self) -> Vec<String> {
        fields(&self.described(), "InstanceId").into_iter().map(str::to_owned).collect()
    }

    /// The lifecycle states of the group's instances, in alphabetical order.
    fn states(&self) -> String {
        let described = self.described();
        let mut states = fields(&described, "LifecycleState");
        states.sort_unstable();
        states.join(" ")
    }

    /// The instances that are registered with the load balancer `web`.
    fn registered(&self) -> usize {
        let told = self.ok("elasticloadbalancing", "DescribeLoadBalancers&LoadBalancerNames.member.1=web");
        fields(&told, "InstanceId").len()
    }

    /// The states of instances as EC2 tells them, in alphabetical order.
    fn machines(&self) -> String {
        let mut states = self.model(|model| {
            model.ec2.instances.values().map(|instance| instance.state.name()).collect::<Vec<_>>()
        });
        states.sort_unstable();
        states.join(" ")
    }
}

const SMALL: &str = "ImageId=ami-22de994a&InstanceType=t1.micro";
