//! What an emulator has to tell beside its answers: [`Notice`].

#[cfg(feature = "durable")]
pub(crate) mod recovered;
#[cfg(feature = "durable")]
pub(crate) mod set_aside;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "durable")]
use self::recovered::Recovered;
#[cfg(feature = "durable")]
use self::set_aside::SetAside;

/// Something that whoever runs an emulator should know, told to
/// [`EmulatorBuilder::on_notice`](crate::EmulatorBuilder::on_notice).
///
/// `Display` says it in one line of text without a line break.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The clock of the machine was set while the emulator ran. Time inside goes on as before.
    #[non_exhaustive]
    ClockSet {
        /// True if the clock was set to an earlier time.
        back: bool,
        /// The length of the jump.
        by: Duration,
    },
    /// A damaged row of the store was set aside; everything else goes on.
    #[cfg(feature = "durable")]
    SetAside(SetAside),
    /// A damaged store was replaced by what could be read of it.
    #[cfg(feature = "durable")]
    Recovered(Recovered),
    /// The store was made by a version without checksums. Messages get theirs when they change
    /// next.
    #[cfg(feature = "durable")]
    Migrated,
    /// The log of the store ended in a change that was never finished, and is dropped.
    #[cfg(feature = "durable")]
    Unfinished,
    /// The clock is behind what is stored: time inside goes on from there.
    #[non_exhaustive]
    ClockBehind {
        /// How far the clock is behind.
        by: Duration,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockSet { back, by } => {
                let direction = if *back { "back" } else { "forward" };
                write!(f, "the clock of this machine was set {direction} by {}: ", Length(*by))?;
                f.write_str(
                    "messages go on by the time before; a restart takes the new time over, \
                     unless what is stored is later",
                )
            }
            #[cfg(feature = "durable")]
            Self::SetAside(found) => found.fmt(f),
            #[cfg(feature = "durable")]
            Self::Recovered(recovered) => recovered.fmt(f),
            #[cfg(feature = "durable")]
            Self::Migrated => f.write_str(
                "the store is of a version without checksums, and has them from now on: messages \
                 get theirs when they change next",
            ),
            #[cfg(feature = "durable")]
            Self::Unfinished => f.write_str(
                "the log of the store ended in a change that was never finished, as after a loss \
                 of power, and that change is dropped",
            ),
            Self::ClockBehind { by } => write!(
                f,
                "the clock of this machine is {} behind what is stored: messages go on from there",
                Length(*by)
            ),
        }
    }
}

/// A length of time for people, in its largest unit that is not zero and the next.
struct Length(Duration);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs();
        let mut written = 0;
        for (name, seconds) in [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)] {
            let count = rest / seconds;
            rest %= seconds;
            if count > 0 && written < 2 {
                let space = if written > 0 { " " } else { "" };
                let plural = if count > 1 { "s" } else { "" };
                write!(f, "{space}{count} {name}{plural}")?;
                written += 1;
            } else if written > 0 {
                break;
            }
        }
        if written == 0 { f.write_str("less than a second") } else { Ok(()) }
    }
}

type Listener = dyn Fn(&Notice) + Send + Sync;

/// Whoever listens to notices, if anybody does.
#[derive(Clone, Default)]
pub(crate) struct Notices(Option<Arc<Listener>>);

impl Notices {
    pub(crate) fn to(listener: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    /// Tells of something. A listener that panics has said so by that, and spoils nothing here:
    /// no state is half changed when a notice is told.
    pub(crate) fn tell(&self, notice: &Notice) {
        if let Some(listener) = &self.0 {
            let _ = catch_unwind(AssertUnwindSafe(|| listener(notice)));
        }
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notices(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_for_people() {
        for (seconds, expected) in [
            (0, "less than a second"),
            (1, "1 second"),
            (86_400, "1 day"),
            (172_801, "2 days"),
            (90_000, "1 day 1 hour"),
            (3_725, "1 hour 2 minutes"),
            (60, "1 minute"),
        ] {
            assert_eq!(Length(Duration::from_secs(seconds)).to_string(), expected);
        }
    }

    #[test]
    fn a_listener_that_panics_hurts_nobody() {
        let notices = Notices::to(|_| std::panic::panic_any("a listener's mistake"));
        notices.tell(&Notice::ClockBehind { by: Duration::ZERO });
    }
}
