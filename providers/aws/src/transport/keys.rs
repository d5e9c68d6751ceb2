//! One-time keys for one machine, made by `ssh-keygen`: ours to log in with, and the machine's own, so that the very
//! first contact can be checked. They live in a private directory and go with it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use super::TransportError;

/// The two key pairs of one machine.
pub(super) struct Keys {
    directory: TempDir,
    /// `ssh-ed25519 AAAA… MARKER`.
    client_public: String,
    host_private: String,
    /// `ssh-ed25519 AAAA…`, without a comment.
    host_public: String,
    /// The comment of our key, by which it is found on the machine.
    pub(super) marker: String,
}

/// Under this name the machine stands in its own file of known hosts, whatever its address is.
pub(super) const HOST_ALIAS: &str = "builder";

impl Keys {
    /// Makes both pairs; `name` goes into the marker.
    pub(super) async fn generate(name: &str) -> Result<Self, TransportError> {
        let directory = private_directory()?;
        let marker = format!("infra-build-{name}");
        let client = generate(directory.path(), "client", &marker).await?;
        let host = generate(directory.path(), "host", "").await?;
        let host_private = read(&host)?;
        // Only the machine needs it, and it gets it in its user data.
        std::fs::remove_file(&host).map_err(|error| local(&host, &error))?;
        let keys = Self {
            client_public: read(&client.with_extension("pub"))?.trim().to_owned(),
            host_public: read(&host.with_extension("pub"))?.trim().to_owned(),
            host_private,
            marker,
            directory,
        };
        let known = keys.known_hosts();
        std::fs::write(&known, format!("{HOST_ALIAS} {}\n", keys.host_public))
            .map_err(|error| local(&known, &error))?;
        Ok(keys)
    }

    /// The file with our private key.
    pub(super) fn identity(&self) -> PathBuf {
        self.directory.path().join("client")
    }

    /// The file with the one host key that is accepted.
    pub(super) fn known_hosts(&self) -> PathBuf {
        self.directory.path().join("known_hosts")
    }

    /// The socket that the connection is shared through.
    pub(super) fn control_path(&self) -> PathBuf {
        self.directory.path().join("s")
    }

    /// The `#cloud-config` that makes the machine ours: its host key, our public key, and an end by itself after
    /// `lifetime_seconds`, should nobody else end it. The timer is not saved into the image.
    pub(super) fn cloud_config(&self, lifetime_seconds: u64) -> String {
        let host_private: String = self.host_private.lines().map(|line| format!("    {line}\n")).collect();
        let Self { client_public, host_public, .. } = self;
        format!(
            "#cloud-config\n\
             ssh_deletekeys: true\n\
             ssh_keys:\n  ed25519_private: |\n{host_private}  ed25519_public: {host_public}\n\
             ssh_authorized_keys:\n  - {client_public}\n\
             bootcmd:\n  - [sh, -c, \"systemd-run --on-active={lifetime_seconds} poweroff || \
             (sleep {lifetime_seconds}; poweroff) >/dev/null 2>&1 &\"]\n"
        )
    }

    /// The public half of our key, as `authorized_keys` has it.
    #[cfg(test)]
    pub(super) fn client_public(&self) -> &str {
        &self.client_public
    }

    /// The host's private key, as `sshd` reads it.
    #[cfg(test)]
    pub(super) fn host_private(&self) -> &str {
        &self.host_private
    }
}

/// A directory that only we can enter. Always under /tmp: a path of 104 bytes is too long for a socket, and
/// elsewhere directories for temporary files have long names.
fn private_directory() -> Result<TempDir, TransportError> {
    tempfile::Builder::new()
        .prefix("infra-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir_in("/tmp")
        .map_err(|error| TransportError::Local(format!("a private directory in /tmp: {error}")))
}

async fn generate(directory: &Path, name: &str, comment: &str) -> Result<PathBuf, TransportError> {
    let path = directory.join(name);
    let output = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"])
        .arg(&path)
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| TransportError::Program { program: "ssh-keygen", reason: error.to_string() })?;
    match output.status.success() {
        true => Ok(path),
        false => {
            let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(TransportError::Program { program: "ssh-keygen", reason })
        }
    }
}

fn read(path: &Path) -> Result<String, TransportError> {
    std::fs::read_to_string(path).map_err(|error| local(path, &error))
}

fn local(path: &Path, error: &std::io::Error) -> TransportError {
    TransportError::Local(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_are_private_and_gone_afterwards() {
        let keys = Keys::generate("t0ken").await.expect("keys");
        let directory = keys.directory.path().to_owned();
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&keys.identity())), (0o700, 0o600));
        assert!(!directory.join("host").exists(), "the host's private key stayed");
        assert!(
            keys.control_path().as_os_str().len() < 80,
            "ssh adds up to 20 bytes to {:?}",
            keys.control_path()
        );
        assert!(keys.client_public().ends_with(" infra-build-t0ken"));
        drop(keys);
        assert!(!directory.exists());
    }

    #[tokio::test]
    async fn the_machine_learns_both_keys() {
        let keys = Keys::generate("t0ken").await.expect("keys");
        let text = keys.cloud_config(7200);
        assert!(text.starts_with("#cloud-config\n") && text.len() < 16 * 1024);
        assert!(text.contains("\n    -----BEGIN OPENSSH PRIVATE KEY-----\n"));
        assert!(text.contains(&format!("\n  ed25519_public: {}\n", keys.host_public)));
        assert!(text.contains(&format!("\n  - {}\n", keys.client_public())));
        assert!(text.contains("--on-active=7200"));
    }
}
