//! What a setting reached, and the table of all settings: [`Figures`] and [`print()`].

use std::time::Duration;

use super::{Setting, Work, measure};

/// What was reached.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Figures {
    /// Messages that were started per second.
    pub rate: f64,
    /// The part of the possible rate that was reached, at most 1.
    pub used: f64,
    /// Messages that were held and waited for a handler, over time.
    pub ahead_mean: f64,
    /// The most messages that waited for a handler at once, in all processes.
    pub ahead_most: usize,
    /// The longest time that a message waited for its handler.
    pub waited_most: Duration,
    /// The time that all messages waited for their handlers.
    pub waited_in_all: Duration,
    /// Messages that were given back unstarted.
    pub released: u64,
    /// Requests to the service.
    pub requests: u64,
    /// Messages whose handler was started.
    pub started: u64,
    /// What the process with the least work got, as a part of a fair share.
    pub least_share: f64,
}

impl Figures {
    /// Requests for each message.
    #[must_use]
    pub fn requests_per_message(&self) -> f64 {
        self.requests as f64 / self.started.max(1) as f64
    }
}

const WORK: &[(&str, Work)] = &[
    ("0", Work::Constant(Duration::ZERO)),
    ("10 ms", Work::Constant(Duration::from_millis(10))),
    ("100 ms", Work::Constant(Duration::from_millis(100))),
    ("1 s", Work::Constant(Duration::from_secs(1))),
    ("60 s", Work::Constant(Duration::from_secs(60))),
    ("heavy tail", Work::HeavyTail),
];

/// Plays all settings and prints a row for each.
pub fn print() {
    println!(
        "| round trip | handlers | work | processes | messages/s | possible | used | ahead, mean | \
         most | waited, most | requests each | given back | least share |"
    );
    println!(
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for round_trip in [2, 20, 100] {
        for (name, work) in WORK {
            for handlers in [1, 4, 16, 64, 256] {
                for processes in [1, 4] {
                    let distance = Duration::from_millis(round_trip);
                    row(name, &Setting::new(distance, handlers, *work, processes));
                }
            }
        }
    }
    // What the estimate does when durations change.
    for (name, first, then) in [
        ("1 ms, then 1 s", 1, 1000),
        ("1 s, then 1 ms", 1000, 1),
        ("1 ms, then 60 s", 1, 60_000),
        ("60 s, then 1 ms", 60_000, 1),
    ] {
        for processes in [1, 4] {
            let (first, then) = (Duration::from_millis(first), Duration::from_millis(then));
            let work = Work::Jump(first, then);
            let mut setting = Setting::new(Duration::from_millis(20), 16, work, processes);
            setting.messages = 1000;
            row(name, &setting);
        }
    }
}

fn row(name: &str, setting: &Setting) {
    let figures = measure(setting);
    println!(
        "| {} ms | {} | {name} | {} | {:.1} | {:.1} | {:.1} % | {:.1} | {} | {:.0} ms | {:.3} | {} | \
         {:.2} |",
        setting.round_trip.as_millis(),
        setting.handlers,
        setting.processes,
        figures.rate,
        setting.possible_rate(),
        figures.used * 100.0,
        figures.ahead_mean,
        figures.ahead_most,
        figures.waited_most.as_secs_f64() * 1e3,
        figures.requests_per_message(),
        figures.released,
        figures.least_share,
    );
}
