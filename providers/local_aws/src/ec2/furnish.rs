//! What an account finds when it comes to a region for the first time.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{catalogue, region, vpc};
use crate::model::Model;
use crate::model::ec2::{Gateway, GatewayId, Route, RouteTarget, Subnet, SubnetId};

/// Puts the default network into a new account - a VPC of 172.31.0.0/16 with an internet gateway, and in each
/// availability zone a /20 that gives public addresses - and the public images.
pub fn furnish(model: &mut Model) {
    for image in catalogue::images() {
        model.ec2.images.insert(image.id.clone(), image);
    }
    let range = Ipv4Net::new_assert(Ipv4Addr::new(172, 31, 0, 0), 16);
    let vpc = vpc::add(model, range, true, "default");
    let gateway = GatewayId::new(&mut model.random);
    model.ec2.gateways.insert(gateway.clone(), Gateway { id: gateway.clone(), vpc: Some(vpc.clone()) });
    for table in model.ec2.route_tables.values_mut().filter(|table| table.vpc == vpc) {
        let everywhere =
            Route { destination: "0.0.0.0/0".to_owned(), target: RouteTarget::Gateway(gateway.clone()) };
        table.routes.push(everywhere);
    }
    let parts = range.subnets(20).into_iter().flatten();
    for (zone, cidr) in region::zones(model).into_iter().zip(parts) {
        let id = SubnetId::new(&mut model.random);
        let subnet =
            Subnet { id: id.clone(), vpc: vpc.clone(), cidr, zone, is_default: true, map_public_ip: true };
        model.ec2.subnets.insert(id, subnet);
    }
}
