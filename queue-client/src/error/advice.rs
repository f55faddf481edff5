//! The sentence that an error shows: what happened, and what to do about it.

use std::{
    fmt::{Formatter, Result},
    time::Duration,
};

use http::StatusCode;
use queue_proto::{DecodeError, DecodeProblem, ErrorCode, OperationKind, ServiceError};

use crate::{
    error::{Cause, Place},
    execute::ClockSkew,
    transport::TransportErrorKind,
};

pub(crate) fn sentence(
    f: &mut Formatter<'_>,
    cause: &Cause,
    operation: OperationKind,
    place: &Place,
    skew: Option<ClockSkew>,
) -> Result {
    match cause {
        Cause::InvalidArgument(error) => write!(f, "{error}"),
        Cause::Authorization(_) => {
            write!(f, "{} could not be authorized: check the credential", operation.name())
        }
        Cause::InsecureEndpoint => write!(
            f,
            "{} would send its credential in clear text: use https instead of {}",
            operation.name(),
            place.endpoint
        ),
        Cause::NoSecondary => write!(
            f,
            "{} reads from the secondary, and it is not known where that is for {}: state it with \
             Endpoint::with_secondary",
            operation.name(),
            place.endpoint
        ),
        Cause::Service(error) => service(f, error, operation, place, skew),
        Cause::Transport(error) => transport(f, error.kind(), operation, place),
        Cause::Answer(error) => answer(f, error, operation, place),
        Cause::BodyStore(_) => write!(
            f,
            "the body is too large for a message, and the store for such bodies did not take it"
        ),
    }
}

fn answer(
    f: &mut Formatter<'_>,
    error: &DecodeError,
    operation: OperationKind,
    place: &Place,
) -> Result {
    write!(f, "{} got an answer ", operation.name())?;
    match error.problem() {
        // Everything else was read, so that the service or one like it has written the answer.
        DecodeProblem::Element { name, .. } => write!(f, "whose element <{name}> cannot be read")?,
        _ => f.write_str("that is not from the queue service")?,
    }
    write!(
        f,
        ": check that {} is the address of the queue service, and that no proxy stands between",
        place.endpoint
    )
}

fn service(
    f: &mut Formatter<'_>,
    error: &ServiceError,
    operation: OperationKind,
    place: &Place,
    skew: Option<ClockSkew>,
) -> Result {
    let Place { account, endpoint, .. } = place;
    match error.code() {
        ErrorCode::QueueNotFound => {
            queue(f, place)?;
            write!(f, " does not exist in account \"{account}\": create it with create()")
        }
        ErrorCode::QueueAlreadyExists => {
            queue(f, place)?;
            write!(f, " exists already with other metadata in account \"{account}\"")
        }
        ErrorCode::QueueBeingDeleted => {
            queue(f, place)?;
            f.write_str(" was deleted a moment ago: it can be created again after some 40 seconds")
        }
        ErrorCode::MessageNotFound | ErrorCode::PopReceiptMismatch => write!(
            f,
            "{} came too late: another receiver has the message by now, or it was deleted or \
             expired; receive with a longer visibility timeout, or update it in time",
            operation.name()
        ),
        ErrorCode::AuthenticationFailed => match skew {
            Some(skew) => {
                let direction = match skew {
                    ClockSkew::Behind(_) => "behind",
                    ClockSkew::Ahead(_) => "ahead of",
                };
                f.write_str("the signature was refused because this machine's clock is ")?;
                duration(f, skew.distance())?;
                write!(f, " {direction} the service's: set the clock")
            }
            None => write!(
                f,
                "account \"{account}\" refused the signature of {}: check that the key or the \
                 shared access signature belongs to this account and is current",
                operation.name()
            ),
        },
        ErrorCode::NoAuthenticationInformation => write!(
            f,
            "account \"{account}\" wants a credential for {}: use an account key, a shared access \
             signature or a token",
            operation.name()
        ),
        ErrorCode::AuthorizationPermissionMismatch => write!(
            f,
            "account \"{account}\" does not allow {} with this credential: grant the permission \
             or the role; a new role takes minutes to act",
            operation.name()
        ),
        ErrorCode::RequestBodyTooLarge | ErrorCode::MessageTooLarge => {
            f.write_str("the message is larger than the service takes: 65,536 bytes of text")
        }
        ErrorCode::InvalidHeaderValue if error.detail("HeaderName") == Some("x-ms-version") => {
            write!(
                f,
                "{endpoint} does not know the version of the protocol that was asked for: with \
             Azurite, start it with --skipApiVersionCheck"
            )
        }
        code => {
            write!(f, "{} failed: ", operation.name())?;
            match error.message().lines().next().filter(|line| !line.is_empty()) {
                Some(line) => f.write_str(line)?,
                None => f.write_str("the service gave no reason")?,
            }
            match error.status() {
                StatusCode::OK => Ok(()),
                status => write!(f, " ({code}, status {})", status.as_u16()),
            }
        }
    }
}

fn transport(
    f: &mut Formatter<'_>,
    kind: TransportErrorKind,
    operation: OperationKind,
    Place { endpoint, .. }: &Place,
) -> Result {
    match kind {
        TransportErrorKind::NotSent => {
            write!(f, "{} could not be sent to {endpoint}", operation.name())
        }
        TransportErrorKind::Connect => write!(
            f,
            "no connection to {endpoint}: check the address and that the service is running there"
        ),
        TransportErrorKind::Timeout => {
            write!(f, "{endpoint} did not answer {} in time", operation.name())
        }
        TransportErrorKind::ClosedBeforeAnswer | TransportErrorKind::Interrupted => {
            write!(f, "the connection to {endpoint} broke during {}", operation.name())
        }
        TransportErrorKind::TooLarge => write!(
            f,
            "{endpoint} answered {} with more bytes than the service ever sends",
            operation.name()
        ),
    }
}

fn queue(f: &mut Formatter<'_>, place: &Place) -> Result {
    match &place.queue {
        Some(name) => write!(f, "queue \"{name}\""),
        None => f.write_str("the queue"),
    }
}

/// The two largest units are enough for a reader.
fn duration(f: &mut Formatter<'_>, duration: Duration) -> Result {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => write!(f, "{seconds} s"),
        (0, 0, minutes) => write!(f, "{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => write!(f, "{hours} h {minutes} min"),
        (days, hours, _) => write!(f, "{days} d {hours} h"),
    }
}
