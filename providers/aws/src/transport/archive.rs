//! Where uploaded files end up, and the tar archive they travel in. Pure.

use super::{Item, ItemBody, TransportError, Upload};

/// The absolute path that a source becomes: `destination` itself, or, where that ends in `/`, the source's own name
/// in it.
pub(crate) fn target(source: &str, destination: &str) -> String {
    match destination.strip_suffix('/') {
        Some(directory) => format!("{directory}/{}", base_name(source)),
        None => destination.to_owned(),
    }
}

/// The last part of a path, a trailing `/` not counting.
pub(crate) fn base_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// The upload of one file to the absolute path `target`.
pub(crate) fn single(target: &str, body: ItemBody, owner: Option<String>, sudo: bool) -> Upload {
    let (directory, name) = target.rsplit_once('/').unwrap_or(("", target));
    let directory = if directory.is_empty() { "/" } else { directory };
    Upload { directory: directory.to_owned(), items: vec![Item { path: name.to_owned(), body }], owner, sudo }
}

/// The permission bits of an uploaded file: those asked for, else readable to all and executable if it is.
pub(crate) fn mode(asked: Option<u32>, executable: bool) -> u32 {
    asked.unwrap_or(if executable { 0o755 } else { 0o644 })
}

/// The items as a tar archive: no directories, for those that exist shall stay as they are; no times and owners, so
/// that equal files make equal archives.
pub(crate) fn tar(items: &[Item]) -> Result<Vec<u8>, TransportError> {
    let mut archive = tar::Builder::new(Vec::new());
    archive.mode(tar::HeaderMode::Deterministic);
    for item in items {
        append(&mut archive, item)
            .map_err(|error| TransportError::Local(format!("packing `{}`: {error}", item.path)))?;
    }
    archive.into_inner().map_err(|error| TransportError::Local(format!("packing: {error}")))
}

fn append(archive: &mut tar::Builder<Vec<u8>>, item: &Item) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    match &item.body {
        ItemBody::File { bytes, mode } => {
            header.set_entry_type(tar::EntryType::Regular);
            header.set_mode(*mode);
            header.set_size(bytes.len() as u64);
            archive.append_data(&mut header, &item.path, bytes.as_slice())
        }
        ItemBody::Link(target) => {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_mode(0o777);
            header.set_size(0);
            archive.append_link(&mut header, &item.path, target)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_exact_unless_it_ends_in_a_slash() {
        let cases = [
            ("deploy/mailtube", "/tmp/mailtube", "/tmp/mailtube"),
            ("deploy/mailtube", "/opt/", "/opt/mailtube"),
            ("deploy/mailtube/", "/opt/", "/opt/mailtube"),
            ("site.conf", "/etc/nginx/default", "/etc/nginx/default"),
            ("site.conf", "/", "/site.conf"),
        ];
        for (source, destination, expected) in cases {
            assert_eq!(target(source, destination), expected, "{source} to {destination}");
        }
    }

    #[test]
    fn a_file_is_put_into_its_parent() {
        let body = ItemBody::File { bytes: Vec::new(), mode: 0o644 };
        let upload = single("/motd", body.clone(), None, false);
        assert_eq!((upload.directory.as_str(), upload.items[0].path.as_str()), ("/", "motd"));
        let upload = single("/etc/nginx/default", body, None, false);
        assert_eq!((upload.directory.as_str(), upload.items[0].path.as_str()), ("/etc/nginx", "default"));
    }

    #[test]
    fn the_archive_keeps_paths_modes_links_and_bytes() {
        let long = format!("{}/x", "d".repeat(150));
        let items = [
            Item { path: "run.sh".into(), body: ItemBody::File { bytes: b"#!".to_vec(), mode: 0o755 } },
            Item { path: long.clone(), body: ItemBody::File { bytes: Vec::new(), mode: 0o600 } },
            Item { path: "a/link".into(), body: ItemBody::Link("../run.sh".into()) },
        ];
        let packed = tar(&items).expect("an archive");
        assert_eq!(packed, tar(&items).expect("an archive"));
        let mut archive = tar::Archive::new(packed.as_slice());
        let read: Vec<String> = archive
            .entries()
            .expect("entries")
            .map(|entry| {
                let entry = entry.expect("an entry");
                let link = entry.link_name().expect("a name").map(|name| name.display().to_string());
                let mode = entry.header().mode().expect("a mode");
                format!("{} {mode:o} {} {link:?}", entry.path().expect("a path").display(), entry.size())
            })
            .collect();
        let expected = [
            "run.sh 755 2 None".to_owned(),
            format!("{long} 600 0 None"),
            "a/link 777 0 Some(\"../run.sh\")".into(),
        ];
        assert_eq!(read, expected);
    }
}
