//! State and plans encrypted at rest: what is on disk is an age file that age opens, and nobody else reads it.

use std::fs;
use std::io::Read as _;

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;

use crate::support::clouds::Cloud;
use crate::support::project::{Run, TestProject};

const SOURCE: &str = r#"
project "vault" { region = "us-east-1" }
security_group "known_by_name" {
  description = "recognisable"
}
"#;

/// Where a project on the embedded AWS keeps its state.
const STATE: &str = ".infra/local/infra.state";

fn project() -> TestProject {
    let project = TestProject::new(Cloud::Embedded);
    project.write("main.infra", SOURCE);
    project
}

/// Writes a file of identities, the first one first, as `age-keygen` does.
fn key_file(project: &TestProject, name: &str, identities: &[&Identity]) {
    let lines = identities.iter().map(|identity| {
        format!("# public key: {}\n{}\n", identity.to_public(), identity.to_string().expose_secret())
    });
    project.write(name, &format!("# created: 2026-11-21T20:47:47Z\n{}", lines.collect::<String>()));
}

fn with_key(project: &TestProject, name: &str, arguments: &[&str]) -> Run {
    project.run_in(&[("INFRA_AGE_KEY_FILE", name)], arguments)
}

/// What age makes of a file.
fn opened(project: &TestProject, path: &str, identity: &Identity) -> String {
    let bytes = fs::read(project.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let decryptor =
        age::Decryptor::new_buffered(&bytes[..]).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut reader = decryptor.decrypt(std::iter::once(identity as _)).expect("the key fits");
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("whole");
    text
}

/// The files under the project's hidden folder, and the plan, in which a text stands; the AWS itself is none of them.
fn places_of(project: &TestProject, text: &str) -> Vec<String> {
    let folder = project.path().join(".infra/local");
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let files = files.filter(|path| path.file_name().is_some_and(|name| name != "cloud.json"));
    let files = files.chain([project.path().join("p.plan")]);
    let holds = |path: &std::path::PathBuf| fs::read(path).is_ok_and(|bytes| holds(&bytes, text));
    files.filter(holds).map(|path| path.display().to_string()).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn state_and_plan_are_age_files_that_need_their_key() {
    let (project, mine, theirs) = (project(), Identity::generate(), Identity::generate());
    key_file(&project, "mine.txt", &[&mine]);
    key_file(&project, "theirs.txt", &[&theirs]);
    let _ = with_key(&project, "mine.txt", &["plan", "--out", "p.plan"]).expect(0);
    let _ = with_key(&project, "mine.txt", &["apply", "--yes", "p.plan"]).expect(0);
    let changed = SOURCE.replace("recognisable", "recognised");
    project.write("main.infra", &changed);
    let _ = with_key(&project, "mine.txt", &["apply", "--yes"]).expect(0);
    assert_eq!(places_of(&project, "known_by_name"), [""; 0]);
    for path in [STATE, ".infra/local/infra.state.backup", "p.plan"] {
        assert!(opened(&project, path, &mine).contains("lineage"), "{path}");
    }
    let shown = with_key(&project, "mine.txt", &["state", "show", "security_group.known_by_name"]).expect(0);
    assert!(shown.contains("recognised"), "{shown}");
    let shown = with_key(&project, "mine.txt", &["show", "--json", "p.plan"]).expect(0);
    assert!(shown.contains("recognisable"), "{shown}");

    let keyless = project.run(&["plan"]);
    assert_eq!(keyless.code, 1);
    insta::assert_snapshot!(keyless.err.replace(STATE, "STATE").replace("./", ""), @r"
    error: cannot read STATE: it is encrypted, and no key is given
      --> STATE
      = hint: set INFRA_AGE_KEY_FILE to the file that `age-keygen` wrote, or INFRA_AGE_KEY to the identity in it
    ");
    let keyless = project.run(&["show", "p.plan"]);
    insta::assert_snapshot!(keyless.err, @r"
    error: the plan cannot be read: it is encrypted, and no key is given
      --> p.plan
      = hint: set INFRA_AGE_KEY_FILE to the file that `age-keygen` wrote, or INFRA_AGE_KEY to the identity in it
    ");
    let wrong = with_key(&project, "theirs.txt", &["state", "list"]);
    let told = wrong.err.replace(&theirs.to_public().to_string(), "age1theirs").replace(STATE, "STATE");
    insta::assert_snapshot!(told.replace("./", ""), @r"
    error: cannot read STATE: it is encrypted for others: the keys given are those of age1theirs
      --> STATE
      = hint: give the identity it was encrypted for in INFRA_AGE_KEY_FILE or INFRA_AGE_KEY, or have somebody who can read it add yours to INFRA_AGE_RECIPIENTS and run `infra state rekey`
    ");
    let nowhere = with_key(&project, "nowhere.txt", &["state", "list"]);
    insta::assert_snapshot!(nowhere.err.replace("./", ""), @r"
    error: the key cannot be read: No such file or directory (os error 2)
      --> nowhere.txt
      = hint: set INFRA_AGE_KEY_FILE to the file that `age-keygen` wrote, or INFRA_AGE_KEY to the identity in it
    ");
}

#[test]
fn a_clear_state_is_turned_by_a_key_rekeyed_and_turned_back() {
    let (project, old, new) = (project(), Identity::generate(), Identity::generate());
    let _ = project.apply(&[]);
    project.write("main.infra", &SOURCE.replace("recognisable", "recognised"));
    let _ = project.apply(&[]);
    assert_eq!(places_of(&project, "known_by_name").len(), 2);
    key_file(&project, "old.txt", &[&old]);
    key_file(&project, "both.txt", &[&new, &old]);
    key_file(&project, "new.txt", &[&new]);
    let turning = with_key(&project, "old.txt", &["apply", "--yes"]);
    assert!(turning.err.contains("stands in clear text"), "{}", turning.err);
    let _ = turning.expect(0);
    let _ = with_key(&project, "old.txt", &["state", "rekey"]).expect(0);
    assert_eq!(places_of(&project, "known_by_name"), [""; 0]);
    let _ = with_key(&project, "both.txt", &["state", "rekey"]).expect(0);
    assert_eq!(with_key(&project, "old.txt", &["state", "list"]).code, 1);
    let listed = with_key(&project, "new.txt", &["state", "list"]).expect(0);
    let secret = new.to_string().expose_secret().to_owned();
    let by_variable = project.run_in(&[("INFRA_AGE_KEY", &secret)], &["state", "list"]).expect(0);
    assert_eq!(listed, by_variable);
    let unasked = with_key(&project, "new.txt", &["state", "rekey", "--plain"]);
    assert_eq!(unasked.code, 1, "{}", unasked.out);
    assert_eq!(places_of(&project, "known_by_name"), [""; 0]);
    let _ = with_key(&project, "new.txt", &["state", "rekey", "--plain", "--yes"]).expect(0);
    assert_eq!(project.run(&["state", "list"]).expect(0), listed);
    assert_eq!(places_of(&project, "known_by_name").len(), 2);
}

#[test]
fn a_team_reads_what_one_of_it_has_written() {
    let (project, mine, theirs) = (project(), Identity::generate(), Identity::generate());
    key_file(&project, "mine.txt", &[&mine]);
    key_file(&project, "theirs.txt", &[&theirs]);
    project.write("team.txt", &format!("# theirs\n{}\n", theirs.to_public()));
    let team = [("INFRA_AGE_KEY_FILE", "mine.txt"), ("INFRA_AGE_RECIPIENTS", "team.txt")];
    let _ = project.run_in(&team, &["apply", "--yes"]).expect(0);
    let listed = with_key(&project, "theirs.txt", &["state", "list"]).expect(0);
    assert_eq!(listed, with_key(&project, "mine.txt", &["state", "list"]).expect(0));
    let recipients = [("INFRA_AGE_RECIPIENTS", "team.txt")];
    let keyless = project.run_in(&recipients, &["state", "list"]);
    assert!(keyless.err.contains("INFRA_AGE_RECIPIENTS is set without a key"), "{}", keyless.err);
}

#[test]
fn a_damaged_age_file_is_told_from_a_wrong_key_and_repaired_from_the_backup() {
    let (project, mine) = (project(), Identity::generate());
    key_file(&project, "mine.txt", &[&mine]);
    let _ = with_key(&project, "mine.txt", &["apply", "--yes"]).expect(0);
    project.write("main.infra", &SOURCE.replace("recognisable", "recognised"));
    let _ = with_key(&project, "mine.txt", &["apply", "--yes"]).expect(0);
    let path = project.path().join(STATE);
    let bytes = fs::read(&path).expect("a state");
    fs::write(&path, &bytes[..bytes.len() - 100]).expect("torn");
    let torn = with_key(&project, "mine.txt", &["state", "list"]);
    assert!(torn.code == 1 && torn.err.contains("it is encrypted, and damaged"), "{}", torn.err);
    assert!(torn.err.contains("`infra state repair`"), "{}", torn.err);
    let _ = with_key(&project, "mine.txt", &["state", "repair"]).expect(0);
    let listed = with_key(&project, "mine.txt", &["state", "list"]).expect(0);
    assert!(listed.contains("security_group.known_by_name"), "{listed}");
    assert_eq!(places_of(&project, "known_by_name"), [""; 0]);
}
