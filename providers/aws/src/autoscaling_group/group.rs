//! A live group and its instances as the swap sees them: plain data, so that decisions are tables.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::launching::{Launched, Launching};

/// A live group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Group {
    /// Its name, which is its id.
    pub(crate) name: String,
    /// Never fewer instances.
    pub(crate) min: i32,
    /// Never more instances.
    pub(crate) max: i32,
    /// How many it keeps now.
    pub(crate) desired: i32,
    /// What it launches instances from.
    pub(crate) launching: Launching,
    /// `EC2` or `ELB`.
    pub(crate) health_check_type: String,
    /// For how many seconds after coming into service an instance's health does not count.
    pub(crate) grace: i32,
    /// The classic load balancers it is attached to; those it is leaving are not among them.
    pub(crate) balancers: BTreeSet<String>,
    /// Suspended processes, each with AWS's reason.
    pub(crate) suspended: BTreeMap<String, String>,
    /// The metrics that are collected.
    pub(crate) metrics: BTreeSet<String>,
    /// Its instances, those that are ending too.
    pub(crate) members: Vec<Member>,
    /// Whether it is being deleted.
    pub(crate) deleting: bool,
    /// The token of the step that made it.
    pub(crate) token: Option<String>,
    /// Whose swap it is in the middle of, by the token of the step that pinned it.
    pub(crate) claim: Option<String>,
}

/// An instance of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Member {
    /// `i-…`.
    pub(crate) id: String,
    /// Its availability zone.
    pub(crate) zone: String,
    /// In service and healthy in the group's eyes, which says nothing about load balancers.
    pub(crate) ready: bool,
    /// Left alone when the group shrinks.
    pub(crate) protected: bool,
    /// On its way out, or set aside: it takes no place of the desired size.
    pub(crate) away: bool,
    /// What it was launched from.
    pub(crate) launched: Launched,
}

impl Group {
    /// The instances that are in service and healthy in the group's eyes.
    pub(crate) fn ready(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.ready)
    }

    /// How many instances serve: ready, and passing the check of every one of `balancers`.
    pub(crate) fn serving(&self, balancers: &BTreeSet<String>, health: &Health) -> i32 {
        let serving =
            self.ready().filter(|member| balancers.iter().all(|name| health.passes(name, &member.id)));
        count(serving.count())
    }

    /// How many instances one of `balancers` still has on its list, those with open connections included.
    pub(crate) fn registered(&self, balancers: &BTreeSet<String>, health: &Health) -> usize {
        let registered = |member: &&Member| balancers.iter().any(|name| health.registered(name, &member.id));
        self.members.iter().filter(registered).count()
    }
}

/// A number of instances as AWS counts them.
pub(crate) fn count(instances: usize) -> i32 {
    i32::try_from(instances).unwrap_or(i32::MAX)
}

/// What a load balancer says about an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// It gets requests.
    Passes,
    /// It is on the list and gets no new requests: it fails, is not looked at yet, or is draining.
    Registered,
    /// It is not on the list.
    Unregistered,
}

impl Check {
    /// What `DescribeInstanceHealth` means. A draining instance is `InService` too; only the description tells, and
    /// AWS has no code for that. It may hold several sentences.
    pub(crate) fn read(state: Option<&str>, description: Option<&str>) -> Self {
        match (state, description.unwrap_or("N/A")) {
            (Some("InService"), "N/A") => Self::Passes,
            (_, text) if text.contains("not currently registered") => Self::Unregistered,
            _ => Self::Registered,
        }
    }
}

/// What load balancers say about instances: by balancer, by instance. What is absent does not pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Health(pub(crate) BTreeMap<String, BTreeMap<String, Check>>);

impl Health {
    fn check(&self, balancer: &str, instance: &str) -> Check {
        let known = self.0.get(balancer).and_then(|instances| instances.get(instance));
        known.copied().unwrap_or(Check::Unregistered)
    }

    /// Whether an instance gets requests from a balancer.
    pub(crate) fn passes(&self, balancer: &str, instance: &str) -> bool {
        self.check(balancer, instance) == Check::Passes
    }

    /// How many instances get requests from a balancer.
    pub(crate) fn passing(&self, balancer: &str) -> usize {
        let known = self.0.get(balancer).into_iter().flat_map(BTreeMap::values);
        known.filter(|check| **check == Check::Passes).count()
    }

    fn registered(&self, balancer: &str, instance: &str) -> bool {
        self.check(balancer, instance) != Check::Unregistered
    }
}

/// What a group has done lately.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Activities {
    /// How many instances it has ended or begun to end.
    pub(crate) ended: i32,
    /// Why its latest launch has failed.
    pub(crate) failure: Option<String>,
    /// Why no launch of it can succeed.
    pub(crate) hopeless: Option<String>,
    /// Whether its latest failure is that there was no capacity, which may come back.
    pub(crate) starved: bool,
}

/// What AWS says when launching again cannot help. Activities carry prose and no code, so this is matched by its
/// words; what is missing here only makes a swap wait for its time limit.
const HOPELESS: [&str; 14] = [
    "does not exist",
    "is not valid",
    "Invalid IAM Instance Profile",
    "Invalid id:",
    "You have requested more",
    "InstanceLimitExceeded",
    "VcpuLimitExceeded",
    "VolumeLimitExceeded",
    "Cannot find Load Balancer",
    "There is no ACTIVE Load Balancer",
    "MaxSpotInstanceCountExceeded",
    "not authorized to perform",
    "Client.InternalError",
    "Client error on launch",
];

/// What AWS says when there is no room for an instance now.
const STARVED: [&str; 2] = ["do not have sufficient", "InsufficientInstanceCapacity"];

impl Activities {
    /// Sums up activities, the newest first, each as description, whether it failed, and message.
    pub(crate) fn sum<'a>(all: impl IntoIterator<Item = (&'a str, bool, &'a str)>) -> Self {
        let mut sum = Self::default();
        for (description, failed, message) in all {
            // The description is the only thing that tells a launch from an end.
            sum.ended += i32::from(description.starts_with("Terminating") && !failed);
            if failed && sum.failure.is_none() {
                sum.starved = STARVED.iter().any(|words| message.contains(words));
                sum.failure = Some(message.to_owned());
            }
            if failed && sum.hopeless.is_none() && HOPELESS.iter().any(|words| message.contains(words)) {
                sum.hopeless = Some(message.to_owned());
            }
        }
        sum
    }

    /// Why `size` instances that nobody wants to end will not come up: no launch can succeed, or they end by
    /// themselves and each has been launched again.
    pub(crate) fn given_up(&self, size: i32) -> Option<String> {
        let relaunched =
            || format!("{} instances have ended by themselves and were launched again", self.ended);
        self.hopeless.clone().or_else(|| (self.ended > size.max(1)).then(relaunched))
    }
}

/// How an old group was before the swap touched it: written down first, restored on every way back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Pinned {
    /// Its minimum.
    pub(crate) min: i32,
    /// Its maximum.
    pub(crate) max: i32,
    /// Its desired size.
    pub(crate) desired: i32,
    /// Its health check type.
    pub(crate) health_check_type: String,
    /// Its suspended processes.
    pub(crate) suspended: BTreeSet<String>,
    /// Its load balancers.
    pub(crate) balancers: BTreeSet<String>,
    /// How many of its instances served.
    pub(crate) serving: i32,
    /// What it launched instances from.
    #[serde(default)]
    pub(crate) launching: Launching,
    /// For how many seconds after coming into service an instance's health did not count.
    #[serde(default)]
    pub(crate) grace: i32,
    /// Whether a load balancer keeps to its zones, so that each zone has to serve by itself.
    #[serde(default)]
    pub(crate) zoned: bool,
    /// How many instances above its size it runs with while it rolls.
    #[serde(default)]
    pub(crate) surge: i32,
    /// The latest thing it had done: whatever is newer belongs to the swap.
    #[serde(default)]
    pub(crate) latest: Option<String>,
    /// The mark that the swap leaves on it.
    #[serde(default)]
    pub(crate) claim: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_in_service_passes() {
        for (state, description, expected) in [
            ("InService", "N/A", Check::Passes),
            ("InService", "Instance deregistration currently in progress.", Check::Registered),
            ("OutOfService", "Instance registration is still in progress.", Check::Registered),
            (
                "OutOfService",
                "Instance is not currently registered with the LoadBalancer.",
                Check::Unregistered,
            ),
            ("Unknown", "A transient error occurred. Please try again later.", Check::Registered),
        ] {
            assert_eq!(Check::read(Some(state), Some(description)), expected, "{state}: {description}");
        }
    }

    #[test]
    fn an_instance_that_one_balancer_does_not_list_does_not_serve() {
        let member = Member { id: "i-1".into(), ready: true, ..Member::default() };
        let group = Group { members: vec![member], ..Group::default() };
        let both = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let passes = BTreeMap::from([("i-1".to_owned(), Check::Passes)]);
        let one = Health(BTreeMap::from([("a".to_owned(), passes.clone())]));
        assert_eq!(group.serving(&both, &one), 0);
        let all = Health(BTreeMap::from([("a".to_owned(), passes.clone()), ("b".to_owned(), passes)]));
        assert_eq!(group.serving(&both, &all), 1);
        assert_eq!(group.serving(&BTreeSet::new(), &one), 1, "without balancers, ready is serving");
    }

    #[test]
    fn a_group_is_given_up_when_no_launch_can_help() {
        let capacity =
            "We currently do not have sufficient t3.small capacity in the Availability Zone you requested";
        let missing = "The security group 'sg-1' does not exist. Launching EC2 instance failed.";
        let launch = "Launching a new EC2 instance";
        assert_eq!(Activities::sum([(launch, true, capacity)]).given_up(2), None);
        assert_eq!(Activities::sum([(launch, true, missing)]).given_up(2).as_deref(), Some(missing));
        let ends =
            |times| Activities::sum(std::iter::repeat_n(("Terminating EC2 instance: i-1", false, ""), times));
        assert_eq!(ends(2).given_up(2), None);
        assert!(ends(3).given_up(2).is_some());
    }
}
