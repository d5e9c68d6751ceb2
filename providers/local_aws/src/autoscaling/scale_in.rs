//! Which instances scale-in takes ("control which Auto Scaling instances terminate during scale in").

use std::collections::BTreeMap;

use crate::model::autoscaling::{Group, Launch, Member};
use crate::model::ec2::InstanceId;
use crate::model::{Model, Time};

/// The termination policies (DescribeTerminationPolicyTypes); besides them a Lambda function's ARN is allowed.
pub const POLICIES: [&str; 7] = [
    "AllocationStrategy",
    "ClosestToNextInstanceHour",
    "Default",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchConfiguration",
    "OldestLaunchTemplate",
];

type Candidate<'a> = (&'a InstanceId, &'a Member);

/// So many instances: each time one from the zone with the most, of those that are not protected, by the group's
/// termination policies.
pub fn victims(model: &Model, group: &Group, count: u64) -> Vec<InstanceId> {
    let mut left: BTreeMap<&InstanceId, &Member> =
        group.members.iter().filter(|(_, member)| member.state.counts()).collect();
    let mut chosen = Vec::new();
    for _ in 0..count {
        let Some(id) = victim(model, group, &left).cloned() else { break };
        left.remove(&id);
        chosen.push(id);
    }
    chosen
}

fn victim<'a>(
    model: &Model,
    group: &Group,
    left: &BTreeMap<&'a InstanceId, &'a Member>,
) -> Option<&'a InstanceId> {
    let mut crowd: BTreeMap<&str, usize> = BTreeMap::new();
    left.values().for_each(|member| *crowd.entry(member.zone.as_str()).or_default() += 1);
    let open: Vec<Candidate<'a>> =
        left.iter().filter(|(_, member)| !member.protected).map(|(id, member)| (*id, *member)).collect();
    let crowded = |(_, member): &Candidate<'_>| crowd.get(member.zone.as_str()).copied().unwrap_or_default();
    // Zones that are no longer the group's come first, then the fullest.
    let stays = |(_, member): &Candidate<'_>| group.zones.contains(&member.zone);
    let fullest = best(open, |candidate| (stays(candidate), std::cmp::Reverse(crowded(candidate))));
    let policies = &group.settings.termination_policies;
    let chosen = policies.iter().fold(fullest, |open, policy| narrow(model, group, policy, open));
    chosen.first().map(|(id, _)| *id)
}

/// Those of the candidates that a policy would end.
fn narrow<'a>(model: &Model, group: &Group, policy: &str, open: Vec<Candidate<'a>>) -> Vec<Candidate<'a>> {
    match policy {
        "OldestInstance" => best(open, |(_, member)| member.launched),
        "NewestInstance" => best(open, |(_, member)| std::cmp::Reverse(member.launched)),
        "OldestLaunchConfiguration" => best(open, |(_, member)| configuration_age(model, member)),
        "OldestLaunchTemplate" => best(open, |(_, member)| template_age(group, member)),
        "ClosestToNextInstanceHour" => best(open, |(_, member)| until_next_hour(model.now, member)),
        "Default" => ["OldestLaunchConfiguration", "OldestLaunchTemplate", "ClosestToNextInstanceHour"]
            .into_iter()
            .fold(open, |open, policy| narrow(model, group, policy, open)),
        // Allocation strategies and functions of one's own are not modelled: they leave all.
        _ => open,
    }
}

/// All candidates whose key is the least.
fn best<'a, K: Ord>(open: Vec<Candidate<'a>>, key: impl Fn(&Candidate<'a>) -> K) -> Vec<Candidate<'a>> {
    let Some(least) = open.iter().map(&key).min() else { return open };
    open.into_iter().filter(|candidate| key(candidate) == least).collect()
}

/// Launch configurations by age, one that is deleted before all; instances of templates come after them.
fn configuration_age(model: &Model, member: &Member) -> (bool, Option<Time>) {
    match &member.launch {
        Launch::Configuration(name) => {
            (false, model.autoscaling.configurations.get(name).map(|found| found.created))
        }
        Launch::Template(_) => (true, None),
    }
}

/// Templates other than the group's first, then its versions by age.
fn template_age(group: &Group, member: &Member) -> (bool, u64) {
    match (&member.launch, &group.launch) {
        (Launch::Template(of), Launch::Template(now)) if of.id == now.id => {
            (true, of.version.parse().unwrap_or(u64::MAX))
        }
        (Launch::Template(_), _) => (false, 0),
        (Launch::Configuration(_), _) => (true, u64::MAX),
    }
}

/// Milliseconds until the instance has run for another full hour.
fn until_next_hour(now: Time, member: &Member) -> u64 {
    const HOUR: u128 = 3_600_000;
    let into = now.since(member.launched).as_millis() % HOUR;
    u64::try_from(HOUR - into).unwrap_or(u64::MAX)
}
