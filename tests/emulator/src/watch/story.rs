//! Why a message was delivered again, and why a receipt is no longer valid, in words.

use std::collections::HashMap;
use std::time::Duration;

use super::event::{Entry, Happening};
use crate::state::Moment;

/// A time for which somebody has the message, or for which it is delayed.
#[derive(Clone, Copy)]
pub(super) struct Hold<'a> {
    pub(super) entry: &'a Entry,
}

impl Hold<'_> {
    pub(super) fn until(&self) -> Moment {
        self.entry.what.until
    }

    /// Whether a client got the message, or prolonged its time.
    pub(super) fn is_lease(&self) -> bool {
        matches!(self.entry.what.what, Happening::Received | Happening::Renewed)
    }
}

/// Why a message that somebody had was delivered once more.
pub(super) fn why_again(
    hold: Hold<'_>,
    again: &Entry,
    lost: &HashMap<u64, String>,
) -> Option<String> {
    let before = hold.entry;
    let name = before.client.name();
    let ago = ago(before, again);
    Some(match before.what.what {
        // The first delivery needs no reason.
        Happening::Put => return None,
        Happening::Released => format!("{name} made it visible again{ago}"),
        _ if lost.contains_key(&before.request) => format!(
            "the answer to {name} was lost: {name} never learned that it had the message for {}",
            span(to_duration(before.at, before.what.until))
        ),
        _ if before.what.until <= before.at => {
            format!("{name} received it with a visibility timeout of 0, which hides nothing")
        }
        Happening::Renewed => format!(
            "{name} renewed it for {} and then neither deleted nor renewed it",
            span(to_duration(before.at, before.what.until))
        ),
        _ => format!(
            "{name} had it for {} and neither deleted nor renewed it",
            span(to_duration(before.at, before.what.until))
        ),
    })
}

/// Why a receipt was no longer valid when somebody used it.
pub(super) fn why_refused(before: &[Entry], refused: &Entry, over: bool) -> String {
    let given = before.iter().position(|entry| {
        entry.what.what.gives_receipt() && entry.what.receipt == refused.what.receipt
    });
    let end = before.iter().find(|entry| entry.what.what.is_end());
    let since = |entry: &Entry| ago(entry, refused);
    if let Some(end) = end {
        let (name, ago) = (end.client.name(), since(end));
        return match end.what.what {
            Happening::Deleted => format!("{name} had already deleted the message{ago}"),
            Happening::Cleared => format!("{name} had cleared the queue{ago}"),
            _ => format!("{name} had deleted the queue{ago}"),
        };
    }
    if over {
        return "the message had expired".to_owned();
    }
    let Some(given) = given else {
        return "its receipt was never given out for this message, as far as is remembered"
            .to_owned();
    };
    let later = before.get(given + 1..).unwrap_or_default();
    match later.iter().find(|entry| entry.what.what.gives_receipt()) {
        Some(entry) => {
            let (name, ago) = (entry.client.name(), since(entry));
            match entry.what.what {
                Happening::Received => {
                    format!("its receipt had died when the message was delivered to {name}{ago}")
                }
                _ => format!("its receipt had been replaced by an update of {name}{ago}"),
            }
        }
        None => "its receipt was not the last one".to_owned(),
    }
}

/// The time from one moment to a later one; zero if that is earlier.
pub(super) fn to_duration(from: Moment, to: Moment) -> Duration {
    to.to_system_time().duration_since(from.to_system_time()).unwrap_or_default()
}

/// How long something was before something else, behind a comma.
fn ago(before: &Entry, later: &Entry) -> String {
    match to_duration(before.at, later.at) {
        time if time < Duration::from_millis(1) => ", just before".to_owned(),
        time => format!(", {} before", span(time)),
    }
}

/// A duration for people: `250 ms`, `30 s`, `2 min 5 s`, `3 h 1 min`, `7 d`.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let two = |large: u64, unit: &str, small: u64, smaller: &str| match small {
        0 => format!("{large} {unit}"),
        small => format!("{large} {unit} {small} {smaller}"),
    };
    match seconds {
        _ if seconds == 0 => format!("{} ms", time.as_millis()),
        _ if seconds < 10 && time.subsec_millis() >= 100 => {
            format!("{seconds}.{} s", time.subsec_millis() / 100)
        }
        0..=59 => format!("{seconds} s"),
        60..=7199 => two(seconds / 60, "min", seconds % 60, "s"),
        7200..=172_799 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (milliseconds, text) in [
            (0, "0 ms"),
            (250, "250 ms"),
            (1_500, "1.5 s"),
            (30_000, "30 s"),
            (30_999, "30 s"),
            (61_000, "1 min 1 s"),
            (125_000, "2 min 5 s"),
            (7_200_000, "2 h"),
            (604_800_000, "7 d"),
        ] {
            assert_eq!(span(Duration::from_millis(milliseconds)), text);
        }
    }
}
