use super::*;
use crate::testing::{at, fast};

#[test]
fn a_new_account_has_a_default_network() {
    let aws = fast();
    let vpc = made(&aws, "Action=DescribeVpcs&Filter.1.Name=is-default&Filter.1.Value.1=true", "vpcId");
    assert_eq!(
        count(&aws, "Action=DescribeSubnets&Filter.1.Name=default-for-az&Filter.1.Value.1=true", "subnetId"),
        6
    );
    let gateway = made(
        &aws,
        &format!("Action=DescribeInternetGateways&Filter.1.Name=attachment.vpc-id&Filter.1.Value.1={vpc}"),
        "internetGatewayId",
    );
    let (_, tables) =
        ec2(&aws, START, "Action=DescribeRouteTables&Filter.1.Name=association.main&Filter.1.Value.1=true");
    assert_eq!(fields(&tables, "gatewayId"), ["local", gateway.as_str()]);
    let (_, zones) = ec2(&aws, START, "Action=DescribeAvailabilityZones&ZoneName.1=us-east-1a");
    insta::assert_snapshot!(zones.replace("><", ">\n<"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <DescribeAvailabilityZonesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>00000005-0000-4000-a000-01a1fce79d80</requestId>
    <availabilityZoneInfo>
    <item>
    <zoneName>us-east-1a</zoneName>
    <zoneState>available</zoneState>
    <regionName>us-east-1</regionName>
    <zoneId>use1-az1</zoneId>
    <groupName>us-east-1</groupName>
    <networkBorderGroup>us-east-1</networkBorderGroup>
    <zoneType>availability-zone</zoneType>
    <optInStatus>opt-in-not-required</optInStatus>
    <messageSet>
    </messageSet>
    </item>
    </availabilityZoneInfo>
    </DescribeAvailabilityZonesResponse>
    "#);
}

#[test]
fn ranges_must_fit_and_not_overlap() {
    let aws = fast();
    let vpc = made(&aws, "Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId");
    let subnet = |cidr: &str| {
        format!(
            "{cidr}: {}",
            outcome(&ec2(&aws, START, &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock={cidr}")))
        )
    };
    let lines =
        ["10.0.1.0/24", "10.0.1.0/24", "10.0.0.0/20", "10.1.0.0/24", "10.0.2.0/29", "nonsense"].map(subnet);
    insta::assert_snapshot!(lines.join("\n"), @"
    10.0.1.0/24: 200
    10.0.1.0/24: InvalidSubnet.Conflict 400
    10.0.0.0/20: InvalidSubnet.Conflict 400
    10.1.0.0/24: InvalidSubnet.Range 400
    10.0.2.0/29: InvalidSubnet.Range 400
    nonsense: InvalidParameterValue 400
    ");
    assert_eq!(outcome(&ec2(&aws, START, "Action=CreateVpc&CidrBlock=10.0.0.0/8")), "InvalidVpc.Range 400");
}

#[test]
fn networks_come_down_only_from_the_inside_out() {
    let aws = fast();
    let vpc = made(&aws, "Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId");
    let subnet = made(&aws, &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.1.0/24"), "subnetId");
    let gateway = made(&aws, "Action=CreateInternetGateway", "internetGatewayId");
    let table = made(&aws, &format!("Action=CreateRouteTable&VpcId={vpc}"), "routeTableId");
    let instance = launched(&aws, &format!("&SubnetId={subnet}"));
    let both = format!("InternetGatewayId={gateway}&VpcId={vpc}");
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0");
    let association = made(
        &aws,
        &format!("Action=AssociateRouteTable&RouteTableId={table}&SubnetId={subnet}"),
        "associationId",
    );
    let steps = [
        format!("Action=CreateRoute&{route}&GatewayId={gateway}"),
        format!("Action=AttachInternetGateway&{both}"),
        format!("Action=AttachInternetGateway&{both}"),
        format!("Action=CreateRoute&{route}&GatewayId={gateway}"),
        format!("Action=CreateRoute&{route}&InstanceId={instance}"),
        format!("Action=ReplaceRoute&{route}&InstanceId={instance}"),
        format!("Action=DeleteVpc&VpcId={vpc}"),
        format!("Action=DeleteSubnet&SubnetId={subnet}"),
        format!("Action=DeleteRouteTable&RouteTableId={table}"),
        format!("Action=DeleteInternetGateway&InternetGatewayId={gateway}"),
        format!("Action=TerminateInstances&InstanceId.1={instance}"),
        format!("Action=DeleteSubnet&SubnetId={subnet}"),
    ];
    let last = [
        format!("Action=DisassociateRouteTable&AssociationId={association}"),
        format!("Action=DeleteRoute&{route}"),
        format!("Action=DeleteRoute&{route}"),
        format!("Action=DeleteRouteTable&RouteTableId={table}"),
        format!("Action=DeleteSubnet&SubnetId={subnet}"),
        format!("Action=DetachInternetGateway&{both}"),
        format!("Action=DetachInternetGateway&{both}"),
        format!("Action=DeleteInternetGateway&InternetGatewayId={gateway}"),
        format!("Action=DeleteVpc&VpcId={vpc}"),
        format!("Action=DeleteVpc&VpcId={vpc}"),
    ];
    let run = |now, steps: &[String]| {
        let line = |form: &String| {
            let verb = form.trim_start_matches("Action=").split('&').next().unwrap_or_default();
            format!("{verb}: {}", outcome(&ec2(&aws, now, form)))
        };
        steps.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(run(START, &steps), @"
    CreateRoute: InvalidParameterValue 400
    AttachInternetGateway: 200
    AttachInternetGateway: InvalidParameterValue 400
    CreateRoute: 200
    CreateRoute: RouteAlreadyExists 400
    ReplaceRoute: 200
    DeleteVpc: DependencyViolation 400
    DeleteSubnet: DependencyViolation 400
    DeleteRouteTable: DependencyViolation 400
    DeleteInternetGateway: DependencyViolation 400
    TerminateInstances: 200
    DeleteSubnet: DependencyViolation 400
    ");
    insta::assert_snapshot!(run(at(5), &last), @"
    DisassociateRouteTable: 200
    DeleteRoute: 200
    DeleteRoute: InvalidRoute.NotFound 400
    DeleteRouteTable: 200
    DeleteSubnet: 200
    DetachInternetGateway: 200
    DetachInternetGateway: Gateway.NotAttached 400
    DeleteInternetGateway: 200
    DeleteVpc: 200
    DeleteVpc: InvalidVpcID.NotFound 400
    ");
}

#[test]
fn a_subnet_follows_another_table_and_a_vpc_another_main_one() {
    let aws = fast();
    let vpc = made(&aws, "Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId");
    let table = made(&aws, &format!("Action=CreateRouteTable&VpcId={vpc}"), "routeTableId");
    let main = format!(
        "Action=DescribeRouteTables&Filter.1.Name=association.main&Filter.1.Value.1=true&Filter.2.Name=vpc-id&Filter.2.Value.1={vpc}"
    );
    let association = made(&aws, &main, "routeTableAssociationId");
    let old = made(&aws, &main, "routeTableId");
    made(
        &aws,
        &format!("Action=ReplaceRouteTableAssociation&AssociationId={association}&RouteTableId={table}"),
        "newAssociationId",
    );
    assert_ne!(made(&aws, &main, "routeTableId"), old);
    assert_eq!(outcome(&ec2(&aws, START, &format!("Action=DeleteRouteTable&RouteTableId={old}"))), "200");
    assert_eq!(
        outcome(&ec2(&aws, START, &format!("Action=DeleteRouteTable&RouteTableId={table}"))),
        "DependencyViolation 400"
    );
}

#[test]
fn attributes_are_set_one_by_one() {
    let aws = fast();
    let vpc = made(&aws, "Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId");
    let hostnames = format!("Action=DescribeVpcAttribute&VpcId={vpc}&Attribute=enableDnsHostnames");
    assert_eq!(made(&aws, &hostnames, "value"), "false");
    ec2(&aws, START, &format!("Action=ModifyVpcAttribute&VpcId={vpc}&EnableDnsHostnames.Value=true"));
    assert_eq!(made(&aws, &hostnames, "value"), "true");
    let subnet = made(&aws, &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.0.0/28"), "subnetId");
    let describe = format!("Action=DescribeSubnets&SubnetId.1={subnet}");
    assert_eq!(made(&aws, &describe, "mapPublicIpOnLaunch"), "false");
    ec2(
        &aws,
        START,
        &format!("Action=ModifySubnetAttribute&SubnetId={subnet}&MapPublicIpOnLaunch.Value=true"),
    );
    assert_eq!(made(&aws, &describe, "mapPublicIpOnLaunch"), "true");
    let fill = format!(
        "Action=RunInstances&ImageId={DEBIAN}&InstanceType=t3.micro&SubnetId={subnet}&MinCount=11&MaxCount=11"
    );
    assert_eq!(outcome(&ec2(&aws, START, &fill)), "200");
    assert_eq!(made(&aws, &describe, "availableIpAddressCount"), "0");
    assert_eq!(outcome(&ec2(&aws, START, &fill)), "InsufficientFreeAddressesInSubnet 400");
}
