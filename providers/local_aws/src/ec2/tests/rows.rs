//! Rows of EC2.

use crate::testing::{Asked, check, check_at};
use crate::timing::TimeModel;

/// A request that succeeds and says something.
const fn ok(form: &'static str, says: &'static str) -> Asked {
    ("ec2", form, "200", says)
}

/// A request that is refused.
const fn no(form: &'static str, refusal: &'static str) -> Asked {
    ("ec2", form, refusal, "")
}

const fn wait(seconds: &'static str) -> Asked {
    ("wait", seconds, "", "")
}

const RUN_FORM: &str =
    "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.micro&MinCount=1&MaxCount=1";
const RUN: Asked = ok(RUN_FORM, "<name>pending</name>");
const STATE: &str = "DescribeInstances&InstanceId.1={instanceId}";
const TERMINATE: &str = "TerminateInstances&InstanceId.1={instanceId}";
const GROUP_FORM: &str = "CreateSecurityGroup&GroupName=web&GroupDescription=web&TagSpecification.1.ResourceType=security-group&TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=a";
const GROUP: Asked = ok(GROUP_FORM, "<groupId>sg-");
const OPEN_FORM: &str = "AuthorizeSecurityGroupIngress&GroupId={groupId}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=80&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8";
const OPEN: Asked = ok(OPEN_FORM, "<securityGroupRuleId>sgr-");
const CLOSE: &str = "RevokeSecurityGroupIngress&GroupId={groupId}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=80&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8";

#[test]
fn accounts_and_security_groups_answer_as_aws_does() {
    check(&[
        (
            "ec2.default-vpc-subnets",
            &[
                ok("DescribeVpcs", "<isDefault>true</isDefault>"),
                ok("DescribeSubnets", "<defaultForAz>true</defaultForAz>"),
            ],
        ),
        (
            "ec2.DescribeAvailabilityZones",
            &[ok("DescribeAvailabilityZones", "<zoneName>us-east-1a</zoneName>")],
        ),
        (
            "ec2.base-ami",
            &[ok("DescribeImages&ImageId.1=ami-0064e711cbc7a825e", "<imageState>available</imageState>")],
        ),
        (
            "CreateSecurityGroup + TagSpecifications",
            &[GROUP, ok("DescribeSecurityGroups&GroupId.1={groupId}", "<key>team</key><value>a</value>")],
        ),
        (
            "CreateSecurityGroup dup -> InvalidGroup.Duplicate",
            &[GROUP, no(GROUP_FORM, "InvalidGroup.Duplicate 400")],
        ),
        ("AuthorizeSecurityGroupIngress returns rules", &[GROUP, OPEN]),
        (
            "Authorize dup -> InvalidPermission.Duplicate",
            &[GROUP, OPEN, no(OPEN_FORM, "InvalidPermission.Duplicate 400")],
        ),
        (
            "Authorize self-referencing group",
            &[
                GROUP,
                ok(
                    "AuthorizeSecurityGroupIngress&GroupId={groupId}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={groupId}",
                    "<referencedGroupInfo><groupId>{groupId}</groupId>",
                ),
            ],
        ),
        ("RevokeSecurityGroupIngress", &[GROUP, OPEN, ok(CLOSE, "<return>true</return>"), OPEN]),
        (
            "Revoke absent -> InvalidPermission.NotFound",
            &[GROUP, no(CLOSE, "InvalidPermission.NotFound 400")],
        ),
        (
            "DescribeSecurityGroupRules",
            &[
                GROUP,
                OPEN,
                ok(
                    "DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1={groupId}",
                    "<cidrIpv4>10.0.0.0/8</cidrIpv4>",
                ),
            ],
        ),
        (
            "DescribeSecurityGroups missing -> InvalidGroup.NotFound",
            &[no("DescribeSecurityGroups&GroupId.1=sg-0123456789abcdef0", "InvalidGroup.NotFound 400")],
        ),
        (
            "DescribeSecurityGroups malformed -> InvalidGroupId.Malformed",
            &[no("DescribeSecurityGroups&GroupId.1=bogus", "InvalidGroupId.Malformed 400")],
        ),
        (
            "CreateKeyPair/Import/dup/missing",
            &[
                ok("CreateKeyPair&KeyName=k", "<keyMaterial>-----BEGIN"),
                no("CreateKeyPair&KeyName=k", "InvalidKeyPair.Duplicate 400"),
                no("DescribeKeyPairs&KeyName.1=nope", "InvalidKeyPair.NotFound 400"),
            ],
        ),
        (
            "DeleteSecurityGroup in use -> DependencyViolation",
            &[
                GROUP,
                ok(
                    "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.micro&MinCount=1&MaxCount=1&SecurityGroupId.1={groupId}",
                    "pending",
                ),
                no("DeleteSecurityGroup&GroupId={groupId}", "DependencyViolation 400"),
                ok(TERMINATE, "shutting-down"),
                ok("DeleteSecurityGroup&GroupId={groupId}", ""),
            ],
        ),
    ]);
}

#[test]
fn lives_of_instances_answer_as_aws_does() {
    const STATUS: &str = "DescribeInstanceStatus&InstanceId.1={instanceId}&IncludeAllInstances=true";
    check_at(
        &TimeModel::aws_like(),
        &[
            ("RunInstances first answer is pending", &[RUN]),
            (
                "DescribeInstances still pending right after (boot takes time)",
                &[RUN, wait("2"), ok(STATE, "<name>pending</name>")],
            ),
            (
                "instance reaches running",
                &[RUN, wait("20"), ok(STATE, "<code>16</code><name>running</name>")],
            ),
            (
                "DescribeInstanceStatus initializing -> ok",
                &[
                    RUN,
                    wait("20"),
                    ok(STATUS, "<status>initializing</status>"),
                    wait("300"),
                    ok(STATUS, "<status>ok</status>"),
                ],
            ),
            (
                "StopInstances/StartInstances pass through stopping",
                &[
                    RUN,
                    wait("20"),
                    ok("StopInstances&InstanceId.1={instanceId}", "<name>stopping</name>"),
                    ok(STATE, "<name>stopping</name>"),
                    wait("60"),
                    ok(STATE, "<name>stopped</name>"),
                    ok("StartInstances&InstanceId.1={instanceId}", "<name>pending</name>"),
                    wait("20"),
                    ok(STATE, "<name>running</name>"),
                ],
            ),
            (
                "TerminateInstances shutting-down -> terminated, still visible",
                &[
                    RUN,
                    wait("20"),
                    ok(TERMINATE, "<name>shutting-down</name>"),
                    ok(STATE, "<name>shutting-down</name>"),
                    wait("61"),
                    ok(STATE, "<name>terminated</name>"),
                    wait("3600"),
                    no(STATE, "InvalidInstanceID.NotFound 400"),
                ],
            ),
        ],
    );
}

#[test]
fn instances_answer_as_aws_does() {
    const TAGGED: &str = "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.micro&MinCount=1&MaxCount=1&UserData=aGVsbG8=&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=a&TagSpecification.2.ResourceType=volume&TagSpecification.2.Tag.1.Key=disk&TagSpecification.2.Tag.1.Value=b";
    const ONCE: &str = "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.micro&MinCount=1&MaxCount=1&ClientToken=once";
    check(&[
        (
            "instance fields (ip, az, sg, key, tags, bdm, launch time, eni)",
            &[
                ok(TAGGED, ""),
                ok(STATE, "<privateIpAddress>172.31."),
                ok(STATE, "<ipAddress>54."),
                ok(STATE, "<availabilityZone>us-east-1a</availabilityZone>"),
                ok(STATE, "<groupName>default</groupName>"),
                ok(STATE, "<key>team</key><value>a</value>"),
                ok(STATE, "<deviceName>/dev/xvda</deviceName>"),
                ok(STATE, "<launchTime>2026-11-21T07:00:01.000Z</launchTime>"),
                ok(STATE, "<networkInterfaceId>eni-"),
            ],
        ),
        (
            "user data kept (DescribeInstanceAttribute)",
            &[
                ok(TAGGED, ""),
                ok(
                    "DescribeInstanceAttribute&InstanceId={instanceId}&Attribute=userData",
                    "<userData><value>aGVsbG8=</value></userData>",
                ),
            ],
        ),
        (
            "volume tags from TagSpecifications",
            &[
                ok(TAGGED, ""),
                ok(
                    "DescribeTags&Filter.1.Name=resource-type&Filter.1.Value.1=volume",
                    "<key>disk</key><value>b</value>",
                ),
            ],
        ),
        (
            "RunInstances ClientToken is idempotent",
            &[ok(ONCE, "<instanceId>"), ok(ONCE, "<instanceId>{instanceId}</instanceId>")],
        ),
        (
            "DryRun -> DryRunOperation 412",
            &[no(
                "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.micro&MinCount=1&MaxCount=1&DryRun=true",
                "DryRunOperation 412",
            )],
        ),
        (
            "DescribeInstances filters tag/state/image",
            &[
                ok(TAGGED, ""),
                ok("DescribeInstances&Filter.1.Name=tag:team&Filter.1.Value.1=a*", "{instanceId}"),
                ok(
                    "DescribeInstances&Filter.1.Name=tag:team&Filter.1.Value.1=b",
                    "<reservationSet></reservationSet>",
                ),
                ok(
                    "DescribeInstances&Filter.1.Name=instance-state-name&Filter.1.Value.1=running&Filter.2.Name=image-id&Filter.2.Value.1=ami-0064e711cbc7a825e",
                    "{instanceId}",
                ),
            ],
        ),
        (
            "DescribeInstances paging (MaxResults/NextToken)",
            &[
                ok(
                    "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.micro&MinCount=6&MaxCount=6",
                    "",
                ),
                RUN,
                ok("DescribeInstances&MaxResults=5", "<nextToken>"),
                ok("DescribeInstances&MaxResults=5&NextToken={nextToken}", "<instanceId>"),
            ],
        ),
        (
            "CreateTags/DescribeTags/DeleteTags",
            &[
                RUN,
                ok("CreateTags&ResourceId.1={instanceId}&Tag.1.Key=a&Tag.1.Value=b", ""),
                ok(
                    "DescribeTags&Filter.1.Name=resource-id&Filter.1.Value.1={instanceId}",
                    "<key>a</key><value>b</value>",
                ),
                ok("DeleteTags&ResourceId.1={instanceId}&Tag.1.Key=a", ""),
                ok(
                    "DescribeTags&Filter.1.Name=resource-id&Filter.1.Value.1={instanceId}",
                    "<tagSet></tagSet>",
                ),
            ],
        ),
        (
            "CreateTags missing resource -> Invalid...NotFound",
            &[no(
                "CreateTags&ResourceId.1=i-0123456789abcdef0&Tag.1.Key=a&Tag.1.Value=b",
                "InvalidInstanceID.NotFound 400",
            )],
        ),
        (
            "termination protection -> OperationNotPermitted",
            &[
                RUN,
                ok("ModifyInstanceAttribute&InstanceId={instanceId}&DisableApiTermination.Value=true", ""),
                no(TERMINATE, "OperationNotPermitted 400"),
            ],
        ),
        (
            "RunInstances unknown instance profile -> InvalidParameterValue",
            &[
                ("iam", "CreateInstanceProfile&InstanceProfileName=web", "200", ""),
                no(
                    "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.micro&MinCount=1&MaxCount=1&IamInstanceProfile.Name=nope",
                    "InvalidParameterValue 400",
                ),
            ],
        ),
    ]);
}

#[test]
fn refusals_answer_as_aws_does() {
    let table = [
        (
            "RunInstances unknown AMI -> InvalidAMIID.NotFound",
            "RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=t3.micro&MinCount=1&MaxCount=1",
            "InvalidAMIID.NotFound 400",
        ),
        (
            "RunInstances malformed AMI -> InvalidAMIID.Malformed",
            "RunInstances&ImageId=bogus&InstanceType=t3.micro&MinCount=1&MaxCount=1",
            "InvalidAMIID.Malformed 400",
        ),
        (
            "RunInstances unknown key -> InvalidKeyPair.NotFound",
            "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.micro&MinCount=1&MaxCount=1&KeyName=nope",
            "InvalidKeyPair.NotFound 400",
        ),
        (
            "RunInstances unknown SG -> InvalidGroup.NotFound",
            "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.micro&MinCount=1&MaxCount=1&SecurityGroupId.1=sg-0123456789abcdef0",
            "InvalidGroup.NotFound 400",
        ),
        (
            "RunInstances unknown subnet -> InvalidSubnetID.NotFound",
            "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.micro&MinCount=1&MaxCount=1&SubnetId=subnet-0123456789abcdef0",
            "InvalidSubnetID.NotFound 400",
        ),
        (
            "RunInstances bad type -> InvalidParameterValue/InvalidInstanceType",
            "RunInstances&ImageId=ami-0064e711cbc7a825e&InstanceType=t3.enormous&MinCount=1&MaxCount=1",
            "InvalidParameterValue 400",
        ),
        (
            "DescribeInstances missing -> InvalidInstanceID.NotFound",
            "DescribeInstances&InstanceId.1=i-0123456789abcdef0",
            "InvalidInstanceID.NotFound 400",
        ),
        (
            "DescribeInstances malformed -> InvalidInstanceID.Malformed",
            "DescribeInstances&InstanceId.1=bogus",
            "InvalidInstanceID.Malformed 400",
        ),
        (
            "DescribeInstances unknown filter -> InvalidParameterValue",
            "DescribeInstances&Filter.1.Name=bogus&Filter.1.Value.1=x",
            "InvalidParameterValue 400",
        ),
        (
            "CopyImage unknown source -> InvalidAMIID.NotFound",
            "CopyImage&SourceRegion=us-east-1&SourceImageId=ami-0123456789abcdef0&Name=copy",
            "InvalidAMIID.NotFound 400",
        ),
        (
            "DescribeImages missing -> InvalidAMIID.NotFound",
            "DescribeImages&ImageId.1=ami-0123456789abcdef0",
            "InvalidAMIID.NotFound 400",
        ),
        (
            "DeleteSnapshot missing -> InvalidSnapshot.NotFound",
            "DeleteSnapshot&SnapshotId=snap-0123456789abcdef0",
            "InvalidSnapshot.NotFound 400",
        ),
        (
            "DescribeLaunchTemplates missing name -> NotFoundException",
            "DescribeLaunchTemplates&LaunchTemplateName.1=nope",
            "InvalidLaunchTemplateName.NotFoundException 400",
        ),
        (
            "DescribeLaunchTemplates missing id -> NotFound",
            "DescribeLaunchTemplates&LaunchTemplateId.1=lt-0123456789abcdef0",
            "InvalidLaunchTemplateId.NotFound 400",
        ),
    ];
    for (row, form, refusal) in table {
        check(&[(row, &[no(form, refusal)])]);
    }
}

#[test]
fn images_answer_as_aws_does() {
    const IMAGE: Asked = ok(
        "CreateImage&InstanceId={instanceId}&Name=web&TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=team&TagSpecification.1.Tag.1.Value=a",
        "<imageId>ami-",
    );
    const DESCRIBE: &str = "DescribeImages&ImageId.1={CreateImageResponse/imageId}";
    check_at(
        &TimeModel::aws_like(),
        &[(
            "CreateImage -> pending first",
            &[RUN, wait("20"), IMAGE, wait("10"), ok(DESCRIBE, "<imageState>pending</imageState>")],
        )],
    );
    check(&[
        (
            "image reaches available; owner self; tags; snapshot in BDM",
            &[
                RUN,
                IMAGE,
                ok("DescribeImages&Owner.1=self", "<imageState>available</imageState>"),
                ok(DESCRIBE, "<imageOwnerId>123456789012</imageOwnerId>"),
                ok(DESCRIBE, "<key>team</key><value>a</value>"),
                ok(DESCRIBE, "<snapshotId>snap-"),
            ],
        ),
        (
            "DescribeImages filter name/tag",
            &[
                RUN,
                IMAGE,
                ok("DescribeImages&Filter.1.Name=name&Filter.1.Value.1=we*", "<name>web</name>"),
                ok("DescribeImages&Filter.1.Name=tag:team&Filter.1.Value.1=a", "<name>web</name>"),
            ],
        ),
        (
            "CreateImage dup name -> InvalidAMIName.Duplicate",
            &[RUN, IMAGE, no("CreateImage&InstanceId={instanceId}&Name=web", "InvalidAMIName.Duplicate 400")],
        ),
        (
            "DescribeSnapshots of the image",
            &[
                RUN,
                IMAGE,
                ok(DESCRIBE, ""),
                ok("DescribeSnapshots&SnapshotId.1={ebs/snapshotId}", "<status>completed</status>"),
            ],
        ),
        (
            "DeleteSnapshot in use by AMI -> InvalidSnapshot.InUse",
            &[
                RUN,
                IMAGE,
                ok(DESCRIBE, ""),
                no("DeleteSnapshot&SnapshotId={ebs/snapshotId}", "InvalidSnapshot.InUse 400"),
            ],
        ),
        (
            "CopyImage",
            &[
                RUN,
                IMAGE,
                ok(
                    "CopyImage&SourceRegion=us-east-1&SourceImageId={CreateImageResponse/imageId}&Name=copy",
                    "ami-",
                ),
                ok("DescribeImages&ImageId.1={CopyImageResponse/imageId}", "<name>copy</name>"),
            ],
        ),
        (
            "DeregisterImage then gone, snapshot deletable",
            &[
                RUN,
                IMAGE,
                ok(DESCRIBE, ""),
                ok("DeregisterImage&ImageId={CreateImageResponse/imageId}", ""),
                no(DESCRIBE, "InvalidAMIID.NotFound 400"),
                ok("DeleteSnapshot&SnapshotId={ebs/snapshotId}", ""),
            ],
        ),
        (
            "RunInstances from deregistered AMI fails",
            &[
                RUN,
                IMAGE,
                ok("DeregisterImage&ImageId={CreateImageResponse/imageId}", ""),
                no(
                    "RunInstances&ImageId={CreateImageResponse/imageId}&InstanceType=t3.micro&MinCount=1&MaxCount=1",
                    "InvalidAMIID.NotFound 400",
                ),
            ],
        ),
    ]);
}

#[test]
fn launch_templates_answer_as_aws_does() {
    const TEMPLATE_FORM: &str = "CreateLaunchTemplate&LaunchTemplateName=web&LaunchTemplateData.ImageId=ami-0064e711cbc7a825e&LaunchTemplateData.InstanceType=t3.small";
    const TEMPLATE: Asked = ok(TEMPLATE_FORM, "<launchTemplateId>lt-");
    const VERSION: Asked = ok(
        "CreateLaunchTemplateVersion&LaunchTemplateName=web&SourceVersion=1&LaunchTemplateData.InstanceType=t3.large",
        "<versionNumber>2</versionNumber>",
    );
    check(&[
        (
            "CreateLaunchTemplate + RunInstances from it",
            &[
                TEMPLATE,
                ok(
                    "RunInstances&LaunchTemplate.LaunchTemplateName=web&MinCount=1&MaxCount=1",
                    "<instanceType>t3.small</instanceType>",
                ),
            ],
        ),
        (
            "LaunchTemplate versions, default, $Latest",
            &[
                TEMPLATE,
                VERSION,
                ok(
                    "DescribeLaunchTemplateVersions&LaunchTemplateName=web&LaunchTemplateVersion.1=%24Latest",
                    "<imageId>ami-0064e711cbc7a825e</imageId>",
                ),
                ok(
                    "DescribeLaunchTemplates&LaunchTemplateName.1=web",
                    "<defaultVersionNumber>1</defaultVersionNumber><latestVersionNumber>2</latestVersionNumber>",
                ),
                ok("ModifyLaunchTemplate&LaunchTemplateName=web&SetDefaultVersion=2", ""),
                ok(
                    "RunInstances&LaunchTemplate.LaunchTemplateName=web&MinCount=1&MaxCount=1",
                    "<instanceType>t3.large</instanceType>",
                ),
            ],
        ),
        (
            "DeleteLaunchTemplateVersions",
            &[
                TEMPLATE,
                VERSION,
                ok(
                    "DeleteLaunchTemplateVersions&LaunchTemplateName=web&LaunchTemplateVersion.1=2",
                    "<successfullyDeletedLaunchTemplateVersionSet>",
                ),
                no(
                    "RunInstances&LaunchTemplate.LaunchTemplateName=web&LaunchTemplate.Version=2&MinCount=1&MaxCount=1",
                    "InvalidLaunchTemplateId.VersionNotFound 400",
                ),
            ],
        ),
        (
            "CreateLaunchTemplate dup -> ...AlreadyExistsException",
            &[TEMPLATE, no(TEMPLATE_FORM, "InvalidLaunchTemplateName.AlreadyExistsException 400")],
        ),
    ]);
}
