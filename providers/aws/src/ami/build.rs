//! What a build does next, decided from what is written down and what is observed. Pure.
//!
//! A build is not resumed in the middle of its steps: nobody knows what half a step has left behind. A machine whose
//! steps were running when we died is thrown away and the build starts over; from the moment all steps are done, or
//! an image exists, it goes on where it was.

use serde::Deserialize;

/// What a build has written down.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(super) struct Note {
    /// How many machines were thrown away before; part of each machine's client token.
    pub(super) attempt: u32,
    /// The machine in use: the one that builds, or, once there is an image, the one that tests it.
    pub(super) instance: Option<String>,
    /// Whether all steps are done on it.
    pub(super) provisioned: bool,
    /// The image.
    pub(super) image: Option<String>,
    /// Whether the snapshots of the image are still without tags.
    pub(super) bare_snapshots: bool,
    /// Whether the tests have passed.
    pub(super) tested: bool,
}

impl Note {
    /// The same build without its machine, which is gone or going.
    pub(super) fn without_machine(self) -> Self {
        Self { attempt: self.attempt + 1, instance: None, provisioned: false, ..self }
    }
}

/// The note as it is written down.
pub(super) fn written(note: &Note) -> serde_json::Value {
    serde_json::json!({
        "attempt": note.attempt,
        "instance": note.instance,
        "provisioned": note.provisioned,
        "image": note.image,
        "bare_snapshots": note.bare_snapshots,
        "tested": note.tested,
    })
}

/// What AWS says about the machine in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Machine {
    /// Nothing yet: it was launched a moment ago.
    Unseen,
    /// It starts.
    Pending,
    /// It runs, reachable under this address if it has one.
    Running(Option<String>),
    /// It goes down.
    Stopping,
    /// It is down.
    Stopped,
    /// It was terminated: why.
    Gone(String),
}

/// What AWS says about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Image {
    /// Nothing yet: it was made a moment ago.
    Unseen,
    /// AWS is making it.
    Pending,
    /// It can be launched.
    Available,
    /// AWS could not make it, or it is gone: why.
    Failed(String),
}

/// How far this process is with the machine in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Not this process's machine: whoever launched it is gone.
    Foreign,
    /// Launched, not reached yet.
    Launched,
    /// Logged in, so many steps done.
    Connected(usize),
}

/// What was looked at, which depends on the note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing is written down: an image with our digest, and a machine of ours that an earlier run has launched.
    Start {
        /// The image's id, and how it is.
        twin: Option<(String, Image)>,
        /// The machine's id.
        orphan: Option<String>,
    },
    /// The machine in use.
    Machine(Machine),
    /// The image.
    Image(Image),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Take an image that somebody has built of the very same things.
    Adopt(String),
    /// Look again later: for what.
    Wait(&'static str),
    /// Launch a machine.
    Launch,
    /// Terminate a machine that is of no use any more, and start over.
    Discard(String),
    /// Log in to the machine at this address.
    Connect(String),
    /// Run the step of this number.
    Run(usize),
    /// All steps are done: clean up on the machine, or take the tests as passed.
    Finish,
    /// Stop the machine.
    Stop,
    /// Make an image of the stopped machine.
    Image,
    /// Tag the image's snapshots.
    TagSnapshots,
    /// Terminate the machine, which has done its work.
    Release(String),
    /// The image is there.
    Done,
    /// It cannot succeed: why.
    Fail(String),
}

/// Decides. `steps` is the number of steps that the machine in use is to run, `tests` whether the image has tests.
pub(super) fn next(note: &Note, progress: Progress, seen: &Seen, steps: usize, tests: bool) -> Act {
    match seen {
        Seen::Start { twin: Some((id, Image::Available)), .. } => Act::Adopt(id.clone()),
        Seen::Start { twin: Some((_, Image::Pending)), .. } => {
            Act::Wait("an image of the same things, in the making")
        }
        Seen::Start { orphan: Some(machine), .. } => Act::Discard(machine.clone()),
        Seen::Start { .. } => Act::Launch,
        Seen::Machine(machine) if note.provisioned => wrap_up(note, machine),
        Seen::Machine(machine) => provision(note, progress, machine, steps),
        Seen::Image(image) => settle(note, image, tests),
    }
}

/// While steps run, for building or for testing.
fn provision(note: &Note, progress: Progress, machine: &Machine, steps: usize) -> Act {
    match (progress, machine) {
        // What AWS does not show yet, it does not terminate either.
        (Progress::Foreign, Machine::Unseen) => Act::Wait("the builder of an earlier run to be seen"),
        (Progress::Foreign, _) => Act::Discard(note.instance.clone().unwrap_or_default()),
        (_, Machine::Gone(why)) => Act::Fail(format!("the builder was terminated: {why}")),
        (_, Machine::Stopping | Machine::Stopped) => {
            Act::Fail("the builder was stopped in the middle".to_owned())
        }
        (_, Machine::Unseen | Machine::Pending) => Act::Wait("the builder to run"),
        (_, Machine::Running(None)) => Act::Wait("the builder's address"),
        (Progress::Launched, Machine::Running(Some(host))) => Act::Connect(host.clone()),
        (Progress::Connected(done), _) if done < steps => Act::Run(done),
        (Progress::Connected(_), _) => Act::Finish,
    }
}

/// From the last step to the image.
fn wrap_up(note: &Note, machine: &Machine) -> Act {
    match machine {
        Machine::Pending | Machine::Running(_) => Act::Stop,
        Machine::Stopping => Act::Wait("the builder to stop"),
        Machine::Stopped => Act::Image,
        Machine::Unseen => Act::Wait("the builder to be seen"),
        Machine::Gone(_) => Act::Discard(note.instance.clone().unwrap_or_default()),
    }
}

/// From the image to the end; the machine goes as soon as the image does not need it any more.
fn settle(note: &Note, image: &Image, tests: bool) -> Act {
    match (image, &note.instance) {
        (Image::Unseen | Image::Pending, _) => Act::Wait("AWS to make the image of the builder's volumes"),
        (Image::Failed(why), _) => Act::Fail(format!("AWS could not make the image: {why}")),
        (Image::Available, _) if note.bare_snapshots => Act::TagSnapshots,
        (Image::Available, Some(machine)) => Act::Release(machine.clone()),
        (Image::Available, None) if tests && !note.tested => Act::Launch,
        (Image::Available, None) => Act::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn building() -> Note {
        Note { instance: Some("i-1".into()), ..Note::default() }
    }

    fn provisioned() -> Note {
        Note { provisioned: true, ..building() }
    }

    fn imaged() -> Note {
        Note { image: Some("ami-1".into()), ..provisioned() }
    }

    fn here() -> Machine {
        Machine::Running(Some("10.0.0.9".into()))
    }

    #[test]
    fn a_build_goes_from_the_digest_to_the_image() {
        let nothing = Seen::Start { twin: None, orphan: None };
        let launched = Progress::Launched;
        let table = [
            (Note::default(), Progress::Foreign, nothing, Act::Launch),
            (building(), launched, Seen::Machine(Machine::Unseen), Act::Wait("the builder to run")),
            (building(), launched, Seen::Machine(Machine::Pending), Act::Wait("the builder to run")),
            (building(), launched, Seen::Machine(Machine::Running(None)), Act::Wait("the builder's address")),
            (building(), launched, Seen::Machine(here()), Act::Connect("10.0.0.9".into())),
            (building(), Progress::Connected(0), Seen::Machine(here()), Act::Run(0)),
            (building(), Progress::Connected(1), Seen::Machine(here()), Act::Run(1)),
            (building(), Progress::Connected(2), Seen::Machine(here()), Act::Finish),
            (provisioned(), Progress::Connected(2), Seen::Machine(here()), Act::Stop),
            (
                provisioned(),
                Progress::Foreign,
                Seen::Machine(Machine::Stopping),
                Act::Wait("the builder to stop"),
            ),
            (provisioned(), Progress::Foreign, Seen::Machine(Machine::Stopped), Act::Image),
            (imaged(), Progress::Foreign, Seen::Image(Image::Available), Act::Release("i-1".into())),
            (imaged().without_machine(), Progress::Foreign, Seen::Image(Image::Available), Act::Done),
        ];
        for (note, progress, seen, act) in table {
            assert_eq!(next(&note, progress, &seen, 2, false), act, "{note:?} {progress:?} {seen:?}");
        }
    }

    #[test]
    fn what_is_built_already_is_not_built_again() {
        let twin = |image| Seen::Start { twin: Some(("ami-7".into(), image)), orphan: None };
        let start = |seen| next(&Note::default(), Progress::Foreign, &seen, 2, false);
        assert_eq!(start(twin(Image::Available)), Act::Adopt("ami-7".into()));
        assert!(matches!(start(twin(Image::Pending)), Act::Wait(_)));
        assert_eq!(start(twin(Image::Failed("x".into()))), Act::Launch);
    }

    #[test]
    fn half_a_build_is_thrown_away_and_a_finished_one_goes_on() {
        let orphan = Seen::Start { twin: None, orphan: Some("i-0".into()) };
        assert_eq!(next(&Note::default(), Progress::Foreign, &orphan, 2, false), Act::Discard("i-0".into()));
        let foreign = |note: &Note, machine| next(note, Progress::Foreign, &Seen::Machine(machine), 2, false);
        assert_eq!(foreign(&building(), here()), Act::Discard("i-1".into()));
        assert!(matches!(foreign(&building(), Machine::Unseen), Act::Wait(_)));
        assert_eq!(foreign(&building(), Machine::Gone("x".into())), Act::Discard("i-1".into()));
        assert_eq!(foreign(&provisioned(), here()), Act::Stop);
        assert_eq!(foreign(&provisioned(), Machine::Gone("x".into())), Act::Discard("i-1".into()));
        let again = building().without_machine();
        assert_eq!((again.attempt, again.instance, again.provisioned), (1, None, false));
    }

    #[test]
    fn a_machine_that_goes_away_by_itself_fails_the_build() {
        for machine in [Machine::Gone("by whom".into()), Machine::Stopping, Machine::Stopped] {
            let act = next(&building(), Progress::Connected(1), &Seen::Machine(machine), 2, false);
            assert!(matches!(act, Act::Fail(_)), "{act:?}");
        }
        let failed = Seen::Image(Image::Failed("Client.InternalError".into()));
        assert!(matches!(next(&imaged(), Progress::Foreign, &failed, 2, false), Act::Fail(_)));
    }

    #[test]
    fn tests_run_on_a_machine_of_their_own_once_the_builder_is_gone() {
        let available = Seen::Image(Image::Available);
        let step = |note: &Note, progress, seen: &Seen| next(note, progress, seen, 1, true);
        assert_eq!(step(&imaged(), Progress::Foreign, &available), Act::Release("i-1".into()));
        let bare = imaged().without_machine();
        assert_eq!(step(&bare, Progress::Foreign, &available), Act::Launch);
        let testing = Note { instance: Some("i-2".into()), ..bare.clone() };
        let seen = Seen::Machine(here());
        assert_eq!(step(&testing, Progress::Connected(0), &seen), Act::Run(0));
        assert_eq!(step(&testing, Progress::Connected(1), &seen), Act::Finish);
        assert_eq!(step(&testing, Progress::Foreign, &seen), Act::Discard("i-2".into()));
        let passed = Note { tested: true, ..testing };
        assert_eq!(step(&passed, Progress::Foreign, &available), Act::Release("i-2".into()));
        let free = Note { instance: None, ..passed };
        assert_eq!(step(&free, Progress::Foreign, &available), Act::Done);
    }

    #[test]
    fn snapshots_are_tagged_before_the_end() {
        let bare = Note { bare_snapshots: true, ..imaged() };
        assert_eq!(
            next(&bare, Progress::Foreign, &Seen::Image(Image::Available), 0, false),
            Act::TagSnapshots
        );
    }

    #[test]
    fn every_note_is_read_back() {
        for note in [Note::default(), building(), Note { bare_snapshots: true, tested: true, ..imaged() }] {
            assert_eq!(serde_json::from_value::<Note>(written(&note)).expect("its own form"), note);
        }
    }
}
