//! Live progress of an apply: a spinner for each running step on a terminal, lines elsewhere, or JSON.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use infra_engine::event::{ApplyEvent, StepEvent, Watch};
use infra_engine::id::StepId;

use crate::render::events;
use crate::terminal::Terminal;

/// Draws what happens.
pub struct Progress<'a> {
    terminal: &'a Terminal,
    mode: Mode,
}

enum Mode {
    /// One line for each event.
    Lines,
    /// One JSON object for each event.
    Json,
    /// A spinner for each running step, finished steps above.
    Live(Box<MultiProgress>, Mutex<BTreeMap<StepId, ProgressBar>>),
}

/// How often spinners turn.
const TICK: Duration = Duration::from_millis(120);

impl<'a> Progress<'a> {
    /// Progress on a terminal.
    pub fn new(terminal: &'a Terminal, json: bool) -> Self {
        let mode = match (json, terminal.is_watched()) {
            (true, _) => Mode::Json,
            (false, true) => Mode::Live(Box::default(), Mutex::default()),
            (false, false) => Mode::Lines,
        };
        Self { terminal, mode }
    }

    /// Clears what is still drawn.
    pub fn finish(&self) {
        if let Mode::Live(all, _) = &self.mode {
            // A terminal that cannot be cleared has been closed.
            let _ = all.clear();
        }
    }
}

impl Watch for Progress<'_> {
    fn event(&self, event: &ApplyEvent) {
        match &self.mode {
            Mode::Json => self.terminal.print(&format!("{}\n", events::json(event))),
            Mode::Lines => self.terminal.tell(&events::line(event).unwrap_or_default()),
            Mode::Live(all, bars) => {
                live(all, &mut bars.lock().unwrap_or_else(PoisonError::into_inner), event)
            }
        }
    }
}

fn live(all: &MultiProgress, bars: &mut BTreeMap<StepId, ProgressBar>, event: &ApplyEvent) {
    let line = events::line(event).unwrap_or_default();
    match &event.what {
        StepEvent::Started(_) | StepEvent::Acted(_) | StepEvent::Waiting(_) | StepEvent::Undoing(_) => {
            let bar = bars.entry(event.step).or_insert_with(|| all.add(spinner()));
            bar.set_message(line.trim_end().to_owned());
        }
        StepEvent::Succeeded(_) | StepEvent::Failed(_) | StepEvent::Undone | StepEvent::Skipped(_) => {
            if let Some(bar) = bars.remove(&event.step) {
                bar.finish_and_clear();
            }
            // What cannot be drawn is lost with the terminal.
            let _ = all.println(line.trim_end());
        }
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}
