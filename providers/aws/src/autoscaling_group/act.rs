//! The single things that are done to a group, and the calls that do them. All can be repeated without harm: sizes
//! are absolute, and what is done already is not done again by AWS. Only an end that makes the group smaller would
//! make it smaller twice: an instance is ended once it is seen to be there, and seen to be on its way out then.

use std::fmt;

use infra_engine::provider::ProviderError;

use super::group::Pinned;
use super::launching::Launching;
use super::request;
use crate::client::Aws;
use crate::error::{failed, has_code};
use crate::tags::SWAP;

/// One thing to do to a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// Write down how the old group was; the engine does it.
    Note(Box<Pinned>),
    /// Change the sizes that are given.
    Resize {
        /// Of this group.
        group: String,
        /// Never fewer instances.
        min: Option<i32>,
        /// Never more instances.
        max: Option<i32>,
        /// So many now.
        desired: Option<i32>,
    },
    /// Launch instances from something else from now on, at these sizes and with this grace: one call, so that the
    /// group is never seen with one and without the other.
    Relaunch {
        /// Of this group.
        group: String,
        /// From this.
        from: Launching,
        /// So many instances, and no fewer.
        size: i32,
        /// Never more instances.
        max: i32,
        /// For how many seconds after coming into service an instance's health does not count.
        grace: i32,
    },
    /// Change for how long a new instance's health does not count.
    Spare {
        /// In this group.
        group: String,
        /// In seconds.
        grace: i32,
    },
    /// End one instance: it leaves the load balancers, finishes its open connections and runs its hooks first.
    End {
        /// Of this group.
        group: String,
        /// Which.
        instance: String,
        /// Whether the group gets smaller by it; otherwise it launches another one.
        shrink: bool,
    },
    /// Mark a group as being in the middle of a swap.
    Claim {
        /// This group.
        group: String,
        /// Whose swap.
        by: String,
    },
    /// Take the mark away.
    Release {
        /// From this group.
        group: String,
    },
    /// Say whose word counts about health.
    CheckBy {
        /// In this group.
        group: String,
        /// `EC2` or `ELB`.
        by: String,
    },
    /// Have the group leave something undone.
    Suspend {
        /// This group.
        group: String,
        /// Which processes.
        processes: Vec<String>,
    },
    /// Have the group do it again.
    Resume {
        /// This group.
        group: String,
        /// Which processes.
        processes: Vec<String>,
    },
    /// Have instances take requests from load balancers.
    Attach {
        /// Those of this group.
        group: String,
        /// Which load balancers.
        balancers: Vec<String>,
    },
    /// Have instances leave load balancers, finishing their open connections.
    Detach {
        /// Those of this group.
        group: String,
        /// Which load balancers.
        balancers: Vec<String>,
    },
    /// Collect metrics of the group itself.
    Measure {
        /// Of this group.
        group: String,
        /// Which.
        metrics: Vec<String>,
        /// How often, `1Minute`.
        granularity: String,
    },
    /// Let instances go when the group shrinks.
    Unprotect {
        /// Those of this group.
        group: String,
        /// Which.
        instances: Vec<String>,
    },
    /// Remove an empty group.
    Delete {
        /// This group.
        group: String,
    },
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(_) => f.write_str("note how the group was"),
            Self::Resize { group, min, max, desired } => {
                write!(f, "resize {group}:")?;
                let sizes = [("min", min), ("max", max), ("desired", desired)];
                sizes
                    .iter()
                    .try_for_each(|(name, size)| size.map_or(Ok(()), |size| write!(f, " {name} {size}")))
            }
            Self::Relaunch { group, from, size, max, .. } => {
                write!(f, "have {group} launch from {}: min {size} max {max} desired {size}", from.launch)
            }
            Self::Spare { group, grace } => write!(f, "give instances of {group} {grace} s of grace"),
            Self::End { group, instance, shrink: false } => write!(f, "replace {instance} of {group}"),
            Self::End { group, instance, shrink: true } => write!(f, "end {instance} of {group}"),
            Self::Claim { group, by } => write!(f, "mark {group} as swapped by {by}"),
            Self::Release { group } => write!(f, "take the mark of the swap from {group}"),
            Self::CheckBy { group, by } => write!(f, "have {group} judge health by {by}"),
            Self::Suspend { group, processes } => write!(f, "suspend {} in {group}", processes.join(", ")),
            Self::Resume { group, processes } => write!(f, "resume {} in {group}", processes.join(", ")),
            Self::Attach { group, balancers } => write!(f, "attach {group} to {}", balancers.join(", ")),
            Self::Detach { group, balancers } => write!(f, "detach {group} from {}", balancers.join(", ")),
            Self::Measure { group, metrics, .. } => write!(f, "measure {} of {group}", metrics.join(", ")),
            Self::Unprotect { group, instances } => write!(f, "let {} of {group} go", instances.join(", ")),
            Self::Delete { group } => write!(f, "delete {group}"),
        }
    }
}

/// Does it. A refusal that only says that it is under way already is none.
///
/// # Errors
/// What AWS answers.
pub(crate) async fn perform(aws: &Aws, act: &Act) -> Result<(), ProviderError> {
    let api = &aws.autoscaling;
    match act {
        Act::Note(_) => Ok(()),
        Act::Resize { group, min, max, desired } => {
            let call = api.update_auto_scaling_group().auto_scaling_group_name(group);
            let call = call.set_min_size(*min).set_max_size(*max).set_desired_capacity(*desired);
            call.send().await.map(drop).map_err(failed("UpdateAutoScalingGroup"))
        }
        Act::Relaunch { group, from, size, max, grace } => {
            let call = request::relaunch(group, from).min_size(*size).max_size(*max).desired_capacity(*size);
            let call = call.health_check_grace_period(*grace);
            call.send_with(api).await.map(drop).map_err(failed("UpdateAutoScalingGroup"))
        }
        Act::Spare { group, grace } => {
            let call = api.update_auto_scaling_group().auto_scaling_group_name(group);
            let call = call.health_check_grace_period(*grace);
            call.send().await.map(drop).map_err(failed("UpdateAutoScalingGroup"))
        }
        Act::End { instance, shrink, .. } => end(aws, instance, *shrink).await,
        Act::Claim { group, by } => {
            let call = api.create_or_update_tags().tags(request::tag(group, SWAP, by, false));
            call.send().await.map(drop).map_err(failed("CreateOrUpdateTags"))
        }
        Act::Release { group } => {
            let call = api.delete_tags().tags(request::tag(group, SWAP, "", false));
            call.send().await.map(drop).map_err(failed("DeleteTags"))
        }
        Act::CheckBy { group, by } => {
            let call = api.update_auto_scaling_group().auto_scaling_group_name(group).health_check_type(by);
            call.send().await.map(drop).map_err(failed("UpdateAutoScalingGroup"))
        }
        Act::Suspend { group, processes } => {
            let call = api.suspend_processes().auto_scaling_group_name(group);
            let call = call.set_scaling_processes(Some(processes.clone()));
            call.send().await.map(drop).map_err(failed("SuspendProcesses"))
        }
        Act::Resume { group, processes } => {
            let call = api.resume_processes().auto_scaling_group_name(group);
            let call = call.set_scaling_processes(Some(processes.clone()));
            call.send().await.map(drop).map_err(failed("ResumeProcesses"))
        }
        Act::Attach { group, balancers } => attach(aws, group, balancers).await,
        Act::Detach { group, balancers } => detach(aws, group, balancers).await,
        Act::Measure { group, metrics, granularity } => {
            let call =
                api.enable_metrics_collection().auto_scaling_group_name(group).granularity(granularity);
            let call = call.set_metrics(Some(metrics.clone()));
            call.send().await.map(drop).map_err(failed("EnableMetricsCollection"))
        }
        Act::Unprotect { group, instances } => unprotect(aws, group, instances).await,
        Act::Delete { group } => delete(aws, group).await,
    }
}

/// The APIs take ten load balancers at a time.
const BALANCERS: usize = 10;
/// And fifty instances.
const INSTANCES: usize = 50;

async fn attach(aws: &Aws, group: &str, balancers: &[String]) -> Result<(), ProviderError> {
    for some in balancers.chunks(BALANCERS) {
        let call = aws.autoscaling.attach_load_balancers().auto_scaling_group_name(group);
        let call = call.set_load_balancer_names(Some(some.to_vec()));
        call.send().await.map_err(failed("AttachLoadBalancers"))?;
    }
    Ok(())
}

async fn detach(aws: &Aws, group: &str, balancers: &[String]) -> Result<(), ProviderError> {
    for some in balancers.chunks(BALANCERS) {
        let call = aws.autoscaling.detach_load_balancers().auto_scaling_group_name(group);
        let call = call.set_load_balancer_names(Some(some.to_vec()));
        call.send().await.map_err(failed("DetachLoadBalancers"))?;
    }
    Ok(())
}

async fn unprotect(aws: &Aws, group: &str, instances: &[String]) -> Result<(), ProviderError> {
    for some in instances.chunks(INSTANCES) {
        let call = aws.autoscaling.set_instance_protection().auto_scaling_group_name(group);
        let call = call.protected_from_scale_in(false).set_instance_ids(Some(some.to_vec()));
        call.send().await.map_err(failed("SetInstanceProtection"))?;
    }
    Ok(())
}

/// What AWS no longer finds has gone by itself meanwhile; the next look tells.
async fn end(aws: &Aws, instance: &str, shrink: bool) -> Result<(), ProviderError> {
    let call = aws.autoscaling.terminate_instance_in_auto_scaling_group().instance_id(instance);
    let call = call.should_decrement_desired_capacity(shrink);
    match call.send().await.map_err(failed("TerminateInstanceInAutoScalingGroup")) {
        Err(error) if !has_code(&error, "ValidationError") => Err(error),
        _ => Ok(()),
    }
}

/// Never by force: what is left in the group would be cut off in the middle of requests.
async fn delete(aws: &Aws, group: &str) -> Result<(), ProviderError> {
    let call = aws.autoscaling.delete_auto_scaling_group().auto_scaling_group_name(group);
    match call.send().await.map_err(failed("DeleteAutoScalingGroup")) {
        Err(error)
            if !["ResourceInUse", "ScalingActivityInProgress"].iter().any(|code| has_code(&error, code)) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_told_in_words() {
        let resize = Act::Resize { group: "web-1".into(), min: Some(2), max: None, desired: Some(3) };
        insta::assert_snapshot!(resize, @"resize web-1: min 2 desired 3");
        let detach = Act::Detach { group: "web-1".into(), balancers: vec!["a".into(), "b".into()] };
        insta::assert_snapshot!(detach, @"detach web-1 from a, b");
    }
}
