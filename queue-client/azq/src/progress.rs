//! [`Progress`]: how far a long verb is, on standard error: a line that moves on a terminal, a line
//! every ten seconds in CI, and nothing elsewhere.

use std::{
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

use crate::{app::App, units::thousands};

/// What is done within this time shows no progress.
const PATIENCE: Duration = Duration::from_secs(1);
/// The time between two lines where nothing can move.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// The time between two looks at how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How far a long verb is. A task shows it, so that a verb which waits for its first item is seen to
/// run as well.
#[derive(Debug)]
pub(crate) struct Progress {
    count: Arc<Mutex<Count>>,
    bar: ProgressBar,
    shown: Option<JoinHandle<()>>,
}

/// What is counted.
#[derive(Debug)]
struct Count {
    what: &'static str,
    started: Instant,
    total: Option<u64>,
    done: u64,
    failed: u64,
}

impl Progress {
    /// Begins, within a runtime; `what` is said of the items, such as `moved`, and `total` is about how
    /// many there are.
    pub(crate) fn new(app: &App, what: &'static str, total: Option<u64>) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        let count = Count { what, started: Instant::now(), total, done: 0, failed: 0 };
        let count = Arc::new(Mutex::new(count));
        let shown = if app.talk.no_progress || app.talk.quiet {
            None
        } else if app.terminal.error && app.terminal.moves {
            Some(tokio::spawn(draw(Arc::clone(&count), bar.clone())))
        } else if std::env::var_os("CI").is_some_and(|ci| !ci.is_empty()) {
            Some(tokio::spawn(tell(Arc::clone(&count))))
        } else {
            None
        };
        Self { count, bar, shown }
    }

    /// Counts items that are done.
    pub(crate) fn add(&self, items: u64) {
        self.count.lock().unwrap_or_else(PoisonError::into_inner).done += items;
    }

    /// Counts items that failed.
    pub(crate) fn fail(&self, items: u64) {
        self.count.lock().unwrap_or_else(PoisonError::into_inner).failed += items;
    }

    /// Says a line without disturbing the one that moves.
    pub(crate) fn say(&self, app: &App, line: &str) {
        self.bar.suspend(|| app.say(line));
    }

    /// Takes the line that moves away.
    pub(crate) fn finish(self) {
        drop(self);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(shown) = &self.shown {
            shown.abort();
        }
        // A bar that is finished draws nothing any more, whatever the task still does.
        self.bar.finish_and_clear();
    }
}

/// Draws the line that moves.
async fn draw(count: Arc<Mutex<Count>>, bar: ProgressBar) {
    tokio::time::sleep(PATIENCE).await;
    if bar.is_finished() {
        return;
    }
    bar.set_draw_target(ProgressDrawTarget::stderr());
    while !bar.is_finished() {
        bar.set_message(line(&count));
        bar.tick();
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Says a line now and then.
async fn tell(count: Arc<Mutex<Count>>) {
    loop {
        tokio::time::sleep(LINE_EVERY).await;
        let _ = writeln!(std::io::stderr().lock(), "{}", line(&count));
    }
}

fn line(count: &Mutex<Count>) -> String {
    let count = count.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds = count.started.elapsed().as_secs_f64().max(0.001);
    // The loss above 2^53 items shows in no rate.
    #[expect(clippy::cast_precision_loss, reason = "a rate is an approximation")]
    let rate = count.done as f64 / seconds;
    let mut line = format!("{} {}, {rate:.0}/s", thousands(count.done), count.what);
    if let Some(left) = count.total.map(|total| total.saturating_sub(count.done + count.failed)) {
        line.push_str(&format!(", ≈ {} left", thousands(left)));
    }
    if count.failed > 0 {
        line.push_str(&format!(", {} failed", thousands(count.failed)));
    }
    line
}
