//! Rows of application load balancers.

use super::{BALANCER, GROUP, HEALTH, LISTENER, REGISTER, RUN, check, no, ok, wait};
use crate::testing::{Asked, at, call, fast};
use crate::timing::TimeModel;

const DESCRIBE: &str = "DescribeLoadBalancers&Names.member.1=web";
const DESCRIBE_GROUP: &str = "DescribeTargetGroups&TargetGroupArns.member.1={TargetGroupArn}";

#[test]
fn load_balancers_answer_as_aws_does() {
    const INTERNAL: &str = "CreateLoadBalancer&Name=web&Scheme=internal&Subnets.member.1={item/subnetId}&Subnets.member.2={subnet/subnetId}";
    const PROTECT: &str = "ModifyLoadBalancerAttributes&LoadBalancerArn={LoadBalancerArn}&Attributes.member.1.Key=deletion_protection.enabled&Attributes.member.1.Value=true";
    const DELETE: &str = "DeleteLoadBalancer&LoadBalancerArn={LoadBalancerArn}";
    const GONE: &str = "DescribeLoadBalancers&LoadBalancerArns.member.1=arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/no/0123456789abcdef";
    check(
        &TimeModel::fast(),
        &[
            (
                "Create LB/TG/listener/attributes",
                &[
                    BALANCER,
                    ok(DESCRIBE, "<State><Code>active</Code></State><Type>application</Type>"),
                    ok(DESCRIBE, "<ZoneName>us-east-1b</ZoneName>"),
                    GROUP,
                    ok(DESCRIBE_GROUP, "<HealthCheckPort>traffic-port</HealthCheckPort>"),
                    LISTENER,
                    ok(
                        "DescribeListeners&LoadBalancerArn={LoadBalancerArn}",
                        "<TargetGroupArn>{TargetGroupArn}</TargetGroupArn>",
                    ),
                    ok(
                        "DescribeTargetGroups&LoadBalancerArn={LoadBalancerArn}",
                        "<TargetGroupName>app</TargetGroupName>",
                    ),
                    ok(PROTECT, "<Key>idle_timeout.timeout_seconds</Key><Value>60</Value>"),
                    ok(
                        "DescribeLoadBalancerAttributes&LoadBalancerArn={LoadBalancerArn}",
                        "<Key>deletion_protection.enabled</Key><Value>true</Value>",
                    ),
                    no(DELETE, "OperationNotPermitted 400"),
                ],
            ),
            (
                "the same again is the same; another is DuplicateLoadBalancerName",
                &[
                    BALANCER,
                    ok(BALANCER.1, "<LoadBalancerArn>{LoadBalancerArn}</LoadBalancerArn>"),
                    no(INTERNAL, "DuplicateLoadBalancerName 400"),
                ],
            ),
            (
                "missing -> LoadBalancerNotFound",
                &[
                    no(DESCRIBE, "LoadBalancerNotFound 400"),
                    no(GONE, "LoadBalancerNotFound 400"),
                    no("DescribeLoadBalancers&LoadBalancerArns.member.1=web", "ValidationError 400"),
                    no("DescribeLoadBalancerAttributes&LoadBalancerArn=web", "ValidationError 400"),
                ],
            ),
            (
                "what cannot be made",
                &[
                    no("CreateLoadBalancer&Name=web&Subnets.member.1={item/subnetId}", "ValidationError 400"),
                    no(
                        "CreateLoadBalancer&Name=-web&Subnets.member.1={item/subnetId}",
                        "ValidationError 400",
                    ),
                    no("CreateLoadBalancer&Name=web&Type=gateway", "ValidationError 400"),
                    no(
                        "CreateLoadBalancer&Name=web&Subnets.member.1={item/subnetId}&Subnets.member.2=subnet-0123456789abcdef0",
                        "SubnetNotFound 400",
                    ),
                    no(
                        "CreateLoadBalancer&Name=web&Subnets.member.1={item/subnetId}&Subnets.member.2={item/subnetId}",
                        "InvalidConfigurationRequest 400",
                    ),
                ],
            ),
            (
                "DeleteLoadBalancer takes its listeners along and is idempotent",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    ok(DELETE, ""),
                    ok(DELETE, ""),
                    no("DescribeListeners&ListenerArns.member.1={ListenerArn}", "ListenerNotFound 400"),
                    ok("DeleteTargetGroup&TargetGroupArn={TargetGroupArn}", ""),
                ],
            ),
            (
                "SetSecurityGroups/SetSubnets/SetIpAddressType",
                &[
                    BALANCER,
                    ("ec2", "CreateSecurityGroup&GroupName=web&GroupDescription=web", "200", ""),
                    ok(
                        "SetSecurityGroups&LoadBalancerArn={LoadBalancerArn}&SecurityGroups.member.1={groupId}",
                        "<member>{groupId}</member>",
                    ),
                    no(
                        "SetSecurityGroups&LoadBalancerArn={LoadBalancerArn}&SecurityGroups.member.1=sg-0123456789abcdef0",
                        "InvalidSecurityGroup 400",
                    ),
                    ok(
                        "SetIpAddressType&LoadBalancerArn={LoadBalancerArn}&IpAddressType=dualstack",
                        "dualstack",
                    ),
                    no(
                        "SetSubnets&LoadBalancerArn={LoadBalancerArn}&Subnets.member.1={item/subnetId}",
                        "ValidationError 400",
                    ),
                    ok(
                        "SetSubnets&LoadBalancerArn={LoadBalancerArn}&Subnets.member.1={subnet/subnetId}&Subnets.member.2={item/subnetId}",
                        "us-east-1b",
                    ),
                    ("ec2", "DeleteSecurityGroup&GroupId={groupId}", "DependencyViolation 400", ""),
                ],
            ),
            (
                "AddTags/DescribeTags/RemoveTags",
                &[
                    BALANCER,
                    ok(
                        "AddTags&ResourceArns.member.1={LoadBalancerArn}&Tags.member.1.Key=team&Tags.member.1.Value=a",
                        "",
                    ),
                    ok(
                        "DescribeTags&ResourceArns.member.1={LoadBalancerArn}",
                        "<Key>team</Key><Value>a</Value>",
                    ),
                    ok("RemoveTags&ResourceArns.member.1={LoadBalancerArn}&TagKeys.member.1=team", ""),
                    ok("DescribeTags&ResourceArns.member.1={LoadBalancerArn}", "<Tags></Tags>"),
                ],
            ),
        ],
    );
}

#[test]
fn target_groups_answer_as_aws_does() {
    const DELETE: &str = "DeleteTargetGroup&TargetGroupArn={TargetGroupArn}";
    const OTHER: &str = "CreateTargetGroup&Name=app&Protocol=HTTP&Port=81&VpcId={vpcId}";
    check(
        &TimeModel::fast(),
        &[
            (
                "DeleteTargetGroup in use -> ResourceInUse",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    no(DELETE, "ResourceInUse 400"),
                    ok("DeleteListener&ListenerArn={ListenerArn}", ""),
                    ok(DELETE, ""),
                    no(DESCRIBE_GROUP, "TargetGroupNotFound 400"),
                ],
            ),
            (
                "missing -> TargetGroupNotFound",
                &[
                    no("DescribeTargetGroups&Names.member.1=app", "TargetGroupNotFound 400"),
                    no(
                        "DescribeTargetHealth&TargetGroupArn=arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/no/0123456789abcdef",
                        "TargetGroupNotFound 400",
                    ),
                    no("DescribeTargetHealth&TargetGroupArn=app", "ValidationError 400"),
                ],
            ),
            (
                "the same again is the same; another is DuplicateTargetGroupName",
                &[
                    GROUP,
                    ok(GROUP.1, "<TargetGroupArn>{TargetGroupArn}</TargetGroupArn>"),
                    no(OTHER, "DuplicateTargetGroupName 400"),
                ],
            ),
            (
                "ModifyTargetGroup",
                &[
                    GROUP,
                    ok(
                        "ModifyTargetGroup&TargetGroupArn={TargetGroupArn}&HealthCheckPath=/up&Matcher.HttpCode=200-299",
                        "<HealthCheckPath>/up</HealthCheckPath><Matcher><HttpCode>200-299</HttpCode>",
                    ),
                    no(
                        "ModifyTargetGroup&TargetGroupArn={TargetGroupArn}&HealthCheckTimeoutSeconds=5",
                        "ValidationError 400",
                    ),
                    no(
                        "ModifyTargetGroup&TargetGroupArn={TargetGroupArn}&HealthyThresholdCount=1",
                        "ValidationError 400",
                    ),
                ],
            ),
            (
                "ModifyTargetGroupAttributes",
                &[
                    GROUP,
                    ok(
                        "DescribeTargetGroupAttributes&TargetGroupArn={TargetGroupArn}",
                        "<Key>deregistration_delay.timeout_seconds</Key><Value>300</Value>",
                    ),
                    ok(
                        "ModifyTargetGroupAttributes&TargetGroupArn={TargetGroupArn}&Attributes.member.1.Key=deregistration_delay.timeout_seconds&Attributes.member.1.Value=60",
                        "<Value>60</Value>",
                    ),
                    no(
                        "ModifyTargetGroupAttributes&TargetGroupArn={TargetGroupArn}&Attributes.member.1.Key=deregistration_delay.timeout_seconds&Attributes.member.1.Value=3601",
                        "ValidationError 400",
                    ),
                    no(
                        "ModifyTargetGroupAttributes&TargetGroupArn={TargetGroupArn}&Attributes.member.1.Key=nonsense&Attributes.member.1.Value=1",
                        "ValidationError 400",
                    ),
                ],
            ),
            (
                "what cannot be registered",
                &[
                    GROUP,
                    no("RegisterTargets&TargetGroupArn={TargetGroupArn}", "ValidationError 400"),
                    no(
                        "RegisterTargets&TargetGroupArn={TargetGroupArn}&Targets.member.1.Id=i-0123456789abcdef0",
                        "InvalidTarget 400",
                    ),
                    RUN,
                    wait("5"),
                    ("ec2", "StopInstances&InstanceId.1={instanceId}", "200", ""),
                    no(REGISTER.1, "InvalidTarget 400"),
                ],
            ),
        ],
    );
}

#[test]
fn listeners_and_rules_answer_as_aws_does() {
    const SECURE: &str = "CreateListener&LoadBalancerArn={LoadBalancerArn}&Protocol=HTTPS&Port=443&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={TargetGroupArn}&Certificates.member.1.CertificateArn=arn:one";
    const RULE: Asked = (
        "elbv2",
        "CreateRule&ListenerArn={ListenerArn}&Priority=10&Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1=/a/*&Actions.member.1.Type=fixed-response&Actions.member.1.FixedResponseConfig.StatusCode=404",
        "200",
        "<PathPatternConfig><Values><member>/a/*</member></Values></PathPatternConfig>",
    );
    const RULES: &str = "DescribeRules&ListenerArn={ListenerArn}";
    check(
        &TimeModel::fast(),
        &[
            (
                "listeners",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    no(LISTENER.1, "DuplicateListener 400"),
                    ok("ModifyListener&ListenerArn={ListenerArn}&Port=81", "<Port>81</Port>"),
                    no(
                        "CreateListener&LoadBalancerArn={LoadBalancerArn}&Protocol=HTTP&Port=82&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn=arn:no",
                        "TargetGroupNotFound 400",
                    ),
                    no(
                        "CreateListener&LoadBalancerArn={LoadBalancerArn}&Protocol=TCP&Port=82&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={TargetGroupArn}",
                        "ValidationError 400",
                    ),
                    no(
                        "CreateListener&LoadBalancerArn={LoadBalancerArn}&Protocol=HTTP&Port=82",
                        "ValidationError 400",
                    ),
                    ok("DeleteListener&ListenerArn={ListenerArn}", ""),
                    no("DeleteListener&ListenerArn={ListenerArn}", "ListenerNotFound 400"),
                ],
            ),
            (
                "a target group serves one load balancer",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    ok(
                        "CreateLoadBalancer&Name=api&Subnets.member.1={item/subnetId}&Subnets.member.2={subnet/subnetId}",
                        "",
                    ),
                    no(LISTENER.1, "TargetGroupAssociationLimit 400"),
                ],
            ),
            (
                "listener certificates",
                &[
                    BALANCER,
                    GROUP,
                    ok(SECURE, "<SslPolicy>ELBSecurityPolicy-2016-08</SslPolicy>"),
                    ok(
                        "AddListenerCertificates&ListenerArn={ListenerArn}&Certificates.member.1.CertificateArn=arn:two",
                        "arn:two",
                    ),
                    ok(
                        "DescribeListenerCertificates&ListenerArn={ListenerArn}",
                        "<CertificateArn>arn:two</CertificateArn><IsDefault>false</IsDefault>",
                    ),
                    ok(
                        "ModifyListener&ListenerArn={ListenerArn}&Certificates.member.1.CertificateArn=arn:three",
                        "arn:three",
                    ),
                    no(
                        "RemoveListenerCertificates&ListenerArn={ListenerArn}&Certificates.member.1.CertificateArn=arn:three",
                        "OperationNotPermitted 400",
                    ),
                    ok(
                        "RemoveListenerCertificates&ListenerArn={ListenerArn}&Certificates.member.1.CertificateArn=arn:two",
                        "",
                    ),
                    ok(
                        "DescribeListenerCertificates&ListenerArn={ListenerArn}",
                        "<Certificates><member><CertificateArn>arn:three</CertificateArn><IsDefault>true</IsDefault></member></Certificates>",
                    ),
                ],
            ),
            (
                "rules",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    ok(RULES, "<Priority>default</Priority>"),
                    no("DeleteRule&RuleArn={RuleArn}", "OperationNotPermitted 400"),
                    RULE,
                    no(RULE.1, "PriorityInUse 400"),
                    ok(
                        "SetRulePriorities&RulePriorities.member.1.RuleArn={RuleArn}&RulePriorities.member.1.Priority=20",
                        "<Priority>20</Priority>",
                    ),
                    ok(
                        "ModifyRule&RuleArn={RuleArn}&Actions.member.1.Type=forward&Actions.member.1.TargetGroupArn={TargetGroupArn}",
                        "<Weight>1</Weight>",
                    ),
                    ok("DeleteListener&ListenerArn={ListenerArn}", ""),
                    no("DescribeRules&RuleArns.member.1={RuleArn}", "RuleNotFound 400"),
                ],
            ),
            (
                "a rule keeps a target group in use",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    RULE,
                    ok(
                        "ModifyListener&ListenerArn={ListenerArn}&DefaultActions.member.1.Type=fixed-response&DefaultActions.member.1.FixedResponseConfig.StatusCode=503",
                        "",
                    ),
                    ok(HEALTH, "<TargetHealthDescriptions>"),
                    ok(
                        "ModifyRule&RuleArn={RuleArn}&Actions.member.1.Type=forward&Actions.member.1.TargetGroupArn={TargetGroupArn}",
                        "",
                    ),
                    no("DeleteTargetGroup&TargetGroupArn={TargetGroupArn}", "ResourceInUse 400"),
                    ok("DeleteRule&RuleArn={RuleArn}", ""),
                    ok("DeleteTargetGroup&TargetGroupArn={TargetGroupArn}", ""),
                ],
            ),
        ],
    );
}

#[test]
fn the_two_kinds_of_load_balancing_are_apart() {
    let local = fast();
    let ask = |form: &str| call(&local, at(0), "elasticloadbalancing", form).1;
    assert!(ask("Action=DescribeLoadBalancers&Version=2015-12-01").contains("<LoadBalancers>"));
    assert!(ask("Action=DescribeLoadBalancers&Version=2012-06-01").contains("<LoadBalancerDescriptions>"));
    let names: Vec<String> = local.calls().into_keys().map(|(service, ..)| service).collect();
    assert_eq!(names, ["elb", "elbv2"]);
}
