//! What a transfer refuses, as the causes of an [`Error`]: [`SameQueue`] and [`JournalFailed`].

use std::{error::Error as StdError, fmt, io};

use queue_proto::OperationKind;

use crate::{
    error::{Cause, Error},
    execute::shared::Target,
    failure::OpFailure,
};

/// The source and the destination are one queue.
#[derive(Debug)]
pub(super) struct SameQueue;

/// The journal could not be read or written.
#[derive(Debug)]
pub(super) struct JournalFailed(pub(super) io::Error);

impl fmt::Display for SameQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("messages cannot be moved from a queue to itself: name another destination")
    }
}

impl fmt::Display for JournalFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the journal cannot be used: {}", self.0)
    }
}

impl StdError for SameQueue {}
impl StdError for JournalFailed {}

/// An error of ours, before anything was sent.
pub(super) fn refuse(
    cause: impl StdError + Send + Sync + 'static,
    operation: OperationKind,
    queue: &Target,
) -> Error {
    let place = queue.shared.place(Some(&queue.name));
    Error::new(Cause::InvalidArgument(Box::new(cause)), operation, OpFailure::NotSent, 0, place)
}
