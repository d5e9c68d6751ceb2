//! EC2.

mod capacity;
mod catalogue;
mod describe;
mod filter;
mod furnish;
mod gateway;
mod idempotency;
mod image;
mod image_view;
mod instance;
mod instance_attribute;
mod instance_type;
mod instance_view;
mod interface;
mod key_pair;
mod kind;
mod launch;
mod launch_spec;
mod lifecycle;
mod network_acl;
mod page;
mod permission;
mod region;
mod route_table;
mod rule;
mod security_group;
mod snapshot;
mod subnet;
mod tag;
mod template;
mod template_data;
#[cfg(test)]
mod tests;
mod volume;
mod vpc;

pub mod fleet;

use crate::model::Model;
use crate::service::{Context, unknown_action};
use crate::wire::{ApiError, Node, Params};

pub(crate) use filter::matches as pattern_matches;
pub use furnish::furnish;
pub use kind::Kind;
pub use lifecycle::{Ec2Event, LISTENING_TAG, apply};
use permission::Direction::{Egress, Ingress};
pub use template_data::params as template_params;

/// Carries out an action.
///
/// # Errors
/// The service's refusal; `InvalidAction` if the action is not modelled; `DryRunOperation` if it was only to
/// be tried.
pub fn dispatch(
    model: &mut Model,
    context: &Context,
    action: &str,
    params: &Params,
) -> Result<Node, ApiError> {
    if params.bool("DryRun")? != Some(true) {
        return act(model, context, action, params);
    }
    // The trial runs on a copy: AWS checks everything, too, before it says that it would have worked.
    act(&mut model.clone(), context, action, params)?;
    let reason = "Request would have succeeded, but DryRun flag is set.";
    Err(ApiError::new("DryRunOperation", reason).with_status(412))
}

fn act(model: &mut Model, context: &Context, action: &str, params: &Params) -> Result<Node, ApiError> {
    match action {
        "CreateVpc" => vpc::create_vpc(model, params),
        "DeleteVpc" => vpc::delete_vpc(model, params),
        "DescribeVpcs" => vpc::describe_vpcs(model, params),
        "ModifyVpcAttribute" => vpc::modify_vpc_attribute(model, params),
        "DescribeVpcAttribute" => vpc::describe_vpc_attribute(model, params),
        "CreateRouteTable" => route_table::create_route_table(model, params),
        "DeleteRouteTable" => route_table::delete_route_table(model, params),
        "DescribeRouteTables" => route_table::describe_route_tables(model, params),
        "CreateRoute" => route_table::create_route(model, params),
        "ReplaceRoute" => route_table::replace_route(model, params),
        "DeleteRoute" => route_table::delete_route(model, params),
        "AssociateRouteTable" => route_table::associate_route_table(model, params),
        "DisassociateRouteTable" => route_table::disassociate_route_table(model, params),
        "ReplaceRouteTableAssociation" => route_table::replace_route_table_association(model, params),
        "CreateSecurityGroup" => security_group::create_security_group(model, params),
        "DeleteSecurityGroup" => security_group::delete_security_group(model, params),
        "DescribeSecurityGroups" => security_group::describe_security_groups(model, params),
        "AuthorizeSecurityGroupIngress" => rule::authorize(model, Ingress, params),
        "AuthorizeSecurityGroupEgress" => rule::authorize(model, Egress, params),
        "RevokeSecurityGroupIngress" => rule::revoke(model, Ingress, params),
        "RevokeSecurityGroupEgress" => rule::revoke(model, Egress, params),
        "UpdateSecurityGroupRuleDescriptionsIngress" => rule::describe_anew(model, Ingress, params),
        "UpdateSecurityGroupRuleDescriptionsEgress" => rule::describe_anew(model, Egress, params),
        "DescribeSecurityGroupRules" => rule::describe_security_group_rules(model, params),
        "DescribeNetworkAcls" => network_acl::describe_network_acls(model, params),
        "CreateLaunchTemplate" => template::create_launch_template(model, params),
        "CreateLaunchTemplateVersion" => template::create_launch_template_version(model, params),
        "ModifyLaunchTemplate" => template::modify_launch_template(model, params),
        "DeleteLaunchTemplate" => template::delete_launch_template(model, params),
        "DeleteLaunchTemplateVersions" => template::delete_launch_template_versions(model, params),
        "DescribeLaunchTemplates" => template::describe_launch_templates(model, params),
        "DescribeLaunchTemplateVersions" => template::describe_launch_template_versions(model, params),
        "CreateSubnet" => subnet::create_subnet(model, params),
        "DeleteSubnet" => subnet::delete_subnet(model, params),
        "DescribeSubnets" => subnet::describe_subnets(model, params),
        "ModifySubnetAttribute" => subnet::modify_subnet_attribute(model, params),
        "CreateInternetGateway" => gateway::create_internet_gateway(model, params),
        "DeleteInternetGateway" => gateway::delete_internet_gateway(model, params),
        "AttachInternetGateway" => gateway::attach_internet_gateway(model, params),
        "DetachInternetGateway" => gateway::detach_internet_gateway(model, params),
        "DescribeInternetGateways" => gateway::describe_internet_gateways(model, params),
        "DescribeNetworkInterfaces" => interface::describe_network_interfaces(model, params),
        "CreateKeyPair" => key_pair::create_key_pair(model, params),
        "ImportKeyPair" => key_pair::import_key_pair(model, params),
        "DeleteKeyPair" => key_pair::delete_key_pair(model, params),
        "DescribeKeyPairs" => key_pair::describe_key_pairs(model, params),
        "RunInstances" => instance::run_instances(model, params),
        "TerminateInstances" => instance::terminate_instances(model, params),
        "StopInstances" => instance::stop_instances(model, params),
        "StartInstances" => instance::start_instances(model, params),
        "RebootInstances" => instance::reboot_instances(model, params),
        "GetConsoleOutput" => instance::get_console_output(model, params),
        "DescribeInstances" => instance_view::describe_instances(model, params),
        "DescribeInstanceStatus" => instance_view::describe_instance_status(model, params),
        "DescribeInstanceAttribute" => instance_attribute::describe_instance_attribute(model, params),
        "ModifyInstanceAttribute" => instance_attribute::modify_instance_attribute(model, params),
        "ModifyInstanceMetadataOptions" => {
            instance_attribute::modify_instance_metadata_options(model, params)
        }
        "DescribeInstanceCreditSpecifications" => {
            instance_attribute::describe_instance_credit_specifications(model, params)
        }
        "CreateImage" => image::create_image(model, params),
        "CopyImage" => image::copy_image(model, context, params),
        "DeregisterImage" => image::deregister_image(model, params),
        "DescribeImages" => image_view::describe_images(model, params),
        "DescribeImageAttribute" => image::describe_image_attribute(model, params),
        "ModifyImageAttribute" => image::modify_image_attribute(model, params),
        "DeleteSnapshot" => snapshot::delete_snapshot(model, params),
        "DescribeSnapshots" => snapshot::describe_snapshots(model, params),
        "DeleteVolume" => volume::delete_volume(model, params),
        "DescribeVolumes" => volume::describe_volumes(model, params),
        "CreateTags" => tag::create_tags(model, params),
        "DeleteTags" => tag::delete_tags(model, params),
        "DescribeTags" => tag::describe_tags(model, params),
        "DescribeAvailabilityZones" => region::describe_availability_zones(model, params),
        "DescribeRegions" => region::describe_regions(model, params),
        "DescribeAccountAttributes" => region::describe_account_attributes(model, params),
        "DescribeInstanceTypes" => region::describe_instance_types(model, params),
        _ => Err(unknown_action(action)),
    }
}
