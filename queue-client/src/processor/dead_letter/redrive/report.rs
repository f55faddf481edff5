//! What [`redrive`](super::redrive) did, as [`RedriveReport`], and why it failed, as
//! [`RedriveError`].

use std::{error::Error as StdError, fmt};

use crate::error::Error;

/// What was brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedriveReport {
    /// The number of messages that were moved, or would have been by a dry run.
    pub moved: usize,
    /// The number of moved messages that may be in both queues: they were put, and their delete was
    /// not confirmed.
    pub perhaps_in_both: usize,
    /// The number of messages that did not match. They stay where they were.
    pub skipped: usize,
    /// The number of messages of which it is not known whether they were put. They stay where they
    /// were as well.
    pub unknown: usize,
    /// The number of messages that were moved, died again while the others were moved, and came
    /// back as dead letters. They stay where they came to. Only letters in envelopes tell where
    /// they come from; the others count as [`newer`](Self::newer).
    pub returned: usize,
    /// The number of other messages that were put into the queue after this began. They stay where
    /// they are.
    pub newer: usize,
}

impl fmt::Display for RedriveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} moved, {} skipped", self.moved, self.skipped)?;
        for (count, what) in [
            (self.perhaps_in_both, "perhaps in both queues"),
            (self.unknown, "perhaps put"),
            (self.returned, "returned"),
            (self.newer, "newer and left"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

/// Why dead letters were not, or not all, brought back, and what was done before that.
///
/// [`Debug`](fmt::Debug) shows the sentence with its causes, since that is what a `main` that returns
/// a `Result` prints.
pub struct RedriveError {
    report: RedriveReport,
    error: Error,
}

impl RedriveError {
    pub(super) const fn new(report: RedriveReport, error: Error) -> Self {
        Self { report, error }
    }

    /// What was done before the failure.
    #[must_use]
    pub const fn report(&self) -> &RedriveReport {
        &self.report
    }

    /// The call that failed.
    #[must_use]
    pub const fn error(&self) -> &Error {
        &self.error
    }

    /// The call that failed, without the report.
    #[must_use]
    pub fn into_error(self) -> Error {
        self.error
    }
}

impl fmt::Display for RedriveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the redrive ended early ({}): {}", self.report, self.error)
    }
}

impl fmt::Debug for RedriveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the redrive ended early ({})\n{:?}", self.report, self.error)
    }
}

impl StdError for RedriveError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // The text of the error is a part of this one's.
        self.error.source()
    }
}

/// The source and the destination are one queue.
#[derive(Debug)]
pub(super) struct SameQueue;

impl fmt::Display for SameQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("messages cannot be moved from a queue to itself: name another destination")
    }
}

impl StdError for SameQueue {}
