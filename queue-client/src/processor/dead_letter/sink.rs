//! [`DeadLetterSink`]: what stores dead letters, for whoever stores them elsewhere than in a queue.

use std::{error::Error as StdError, fmt};

use queue_auth::BoxFuture;

use crate::{
    error::Error,
    failure::{OpFailure, Refusal},
    processor::{envelope::letter::DeadLetter, explanation::BoxError},
};

/// What stores dead letters.
pub trait DeadLetterSink: fmt::Debug + Send + Sync + 'static {
    /// Stores a letter. The message is deleted from its queue after this returns `Ok`, so a sink must
    /// return that only when the letter is durable. A letter may come twice.
    fn store(&self, letter: DeadLetter) -> BoxFuture<'_, Result<(), SinkError>>;
}

/// Why a dead letter was not stored.
#[derive(Debug)]
pub struct SinkError {
    failure: OpFailure,
    source: BoxError,
}

impl SinkError {
    /// An error after which trying again may help. The letter is stored again for a minute, or for the
    /// lease if that is longer.
    pub fn transient(source: impl Into<BoxError>) -> Self {
        Self { failure: OpFailure::Ambiguous, source: source.into() }
    }

    /// An error after which trying again cannot help: the message stays in its queue.
    pub fn permanent(source: impl Into<BoxError>) -> Self {
        let failure = OpFailure::Refused { kind: Refusal::Invalid, retry_after: None };
        Self { failure, source: source.into() }
    }

    pub(in crate::processor) fn may_be_stored(&self) -> bool {
        self.failure.may_be_applied()
    }

    pub(in crate::processor) fn into_failure(self) -> OpFailure {
        self.failure
    }
}

impl From<Error> for SinkError {
    fn from(error: Error) -> Self {
        Self { failure: error.failure().clone(), source: error.into() }
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the dead letter was not stored")
    }
}

impl StdError for SinkError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
