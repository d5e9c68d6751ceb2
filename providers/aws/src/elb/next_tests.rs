//! The table of what `next` decides.

use super::*;
use crate::elb::Stickiness;

fn elb() -> Elb {
    Elb {
        subnets: vec!["subnet-a".into(), "subnet-b".into()],
        security_groups: ["sg-1".to_owned()].into(),
        listener: vec![http(80, 8080)],
        health_check: Some(HealthCheck { target: "HTTP:80/".into(), interval: 10, ..HealthCheck::default() }),
        cross_zone_load_balancing: true,
        connection_draining: true,
        connection_draining_timeout: 300,
        idle_timeout: 60,
        ..Elb::default()
    }
}

fn http(lb_port: i32, instance_port: i32) -> Listener {
    Listener { lb_port, lb_protocol: "http".into(), instance_port, ..Listener::default() }
}

fn live(elb: Elb) -> Live {
    let listener_policies = elb.listener.iter().map(|one| (one.lb_port, BTreeSet::new())).collect();
    Live { elb, listener_policies, ..Live::default() }
}

/// What `next` decides when `elb()` is there and `change` is wanted of it.
fn decided(change: impl FnOnce(&mut Elb)) -> Vec<Act> {
    let mut new = elb();
    change(&mut new);
    next(&wanted(new), &live(elb()))
}

fn wanted(elb: Elb) -> Wanted {
    Wanted { elb, instances: false, security_groups: true }
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn nothing_differs_nothing_happens() {
    assert_eq!(decided(|elb| elb.subnets.reverse()), []);
    assert_eq!(decided(|elb| elb.listener[0].instance_protocol = Some("http".into())), []);
}

#[test]
fn a_listener_that_stays_is_left_alone() {
    let acts = decided(|elb| elb.listener.push(http(81, 8080)));
    assert_eq!(
        acts,
        [Act::CreateListeners(vec![Listener { instance_protocol: Some("http".into()), ..http(81, 8080) }])]
    );
}

#[test]
fn another_port_of_the_instances_means_another_listener() {
    let acts = decided(|elb| elb.listener[0].instance_port = 9090);
    assert!(matches!(acts.as_slice(), [Act::ReplaceListener(one)] if one.instance_port == 9090), "{acts:?}");
}

#[test]
fn ports_open_before_others_close() {
    let acts = decided(|elb| elb.listener = vec![http(81, 8080)]);
    assert!(
        matches!(acts.as_slice(), [Act::CreateListeners(_), Act::DeleteListeners(ports)] if ports == &[80])
    );
}

#[test]
fn a_certificate_changes_while_the_port_stays_open() {
    let https = |arn: &str| Listener {
        lb_port: 443,
        lb_protocol: "https".into(),
        instance_port: 80,
        instance_protocol: Some("http".into()),
        ssl_certificate_id: Some(arn.into()),
    };
    let old = live(Elb { listener: vec![https("arn:1")], ..elb() });
    let new = Elb { listener: vec![https("arn:2")], ..elb() };
    assert_eq!(next(&wanted(new), &old), [Act::SetCertificate(443, "arn:2".into())]);
}

#[test]
fn it_stands_in_new_subnets_before_it_leaves_old_ones() {
    let acts = decided(|elb| elb.subnets = strings(&["subnet-b", "subnet-c"]));
    let leave = strings(&["subnet-a"]);
    let attach = Act::AttachSubnets { attach: strings(&["subnet-c"]), leave: leave.clone() };
    assert_eq!(acts, [attach, Act::DetachSubnets(leave)]);
}

#[test]
fn attributes_go_in_one_call_and_only_those_that_differ() {
    let acts = decided(|elb| {
        elb.idle_timeout = 120;
        elb.connection_draining_timeout = 60;
    });
    let modified = Modified { idle_timeout: Some(120), draining: Some((true, 60)), ..Modified::default() };
    assert_eq!(acts, [Act::ModifyAttributes(modified)]);
}

#[test]
fn the_wait_counts_only_while_draining_is_on() {
    let off = Elb { connection_draining: false, ..elb() };
    let new = Elb { connection_draining_timeout: 10, ..off.clone() };
    assert_eq!(next(&wanted(new), &live(off)), []);
}

#[test]
fn sticky_ports_keep_the_other_policies_they_have() {
    let mut old = live(elb());
    old.listener_policies.insert(80, ["tls".to_owned()].into());
    let sticky = vec![Stickiness { lb_port: 80, cookie_expiration_period: Some(60) }];
    let new = Elb { lb_cookie_stickiness: sticky.clone(), ..elb() };
    let policies: BTreeSet<String> = ["tls".to_owned(), "infra-lb-cookie-60".to_owned()].into();
    let acts = next(&wanted(new.clone()), &old);
    let create = Act::CreateCookiePolicy("infra-lb-cookie-60".into(), Some(60));
    assert_eq!(acts, [create, Act::SetListenerPolicies(80, policies.clone())]);

    // Once that is done it is done, and when it is not wanted any more only the cookie's policy goes.
    old.elb.lb_cookie_stickiness = sticky;
    old.cookie_policies.insert("infra-lb-cookie-60".into(), Some(60));
    old.listener_policies.insert(80, policies);
    assert_eq!(next(&wanted(new), &old), []);
    assert_eq!(next(&wanted(elb()), &old), [Act::SetListenerPolicies(80, ["tls".to_owned()].into())]);
}

#[test]
fn policies_of_ours_that_nothing_uses_go_last() {
    let mut old = live(elb());
    old.cookie_policies.insert("infra-lb-cookie".into(), None);
    old.other_policies.insert("somebody-else".into());
    assert_eq!(next(&wanted(elb()), &old), [Act::DeletePolicy("infra-lb-cookie".into())]);
}

#[test]
fn the_proxy_protocol_is_turned_on_and_off_by_port() {
    let name = "infra-proxy-protocol".to_owned();
    let on = Elb { proxy_protocol_ports: [8080].into(), ..elb() };
    let acts = next(&wanted(on.clone()), &live(elb()));
    assert_eq!(
        acts,
        [Act::CreateProxyPolicy(name.clone()), Act::SetBackendPolicies(8080, [name.clone()].into())]
    );

    let mut old = live(on);
    old.backend_policies.insert(8080, [name.clone()].into());
    old.other_policies.insert(name.clone());
    old.proxy_policies.insert(name);
    assert_eq!(next(&wanted(elb()), &old), [Act::SetBackendPolicies(8080, BTreeSet::new())]);
}

#[test]
fn instances_are_the_groups_unless_the_block_names_them() {
    let mut old = live(elb());
    old.elb.instances = ["i-1".to_owned(), "i-2".to_owned()].into();
    assert_eq!(next(&wanted(elb()), &old), []);
    let new = Elb { instances: ["i-2".to_owned(), "i-3".to_owned()].into(), ..elb() };
    let acts = next(&Wanted { instances: true, ..wanted(new) }, &old);
    assert_eq!(acts, [Act::Register(strings(&["i-3"])), Act::Deregister(strings(&["i-1"]))]);
}

#[test]
fn tags_are_added_and_removed() {
    let tags = |key: &str| Tags::from([(key.to_owned(), "1".to_owned())]);
    let acts = next(&wanted(Elb { tags: tags("c"), ..elb() }), &live(Elb { tags: tags("b"), ..elb() }));
    assert_eq!(acts, [Act::AddTags(tags("c")), Act::RemoveTags(strings(&["b"]))]);
}
