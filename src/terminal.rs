//! The one place that talks to the terminal: streams, colour, width, prompts and signals.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use anstream::{AutoStream, ColorChoice};
use infra_engine::apply::Stop;

use crate::error::{CommandError, Complaint};
use crate::render;
use crate::render::rehearsal::Glyphs;
use crate::render::style::{BOLD, ERROR, HINT};

/// Narrower terminals get lines of this width all the same.
const NARROWEST: usize = 40;

/// The width where nobody tells.
const USUAL: usize = 100;

/// Standard output and standard error.
pub struct Terminal {
    color: ColorChoice,
}

impl Terminal {
    /// A terminal that uses colour or not.
    pub fn new(color: ColorChoice) -> Self {
        color.write_global();
        Self { color }
    }

    /// Prints to standard output. A reader that has gone away is no error.
    pub fn print(&self, text: &str) {
        let _ = AutoStream::new(io::stdout(), self.color).write_all(text.as_bytes());
    }

    /// Prints to standard error.
    pub fn tell(&self, text: &str) {
        let _ = AutoStream::new(io::stderr(), self.color).write_all(text.as_bytes());
    }

    /// Columns of the terminal.
    pub fn width(&self) -> usize {
        let asked = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let told = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        asked.or_else(told).unwrap_or(USUAL).max(NARROWEST)
    }

    /// What pictures are drawn with: an environment that names a character set other than UTF-8 gets plain letters.
    pub fn glyphs(&self) -> Glyphs {
        let said = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
        let said = said.into_iter().find(|value| !value.is_empty());
        let plain = said.is_some_and(|locale| !locale.to_lowercase().replace('-', "").contains("utf8"));
        if plain { Glyphs::Ascii } else { Glyphs::Unicode }
    }

    /// Whether somebody watches standard error, so that lines may be drawn over.
    pub fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Asks a question that only the word `yes` answers with yes.
    ///
    /// # Errors
    /// Nobody is there to answer.
    pub fn confirm(&self, question: &str) -> Result<bool, CommandError> {
        if !io::stdin().is_terminal() {
            return Err(Complaint::new("nobody is there to answer the question whether to go on")
                .hint("look at `infra plan` first, then run it with `--yes`")
                .into());
        }
        self.tell(&format!("\n{BOLD}{question}{BOLD:#} Only `yes` is taken: "));
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        Ok(read.is_ok() && answer.trim() == "yes")
    }

    /// Shows why a command stopped.
    pub fn error(&self, error: &CommandError) {
        let text = match error {
            CommandError::Diagnostics(diagnostics, sources) => {
                render::diagnostic::report(diagnostics, sources, self.width())
            }
            CommandError::Complaints(complaints) => complaints.iter().map(complaint).collect(),
        };
        self.tell(&text);
    }
}

fn complaint(complaint: &Complaint) -> String {
    let mut text = format!("{ERROR}error{ERROR:#}{BOLD}: {}{BOLD:#}\n", complaint.message);
    if let Some(place) = &complaint.place {
        text += &format!("  --> {place}\n");
    }
    if let Some(hint) = &complaint.hint {
        text += &format!("  {HINT}= hint:{HINT:#} {hint}\n");
    }
    text
}

/// Turns Ctrl-C, and what a build server sends when a job is cancelled, into a request to stop: the first lets running
/// steps finish, the second stops at once.
pub fn stop_on_interrupt(stop: Stop) -> tokio::task::JoinHandle<()> {
    let listening = Listening::new();
    tokio::spawn(async move {
        let _listening = listening;
        interrupted().await;
        stop.gentle.cancel();
        interrupted().await;
        stop.now.cancel();
    })
}

/// How many applies listen for requests to stop: each ends in good order by itself.
static LISTENING: AtomicUsize = AtomicUsize::new(0);

struct Listening;

impl Listening {
    fn new() -> Self {
        LISTENING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Waits for a request to stop that no apply listens to: the program is to end.
pub async fn cut_short() {
    loop {
        interrupted().await;
        if LISTENING.load(Ordering::SeqCst) == 0 {
            return;
        }
    }
}

/// Waits for a request to stop; for ever where the system cannot tell of one.
#[cfg(unix)]
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Waits for a request to stop; for ever where the system cannot tell of one.
#[cfg(not(unix))]
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
