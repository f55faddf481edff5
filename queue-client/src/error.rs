//! [`Error`]: a call that failed, what made it fail and what it did to the message.

mod advice;
mod foreign;
mod setup;
mod stripes;

use std::{error::Error as StdError, fmt};

use queue_auth::AuthError;
use queue_proto::{
    DecodeError, ErrorCode, InvalidText, OperationKind, ServiceError, codec::CodecError,
};

pub use self::{foreign::ForeignAnswer, setup::SetupError, stripes::InvalidStripes};
use crate::{clock::ClockSkew, failure::OpFailure, transport::TransportError};

/// A call that failed.
///
/// It says [what happened to the message](Self::failure), [how often](Self::attempts) the call was
/// tried, and in [`Display`](fmt::Display) what to do about it. No secret is in it: no key, no
/// signature, no pop receipt, no URL with its query.
///
/// [`Debug`] shows the sentence with its causes and the facts, since that is what a `main` that
/// returns a `Result` prints; `{:#?}` shows the fields.
pub struct Error {
    // Boxed so that every `Result` of the client stays small.
    inner: Box<Inner>,
}

struct Inner {
    cause: Cause,
    operation: OperationKind,
    failure: OpFailure,
    attempts: u32,
    place: Place,
    clock_skew: Option<ClockSkew>,
}

/// The place that the call went to, as far as an error message should name it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) endpoint: String,
    pub(crate) account: String,
    pub(crate) queue: Option<String>,
}

/// The cause of a failed call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// An argument is outside what the service allows. Nothing was sent. The value is mostly an
    /// [`InvalidValue`](queue_proto::InvalidValue) (a number or a time), an [`InvalidText`], or a
    /// [`CodecError`]; [`Error::is_message_too_large`] tells the most frequent case.
    InvalidArgument(Box<dyn StdError + Send + Sync>),
    /// The request could not be authorized. Nothing was sent.
    Authorization(AuthError),
    /// The credential must not travel over plain http. Nothing was sent.
    InsecureEndpoint,
    /// The call goes to the secondary, and it is not known where that is. Nothing was sent.
    NoSecondary,
    /// The service answered with an error.
    Service(Box<ServiceError>),
    /// There is no complete answer.
    Transport(TransportError),
    /// The service answered, but its answer cannot be read.
    Answer(DecodeError),
    /// Something else answered in place of the service: a proxy, a firewall, a login page.
    NotTheService(Box<ForeignAnswer>),
    /// A body that does not fit into a message could not be stored elsewhere. Nothing was sent.
    BodyStore(Box<dyn StdError + Send + Sync>),
    /// The value could not be encrypted: its key is missing, or could not be reached. Nothing was
    /// sent.
    Encryption(Box<dyn StdError + Send + Sync>),
}

impl Error {
    pub(crate) fn new(
        cause: Cause,
        operation: OperationKind,
        failure: OpFailure,
        attempts: u32,
        place: Place,
    ) -> Self {
        Self {
            inner: Box::new(Inner { cause, operation, failure, attempts, place, clock_skew: None }),
        }
    }

    pub(crate) fn with_clock_skew(mut self, skew: Option<ClockSkew>) -> Self {
        self.inner.clock_skew = skew;
        self
    }

    /// The cause of the failure of the last attempt.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.inner.cause
    }

    /// The effect of the call on the message or queue, all its attempts taken together.
    #[must_use]
    pub fn failure(&self) -> &OpFailure {
        &self.inner.failure
    }

    /// The operation that failed.
    #[must_use]
    pub fn operation(&self) -> OperationKind {
        self.inner.operation
    }

    /// The number of requests that were sent, or tried to be sent; 0 when the call ended before the
    /// first.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// The error code of the service, if it answered with one.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        self.service_error().map(ServiceError::code)
    }

    /// The error answer of the service, if there is one.
    #[must_use]
    pub fn service_error(&self) -> Option<&ServiceError> {
        match &self.inner.cause {
            Cause::Service(error) => Some(error),
            _ => None,
        }
    }

    /// The `x-ms-request-id` of the last answer, for a support request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.service_error().and_then(ServiceError::request_id)
    }

    /// The distance of this machine's clock from the service's, when the service refused a
    /// signature and the distance may be why.
    #[must_use]
    pub fn clock_skew(&self) -> Option<ClockSkew> {
        self.inner.clock_skew
    }

    /// The name of the queue that the call went to, if it went to one.
    #[must_use]
    pub fn queue(&self) -> Option<&str> {
        self.inner.place.queue.as_deref()
    }

    /// The name of the account that the call went to.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.inner.place.account
    }

    /// Says whether the queue does not exist.
    #[must_use]
    pub fn is_queue_not_found(&self) -> bool {
        self.code() == Some(&ErrorCode::QueueNotFound)
    }

    /// Says whether the message belongs to another receiver by now, or is gone: the service answered
    /// `PopReceiptMismatch` or `MessageNotFound`.
    #[must_use]
    pub fn is_not_owner(&self) -> bool {
        self.inner.failure == OpFailure::NotOwner
    }

    /// Says whether the text of the message has more than 64 KiB, as it is after its codec. Mostly
    /// that is known before anything is sent.
    #[must_use]
    pub fn is_message_too_large(&self) -> bool {
        match &self.inner.cause {
            Cause::InvalidArgument(error) => {
                matches!(error.downcast_ref(), Some(InvalidText::TooLarge { .. }))
                    || matches!(error.downcast_ref(), Some(CodecError::TooLarge { .. }))
            }
            Cause::Service(error) => {
                matches!(error.code(), ErrorCode::RequestBodyTooLarge | ErrorCode::MessageTooLarge)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Cause {
    /// For logs: what happened, without advice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidArgument(error) => error.fmt(f),
            Self::Authorization(error) => error.fmt(f),
            Self::InsecureEndpoint => f.write_str("the credential needs https"),
            Self::NoSecondary => f.write_str("the secondary is not known"),
            Self::Service(error) => error.fmt(f),
            Self::Transport(error) => error.fmt(f),
            Self::Answer(error) => error.fmt(f),
            Self::NotTheService(answer) => write!(f, "not the service's answer: {answer}"),
            Self::BodyStore(error) | Self::Encryption(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.inner;
        if f.alternate() {
            let Inner { cause, operation, failure, attempts, place, clock_skew } = inner;
            return f
                .debug_struct("Error")
                .field("cause", cause)
                .field("operation", operation)
                .field("failure", failure)
                .field("attempts", attempts)
                .field("place", place)
                .field("clock_skew", clock_skew)
                .finish();
        }
        write!(f, "{self}")?;
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, "\n  because {cause}")?;
            source = cause.source();
        }
        let Inner { operation, attempts, failure, .. } = inner;
        write!(f, "\n  ({}, attempts: {attempts}, {failure:?}", operation.name())?;
        if let Some(id) = self.request_id() {
            write!(f, ", request id: {id}")?;
        }
        f.write_str(")")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.inner.cause {
            // The sentence is the cause's own text: showing it again would say it twice.
            Cause::InvalidArgument(error) => error.source(),
            // The sentence shows all that is known.
            Cause::InsecureEndpoint | Cause::NoSecondary | Cause::NotTheService(_) => None,
            Cause::Authorization(error) => Some(error),
            Cause::Service(error) => Some(&**error),
            Cause::Transport(error) => Some(error),
            Cause::Answer(error) => Some(error),
            Cause::BodyStore(error) | Cause::Encryption(error) => Some(&**error),
        }
    }
}
