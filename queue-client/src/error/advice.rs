//! The sentence that an [`Error`] shows: what happened, and what to do about it.

use std::{
    error::Error as StdError,
    fmt::{Formatter, Result},
    time::Duration,
};

use http::StatusCode;
use queue_proto::{ErrorCode, Idempotence, OperationKind, ServiceError};

use crate::{
    clock::ClockSkew,
    error::{Cause, Error, Place},
    transport::{TransportError, TransportErrorKind},
};

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let inner = &*self.inner;
        sentence(f, &inner.cause, inner.operation, &inner.place, inner.clock_skew)?;
        if inner.attempts > 1 {
            write!(f, " (tried {} times)", inner.attempts)?;
        }
        let changes_nothing = inner.operation.idempotence() == Idempotence::Safe;
        if inner.failure.may_be_applied() && !changes_nothing {
            write!(f, "; {}", inner.failure)?;
        }
        Ok(())
    }
}

impl Error {
    /// The narrowest of the built-in roles that allows the operation ("Authorize access to queues
    /// using Microsoft Entra ID").
    #[must_use]
    pub fn role(&self) -> &'static str {
        role(self.inner.operation)
    }
}

fn sentence(
    f: &mut Formatter<'_>,
    cause: &Cause,
    operation: OperationKind,
    place: &Place,
    skew: Option<ClockSkew>,
) -> Result {
    match cause {
        Cause::InvalidArgument(error) => write!(f, "{error}"),
        Cause::Authorization(error) => {
            write!(f, "{} could not be authorized: {error}", operation.name())?;
            if let Some(root) = root(error) {
                write!(f, " ({root})")?;
            }
            f.write_str("; check the credential, and the way to who issues it")
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
        Cause::Transport(error) => transport(f, error, operation, place),
        Cause::Answer(error) => write!(
            f,
            "{} got an answer from {} that cannot be read: {error}",
            operation.name(),
            place.endpoint
        ),
        Cause::NotTheService(answer) => {
            write!(
                f,
                "{} got an answer that is not the queue service's ({answer}): check that {} is its \
                 address",
                operation.name(),
                place.endpoint
            )?;
            match answer.status() {
                StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                    f.write_str(", and give the proxy a user name and a password")
                }
                _ => f.write_str(", and that no proxy, firewall or login page stands between"),
            }
        }
        Cause::BodyStore(_) => write!(
            f,
            "the body is too large for a message, and the store for such bodies did not take it"
        ),
        Cause::Encryption(error) => write!(f, "the message was not encrypted, nor sent: {error}"),
    }
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
                 shared access signature belongs to this account and is current; a signature for \
                 one queue is good for no other, and ends when its stored access policy is changed \
                 or removed",
                operation.name()
            ),
        },
        ErrorCode::InvalidAuthenticationInfo => write!(
            f,
            "account \"{account}\" refused the credential of {}: check that the token is current, \
             is for storage (audience https://storage.azure.com) and comes from the tenant of the \
             account",
            operation.name()
        ),
        ErrorCode::AuthorizationFailure => write!(
            f,
            "account \"{account}\" does not let this machine or this credential do {}: check the \
             network rules of the account; a signature for one queue is for its messages alone",
            operation.name()
        ),
        ErrorCode::ServerBusy => {
            write!(f, "the service is too busy for {} on ", operation.name())?;
            queue(f, place)?;
            write!(
                f,
                " of account \"{account}\": send less, or spread it over more queues or accounts"
            )
        }
        ErrorCode::NoAuthenticationInformation => write!(
            f,
            "account \"{account}\" wants a credential for {}: use an account key, a shared access \
             signature or a token",
            operation.name()
        ),
        ErrorCode::AuthorizationPermissionMismatch => write!(
            f,
            "account \"{account}\" does not allow {} with this credential: a shared access \
             signature needs the permission for it (sp), and an identity the role \"{}\"; a new \
             role takes minutes to act",
            operation.name(),
            role(operation)
        ),
        ErrorCode::KeyBasedAuthenticationNotPermitted => write!(
            f,
            "account \"{account}\" takes no account key, nor signatures made with one, for {}: sign \
             in with Microsoft Entra ID and the role \"{}\" (feature \"azure-identity\" or \
             \"oauth2\"); a user delegation SAS works too",
            operation.name(),
            role(operation)
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
            match (error.status().as_u16(), code) {
                (200, _) => Ok(()),
                (status, ErrorCode::Absent) => write!(f, " (status {status})"),
                (status, code) => write!(f, " ({code}, status {status})"),
            }
        }
    }
}

/// The narrowest of the built-in roles that allows an operation ("Authorize access to queues using
/// Microsoft Entra ID").
const fn role(operation: OperationKind) -> &'static str {
    match operation {
        OperationKind::PutMessage => "Storage Queue Data Message Sender",
        OperationKind::GetMessages | OperationKind::DeleteMessage => {
            "Storage Queue Data Message Processor"
        }
        OperationKind::PeekMessages
        | OperationKind::ListQueues
        | OperationKind::GetQueueMetadata => "Storage Queue Data Reader",
        OperationKind::GetUserDelegationKey => "Storage Queue Delegator",
        OperationKind::GetServiceProperties
        | OperationKind::SetServiceProperties
        | OperationKind::GetServiceStats => "Storage Account Contributor",
        _ => "Storage Queue Data Contributor",
    }
}

fn transport(
    f: &mut Formatter<'_>,
    error: &TransportError,
    operation: OperationKind,
    Place { endpoint, .. }: &Place,
) -> Result {
    match (error.kind(), error.proxy()) {
        (TransportErrorKind::Connect, proxy) => {
            write!(f, "no connection to {endpoint}")?;
            if let Some(proxy) = proxy {
                write!(f, " by the proxy {proxy}")?;
            }
            f.write_str(": ")?;
            let root = root(error);
            if let Some(root) = &root {
                write!(f, "{root}; ")?;
            }
            // Each TLS library says so in words of its own.
            let untrusted = root.is_some_and(|root| root.contains("certificate"));
            return f.write_str(match (untrusted, proxy) {
                (true, _) => {
                    "check the address and the certificate; HttpOptions::trust takes an issuer of \
                     your own"
                }
                (false, None) => "check the address and that the service is running there",
                (false, Some(_)) => {
                    "check that the proxy is running and lets requests through, or name the host \
                     in NO_PROXY"
                }
            });
        }
        (TransportErrorKind::NotSent, _) => {
            write!(f, "{} could not be sent to {endpoint}", operation.name())
        }
        (TransportErrorKind::Timeout, _) => {
            write!(f, "{endpoint} did not answer {} in time", operation.name())
        }
        (TransportErrorKind::ClosedBeforeAnswer | TransportErrorKind::Interrupted, _) => {
            write!(f, "the connection to {endpoint} broke during {}", operation.name())
        }
        (TransportErrorKind::TooLarge, _) => write!(
            f,
            "{endpoint} answered {} with more bytes than the service ever sends",
            operation.name()
        ),
    }?;
    match error.proxy() {
        Some(proxy) => write!(f, " (by the proxy {proxy})"),
        None => Ok(()),
    }
}

/// What is at the bottom of an error, where a TLS library or the operating system says what it met.
fn root(error: &dyn StdError) -> Option<String> {
    let mut deepest = error.source()?;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    Some(deepest.to_string())
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
