//! [`Progress`]: how far a long verb is, on standard error: a line that moves on a terminal, a line
//! every ten seconds in CI, and nothing elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{app::App, units::thousands};

/// What is done within this time shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);
/// The time between two lines where nothing can move.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// How far a long verb is.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    mode: Mode,
    what: &'static str,
    started: Instant,
    said: Instant,
    total: Option<u64>,
    done: u64,
    failed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Bar,
    Lines,
    Nothing,
}

impl Progress {
    /// Begins; `what` is said of the items, such as `moved`, and `total` is about how many there are.
    pub(crate) fn new(app: &App, what: &'static str, total: Option<u64>) -> Self {
        let mode = if app.talk.no_progress || app.talk.quiet {
            Mode::Nothing
        } else if app.terminal.error && app.terminal.moves {
            Mode::Bar
        } else if std::env::var_os("CI").is_some_and(|ci| !ci.is_empty()) {
            Mode::Lines
        } else {
            Mode::Nothing
        };
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        let now = Instant::now();
        Self { bar, mode, what, started: now, said: now, total, done: 0, failed: 0 }
    }

    /// Counts items that are done.
    pub(crate) fn add(&mut self, items: u64) {
        self.done += items;
        self.show();
    }

    /// Counts items that failed.
    pub(crate) fn fail(&mut self, items: u64) {
        self.failed += items;
        self.show();
    }

    fn show(&mut self) {
        let now = Instant::now();
        match self.mode {
            Mode::Nothing => {}
            Mode::Bar => {
                if now.duration_since(self.started) < PATIENCE {
                    return;
                }
                if self.bar.is_hidden() {
                    self.bar.set_draw_target(ProgressDrawTarget::stderr());
                }
                if now.duration_since(self.said) > Duration::from_millis(100) {
                    self.said = now;
                    self.bar.set_message(self.line(now));
                    self.bar.tick();
                }
            }
            Mode::Lines => {
                if now.duration_since(self.said) >= LINE_EVERY {
                    self.said = now;
                    let line = self.line(now);
                    use std::io::Write as _;
                    let _ = writeln!(std::io::stderr().lock(), "{line}");
                }
            }
        }
    }

    fn line(&self, now: Instant) -> String {
        let seconds = now.duration_since(self.started).as_secs_f64().max(0.001);
        // The loss above 2^53 items shows in no rate.
        #[expect(clippy::cast_precision_loss, reason = "a rate is an approximation")]
        let rate = self.done as f64 / seconds;
        let mut line = format!("{} {}, {rate:.0}/s", thousands(self.done), self.what);
        if let Some(left) = self.total.map(|total| total.saturating_sub(self.done + self.failed)) {
            line.push_str(&format!(", ≈ {} left", thousands(left)));
        }
        if self.failed > 0 {
            line.push_str(&format!(", {} failed", thousands(self.failed)));
        }
        line
    }

    /// Says a line without disturbing the one that moves.
    pub(crate) fn say(&self, app: &App, line: &str) {
        self.bar.suspend(|| app.say(line));
    }

    /// Takes the line that moves away.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
