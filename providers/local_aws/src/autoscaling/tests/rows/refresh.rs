//! Instance refreshes.

use super::*;

const START: &str = "StartInstanceRefresh&AutoScalingGroupName=g&Preferences.InstanceWarmup=0&Preferences.MinHealthyPercentage=50";
const TOLD: &str = "DescribeInstanceRefreshes&AutoScalingGroupName=g";
const CANCEL: &str = "CancelInstanceRefresh&AutoScalingGroupName=g";

#[test]
fn instance_refreshes() {
    check(&[
        ("StartInstanceRefresh", |s| {
            s.group("MinSize=2&MaxSize=2");
            s.says(&s.asg(START, "200"), "<InstanceRefreshId>");
            s.invalid("StartInstanceRefresh&AutoScalingGroupName=nope");
        }),
        ("StartInstanceRefresh twice -> InstanceRefreshInProgress", |s| {
            s.group("MinSize=2&MaxSize=2");
            s.asg(START, "200");
            s.asg(START, "InstanceRefreshInProgress 400");
        }),
        ("DescribeInstanceRefreshes", |s| {
            s.group("MinSize=2&MaxSize=2");
            s.asg(START, "200");
            let told = s.asg(TOLD, "200");
            let seen =
                ["Status", "MinHealthyPercentage", "MaxHealthyPercentage", "InstanceWarmup", "Strategy"];
            let seen = seen.map(|name| field(&told, name).unwrap_or_default());
            s.is(seen, ["Pending", "50", "100", "0", "Rolling"]);
        }),
        ("instance refresh really replaces the instances", |s| {
            s.group("MinSize=2&MaxSize=2");
            let before = s.instances();
            s.asg(START, "200");
            s.later();
            let told = s.asg(TOLD, "200");
            s.is(
                [field(&told, "Status"), field(&told, "PercentageComplete")],
                [Some("Successful"), Some("100")],
            );
            let after = s.instances();
            s.is((after.len(), before.iter().any(|id| after.contains(id))), (2, false));
        }),
        ("CancelInstanceRefresh / none -> ActiveInstanceRefreshNotFound", |s| {
            s.group("MinSize=2&MaxSize=2");
            s.asg(CANCEL, "ActiveInstanceRefreshNotFound 400");
            s.asg(START, "200");
            s.says(&s.asg(CANCEL, "200"), "<InstanceRefreshId>");
            s.later();
            s.is(field(&s.asg(TOLD, "200"), "Status"), Some("Cancelled"));
        }),
        ("RollbackInstanceRefresh exists", |s| {
            s.group("MinSize=2&MaxSize=2");
            let rollback = "RollbackInstanceRefresh&AutoScalingGroupName=g";
            s.asg(rollback, "ActiveInstanceRefreshNotFound 400");
            s.asg(START, "200");
            s.asg(rollback, "IrreversibleInstanceRefresh 400");
        }),
    ]);
}
