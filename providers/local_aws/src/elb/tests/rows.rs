//! Rows of classic load balancers.

use crate::testing::{Asked, check, check_at};
use crate::timing::{Delay, TimeModel};

const MADE: Asked = (
    "elasticloadbalancing",
    "CreateLoadBalancer&LoadBalancerName=web&Listeners.member.1.Protocol=HTTP&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=80&AvailabilityZones.member.1=us-east-1a",
    "200",
    "<DNSName>web-",
);
const RUN: Asked = (
    "ec2",
    "RunInstances&ImageId=ami-22de994a&InstanceType=t1.micro&MinCount=1&MaxCount=1&Placement.AvailabilityZone=us-east-1a",
    "200",
    "pending",
);
const REGISTER: Asked = (
    "elasticloadbalancing",
    "RegisterInstancesWithLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId={instanceId}",
    "200",
    "<InstanceId>{instanceId}</InstanceId>",
);

/// A request to the service that succeeds and says something.
const fn ok(form: &'static str, says: &'static str) -> Asked {
    ("elasticloadbalancing", form, "200", says)
}

/// A request to the service that is refused.
const fn no(form: &'static str, code: &'static str) -> Asked {
    ("elasticloadbalancing", form, code, "")
}

const HEALTH: &str = "DescribeInstanceHealth&LoadBalancerName=web";
const DESCRIBE: &str = "DescribeLoadBalancers&LoadBalancerNames.member.1=web";

#[test]
fn load_balancers_answer_as_aws_does() {
    const OTHER: &str = "CreateLoadBalancer&LoadBalancerName=web&Listeners.member.1.Protocol=TCP&Listeners.member.1.LoadBalancerPort=81&Listeners.member.1.InstancePort=80&AvailabilityZones.member.1=us-east-1a";
    const CHECK: &str = "ConfigureHealthCheck&LoadBalancerName=web&HealthCheck.Target=HTTP:80/up&HealthCheck.Interval=10&HealthCheck.Timeout=5&HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=3";
    const BAD_CHECK: &str = "ConfigureHealthCheck&LoadBalancerName=web&HealthCheck.Target=HTTP:80&HealthCheck.Interval=10&HealthCheck.Timeout=5&HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=3";
    check(&[
        (
            "CreateLoadBalancer/Describe",
            &[
                MADE,
                ok(DESCRIBE, "<CanonicalHostedZoneNameID>Z35SXDOTRQ7X7K</CanonicalHostedZoneNameID>"),
                ok(DESCRIBE, "<Target>TCP:80</Target><Interval>30</Interval><Timeout>5</Timeout>"),
                ok(DESCRIBE, "<AvailabilityZones><member>us-east-1a</member></AvailabilityZones>"),
            ],
        ),
        (
            "CreateLoadBalancer dup different -> DuplicateLoadBalancerName",
            &[MADE, MADE, no(OTHER, "DuplicateLoadBalancerName 400")],
        ),
        (
            "ConfigureHealthCheck",
            &[MADE, ok(CHECK, "<Target>HTTP:80/up</Target>"), ok(DESCRIBE, "HTTP:80/up")],
        ),
        ("ConfigureHealthCheck bad target -> ValidationError", &[MADE, no(BAD_CHECK, "ValidationError 400")]),
        ("missing LB -> LoadBalancerNotFound", &[no(DESCRIBE, "LoadBalancerNotFound 400")]),
        (
            "DeleteLoadBalancer is idempotent",
            &[
                MADE,
                ok("DeleteLoadBalancer&LoadBalancerName=web", ""),
                ok("DeleteLoadBalancer&LoadBalancerName=web", ""),
                no(HEALTH, "LoadBalancerNotFound 400"),
            ],
        ),
    ]);
}

#[test]
fn instances_of_load_balancers_answer_as_aws_does() {
    const DEREGISTER: &str =
        "DeregisterInstancesFromLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId={instanceId}";
    const UNKNOWN: &str = "RegisterInstancesWithLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId=i-0123456789abcdef0";
    const UNKNOWN_HEALTH: &str =
        "DescribeInstanceHealth&LoadBalancerName=web&Instances.member.1.InstanceId=i-0123456789abcdef0";
    let mut lagging = TimeModel::fast();
    lagging.elb.registration_lag = Delay::secs(10, 10);
    check_at(
        &lagging,
        &[
            (
                "RegisterInstances + DescribeInstanceHealth OutOfService first",
                &[
                    MADE,
                    RUN,
                    REGISTER,
                    ok(
                        HEALTH,
                        "<State>OutOfService</State><ReasonCode>ELB</ReasonCode><Description>Instance registration is still in progress.</Description>",
                    ),
                    ("wait", "20", "", ""),
                    ok(
                        HEALTH,
                        "<State>InService</State><ReasonCode>N/A</ReasonCode><Description>N/A</Description>",
                    ),
                ],
            ),
            (
                "health of terminated/stopped instance -> OutOfService",
                &[
                    MADE,
                    RUN,
                    REGISTER,
                    ("wait", "20", "", ""),
                    ("ec2", "StopInstances&InstanceId.1={instanceId}", "200", "stopping"),
                    ok(
                        HEALTH,
                        "<State>OutOfService</State><ReasonCode>Instance</ReasonCode><Description>Instance is in stopped state.</Description>",
                    ),
                    ("ec2", "TerminateInstances&InstanceId.1={instanceId}", "200", "shutting-down"),
                    ok(HEALTH, "<InstanceStates></InstanceStates>"),
                ],
            ),
            ("Register unknown instance -> InvalidInstance", &[MADE, no(UNKNOWN, "InvalidInstance 400")]),
            (
                "DescribeInstanceHealth unregistered -> InvalidInstance",
                &[MADE, no(UNKNOWN_HEALTH, "InvalidInstance 400")],
            ),
            (
                "DeregisterInstances",
                &[
                    MADE,
                    RUN,
                    REGISTER,
                    ok(DEREGISTER, "<Instances></Instances>"),
                    ok(
                        "DescribeInstanceHealth&LoadBalancerName=web&Instances.member.1.InstanceId={instanceId}",
                        "Instance is not currently registered with the LoadBalancer.",
                    ),
                ],
            ),
        ],
    );
    let mut deaf = TimeModel::fast();
    deaf.ec2.running_to_listening = Delay::secs(3600, 3600);
    let failed = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.";
    check_at(
        &deaf,
        &[(
            "health stays OutOfService when the instance does not answer",
            &[MADE, RUN, REGISTER, ("wait", "600", "", ""), ok(HEALTH, failed)],
        )],
    );
}

#[test]
fn settings_of_load_balancers_answer_as_aws_does() {
    const ATTRIBUTES: &str = "ModifyLoadBalancerAttributes&LoadBalancerName=web&LoadBalancerAttributes.ConnectionDraining.Enabled=true&LoadBalancerAttributes.ConnectionDraining.Timeout=60&LoadBalancerAttributes.CrossZoneLoadBalancing.Enabled=true&LoadBalancerAttributes.ConnectionSettings.IdleTimeout=90&LoadBalancerAttributes.AccessLog.Enabled=true&LoadBalancerAttributes.AccessLog.S3BucketName=logs&LoadBalancerAttributes.AccessLog.EmitInterval=5";
    const SHOWN: &str = "DescribeLoadBalancerAttributes&LoadBalancerName=web";
    const LISTEN: &str = "CreateLoadBalancerListeners&LoadBalancerName=web&Listeners.member.1.Protocol=TCP&Listeners.member.1.LoadBalancerPort=81&Listeners.member.1.InstancePort=81";
    const LISTEN_AGAIN: &str = "CreateLoadBalancerListeners&LoadBalancerName=web&Listeners.member.1.Protocol=TCP&Listeners.member.1.LoadBalancerPort=81&Listeners.member.1.InstancePort=82";
    const STICKY: &str =
        "CreateLBCookieStickinessPolicy&LoadBalancerName=web&PolicyName=sticky&CookieExpirationPeriod=60";
    const APP_STICKY: &str =
        "CreateAppCookieStickinessPolicy&LoadBalancerName=web&PolicyName=app&CookieName=id";
    const SET: &str = "SetLoadBalancerPoliciesOfListener&LoadBalancerName=web&LoadBalancerPort=80&PolicyNames.member.1=sticky";
    const PROXY: &str = "CreateLoadBalancerPolicy&LoadBalancerName=web&PolicyName=proxy&PolicyTypeName=ProxyProtocolPolicyType&PolicyAttributes.member.1.AttributeName=ProxyProtocol&PolicyAttributes.member.1.AttributeValue=true";
    const BACKEND: &str = "SetLoadBalancerPoliciesForBackendServer&LoadBalancerName=web&InstancePort=80&PolicyNames.member.1=proxy";
    check(&[
        (
            "ModifyLoadBalancerAttributes draining/cross-zone/idle/access log",
            &[
                MADE,
                ok(ATTRIBUTES, ""),
                ok(
                    SHOWN,
                    "<ConnectionDraining><Enabled>true</Enabled><Timeout>60</Timeout></ConnectionDraining>",
                ),
                ok(SHOWN, "<CrossZoneLoadBalancing><Enabled>true</Enabled></CrossZoneLoadBalancing>"),
                ok(SHOWN, "<IdleTimeout>90</IdleTimeout>"),
                ok(SHOWN, "<S3BucketName>logs</S3BucketName>"),
            ],
        ),
        (
            "CreateLoadBalancerListeners/Delete/dup",
            &[
                MADE,
                ok(LISTEN, ""),
                ok(DESCRIBE, "<LoadBalancerPort>81</LoadBalancerPort>"),
                no(LISTEN_AGAIN, "DuplicateListener 400"),
                ok("DeleteLoadBalancerListeners&LoadBalancerName=web&LoadBalancerPorts.member.1=81", ""),
                ok(LISTEN_AGAIN, ""),
            ],
        ),
        (
            "stickiness policies + SetLoadBalancerPoliciesOfListener",
            &[
                MADE,
                ok(STICKY, ""),
                ok(APP_STICKY, ""),
                ok(SET, ""),
                ok(DESCRIBE, "<PolicyNames><member>sticky</member></PolicyNames>"),
                ok(DESCRIBE, "<CookieName>id</CookieName>"),
            ],
        ),
        ("SetPolicies unknown policy -> PolicyNotFound", &[MADE, no(SET, "PolicyNotFound 400")]),
        (
            "CreateLoadBalancerPolicy (proxy protocol) + ForBackendServer",
            &[
                MADE,
                ok(PROXY, ""),
                ok(BACKEND, ""),
                ok(DESCRIBE, "<InstancePort>80</InstancePort><PolicyNames><member>proxy</member>"),
            ],
        ),
        (
            "AddTags/DescribeTags/RemoveTags",
            &[
                MADE,
                ok("AddTags&LoadBalancerNames.member.1=web&Tags.member.1.Key=team&Tags.member.1.Value=a", ""),
                ok("DescribeTags&LoadBalancerNames.member.1=web", "<Key>team</Key><Value>a</Value>"),
                ok("RemoveTags&LoadBalancerNames.member.1=web&Tags.member.1.Key=team", ""),
                ok("DescribeTags&LoadBalancerNames.member.1=web", "<Tags></Tags>"),
            ],
        ),
        (
            "ApplySecurityGroups/AttachToSubnets",
            &[
                MADE,
                ("ec2", "CreateSecurityGroup&GroupName=web&GroupDescription=web", "200", ""),
                ok(
                    "ApplySecurityGroupsToLoadBalancer&LoadBalancerName=web&SecurityGroups.member.1={groupId}",
                    "<member>{groupId}</member>",
                ),
                (
                    "ec2",
                    "DescribeSubnets&Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1b",
                    "200",
                    "<subnetId>",
                ),
                ok(
                    "AttachLoadBalancerToSubnets&LoadBalancerName=web&Subnets.member.1={subnetId}",
                    "<member>{subnetId}</member>",
                ),
                ok(DESCRIBE, "<member>us-east-1a</member><member>us-east-1b</member>"),
            ],
        ),
    ]);
}
