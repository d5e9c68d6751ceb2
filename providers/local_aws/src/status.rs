//! How a cloud is, for people and programs: its gauges, where its load balancers are reached, what they have counted, and
//! what has yet to go wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::gauge::{BalancerGauge, Gauge, GroupGauge, MemberGauge};
use crate::handle::LocalAws;
use crate::model::Time;
use crate::plane::{Plane, Tally};

/// A cloud at a moment. Displayed, it is lines for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The moment.
    pub at: Time,
    /// By `account/region`.
    pub places: BTreeMap<String, Place>,
    /// What has yet to go wrong.
    pub faults: Vec<Fault>,
}

/// An account in a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What one can read off it.
    pub gauge: Gauge,
    /// Load balancers that answer requests, by name.
    pub served: BTreeMap<String, Served>,
}

/// A load balancer that answers requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// Where, by the listener's port.
    pub ports: BTreeMap<u16, SocketAddr>,
    /// What it has counted.
    pub tally: Tally,
}

impl LocalAws {
    /// How the cloud is at `now`; `plane` is its data plane, if it has one.
    pub fn status(&self, now: Time, plane: Option<&Plane>) -> Status {
        let gauges: BTreeMap<String, Gauge> = self.with_cloud(now, |cloud| {
            let gauge = |model| Gauge::of(model);
            cloud
                .models()
                .map(|model| (format!("{}/{}", model.account, model.region), gauge(model)))
                .collect()
        });
        let place = |(name, gauge): (String, Gauge)| {
            let served = plane.map(|plane| served(plane, &name, &gauge)).unwrap_or_default();
            (name, Place { gauge, served })
        };
        Status { at: now, places: gauges.into_iter().map(place).collect(), faults: self.faults(now) }
    }
}

fn served(plane: &Plane, place: &str, gauge: &Gauge) -> BTreeMap<String, Served> {
    let served = |name: &String| Served { ports: plane.ports(place, name), tally: plane.tally(place, name) };
    gauge.balancers.keys().map(|name| (name.clone(), served(name))).collect()
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.at)?;
        for (name, place) in self.places.iter().filter(|(_, place)| !place.is_empty()) {
            writeln!(f, "\n{name}")?;
            for (name, group) in &place.gauge.groups {
                write_group(f, name, group)?;
            }
            for (name, balancer) in &place.gauge.balancers {
                write_balancer(f, name, balancer, place.served.get(name))?;
            }
        }
        if !self.faults.is_empty() {
            writeln!(f, "\nstill to go wrong")?;
        }
        self.faults.iter().try_for_each(|fault| writeln!(f, "  {fault}"))
    }
}

impl Place {
    fn is_empty(&self) -> bool {
        self.gauge.groups.is_empty() && self.gauge.balancers.is_empty()
    }
}

fn write_group(f: &mut fmt::Formatter<'_>, name: &str, group: &GroupGauge) -> fmt::Result {
    let address = group.address.as_ref().map(|address| format!(" ({address})")).unwrap_or_default();
    let (serving, all) = (group.serving(), group.members.len());
    let GroupGauge { min, max, desired, launch, .. } = group;
    write!(
        f,
        "  group {name}{address}: {serving} of {all} serve; wants {desired} of {min} to {max}; {launch}"
    )?;
    if !group.suspended.is_empty() {
        let names: Vec<&str> = group.suspended.iter().map(String::as_str).collect();
        write!(f, "; suspended: {}", names.join(", "))?;
    }
    writeln!(f, "{}", if group.deleting { "; being deleted" } else { "" })?;
    group.members.iter().try_for_each(|(id, member)| write_member(f, id, member))
}

fn write_member(f: &mut fmt::Formatter<'_>, id: &str, member: &MemberGauge) -> fmt::Result {
    let MemberGauge { image, zone, lifecycle, serving, booting, draining } = member;
    let how = [(*serving, ", serves"), (*booting, ", boots"), (*draining, ", drains")];
    let how: String = how.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    writeln!(f, "    {id} {image} {zone} {lifecycle}{how}")
}

fn write_balancer(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    balancer: &BalancerGauge,
    served: Option<&Served>,
) -> fmt::Result {
    let zones = balancer.zones.iter().map(|(zone, seen)| {
        let draining = if seen.draining > 0 { format!(" ({} drain)", seen.draining) } else { String::new() };
        format!("{} in {zone}{draining}", seen.in_service)
    });
    let zones: Vec<String> = zones.collect();
    writeln!(f, "  elb {name}: {} in service: {}", balancer.in_service(), zones.join(", "))?;
    let Some(served) = served else { return Ok(()) };
    for (port, address) in &served.ports {
        writeln!(f, "    {port} is http://{address}")?;
    }
    write_tally(f, &served.tally)
}

fn write_tally(f: &mut fmt::Formatter<'_>, tally: &Tally) -> fmt::Result {
    if tally.requests == 0 {
        return Ok(());
    }
    let counts =
        |map: Vec<String>| if map.is_empty() { String::new() } else { format!("; {}", map.join(", ")) };
    let statuses = tally.by_status.iter().map(|(status, count)| format!("{status}: {count}")).collect();
    let images = tally.by_image.iter().map(|(image, count)| format!("{image}: {count}")).collect();
    let (requests, failed) = (tally.requests, tally.failed());
    writeln!(f, "    {requests} requests, {failed} failed{}{}", counts(statuses), counts(images))
}
