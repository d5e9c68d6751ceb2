//! The shell text that runs on the machine. It is read from standard input by a constant command, so what the far
//! side's process list and logs show is always the same few words.

use super::{Script, TransportError, Upload};

/// A text for the far side's shell, and how its end is told.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Wrapped {
    /// What `ssh` is asked to run.
    pub(super) command: String,
    /// What the command reads first and evaluates; the payload follows it on standard input.
    pub(super) preamble: String,
}

/// A word that the shell reads as `text`, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Whether a shell can have a variable of that name.
pub(crate) fn is_variable_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Runs a script whose bytes follow. It is kept in a private directory that goes with the shell, and has no standard
/// input, so that it cannot swallow ours.
pub(super) fn script(script: &Script, nonce: &str) -> Result<Wrapped, TransportError> {
    let exports =
        script.env.iter().map(|(name, value)| export(name, value)).collect::<Result<String, _>>()?;
    let enter = script.workdir.as_deref().map(|path| format!("  cd -- {} || return\n", quoted(path)));
    let interpreter: Vec<String> = script.interpreter.iter().map(|word| quoted(word)).collect();
    let body = format!(
        "  mask=$(umask) && umask 077 && staging=$(mktemp -d /tmp/infra.XXXXXXXXXX) || return\n  \
           trap 'rm -rf \"$staging\"' EXIT\n  \
           cat >\"$staging/script\" && umask \"$mask\" || return\n\
         {enter}{exports}  \
           {interpreter} \"$staging/script\" </dev/null\n",
        enter = enter.unwrap_or_default(),
        interpreter = interpreter.join(" "),
    );
    Ok(wrap(&body, script.sudo, nonce))
}

fn export(name: &str, value: &str) -> Result<String, TransportError> {
    if !is_variable_name(name) {
        return Err(TransportError::Refused(format!(
            "`{name}` cannot be the name of an environment variable"
        )));
    }
    if value.contains('\0') {
        return Err(TransportError::Refused(format!("the value of `{name}` holds a null character")));
    }
    Ok(format!("  export {name}={}\n", quoted(value)))
}

/// Unpacks the tar archive that follows. Files are staged first, so that an archive cut short changes nothing; then
/// `tar` itself puts them in place, because it alone leaves directories that exist as they are.
pub(super) fn upload(upload: &Upload, nonce: &str) -> Wrapped {
    let owner = upload.owner.as_deref().map(quoted);
    let chown = |path: &str| match &owner {
        Some(owner) => format!("chown -hR -- {owner} {path}"),
        None => ":".to_owned(),
    };
    let body = format!(
        "  umask 022 && staging=$(mktemp -d /tmp/infra.XXXXXXXXXX) || return\n  \
           trap 'rm -rf \"$staging\"' EXIT\n  \
           directory={directory}\n  \
           mkdir \"$staging/tree\" && tar -x -p --no-same-owner -f - -C \"$staging/tree\" && {own_tree} || return\n  \
           [ -d \"$directory\" ] || {{ mkdir -p -- \"$directory\" && {own_directory}; }} || return\n  \
           tar -c -f \"$staging/tar\" -C \"$staging/tree\" . || return\n  \
           tar -x -p --no-overwrite-dir --keep-directory-symlink -f \"$staging/tar\" -C \"$directory\"\n",
        directory = quoted(&upload.directory),
        own_tree = chown("\"$staging/tree\""),
        own_directory = chown("\"$directory\""),
    );
    wrap(&body, upload.sudo, nonce)
}

/// The commands as a function, and after it the trailer with its status: `ssh` itself reports 255 both for a lost
/// link and for a command that exits with 255.
fn wrap(body: &str, sudo: bool, nonce: &str) -> Wrapped {
    let preamble = format!(
        "exec 2>&1\nstaging=\nrun() {{\n{body}}}\nrun\nstatus=$?\n\
         [ -z \"$staging\" ] || rm -rf \"$staging\"\n\
         printf '\\n%s:%d\\n' {} \"$status\"\n",
        quoted(nonce)
    );
    // `head` reads no byte more than it is asked for, unlike a shell that reads its script from a pipe.
    let shell = format!("/bin/sh -c 'eval \"$(head -c {})\"'", preamble.len());
    let command = match sudo {
        true => format!("if [ \"$(id -u)\" = 0 ]; then exec {shell}; else exec sudo -n -H {shell}; fi"),
        false => format!("exec {shell}"),
    };
    Wrapped { command, preamble }
}

/// Reads the output of a wrapped command: lines for the sink, and the status that the trailer tells.
#[derive(Debug)]
pub(super) struct Reader {
    nonce: String,
    /// An empty line waits for its successor: it belongs to the trailer if that follows.
    held: bool,
}

/// What a line of output is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Output: whether an empty line comes before it, and the line.
    Output(bool, &'a str),
    /// Nothing to pass on yet.
    Held,
    /// The end, with the exit status.
    End(i32),
}

impl Reader {
    /// A reader for the trailer with this nonce.
    pub(super) fn new(nonce: &str) -> Self {
        Self { nonce: nonce.to_owned(), held: false }
    }

    /// Takes a line without its end.
    pub(super) fn take<'a>(&mut self, line: &'a str) -> Line<'a> {
        let status = line.strip_prefix(self.nonce.as_str()).and_then(|rest| rest.strip_prefix(':'));
        if let Some(status) = status.and_then(|digits| digits.parse().ok()) {
            return Line::End(status);
        }
        match (line.is_empty(), std::mem::replace(&mut self.held, line.is_empty())) {
            (true, false) => Line::Held,
            (true, true) => Line::Output(false, ""),
            (false, held) => Line::Output(held, line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Script {
        Script {
            interpreter: vec!["/bin/bash".into(), "-eu".into()],
            body: b"true".to_vec(),
            env: vec![("TOKEN".into(), "it's\nsecret".into())],
            workdir: Some("/srv/my app".into()),
            sudo: true,
        }
    }

    #[test]
    fn the_command_line_holds_nothing_of_the_script() {
        let wrapped = script(&example(), "n0nce").expect("a script");
        assert_eq!(
            wrapped.command,
            format!(
                "if [ \"$(id -u)\" = 0 ]; then exec /bin/sh -c 'eval \"$(head -c {n})\"'; \
                 else exec sudo -n -H /bin/sh -c 'eval \"$(head -c {n})\"'; fi",
                n = wrapped.preamble.len()
            )
        );
        insta::assert_snapshot!(wrapped.preamble, @r#"
        exec 2>&1
        staging=
        run() {
          mask=$(umask) && umask 077 && staging=$(mktemp -d /tmp/infra.XXXXXXXXXX) || return
          trap 'rm -rf "$staging"' EXIT
          cat >"$staging/script" && umask "$mask" || return
          cd -- '/srv/my app' || return
          export TOKEN='it'\''s
        secret'
          '/bin/bash' '-eu' "$staging/script" </dev/null
        }
        run
        status=$?
        [ -z "$staging" ] || rm -rf "$staging"
        printf '\n%s:%d\n' 'n0nce' "$status"
        "#);
    }

    #[test]
    fn a_name_that_is_no_variable_is_refused() {
        let bad = Script { env: vec![("A;rm -rf /".into(), "x".into())], ..example() };
        let error = script(&bad, "n").err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("`A;rm -rf /` cannot be the name of an environment variable"));
    }

    #[test]
    fn the_trailer_takes_its_empty_line_along_and_no_other() {
        let mut reader = Reader::new("n");
        let lines = ["a", "", "", "b", "n:x", "", "n:255"];
        let read: Vec<Line<'_>> = lines.iter().map(|line| reader.take(line)).collect();
        let expected = [
            Line::Output(false, "a"),
            Line::Held,
            Line::Output(false, ""),
            Line::Output(true, "b"),
            Line::Output(false, "n:x"),
            Line::Held,
            Line::End(255),
        ];
        assert_eq!(read, expected);
    }
}
