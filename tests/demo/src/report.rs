//! What the user sees: progress, then a table.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::tally::{Counts, Tally};

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(1);

/// A bar on a terminal, plain lines elsewhere.
pub(crate) struct Progress {
    bar: ProgressBar,
    total: usize,
    last_line: Instant,
}

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        let bar = ProgressBar::new(total as u64);
        if let Ok(style) =
            ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} {msg}")
        {
            bar.set_style(style);
        }
        Self { bar, total, last_line: Instant::now() }
    }

    pub(crate) fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            println!("{line}");
        } else {
            self.bar.println(line);
        }
    }

    pub(crate) fn show(&mut self, tally: &Tally) {
        self.bar.set_position(tally.completed() as u64);
        self.bar.set_message(format!("{} received again", tally.redelivered()));
        if self.bar.is_hidden() && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            println!(
                "{} of {} completed, {} sent, {} received again",
                tally.completed(),
                self.total,
                tally.sent(),
                tally.redelivered()
            );
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How it ended.
pub(crate) struct Summary {
    pub(crate) processes: Vec<(String, Counts)>,
    pub(crate) sent: usize,
    pub(crate) completed: usize,
    pub(crate) redelivered: usize,
    pub(crate) lost: usize,
    pub(crate) held_by_killed: usize,
    pub(crate) recovered: usize,
    pub(crate) time: Duration,
}

impl Summary {
    pub(crate) fn print(&self) {
        println!();
        println!(
            "{:<22} {:>9} {:>9} {:>9} {:>9}",
            "process", "sent", "received", "completed", "too late"
        );
        for (name, counts) in &self.processes {
            let Counts { sent, received, completed, late } = counts;
            println!("{name:<22} {sent:>9} {received:>9} {completed:>9} {late:>9}");
        }
        println!();
        for (name, value) in [
            ("sent", self.sent),
            ("completed", self.completed),
            ("redelivered", self.redelivered),
            ("lost", self.lost),
        ] {
            println!("{name:<22} {value:>9}");
        }
        println!("{:<22} {:>8.1}s", "time", self.time.as_secs_f64());
        println!();
        println!(
            "The killed receiver held {} messages; {} of them were completed all the same.",
            self.held_by_killed, self.recovered
        );
    }
}
