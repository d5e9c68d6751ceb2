//! Warm pools: instances that have booted already ("warm pools for Amazon EC2 Auto Scaling").

mod pool;

use crate::model::Model;
use crate::model::autoscaling::{Group, PoolState, WarmPool};
use crate::wire::{ApiError, Node, Params, paginate};

use super::{capacity, describe as shown, named};

pub use pool::{fill, renew, rest, settle, take};

fn count(params: &Params, name: &str) -> Result<Option<i64>, ApiError> {
    let given = params.int(name)?;
    match given.filter(|value| *value < -1) {
        Some(value) => Err(ApiError::validation(format!("{name} {value} must not be negative"))),
        None => Ok(given),
    }
}

/// Makes a pool, or changes what the request says of it (PutWarmPool).
pub fn put(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let state = params.text("PoolState").map(|word| {
        let wrong =
            || ApiError::validation(format!("PoolState '{word}' must be Stopped, Running or Hibernated"));
        PoolState::named(word).ok_or_else(wrong)
    });
    let state = state.transpose()?;
    let (prepared, min) = (count(params, "MaxGroupPreparedCapacity")?, count(params, "MinSize")?);
    let group = named(model, params)?;
    if group.mixed.is_some() {
        let why = "You can't add a warm pool to an Auto Scaling group that has a mixed instances policy.";
        return Err(ApiError::validation(why));
    }
    let mut pool = match &group.warm {
        Some(old) if old.deleting => {
            return Err(ApiError::new("ScalingActivityInProgress", "The warm pool is being deleted."));
        }
        Some(old) => old.clone(),
        None => WarmPool { min: 0, prepared: None, state: PoolState::Stopped, reuse: false, deleting: false },
    };
    pool.state = state.unwrap_or(pool.state);
    pool.reuse = params.bool("InstanceReusePolicy.ReuseOnScaleIn")?.unwrap_or(pool.reuse);
    pool.min = min.and_then(|min| u64::try_from(min).ok()).unwrap_or(pool.min);
    if let Some(prepared) = prepared {
        // -1 takes the setting away again.
        pool.prepared = u64::try_from(prepared).ok();
    }
    group.warm = Some(pool);
    let name = group.name.clone();
    capacity::poke(model, &name);
    Ok(Node::body())
}

fn missing(group: &str) -> ApiError {
    ApiError::validation(format!("No warm pool found for Auto Scaling group {group}"))
}

/// Ends a pool and its instances (DeleteWarmPool).
pub fn delete(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let force = params.bool("ForceDelete")?.unwrap_or(false);
    let group = named(model, params)?;
    let name = group.name.clone();
    group.warm.as_mut().ok_or_else(|| missing(&name))?.deleting = true;
    pool::empty(model, &name, force);
    settle(model, &name);
    Ok(Node::body())
}

/// How describes show a pool's settings.
pub fn node(pool: &WarmPool) -> Node {
    Node::body()
        .maybe("MaxGroupPreparedCapacity", pool.prepared)
        .field("MinSize", pool.min)
        .field("PoolState", pool.state.word())
        .maybe("Status", pool.deleting.then_some("PendingDelete"))
        .child("InstanceReusePolicy", Node::body().field("ReuseOnScaleIn", pool.reuse))
}

/// How many instances a group's pool has.
pub fn size(group: &Group) -> usize {
    group.members.values().filter(|member| member.state.is_warm()).count()
}

/// DescribeWarmPool.
pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let name = params.required("AutoScalingGroupName")?;
    let group = model.autoscaling.groups.get(name).ok_or_else(|| super::not_found(name))?;
    let warm = group.members.iter().filter(|(_, member)| member.state.is_warm());
    let told: Vec<Node> = warm.map(|(id, member)| shown::instance(model, id, member)).collect();
    let size = params.int("MaxRecords")?.unwrap_or(50).clamp(1, 50);
    let (page, next) = paginate(told, usize::try_from(size).ok(), params.text("NextToken"))
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is invalid.")))?;
    let node = match &group.warm {
        Some(pool) => Node::body().child("WarmPoolConfiguration", node(pool)),
        None => Node::body(),
    };
    Ok(node.members("Instances", page).maybe("NextToken", next))
}
