mod health;
mod members;
mod rows;

use crate::testing::{Asked, check_at};
use crate::timing::TimeModel;

/// A VPC with subnets in two zones.
const NETWORK: [Asked; 3] = [
    ("ec2", "DescribeVpcs", "200", "<vpcId>"),
    (
        "ec2",
        "DescribeSubnets&Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1a",
        "200",
        "<subnetId>",
    ),
    (
        "ec2",
        "CreateSubnet&VpcId={vpcId}&CidrBlock=172.31.200.0/24&AvailabilityZone=us-east-1b",
        "200",
        "<subnetId>",
    ),
];

const BALANCER: Asked = (
    "elbv2",
    "CreateLoadBalancer&Name=web&Subnets.member.1={item/subnetId}&Subnets.member.2={subnet/subnetId}",
    "200",
    "<Code>provisioning</Code>",
);
const GROUP: Asked = (
    "elbv2",
    "CreateTargetGroup&Name=app&Protocol=HTTP&Port=8080&VpcId={vpcId}&HealthCheckIntervalSeconds=5&HealthCheckTimeoutSeconds=2",
    "200",
    "<TargetGroupName>app</TargetGroupName>",
);
const LISTENER: Asked = (
    "elbv2",
    "CreateListener&LoadBalancerArn={LoadBalancerArn}&Protocol=HTTP&Port=80&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={TargetGroupArn}",
    "200",
    "<Protocol>HTTP</Protocol>",
);
const RUN: Asked = (
    "ec2",
    "RunInstances&ImageId=ami-22de994a&InstanceType=t1.micro&MinCount=1&MaxCount=1&SubnetId={item/subnetId}",
    "200",
    "pending",
);
const REGISTER: Asked =
    ("elbv2", "RegisterTargets&TargetGroupArn={TargetGroupArn}&Targets.member.1.Id={instanceId}", "200", "");
const HEALTH: &str = "DescribeTargetHealth&TargetGroupArn={TargetGroupArn}";

/// A request to the service that succeeds and says something.
const fn ok(form: &'static str, says: &'static str) -> Asked {
    ("elbv2", form, "200", says)
}

/// A request to the service that is refused.
const fn no(form: &'static str, code: &'static str) -> Asked {
    ("elbv2", form, code, "")
}

const fn wait(seconds: &'static str) -> Asked {
    ("wait", seconds, "", "")
}

/// Checks rows, each in the [`NETWORK`].
fn check(timing: &TimeModel, rows: &[(&str, &[Asked])]) {
    for (row, requests) in rows {
        check_at(timing, &[(row, &[&NETWORK, *requests].concat())]);
    }
}
