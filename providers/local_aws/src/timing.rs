//! How long things take, as data.
//!
//! AWS publishes almost none of these numbers. Each field says where its default comes from; "parameter"
//! means that no primary source was found, so the value is a plausible one to be varied, not a fact.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A delay somewhere between two bounds, both included, drawn from the model's seeded randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// The shortest, in milliseconds.
    pub low_ms: u64,
    /// The longest, in milliseconds.
    pub high_ms: u64,
}

impl Delay {
    /// No delay at all: the event is due at once, and happens at the next look at the model.
    pub const NONE: Self = Self::millis(0, 0);

    /// Between `low` and `high` milliseconds.
    pub const fn millis(low: u64, high: u64) -> Self {
        Self { low_ms: low, high_ms: high }
    }

    /// Between `low` and `high` seconds.
    pub const fn secs(low: u64, high: u64) -> Self {
        Self::millis(low * 1000, high * 1000)
    }

    /// The longest this delay can be.
    pub const fn longest(self) -> Duration {
        Duration::from_millis(self.high_ms)
    }
}

/// Every delay of the model that a request does not choose itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeModel {
    /// Instances and images.
    pub ec2: Ec2Timing,
    /// Groups.
    pub autoscaling: AutoScalingTiming,
    /// Classic load balancers.
    pub elb: ElbTiming,
    /// Application load balancers.
    pub elbv2: Elbv2Timing,
    /// Instance profiles.
    pub iam: IamTiming,
    /// Records.
    pub route53: Route53Timing,
    /// How many requests of each class may come; classes that are missing have no limit. See [`crate::throttle`].
    pub rates: BTreeMap<String, Rate>,
}

/// A token bucket's size and how it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// So many requests at once.
    pub burst: u32,
    /// Then so many in a thousand seconds.
    pub per_kilosecond: u32,
}

impl Rate {
    /// So many at once, then so many a second, to the thousandth.
    pub fn per_second(burst: u32, rate: f64) -> Self {
        // A float that does not fit is cut off at the nearest bound.
        Self { burst, per_kilosecond: (rate * 1000.0).round() as u32 }
    }
}

/// Delays of EC2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ec2Timing {
    /// RunInstances until the instance is `running`. 4.9 s (daemonology.net, 2021) to 16.6 s (brevdev),
    /// whatever the type.
    pub pending_to_running: Delay,
    /// `running` until the application accepts connections, for images without a figure of their own. 17 to
    /// 23 s for a bare system until sshd answers (daemonology.net, 2021); the application's own start comes
    /// on top.
    pub running_to_listening: Delay,
    /// StopInstances until `stopped`. Parameter.
    pub stopping_to_stopped: Delay,
    /// TerminateInstances until `terminated`. Parameter.
    pub shutting_down_to_terminated: Delay,
    /// How long a terminated instance stays visible: "usually less than one hour" (DescribeInstances).
    pub terminated_visible: Delay,
    /// `running` until the status checks say `ok`: "a few minutes" (user guide); the figure is a parameter.
    pub status_check_initial: Delay,
    /// A successful create until Describe by id finds the new instance or image. Parameter; waiters of all
    /// SDKs retry `InvalidInstanceID.NotFound` because of it.
    pub read_after_create_lag: Delay,
    /// CreateImage until `available`, drawn for each image: "takes minutes". Parameter.
    pub create_image: Delay,
    /// CopyImage until `available`. Parameter.
    pub copy_image: Delay,
    /// DeleteLoadBalancer until its network interfaces are gone and its security groups can be deleted:
    /// "minutes". Parameter.
    pub interface_release: Delay,
}

impl Default for Ec2Timing {
    fn default() -> Self {
        Self {
            pending_to_running: Delay::secs(5, 17),
            running_to_listening: Delay::secs(17, 23),
            stopping_to_stopped: Delay::secs(15, 40),
            shutting_down_to_terminated: Delay::secs(30, 60),
            terminated_visible: Delay::secs(3600, 3600),
            status_check_initial: Delay::secs(120, 300),
            read_after_create_lag: Delay::millis(0, 1500),
            create_image: Delay::secs(120, 600),
            copy_image: Delay::secs(180, 600),
            interface_release: Delay::secs(60, 180),
        }
    }
}

/// Delays of Auto Scaling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoScalingTiming {
    /// A change of capacity until the group acts on it. Parameter; activity logs show 2 to 4 s.
    pub reconcile: Delay,
    /// Time between two looks at the health of a group's instances: "periodic" (user guide); the figure is a
    /// parameter.
    pub health_check: Delay,
    /// `running`, or AttachLoadBalancers, until the group has registered the instance with its load balancers.
    /// Parameter.
    pub register: Delay,
    /// DeleteAutoScalingGroup until the name is free: can be over 5 minutes (terraform#1105, kops#844).
    /// Parameter.
    pub delete: Delay,
    /// Time between two steps of an instance refresh. Parameter.
    pub refresh_step: Delay,
    /// The time of a scheduled action until the group is sized: within seconds as a rule, and up to two minutes (user
    /// guide). Parameter.
    pub scheduled: Delay,
    /// An instance begins to wait for a lifecycle hook until somebody completes it with `CONTINUE`: the function or
    /// daemon that the hook was made for, which the model does not have. `null`: nobody does, and the hook's
    /// heartbeat runs out. Parameter; [`crate::model::autoscaling::Consumer`] says it for one hook.
    pub hook_answer: Option<Delay>,
    /// Whether an instance that is terminating still counts towards the desired number, so that its replacement is
    /// launched only once it is gone. Observed not to; no document says. Parameter.
    pub terminating_counts: bool,
    /// Whether a group that is deleted by force lets its instances leave their load balancers first. Not
    /// documented; Asgard's authors saw requests reach terminated instances. Parameter.
    pub force_delete_drains: bool,
}

impl Default for AutoScalingTiming {
    fn default() -> Self {
        Self {
            reconcile: Delay::secs(2, 5),
            health_check: Delay::secs(30, 30),
            register: Delay::secs(2, 10),
            delete: Delay::secs(30, 120),
            refresh_step: Delay::secs(10, 20),
            scheduled: Delay::secs(0, 10),
            hook_answer: Some(Delay::secs(5, 15)),
            terminating_counts: false,
            force_delete_drains: false,
        }
    }
}

/// Delays of classic load balancing. Health check interval, thresholds and draining come with the load
/// balancer itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ElbTiming {
    /// Registration until the first health check: "up to about 30 seconds" (ts-elb-register-instance).
    pub registration_lag: Delay,
    /// Passes until a newly registered instance is in service. The guides disagree: one pass, or the healthy
    /// threshold.
    pub initial_passes: u32,
    /// How long the longest open request goes on after its instance begins to leave; draining waits for it,
    /// up to the load balancer's own timeout. Parameter, as long as no traffic is modelled.
    pub open_requests: Delay,
    /// CreateLoadBalancer until its DNS name resolves. Parameter.
    pub dns_lag: Delay,
}

impl Default for ElbTiming {
    fn default() -> Self {
        Self {
            registration_lag: Delay::secs(0, 30),
            initial_passes: 1,
            open_requests: Delay::secs(0, 20),
            dns_lag: Delay::secs(10, 60),
        }
    }
}

/// Delays of application load balancing. Health check interval, thresholds and deregistration delay come with the target
/// group itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Elbv2Timing {
    /// CreateLoadBalancer until `provisioning` turns to `active`: minutes. Parameter; the waiters of the SDKs allow ten.
    pub provisioning: Delay,
    /// Registration until the first health check. Parameter.
    pub registration_lag: Delay,
}

impl Default for Elbv2Timing {
    fn default() -> Self {
        Self { provisioning: Delay::secs(90, 180), registration_lag: Delay::secs(0, 15) }
    }
}

/// Delays of IAM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IamTiming {
    /// CreateInstanceProfile until EC2 and Auto Scaling know the profile: seconds, at times a minute. Terraform's
    /// provider retries for two minutes because of it. Parameter.
    pub instance_profile_propagation: Delay,
}

impl Default for IamTiming {
    fn default() -> Self {
        Self { instance_profile_propagation: Delay::secs(5, 15) }
    }
}

/// Delays of Route 53.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Route53Timing {
    /// `PENDING` until `INSYNC`: "generally within 60 seconds" (ChangeResourceRecordSets).
    pub insync: Delay,
}

impl Default for Route53Timing {
    fn default() -> Self {
        Self { insync: Delay::secs(10, 60) }
    }
}

impl TimeModel {
    /// The defaults: as long as AWS takes, as far as that is known.
    pub fn aws_like() -> Self {
        Self::default()
    }

    /// The same, and requests are limited as documented: what programs of their own meet.
    pub fn limited(self) -> Self {
        Self { rates: crate::throttle::documented(), ..self }
    }

    /// Every step takes between some milliseconds and a second: each intermediate state can be seen, nobody
    /// waits.
    pub fn fast() -> Self {
        let blink = Delay::millis(100, 200);
        Self {
            ec2: Ec2Timing {
                pending_to_running: Delay::millis(200, 400),
                running_to_listening: blink,
                stopping_to_stopped: Delay::millis(200, 400),
                shutting_down_to_terminated: Delay::millis(200, 400),
                terminated_visible: Delay::secs(3600, 3600),
                status_check_initial: Delay::millis(300, 500),
                read_after_create_lag: Delay::NONE,
                create_image: Delay::millis(400, 600),
                copy_image: Delay::millis(400, 600),
                interface_release: blink,
            },
            autoscaling: AutoScalingTiming {
                reconcile: blink,
                health_check: Delay::millis(500, 500),
                register: blink,
                delete: Delay::millis(300, 500),
                refresh_step: blink,
                scheduled: Delay::NONE,
                hook_answer: Some(blink),
                terminating_counts: false,
                force_delete_drains: false,
            },
            elb: ElbTiming {
                registration_lag: blink,
                initial_passes: 1,
                open_requests: blink,
                dns_lag: blink,
            },
            elbv2: Elbv2Timing { provisioning: Delay::millis(300, 500), registration_lag: blink },
            iam: IamTiming { instance_profile_propagation: blink },
            route53: Route53Timing { insync: Delay::millis(200, 400) },
            rates: BTreeMap::new(),
        }
    }

    /// No delays: every event has happened by the next request. Periodic looks still need a period, of one
    /// second.
    pub fn instant() -> Self {
        Self {
            ec2: Ec2Timing {
                pending_to_running: Delay::NONE,
                running_to_listening: Delay::NONE,
                stopping_to_stopped: Delay::NONE,
                shutting_down_to_terminated: Delay::NONE,
                terminated_visible: Delay::secs(3600, 3600),
                status_check_initial: Delay::NONE,
                read_after_create_lag: Delay::NONE,
                create_image: Delay::NONE,
                copy_image: Delay::NONE,
                interface_release: Delay::NONE,
            },
            autoscaling: AutoScalingTiming {
                reconcile: Delay::NONE,
                health_check: Delay::secs(1, 1),
                register: Delay::NONE,
                delete: Delay::NONE,
                refresh_step: Delay::NONE,
                scheduled: Delay::NONE,
                hook_answer: Some(Delay::NONE),
                terminating_counts: false,
                force_delete_drains: false,
            },
            elb: ElbTiming {
                registration_lag: Delay::NONE,
                initial_passes: 1,
                open_requests: Delay::NONE,
                dns_lag: Delay::NONE,
            },
            elbv2: Elbv2Timing { provisioning: Delay::NONE, registration_lag: Delay::NONE },
            iam: IamTiming { instance_profile_propagation: Delay::NONE },
            route53: Route53Timing { insync: Delay::NONE },
            rates: BTreeMap::new(),
        }
    }

    /// A profile by name: `aws-like` (with limits), `fast` or `instant`; `None` for any other word.
    pub fn named(profile: &str) -> Option<Self> {
        match profile {
            "aws-like" => Some(Self::aws_like().limited()),
            "fast" => Some(Self::fast()),
            "instant" => Some(Self::instant()),
            _ => None,
        }
    }
}
