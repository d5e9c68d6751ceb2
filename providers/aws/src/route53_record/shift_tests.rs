use aws_sdk_route53::types::{AliasTarget, RrType};

use super::*;

fn id(set: Option<&str>) -> RecordId {
    let (zone, name, kind) = ("Z1".to_owned(), "www.example.com".to_owned(), "A".to_owned());
    RecordId { zone, name, kind, set: set.map(str::to_owned) }
}

fn alias(to: &str) -> ResourceRecordSet {
    let target = AliasTarget::builder().hosted_zone_id("Z35").dns_name(to).evaluate_target_health(true);
    let record = ResourceRecordSet::builder().name("www.example.com").r#type(RrType::A);
    record.alias_target(target.build().expect("complete")).build().expect("complete")
}

fn sides() -> Sides {
    Sides { id: id(None), old: alias("blue"), new: alias("green") }
}

fn shown(changes: &Result<Changes, String>) -> String {
    let line = |(action, record): &(ChangeAction, ResourceRecordSet)| {
        let to = record.alias_target().map_or("-", AliasTarget::dns_name);
        let set = record.set_identifier().unwrap_or("-");
        format!("{} {set} {to} {:?}", action.as_str(), record.weight())
    };
    match changes {
        Ok(changes) => changes.iter().map(line).collect::<Vec<_>>().join("\n"),
        Err(reason) => reason.clone(),
    }
}

/// What is there after a batch.
fn after(changes: &Result<Changes, String>) -> Told {
    let kept = changes.iter().flatten().filter(|(action, _)| *action != ChangeAction::Delete);
    kept.map(|(_, record)| (id(record.set_identifier()), record.clone())).collect()
}

#[test]
fn one_record_becomes_two_and_one_again() {
    let plain = Told::from([(id(None), alias("blue"))]);
    let split = weighed(&plain, &sides(), 0);
    insta::assert_snapshot!(shown(&split), @r"
    DELETE - blue None
    UPSERT infra:old blue Some(255)
    UPSERT infra:new green Some(0)
    ");
    let half = weighed(&after(&split), &sides(), weight(50.0));
    insta::assert_snapshot!(shown(&half), @r"
    UPSERT infra:old blue Some(127)
    UPSERT infra:new green Some(128)
    ");
    let joined = joined(&after(&half), &id(None), &sides().new);
    insta::assert_snapshot!(shown(&joined), @r"
    DELETE infra:new green Some(128)
    DELETE infra:old blue Some(127)
    UPSERT - green None
    ");
    assert_eq!(after(&joined), Told::from([(id(None), alias("green"))]));
}

/// A run that was killed before it could write the batch down sends it again.
#[test]
fn every_batch_can_be_sent_again() {
    let plain = Told::from([(id(None), alias("blue"))]);
    for percent in [0.0, 1.0, 50.0, 100.0] {
        let once = after(&weighed(&plain, &sides(), weight(percent)));
        assert_eq!(after(&weighed(&once, &sides(), weight(percent))), once);
    }
    let there = Told::from([(id(None), alias("green"))]);
    assert_eq!(after(&joined(&there, &id(None), &sides().new)), there);
}

#[test]
fn other_peoples_weights_are_left_alone() {
    let told = Told::from([(id(Some("theirs")), alias("red"))]);
    insta::assert_snapshot!(shown(&weighed(&told, &sides(), 0)), @"other A records of www.example.com have routing policies (theirs), so users cannot be moved by weight");
    assert!(joined(&told, &id(None), &alias("green")).is_err());
}

#[test]
fn some_users_are_neither_none_nor_all() {
    let weights: Vec<i64> = [0.0, 0.01, 1.0, 10.0, 50.0, 99.99, 100.0].into_iter().map(weight).collect();
    assert_eq!(weights, [0, 1, 3, 26, 128, 254, 255]);
    assert!(weights.iter().all(|new| new + (WHOLE - new) > 0), "all weights zero would lead to both alike");
}

#[test]
fn weighted_records_have_one_ttl() {
    let plain = |ttl: i64| {
        let value = aws_sdk_route53::types::ResourceRecord::builder().value("lb").build().expect("complete");
        let record = ResourceRecordSet::builder().name("www.example.com").r#type(RrType::Cname).ttl(ttl);
        record.resource_records(value).build().expect("complete")
    };
    let sides = Sides { id: id(None), old: plain(300), new: plain(60) };
    let batch = weighed(&Told::new(), &sides, 26).expect("nobody else is there");
    assert_eq!(batch.iter().map(|(_, member)| member.ttl()).collect::<Vec<_>>(), [Some(60), Some(60)]);
}

#[test]
fn who_may_have_the_new_address() {
    let plain = Told::from([(id(None), alias("blue"))]);
    let told = |percent| after(&weighed(&plain, &sides(), weight(percent)));
    let exposed = [plain.clone(), told(0.0), told(1.0), Told::from([(id(None), alias("green"))])];
    assert_eq!(exposed.map(|told| is_exposed(&told, &sides())), [false, false, true, true]);
}

fn seen(sent: Sent, serving: usize, minutes: u64, broken: u32) -> Seen {
    let held = Held { polls: 3, time: Duration::from_secs(minutes * 60), broken, ..Held::default() };
    Seen { sent, serving: Some(serving), floor: 3, held }
}

fn said(next: Next) -> String {
    match next {
        Next::Wait(_, on) => format!("wait: {on}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn users_are_led_on_only_while_enough_serve() {
    let hold = Duration::from_secs(600);
    let table = [
        seen(Sent::Not, 2, 0, 0),
        seen(Sent::Not, 3, 0, 0),
        seen(Sent::Pending, 2, 0, 0),
        seen(Sent::Known, 3, 4, 0),
        seen(Sent::Known, 3, 10, 0),
        seen(Sent::Known, 2, 0, 1),
        seen(Sent::Known, 2, 0, 2),
        Seen { serving: None, ..seen(Sent::Not, 0, 0, 0) },
    ];
    let lines: Vec<String> = table.iter().map(|seen| said(forward(seen, hold))).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    wait: 2 of 3 instances serve behind the new load balancer
    Send
    wait: all of Route53's servers to know the change
    wait: this to hold for 6 min more
    Done
    wait: another look: 2 of 3 instances serve behind the new load balancer
    Stuck("only 2 of 3 instances serve behind the new load balancer")
    Send
    "#);
}

#[test]
fn users_are_led_back_whoever_serves() {
    let hold = Duration::from_secs(600);
    let table = [
        seen(Sent::Not, 0, 0, 0),
        seen(Sent::Pending, 0, 0, 0),
        seen(Sent::Known, 3, 4, 0),
        seen(Sent::Known, 0, 0, 1),
        seen(Sent::Known, 3, 10, 0),
    ];
    let lines: Vec<String> = table.iter().map(|seen| said(back(seen, hold))).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    Send
    wait: all of Route53's servers to know the change
    wait: clients to forget the new load balancer, 6 min more
    Done
    Done
    ");
}
