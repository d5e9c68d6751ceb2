//! A picture of a rehearsal, as SVG: for each group its instances over time with the floor, and below them the steps.

use infra_engine::rehearse::{GroupTimeline, Rehearsal, Sample, StepSpan};
use infra_lang::address::Address;

use super::time;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 24.0;
/// A group's chart.
const HEIGHT: f64 = 200.0;
/// A step's bar.
const STEP: f64 = 20.0;
const GAP: f64 = 56.0;

/// From moments and counts to places.
struct Scale {
    end_ms: u64,
    top: u32,
}

impl Scale {
    fn x(&self, at_ms: u64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * at_ms as f64 / self.end_ms.max(1) as f64
    }

    /// From the upper edge of the chart.
    fn y(&self, count: u32) -> f64 {
        HEIGHT * (1.0 - f64::from(count) / f64::from(self.top.max(1)))
    }
}

/// The whole picture.
pub fn svg(rehearsal: &Rehearsal) -> String {
    let ends = rehearsal.groups.values().filter_map(|group| group.samples.last()).map(|last| last.at_ms);
    let end_ms = ends.chain([rehearsal.took_ms]).max().unwrap_or(1);
    let mut body = String::new();
    let mut top = 24.0;
    for (address, group) in &rehearsal.groups {
        body += &at(top, &chart(address, group, end_ms));
        top += HEIGHT + GAP;
    }
    body += &at(top, &steps(&rehearsal.steps, end_ms));
    let height = top + STEP * rehearsal.steps.len() as f64 + 24.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n"
    )
}

const STYLE: &str = ".old{fill:#7a869a}.new{fill:#2f855a}.booting{fill:#c6e6d3}.floor{stroke:#c53030;stroke-dasharray:6 4}\
                     .step{fill:#a3bffa}.undo{fill:#f6ad55}.failed{fill:#c53030}text{fill:#1a202c}.axis{stroke:#cbd5e0}";

fn at(top: f64, body: &str) -> String {
    format!("<g transform=\"translate(0 {top:.1})\">\n{body}</g>\n")
}

fn chart(address: &Address, group: &GroupTimeline, end_ms: u64) -> String {
    let scale = Scale { end_ms, top: group.peak.max(group.floor) };
    let serving = |sample: &Sample| sample.serving();
    let up = |sample: &Sample| sample.serving() + sample.booting;
    let mut text = label(
        LEFT,
        -8.0,
        &format!("{address}: at least {} in service, floor {}", group.fewest.serving, group.floor),
    );
    text += &area("booting", &group.samples, &scale, up);
    text += &area("new", &group.samples, &scale, serving);
    text += &area("old", &group.samples, &scale, |sample| sample.old);
    text += &line("floor", &scale, group.floor);
    text += &line("axis", &scale, 0);
    text += &label(8.0, scale.y(group.floor) + 4.0, &group.floor.to_string());
    text += &label(8.0, 4.0, &scale.top.to_string());
    text += &label(LEFT, HEIGHT + 16.0, "0s");
    text + &label(WIDTH - RIGHT - 48.0, HEIGHT + 16.0, &time(end_ms))
}

/// Everything below a count that holds from each sample to the next.
fn area(class: &str, samples: &[Sample], scale: &Scale, count: impl Fn(&Sample) -> u32) -> String {
    let bottom = scale.y(0);
    let mut path = format!("M{LEFT:.1} {bottom:.1}");
    for sample in samples {
        path += &format!("H{:.1}V{:.1}", scale.x(sample.at_ms), scale.y(count(sample)));
    }
    format!("<path class=\"{class}\" d=\"{path}H{:.1}V{bottom:.1}Z\"/>\n", scale.x(scale.end_ms))
}

fn line(class: &str, scale: &Scale, count: u32) -> String {
    let (y, right) = (scale.y(count), WIDTH - RIGHT);
    format!("<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n")
}

fn steps(spans: &[StepSpan], end_ms: u64) -> String {
    let scale = Scale { end_ms, top: 1 };
    let bar = |(row, span): (usize, &StepSpan)| {
        let (from, to) = (scale.x(span.from_ms), scale.x(span.to_ms.unwrap_or(end_ms)));
        let class = match (span.failed, span.undo) {
            (true, _) => "failed",
            (false, true) => "undo",
            (false, false) => "step",
        };
        let (y, width) = (row as f64 * STEP, (to - from).max(1.0));
        let title = format!("{}  {} ({})", span.address, span.title, time(span.from_ms));
        format!("<rect class=\"{class}\" x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"14\"/>\n")
            + &label(LEFT, y + 11.0, &title)
    };
    spans.iter().enumerate().map(bar).collect()
}

fn label(x: f64, y: f64, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
