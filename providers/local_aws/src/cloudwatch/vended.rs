//! What AWS's own services report to CloudWatch each minute.

use crate::elb::health;
use crate::model::autoscaling::{Group, MemberState};
use crate::model::cloudwatch::LoadTarget;
use crate::model::ec2::InstanceId;
use crate::model::elb::Balancer;
use crate::model::metrics::{MINUTE, Metric, Sample};
use crate::model::{Model, Time};
use crate::traffic;

/// A figure with its metric and unit.
struct Figure {
    metric: Metric,
    unit: &'static str,
    sample: Sample,
}

/// Everything that reports how it is.
const GAUGES: [fn(&Model) -> Vec<Figure>; 3] = [group_sizes, hosts, processors];

/// Records what all services report of the minute that ends now.
pub fn collect(model: &mut Model) {
    let at = Time(model.now.0.saturating_sub(MINUTE.as_millis() as u64));
    let gauges = GAUGES.iter().flat_map(|gauge| gauge(model));
    let figures: Vec<Figure> = gauges.chain(requests(model, at)).collect();
    for Figure { metric, unit, sample } in figures {
        model.cloudwatch.metrics.hold(metric, at, unit, sample);
    }
}

/// `AWS/AutoScaling`: the metrics of groups that collect them (EnableMetricsCollection).
fn group_sizes(model: &Model) -> Vec<Figure> {
    let figures = |group: &Group| -> Vec<Figure> {
        let names = group.metrics.iter();
        let figure = |name: &String| {
            let dimensions = [("AutoScalingGroupName", group.name.as_str())];
            let metric = Metric::new("AWS/AutoScaling", name, &dimensions);
            Some(Figure { metric, unit: "None", sample: Sample::one(group_size(group, name)?) })
        };
        names.filter_map(figure).collect()
    };
    model.autoscaling.groups.values().flat_map(figures).collect()
}

fn group_size(group: &Group, name: &str) -> Option<f64> {
    let count = |fits: fn(MemberState) -> bool| {
        group.members.values().filter(|member| fits(member.state)).count() as f64
    };
    match name {
        "GroupMinSize" => Some(group.size.min as f64),
        "GroupMaxSize" => Some(group.size.max as f64),
        "GroupDesiredCapacity" => Some(group.size.desired as f64),
        "GroupInServiceInstances" => Some(count(|state| state.word() == "InService")),
        "GroupPendingInstances" => Some(count(|state| state.word().starts_with("Pending"))),
        "GroupStandbyInstances" => Some(count(|state| state.word() == "Standby")),
        "GroupTerminatingInstances" => Some(count(|state| state.word().starts_with("Terminating"))),
        "GroupTotalInstances" => Some(count(|state| !state.is_warm())),
        _ => None,
    }
}

/// `AWS/ELB`: how many instances are healthy, for each load balancer and for each of its zones.
fn hosts(model: &Model) -> Vec<Figure> {
    model.elb.balancers.values().flat_map(|balancer| hosts_of(model, balancer)).collect()
}

fn hosts_of(model: &Model, balancer: &Balancer) -> Vec<Figure> {
    let of_zone = |zone: Option<&str>| {
        let registered =
            balancer.registrations.iter().filter(|(_, registration)| registration.leaves.is_none());
        let there = registered.filter(|(id, _)| zone.is_none_or(|zone| zone_of(model, id) == Some(zone)));
        let healthy = |id: &&InstanceId| health::takes_requests(model, &balancer.name, id);
        let (well, ill): (Vec<&InstanceId>, Vec<&InstanceId>) = there.map(|(id, _)| id).partition(healthy);
        let dimensions = [("LoadBalancerName", Some(balancer.name.as_str())), ("AvailabilityZone", zone)];
        let dimensions: Vec<(&str, &str)> =
            dimensions.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect();
        let figure = |name: &str, hosts: usize| Figure {
            metric: Metric::new("AWS/ELB", name, &dimensions),
            unit: "Count",
            sample: Sample::one(hosts as f64),
        };
        [figure("HealthyHostCount", well.len()), figure("UnHealthyHostCount", ill.len())]
    };
    let zones = balancer.zones.iter().map(|zone| Some(zone.as_str()));
    std::iter::once(None).chain(zones).flat_map(of_zone).collect()
}

/// `AWS/ELB`: what became of the requests of the minute, where any came. What did not happen is not reported.
fn requests(model: &Model, at: Time) -> Vec<Figure> {
    let names = model.elb.balancers.keys();
    names.filter_map(|name| Some((name, traffic::metered(model, name, at)?))).flat_map(requests_of).collect()
}

fn requests_of((name, minute): (&String, traffic::Minute)) -> Vec<Figure> {
    let latencies = minute.latencies.iter().map(|(ms, count)| (*ms as f64 / 1000.0, *count as f64));
    let each_one = |count: u64| vec![(1.0, count as f64)];
    let figures = [
        ("RequestCount", "Count", each_one(minute.well + minute.badly + minute.lost)),
        ("HTTPCode_Backend_2XX", "Count", each_one(minute.well)),
        ("HTTPCode_Backend_5XX", "Count", each_one(minute.badly)),
        ("HTTPCode_ELB_5XX", "Count", each_one(minute.refused)),
        ("SpilloverCount", "Count", each_one(minute.spilled)),
        ("Latency", "Seconds", latencies.collect()),
    ];
    let figure = |(metric, unit, values)| {
        let metric = Metric::new("AWS/ELB", metric, &[("LoadBalancerName", name)]);
        let sample = Sample::of(values).filter(|sample| sample.count > 0.0)?;
        Some(Figure { metric, unit, sample })
    };
    figures.into_iter().filter_map(figure).collect()
}

fn zone_of<'a>(model: &'a Model, id: &InstanceId) -> Option<&'a str> {
    crate::ec2::fleet::instance(model, id.as_str()).map(|instance| instance.zone.as_str())
}

/// `AWS/EC2`: how busy the instances of each group are that shares a load.
fn processors(model: &Model) -> Vec<Figure> {
    if model.cloudwatch.loads.is_empty() {
        return Vec::new();
    }
    let figure = |group: &Group| {
        let members = group.members.iter().filter(|(_, member)| member.state == MemberState::InService);
        let busy = members.map(|(id, _)| (busy(model, group, id).min(100.0), 1.0)).collect();
        let metric = Metric::new("AWS/EC2", "CPUUtilization", &[("AutoScalingGroupName", &group.name)]);
        Some(Figure { metric, unit: "Percent", sample: Sample::of(busy)? })
    };
    model.autoscaling.groups.values().filter_map(figure).collect()
}

/// How much of all loads falls to an instance in service, in percent.
fn busy(model: &Model, group: &Group, id: &InstanceId) -> f64 {
    let share = |on: &LoadTarget| match on {
        LoadTarget::Group(name) if *name == group.name => {
            let serving = group.members.values().filter(|member| member.state == MemberState::InService);
            1.0 / serving.count().max(1) as f64
        }
        LoadTarget::Balancer(name) if health::takes_requests(model, name, id) => {
            let registered =
                model.elb.balancers.get(name).into_iter().flat_map(|one| one.registrations.keys());
            1.0 / registered.filter(|id| health::takes_requests(model, name, id)).count().max(1) as f64
        }
        LoadTarget::Group(_) | LoadTarget::Balancer(_) => 0.0,
    };
    model.cloudwatch.loads.iter().map(|load| load.percent * share(&load.on)).sum()
}
