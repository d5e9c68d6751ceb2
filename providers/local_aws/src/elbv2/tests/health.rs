use super::{BALANCER, GROUP, HEALTH, LISTENER, REGISTER, RUN, check, ok, wait};
use crate::timing::{Delay, TimeModel};

const DEREGISTER: &str = "DeregisterTargets&TargetGroupArn={TargetGroupArn}&Targets.member.1.Id={instanceId}";
const INITIAL: &str = "<State>initial</State><Reason>Elb.InitialHealthChecking</Reason><Description>Initial health checks in progress";
const UNUSED: &str = "<State>unused</State><Reason>Target.NotInUse</Reason><Description>Target group is not configured to receive traffic from the load balancer";
const HEALTHY: &str = "<TargetHealth><State>healthy</State></TargetHealth>";

/// Applications need so many seconds until they listen.
fn listening_after(seconds: u64) -> TimeModel {
    let mut timing = TimeModel::fast();
    timing.ec2.running_to_listening = Delay::secs(seconds, seconds);
    timing
}

#[test]
fn targets_are_checked_before_they_take_requests() {
    check(
        &listening_after(3600),
        &[(
            "target health initial -> unhealthy when nothing listens",
            &[
                BALANCER,
                GROUP,
                LISTENER,
                RUN,
                wait("1"),
                REGISTER,
                ok(HEALTH, INITIAL),
                wait("10"),
                ok(
                    HEALTH,
                    "<State>unhealthy</State><Reason>Target.FailedHealthChecks</Reason><Description>Health checks failed<",
                ),
            ],
        )],
    );
    check(
        &listening_after(5),
        &[(
            "one pass makes a new target healthy",
            &[
                BALANCER,
                GROUP,
                LISTENER,
                RUN,
                wait("1"),
                REGISTER,
                ok(HEALTH, INITIAL),
                wait("6"),
                ok(HEALTH, HEALTHY),
            ],
        )],
    );
    check(
        &listening_after(15),
        &[(
            "a target that was given up needs all passes",
            &[
                BALANCER,
                GROUP,
                LISTENER,
                RUN,
                wait("1"),
                REGISTER,
                wait("25"),
                ok(HEALTH, "<State>unhealthy</State>"),
                wait("20"),
                ok(HEALTH, HEALTHY),
            ],
        )],
    );
}

#[test]
fn a_group_that_nothing_is_sent_to_is_unused() {
    check(
        &TimeModel::fast(),
        &[
            (
                "checks begin with the listener",
                &[
                    BALANCER,
                    GROUP,
                    RUN,
                    wait("1"),
                    REGISTER,
                    ok(HEALTH, UNUSED),
                    LISTENER,
                    wait("5"),
                    ok(HEALTH, HEALTHY),
                    ok("DeleteListener&ListenerArn={ListenerArn}", ""),
                    ok(HEALTH, UNUSED),
                    ok(DEREGISTER, ""),
                    ok(HEALTH, "<TargetHealthDescriptions></TargetHealthDescriptions>"),
                ],
            ),
            (
                "a target by its address, and one that is not there",
                &[
                    BALANCER,
                    ok("CreateTargetGroup&Name=ips&Protocol=HTTP&Port=80&VpcId={vpcId}&TargetType=ip", ""),
                    LISTENER,
                    RUN,
                    wait("1"),
                    ok(
                        "RegisterTargets&TargetGroupArn={TargetGroupArn}&Targets.member.1.Id={privateIpAddress}",
                        "",
                    ),
                    wait("5"),
                    ok(HEALTH, HEALTHY),
                    ok(
                        "DescribeTargetHealth&TargetGroupArn={TargetGroupArn}&Targets.member.1.Id=10.0.0.1",
                        "<State>unused</State><Reason>Target.NotRegistered</Reason>",
                    ),
                ],
            ),
        ],
    );
}

#[test]
fn a_target_that_leaves_drains() {
    const DELAY: &str = "ModifyTargetGroupAttributes&TargetGroupArn={TargetGroupArn}&Attributes.member.1.Key=deregistration_delay.timeout_seconds&Attributes.member.1.Value=30";
    check(
        &TimeModel::fast(),
        &[
            (
                "DeregisterTargets shows draining",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    ok(DELAY, ""),
                    RUN,
                    wait("1"),
                    REGISTER,
                    wait("10"),
                    ok(HEALTH, HEALTHY),
                    ok(DEREGISTER, ""),
                    ok(
                        HEALTH,
                        "<State>draining</State><Reason>Target.DeregistrationInProgress</Reason><Description>Target deregistration is in progress<",
                    ),
                    wait("25"),
                    ok(HEALTH, "draining"),
                    wait("5"),
                    ok(HEALTH, "<TargetHealthDescriptions></TargetHealthDescriptions>"),
                ],
            ),
            (
                "one that is registered again comes back",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    ok(DELAY, ""),
                    RUN,
                    wait("1"),
                    REGISTER,
                    wait("10"),
                    ok(DEREGISTER, ""),
                    REGISTER,
                    wait("60"),
                    ok(HEALTH, HEALTHY),
                ],
            ),
            (
                "stopped and terminated instances",
                &[
                    BALANCER,
                    GROUP,
                    LISTENER,
                    RUN,
                    wait("1"),
                    REGISTER,
                    ("ec2", "StopInstances&InstanceId.1={instanceId}", "200", ""),
                    ok(HEALTH, "<State>unused</State><Reason>Target.InvalidState</Reason>"),
                    ("ec2", "TerminateInstances&InstanceId.1={instanceId}", "200", ""),
                    wait("1"),
                    ok(HEALTH, "<TargetHealthDescriptions></TargetHealthDescriptions>"),
                ],
            ),
        ],
    );
}
