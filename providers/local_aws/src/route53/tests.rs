mod rows;

use crate::handle::LocalAws;
use crate::testing::{at, fast, field, fields, outcome, rest};

const CREATE: &str = "<CreateHostedZoneRequest><Name>Ex.test</Name><CallerReference>r</CallerReference></CreateHostedZoneRequest>";

/// A cloud with the zone `ex.test.`, and its id.
fn with_zone() -> (LocalAws, String) {
    let local = fast();
    let (status, body) = rest(&local, at(0), "POST", "/2013-04-01/hostedzone", CREATE);
    assert_eq!(status, 201, "{body}");
    let id = field(&body, "Id").expect("an id").trim_start_matches("/hostedzone/").to_owned();
    (local, id)
}

fn batch(changes: &str) -> String {
    format!(
        "<ChangeResourceRecordSetsRequest><ChangeBatch><Changes>{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"
    )
}

fn change(action: &str, name: &str, kind: &str, rest: &str) -> String {
    format!(
        "<Change><Action>{action}</Action><ResourceRecordSet><Name>{name}</Name><Type>{kind}</Type>{rest}</ResourceRecordSet></Change>"
    )
}

fn value(value: &str) -> String {
    format!(
        "<TTL>60</TTL><ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords>"
    )
}

fn send(local: &LocalAws, id: &str, changes: &str) -> (u16, String) {
    rest(local, at(1), "POST", &format!("/2013-04-01/hostedzone/{id}/rrset/"), &batch(changes))
}

fn names(local: &LocalAws, id: &str, query: &str) -> Vec<String> {
    let (_, body) = rest(local, at(2), "GET", &format!("/2013-04-01/hostedzone/{id}/rrset{query}"), "");
    fields(&body, "Name").into_iter().map(str::to_owned).collect()
}

#[test]
fn changes_are_pending_then_in_sync_and_already_listed() {
    let (local, id) = with_zone();
    let (_, body) = send(&local, &id, &change("CREATE", "*.MiXed.ex.test", "A", &value("1.2.3.4")));
    assert_eq!(field(&body, "Status"), Some("PENDING"));
    let sync = field(&body, "Id").expect("an id").to_owned();
    let (_, body) = rest(&local, at(9), "GET", &format!("/2013-04-01{sync}"), "");
    assert_eq!(field(&body, "Status"), Some("INSYNC"));
    assert_eq!(names(&local, &id, ""), ["ex.test.", "ex.test.", "\\052.mixed.ex.test."]);
    let unknown = rest(&local, at(9), "GET", "/2013-04-01/change/C0", "");
    assert_eq!(outcome(&unknown), "NoSuchChange 404");
}

#[test]
fn what_aws_refuses_is_refused_and_the_whole_batch_with_it() {
    let (local, id) = with_zone();
    let plain = value("1.2.3.4");
    assert_eq!(send(&local, &id, &change("CREATE", "a.ex.test", "A", &plain)).0, 200);
    let weighted = format!("<SetIdentifier>x</SetIdentifier><Weight>1</Weight>{plain}");
    let alias = "<AliasTarget><HostedZoneId>Z35SXDOTRQ7X7K</HostedZoneId><DNSName>gone-1.us-east-1.elb.amazonaws.com</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>";
    let cases = [
        ("InvalidChangeBatch 400", change("CREATE", "a.ex.test", "A", &plain)),
        ("InvalidChangeBatch 400", change("DELETE", "a.ex.test", "A", &value("9.9.9.9"))),
        ("InvalidChangeBatch 400", change("DELETE", "b.ex.test", "A", &plain)),
        ("InvalidChangeBatch 400", change("CREATE", "a.ex.test", "A", &weighted)),
        ("InvalidInput 400", change("CREATE", "w.ex.test", "A", &format!("<Weight>1</Weight>{plain}"))),
        ("InvalidChangeBatch 400", change("CREATE", "a.ex.test", "CNAME", &value("b.ex.test"))),
        ("InvalidChangeBatch 400", change("CREATE", "ex.test", "CNAME", &value("b.ex.test"))),
        ("InvalidChangeBatch 400", change("CREATE", "a.other.test", "A", &plain)),
        ("InvalidChangeBatch 400", change("CREATE", "b.ex.test", "A", &value("hello"))),
        ("InvalidInput 400", change("CREATE", "b.ex.test", "A", &format!("{alias}<TTL>60</TTL>"))),
        ("InvalidChangeBatch 400", change("CREATE", "b.ex.test", "A", alias)),
    ];
    for (expected, bad) in cases {
        let both = change("CREATE", "z.ex.test", "A", &plain) + &bad;
        assert_eq!(outcome(&send(&local, &id, &both)), expected, "{bad}");
        assert!(!names(&local, &id, "").contains(&"z.ex.test.".to_owned()));
    }
    let swap = change("DELETE", "a.ex.test", "A", &plain) + &change("CREATE", "a.ex.test", "A", &weighted);
    assert_eq!(send(&local, &id, &swap).0, 200);
}

#[test]
fn lists_are_paged_in_order_of_reversed_labels() {
    let (local, id) = with_zone();
    let all: String = ["b.a.ex.test", "z.ex.test", "a.ex.test"]
        .map(|name| change("CREATE", name, "A", &value("1.1.1.1")))
        .concat();
    send(&local, &id, &all);
    assert_eq!(names(&local, &id, "")[2..], ["a.ex.test.", "b.a.ex.test.", "z.ex.test."]);
    assert_eq!(names(&local, &id, "?maxitems=1&name=b.a.ex.test&type=A"), ["b.a.ex.test."]);
}

#[test]
fn a_zone_is_made_once_and_deleted_empty() {
    let (local, id) = with_zone();
    let again = rest(&local, at(0), "POST", "/2013-04-01/hostedzone", CREATE);
    assert_eq!(outcome(&again), "HostedZoneAlreadyExists 409");
    send(&local, &id, &change("CREATE", "a.ex.test", "A", &value("1.2.3.4")));
    let path = format!("/2013-04-01/hostedzone/{id}");
    assert_eq!(outcome(&rest(&local, at(3), "DELETE", &path, "")), "HostedZoneNotEmpty 400");
    send(&local, &id, &change("DELETE", "a.ex.test", "A", &value("1.2.3.4")));
    assert_eq!(rest(&local, at(3), "DELETE", &path, "").0, 200);
    assert_eq!(outcome(&rest(&local, at(3), "GET", &path, "")), "NoSuchHostedZone 404");
}
