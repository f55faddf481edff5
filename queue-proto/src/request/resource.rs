//! [`Resource`] and [`Location`]: what the path of a request names, and which copy of the data.

use bytes::Bytes;
use http::header::HOST;
use http::uri::Authority;

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
    /// The service of the account, `/`.
    Service,
    /// A queue, `/{queue}`.
    Queue(QueueName),
    /// The messages of a queue, `/{queue}/messages`.
    Messages(QueueName),
    /// One message, `/{queue}/messages/{id}`.
    Message(QueueName, MessageId),
}

/// The segment in front of the id of a message.
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
        (Some(host), Some(authority)) if is_at(host, authority, at.authority()) => {
            Ok((Location::Secondary, secondary))
        }
        _ => Ok((Location::Primary, primary)),
    }
}

/// Whether `host` of a request is that of the secondary: names of hosts have no case, and clients
/// name the usual port or not. Only where the two locations share a name do ports tell them apart.
fn is_at(host: &str, secondary: &Authority, primary: &Authority) -> bool {
    let (name, port) = host.split_at_checked(secondary.host().len()).unwrap_or_default();
    let named = name.eq_ignore_ascii_case(secondary.host());
    let same_name = secondary.host().eq_ignore_ascii_case(primary.host());
    named && if same_name { secondary == host } else { port.is_empty() || port.starts_with(':') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secondary_is_one_with_and_without_a_port() {
        let account = "contoso".parse().unwrap();
        let at = Endpoint::parse("http://contoso.queue.localhost", account).unwrap();
        for (host, location) in [
            ("contoso-secondary.queue.localhost", Location::Secondary),
            ("contoso-secondary.queue.localhost:80", Location::Secondary),
            ("contoso-secondary.queue.localhost:10001", Location::Secondary),
            ("Contoso-Secondary.Queue.LocalHost:80", Location::Secondary),
            ("contoso.queue.localhost:80", Location::Primary),
            ("contoso-secondary.queue.localhost.example", Location::Primary),
        ] {
            let behind = http::Request::get("/jobs").header(HOST, host).body(Bytes::new()).unwrap();
            assert_eq!(locate(&at, &behind).unwrap(), (location, "/jobs"), "{host}");
            let uri = format!("http://{host}/jobs");
            let within = http::Request::get(uri).body(Bytes::new()).unwrap();
            assert_eq!(locate(&at, &within).unwrap(), (location, "/jobs"), "{host}");
        }
        let at = at.with_secondary("http://contoso.queue.localhost:81").unwrap();
        for (port, location) in [("", Location::Primary), (":81", Location::Secondary)] {
            let host = format!("contoso.queue.localhost{port}");
            let request =
                http::Request::get("/jobs").header(HOST, &host).body(Bytes::new()).unwrap();
            assert_eq!(locate(&at, &request).unwrap(), (location, "/jobs"), "{host}");
        }
    }
}
