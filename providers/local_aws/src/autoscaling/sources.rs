//! Traffic sources: the newer name for load balancers and target groups of groups.

use crate::model::Model;
use crate::wire::{ApiError, Node, Params, Protocol};

use super::{balancers, front, named};

/// A load balancer by its name (`elb`), or a target group by its ARN (`elbv2`).
enum Source {
    Balancer(String),
    TargetGroup(String),
}

fn read(params: &Params) -> Result<Vec<Source>, ApiError> {
    let one = |sent: &&Params| {
        let id = sent.required("Identifier")?.to_owned();
        let usual = if id.starts_with("arn:") { "elbv2" } else { "elb" };
        match sent.text("Type").unwrap_or(usual) {
            "elb" => Ok(Source::Balancer(id)),
            "elbv2" => Ok(Source::TargetGroup(id)),
            other => {
                Err(ApiError::validation(format!("Traffic sources of type '{other}' are not modelled.")))
            }
        }
    };
    params.list("TrafficSources").iter().map(one).collect()
}

/// The load balancers and the target groups among a request's traffic sources.
pub fn split(params: &Params) -> Result<(Vec<String>, Vec<String>), ApiError> {
    let (mut balancers, mut targets) = (Vec::new(), Vec::new());
    for source in read(params)? {
        match source {
            Source::Balancer(name) => balancers.push(name),
            Source::TargetGroup(arn) => targets.push(arn),
        }
    }
    Ok((balancers, targets))
}

/// The same request in the older terms.
fn older(params: &Params) -> Result<Params, ApiError> {
    let group = params.required("AutoScalingGroupName")?;
    let mut form = Params::empty(Protocol::Query).with("AutoScalingGroupName", group);
    let (names, arns) = split(params)?;
    for (list, ids) in [("LoadBalancerNames", names), ("TargetGroupARNs", arns)] {
        for (index, id) in ids.iter().enumerate() {
            form.set(&format!("{list}.member.{}", index + 1), id);
        }
    }
    Ok(form)
}

/// AttachTrafficSources.
pub fn attach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let form = older(params)?;
    balancers::attach(model, &form)?;
    balancers::attach_targets(model, &form)
}

/// DetachTrafficSources.
pub fn detach(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let form = older(params)?;
    balancers::detach(model, &form)?;
    balancers::detach_targets(model, &form)
}

/// DescribeTrafficSources, all or of one type.
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let wanted = params.text("TrafficSourceType");
    let group = named(model, params)?.clone();
    let told = |id: &str, kind: &str, state: &str| {
        Node::body()
            .field("Identifier", id)
            .field("TrafficSource", id)
            .field("Type", kind)
            .field("State", state)
    };
    let all = front::all(&group).map(|source| {
        let kind = if front::is_target_group(source) { "elbv2" } else { "elb" };
        (kind, told(source, kind, balancers::state(model, &group, source)))
    });
    let chosen = all.filter(|(kind, _)| wanted.is_none_or(|wanted| wanted == *kind));
    Ok(Node::body().members("TrafficSources", chosen.map(|(_, node)| node)))
}
