//! What is asked and judged once, before a swap touches anything.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::config::Config;
use aws_sdk_autoscaling::config::retry::RetryConfig;
use aws_sdk_autoscaling::types::InstanceRefreshStatus;
use futures_util::future::{try_join_all, try_join3};
use infra_engine::provider::{FailureClass, ProviderError};

use super::group::Group;
use super::observed::{Observed, Preflight};
use crate::client::Aws;
use crate::error::failed;

/// Why a swap of the old group cannot begin, and what to do about it.
pub(crate) fn unfit(o: &Observed, old: &Group) -> Option<String> {
    halted(old).or_else(|| refreshing(o, old)).or_else(|| claimed(o, old)).or_else(|| cut_off(o))
}

/// The reason of a suspension is prose; AWS has no code for its own.
fn halted(old: &Group) -> Option<String> {
    let (process, reason) = old.suspended.iter().find(|(_, reason)| reason.contains("dministratively"))?;
    Some(format!("AWS has suspended {process}: {reason}; resume it first"))
}

fn refreshing(o: &Observed, old: &Group) -> Option<String> {
    let refresh = o.preflight.refresh.as_ref()?;
    Some(format!(
        "the instance refresh {refresh} of {} is under way: wait for its end, or cancel it with \
         `aws autoscaling cancel-instance-refresh`",
        old.name
    ))
}

/// Whoever swaps a group leaves a mark on it; two at a time would undo each other's work.
pub(crate) fn claimed(o: &Observed, old: &Group) -> Option<String> {
    let other = old.claim.as_ref().filter(|claim| **claim != o.claim)?;
    Some(format!(
        "another swap of {} is under way, or was given up: its tag {} is {other}; let it finish, or remove the tag \
         if nobody runs it",
        old.name,
        crate::tags::SWAP
    ))
}

/// A limit for open connections means nothing to a load balancer that does not wait for any.
fn cut_off(o: &Observed) -> Option<String> {
    let balancer = o.preflight.cutting.first().filter(|_| o.wanted.drains)?;
    Some(format!(
        "the load balancer {balancer} cuts open connections off, so `drain` cannot be kept: turn its \
         connection draining on, or leave `drain` out"
    ))
}

/// Asks.
///
/// # Errors
/// What `DescribeInstanceRefreshes`, `DescribeLoadBalancerAttributes` and `DescribeScalingActivities` answer.
pub(crate) async fn read(
    aws: &Aws,
    group: &str,
    balancers: &BTreeSet<String>,
) -> Result<Preflight, ProviderError> {
    let asked = (refresh(aws, group), attributes(aws, balancers), latest(aws, group));
    let (refresh, attributes, latest) = try_join3(asked.0, asked.1, asked.2).await?;
    Ok(Preflight {
        refresh,
        latest,
        zoned: attributes.iter().any(|(_, zoned, _)| *zoned),
        cutting: attributes.into_iter().filter(|(.., cuts)| *cuts).map(|(name, ..)| name).collect(),
    })
}

/// The instance refresh that is under way. What stands in for AWS may not know of any, and answers without a code;
/// AWS gives each of its refusals one.
async fn refresh(aws: &Aws, group: &str) -> Result<Option<String>, ProviderError> {
    let call = aws.autoscaling.describe_instance_refreshes().auto_scaling_group_name(group).max_records(1);
    let once = Config::builder().retry_config(RetryConfig::disabled());
    let answer = call.customize().config_override(once).send().await;
    let answer = match answer.map_err(failed("DescribeInstanceRefreshes")) {
        Err(error) if error.code.is_none() && answered(&error) => return Ok(None),
        answer => answer?,
    };
    let runs = |status: &InstanceRefreshStatus| {
        let status = status.as_str();
        ["Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"].contains(&status)
    };
    let running = answer.instance_refreshes().iter().find(|one| one.status().is_some_and(runs));
    Ok(running.and_then(|one| one.instance_refresh_id()).map(str::to_owned))
}

/// Whether an error is somebody's answer.
fn answered(error: &ProviderError) -> bool {
    matches!(error.class, FailureClass::Transient | FailureClass::Permanent)
}

/// Each load balancer: its name, whether it keeps to its zones, and whether it cuts open connections off.
async fn attributes(
    aws: &Aws,
    balancers: &BTreeSet<String>,
) -> Result<Vec<(String, bool, bool)>, ProviderError> {
    let asked = balancers.iter().map(|name| async move {
        let call = aws.elb.describe_load_balancer_attributes().load_balancer_name(name);
        let answer = call.send().await.map_err(failed("DescribeLoadBalancerAttributes"))?;
        let all = answer.load_balancer_attributes();
        let across = all.and_then(|all| all.cross_zone_load_balancing()).is_some_and(|it| it.enabled());
        let drains = all.and_then(|all| all.connection_draining()).is_some_and(|it| it.enabled());
        Ok((name.clone(), !across, !drains))
    });
    try_join_all(asked).await
}

async fn latest(aws: &Aws, group: &str) -> Result<Option<String>, ProviderError> {
    let call = aws.autoscaling.describe_scaling_activities().auto_scaling_group_name(group).max_records(1);
    let answer = call.send().await.map_err(failed("DescribeScalingActivities"))?;
    Ok(answer.activities().first().and_then(|one| one.activity_id()).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(preflight: Preflight, old: Group) -> String {
        let mut o = Observed { preflight, claim: "0123".into(), ..Observed::default() };
        o.wanted.drains = true;
        unfit(&o, &Group { name: "web-1".into(), ..old }).unwrap_or_else(|| "-".to_owned())
    }

    #[test]
    fn what_keeps_a_swap_from_beginning_is_told_with_the_next_step() {
        let none = Preflight::default;
        let group = Group::default;
        let halted = Group {
            suspended: [("Launch".to_owned(), "Administratively suspended".to_owned())].into(),
            ..group()
        };
        let cases = [
            told(none(), group()),
            told(none(), halted),
            told(Preflight { refresh: Some("08b91cf7".into()), ..none() }, group()),
            told(none(), Group { claim: Some("0123".into()), ..group() }),
            told(none(), Group { claim: Some("4567".into()), ..group() }),
            told(Preflight { cutting: vec!["lb".into()], ..none() }, group()),
        ];
        insta::assert_snapshot!(cases.join("\n"), @r"
        -
        AWS has suspended Launch: Administratively suspended; resume it first
        the instance refresh 08b91cf7 of web-1 is under way: wait for its end, or cancel it with `aws autoscaling cancel-instance-refresh`
        -
        another swap of web-1 is under way, or was given up: its tag infra:swap is 4567; let it finish, or remove the tag if nobody runs it
        the load balancer lb cuts open connections off, so `drain` cannot be kept: turn its connection draining on, or leave `drain` out
        ");
    }
}
