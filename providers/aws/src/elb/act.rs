//! Carrying out what `next` has decided, and the two ends of a load balancer's life.

use aws_sdk_elasticloadbalancing::types::LoadBalancerDescription;
use infra_engine::id::RemoteId;
use infra_engine::provider::{FailureClass, Progress, ProviderError, Task};
use infra_lang::residual::Values;

use super::calls::{open, pairs, perform};
use super::live::Live;
use super::next::{Act, next};
use super::{Elb, Wanted, read};
use crate::client::Aws;
use crate::codec::decode;
use crate::ec2;
use crate::error::{failed, has_code};
use crate::kind::{done, gone, note_id, noted_id, waiting};
use crate::tags;

/// Makes the load balancer, then brings it to what is wanted.
pub(super) async fn create(aws: &Aws, task: &Task) -> Result<Progress, ProviderError> {
    let wanted = Wanted::new(&task.desired)?;
    let name = name(&wanted.elb, task);
    let noted = noted_id(task).is_some();
    match read::one(aws, &name).await? {
        Some(live) if noted => converge(aws, task, &wanted, &name, &live).await,
        // An earlier run has made it and died before it could write that down.
        Some(live) if live.token.as_ref() == Some(&task.token.0) => Ok(note_id(&name)),
        Some(_) => Err(taken(task, &name)),
        None if noted => Ok(waiting(2, format!("load balancer `{name}` to become visible"))),
        None => make(aws, task, &wanted.elb, &name).await,
    }
}

fn name(elb: &Elb, task: &Task) -> String {
    let chosen = || ec2::name(elb.name.as_deref(), elb.name_prefix.as_deref(), &task.token);
    noted_id(task).map_or_else(chosen, str::to_owned)
}

fn taken(task: &Task, name: &str) -> ProviderError {
    ProviderError {
        class: FailureClass::Permanent,
        operation: "CreateLoadBalancer".to_owned(),
        code: Some("DuplicateLoadBalancerName".to_owned()),
        message: format!("a load balancer `{name}` exists already, and this apply has not made it"),
        request_id: None,
        hint: Some(format!("import it (`to = {}`, `id = \"{name}\"`), or choose another name", task.address)),
    }
}

async fn make(aws: &Aws, task: &Task, elb: &Elb, name: &str) -> Result<Progress, ProviderError> {
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let sent = aws
        .elb
        .create_load_balancer()
        .load_balancer_name(name)
        .set_listeners(Some(elb.listener.iter().map(open).collect::<Result<_, _>>()?))
        .set_subnets(some(elb.subnets.clone()))
        .set_availability_zones(some(elb.availability_zones.clone()))
        .set_security_groups(some(elb.security_groups.iter().cloned().collect()))
        .set_scheme(elb.internal.then(|| "internal".to_owned()))
        .set_tags(Some(pairs(&tags::all(aws, task, &elb.tags))?))
        .send()
        .await;
    match sent.map_err(failed("CreateLoadBalancer")) {
        Ok(_) => Ok(note_id(name)),
        // Made by a call of ours whose answer got lost, or by somebody else just now: the next look will tell.
        Err(error) if has_code(&error, "DuplicateLoadBalancerName") => {
            Ok(waiting(2, format!("load balancer `{name}` to become visible")))
        }
        Err(error) => Err(error),
    }
}

/// Brings the load balancer to what is wanted.
pub(super) async fn update(aws: &Aws, task: &Task, id: &RemoteId) -> Result<Progress, ProviderError> {
    let wanted = Wanted::new(&task.desired)?;
    match read::one(aws, &id.0).await? {
        Some(live) => converge(aws, task, &wanted, &id.0, &live).await,
        None => Ok(Progress::Stuck(format!("load balancer `{id}` is gone: somebody else has deleted it"))),
    }
}

/// Takes a load balancer that exists into the state, as it is.
pub(super) async fn adopt(aws: &Aws, id: &RemoteId) -> Result<Progress, ProviderError> {
    Ok(match read::one(aws, &id.0).await? {
        Some(live) => done(&id.0, Some(read::values(&live, &Values::new()))),
        None => Progress::Stuck(format!("load balancer `{id}` does not exist in {}", aws.region)),
    })
}

/// Does all that is missing, and looks again: one answer of AWS is no proof of the next.
async fn converge(
    aws: &Aws,
    task: &Task,
    wanted: &Wanted,
    name: &str,
    live: &Live,
) -> Result<Progress, ProviderError> {
    let acts = next(wanted, live);
    let Some(first) = acts.first() else {
        return Ok(done(name, Some(read::values(live, &task.desired))));
    };
    for act in &acts {
        perform(aws, name, act).await?;
    }
    let others = if acts.len() > 1 { format!(", and {} more", acts.len() - 1) } else { String::new() };
    Ok(Progress::Acted(format!("{}{others}", words(first))))
}

fn words(act: &Act) -> String {
    match act {
        Act::CreateListeners(_) => "opened ports".to_owned(),
        Act::ReplaceListener(listener) => format!("replaced the listener of port {}", listener.lb_port),
        Act::SetCertificate(port, _) => format!("changed the certificate of port {port}"),
        Act::AttachSubnets { attach, .. } => format!("attached {}", attach.join(", ")),
        Act::DetachSubnets(ids) => format!("detached {}", ids.join(", ")),
        Act::EnableZones(zones) => format!("enabled {}", zones.join(", ")),
        Act::DisableZones(zones) => format!("disabled {}", zones.join(", ")),
        Act::ApplySecurityGroups(_) => "changed the security groups".to_owned(),
        Act::ModifyAttributes(_) => "set the attributes".to_owned(),
        Act::ConfigureHealthCheck(check) => format!("set the health check {}", check.target),
        Act::CreateCookiePolicy(..) | Act::CreateProxyPolicy(_) => "made a policy".to_owned(),
        Act::SetListenerPolicies(port, _) | Act::SetBackendPolicies(port, _) => {
            format!("set the policies of port {port}")
        }
        Act::Register(ids) => format!("registered {}", ids.join(", ")),
        Act::Deregister(ids) => format!("deregistered {}", ids.join(", ")),
        Act::AddTags(_) | Act::RemoveTags(_) => "changed the tags".to_owned(),
        Act::DeleteListeners(_) => "closed ports".to_owned(),
        Act::DeletePolicy(_) => "deleted a policy that nothing uses".to_owned(),
    }
}

/// Deletes the load balancer once nothing of other people's serves behind it.
pub(super) async fn delete(aws: &Aws, task: &Task, id: &RemoteId) -> Result<Progress, ProviderError> {
    let Some(description) = read::describe(aws, &id.0).await? else { return Ok(gone()) };
    let serving = serving(aws, &id.0, &others(task, &description)?).await?;
    if !serving.is_empty() {
        let list = serving.join(", ");
        return Ok(waiting(
            5,
            format!("{} in service to leave load balancer `{id}`: {list}", count(serving.len())),
        ));
    }
    let sent = aws.elb.delete_load_balancer().load_balancer_name(&id.0).send().await;
    sent.map_err(failed("DeleteLoadBalancer"))?;
    Ok(Progress::Acted(format!("deleted load balancer `{id}`")))
}

fn count(instances: usize) -> String {
    if instances == 1 { "1 instance".to_owned() } else { format!("{instances} instances") }
}

/// The registered instances that the block does not name: a group's, or somebody's by hand.
fn others(task: &Task, description: &LoadBalancerDescription) -> Result<Vec<String>, ProviderError> {
    let applied: Option<Elb> = task.prior.as_ref().map(|prior| decode(&prior.applied)).transpose()?;
    let ours = applied.map(|elb| elb.instances).unwrap_or_default();
    let registered = description.instances().iter().filter_map(|one| one.instance_id());
    Ok(registered.filter(|id| !ours.contains(*id)).map(str::to_owned).collect())
}

/// Those of the instances that get requests, or still finish some: a draining one is in service too.
async fn serving(aws: &Aws, name: &str, ids: &[String]) -> Result<Vec<String>, ProviderError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // All that are registered, and not by id: an id that has just gone would fail the call.
    let told = aws.elb.describe_instance_health().load_balancer_name(name).send().await;
    let told = match told.map_err(failed("DescribeInstanceHealth")) {
        Err(error) if has_code(&error, "LoadBalancerNotFound") => return Ok(Vec::new()),
        told => told?,
    };
    let in_service = told.instance_states().iter().filter(|state| state.state() == Some("InService"));
    let serving = in_service.filter_map(|state| state.instance_id());
    Ok(serving.filter(|id| ids.iter().any(|one| one == id)).map(str::to_owned).collect())
}
