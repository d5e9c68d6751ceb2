use super::*;

fn rule(port: i32, cidrs: &[&str]) -> Rule {
    Rule {
        from_port: port,
        protocol: "tcp".to_owned(),
        cidr_blocks: cidrs.iter().map(|cidr| (*cidr).to_owned()).collect(),
        ..Rule::default()
    }
}

fn rules(rules: &[Rule]) -> Rules {
    Rules::of(rules, "sg-own")
}

#[test]
fn what_stays_is_never_touched() {
    let have = rules(&[rule(80, &["0.0.0.0/0"]), rule(22, &["10.0.0.0/8"])]);
    let want = rules(&[rule(80, &["0.0.0.0/0"]), rule(443, &["0.0.0.0/0"])]);
    let missing = Act::Authorize(rules(&[rule(443, &["0.0.0.0/0"])]));
    let extra = Act::Revoke(rules(&[rule(22, &["10.0.0.0/8"])]));
    assert_eq!(next(&have, &want), Some(missing));
    let both = rules(&[rule(80, &["0.0.0.0/0"]), rule(22, &["10.0.0.0/8"]), rule(443, &["0.0.0.0/0"])]);
    assert_eq!(next(&both, &want), Some(extra), "only once the new rules are there");
    assert_eq!(next(&want, &want), None);
}

#[test]
fn a_description_changes_in_place() {
    let described = Rule { description: Some("the world".to_owned()), ..rule(80, &["0.0.0.0/0"]) };
    let want = rules(&[described]);
    assert_eq!(next(&rules(&[rule(80, &["0.0.0.0/0"])]), &want), Some(Act::Describe(want.clone())));
}

#[test]
fn how_rules_are_grouped_and_spelt_does_not_count() {
    let apart = [rule(80, &["10.0.0.0/8"]), rule(80, &["192.168.0.0/16"])];
    let together =
        Rule { to_port: Some(80), protocol: "6".to_owned(), ..rule(80, &["192.168.0.0/16", "10.0.0.1/8"]) };
    assert_eq!(rules(&apart), rules(&[together]));
    let everything = Rule { from_port: 0, protocol: "all".to_owned(), ..rule(0, &["0.0.0.0/0"]) };
    assert!(rules(&[everything]).is_everything());
}

#[test]
fn what_is_sent_is_what_is_read_back() {
    let own =
        Rule { oneself: true, security_groups: vec!["sg-other".to_owned()], ..rule(80, &["10.0.0.0/8"]) };
    let ping = Rule { from_port: -1, protocol: "icmp".to_owned(), ..rule(0, &["0.0.0.0/0"]) };
    let lists = Rule {
        prefix_list_ids: vec!["pl-1".to_owned()],
        ipv6_cidr_blocks: vec!["::/0".to_owned()],
        description: Some("lists".to_owned()),
        ..rule(443, &[])
    };
    let sent = rules(&[own, ping, lists]);
    assert_eq!(Rules::told(&resolved(&sent, "sg-own"), "sg-own"), sent);
    assert_eq!(rules(&sent.written()), sent);
}
