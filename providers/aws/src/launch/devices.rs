//! Block devices: the three blocks of ours, and the one list of mappings that AWS has for them.

use infra_derive::Block;
use serde::{Deserialize, Serialize};

/// The root volume.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct RootBlockDevice {
    /// The sort of volume, such as `"gp3"`.
    #[attribute(ty = r#"enum("gp3", "gp2", "io2", "io1", "st1", "sc1", "standard")"#)]
    pub(crate) volume_type: Option<String>,
    /// How large it is, in GiB; at least the image's.
    #[attribute(ty = "size")]
    pub(crate) volume_size: Option<i32>,
    /// I/O operations per second, of `gp3`, `io1` and `io2`.
    pub(crate) iops: Option<i32>,
    /// MiB per second, of `gp3`.
    pub(crate) throughput: Option<i32>,
    /// Whether it is encrypted.
    pub(crate) encrypted: Option<bool>,
    /// The KMS key it is encrypted with; by default the account's own.
    pub(crate) kms_key_id: Option<String>,
    /// Whether it goes with its instance.
    #[attribute(default = true)]
    pub(crate) delete_on_termination: Option<bool>,
}

/// A further EBS volume.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct EbsBlockDevice {
    /// Where the system sees it, such as `"/dev/sdf"`.
    #[attribute(required)]
    pub(crate) device_name: String,
    /// The snapshot it starts from.
    pub(crate) snapshot_id: Option<String>,
    /// Leaves out a volume that the image has at this place.
    pub(crate) no_device: Option<bool>,
    /// The sort of volume, such as `"gp3"`.
    #[attribute(ty = r#"enum("gp3", "gp2", "io2", "io1", "st1", "sc1", "standard")"#)]
    pub(crate) volume_type: Option<String>,
    /// How large it is, in GiB.
    #[attribute(ty = "size")]
    pub(crate) volume_size: Option<i32>,
    /// I/O operations per second, of `gp3`, `io1` and `io2`.
    pub(crate) iops: Option<i32>,
    /// MiB per second, of `gp3`.
    pub(crate) throughput: Option<i32>,
    /// Whether it is encrypted.
    pub(crate) encrypted: Option<bool>,
    /// The KMS key it is encrypted with; by default the account's own.
    pub(crate) kms_key_id: Option<String>,
    /// Whether it goes with its instance.
    #[attribute(default = true)]
    pub(crate) delete_on_termination: Option<bool>,
}

/// An instance store volume: fast, and gone with its instance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, Block)]
#[serde(default)]
pub(crate) struct EphemeralBlockDevice {
    /// Where the system sees it, such as `"/dev/sdb"`.
    #[attribute(required)]
    pub(crate) device_name: String,
    /// Which one it is, such as `"ephemeral0"`.
    #[attribute(required)]
    pub(crate) virtual_name: String,
}

impl RootBlockDevice {
    /// Whether it says nothing that AWS would not do anyway.
    pub(crate) fn is_plain(&self) -> bool {
        let deleted = self.delete_on_termination.unwrap_or(true);
        deleted && Self { delete_on_termination: None, ..self.clone() } == Self::default()
    }

    /// The same volume by the name that the image gives it.
    fn at(&self, device_name: &str) -> EbsBlockDevice {
        let Self { volume_type, volume_size, iops, throughput, encrypted, kms_key_id, delete_on_termination } =
            self.clone();
        EbsBlockDevice {
            device_name: device_name.to_owned(),
            snapshot_id: None,
            no_device: None,
            volume_type,
            volume_size,
            iops,
            throughput,
            encrypted,
            kms_key_id,
            delete_on_termination,
        }
    }
}

impl From<EbsBlockDevice> for RootBlockDevice {
    fn from(device: EbsBlockDevice) -> Self {
        Self {
            volume_type: device.volume_type,
            volume_size: device.volume_size,
            iops: device.iops,
            throughput: device.throughput,
            encrypted: device.encrypted,
            kms_key_id: device.kms_key_id,
            delete_on_termination: device.delete_on_termination,
        }
    }
}

/// One entry of AWS's block device mappings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mapping {
    /// An EBS volume, or with `no_device` none where the image has one.
    Ebs(EbsBlockDevice),
    /// An instance store volume.
    Ephemeral(EphemeralBlockDevice),
}

/// The mappings of some settings; `root` is the name of the image's root device, needed for `root_block_device`.
pub(crate) fn mappings(core: &super::Core, root: Option<&str>) -> Vec<Mapping> {
    let first = core.root_block_device.as_ref().zip(root).map(|(device, name)| device.at(name));
    let ebs = first.into_iter().chain(core.ebs_block_device.iter().cloned()).map(Mapping::Ebs);
    ebs.chain(core.ephemeral_block_device.iter().cloned().map(Mapping::Ephemeral)).collect()
}

/// Puts mappings that AWS has told back into the three blocks.
pub(crate) fn take_mappings(core: &mut super::Core, mappings: Vec<Mapping>, root: Option<&str>) {
    for mapping in mappings {
        match mapping {
            Mapping::Ephemeral(device) => core.ephemeral_block_device.push(device),
            Mapping::Ebs(device)
                if Some(device.device_name.as_str()) == root && device.no_device != Some(true) =>
            {
                core.root_block_device = Some(device.into());
            }
            Mapping::Ebs(device) => core.ebs_block_device.push(device),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Core;
    use super::*;

    #[test]
    fn the_three_blocks_survive_the_way_through_one_list() {
        let device = EbsBlockDevice { device_name: "/dev/sdf".into(), ..EbsBlockDevice::default() };
        let store =
            EphemeralBlockDevice { device_name: "/dev/sdb".into(), virtual_name: "ephemeral0".into() };
        let core = Core {
            root_block_device: Some(RootBlockDevice { volume_size: Some(20), ..RootBlockDevice::default() }),
            ebs_block_device: vec![device],
            ephemeral_block_device: vec![store],
            ..Core::default()
        };
        let list = mappings(&core, Some("/dev/xvda"));
        assert_eq!(list.len(), 3);
        let mut back = Core::default();
        take_mappings(&mut back, list, Some("/dev/xvda"));
        assert_eq!(back, core);
    }

    #[test]
    fn a_device_left_out_is_never_the_root_block() {
        let gone =
            EbsBlockDevice { device_name: "/dev/sda1".into(), no_device: Some(true), ..Default::default() };
        let mut core = Core::default();
        take_mappings(&mut core, vec![Mapping::Ebs(gone.clone())], Some("/dev/sda1"));
        assert_eq!(core.ebs_block_device, [gone]);
    }
}
