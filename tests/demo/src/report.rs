//! What the user of the demo sees: progress while it runs, then a table.

use std::{
    fmt,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    Outcome,
    ledger::{Counts, Duplicates, Ledger, Overlap},
};

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

    pub(crate) fn show(&mut self, ledger: &Ledger) {
        self.bar.set_position(ledger.completed() as u64);
        self.bar.set_message(format!("{} received again", ledger.redelivered()));
        if self.bar.is_hidden() && self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            println!(
                "{} of {} completed, {} sent, {} received again",
                ledger.completed(),
                self.total,
                ledger.sent(),
                ledger.redelivered()
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
    /// The sender and the receivers, each with what its processes did.
    pub(crate) places: Vec<(String, Vec<Counts>)>,
    pub(crate) sent: usize,
    pub(crate) resends: u32,
    pub(crate) completed: usize,
    pub(crate) lost: usize,
    pub(crate) redelivered: usize,
    pub(crate) kills: usize,
    pub(crate) stops: usize,
    pub(crate) cut_off: usize,
    pub(crate) duplicates: Duplicates,
    pub(crate) overlaps: Vec<Overlap>,
    pub(crate) spoiled: u64,
    pub(crate) orphans: usize,
    pub(crate) recovered: usize,
    pub(crate) time: Duration,
}

impl Summary {
    /// Whether the promises were kept.
    pub(crate) fn verdict(&self) -> Outcome {
        if self.lost > 0 {
            return Err(format!("{} messages were lost", self.lost).into());
        }
        if let Some(overlap) = self.overlaps.first() {
            return Err(format!("two leases at once: {overlap}").into());
        }
        match self.duplicates.unexplained.len() {
            0 => Ok(()),
            count => Err(format!("{count} messages were completed twice without a cause").into()),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:<22} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "process", "sent", "started", "finished", "deleted", "killed"
        )?;
        for (name, lives) in &self.places {
            let sum = |of: fn(&Counts) -> u32| lives.iter().map(of).sum::<u32>();
            writeln!(
                f,
                "{name:<22} {:>9} {:>9} {:>9} {:>9} {:>9}",
                sum(|counts| counts.sent),
                sum(|counts| counts.started),
                sum(|counts| counts.finished),
                sum(|counts| counts.deleted),
                lives.len() - 1
            )?;
        }
        let Duplicates { killed, sent_twice, lease_lost, answer_lost, unexplained } =
            &self.duplicates;
        let rows = [
            ("sent", self.sent, ""),
            ("completed", self.completed, ""),
            ("lost", self.lost, ""),
            ("received again", self.redelivered, ""),
            ("receivers killed", self.kills, ""),
            ("receivers suspended", self.stops, "for longer than their leases"),
            ("handlers cut off", self.cut_off, "by a kill; their messages were received again"),
            ("requests spoiled", self.spoiled as usize, ""),
            ("sent again", self.resends as usize, "since an answer was lost"),
            ("duplicates", self.duplicates.all(), "completed more than once, of which"),
            ("  by a kill", *killed, "between the work and the answer to the delete"),
            ("  sent twice", *sent_twice, "since an answer to the sender was lost"),
            ("  lease lost", *lease_lost, "to a later delivery, and the receiver said so"),
            ("  answer lost", *answer_lost, "to a delete, and then the lease"),
            ("  unexplained", unexplained.len(), ""),
            ("overlaps", self.overlaps.len(), "two handlers of one message, both with a lease"),
        ];
        writeln!(f)?;
        for (name, value, remark) in rows {
            let gap = if remark.is_empty() { "" } else { "  " };
            writeln!(f, "{name:<22} {value:>9}{gap}{remark}")?;
        }
        writeln!(f, "{:<22} {:>8.1}s\n", "time", self.time.as_secs_f64())?;
        for overlap in &self.overlaps {
            writeln!(f, "{overlap}")?;
        }
        for what in unexplained {
            writeln!(f, "{what}")?;
        }
        writeln!(
            f,
            "The killed receivers held {} messages; {} of them were completed all the same.",
            self.orphans, self.recovered
        )
    }
}
