//! What the path of a request names.

use bytes::Bytes;
use http::header::HOST;

use crate::endpoint::Endpoint;
use crate::error::{ErrorCode, ServiceError};
use crate::header;
use crate::message::MessageId;
use crate::name::{NameRule, QueueName};
use crate::query;

/// The copy of the data that a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service has these two")]
pub enum Location {
    /// The primary, which takes every operation but Get Queue Service Stats.
    Primary,
    /// The secondary, which is read only.
    Secondary,
}

/// The resource that the path of a request names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service has these four")]
pub enum Resource {
    /// `/`: the service of the account.
    Service,
    /// `/{queue}`.
    Queue(QueueName),
    /// `/{queue}/messages`.
    Messages(QueueName),
    /// `/{queue}/messages/{id}`.
    Message(QueueName, MessageId),
}

/// What stands in front of the id of a message.
pub(crate) const MESSAGES: &str = "messages";

impl Resource {
    /// Reads a path without the prefix of path style.
    pub(crate) fn parse(path: &str) -> Result<Self, ServiceError> {
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.is_empty() {
            return Ok(Self::Service);
        }
        let invalid = || ServiceError::new(ErrorCode::InvalidUri);
        let mut segments =
            path.splitn(4, '/').map(|segment| query::decode(segment).ok_or_else(invalid));
        let queue = match segments.next() {
            Some(segment) => read_queue(&segment?)?,
            None => return Ok(Self::Service),
        };
        match segments.next().transpose()?.as_deref() {
            None => return Ok(Self::Queue(queue)),
            Some(MESSAGES) => {}
            Some(_) => return Err(invalid()),
        }
        match segments.next().transpose()? {
            None => Ok(Self::Messages(queue)),
            Some(id) if segments.next().is_none() => {
                MessageId::new(id).map(|id| Self::Message(queue, id)).map_err(|_| invalid())
            }
            Some(_) => Err(invalid()),
        }
    }
}

fn read_queue(name: &str) -> Result<QueueName, ServiceError> {
    QueueName::new(name).map_err(|error| match error.rule() {
        NameRule::TooShort(_) | NameRule::TooLong(_) => ErrorCode::OutOfRangeInput.into(),
        _ => ErrorCode::InvalidResourceName.into(),
    })
}

/// Finds out which location a request goes to, and the path behind the account.
pub(crate) fn locate<'a>(
    at: &Endpoint,
    request: &'a http::Request<Bytes>,
) -> Result<(Location, &'a str), ServiceError> {
    let path = request.uri().path();
    let behind = |prefix: &str| {
        path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let primary = behind(at.path_prefix());
    let secondary = at.secondary_path_prefix().and_then(behind);
    let (primary, secondary) = match (primary, secondary) {
        (Some(primary), Some(secondary)) => (primary, secondary),
        (Some(rest), None) => return Ok((Location::Primary, rest)),
        (None, Some(rest)) => return Ok((Location::Secondary, rest)),
        (None, None) => return Err(ErrorCode::ResourceNotFound.into()),
    };
    // The paths do not tell the locations apart, so the hosts do.
    let host = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => header::text(request.headers(), &HOST),
    };
    match (host, at.secondary_authority()) {
        (Some(host), Some(authority)) if authority == host => Ok((Location::Secondary, secondary)),
        _ => Ok((Location::Primary, primary)),
    }
}
