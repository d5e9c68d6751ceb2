use super::*;
use crate::testing::{at, fast};

fn image(aws: &LocalAws, instance: &str, name: &str) -> String {
    made_at(aws, at(1), &format!("Action=CreateImage&InstanceId={instance}&Name={name}"), "imageId")
}

fn image_state(aws: &LocalAws, now: Time, id: &str) -> Option<String> {
    field(&ec2(aws, now, &format!("Action=DescribeImages&ImageId.1={id}")).1, "imageState").map(str::to_owned)
}

#[test]
fn an_image_is_pending_first_and_cannot_be_launched_then() {
    let aws = fast();
    let source = launched(&aws, "");
    assert_eq!(
        outcome(&ec2(&aws, START, &format!("Action=CreateImage&InstanceId={source}&Name=early"))),
        "IncorrectState 400"
    );
    let id = image(&aws, &source, "web-1");
    assert_eq!(image_state(&aws, at(1), &id).as_deref(), Some("pending"));
    let launch = format!("Action=RunInstances&ImageId={id}&InstanceType=t3.micro");
    assert_eq!(outcome(&ec2(&aws, at(1), &launch)), "InvalidAMIID.Unavailable 400");
    assert_eq!(image_state(&aws, at(2), &id).as_deref(), Some("available"));
    assert_eq!(outcome(&ec2(&aws, at(2), &launch)), "200");
    let (_, mine) = ec2(&aws, at(2), "Action=DescribeImages&Owner.1=self");
    insta::assert_snapshot!(mine.replace("><", ">\n<"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>00000008-0000-4000-a000-01a1fce7a550</requestId>
    <imagesSet>
    <item>
    <imageId>ami-018c56443fc0ac988</imageId>
    <imageLocation>123456789012/web-1</imageLocation>
    <imageState>available</imageState>
    <imageOwnerId>123456789012</imageOwnerId>
    <creationDate>2026-11-21T07:00:01.000Z</creationDate>
    <isPublic>false</isPublic>
    <architecture>x86_64</architecture>
    <imageType>machine</imageType>
    <platformDetails>Linux/UNIX</platformDetails>
    <usageOperation>RunInstances</usageOperation>
    <name>web-1</name>
    <rootDeviceType>ebs</rootDeviceType>
    <rootDeviceName>/dev/xvda</rootDeviceName>
    <blockDeviceMapping>
    <item>
    <deviceName>/dev/xvda</deviceName>
    <ebs>
    <snapshotId>snap-0503b56a66981ac93</snapshotId>
    <volumeSize>8</volumeSize>
    <deleteOnTermination>true</deleteOnTermination>
    <volumeType>gp3</volumeType>
    <encrypted>false</encrypted>
    </ebs>
    </item>
    </blockDeviceMapping>
    <virtualizationType>hvm</virtualizationType>
    <enaSupport>true</enaSupport>
    <hypervisor>xen</hypervisor>
    <sourceInstanceId>i-006494a5a3d70a76e</sourceInstanceId>
    <sourceImageId>ami-0064e711cbc7a825e</sourceImageId>
    <sourceImageRegion>us-east-1</sourceImageRegion>
    </item>
    </imagesSet>
    </DescribeImagesResponse>
    "#);
}

#[test]
fn snapshots_outlive_their_image_unless_asked_to_go() {
    let aws = fast();
    let source = launched(&aws, "");
    let (kept, gone) = (image(&aws, &source, "kept"), image(&aws, &source, "gone"));
    let snapshot =
        |image: &str| made_at(&aws, at(2), &format!("Action=DescribeImages&ImageId.1={image}"), "snapshotId");
    let (left, deleted) = (snapshot(&kept), snapshot(&gone));
    let delete = format!("Action=DeleteSnapshot&SnapshotId={left}");
    let lines = outcomes_at(
        &aws,
        at(2),
        &[
            &delete,
            &format!("Action=DeregisterImage&ImageId={kept}"),
            &format!("Action=DeregisterImage&ImageId={gone}&DeleteAssociatedSnapshots=true"),
            &format!("Action=DescribeSnapshots&SnapshotId.1={left}"),
            &format!("Action=DescribeSnapshots&SnapshotId.1={deleted}"),
            &delete,
            &delete,
            &format!("Action=DescribeImages&ImageId.1={kept}"),
            &format!("Action=RunInstances&ImageId={kept}&InstanceType=t3.micro"),
            &format!("Action=DeregisterImage&ImageId={DEBIAN}"),
        ],
    );
    let codes: Vec<&str> =
        lines.lines().filter_map(|line| line.rsplit_once(": ")).map(|line| line.1).collect();
    insta::assert_snapshot!(codes.join("\n"), @"
    InvalidSnapshot.InUse 400
    200
    200
    200
    InvalidSnapshot.NotFound 400
    200
    InvalidSnapshot.NotFound 400
    InvalidAMIID.NotFound 400
    InvalidAMIID.NotFound 400
    AuthFailure 403
    ");
}

#[test]
fn names_are_unique_among_the_accounts_own() {
    let aws = fast();
    let source = launched(&aws, "");
    image(&aws, &source, "web");
    let lines = outcomes_at(
        &aws,
        at(2),
        &[
            &format!("Action=CreateImage&InstanceId={source}&Name=web"),
            &format!("Action=CreateImage&InstanceId={source}&Name=we"),
            &format!("Action=CreateImage&InstanceId={source}&Name=debian-12-amd64-20250316-2053"),
            &format!("Action=CopyImage&SourceImageId={DEBIAN}&SourceRegion=us-east-1&Name=web"),
        ],
    );
    let codes: Vec<&str> =
        lines.lines().filter_map(|line| line.rsplit_once(": ")).map(|line| line.1).collect();
    insta::assert_snapshot!(codes.join("\n"), @"
    InvalidAMIName.Duplicate 400
    InvalidAMIName.Malformed 400
    200
    InvalidAMIName.Duplicate 400
    ");
}

#[test]
fn copies_take_time_and_may_come_from_another_region() {
    let aws = fast();
    let source = launched(&aws, "");
    let id = image(&aws, &source, "web");
    let to_ireland = format!("Action=CopyImage&SourceImageId={id}&SourceRegion=us-east-1&Name=web");
    let ireland = |form: &str| {
        let request = http::Request::post("http://ec2.eu-west-1.amazonaws.com/");
        let request =
            request.body(bytes::Bytes::copy_from_slice(form.as_bytes())).expect("a literal request");
        String::from_utf8_lossy(aws.handle(at(3), &request).body()).into_owned()
    };
    let copy = field(&ireland(&to_ireland), "imageId").map(str::to_owned).expect("a copy");
    assert_ne!(copy, id);
    let described = ireland(&format!("Action=DescribeImages&ImageId.1={copy}"));
    assert_eq!(field(&described, "imageState"), Some("pending"));
    assert_eq!(field(&described, "sourceImageRegion"), Some("us-east-1"));
    let unknown =
        ireland("Action=CopyImage&SourceImageId=ami-0123456789abcdef0&SourceRegion=us-east-1&Name=none");
    assert_eq!(field(&unknown, "Code"), Some("InvalidAMIID.NotFound"));
}

#[test]
fn launch_permission_is_added_and_removed() {
    let aws = fast();
    let id = image(&aws, &launched(&aws, ""), "shared");
    let permissions = || {
        let form = format!("Action=DescribeImageAttribute&ImageId={id}&Attribute=launchPermission");
        let (_, body) = ec2(&aws, at(2), &form);
        (fields(&body, "userId").join(" "), fields(&body, "group").join(" "))
    };
    let modify = format!("Action=ModifyImageAttribute&ImageId={id}");
    ec2(
        &aws,
        at(2),
        &format!("{modify}&LaunchPermission.Add.1.UserId=210987654321&LaunchPermission.Add.2.Group=all"),
    );
    assert_eq!(permissions(), ("210987654321".to_owned(), "all".to_owned()));
    ec2(&aws, at(2), &format!("{modify}&Attribute=launchPermission&OperationType=remove&UserGroup.1=all"));
    assert_eq!(permissions(), ("210987654321".to_owned(), String::new()));
    let bad = format!("{modify}&LaunchPermission.Add.1.UserId=me");
    assert_eq!(outcome(&ec2(&aws, at(2), &bad)), "InvalidAMIAttributeItemValue 400");
}

#[test]
fn the_catalogue_is_found_by_owner_and_name() {
    let aws = fast();
    let found = |rest: &str| {
        let (_, body) = ec2(&aws, START, &format!("Action=DescribeImages&{rest}"));
        fields(&body, "imageId").join(" ")
    };
    assert_eq!(
        found("Owner.1=379101102735&Filter.1.Name=name&Filter.1.Value.1=debian-wheezy-*"),
        "ami-22de994a"
    );
    assert_eq!(found("ImageId.1=ami-1ebb2077"), "ami-1ebb2077");
    assert_eq!(
        found(
            "Owner.1=136693071363&Filter.1.Name=architecture&Filter.1.Value.1=x86_64&Filter.2.Name=name&Filter.2.Value.1=debian-12-*"
        ),
        DEBIAN
    );
    assert_eq!(found("Owner.1=amazon").split(' ').count(), 2);
    assert_eq!(found("Owner.1=self"), "");
}
