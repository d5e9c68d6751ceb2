//! What one can read off a modelled AWS at a moment: how many instances of each group serve, boot and drain, and what
//! each load balancer sends requests to. Reading changes nothing and draws no chance.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::LocalAws;
use crate::autoscaling::front;
use crate::ec2::fleet;
use crate::elb;
use crate::elbv2::health as checks;
use crate::model::autoscaling::{Attachment, Group, Launch, Member, MemberState};
use crate::model::behaviour::Condition;
use crate::model::ec2::{InstanceId, InstanceState};
use crate::model::elb::Balancer;
use crate::model::{Model, Time};

/// The tag that says which resource of a program a group stands for. Two groups with one address are two generations
/// of the same.
pub const ADDRESS_TAG: &str = "infra:address";

/// All groups and load balancers of an account in a region at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gauge {
    /// The moment.
    pub at: Time,
    /// By name.
    pub groups: BTreeMap<String, GroupGauge>,
    /// By name.
    pub balancers: BTreeMap<String, BalancerGauge>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupGauge {
    /// Its tag `infra:address`.
    pub address: Option<String>,
    /// Its least size.
    pub min: u64,
    /// Its greatest size.
    pub max: u64,
    /// The size it wants.
    pub desired: u64,
    /// What it launches: the name of a configuration, or name and version of a template.
    pub launch: String,
    /// Processes that are suspended.
    pub suspended: BTreeSet<String>,
    /// Load balancers it is attached to.
    pub balancers: BTreeSet<String>,
    /// Whether it is pending delete.
    pub deleting: bool,
    /// Its instances, by id.
    pub members: BTreeMap<String, MemberGauge>,
}

/// An instance of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberGauge {
    /// What it was made from.
    pub image: String,
    /// Its availability zone.
    pub zone: String,
    /// The group's word for where it is: `Pending`, `InService`, ….
    pub lifecycle: String,
    /// In service in the group, healthy, and passing the check of every load balancer and target group of the group. In a group
    /// without load balancers the first two do, unless another group of its address has some: then it is the one that
    /// has left them.
    pub serving: bool,
    /// On its way into service: pending in the group, or its application has not begun to listen.
    pub booting: bool,
    /// Leaving a load balancer, open requests finishing.
    pub draining: bool,
}

/// A load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerGauge {
    /// What it has in each availability zone, those without instances included.
    pub zones: BTreeMap<String, ZoneGauge>,
}

/// The instances of a load balancer in a zone. Each registered one counts once in `registered`, and in at most one of
/// the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneGauge {
    /// Registered, leaving ones included.
    pub registered: usize,
    /// Taking new requests.
    pub in_service: usize,
    /// Leaving.
    pub draining: usize,
}

impl LocalAws {
    /// Reads the gauges of an account in a region at `now`.
    pub fn gauge(&self, account: &str, region: &str, now: Time) -> Gauge {
        self.with_model(account, region, now, |model| Gauge::of(model))
    }
}

impl Gauge {
    /// Reads the gauges of a model as it is.
    pub fn of(model: &Model) -> Self {
        let groups = &model.autoscaling.groups;
        let fronted = |group: &&Group| front::all(group).next().is_some();
        let behind: BTreeSet<&str> = groups.values().filter(fronted).filter_map(address).collect();
        let gauge = |group: &Group| {
            let left = !fronted(&group) && address(group).is_some_and(|a| behind.contains(a));
            group_gauge(model, group, left)
        };
        Self {
            at: model.now,
            groups: groups.values().map(|group| (group.name.clone(), gauge(group))).collect(),
            balancers: model
                .elb
                .balancers
                .values()
                .map(|balancer| (balancer.name.clone(), balancer_gauge(model, balancer)))
                .collect(),
        }
    }

    /// How many instances of groups serve.
    pub fn serving(&self) -> usize {
        self.groups.values().map(GroupGauge::serving).sum()
    }

    /// How many instances groups have, on their way in and out included.
    pub fn instances(&self) -> usize {
        self.groups.values().map(|group| group.members.len()).sum()
    }

    /// The groups that stand for a resource of a program.
    pub fn of_address<'a>(&'a self, address: &'a str) -> impl Iterator<Item = (&'a str, &'a GroupGauge)> {
        let ours = move |group: &GroupGauge| group.address.as_deref() == Some(address);
        self.groups.iter().filter(move |(_, group)| ours(group)).map(|(name, group)| (name.as_str(), group))
    }
}

impl GroupGauge {
    /// How many of its instances serve.
    pub fn serving(&self) -> usize {
        self.members.values().filter(|member| member.serving).count()
    }

    /// How many of its instances serve, by zone; zones in which none serves included.
    pub fn serving_by_zone(&self) -> BTreeMap<&str, usize> {
        let mut zones = BTreeMap::new();
        for member in self.members.values() {
            *zones.entry(member.zone.as_str()).or_default() += usize::from(member.serving);
        }
        zones
    }
}

impl BalancerGauge {
    /// How many instances take new requests, in all zones.
    pub fn in_service(&self) -> usize {
        self.zones.values().map(|zone| zone.in_service).sum()
    }
}

fn address(group: &Group) -> Option<&str> {
    group.tags.get(ADDRESS_TAG).map(|tag| tag.value.as_str())
}

/// `left` says that the group has left its load balancers to another generation of itself.
fn group_gauge(model: &Model, group: &Group, left: bool) -> GroupGauge {
    let open = |attachment: &Attachment| *attachment == Attachment::Attached;
    let member = |(id, member): (&InstanceId, &Member)| {
        let mut gauge = member_gauge(model, group, id, member);
        gauge.serving &= !left;
        (id.to_string(), gauge)
    };
    GroupGauge {
        address: address(group).map(str::to_owned),
        min: group.size.min,
        max: group.size.max,
        desired: group.size.desired,
        launch: launch(&group.launch),
        suspended: group.suspended.keys().cloned().collect(),
        balancers: group
            .balancers
            .iter()
            .filter(|(_, how)| open(how))
            .map(|(name, _)| name.clone())
            .collect(),
        deleting: group.deleting,
        members: group.members.iter().map(member).collect(),
    }
}

fn launch(launch: &Launch) -> String {
    match launch {
        Launch::Configuration(name) => name.clone(),
        Launch::Template(template) => format!("{} {}", template.name, template.version),
    }
}

fn member_gauge(model: &Model, group: &Group, id: &InstanceId, member: &Member) -> MemberGauge {
    let in_service = member.state == MemberState::InService;
    let instance = fleet::instance(model, id.as_str());
    let (mut passes, mut draining) = (true, false);
    for balancer in group.balancers.keys().map(|name| model.elb.balancers.get(name)) {
        let seat = balancer.and_then(|balancer| balancer.registrations.get(id));
        draining |= seat.is_some_and(|seat| seat.leaves.is_some());
        passes &= balancer.zip(instance).is_some_and(|(balancer, instance)| {
            elb::judge(model, balancer, seat, instance).is_some_and(|health| health.takes_requests())
        });
    }
    for arn in &group.target_groups {
        draining |= front::is_draining(model, arn, id);
        passes &= checks::is_unwatched(model, arn) || checks::takes_requests(model, arn, id);
    }
    let running = instance.is_some_and(|instance| instance.state == InstanceState::Running);
    let pending = instance.is_some_and(|instance| instance.state == InstanceState::Pending);
    let heard = |(from, condition): &(Time, Condition)| *from <= model.now && condition.is_open();
    let new = instance.is_some_and(|instance| !instance.life.changes().iter().any(heard));
    MemberGauge {
        image: instance.map(|instance| instance.image.to_string()).unwrap_or_default(),
        zone: member.zone.clone(),
        lifecycle: member.state.word().to_owned(),
        serving: in_service && member.healthy && passes && !draining && running,
        booting: member.state.is_pending() || (in_service && (pending || new)),
        draining,
    }
}

fn balancer_gauge(model: &Model, balancer: &Balancer) -> BalancerGauge {
    let mut zones: BTreeMap<String, ZoneGauge> =
        balancer.zones.iter().map(|zone| (zone.clone(), ZoneGauge::default())).collect();
    for (id, seat) in &balancer.registrations {
        let Some(instance) = fleet::instance(model, id.as_str()) else { continue };
        let health = elb::judge(model, balancer, Some(seat), instance);
        let zone = match zones.get_mut(&instance.zone) {
            Some(zone) => zone,
            None => zones.entry(instance.zone.clone()).or_default(),
        };
        zone.registered += 1;
        zone.draining += usize::from(seat.leaves.is_some());
        zone.in_service += usize::from(health.is_some_and(|health| health.takes_requests()));
    }
    BalancerGauge { zones }
}
