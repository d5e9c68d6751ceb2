//! Clients that are not ours, unchanged, on the served AWS: they list and describe what was applied.

use std::process::Command;

use crate::support::clouds::served;
use crate::support::project::TestProject;
use crate::support::python;

const NETWORK: &str = include_str!("kinds/network/first.infra");
const GROUP: &str = include_str!("kinds/template_group/first.infra");
const BALANCER: &str = include_str!("kinds/balancer/first.infra");
const DNS: &str = include_str!("kinds/dns/first.infra");

fn client(program: &str, url: &str, arguments: &[&str]) -> String {
    let output = Command::new(python::programs().join(program))
        .args(arguments)
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "123456789012")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .expect(program);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_aws_cli_and_boto3_describe_what_was_applied() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = served(folder.path(), &["--profile", "fast", "--speed", "20"]);
    for text in [NETWORK, GROUP, BALANCER, DNS] {
        let project = TestProject::at(&server.url);
        project.write("main.infra", &text.replace("REGION", "us-east-1"));
        let _ = project.apply(&[]);
    }
    let aws = |arguments: &[&str]| client("aws", &server.url, &[arguments, &["--output", "text"]].concat());
    let query =
        |service: &str, call: &str, query: &str| aws(&[service, call, "--query", query]).trim().to_owned();
    assert_eq!(query("ec2", "describe-vpcs", "length(Vpcs[?CidrBlock=='10.1.0.0/16'])"), "1");
    assert_eq!(
        query(
            "ec2",
            "describe-security-groups",
            "length(SecurityGroups[?starts_with(GroupName,'network-')])"
        ),
        "3"
    );
    assert_eq!(query("ec2", "describe-key-pairs", "length(KeyPairs)"), "1");
    assert_eq!(query("ec2", "describe-launch-templates", "length(LaunchTemplates)"), "1");
    assert_eq!(
        query(
            "autoscaling",
            "describe-auto-scaling-groups",
            "AutoScalingGroups[0].Instances[0].LifecycleState"
        ),
        "InService"
    );
    assert_eq!(
        query("elb", "describe-load-balancers", "LoadBalancerDescriptions[0].HealthCheck.Target"),
        "HTTP:8080/"
    );
    assert_eq!(query("route53", "list-hosted-zones", "HostedZones[0].Name"), "dns.test.");
    assert_eq!(query("sts", "get-caller-identity", "Account"), "123456789012");
    let script = "import boto3\n\
        ec2, asg = boto3.client('ec2'), boto3.client('autoscaling')\n\
        zone = boto3.client('route53').list_hosted_zones()['HostedZones'][0]['Id']\n\
        records = boto3.client('route53').list_resource_record_sets(HostedZoneId=zone)['ResourceRecordSets']\n\
        group = asg.describe_auto_scaling_groups()['AutoScalingGroups'][0]\n\
        instance = ec2.describe_instances(InstanceIds=[group['Instances'][0]['InstanceId']])\n\
        print(len(records), instance['Reservations'][0]['Instances'][0]['InstanceType'])\n";
    assert_eq!(client("python", &server.url, &["-c", script]).trim(), "7 t3.small");
}
