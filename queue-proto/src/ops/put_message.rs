//! [`PutMessage`] and its response, by the page "Put Message" of the REST reference.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::error::refusal::invalid_query;
use crate::error::{DecodeError, InvalidValue, ServiceError};
use crate::kind::OperationKind;
use crate::message::MessageText;
use crate::message::stored::SentMessage;
use crate::name::QueueName;
use crate::numbers::{LifeSeconds, TimeToLive, VisibilityTimeout};
use crate::operation::{Operation, OperationResponse};
use crate::request::{IncomingRequest, RequestWriter};
use crate::response::{ResponseWriter, expect_status};
use crate::version::ServiceVersion;
use crate::xml::messages;

/// Put Message, `POST /{queue}/messages`, adds a message to a queue.
///
/// The visibility timeout must be smaller than the time to live. A server that reads a request that
/// breaks this rule gets the refusal.
///
/// # Errors of the service
///
/// - 404 `QueueNotFound`: the queue does not exist.
/// - 413 `RequestBodyTooLarge`: the text has more than 64 KiB, which [`MessageText`] prevents.
/// - 400 `InvalidQueryParameterValue`: the message would be hidden for as long as it lives.
/// - 400 `InvalidXmlDocument`: the text has a character that XML cannot carry, which [`MessageText`]
///   prevents.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutMessage {
    /// The queue to add the message to.
    pub queue: QueueName,
    /// The text of the message.
    pub text: MessageText,
    /// The time for which the message stays invisible at first. Default: 0, visible at once.
    pub visibility_timeout: Option<VisibilityTimeout>,
    /// The time after which the service removes the message. Default: 7 days.
    pub time_to_live: Option<TimeToLive>,
}

/// The answer to [`PutMessage`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutMessageResponse {
    /// The message as the service stored it.
    pub message: SentMessage,
}

impl PutMessage {
    /// Puts a message with `text` into `queue`.
    #[must_use]
    pub fn new(queue: QueueName, text: MessageText) -> Self {
        Self { queue, text, visibility_timeout: None, time_to_live: None }
    }

    /// Sets the time for which the message stays invisible at first.
    #[must_use]
    pub fn visibility_timeout(mut self, timeout: impl Into<Option<VisibilityTimeout>>) -> Self {
        self.visibility_timeout = timeout.into();
        self
    }

    /// Sets the time after which the service removes the message.
    #[must_use]
    pub fn time_to_live(mut self, time_to_live: impl Into<Option<TimeToLive>>) -> Self {
        self.time_to_live = time_to_live.into();
        self
    }

    /// Checks that the message is hidden for less time than it lives.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] when the service would refuse the request for that.
    pub fn check_hiding(&self) -> Result<(), InvalidValue> {
        let timeout = self.visibility_timeout.unwrap_or(VisibilityTimeout::ZERO);
        self.time_to_live.unwrap_or_default().check_hiding(timeout)
    }
}

impl PutMessageResponse {
    /// The answer with this message.
    #[must_use]
    pub fn new(message: SentMessage) -> Self {
        Self { message }
    }
}

impl Operation for PutMessage {
    const KIND: OperationKind = OperationKind::PutMessage;
    type Response = PutMessageResponse;

    fn write(&self, out: &mut RequestWriter<'_>) {
        out.messages(&self.queue);
        out.query_if("visibilitytimeout", self.visibility_timeout);
        out.query_if("messagettl", self.time_to_live);
        out.xml(messages::write_text(&self.text));
    }

    fn read(request: &IncomingRequest<'_>) -> Result<Self, ServiceError> {
        let time_to_live = read_time_to_live(request)?;
        let visibility_timeout = request
            .query_number("visibilitytimeout", VisibilityTimeout::RANGE)?
            .and_then(|seconds| VisibilityTimeout::from_secs(seconds.into()).ok());
        if let Some(hidden) = visibility_timeout
            && time_to_live.unwrap_or_default().check_hiding(hidden).is_err()
        {
            return Err(invalid_query("visibilitytimeout", &hidden.to_string())
                .with_detail("Reason", "messagettl must be greater than visibilitytimeout"));
        }
        Ok(Self {
            queue: request.queue()?,
            text: messages::read_text(request.body())?,
            visibility_timeout,
            time_to_live,
        })
    }
}

const TOO_SHORT: &str =
    "Value must be greater than or equal to 1, or -1 to indicate an infinite TTL.";

/// Services before version 2017-07-29 take at most seven days and no `-1`; later ones any positive
/// number, of which those above 68 years are read as the longest finite life.
fn read_time_to_live(request: &IncomingRequest<'_>) -> Result<Option<TimeToLive>, ServiceError> {
    const NAME: &str = "messagettl";
    let limited = request.version().is_some_and(|version| version < UNLIMITED_LIFE);
    let (min, max) = LifeSeconds::RANGE;
    let max = if limited { VisibilityTimeout::MAX.as_secs() } else { max };
    if !limited && request.query(NAME)?.as_deref() == Some("-1") {
        return Ok(Some(TimeToLive::Never));
    }
    if !limited && let Some(text) = request.query(NAME)? {
        if exceeds(&text, max) {
            return Ok(TimeToLive::from_secs(max.into()).ok());
        }
        if text.parse().is_ok_and(|number: i64| number < 1) {
            return Err(invalid_query(NAME, &text).with_detail("Reason", TOO_SHORT));
        }
    }
    let seconds = request.query_number(NAME, (min, max))?;
    Ok(seconds.and_then(|seconds| TimeToLive::from_secs(seconds.into()).ok()))
}

/// Whether `text` is a number above `max` and not beyond all measure.
fn exceeds(text: &str, max: u32) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse().is_ok_and(|number: u64| number > max.into())
}

/// Since this version the answer has a body.
const WITH_BODY: ServiceVersion = ServiceVersion::known(2016, 5, 31);

/// Since this version a message may live for any time, or for ever.
const UNLIMITED_LIFE: ServiceVersion = ServiceVersion::known(2017, 7, 29);

impl OperationResponse for PutMessageResponse {
    fn read(status: StatusCode, _headers: &HeaderMap, body: &Bytes) -> Result<Self, DecodeError> {
        // The example of the reference page has 200; the service sends 201.
        expect_status(status, &[StatusCode::CREATED, StatusCode::OK])?;
        Ok(Self { message: messages::read_sent(body)? })
    }

    fn write(&self, out: &mut ResponseWriter) {
        out.status(StatusCode::CREATED);
        if out.version() >= WITH_BODY {
            out.xml(messages::write_sent(&self.message));
        }
    }
}
