use super::*;
use crate::handle::Options;
use crate::model::ec2::{Capacity, CapacityLimit};
use crate::testing::{at, fast};
use crate::timing::TimeModel;

#[test]
fn an_instance_passes_through_every_state_at_its_own_time() {
    let aws = LocalAws::new(Options { seed: 3, timing: TimeModel::aws_like() });
    let id = launched(&aws, "");
    let by_id = format!("Action=DescribeInstances&InstanceId.1={id}");
    assert_eq!(outcome(&ec2(&aws, START, &by_id)), "InvalidInstanceID.NotFound 400");
    assert_eq!(state(&aws, at(2), &id), "pending");
    assert_eq!(state(&aws, at(20), &id), "running");
    let status = |now| {
        let form = format!("Action=DescribeInstanceStatus&InstanceId.1={id}");
        field(&ec2(&aws, now, &form).1, "instanceStatus")
            .and_then(|it| field(it, "status"))
            .map(str::to_owned)
    };
    assert_eq!(status(at(21)).as_deref(), Some("initializing"));
    assert_eq!(status(at(400)).as_deref(), Some("ok"));
    let terminate = format!("Action=TerminateInstances&InstanceId.1={id}");
    assert_eq!(field(&ec2(&aws, at(500), &terminate).1, "name"), Some("shutting-down"));
    assert_eq!(state(&aws, at(510), &id), "shutting-down");
    assert_eq!(state(&aws, at(561), &id), "terminated");
    assert_eq!(state(&aws, at(500 + 60 + 3601), &id), "gone");
}

#[test]
fn a_zone_without_room_and_a_quota_that_is_full_say_so() {
    let aws = fast();
    let limits = |limits: Vec<CapacityLimit>, quota| {
        aws.with_model("123456789012", "us-east-1", START, |model| {
            model.ec2.capacity = Capacity { limits, quota };
        });
    };
    let zone = CapacityLimit { zone: Some("us-east-1a".to_owned()), left: 1, ..CapacityLimit::default() };
    limits(vec![zone], None);
    let form = "Action=RunInstances&MinCount=1&MaxCount=1&ImageId=ami-22de994a&InstanceType=t1.micro&Placement.AvailabilityZone=us-east-1a";
    assert_eq!(outcome(&ec2(&aws, START, form)), "200");
    let refused = ec2(&aws, START, form);
    assert_eq!(outcome(&refused), "InsufficientInstanceCapacity 500");
    insta::assert_snapshot!(field(&refused.1, "Message").unwrap_or_default(), @"We currently do not have sufficient t1.micro capacity in the Availability Zone you requested (us-east-1a). Our system will be working on provisioning additional capacity. You can currently get t1.micro capacity by not specifying an Availability Zone in your request or choosing us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f.");
    limits(Vec::new(), Some(1));
    assert_eq!(outcome(&ec2(&aws, START, form)), "InstanceLimitExceeded 400");
}

#[test]
fn time_in_one_step_or_in_many_comes_to_the_same() {
    let run = |looks: &[u64]| {
        let aws = LocalAws::new(Options { seed: 11, timing: TimeModel::aws_like() });
        launched(&aws, "");
        for look in looks {
            ec2(&aws, at(*look), "Action=DescribeInstances");
        }
        aws.snapshot()
    };
    assert_eq!(run(&[1000]), run(&[1, 2, 3, 7, 50, 51, 300, 999, 1000]));
}

#[test]
fn a_restored_cloud_goes_on_as_the_saved_one() {
    let aws = LocalAws::new(Options::default());
    launched(&aws, "");
    let twin = LocalAws::restore(&aws.snapshot()).expect("a snapshot of ours");
    for cloud in [&aws, &twin] {
        made_at(
            cloud,
            at(60),
            &format!("Action=RunInstances&ImageId={DEBIAN}&InstanceType=t3.micro"),
            "instanceId",
        );
    }
    assert_eq!(aws.snapshot(), twin.snapshot());
}

#[test]
fn a_launch_is_refused_as_aws_refuses_it() {
    let aws = fast();
    let run = |rest: &str| {
        let form = format!("Action=RunInstances&MinCount=1&MaxCount=1&{rest}");
        format!("{rest}: {}", outcome(&ec2(&aws, START, &form)))
    };
    let debian = |rest: &str| run(&format!("ImageId={DEBIAN}&{rest}"));
    let lines = [
        run("InstanceType=t3.micro"),
        run("ImageId=ami-0123456789abcdef0"),
        run("ImageId=bogus"),
        debian("InstanceType=t3.enormous"),
        debian("InstanceType=t4g.micro"),
        debian("KeyName=nope"),
        debian("SecurityGroupId.1=sg-0123456789abcdef0"),
        debian("SecurityGroup.1=nope"),
        debian("SubnetId=subnet-0123456789abcdef0"),
        debian("SubnetId=bogus"),
        debian("Placement.AvailabilityZone=us-east-1z"),
        debian("UserData=%25%25%25"),
        debian("BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.Ebs.VolumeSize=1"),
        debian("MinCount=3&MaxCount=2"),
        debian("LaunchTemplate.LaunchTemplateName=nope"),
        debian("TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=aws:x"),
        debian("PrivateIpAddress=10.0.0.1"),
        debian("DryRun=true"),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    InstanceType=t3.micro: MissingParameter 400
    ImageId=ami-0123456789abcdef0: InvalidAMIID.NotFound 400
    ImageId=bogus: InvalidAMIID.Malformed 400
    ImageId=ami-0064e711cbc7a825e&InstanceType=t3.enormous: InvalidParameterValue 400
    ImageId=ami-0064e711cbc7a825e&InstanceType=t4g.micro: InvalidParameterValue 400
    ImageId=ami-0064e711cbc7a825e&KeyName=nope: InvalidKeyPair.NotFound 400
    ImageId=ami-0064e711cbc7a825e&SecurityGroupId.1=sg-0123456789abcdef0: InvalidGroup.NotFound 400
    ImageId=ami-0064e711cbc7a825e&SecurityGroup.1=nope: InvalidGroup.NotFound 400
    ImageId=ami-0064e711cbc7a825e&SubnetId=subnet-0123456789abcdef0: InvalidSubnetID.NotFound 400
    ImageId=ami-0064e711cbc7a825e&SubnetId=bogus: InvalidSubnetID.Malformed 400
    ImageId=ami-0064e711cbc7a825e&Placement.AvailabilityZone=us-east-1z: InvalidParameterValue 400
    ImageId=ami-0064e711cbc7a825e&UserData=%25%25%25: InvalidUserData.Malformed 400
    ImageId=ami-0064e711cbc7a825e&BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.Ebs.VolumeSize=1: InvalidBlockDeviceMapping 400
    ImageId=ami-0064e711cbc7a825e&MinCount=3&MaxCount=2: InvalidParameterValue 400
    ImageId=ami-0064e711cbc7a825e&LaunchTemplate.LaunchTemplateName=nope: InvalidLaunchTemplateName.NotFoundException 400
    ImageId=ami-0064e711cbc7a825e&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=aws:x: InvalidParameterValue 400
    ImageId=ami-0064e711cbc7a825e&PrivateIpAddress=10.0.0.1: InvalidParameterValue 400
    ImageId=ami-0064e711cbc7a825e&DryRun=true: DryRunOperation 412
    ");
    assert_eq!(count(&aws, "Action=DescribeInstances", "instanceId"), 0);
}

#[test]
fn a_repeated_launch_with_the_same_token_is_the_same_launch() {
    let aws = fast();
    let first = launched(&aws, "&ClientToken=t1");
    assert_eq!(launched(&aws, "&ClientToken=t1"), first);
    assert_ne!(launched(&aws, "&ClientToken=t2"), first);
    let other = format!(
        "Action=RunInstances&ImageId={DEBIAN}&InstanceType=t3.large&MinCount=1&MaxCount=1&ClientToken=t1"
    );
    assert_eq!(outcome(&ec2(&aws, START, &other)), "IdempotentParameterMismatch 400");
    assert_eq!(count(&aws, "Action=DescribeInstances", "instanceId"), 2);
}

#[test]
fn what_a_launch_asks_for_is_what_describe_shows() {
    let aws = fast();
    made(&aws, "Action=CreateKeyPair&KeyName=deploy", "keyName");
    let launch = "&KeyName=deploy&UserData=IyEvYmluL3No&IamInstanceProfile.Name=web&Monitoring.Enabled=true&EbsOptimized=true\
        &TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web\
        &TagSpecification.2.ResourceType=volume&TagSpecification.2.Tag.1.Key=Name&TagSpecification.2.Tag.1.Value=disk\
        &BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.Ebs.VolumeSize=20\
        &BlockDeviceMapping.2.DeviceName=/dev/sdb&BlockDeviceMapping.2.Ebs.VolumeSize=5";
    let id = launched(&aws, launch);
    let (_, body) = ec2(&aws, at(1), &format!("Action=DescribeInstances&InstanceId.1={id}"));
    insta::assert_snapshot!(body.replace("><", ">\n<"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>00000003-0000-4000-a000-01a1fce7a168</requestId>
    <reservationSet>
    <item>
    <reservationId>r-02d356d47a5b2af0b</reservationId>
    <ownerId>123456789012</ownerId>
    <groupSet>
    </groupSet>
    <instancesSet>
    <item>
    <instanceId>i-08adccceeb97aad3c</instanceId>
    <imageId>ami-0064e711cbc7a825e</imageId>
    <instanceState>
    <code>16</code>
    <name>running</name>
    </instanceState>
    <privateDnsName>ip-172-31-0-4.ec2.internal</privateDnsName>
    <dnsName>ec2-54-210-78-129.compute-1.amazonaws.com</dnsName>
    <reason>
    </reason>
    <keyName>deploy</keyName>
    <amiLaunchIndex>0</amiLaunchIndex>
    <productCodes>
    </productCodes>
    <instanceType>t3.micro</instanceType>
    <launchTime>2026-11-21T07:00:00.000Z</launchTime>
    <placement>
    <availabilityZone>us-east-1a</availabilityZone>
    <availabilityZoneId>use1-az1</availabilityZoneId>
    <groupName>
    </groupName>
    <tenancy>default</tenancy>
    </placement>
    <monitoring>
    <state>enabled</state>
    </monitoring>
    <subnetId>subnet-0d79589f56806fbe1</subnetId>
    <vpcId>vpc-0d42371cc086b3116</vpcId>
    <privateIpAddress>172.31.0.4</privateIpAddress>
    <ipAddress>54.210.78.129</ipAddress>
    <sourceDestCheck>true</sourceDestCheck>
    <groupSet>
    <item>
    <groupId>sg-0a7cda57426a11bfb</groupId>
    <groupName>default</groupName>
    </item>
    </groupSet>
    <networkInterfaceSet>
    <item>
    <networkInterfaceId>eni-0a7ad28b3b34fcb5a</networkInterfaceId>
    <subnetId>subnet-0d79589f56806fbe1</subnetId>
    <vpcId>vpc-0d42371cc086b3116</vpcId>
    <description>
    </description>
    <ownerId>123456789012</ownerId>
    <macAddress>0e:00:ac:1f:00:04</macAddress>
    <privateIpAddress>172.31.0.4</privateIpAddress>
    <privateDnsName>ip-172-31-0-4.ec2.internal</privateDnsName>
    <interfaceType>interface</interfaceType>
    <groupSet>
    <item>
    <groupId>sg-0a7cda57426a11bfb</groupId>
    <groupName>default</groupName>
    </item>
    </groupSet>
    <ipv6AddressesSet>
    </ipv6AddressesSet>
    <privateIpAddressesSet>
    <item>
    <privateIpAddress>172.31.0.4</privateIpAddress>
    <privateDnsName>ip-172-31-0-4.ec2.internal</privateDnsName>
    <primary>true</primary>
    <association>
    <publicIp>54.210.78.129</publicIp>
    <publicDnsName>ec2-54-210-78-129.compute-1.amazonaws.com</publicDnsName>
    <ipOwnerId>amazon</ipOwnerId>
    </association>
    </item>
    </privateIpAddressesSet>
    <association>
    <publicIp>54.210.78.129</publicIp>
    <publicDnsName>ec2-54-210-78-129.compute-1.amazonaws.com</publicDnsName>
    <ipOwnerId>amazon</ipOwnerId>
    </association>
    <sourceDestCheck>true</sourceDestCheck>
    <status>in-use</status>
    <attachment>
    <attachmentId>eni-attach-0a7ad28b3b34fcb5a</attachmentId>
    <deviceIndex>0</deviceIndex>
    <status>attached</status>
    <attachTime>2026-11-21T07:00:00.000Z</attachTime>
    <deleteOnTermination>true</deleteOnTermination>
    <networkCardIndex>0</networkCardIndex>
    </attachment>
    </item>
    </networkInterfaceSet>
    <architecture>x86_64</architecture>
    <rootDeviceType>ebs</rootDeviceType>
    <rootDeviceName>/dev/xvda</rootDeviceName>
    <blockDeviceMapping>
    <item>
    <deviceName>/dev/sdb</deviceName>
    <ebs>
    <volumeId>vol-0d44cc44614548702</volumeId>
    <status>attached</status>
    <attachTime>2026-11-21T07:00:00.000Z</attachTime>
    <deleteOnTermination>true</deleteOnTermination>
    </ebs>
    </item>
    <item>
    <deviceName>/dev/xvda</deviceName>
    <ebs>
    <volumeId>vol-015269076e75360ab</volumeId>
    <status>attached</status>
    <attachTime>2026-11-21T07:00:00.000Z</attachTime>
    <deleteOnTermination>true</deleteOnTermination>
    </ebs>
    </item>
    </blockDeviceMapping>
    <virtualizationType>hvm</virtualizationType>
    <hypervisor>xen</hypervisor>
    <ebsOptimized>true</ebsOptimized>
    <enaSupport>true</enaSupport>
    <platformDetails>Linux/UNIX</platformDetails>
    <usageOperation>RunInstances</usageOperation>
    <metadataOptions>
    <state>applied</state>
    <httpTokens>optional</httpTokens>
    <httpPutResponseHopLimit>1</httpPutResponseHopLimit>
    <httpEndpoint>enabled</httpEndpoint>
    <httpProtocolIpv6>disabled</httpProtocolIpv6>
    <instanceMetadataTags>disabled</instanceMetadataTags>
    </metadataOptions>
    <iamInstanceProfile>
    <arn>arn:aws:iam::123456789012:instance-profile/web</arn>
    <id>AIPAFE63178B032DA846</id>
    </iamInstanceProfile>
    <tagSet>
    <item>
    <key>Name</key>
    <value>web</value>
    </item>
    </tagSet>
    </item>
    </instancesSet>
    </item>
    </reservationSet>
    </DescribeInstancesResponse>
    "#);
    let (_, data) =
        ec2(&aws, at(1), &format!("Action=DescribeInstanceAttribute&InstanceId={id}&Attribute=userData"));
    assert_eq!(field(&data, "value"), Some("IyEvYmluL3No"));
    let volumes = format!(
        "Action=DescribeVolumes&Filter.1.Name=attachment.instance-id&Filter.1.Value.1={id}&Filter.2.Name=tag:Name&Filter.2.Value.1=disk"
    );
    let (_, volumes) = ec2(&aws, at(1), &volumes);
    let mut sizes = fields(&volumes, "size");
    sizes.sort_unstable();
    assert_eq!(sizes, ["20", "5"]);
}

#[test]
fn stopping_and_starting_take_their_time_and_change_the_public_address() {
    let aws = fast();
    let id = launched(&aws, "");
    let describe = format!("Action=DescribeInstances&InstanceId.1={id}");
    let address = |now| field(&ec2(&aws, now, &describe).1, "ipAddress").map(str::to_owned);
    let before = address(at(1));
    let stop = format!("Action=StopInstances&InstanceId.1={id}");
    assert_eq!(field(&ec2(&aws, at(2), &stop).1, "name"), Some("stopping"));
    assert_eq!((state(&aws, at(3), &id).as_str(), address(at(3))), ("stopped", None));
    let change = format!("Action=ModifyInstanceAttribute&InstanceId={id}&InstanceType.Value=t3.large");
    assert_eq!(outcome(&ec2(&aws, at(3), &change)), "200");
    assert_eq!(
        field(&ec2(&aws, at(4), &format!("Action=StartInstances&InstanceId.1={id}")).1, "name"),
        Some("pending")
    );
    assert_eq!(outcome(&ec2(&aws, at(5), &change)), "IncorrectInstanceState 400");
    assert_eq!(state(&aws, at(5), &id), "running");
    assert!(before.is_some() && address(at(5)).is_some() && before != address(at(5)));
}

#[test]
fn protected_instances_are_not_terminated() {
    let aws = fast();
    let id = launched(&aws, "&DisableApiTermination=true");
    let terminate = format!("Action=TerminateInstances&InstanceId.1={id}");
    assert_eq!(outcome(&ec2(&aws, at(1), &terminate)), "OperationNotPermitted 400");
    let allow =
        format!("Action=ModifyInstanceAttribute&InstanceId={id}&Attribute=disableApiTermination&Value=false");
    assert_eq!(outcome(&ec2(&aws, at(1), &allow)), "200");
    assert_eq!(outcome(&ec2(&aws, at(1), &terminate)), "200");
    assert_eq!(state(&aws, at(2), &id), "terminated");
    assert_eq!(outcome(&ec2(&aws, at(2), &terminate)), "200");
    assert_eq!(
        outcome(&ec2(&aws, at(2), &format!("Action=StartInstances&InstanceId.1={id}"))),
        "IncorrectInstanceState 400"
    );
}

#[test]
fn filters_and_pages() {
    let aws = fast();
    let form = "Action=RunInstances&InstanceType=t3.micro&MinCount=12&MaxCount=12&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Role&TagSpecification.1.Tag.1.Value=web";
    made(&aws, &format!("{form}&ImageId={DEBIAN}"), "reservationId");
    launched(&aws, "");
    let found = |filter: &str| count(&aws, &format!("Action=DescribeInstances&{filter}"), "instanceId");
    assert_eq!(found("Filter.1.Name=tag:Role&Filter.1.Value.1=w*"), 12);
    assert_eq!(found("Filter.1.Name=tag-key&Filter.1.Value.1=Role"), 12);
    assert_eq!(found("Filter.1.Name=tag:Role&Filter.1.Value.1=db"), 0);
    assert_eq!(
        found("Filter.1.Name=instance-state-name&Filter.1.Value.1=running&Filter.1.Value.2=pending"),
        13
    );
    assert_eq!(found("Filter.1.Name=image-id&Filter.1.Value.1=ami-other"), 0);
    assert_eq!(
        outcome(&ec2(&aws, START, "Action=DescribeInstances&Filter.1.Name=color&Filter.1.Value.1=red")),
        "InvalidParameterValue 400"
    );
    let (mut token, mut sizes) = (String::new(), Vec::new());
    loop {
        let (_, body) = ec2(&aws, START, &format!("Action=DescribeInstances&MaxResults=5&NextToken={token}"));
        sizes.push(fields(&body, "instanceId").len());
        match field(&body, "nextToken") {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(sizes, [5, 5, 3]);
    assert_eq!(
        outcome(&ec2(&aws, START, "Action=DescribeInstances&NextToken=bogus")),
        "InvalidNextToken 400"
    );
}

#[test]
fn names_of_nothing_are_refused_by_form_and_by_absence() {
    let aws = fast();
    let lines = outcomes(
        &aws,
        &[
            "Action=DescribeInstances&InstanceId.1=i-0123456789abcdef0",
            "Action=DescribeInstances&InstanceId.1=bogus",
            "Action=TerminateInstances&InstanceId.1=i-0123456789abcdef0",
            "Action=TerminateInstances",
            "Action=DescribeInstanceStatus&InstanceId.1=i-0123456789abcdef0",
            "Action=ModifyInstanceAttribute&InstanceId=i-0123456789abcdef0&EbsOptimized.Value=true",
            "Action=LaunchRockets",
            "Version=2016-11-15",
        ],
    );
    insta::assert_snapshot!(lines, @"
    DescribeInstances&InstanceId.1=i-0123456789abcdef0: InvalidInstanceID.NotFound 400
    DescribeInstances&InstanceId.1=bogus: InvalidInstanceID.Malformed 400
    TerminateInstances&InstanceId.1=i-0123456789abcdef0: InvalidInstanceID.NotFound 400
    TerminateInstances: MissingParameter 400
    DescribeInstanceStatus&InstanceId.1=i-0123456789abcdef0: InvalidInstanceID.NotFound 400
    ModifyInstanceAttribute&InstanceId=i-0123456789abcdef0&EbsOptimized.Value=true: InvalidInstanceID.NotFound 400
    LaunchRockets: InvalidAction 400
    Version=2016-11-15: MissingAction 400
    ");
}

#[test]
fn an_image_says_when_its_application_listens() {
    let aws = fast();
    let source = launched(&aws, "");
    let image = |name: &str, listens: &str| {
        let form = format!(
            "Action=CreateImage&InstanceId={source}&Name={name}&NoReboot=true&TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=local-aws:listening-after&TagSpecification.1.Tag.1.Value={listens}"
        );
        made_at(&aws, at(1), &form, "imageId")
    };
    let (late, never) = (image("late", "90"), image("never", "never"));
    let launch = |image: &str| {
        made_at(
            &aws,
            at(10),
            &format!("Action=RunInstances&ImageId={image}&InstanceType=t3.micro"),
            "instanceId",
        )
    };
    let (late, never) = (launch(&late), launch(&never));
    let listens = |now, id: &str| {
        aws.with_model("123456789012", "us-east-1", now, |model| crate::ec2::fleet::is_listening(model, id))
    };
    assert!(listens(at(10), &source));
    assert!(!listens(at(80), &late) && listens(at(102), &late));
    assert!(!listens(at(10_000), &never));
}
