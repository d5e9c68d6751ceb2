use super::*;
use crate::testing::{at, fast};

const DATA: &str = "LaunchTemplateData.ImageId=ami-0064e711cbc7a825e&LaunchTemplateData.InstanceType=t3.small&LaunchTemplateData.SecurityGroup.1=default&LaunchTemplateData.UserData=aGk=&LaunchTemplateData.IamInstanceProfile.Name=web&LaunchTemplateData.BlockDeviceMapping.1.DeviceName=/dev/xvda&LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize=16&LaunchTemplateData.TagSpecification.1.ResourceType=instance&LaunchTemplateData.TagSpecification.1.Tag.1.Key=Name&LaunchTemplateData.TagSpecification.1.Tag.1.Value=web";

fn template(aws: &LocalAws) -> String {
    made(aws, &format!("Action=CreateLaunchTemplate&LaunchTemplateName=web&{DATA}"), "launchTemplateId")
}

#[test]
fn a_new_version_keeps_what_it_does_not_name() {
    let aws = fast();
    let id = template(&aws);
    let version = format!(
        "Action=CreateLaunchTemplateVersion&LaunchTemplateId={id}&LaunchTemplateData.InstanceType=t3.large"
    );
    assert_eq!(made(&aws, &format!("{version}&SourceVersion=1"), "imageId"), "ami-0064e711cbc7a825e");
    assert_eq!(field(&ec2(&aws, START, &version).1, "imageId"), None);
    let (_, body) = ec2(
        &aws,
        START,
        &format!("Action=DescribeLaunchTemplateVersions&LaunchTemplateId={id}&LaunchTemplateVersion.1=2"),
    );
    insta::assert_snapshot!(body.replace(&id, "lt-ID").replace("><", ">\n<"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <DescribeLaunchTemplateVersionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>00000004-0000-4000-a000-01a1fce79d80</requestId>
    <launchTemplateVersionSet>
    <item>
    <launchTemplateId>lt-ID</launchTemplateId>
    <launchTemplateName>web</launchTemplateName>
    <versionNumber>2</versionNumber>
    <createTime>2026-11-21T07:00:00.000Z</createTime>
    <createdBy>arn:aws:iam::123456789012:user/local</createdBy>
    <defaultVersion>false</defaultVersion>
    <launchTemplateData>
    <blockDeviceMappingSet>
    <item>
    <deviceName>/dev/xvda</deviceName>
    <ebs>
    <volumeSize>16</volumeSize>
    </ebs>
    </item>
    </blockDeviceMappingSet>
    <iamInstanceProfile>
    <name>web</name>
    </iamInstanceProfile>
    <imageId>ami-0064e711cbc7a825e</imageId>
    <instanceType>t3.large</instanceType>
    <securityGroupSet>
    <item>default</item>
    </securityGroupSet>
    <tagSpecificationSet>
    <item>
    <resourceType>instance</resourceType>
    <tagSet>
    <item>
    <key>Name</key>
    <value>web</value>
    </item>
    </tagSet>
    </item>
    </tagSpecificationSet>
    <userData>aGk=</userData>
    </launchTemplateData>
    </item>
    </launchTemplateVersionSet>
    </DescribeLaunchTemplateVersionsResponse>
    "#);
}

#[test]
fn a_version_asked_for_twice_with_one_token_is_one_version() {
    let aws = fast();
    let id = template(&aws);
    let version = format!("Action=CreateLaunchTemplateVersion&LaunchTemplateId={id}&SourceVersion=1");
    let version = |more: &str| format!("{version}&LaunchTemplateData.InstanceType=t3.large{more}");
    assert_eq!(made(&aws, &version("&ClientToken=a"), "versionNumber"), "2");
    assert_eq!(made(&aws, &version("&ClientToken=a"), "versionNumber"), "2");
    assert_eq!(made(&aws, &version("&ClientToken=b"), "versionNumber"), "3");
    let other = version("&ClientToken=a&VersionDescription=other");
    assert_eq!(outcome(&ec2(&aws, START, &other)), "IdempotentParameterMismatch 400");
}

#[test]
fn instances_launch_from_a_version_with_parameters_on_top() {
    let aws = fast();
    let id = template(&aws);
    let launch = |rest: &str| {
        let form =
            format!("Action=RunInstances&MinCount=1&MaxCount=1&LaunchTemplate.LaunchTemplateId={id}{rest}");
        made(&aws, &form, "instanceId")
    };
    let (plain, changed) = (launch(""), launch("&InstanceType=t3.nano"));
    let kind = |id: &str| {
        made_at(&aws, at(1), &format!("Action=DescribeInstances&InstanceId.1={id}"), "instanceType")
    };
    assert_eq!((kind(&plain).as_str(), kind(&changed).as_str()), ("t3.small", "t3.nano"));
    let named = "Action=DescribeInstances&Filter.1.Name=tag:Name&Filter.1.Value.1=web";
    assert_eq!(count(&aws, named, "instanceId"), 2);
}

#[test]
fn versions_are_chosen_deleted_and_not_given_twice() {
    let aws = fast();
    let id = template(&aws);
    let of = |action: &str, rest: &str| format!("Action={action}&LaunchTemplateId={id}&{rest}");
    let create =
        of("CreateLaunchTemplateVersion", "SourceVersion=$Latest&LaunchTemplateData.InstanceType=t3.large");
    assert_eq!(made(&aws, &create, "versionNumber"), "2");
    let (_, deleted) = ec2(
        &aws,
        START,
        &of(
            "DeleteLaunchTemplateVersions",
            "LaunchTemplateVersion.1=1&LaunchTemplateVersion.2=2&LaunchTemplateVersion.3=9",
        ),
    );
    assert_eq!(fields(&deleted, "code"), ["unexpectedError", "launchTemplateVersionDoesNotExist"]);
    assert_eq!(made(&aws, &create.replace("$Latest", "$Default"), "versionNumber"), "3");
    assert_eq!(made(&aws, &of("ModifyLaunchTemplate", "SetDefaultVersion=3"), "defaultVersionNumber"), "3");
    let default = "Action=DescribeLaunchTemplateVersions&LaunchTemplateVersion.1=$Default";
    assert_eq!(made(&aws, default, "versionNumber"), "3");
    assert_eq!(made(&aws, &of("DescribeLaunchTemplateVersions", ""), "versionNumber"), "3");
}

#[test]
fn what_is_not_there_is_refused() {
    let aws = fast();
    let id = template(&aws);
    let lines = outcomes(
        &aws,
        &[
            "Action=CreateLaunchTemplate&LaunchTemplateName=web&LaunchTemplateData.InstanceType=t3.nano",
            "Action=CreateLaunchTemplate&LaunchTemplateName=other",
            "Action=CreateLaunchTemplate&LaunchTemplateName=a%20b&LaunchTemplateData.InstanceType=t3.nano",
            "Action=DescribeLaunchTemplates&LaunchTemplateName.1=nope",
            "Action=DescribeLaunchTemplates&LaunchTemplateId.1=lt-0123456789abcdef0",
            "Action=DescribeLaunchTemplates&LaunchTemplateId.1=bogus",
            "Action=DescribeLaunchTemplateVersions",
            "Action=DescribeLaunchTemplateVersions&LaunchTemplateName=web&LaunchTemplateVersion.1=7",
            "Action=ModifyLaunchTemplate&LaunchTemplateName=web&SetDefaultVersion=7",
            "Action=DeleteLaunchTemplate&LaunchTemplateName=web",
            "Action=DeleteLaunchTemplate&LaunchTemplateName=web",
        ],
    );
    insta::assert_snapshot!(lines, @"
    CreateLaunchTemplate&LaunchTemplateName=web&LaunchTemplateData.InstanceType=t3.nano: InvalidLaunchTemplateName.AlreadyExistsException 400
    CreateLaunchTemplate&LaunchTemplateName=other: MissingParameter 400
    CreateLaunchTemplate&LaunchTemplateName=a%20b&LaunchTemplateData.InstanceType=t3.nano: InvalidLaunchTemplateName.MalformedException 400
    DescribeLaunchTemplates&LaunchTemplateName.1=nope: InvalidLaunchTemplateName.NotFoundException 400
    DescribeLaunchTemplates&LaunchTemplateId.1=lt-0123456789abcdef0: InvalidLaunchTemplateId.NotFound 400
    DescribeLaunchTemplates&LaunchTemplateId.1=bogus: InvalidLaunchTemplateId.Malformed 400
    DescribeLaunchTemplateVersions: MissingParameter 400
    DescribeLaunchTemplateVersions&LaunchTemplateName=web&LaunchTemplateVersion.1=7: InvalidLaunchTemplateId.VersionNotFound 400
    ModifyLaunchTemplate&LaunchTemplateName=web&SetDefaultVersion=7: InvalidLaunchTemplateId.VersionNotFound 400
    DeleteLaunchTemplate&LaunchTemplateName=web: 200
    DeleteLaunchTemplate&LaunchTemplateName=web: InvalidLaunchTemplateName.NotFoundException 400
    ");
    assert_eq!(
        outcome(&ec2(&aws, START, &format!("Action=DeleteLaunchTemplate&LaunchTemplateId={id}"))),
        "InvalidLaunchTemplateId.NotFound 400"
    );
}
