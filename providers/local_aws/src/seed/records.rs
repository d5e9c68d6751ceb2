//! Hosted zones and their records.

use super::Seeding;
use super::answer::{Said, text};
use crate::model::ec2::Tags;
use crate::model::route53::Zone;
use crate::route53::read_record;

pub(super) fn zones(seeding: &mut Seeding<'_>, said: &Said) {
    for node in said.list("HostedZones") {
        let (Some(id), Some(name)) = (text(node, "Id"), text(node, "Name")) else { continue };
        let id = id.rsplit('/').next().unwrap_or_default().to_owned();
        let zone = Zone {
            id: id.clone(),
            name,
            caller_reference: text(node, "CallerReference").unwrap_or_default(),
            comment: node.get("Config").and_then(|config| text(config, "Comment")),
            vpcs: Vec::new(),
            records: Default::default(),
            tags: Tags::new(),
        };
        seeding.model.route53.zones.insert(id, zone);
    }
}

/// The zone is in the path: `/2013-04-01/hostedzone/Z1/rrset`.
pub(super) fn records(seeding: &mut Seeding<'_>, said: &Said) {
    let zone = said.path.split('/').skip_while(|part| *part != "hostedzone").nth(1);
    let Some(zone) = zone.and_then(|id| seeding.model.route53.zones.get_mut(id)) else { return };
    let records = said.list("ResourceRecordSets").iter().filter_map(|node| read_record(node).ok());
    zone.records.extend(records.map(|record| (record.key(), record)));
}
