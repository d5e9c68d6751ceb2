//! Rows of hosted zones and their records.

use crate::testing::{Asked, check};

const ZONE: Asked = (
    "route53",
    "POST hostedzone <CreateHostedZoneRequest><Name>Ex.test</Name><CallerReference>r</CallerReference></CreateHostedZoneRequest>",
    "201",
    "<NameServer>",
);
const LIST: &str = "GET {HostedZone/Id}/rrset";

/// A batch with one change of a record set in the zone.
macro_rules! change {
    ($action:literal, $name:literal, $kind:literal, $($rest:expr),+) => {
        concat!(
            "POST {HostedZone/Id}/rrset <ChangeResourceRecordSetsRequest><ChangeBatch><Changes>",
            one!($action, $name, $kind, $($rest),+),
            "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
        )
    };
}

/// A batch with two.
macro_rules! changes {
    ($one:expr, $other:expr) => {
        concat!(
            "POST {HostedZone/Id}/rrset <ChangeResourceRecordSetsRequest><ChangeBatch><Changes>",
            $one,
            $other,
            "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
        )
    };
}

macro_rules! one {
    ($action:literal, $name:literal, $kind:literal, $($rest:expr),+) => {
        concat!(
            "<Change><Action>", $action, "</Action><ResourceRecordSet><Name>", $name, "</Name><Type>", $kind,
            "</Type>", $($rest,)+ "</ResourceRecordSet></Change>"
        )
    };
}

macro_rules! value {
    ($value:literal) => {
        concat!(
            "<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>",
            $value,
            "</Value></ResourceRecord></ResourceRecords>"
        )
    };
}

macro_rules! weight {
    ($set:literal, $weight:literal) => {
        concat!("<SetIdentifier>", $set, "</SetIdentifier><Weight>", $weight, "</Weight>")
    };
}

const A: Asked = ("route53", change!("CREATE", "a.ex.test", "A", value!("1.2.3.4")), "200", "PENDING");

fn refused(form: &'static str, says: &'static str) -> Asked {
    ("route53", form, "InvalidChangeBatch 400", says)
}

#[test]
fn zones_answer_as_aws_does() {
    check(&[
        (
            "CreateHostedZone; NS and SOA made",
            &[
                ZONE,
                ("route53", LIST, "200", "<Type>NS</Type>"),
                ("route53", LIST, "200", "<Type>SOA</Type>"),
                (
                    "route53",
                    "GET {HostedZone/Id}",
                    "200",
                    "<ResourceRecordSetCount>2</ResourceRecordSetCount>",
                ),
            ],
        ),
        (
            "CreateHostedZone same CallerReference -> HostedZoneAlreadyExists",
            &[ZONE, (ZONE.0, ZONE.1, "HostedZoneAlreadyExists 409", "")],
        ),
        (
            "GetHostedZone missing -> NoSuchHostedZone",
            &[("route53", "GET hostedzone/Z0", "NoSuchHostedZone 404", "No hosted zone found with ID: Z0")],
        ),
        (
            "ListHostedZonesByName",
            &[
                ZONE,
                (
                    "route53",
                    "GET hostedzonesbyname?dnsname=ex.test&maxitems=1",
                    "200",
                    "<Name>ex.test.</Name>",
                ),
            ],
        ),
        (
            "ChangeTagsForResource/List",
            &[
                ZONE,
                (
                    "route53",
                    "POST tags{HostedZone/Id} <ChangeTagsForResourceRequest><AddTags><Tag><Key>team</Key><Value>web</Value></Tag></AddTags></ChangeTagsForResourceRequest>",
                    "200",
                    "",
                ),
                ("route53", "GET tags{HostedZone/Id}", "200", "<Key>team</Key><Value>web</Value>"),
            ],
        ),
        (
            "CreateHealthCheck",
            &[
                (
                    "route53",
                    "POST healthcheck <CreateHealthCheckRequest><CallerReference>h</CallerReference><HealthCheckConfig><Type>HTTP</Type><IPAddress>192.0.2.1</IPAddress></HealthCheckConfig></CreateHealthCheckRequest>",
                    "201",
                    "<HealthCheckVersion>1</HealthCheckVersion>",
                ),
                ("route53", "GET healthcheck/{HealthCheck/Id}", "200", "<IPAddress>192.0.2.1</IPAddress>"),
                (
                    "route53",
                    "POST tags/healthcheck/{HealthCheck/Id} <ChangeTagsForResourceRequest><AddTags><Tag><Key>team</Key><Value>web</Value></Tag></AddTags></ChangeTagsForResourceRequest>",
                    "200",
                    "",
                ),
                ("route53", "GET tags/healthcheck/{HealthCheck/Id}", "200", "<Value>web</Value>"),
                (
                    "route53",
                    "POST healthcheck <CreateHealthCheckRequest><CallerReference>h</CallerReference><HealthCheckConfig><Type>TCP</Type></HealthCheckConfig></CreateHealthCheckRequest>",
                    "HealthCheckAlreadyExists 409",
                    "",
                ),
                ("route53", "DELETE healthcheck/{HealthCheck/Id}", "200", ""),
                ("route53", "GET healthcheck/{HealthCheck/Id}", "NoSuchHealthCheck 404", ""),
                ("route53", "GET healthcheck", "200", "<HealthChecks></HealthChecks>"),
            ],
        ),
        (
            "DeleteHostedZone not empty -> HostedZoneNotEmpty",
            &[ZONE, A, ("route53", "DELETE {HostedZone/Id}", "HostedZoneNotEmpty 400", "")],
        ),
    ]);
}

#[test]
fn records_answer_as_aws_does() {
    check(&[
        (
            "CREATE + GetChange PENDING -> INSYNC",
            &[ZONE, A, ("wait", "60", "", ""), ("route53", "GET {ChangeInfo/Id}", "200", "INSYNC")],
        ),
        ("GetChange unknown -> NoSuchChange", &[("route53", "GET change/C0", "NoSuchChange 404", "")]),
        (
            "CREATE existing -> InvalidChangeBatch",
            &[
                ZONE,
                A,
                refused(
                    A.1,
                    "[Tried to create resource record set [name=&apos;a.ex.test.&apos;, type=&apos;A&apos;] but it already exists]",
                ),
            ],
        ),
        (
            "UPSERT replaces",
            &[
                ZONE,
                A,
                ("route53", change!("UPSERT", "a.ex.test", "A", value!("5.6.7.8")), "200", ""),
                ("route53", LIST, "200", "<Value>5.6.7.8</Value>"),
            ],
        ),
        (
            "DELETE with other value -> InvalidChangeBatch",
            &[
                ZONE,
                A,
                refused(
                    change!("DELETE", "a.ex.test", "A", value!("9.9.9.9")),
                    "but the values provided do not match the current values]",
                ),
            ],
        ),
        (
            "DELETE absent -> InvalidChangeBatch",
            &[ZONE, refused(change!("DELETE", "b.ex.test", "A", value!("1.2.3.4")), "but it was not found]")],
        ),
        (
            "batch is atomic",
            &[
                ZONE,
                A,
                refused(
                    changes!(
                        one!("DELETE", "a.ex.test", "A", value!("1.2.3.4")),
                        one!("CREATE", "b.ex.test", "A", value!("hello"))
                    ),
                    "",
                ),
                ("route53", LIST, "200", "<Name>a.ex.test.</Name>"),
            ],
        ),
        (
            "weighted records; Weight/SetIdentifier kept",
            &[
                ZONE,
                (
                    "route53",
                    change!("CREATE", "w.ex.test", "A", weight!("x", "7"), value!("1.2.3.4")),
                    "200",
                    "",
                ),
                (
                    "route53",
                    change!("CREATE", "w.ex.test", "A", weight!("y", "0"), value!("1.2.3.5")),
                    "200",
                    "",
                ),
                ("route53", LIST, "200", "<SetIdentifier>x</SetIdentifier><Weight>7</Weight>"),
                ("route53", LIST, "200", "<SetIdentifier>y</SetIdentifier><Weight>0</Weight>"),
            ],
        ),
        (
            "simple beside weighted -> InvalidChangeBatch",
            &[
                ZONE,
                (
                    "route53",
                    change!("CREATE", "w.ex.test", "A", weight!("x", "7"), value!("1.2.3.4")),
                    "200",
                    "",
                ),
                refused(
                    change!("CREATE", "w.ex.test", "A", value!("1.2.3.4")),
                    "RRSet with DNS name w.ex.test., type A cannot be created as other RRSets exist with the same name and type.",
                ),
                A,
                refused(
                    change!("UPSERT", "a.ex.test", "A", weight!("y", "1"), value!("1.2.3.4")),
                    "RRSet with DNS name a.ex.test., type A, SetIdentifier y cannot be created as a non-weighted set exists with the same name and type.",
                ),
            ],
        ),
        (
            "weighted without SetIdentifier -> InvalidInput/InvalidChangeBatch",
            &[
                ZONE,
                (
                    "route53",
                    change!("CREATE", "w.ex.test", "A", "<Weight>1</Weight>", value!("1.2.3.4")),
                    "InvalidInput 400",
                    "SetIdentifier",
                ),
            ],
        ),
        (
            "CNAME beside A -> InvalidChangeBatch",
            &[ZONE, A, refused(change!("CREATE", "a.ex.test", "CNAME", value!("b.ex.test")), "conflicts")],
        ),
        (
            "CNAME at apex -> InvalidChangeBatch",
            &[
                ZONE,
                refused(change!("CREATE", "ex.test", "CNAME", value!("b.ex.test")), "not permitted at apex"),
            ],
        ),
        (
            "name outside the zone -> InvalidChangeBatch",
            &[
                ZONE,
                refused(
                    change!("CREATE", "a.other.test", "A", value!("1.2.3.4")),
                    "RRSet with DNS name a.other.test. is not permitted in zone ex.test.",
                ),
            ],
        ),
        (
            "bad A value -> InvalidChangeBatch",
            &[ZONE, refused(change!("CREATE", "b.ex.test", "A", value!("hello")), "Invalid Resource Record")],
        ),
        (
            "wildcard stored as \\052",
            &[
                ZONE,
                ("route53", change!("CREATE", "*.ex.test", "A", value!("1.2.3.4")), "200", ""),
                ("route53", LIST, "200", "<Name>\\052.ex.test.</Name>"),
            ],
        ),
        (
            "names lower-cased and dot-ended",
            &[
                ZONE,
                ("route53", change!("CREATE", "MiXed.Ex.Test", "A", value!("1.2.3.4")), "200", ""),
                ("route53", LIST, "200", "<Name>mixed.ex.test.</Name>"),
            ],
        ),
        (
            "ListResourceRecordSets paging and order",
            &[
                ZONE,
                A,
                (
                    "route53",
                    "GET {HostedZone/Id}/rrset?maxitems=2",
                    "200",
                    "<IsTruncated>true</IsTruncated><NextRecordName>a.ex.test.</NextRecordName><NextRecordType>A</NextRecordType>",
                ),
                (
                    "route53",
                    "GET {HostedZone/Id}/rrset?name=a.ex.test&type=A",
                    "200",
                    "<Name>a.ex.test.</Name>",
                ),
            ],
        ),
    ]);
}

#[test]
fn aliases_answer_as_aws_does() {
    const BALANCER: Asked = (
        "elasticloadbalancing",
        "CreateLoadBalancer&LoadBalancerName=web&Listeners.member.1.Protocol=HTTP&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=80&AvailabilityZones.member.1=us-east-1a",
        "200",
        "",
    );
    const ALIAS: &str = change!(
        "CREATE",
        "www.ex.test",
        "A",
        "<AliasTarget><HostedZoneId>Z35SXDOTRQ7X7K</HostedZoneId><DNSName>dualstack.{DNSName}</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>"
    );
    check(&[
        (
            "alias to ELB",
            &[
                ZONE,
                BALANCER,
                ("wait", "60", "", ""),
                ("route53", ALIAS, "200", ""),
                ("route53", LIST, "200", "<DNSName>dualstack.{DNSName}.</DNSName><EvaluateTargetHealth>true"),
            ],
        ),
        (
            "alias with TTL -> InvalidInput/InvalidChangeBatch",
            &[
                ZONE,
                BALANCER,
                ("wait", "60", "", ""),
                (
                    "route53",
                    change!(
                        "CREATE",
                        "www.ex.test",
                        "A",
                        "<TTL>60</TTL><AliasTarget><HostedZoneId>Z35SXDOTRQ7X7K</HostedZoneId><DNSName>{DNSName}</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth></AliasTarget>"
                    ),
                    "InvalidInput 400",
                    "Expected exactly one of [AliasTarget",
                ),
            ],
        ),
    ]);
}
