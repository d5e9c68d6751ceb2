//! What can be said about a load balancer's block before anything runs.

use infra_engine::change::{Action, Change, ReplaceOrder};
use infra_lang::name::AttributeName;
use infra_lang::residual::Attributes;

use super::{Elb, Listener};
use crate::codec::{decode, known};

/// What is wrong with the attributes that are known.
pub(super) fn problems(desired: &Attributes) -> Vec<(AttributeName, String)> {
    let known = known(desired);
    let Ok(elb) = decode::<Elb>(&known) else { return Vec::new() };
    let mut found = Vec::new();
    for (attribute, text) in [("name", &elb.name), ("name_prefix", &elb.name_prefix)] {
        found.extend(
            text.as_deref().and_then(|text| name_problem(attribute, text)).map(|said| (attribute, said)),
        );
    }
    found.extend(elb.listener.iter().filter_map(certificate_problem).map(|said| ("listener", said)));
    found.extend(elb.listener.iter().filter_map(layer_problem).map(|said| ("listener", said)));
    if let Some(check) = &elb.health_check {
        found.extend(target_problem(&check.target).map(|said| ("health_check", said)));
        if check.timeout >= check.interval && check.interval > 0 {
            let said = format!(
                "`timeout` ({}s) has to be less than `interval` ({}s)",
                check.timeout, check.interval
            );
            found.push(("health_check", said));
        }
    }
    if let Some(logs) = elb.access_logs.as_ref().filter(|logs| !matches!(logs.interval, 0 | 300 | 3600)) {
        found.push(("access_logs", format!("`interval` is 5m or 60m, not {}s", logs.interval)));
    }
    if known.contains_key("listener") {
        found.extend(sticky_problems(&elb).into_iter().map(|said| ("lb_cookie_stickiness", said)));
        found.extend(proxy_problems(&elb).into_iter().map(|said| ("proxy_protocol_ports", said)));
    }
    found.into_iter().map(|(attribute, said)| (AttributeName::new(attribute), said)).collect()
}

fn name_problem(attribute: &str, text: &str) -> Option<String> {
    let alphabet = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if let Some(wrong) = text.chars().find(|c| !alphabet(*c)) {
        return Some(format!(
            "`{wrong}` may not stand in a load balancer's name: letters, digits and hyphens may"
        ));
    }
    let ends_badly = text.starts_with('-') || (attribute == "name" && text.ends_with('-'));
    ends_badly.then(|| "a load balancer's name neither begins nor ends with a hyphen".to_owned())
}

fn certificate_problem(listener: &Listener) -> Option<String> {
    let secure = matches!(listener.lb_protocol.as_str(), "https" | "ssl");
    match (secure, &listener.ssl_certificate_id) {
        (true, None) => Some(format!(
            "port {} speaks {} and needs `ssl_certificate_id`",
            listener.lb_port, listener.lb_protocol
        )),
        (false, Some(_)) => Some(format!(
            "port {} speaks {} and takes no certificate: write `https` or `ssl`",
            listener.lb_port, listener.lb_protocol
        )),
        _ => None,
    }
}

/// Both sides of a listener are of the same layer: HTTP, or bare connections.
fn layer_problem(listener: &Listener) -> Option<String> {
    let http = |protocol: &str| matches!(protocol, "http" | "https");
    (!listener.lb_protocol.is_empty() && http(&listener.lb_protocol) != http(listener.backend())).then(|| {
        format!(
            "port {} speaks {} to clients, so it cannot speak {} to instances: http goes with https, tcp with ssl",
            listener.lb_port,
            listener.lb_protocol,
            listener.backend()
        )
    })
}

fn target_problem(target: &str) -> Option<String> {
    let wrong = |why: &str| {
        Some(format!(
            "`{target}` {why}; a target reads `HTTP:80/path`, `HTTPS:443/path`, `TCP:80` or `SSL:443`"
        ))
    };
    let Some((protocol, rest)) = target.split_once(':') else { return wrong("has no port") };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (port, path) = rest.split_at(digits);
    if !port.parse::<u32>().is_ok_and(|port| (1..=65_535).contains(&port)) {
        return wrong("has no port from 1 to 65535");
    }
    match protocol.to_ascii_uppercase().as_str() {
        "HTTP" | "HTTPS" if path.starts_with('/') && path.len() <= 1024 => None,
        "HTTP" | "HTTPS" => wrong("has no path"),
        "TCP" | "SSL" if path.is_empty() => None,
        "TCP" | "SSL" => wrong("has a path, which a bare connection does not know"),
        _ => wrong("begins with an unknown protocol"),
    }
}

fn sticky_problems(elb: &Elb) -> Vec<String> {
    let http = |port: i32| {
        let mut on_port = elb.listener.iter().filter(|listener| listener.lb_port == port);
        on_port.any(|listener| matches!(listener.lb_protocol.as_str(), "http" | "https"))
    };
    let ports = elb.lb_cookie_stickiness.iter().map(|sticky| sticky.lb_port);
    ports
        .filter(|port| !http(*port))
        .map(|port| format!("no listener speaks http or https on port {port}"))
        .collect()
}

fn proxy_problems(elb: &Elb) -> Vec<String> {
    let backend = |port: &i32| {
        let mut to_port = elb.listener.iter().filter(|listener| listener.instance_port == *port);
        to_port.any(|listener| matches!(listener.backend(), "tcp" | "ssl"))
    };
    let ports = elb.proxy_protocol_ports.iter().filter(|port| !backend(port));
    ports.map(|port| format!("no listener sends tcp or ssl to instance port {port}")).collect()
}

/// Why users cannot be moved from a load balancer to the one that replaces it.
pub(super) fn objection(change: &Change) -> Option<(AttributeName, String)> {
    let why = "a load balancer with a fixed `name` has to go before one that replaces it can come, and users would find \
               nothing meanwhile: write `name_prefix` in place of `name`, or another `name`";
    let alone = change.action == Action::Replace(ReplaceOrder::OldFirst);
    alone.then(|| (AttributeName::new("name"), why.to_owned()))
}

/// Says that users move, or which ports stop answering for a moment: AWS can replace a listener, not change it.
pub(super) fn consequence(change: &Change) -> Option<String> {
    if change.rollout.is_some() && matches!(change.action, Action::Replace(_)) {
        return Some("the new one stands beside the old one, which goes once users have left it".to_owned());
    }
    let before = decode::<Elb>(&change.prior.as_ref()?.observed).ok()?.normalized();
    let after = decode::<Elb>(&known(&change.desired)).ok()?.normalized();
    let replaced: Vec<String> = after
        .listener
        .iter()
        .filter(|new| {
            before.listener.iter().any(|old| old.lb_port == new.lb_port && !super::next::kept(old, new))
        })
        .map(|new| new.lb_port.to_string())
        .collect();
    let ports = match replaced.as_slice() {
        [] => return None,
        [port] => format!("port {port} refuses"),
        ports => format!("ports {} refuse", ports.join(", ")),
    };
    Some(format!("{ports} connections for a moment: AWS replaces a listener, it cannot change one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        for good in ["HTTP:80/", "https:8443/health?x=1", "TCP:80", "SSL:443"] {
            assert_eq!(target_problem(good), None, "{good}");
        }
        for bad in ["HTTP", "HTTP:80", "HTTP:/", "TCP:80/", "HTTP:70000/", "UDP:53", ":80/"] {
            assert!(target_problem(bad).is_some(), "{bad}");
        }
        insta::assert_snapshot!(target_problem("HTTP:80").unwrap_or_default(), @"`HTTP:80` has no path; a target reads `HTTP:80/path`, `HTTPS:443/path`, `TCP:80` or `SSL:443`");
    }

    #[test]
    fn names() {
        assert_eq!(name_problem("name", "shop-web"), None);
        assert_eq!(name_problem("name_prefix", "shop-web-"), None);
        for bad in ["shop_web", "-shop", "shop-", "größe"] {
            assert!(name_problem("name", bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn listeners() {
        let listener = |lb: &str, instance: Option<&str>, certificate: bool| Listener {
            lb_port: 443,
            lb_protocol: lb.into(),
            instance_port: 80,
            instance_protocol: instance.map(str::to_owned),
            ssl_certificate_id: certificate.then(|| "arn:aws:iam::1:server-certificate/x".into()),
        };
        assert!(certificate_problem(&listener("https", None, false)).is_some());
        assert!(certificate_problem(&listener("tcp", None, true)).is_some());
        assert_eq!(certificate_problem(&listener("ssl", None, true)), None);
        assert!(layer_problem(&listener("http", Some("tcp"), false)).is_some());
        assert_eq!(layer_problem(&listener("ssl", Some("ssl"), true)), None);
        assert_eq!(layer_problem(&listener("https", None, true)), None);
    }

    #[test]
    fn a_load_balancer_of_one_name_cannot_stand_beside_itself() {
        let change = |order| crate::kind::tests::change("elb", Action::Replace(order), Some("web"));
        assert_eq!(objection(&change(ReplaceOrder::NewFirst)), None);
        assert!(objection(&change(ReplaceOrder::OldFirst)).is_some_and(|(name, _)| name == *"name"));
    }
}
