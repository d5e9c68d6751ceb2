//! The one place that talks to the terminal: streams, colour, width, prompts and signals.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(unix)]
use std::task::Poll;

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

/// Turns Ctrl-C, what a build server sends when a job is cancelled, and the end of the terminal into a request to stop:
/// the first lets running steps finish, the second stops at once. Nothing else has to be done about signals: an apply
/// that one has ended is finished by the next.
pub fn stop_on_interrupt(stop: Stop) -> tokio::task::JoinHandle<()> {
    let (listening, mut interrupts) = (Listening::new(), Interrupts::heard());
    tokio::spawn(async move {
        let _listening = listening;
        interrupts.next().await;
        stop.gentle.cancel();
        interrupts.next().await;
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
    let mut interrupts = Interrupts::heard();
    loop {
        interrupts.next().await;
        if LISTENING.load(Ordering::SeqCst) == 0 {
            return;
        }
    }
}

/// The requests to stop, from the moment on at which they are heard.
#[cfg(unix)]
struct Interrupts(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Interrupts {
    /// Those that whoever started the program lets through: `nohup` wants it to outlive the terminal, and a shell its
    /// background jobs to outlive Ctrl-C.
    fn heard() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = ignored(&status);
        let heard = kinds.into_iter().filter(|kind| ignored & (1 << (kind.as_raw_value() - 1)) == 0);
        Self(heard.filter_map(|kind| signal(kind).ok()).collect())
    }

    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            // Each must be polled, or it wakes nobody.
            let came = self.0.iter_mut().map(|signal| signal.poll_recv(context).is_ready());
            if came.fold(false, |any, ready| any | ready) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// The signals that are ignored, the first in the lowest bit, as Linux says it; none where nobody tells.
#[cfg(unix)]
fn ignored(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

/// The requests to stop; none where the system cannot tell a part of a program of them.
#[cfg(not(unix))]
struct Interrupts;

#[cfg(not(unix))]
impl Interrupts {
    fn heard() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn linux_says_which_signals_are_ignored() {
        let status = "Name:\tinfra\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n";
        assert_eq!([ignored(status), ignored("Name:\tinfra\n"), ignored("SigIgn:\tx\n")], [0x1001, 0, 0]);
    }
}
