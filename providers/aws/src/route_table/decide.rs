//! What is to be done next about a route table.

use std::fmt;

use super::{Found, Route, RouteTable};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    CreateRoute(Route),
    ReplaceRoute(Route),
    DeleteRoute(Route),
    Associate(String),
    Disassociate { subnet: String, association: String },
    BecomeMain(String),
    LeaveMain { vpc: String, association: String },
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateRoute(route) => write!(f, "added the route to {}", destination(route)),
            Self::ReplaceRoute(route) => write!(f, "changed the route to {}", destination(route)),
            Self::DeleteRoute(route) => write!(f, "removed the route to {}", destination(route)),
            Self::Associate(subnet) => write!(f, "given to {subnet}"),
            Self::Disassociate { subnet, .. } => write!(f, "taken from {subnet}"),
            Self::BecomeMain(vpc) => write!(f, "made the main table of {vpc}"),
            Self::LeaveMain { vpc, .. } => write!(f, "no longer the main table of {vpc}"),
        }
    }
}

/// Where a route leads: its key.
fn destination(route: &Route) -> &str {
    route.cidr_block.as_deref().or(route.ipv6_cidr_block.as_deref()).unwrap_or_default()
}

/// The next thing to do. Ways are added and changed before subnets come, and taken away last.
pub(super) fn next(found: &Found, wanted: &RouteTable) -> Option<Act> {
    let here =
        |route: &Route| found.table.route.iter().find(|other| destination(other) == destination(route));
    let changed = wanted.route.iter().find_map(|route| match here(route) {
        None => Some(Act::CreateRoute(route.clone())),
        Some(other) if other != route => Some(Act::ReplaceRoute(route.clone())),
        Some(_) => None,
    });
    changed
        .or_else(|| subnets(found, wanted))
        .or_else(|| main(found, wanted))
        .or_else(|| superfluous(found, wanted))
}

fn subnets(found: &Found, wanted: &RouteTable) -> Option<Act> {
    let missing = wanted.subnets.iter().find(|subnet| !found.by_subnet.contains_key(*subnet));
    let extra = found.by_subnet.iter().find(|(subnet, _)| !wanted.subnets.contains(*subnet));
    let leave = |(subnet, association): (&String, &String)| Act::Disassociate {
        subnet: subnet.clone(),
        association: association.clone(),
    };
    missing.cloned().map(Act::Associate).or_else(|| extra.map(leave))
}

fn main(found: &Found, wanted: &RouteTable) -> Option<Act> {
    match (&found.as_main, wanted.main) {
        (None, true) => Some(Act::BecomeMain(found.table.vpc_id.clone())),
        (Some(association), false) => {
            Some(Act::LeaveMain { vpc: found.table.vpc_id.clone(), association: association.clone() })
        }
        (None, false) | (Some(_), true) => None,
    }
}

fn superfluous(found: &Found, wanted: &RouteTable) -> Option<Act> {
    let kept = |route: &Route| wanted.route.iter().any(|other| destination(other) == destination(route));
    found.table.route.iter().find(|route| !kept(route)).cloned().map(Act::DeleteRoute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(destination: &str, gateway: &str) -> Route {
        Route {
            cidr_block: Some(destination.to_owned()),
            gateway_id: Some(gateway.to_owned()),
            ..Route::default()
        }
    }

    fn wanted(routes: &[Route], subnets: &[&str], main: bool) -> RouteTable {
        RouteTable {
            vpc_id: "vpc-1".to_owned(),
            subnets: subnets.iter().map(|subnet| (*subnet).to_owned()).collect(),
            main,
            route: routes.to_vec(),
            ..RouteTable::default()
        }
    }

    /// AWS, reduced to what a table has.
    fn found(table: &RouteTable) -> Found {
        let by_subnet = table.subnets.iter().map(|subnet| (subnet.clone(), format!("a-{subnet}"))).collect();
        Found { table: table.clone(), by_subnet, as_main: table.main.then(|| "a-main".to_owned()) }
    }

    fn carried_out(mut table: RouteTable, act: &Act) -> RouteTable {
        match act.clone() {
            Act::CreateRoute(route) => table.route.push(route),
            Act::ReplaceRoute(route) => {
                table.route.retain(|other| destination(other) != destination(&route));
                table.route.push(route);
            }
            Act::DeleteRoute(route) => table.route.retain(|other| *other != route),
            Act::Associate(subnet) => drop(table.subnets.insert(subnet)),
            Act::Disassociate { subnet, .. } => drop(table.subnets.remove(&subnet)),
            Act::BecomeMain(_) => table.main = true,
            Act::LeaveMain { .. } => table.main = false,
        }
        table
    }

    #[test]
    fn it_is_brought_to_what_is_wanted_one_act_at_a_time() {
        let mut table =
            wanted(&[route("0.0.0.0/0", "igw-1"), route("10.1.0.0/16", "igw-1")], &["subnet-1"], false);
        let goal = wanted(&[route("0.0.0.0/0", "igw-2"), route("10.2.0.0/16", "igw-2")], &["subnet-2"], true);
        let mut acts = Vec::new();
        while let Some(act) = next(&found(&table), &goal) {
            table = carried_out(table, &act);
            acts.push(act.to_string());
        }
        insta::assert_snapshot!(acts.join("\n"), @r"
        changed the route to 0.0.0.0/0
        added the route to 10.2.0.0/16
        given to subnet-2
        taken from subnet-1
        made the main table of vpc-1
        removed the route to 10.1.0.0/16
        ");
    }
}
