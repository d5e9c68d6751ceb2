//! A disk that is full, through the binary: a limit on the size of files stands for it.

use std::process::Command;

use crate::support::clouds;
use crate::support::project::TestProject;

/// Runs `infra` with files of so many blocks of 512 bytes at most; gives exit code and standard error.
fn limited(project: &TestProject, blocks: u32, arguments: &[&str]) -> (i32, String) {
    let infra: Command = project.command(arguments);
    let mut shell = Command::new("sh");
    // Without the trap the system would kill whoever writes more, instead of telling it.
    shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
    shell.arg(infra.get_program()).args(infra.get_args()).current_dir(project.path()).env_clear();
    shell.envs(infra.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ended = shell.output().expect("sh");
    (ended.status.code().unwrap_or(-1), String::from_utf8(ended.stderr).expect("UTF-8"))
}

/// The files that a complaint may be about, the longest names first.
const FILES: [&str; 5] =
    ["infra.state.journal", "infra.state.backup", "infra.state.lock", "infra.state", "site.plan"];

/// The file that was too large, if a run says so, the reason and the next step.
fn too_large(said: &str) -> Option<&'static str> {
    let whole =
        said.contains("File too large") && said.contains("make room for it, and run the same command again");
    FILES.into_iter().find(|file| whole && said.contains(file))
}

/// Room is made little by little: each run goes on where the one before had to stop.
#[test]
fn a_full_disk_is_told_with_the_file_and_the_same_command_finishes() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = clouds::served(folder.path(), &["--profile", "instant"]);
    let project = TestProject::at(&server.url);
    project.write("main.infra", &include_str!("../kinds/dns/first.infra").replace("REGION", "us-east-1"));
    let mut told = Vec::new();
    for blocks in [1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 128] {
        let (code, said) = limited(&project, blocks, &["apply", "--yes"]);
        if code == 0 {
            break;
        }
        assert_eq!(code, 1, "{blocks}: {said}");
        told.push(too_large(&said).unwrap_or_else(|| panic!("{blocks}: {said}")));
    }
    assert!(told.len() >= 3 && told.contains(&"infra.state.journal"), "{told:?}");
    project.expect_no_changes(&[]);

    project.write("main.infra", &include_str!("../kinds/dns/second.infra").replace("REGION", "us-east-1"));
    let (code, said) = limited(&project, 1, &["plan", "--out", "site.plan"]);
    assert_eq!((code, too_large(&said)), (1, Some("site.plan")), "{said}");
    assert!(!project.path().join("site.plan").exists() && !project.path().join("site.plan.new").exists());
    let _ = project.run(&["plan", "--out", "site.plan"]).expect(0);
    let _ = project.apply(&["site.plan"]);
    project.expect_no_changes(&[]);
}
