//! How others roll a group, by their published sources and documentation, each as short as it can be told. They run on
//! the same model as ours does, so that the numbers can stand side by side.
//!
//! What is read and decided is theirs; the polling intervals are theirs where they are published.

use std::time::Duration;

use infra_local_aws::gauge::GroupGauge;
use tokio::time::sleep;

use super::hand::{BALANCER, Hand};

/// The group that serves at the start.
pub const OLD: &str = "old";
/// A group that a peer makes beside it.
const NEW: &str = "new";
/// The launch configuration of the new image.
const TWO: &str = "two";

/// How often peers look again where they do not say.
const POLL: Duration = Duration::from_secs(10);
/// No peer waits longer than this.
const PATIENCE: u32 = 1_000;

/// Waits until what is seen of a group is so.
async fn until(hand: &Hand, group: &str, is: impl Fn(&GroupGauge) -> bool) {
    for _ in 0..PATIENCE {
        if hand.gauge().groups.get(group).is_some_and(&is) {
            return;
        }
        sleep(POLL).await;
    }
    panic!("{group} never came so far");
}

/// In service in the group's eyes, which is where most of them stop looking.
fn viable(group: &GroupGauge) -> usize {
    group.members.values().filter(|member| member.lifecycle == "InService").count()
}

fn launched_from<'a>(group: &'a GroupGauge, image: &'a str) -> impl Iterator<Item = String> + 'a {
    group.members.iter().filter(move |(_, member)| member.image == image).map(|(id, _)| id.clone())
}

fn make(hand: &Hand, size: usize, max: usize) {
    let [size, max] = [size, max].map(|size| size.to_string());
    let fields = [
        ("LaunchConfigurationName", TWO),
        ("MinSize", &*size),
        ("MaxSize", &*max),
        ("DesiredCapacity", &*size),
        ("AvailabilityZones.member.1", "us-east-1a"),
        ("AvailabilityZones.member.2", "us-east-1b"),
        ("LoadBalancerNames.member.1", BALANCER),
        ("HealthCheckType", "ELB"),
        ("HealthCheckGracePeriod", "300"),
    ];
    hand.group("CreateAutoScalingGroup", NEW, &fields);
}

fn set_launch(hand: &Hand) {
    hand.group("UpdateAutoScalingGroup", OLD, &[("LaunchConfigurationName", TWO)]);
}

/// Shrinks a group to nothing and deletes it, as Terraform's provider does without `force_delete`.
async fn destroy(hand: &Hand, group: &str) {
    hand.resize(group, 0, 0, 0);
    until(hand, group, |group| group.members.is_empty()).await;
    hand.group("DeleteAutoScalingGroup", group, &[]);
}

/// Terraform, `launch_configuration` changed in place: the group is told, and no instance changes.
pub async fn terraform_in_place(hand: &Hand) {
    set_launch(hand);
}

/// Terraform, `create_before_destroy` with the launch configuration in the group's name: the new group has the size
/// that the file says, here 2, whatever the old one has been scaled to; without `min_elb_capacity` nobody asks the load
/// balancer.
pub async fn terraform_blue_green(hand: &Hand) {
    make(hand, 2, 20);
    until(hand, NEW, |new| viable(new) >= 2).await;
    destroy(hand, OLD).await;
}

/// The same with the live size in the file and `min_elb_capacity` set to it. Instances that the load balancer does not
/// list yet count as healthy, and so do those that drain (provider-aws, `group.go`).
pub async fn terraform_min_elb(hand: &Hand) {
    make(hand, 10, 20);
    until(hand, NEW, |new| viable(new) >= 10 && new.members.values().all(|member| member.serving)).await;
    destroy(hand, OLD).await;
}

/// Ansible, `replace_all_instances` with `replace_batch_size: 5` and a minimum size of 2: each batch waits for the
/// *minimum* size plus the batch, not for the size that the group has been scaled to.
pub async fn ansible(hand: &Hand) {
    let (batch, min, desired) = (5, 2, 10);
    set_launch(hand);
    hand.resize(OLD, min + batch, 20 + batch, desired + batch);
    // Both count against the minimum that the surge has raised, and draining instances are `InService` to both.
    let listed = |group: &GroupGauge| group.members.values().filter(|m| m.serving || m.draining).count();
    let enough = move |group: &GroupGauge| viable(group) >= min + batch && listed(group) >= min + batch;
    until(hand, OLD, enough).await;
    let old: Vec<String> = launched_from(&hand.gauge().groups[OLD], super::stage::ONE).collect();
    for some in old.chunks(batch) {
        hand.deregister(some);
        for id in some {
            drained(hand, id).await;
        }
        some.iter().for_each(|id| hand.terminate(id, false));
        until(hand, OLD, |group| some.iter().all(|id| !group.members.contains_key(id))).await;
        until(hand, OLD, enough).await;
    }
    hand.resize(OLD, min, 20, desired);
}

/// Waits until the load balancer has let an instance go.
async fn drained(hand: &Hand, id: &str) {
    until(hand, OLD, |group| group.members.get(id).is_none_or(|member| !member.draining)).await;
}

/// CloudFormation, `AutoScalingRollingUpdate` as it is by default: one at a time, none need be in service, no pause, and
/// the load balancer is not asked.
pub async fn cloudformation(hand: &Hand) {
    set_launch(hand);
    let old: Vec<String> = launched_from(&hand.gauge().groups[OLD], super::stage::ONE).collect();
    let size = old.len();
    for id in &old {
        hand.terminate(id, false);
        until(hand, OLD, |group| !group.members.contains_key(id) && viable(group) >= size).await;
    }
}

/// Asgard's rolling push: an instance leaves the load balancer, nobody waits for it to drain, EC2 ends it, and the next
/// one follows when the new one answers by itself.
pub async fn asgard(hand: &Hand) {
    set_launch(hand);
    let old: Vec<String> = launched_from(&hand.gauge().groups[OLD], super::stage::ONE).collect();
    let size = old.len();
    for (done, id) in old.iter().enumerate() {
        hand.deregister(std::slice::from_ref(id));
        sleep(Duration::from_secs(1)).await;
        hand.call("ec2", "TerminateInstances", &[("InstanceId.1", id)]);
        let answers = |group: &GroupGauge| {
            group.members.values().filter(|m| m.image == super::stage::TWO && !m.booting).count() > done
                && group.members.len() <= size
        };
        until(hand, OLD, answers).await;
    }
}

/// Spinnaker's red/black that ends in *destroy*: the old group's instances leave the load balancer, nobody waits for
/// them to drain, and the group is deleted by force.
pub async fn spinnaker(hand: &Hand) {
    make(hand, 10, 20);
    until(hand, NEW, |new| new.serving() >= 10).await;
    let processes = ["Launch", "Terminate", "AddToLoadBalancer"];
    let names: Vec<String> = (1..=3).map(|n| format!("ScalingProcesses.member.{n}")).collect();
    let fields: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(processes).collect();
    hand.group("SuspendProcesses", OLD, &fields);
    let old: Vec<String> = hand.gauge().groups[OLD].members.keys().cloned().collect();
    hand.deregister(&old);
    sleep(POLL).await;
    hand.group("DeleteAutoScalingGroup", OLD, &[("ForceDelete", "true")]);
}

/// Guardian's riff-raff: twice the size, then the tagged old ones go. Scaling alarms are off meanwhile.
pub async fn riff_raff(hand: &Hand) {
    set_launch(hand);
    hand.group("SuspendProcesses", OLD, &[("ScalingProcesses.member.1", "AlarmNotification")]);
    let old: Vec<String> = launched_from(&hand.gauge().groups[OLD], super::stage::ONE).collect();
    let size = old.len();
    hand.resize(OLD, 2, 20, 2 * size);
    until(hand, OLD, |group| group.serving() == 2 * size).await;
    old.iter().for_each(|id| hand.terminate(id, true));
    until(hand, OLD, |group| group.members.len() == size && group.serving() == size).await;
    hand.group("ResumeProcesses", OLD, &[("ScalingProcesses.member.1", "AlarmNotification")]);
}

/// AWS's own instance refresh as it is by default: 90 % healthy in the *group's* eyes, warmed up by the grace period,
/// which is 0 where nobody has set it.
pub async fn instance_refresh(hand: &Hand) {
    set_launch(hand);
    hand.group(
        "StartInstanceRefresh",
        OLD,
        &[("Preferences.MinHealthyPercentage", "90"), ("Preferences.InstanceWarmup", "0")],
    );
    let size = usize::try_from(hand.gauge().groups[OLD].desired).expect("few");
    until(hand, OLD, |group| {
        launched_from(group, super::stage::TWO).count() >= size && viable(group) >= size
    })
    .await;
}
