//! The reference implementation's programs, built once from Debian's sources.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Where Debian puts the sources of Go packages.
const GOPATH: &str = "/usr/share/gocode";
const HCL: &str = "github.com/hashicorp/hcl/v2";

/// `hclspecsuite`, `hcldec` and `hclfmt`, and our `hcldec`.
pub struct Tools {
    theirs: PathBuf,
    ours: PathBuf,
}

impl Tools {
    /// The programs; none, with a word on it, where Go or the sources are not installed.
    pub fn built() -> Option<&'static Self> {
        static TOOLS: OnceLock<Option<Tools>> = OnceLock::new();
        TOOLS.get_or_init(build).as_ref()
    }

    /// Runs the suite of the reference implementation over our `hcldec`.
    pub fn suite(&self) -> Output {
        let cases = format!("{GOPATH}/src/{HCL}/specsuite/tests");
        output(Command::new(self.theirs.join("hclspecsuite")).arg(cases).arg(&self.ours))
    }

    /// The values of the attributes `a0`, `a1`, … of a text, ours and theirs.
    pub fn values(&self, text: &str, count: usize) -> (Vec<serde_json::Value>, Vec<serde_json::Value>) {
        let folder = tempfile::tempdir().expect("a folder");
        let (input, spec) = (folder.path().join("input.hcl"), folder.path().join("spec.hcldec"));
        let fields: Vec<String> = (0..count).map(|at| format!("attr \"a{at}\" {{ type = any }}\n")).collect();
        fs::write(&input, text).expect("written");
        fs::write(&spec, format!("object {{\n{}}}\n", fields.concat())).expect("written");
        let run = |program: &Path| {
            let spec = format!("--spec={}", spec.display());
            let run = output(Command::new(program).args([&spec, "--diags=json", "--keep-nulls"]).arg(&input));
            assert!(run.status.success(), "{}\n{text}", String::from_utf8_lossy(&run.stderr));
            let answer: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
            (0..count).map(|at| answer[format!("a{at}")].clone()).collect()
        };
        (run(&self.ours), run(&self.theirs.join("hcldec")))
    }

    /// What `hclfmt` makes of a text; none if it cannot read it.
    pub fn formatted(&self, text: &str) -> Option<String> {
        let mut child = Command::new(self.theirs.join("hclfmt"))
            .arg("-check")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("hclfmt starts");
        child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
        let run = child.wait_with_output().expect("hclfmt ends");
        run.status.success().then(|| String::from_utf8(run.stdout).expect("UTF-8"))
    }
}

fn build() -> Option<Tools> {
    let sources = Path::new(GOPATH).join("src").join(HCL);
    let go = Command::new("go").arg("version").output().is_ok_and(|go| go.status.success());
    if !go || !sources.is_dir() {
        eprintln!("Go and the sources of HCL are not installed: nothing is compared");
        return None;
    }
    let programs = programs();
    let theirs = programs.join("go-bin");
    for name in ["hclspecsuite", "hcldec", "hclfmt"] {
        let mut build = Command::new("go");
        build.arg("build").arg("-o").arg(theirs.join(name)).arg(format!("{HCL}/cmd/{name}"));
        build.env("GO111MODULE", "off").env("GOPATH", GOPATH).env("GOCACHE", programs.join("go-cache"));
        let build = output(&mut build);
        assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    }
    let ours = programs.join("examples/hcldec");
    assert!(ours.exists(), "run `cargo build -p infra-lang --example hcldec` first");
    Some(Tools { theirs, ours })
}

/// The folder that cargo builds programs into: this test stands in its `deps`.
fn programs() -> PathBuf {
    let test = std::env::current_exe().expect("this program");
    test.ancestors().nth(2).expect("a folder of programs").to_owned()
}

fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// The language's files under a folder.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false if path.extension().is_some_and(|extension| extension == "infra") => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}
