//! The output: lines redrawn on a terminal, or plain lines.

use std::cell::Cell;
use std::io::{IsTerminal, stdout};
use std::time::{Duration, Instant};

use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::Notice;

/// Number of nodes that fit on a line.
const CELLS: usize = 50;

/// Minimum time between two plain lines of a step.
const PLAIN_EVERY: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// A terminal, where lines are redrawn.
    Live,
    /// A file or a pipe.
    Plain,
    Silent,
}

impl Output {
    pub(crate) fn detect() -> Self {
        if stdout().is_terminal() { Self::Live } else { Self::Plain }
    }
}

pub(crate) struct View(Output);

impl View {
    pub(crate) fn new(output: Output) -> Self {
        Self(output)
    }

    pub(crate) fn say(&self, line: &str) {
        if self.0 != Output::Silent {
            println!("{line}");
        }
    }

    /// Begins a step that takes a while.
    pub(crate) fn step(&self, title: &'static str) -> Step {
        let bar = (self.0 == Output::Live).then(|| {
            let style = ProgressStyle::with_template("{prefix:>8} {wide_msg}");
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
            bar.with_style(style.expect("the template is valid")).with_prefix(title)
        });
        Step { output: self.0, bar, title, shown: Cell::new(Instant::now()) }
    }

    pub(crate) fn table(&self, rows: &[(&str, Notice)]) {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_header(["nodes that ...", "first after", "all after"]);
        for (what, notice) in rows {
            let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
            table.add_row([(*what).to_owned(), seconds(notice.first), seconds(notice.last)]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        self.say(&format!("\n{table}"));
    }
}

/// A line that changes during a step.
pub(crate) struct Step {
    output: Output,
    bar: Option<ProgressBar>,
    title: &'static str,
    shown: Cell<Instant>,
}

impl Step {
    /// Shows one character per node, as many as fit, and a text.
    pub(crate) fn progress(&self, cells: &str, text: &str) {
        let every = cells.chars().count().div_ceil(CELLS).max(1);
        let cells: String = cells.chars().step_by(every).collect();
        self.update(&format!("{cells} {text}"));
    }

    pub(crate) fn update(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(text.to_owned()),
            None if self.shown.get().elapsed() < PLAIN_EVERY => {}
            None => self.print(text),
        }
    }

    pub(crate) fn done(self, text: &str) {
        match &self.bar {
            Some(bar) => bar.finish_with_message(text.to_owned()),
            None => self.print(text),
        }
    }

    fn print(&self, text: &str) {
        if self.output == Output::Plain {
            println!("{:>8} {text}", self.title);
            self.shown.set(Instant::now());
        }
    }
}
