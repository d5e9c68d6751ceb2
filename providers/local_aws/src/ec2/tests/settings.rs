use super::*;
use crate::testing::{at, fast};

#[test]
fn tags_come_and_go_all_or_none() {
    let aws = fast();
    let id = launched(&aws, "");
    let tag = "&Tag.1.Key=Name&Tag.1.Value=web&Tag.2.Key=Team&Tag.2.Value=x";
    let create = format!("Action=CreateTags&ResourceId.1={id}{tag}");
    let lines = outcomes(
        &aws,
        &[
            &create.replace(tag, ""),
            &format!("Action=CreateTags&ResourceId.1={id}&ResourceId.2=i-0123456789abcdef0{tag}")
                .replace(&id, "bogus"),
            &format!("Action=CreateTags&ResourceId.1=vol-0123456789abcdef0{tag}"),
            "Action=CreateTags&ResourceId.1=subnet-0123456789abcdef0&Tag.1.Key=a&Tag.1.Value=b",
        ],
    );
    insta::assert_snapshot!(lines.replace(&id, "i-ID"), @"
    CreateTags&ResourceId.1=i-ID: MissingParameter 400
    CreateTags&ResourceId.1=bogus&ResourceId.2=i-0123456789abcdef0&Tag.1.Key=Name&Tag.1.Value=web&Tag.2.Key=Team&Tag.2.Value=x: InvalidID 400
    CreateTags&ResourceId.1=vol-0123456789abcdef0&Tag.1.Key=Name&Tag.1.Value=web&Tag.2.Key=Team&Tag.2.Value=x: InvalidVolume.NotFound 400
    CreateTags&ResourceId.1=subnet-0123456789abcdef0&Tag.1.Key=a&Tag.1.Value=b: InvalidSubnetID.NotFound 400
    ");
    assert_eq!(count(&aws, "Action=DescribeTags", "key"), 0);
    assert_eq!(outcome(&ec2(&aws, START, &create)), "200");
    let described = |filter: &str| count(&aws, &format!("Action=DescribeTags{filter}"), "key");
    assert_eq!(
        described(
            "&Filter.1.Name=resource-type&Filter.1.Value.1=instance&Filter.2.Name=key&Filter.2.Value.1=Team"
        ),
        1
    );
    ec2(&aws, START, &format!("Action=DeleteTags&ResourceId.1={id}&Tag.1.Key=Team&Tag.1.Value=other"));
    assert_eq!(described(""), 2);
    ec2(&aws, START, &format!("Action=DeleteTags&ResourceId.1={id}&Tag.1.Key=Team"));
    assert_eq!(described(""), 1);
    ec2(&aws, START, &format!("Action=DeleteTags&ResourceId.1={id}"));
    assert_eq!(described(""), 0);
}

#[test]
fn key_pairs_are_imported_created_and_deleted() {
    let aws = fast();
    // `ssh-ed25519` and 32 zero bytes, as the wire has them: base64 of the whole line.
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    blob.extend([0; 32]);
    let line = format!("ssh-ed25519 {} me@here", STANDARD.encode(blob));
    let material = STANDARD.encode(line).replace('+', "%2B");
    let (_, imported) =
        ec2(&aws, START, &format!("Action=ImportKeyPair&KeyName=mine&PublicKeyMaterial={material}"));
    insta::assert_snapshot!(field(&imported, "keyFingerprint").unwrap_or(&imported), @"kmYcvdi2GkPeWxB6XLjrZB8JHsy2Hm8luHMFp9GMvqk=");
    let lines = outcomes(
        &aws,
        &[
            "Action=ImportKeyPair&KeyName=bad&PublicKeyMaterial=c3NoLXJzYSBBQUFB",
            "Action=CreateKeyPair&KeyName=mine",
            "Action=CreateKeyPair&KeyName=theirs",
            "Action=DescribeKeyPairs&KeyName.1=mine&KeyName.2=theirs",
            "Action=DeleteKeyPair&KeyName=theirs",
            "Action=DeleteKeyPair&KeyName=theirs",
            "Action=DescribeKeyPairs&KeyName.1=theirs",
            "Action=DescribeKeyPairs&KeyPairId.1=key-0123456789abcdef0",
        ],
    );
    insta::assert_snapshot!(lines, @"
    ImportKeyPair&KeyName=bad&PublicKeyMaterial=c3NoLXJzYSBBQUFB: InvalidKey.Format 400
    CreateKeyPair&KeyName=mine: InvalidKeyPair.Duplicate 400
    CreateKeyPair&KeyName=theirs: 200
    DescribeKeyPairs&KeyName.1=mine&KeyName.2=theirs: 200
    DeleteKeyPair&KeyName=theirs: 200
    DeleteKeyPair&KeyName=theirs: 200
    DescribeKeyPairs&KeyName.1=theirs: InvalidKeyPair.NotFound 400
    DescribeKeyPairs&KeyPairId.1=key-0123456789abcdef0: InvalidKeyPair.NotFound 400
    ");
}

#[test]
fn dry_runs_check_everything_and_change_nothing() {
    let aws = fast();
    let lines = outcomes(
        &aws,
        &[
            "Action=CreateVpc&CidrBlock=10.0.0.0/16&DryRun=true",
            "Action=CreateVpc&CidrBlock=10.0.0.0/8&DryRun=true",
            "Action=DescribeVpcs&DryRun=true",
        ],
    );
    insta::assert_snapshot!(lines, @"
    CreateVpc&CidrBlock=10.0.0.0/16&DryRun=true: DryRunOperation 412
    CreateVpc&CidrBlock=10.0.0.0/8&DryRun=true: InvalidVpc.Range 400
    DescribeVpcs&DryRun=true: DryRunOperation 412
    ");
    assert_eq!(count(&aws, "Action=DescribeVpcs", "vpcId"), 1);
}

#[test]
fn refusals_have_ec2s_shape() {
    let (_, body) = ec2(&fast(), at(1), "Action=DescribeVpcs&VpcId.1=vpc-0123456789abcdef0");
    insta::assert_snapshot!(body, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>The vpc ID &apos;vpc-0123456789abcdef0&apos; does not exist</Message></Error></Errors><RequestID>00000001-0000-4000-a000-01a1fce7a168</RequestID></Response>
    "#);
}

#[test]
fn regions_types_and_attributes_are_listed() {
    let aws = fast();
    assert_eq!(count(&aws, "Action=DescribeRegions", "regionName"), 17);
    assert_eq!(made(&aws, "Action=DescribeInstanceTypes&InstanceType.1=m6g.2xlarge", "defaultVCpus"), "8");
    assert_eq!(
        outcome(&ec2(&aws, START, "Action=DescribeInstanceTypes&InstanceType.1=nope")),
        "InvalidInstanceType 400"
    );
    assert_eq!(
        made(&aws, "Action=DescribeAccountAttributes&AttributeName.1=supported-platforms", "attributeValue"),
        "VPC"
    );
}
