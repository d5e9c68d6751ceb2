use super::*;
use crate::testing::{at, fast};

fn group(aws: &LocalAws, name: &str) -> String {
    made(aws, &format!("Action=CreateSecurityGroup&GroupName={name}&GroupDescription=d"), "groupId")
}

const WEB: &str = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=80&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.1.Description=all";

#[test]
fn rules_are_added_once_and_removed_once() {
    let aws = fast();
    let id = group(&aws, "web");
    let (_, added) = ec2(&aws, START, &format!("Action=AuthorizeSecurityGroupIngress&GroupId={id}&{WEB}"));
    let rule = field(&added, "securityGroupRuleId").map(str::to_owned).expect("a rule");
    let lines = [
        format!("Action=AuthorizeSecurityGroupIngress&GroupId={id}&{WEB}"),
        format!("Action=AuthorizeSecurityGroupIngress&GroupId={id}&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=10.1.2.3/8"),
        format!("Action=AuthorizeSecurityGroupIngress&GroupId={id}&IpProtocol=-1"),
        format!("Action=AuthorizeSecurityGroupIngress&GroupId={id}&IpProtocol=tcp&FromPort=90&ToPort=80&CidrIp=10.0.0.0/8"),
        format!("Action=AuthorizeSecurityGroupIngress&GroupId={id}&IpProtocol=tcp&CidrIp=10.0.0.0/8"),
        format!("Action=AuthorizeSecurityGroupIngress&GroupId={id}&IpProtocol=smoke&FromPort=1&ToPort=1&CidrIp=10.0.0.0/8"),
        format!("Action=AuthorizeSecurityGroupIngress&GroupId={id}&IpProtocol=tcp&FromPort=1&ToPort=1&CidrIp=10.0.0.0/33"),
        format!("Action=AuthorizeSecurityGroupEgress&GroupId={id}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0"),
        format!("Action=RevokeSecurityGroupEgress&GroupId={id}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0"),
        format!("Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1={rule}"),
        format!("Action=RevokeSecurityGroupIngress&GroupId={id}&SecurityGroupRuleId.1={rule}"),
        format!("Action=RevokeSecurityGroupIngress&GroupId={id}&{WEB}"),
        format!("Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1={rule}"),
    ]
    .map(|form| outcome(&ec2(&aws, START, &form)));
    insta::assert_snapshot!(lines.join("\n"), @"
    InvalidPermission.Duplicate 400
    200
    MissingParameter 400
    InvalidParameterValue 400
    InvalidParameterValue 400
    InvalidParameterValue 400
    InvalidParameterValue 400
    InvalidPermission.Duplicate 400
    200
    200
    200
    InvalidPermission.NotFound 400
    InvalidSecurityGroupRuleId.NotFound 400
    ");
    let (_, body) = ec2(&aws, START, &format!("Action=DescribeSecurityGroups&GroupId.1={id}"));
    insta::assert_snapshot!(body.replace(&id, "sg-ID").replace("><", ">\n<"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <DescribeSecurityGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>00000010-0000-4000-a000-01a1fce79d80</requestId>
    <securityGroupInfo>
    <item>
    <ownerId>123456789012</ownerId>
    <groupId>sg-ID</groupId>
    <groupName>web</groupName>
    <groupDescription>d</groupDescription>
    <vpcId>vpc-0d42371cc086b3116</vpcId>
    <securityGroupArn>arn:aws:ec2:us-east-1:123456789012:security-group/sg-ID</securityGroupArn>
    <ipPermissions>
    <item>
    <ipProtocol>tcp</ipProtocol>
    <fromPort>22</fromPort>
    <toPort>22</toPort>
    <groups>
    </groups>
    <ipRanges>
    <item>
    <cidrIp>10.0.0.0/8</cidrIp>
    </item>
    </ipRanges>
    <ipv6Ranges>
    </ipv6Ranges>
    <prefixListIds>
    </prefixListIds>
    </item>
    </ipPermissions>
    <ipPermissionsEgress>
    </ipPermissionsEgress>
    </item>
    </securityGroupInfo>
    </DescribeSecurityGroupsResponse>
    "#);
}

#[test]
fn rules_are_described_one_by_one() {
    let aws = fast();
    let id = group(&aws, "web");
    let peer = format!(
        "Action=AuthorizeSecurityGroupIngress&GroupId={id}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=80&IpPermissions.1.Groups.1.GroupId={id}&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=::/0"
    );
    assert_eq!(outcome(&ec2(&aws, START, &peer)), "200");
    let (_, body) = ec2(
        &aws,
        START,
        &format!("Action=DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1={id}"),
    );
    assert_eq!(fields(&body, "isEgress"), ["true", "false", "false"]);
    assert_eq!(fields(&body, "fromPort"), ["-1", "80", "80"]);
    assert_eq!((field(&body, "cidrIpv6"), fields(&body, "referencedGroupInfo").len()), (Some("::/0"), 1));
}

#[test]
fn groups_in_use_cannot_be_deleted() {
    let aws = fast();
    let (web, database) = (group(&aws, "web"), group(&aws, "database"));
    let from_web = format!(
        "GroupId={database}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=5432&IpPermissions.1.ToPort=5432&IpPermissions.1.Groups.1.GroupId={web}"
    );
    assert_eq!(
        outcome(&ec2(&aws, START, &format!("Action=AuthorizeSecurityGroupIngress&{from_web}"))),
        "200"
    );
    let instance = launched(&aws, &format!("&SecurityGroupId.1={web}"));
    let delete = format!("Action=DeleteSecurityGroup&GroupId={web}");
    assert_eq!(outcome(&ec2(&aws, START, &delete)), "DependencyViolation 400");
    ec2(&aws, START, &format!("Action=RevokeSecurityGroupIngress&{from_web}"));
    assert_eq!(outcome(&ec2(&aws, START, &delete)), "DependencyViolation 400");
    ec2(&aws, START, &format!("Action=TerminateInstances&InstanceId.1={instance}"));
    assert_eq!(outcome(&ec2(&aws, START, &delete)), "DependencyViolation 400");
    assert_eq!(outcome(&ec2(&aws, at(2), &delete)), "200");
    assert_eq!(outcome(&ec2(&aws, at(2), &delete)), "InvalidGroup.NotFound 400");
}

#[test]
fn a_services_interface_keeps_a_group_in_use_until_it_is_gone() {
    use crate::ec2::fleet;
    let aws = fast();
    let web = group(&aws, "web");
    let delete = format!("Action=DeleteSecurityGroup&GroupId={web}");
    let place = ("123456789012", "us-east-1");
    aws.with_model(place.0, place.1, START, |model| {
        let subnet = fleet::default_subnets(model)[0].id.clone();
        fleet::attach_interface(model, "ELB web", &subnet, &[web.as_str().into()]).map(drop)
    })
    .expect("a subnet of ours");
    let described = "Action=DescribeNetworkInterfaces&Filter.1.Name=description&Filter.1.Value.1=ELB web";
    assert_eq!(count(&aws, described, "networkInterfaceId"), 1);
    assert_eq!(outcome(&ec2(&aws, START, &delete)), "DependencyViolation 400");
    aws.with_model(place.0, place.1, START, |model| fleet::release_interfaces(model, "ELB web", None));
    assert_eq!(outcome(&ec2(&aws, START, &delete)), "DependencyViolation 400");
    assert_eq!(outcome(&ec2(&aws, at(1), &delete)), "200");
}

#[test]
fn names_are_unique_in_a_vpc() {
    let aws = fast();
    group(&aws, "web");
    let vpc = made(&aws, "Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId");
    let lines = outcomes(
        &aws,
        &[
            "Action=CreateSecurityGroup&GroupName=web&GroupDescription=d",
            "Action=CreateSecurityGroup&GroupName=default&GroupDescription=d",
            "Action=CreateSecurityGroup&GroupName=sg-web&GroupDescription=d",
            "Action=CreateSecurityGroup&GroupName=other",
            "Action=DeleteSecurityGroup&GroupName=default",
            "Action=DescribeSecurityGroups&GroupName.1=nope",
            "Action=DescribeSecurityGroups&GroupId.1=sg-0123456789abcdef0",
            "Action=DescribeSecurityGroups&GroupId.1=bogus",
        ],
    );
    insta::assert_snapshot!(lines, @"
    CreateSecurityGroup&GroupName=web&GroupDescription=d: InvalidGroup.Duplicate 400
    CreateSecurityGroup&GroupName=default&GroupDescription=d: InvalidGroup.Reserved 400
    CreateSecurityGroup&GroupName=sg-web&GroupDescription=d: InvalidParameterValue 400
    CreateSecurityGroup&GroupName=other: MissingParameter 400
    DeleteSecurityGroup&GroupName=default: CannotDelete 400
    DescribeSecurityGroups&GroupName.1=nope: InvalidGroup.NotFound 400
    DescribeSecurityGroups&GroupId.1=sg-0123456789abcdef0: InvalidGroup.NotFound 400
    DescribeSecurityGroups&GroupId.1=bogus: InvalidGroupId.Malformed 400
    ");
    let elsewhere = format!("Action=CreateSecurityGroup&GroupName=web&GroupDescription=d&VpcId={vpc}");
    assert_eq!(outcome(&ec2(&aws, START, &elsewhere)), "200");
    assert_eq!(
        count(
            &aws,
            "Action=DescribeSecurityGroups&Filter.1.Name=group-name&Filter.1.Value.1=web",
            "groupName"
        ),
        2
    );
}
