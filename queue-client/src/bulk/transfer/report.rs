//! What a [`Transfer`](super::Transfer) did, as [`TransferReport`], and why it failed, as
//! [`TransferError`].

use std::{error::Error as StdError, fmt};

use queue_proto::MessageId;

use crate::error::Error;

/// What was moved or copied.
///
/// It adds up: [`moved`](Self::moved), [`failed`](Self::failed) and [`left`](Self::left) are together
/// [`seen`](Self::seen).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransferReport {
    /// The number of messages that were received, each once.
    pub seen: usize,
    /// The number of messages that were put into the destination, or would have been by a dry run.
    pub moved: usize,
    /// The number of moved messages that were put by an earlier run, and only deleted by this one.
    pub resumed: usize,
    /// The number of moved messages that may be in both queues: they were put, and their delete was
    /// not confirmed.
    pub perhaps_in_both: usize,
    /// The number of messages that were not moved although they should have been: those that the
    /// destination refused, and [unknown](Self::unknown) ones. They stay where they were.
    pub failed: usize,
    /// The number of failed messages of which it is not known whether they were put.
    pub unknown: usize,
    /// The number of messages that did not match. They stay where they were.
    pub skipped: usize,
    /// The number of messages that were received, and not put because the transfer ended before.
    pub not_started: usize,
    /// The number of messages that were moved, died again while the others were moved, and came
    /// back as dead letters. They stay where they came to. Only letters in envelopes tell where
    /// they come from; the others count as [`newer`](Self::newer).
    pub returned: usize,
    /// The number of other messages that were put into the queue after this began. They stay where
    /// they are.
    pub newer: usize,
    /// The messages that may be there twice, by the ids that they had in the source.
    pub doubtful: Vec<(MessageId, Doubt)>,
    /// The highest dequeue count of a message, this transfer included.
    pub highest_dequeue_count: u32,
    /// The number of messages that could not be given back to the source, and stay hidden until
    /// their lease ends.
    pub still_hidden: usize,
    /// The number of receives whose answer was lost. Each may have hidden up to 32 messages, which
    /// were not seen and come back when the lease ends.
    pub lost_answers: u32,
    /// Says that new dead letters ended the transfer.
    pub came_back: bool,
}

/// Why a message may be there twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// It was put, and its delete was not confirmed: it may be in both queues. A run with the same
    /// journal deletes it.
    PutNotDeleted,
    /// The answer to its put was lost: it is in the source, and may be in the destination too.
    PerhapsPut,
    /// The answer to its put was lost and it was put again: it may be in the destination twice.
    PutAgain,
}

impl Doubt {
    /// What is in doubt, in a few words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PutNotDeleted => "put, and perhaps still in the source",
            Self::PerhapsPut => "in the source, and perhaps put",
            Self::PutAgain => "put, perhaps twice",
        }
    }
}

impl TransferReport {
    /// The number of messages that were received and stay in the source without having failed.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.skipped + self.not_started + self.returned + self.newer
    }
}

impl fmt::Display for TransferReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} moved, {} skipped", self.moved, self.skipped)?;
        let twice = self.doubtful.iter().filter(|(_, doubt)| *doubt == Doubt::PutAgain).count();
        for (count, what) in [
            (self.failed - self.unknown.min(self.failed), "failed"),
            (self.perhaps_in_both, "perhaps in both queues"),
            (twice, "perhaps put twice"),
            (self.unknown, "perhaps put"),
            (self.returned, "returned"),
            (self.newer, "newer and left"),
            (self.not_started, "not reached"),
            (self.still_hidden, "hidden until their lease ends"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}

/// Why messages were not, or not all, moved, and what was done before that.
///
/// [`Debug`](fmt::Debug) shows the sentence with its causes, since that is what a `main` that returns
/// a `Result` prints.
pub struct TransferError {
    report: Box<TransferReport>,
    error: Error,
}

impl TransferError {
    pub(super) fn new(report: TransferReport, error: Error) -> Self {
        Self { report: Box::new(report), error }
    }

    /// What was done before the failure.
    #[must_use]
    pub const fn report(&self) -> &TransferReport {
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

impl fmt::Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the transfer ended early ({}): {}", self.report, self.error)
    }
}

impl fmt::Debug for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the transfer ended early ({})\n{:?}", self.report, self.error)
    }
}

impl StdError for TransferError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // The text of the error is a part of this one's.
        self.error.source()
    }
}
