"""Lists what there is in an account beyond what every account is born with, as the state names it: kind and id."""

import boto3


def show(kind, ids):
    for id in ids:
        print(kind, id)


scaling, ec2, elb, dns = (boto3.client(name) for name in ("autoscaling", "ec2", "elb", "route53"))
groups = scaling.describe_auto_scaling_groups(MaxRecords=100)["AutoScalingGroups"]
kept = {instance["InstanceId"] for group in groups for instance in group["Instances"]}
vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
zones = [zone["Id"].removeprefix("/hostedzone/") for zone in dns.list_hosted_zones()["HostedZones"]]

show("autoscaling_group", [group["AutoScalingGroupName"] for group in groups])
show("elb", [it["LoadBalancerName"] for it in elb.describe_load_balancers()["LoadBalancerDescriptions"]])
for reservation in ec2.describe_instances()["Reservations"]:
    living = [it for it in reservation["Instances"] if it["State"]["Name"] != "terminated"]
    show("instance", [it["InstanceId"] for it in living if it["InstanceId"] not in kept])
for gateway in ec2.describe_internet_gateways()["InternetGateways"]:
    if not gateway["Attachments"] or gateway["Attachments"][0]["VpcId"] in vpcs:
        show("internet_gateway", [gateway["InternetGatewayId"]])
show("key_pair", [it["KeyName"] for it in ec2.describe_key_pairs()["KeyPairs"]])
configurations = scaling.describe_launch_configurations(MaxRecords=100)["LaunchConfigurations"]
show("launch_configuration", [it["LaunchConfigurationName"] for it in configurations])
show("launch_template", [it["LaunchTemplateId"] for it in ec2.describe_launch_templates()["LaunchTemplates"]])
for group in groups:
    name = group["AutoScalingGroupName"]
    hooks = scaling.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
    show("lifecycle_hook", [f"{name}/{it['LifecycleHookName']}" for it in hooks])
for zone in zones:
    for record in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]:
        if record["Type"] not in ("NS", "SOA"):
            parts = [zone, record["Name"].rstrip("."), record["Type"], record.get("SetIdentifier")]
            show("route53_record", ["/".join(part for part in parts if part)])
show("route53_zone", zones)
for table in ec2.describe_route_tables()["RouteTables"]:
    main = any(it["Main"] for it in table["Associations"])
    show("route_table", [table["RouteTableId"]] if table["VpcId"] in vpcs and not main else [])
show("scaling_policy", [it["PolicyARN"] for it in scaling.describe_policies()["ScalingPolicies"]])
for action in scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]:
    show("scheduled_action", [f"{action['AutoScalingGroupName']}/{action['ScheduledActionName']}"])
# moto makes one for each load balancer that names none, `default_elb_…`, and keeps it.
firewalls = ec2.describe_security_groups()["SecurityGroups"]
show("security_group", [it["GroupId"] for it in firewalls if not it["GroupName"].startswith("default")])
show("subnet", [it["SubnetId"] for it in ec2.describe_subnets()["Subnets"] if it["VpcId"] in vpcs])
show("vpc", vpcs)
