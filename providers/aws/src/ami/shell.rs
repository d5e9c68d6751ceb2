//! The scripts that a build runs: the user's, and the last one of ours that takes our traces away. Pure.

use super::steps::Shell;

/// What runs a script that does not say so itself: the first failing command ends it.
const FAIL_FAST: [&str; 3] = ["/bin/bash", "-euo", "pipefail"];

/// Waits for cloud-init, and for whoever updates packages at boot.
pub(super) const SETTLE: &str = "\
if command -v cloud-init >/dev/null && [ -d /run/systemd/system ]; then cloud-init status --wait >/dev/null || true; fi
while command -v fuser >/dev/null && fuser /var/lib/dpkg/lock-frontend /var/lib/apt/lists/lock >/dev/null 2>&1; do
  sleep 1
done
";

/// What runs a script: what the step says, what its first line says, or bash that stops at the first failure.
pub(super) fn interpreter(step: &Shell, body: &[u8]) -> Vec<String> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    match (&step.interpreter, shebang(body)) {
        (Some(text), _) => words(text),
        (None, Some(line)) => as_the_kernel_does(line),
        (None, None) => FAIL_FAST.map(str::to_owned).to_vec(),
    }
}

/// What stands behind `#!` in the first line.
fn shebang(body: &[u8]) -> Option<&str> {
    let line = body.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    std::str::from_utf8(line).ok().map(str::trim).filter(|line| !line.is_empty())
}

/// The program, and all the rest of the line as one argument.
fn as_the_kernel_does(line: &str) -> Vec<String> {
    match line.split_once(char::is_whitespace) {
        Some((program, argument)) => vec![program.to_owned(), argument.trim().to_owned()],
        None => vec![line.to_owned()],
    }
}

/// A warning about a shell script that goes on after a failing command, so that a broken image is taken for a good one.
pub(super) fn careless(step: &Shell, body: &[u8]) -> Option<String> {
    let line = shebang(body)?;
    let is_shell =
        line.split(['/', ' ']).any(|word| ["sh", "bash", "dash", "ash", "zsh", "ksh"].contains(&word));
    let first_line_stops = line.split_whitespace().skip(1).any(is_errexit);
    let text = String::from_utf8_lossy(body);
    let body_stops = text.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("set") && words.any(is_errexit)
    });
    let careless = step.strict && step.interpreter.is_none() && is_shell && !first_line_stops && !body_stops;
    careless.then(|| {
        "warning: this script goes on after a command that fails: write `set -e` in it, leave out its `#!` line, or \
         say `strict = false`"
            .to_owned()
    })
}

/// `-e`, `-eu`, `-euo`, `-o errexit`.
fn is_errexit(word: &str) -> bool {
    word == "errexit"
        || word.strip_prefix('-').is_some_and(|letters| !letters.starts_with('-') && letters.contains('e'))
}

/// The commands of an `inline` step as one script.
pub(super) fn inline(commands: &[String]) -> Vec<u8> {
    commands.iter().flat_map(|command| [command.as_str(), "\n"]).collect::<String>().into_bytes()
}

/// The last lines of files, for the log of a failed step.
pub(super) fn tails(paths: &[String]) -> Vec<u8> {
    let line = |path: &String| {
        let word = format!("'{}'", path.replace('\'', "'\\''"));
        format!("echo \"--- \"{word}; tail -n 100 -- {word} || true\n")
    };
    paths.iter().map(line).collect::<String>().into_bytes()
}

/// Takes away what must not be in an image: our key, the machine's own keys and names, logs. It ends with looking for
/// what should be gone, because a key left in an image is a door left open.
pub(super) fn finalizer(key_marker: Option<&str>) -> String {
    let forget_key = key_marker.map(|marker| {
        format!(
            "for file in /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys; do\n  \
               [ -f \"$file\" ] || continue\n  \
               sed -i '/ {marker}$/d' \"$file\"\n  \
               ! grep -q ' {marker}$' \"$file\" || {{ echo \"our key is still in $file\"; exit 1; }}\n\
             done\n"
        )
    });
    format!(
        "{forget_key}\
         if command -v cloud-init >/dev/null; then\n  \
           cloud-init clean --logs\n  \
           rm -rf /var/lib/cloud/instance /var/lib/cloud/instances\n  \
           rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub\n  \
           [ ! -f /etc/machine-id ] || : >/etc/machine-id\n\
         fi\n\
         rm -f /root/.bash_history /home/*/.bash_history /var/lib/dbus/machine-id\n\
         find /tmp -maxdepth 1 -name 'infra.*' ! -path \"$(dirname \"$0\")\" -exec rm -rf {{}} +\n\
         sync\n",
        forget_key = forget_key.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_without_a_first_line_stops_at_the_first_failure() {
        let step = Shell::default();
        assert_eq!(interpreter(&step, b"apt-get update\n"), ["/bin/bash", "-euo", "pipefail"]);
        assert_eq!(interpreter(&step, b"#!/bin/sh\ntrue"), ["/bin/sh"]);
        assert_eq!(interpreter(&step, b"#! /usr/bin/env -S python3 -u\n"), ["/usr/bin/env", "-S python3 -u"]);
        let own = Shell { interpreter: Some("/bin/sh -x".into()), ..Shell::default() };
        assert_eq!(interpreter(&own, b"#!/bin/bash\n"), ["/bin/sh", "-x"]);
    }

    #[test]
    fn careless_scripts_are_warned_about() {
        let strict = Shell { strict: true, ..Shell::default() };
        let warned = |body: &str| careless(&strict, body.as_bytes()).is_some();
        for body in [
            "#!/bin/bash\napt-get install x\nupdate-rc.d nginx defaults\n",
            "#!/usr/bin/env bash\n# set -e\n",
        ] {
            assert!(warned(body), "{body}");
        }
        for body in [
            "true",
            "#!/bin/bash -e\n",
            "#!/bin/sh\nset -eu\n",
            "#!/bin/sh\nset -o errexit",
            "#!/usr/bin/python3",
        ] {
            assert!(!warned(body), "{body}");
        }
        assert_eq!(careless(&Shell::default(), b"#!/bin/sh\ntrue"), None, "strict = false");
    }

    #[test]
    fn inline_commands_become_lines() {
        assert_eq!(inline(&["a".into(), "b c".into()]), b"a\nb c\n");
        assert_eq!(
            tails(&["/var/log/it's".into()]),
            b"echo \"--- \"'/var/log/it'\\''s'; tail -n 100 -- '/var/log/it'\\''s' || true\n"
        );
    }

    #[test]
    fn our_own_scripts_are_what_bash_accepts() {
        for script in [finalizer(Some("infra-build-0123")), finalizer(None), SETTLE.to_owned()] {
            let output =
                std::process::Command::new("/bin/bash").args(["-n", "-c", &script]).output().expect("bash");
            assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
        }
    }

    #[test]
    fn the_finalizer_removes_our_key_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let keys = directory.path().join("authorized_keys");
        std::fs::write(&keys, "ssh-ed25519 AAAA alice\nssh-ed25519 BBBB infra-build-7\n").expect("written");
        let script = finalizer(Some("infra-build-7"));
        let loop_alone = script.split("if command").next().unwrap_or_default();
        let moved = loop_alone.replace("/root/.ssh/authorized_keys", &keys.display().to_string());
        let output =
            std::process::Command::new("/bin/bash").args(["-euo", "pipefail", "-c", &moved]).output();
        assert!(output.expect("bash").status.success(), "{moved}");
        assert_eq!(std::fs::read_to_string(&keys).expect("read"), "ssh-ed25519 AAAA alice\n");
    }
}
