//! Public images, as data: `catalogue.json`.
//!
//! The list is small on purpose, and the same in every region. Some ids are AWS's own, for examples found
//! elsewhere.

use serde::Deserialize;

use crate::model::Time;
use crate::model::ec2::{Disk, Grantee, Image, ImageId, ImageState, SnapshotId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    name: String,
    owner: String,
    alias: Option<String>,
    architecture: String,
    virtualization: String,
    root_device: String,
    size: i64,
    snapshot: String,
    created: String,
    description: String,
}

/// The images that everybody may launch.
pub(super) fn images() -> Vec<Image> {
    let entries: Vec<Entry> =
        serde_json::from_str(include_str!("catalogue.json")).expect("the catalogue is tested");
    entries.into_iter().map(image).collect()
}

fn image(entry: Entry) -> Image {
    let created = Time::parse(&entry.created).unwrap_or_default();
    let disk = Disk {
        snapshot: Some(SnapshotId::from(entry.snapshot.as_str())),
        size: entry.size,
        kind: if entry.virtualization == "hvm" { "gp3" } else { "standard" }.to_owned(),
        iops: None,
        throughput: None,
        encrypted: false,
        delete_on_termination: true,
    };
    Image {
        id: ImageId::from(entry.id.as_str()),
        name: entry.name,
        description: Some(entry.description),
        owner: entry.owner,
        owner_alias: entry.alias,
        architecture: entry.architecture,
        virtualization: entry.virtualization,
        disks: [(entry.root_device.clone(), disk)].into(),
        root_device: entry.root_device,
        state: ImageState::Available,
        permissions: [Grantee::All].into(),
        created,
        visible_from: created,
        source_instance: None,
        source_image: None,
    }
}

#[cfg(test)]
mod tests {
    use super::images;
    use crate::ec2::kind::IMAGE;

    #[test]
    fn every_entry_is_sound() {
        let all = images();
        assert_eq!(all.len(), 8);
        for image in &all {
            assert_eq!(IMAGE.check(image.id.as_str()), Ok(()), "{}", image.name);
            assert!(image.created.0 > 0 && image.disks.contains_key(&image.root_device), "{}", image.name);
        }
    }
}
