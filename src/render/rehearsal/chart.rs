//! Instances over time, in characters.

use infra_engine::rehearse::{GroupTimeline, Sample};

use super::time;
use crate::render::style::DIM;

/// What lines and bars are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// Blocks.
    Unicode,
    /// For terminals that have nothing else.
    Ascii,
}

/// The widest a chart gets: more columns tell nothing more.
const WIDEST: usize = 96;
/// The highest.
const HIGHEST: u32 = 10;
/// What stands before a chart.
const MARGIN: usize = 8;

impl Glyphs {
    /// A bar in a line: none of eight parts to all eight.
    fn bar(self, eighths: usize) -> char {
        let bars = match self {
            Self::Unicode => ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
            Self::Ascii => ['_', '.', '.', '-', '-', '=', '=', '#', '#'],
        };
        bars[eighths.min(8)]
    }

    /// Old instances, new ones, booting ones, and the floor.
    fn fills(self) -> [char; 4] {
        match self {
            Self::Unicode => ['█', '▓', '░', '╌'],
            Self::Ascii => ['#', '=', '.', '-'],
        }
    }
}

/// What the instances were like between two moments, at their worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Column {
    /// Of the moment at which the fewest served.
    lowest: Sample,
    /// The most that served at once, of the old and of the new.
    old: u32,
    new: u32,
}

/// As many columns as asked for, each as long as the others. None is left out: whatever lasted only for a moment shows.
fn columns(samples: &[Sample], count: usize) -> Vec<Column> {
    let end = samples.last().map_or(0, |last| last.at_ms).max(1);
    let at = |column: usize| end * column as u64 / count as u64;
    (0..count).filter_map(|column| between(samples, at(column), at(column + 1))).collect()
}

fn between(samples: &[Sample], from: u64, to: u64) -> Option<Column> {
    let first = samples.partition_point(|sample| sample.at_ms <= from).checked_sub(1)?;
    let within = samples[first..].iter().take_while(|sample| sample.at_ms <= from || sample.at_ms < to);
    let lowest = within.clone().min_by_key(|sample| sample.serving())?;
    let most = |of: fn(&Sample) -> u32| within.clone().map(of).max().unwrap_or(0);
    Some(Column { lowest: *lowest, old: most(|sample| sample.old), new: most(|sample| sample.new) })
}

fn room(width: usize) -> usize {
    width.saturating_sub(MARGIN + 1).clamp(16, WIDEST)
}

/// Two lines, the old instances and the new ones, and the time below.
pub(super) fn lines(group: &GroupTimeline, width: usize, glyphs: Glyphs) -> String {
    let columns = columns(&group.samples, room(width));
    let full = columns.iter().map(|column| column.old.max(column.new)).max().unwrap_or(0).max(1);
    let bar = |count: u32| glyphs.bar((count * 8).div_ceil(full) as usize);
    let line = |name: &str, of: fn(&Column) -> u32| {
        let bars: String = columns.iter().map(|column| bar(of(column))).collect();
        format!("    {name} {bars}\n")
    };
    line("old", |column| column.old) + &line("new", |column| column.new) + &axis(group, columns.len())
}

fn axis(group: &GroupTimeline, width: usize) -> String {
    let end = time(group.samples.last().map_or(0, |last| last.at_ms));
    format!("{:MARGIN$}{DIM}0s{end:>rest$}{DIM:#}\n", "", rest = width.saturating_sub(2))
}

/// A picture: each column a moment, each row so many instances.
pub(super) fn picture(group: &GroupTimeline, width: usize, glyphs: Glyphs) -> String {
    let columns = columns(&group.samples, room(width));
    let top = group.peak.max(group.floor).max(1);
    let rows = top.min(HIGHEST);
    let row = |row: u32| {
        // The least number of instances that reaches into this row.
        let level = (top * (row - 1)) / rows + 1;
        let next = (top * row) / rows;
        let has_floor = (level..=next).contains(&group.floor);
        let cells: String = columns.iter().map(|column| cell(column, level, has_floor, glyphs)).collect();
        format!("{DIM}{next:>7}{DIM:#} {}\n", cells.trim_end())
    };
    (1..=rows).rev().map(row).collect::<String>() + &axis(group, columns.len())
}

fn cell(column: &Column, level: u32, has_floor: bool, glyphs: Glyphs) -> char {
    let [old, new, booting, floor] = glyphs.fills();
    let sample = &column.lowest;
    match level {
        _ if level <= sample.old => old,
        _ if level <= sample.serving() => new,
        _ if level <= sample.serving() + sample.booting => booting,
        _ if has_floor => floor,
        _ => ' ',
    }
}

/// What the characters of a picture mean.
pub(super) fn legend(glyphs: Glyphs) -> String {
    let [old, new, booting, floor] = glyphs.fills();
    format!("{:MARGIN$}{old} old and serving  {new} new and serving  {booting} booting  {floor} floor\n", "")
}
