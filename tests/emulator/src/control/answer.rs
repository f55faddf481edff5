//! Requests and answers of the control interface: [`Ask`], [`Failure`], and JSON.

use std::str::FromStr;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use queue_proto::{AccountName, ErrorCode, MessageId, QueueName, ServiceError};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::emulator::Emulator;
use crate::settle::Unsettled;
use crate::steer::Hand;
use crate::wire::read_message_id;

/// The most bytes of a request: a dump of messages is the largest.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// A request of the control interface.
pub(super) struct Ask<'a> {
    pub(super) emulator: &'a Emulator,
    pub(super) service_url: &'a str,
    /// The parts of the path that its pattern leaves open.
    pub(super) path: Vec<String>,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Bytes,
}

/// The reason why a request of the control interface was refused.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    message: String,
    allow: Option<String>,
}

impl Failure {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), allow: None }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn missing(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// The path is there, but not with this method.
    pub(super) fn method(allow: String) -> Self {
        let message = format!("the path takes {allow}");
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, message) }
    }

    pub(super) fn response(self) -> Response<Bytes> {
        let mut response = json(&json!({ "error": self.message }));
        *response.status_mut() = self.status;
        if let Some(allow) = self.allow.and_then(|allow| HeaderValue::try_from(allow).ok()) {
            response.headers_mut().insert(ALLOW, allow);
        }
        response
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let message = match error.code() {
            ErrorCode::QueueNotFound => "there is no such queue".to_owned(),
            ErrorCode::MessageNotFound => "there is no such message".to_owned(),
            ErrorCode::QueueAlreadyExists => "the queue is there with other metadata".to_owned(),
            ErrorCode::QueueBeingDeleted => {
                "the queue was deleted, and its name is not free yet".to_owned()
            }
            code => match error.details().find(|(name, _)| *name == "Reason") {
                Some((_, reason)) => format!("{code}: {reason}"),
                None => code.to_string(),
            },
        };
        Self::new(error.status(), message)
    }
}

/// Reads the body of a request.
pub(crate) async fn read_body(body: Incoming) -> Result<Bytes, Failure> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(_) => Err(Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is larger than 32 MiB, or did not come to its end",
        )),
    }
}

impl Ask<'_> {
    /// The value of a parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.split('&').find_map(|pair| {
            let (found, value) = pair.split_once('=').unwrap_or((pair, ""));
            (found == name).then_some(value)
        })
    }

    pub(super) fn number<T: FromStr>(&self, name: &str, default: T) -> Result<T, Failure> {
        match self.parameter(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| Failure::bad(format!("the parameter {name} must be a whole number"))),
        }
    }

    /// The account that the request is about: the first, unless it names one.
    pub(super) fn account(&self) -> Result<AccountName, Failure> {
        let accounts = self.emulator.accounts().iter().map(crate::account::Account::name);
        match self.parameter("account") {
            None => Ok(self.emulator.account().name().clone()),
            Some(wanted) => accounts
                .into_iter()
                .find(|name| name.as_str() == wanted)
                .cloned()
                .ok_or_else(|| Failure::missing("there is no such account")),
        }
    }

    /// The queue in the path.
    pub(super) fn queue(&self) -> Result<QueueName, Failure> {
        queue_name(self.path.first().map_or("", String::as_str))
    }

    /// The message in the path.
    pub(super) fn message(&self) -> Result<Uuid, Failure> {
        let text = self.path.get(1).map_or("", String::as_str);
        let id = MessageId::new(text).ok().and_then(|id| read_message_id(&id));
        id.ok_or_else(|| Failure::bad("the id of a message is a GUID"))
    }

    pub(super) fn text(&self) -> Result<&str, Failure> {
        std::str::from_utf8(&self.body).map_err(|_| Failure::bad("the body is not UTF-8"))
    }

    /// The body as an object of JSON, with these fields and no others; an empty body is an empty
    /// object.
    pub(super) fn object(&self, fields: &[&str]) -> Result<Value, Failure> {
        if self.body.is_empty() {
            return Ok(json!({}));
        }
        let value: Value = serde_json::from_slice(&self.body)
            .map_err(|error| Failure::bad(format!("the body is not JSON: {error}")))?;
        let object =
            value.as_object().ok_or_else(|| Failure::bad("the body is not an object of JSON"))?;
        match object.keys().find(|name| !fields.contains(&name.as_str())) {
            None => Ok(value),
            Some(name) => {
                let (name, known) = (super::show::short(name), fields.join(", "));
                Err(Failure::bad(format!("the field {name:?} is not known: there are {known}")))
            }
        }
    }

    /// Does something to the account by hand, and waits until it is stored.
    pub(super) async fn by_hand<T>(
        &self,
        work: impl FnOnce(&mut Hand<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, Failure> {
        let account = self.account()?;
        let (done, unsettled) = self
            .emulator
            .by_hand(&account, work)
            .ok_or_else(|| Failure::missing("there is no such account"))?;
        self.settle(unsettled).await?;
        Ok(done?)
    }

    /// Waits until what was done is stored.
    pub(super) async fn settle(&self, unsettled: Unsettled) -> Result<(), Failure> {
        let mut response = Response::new(Bytes::new());
        unsettled.mark(&mut response);
        let settled = self.emulator.settle(response).await;
        if settled.status().is_success() {
            return Ok(());
        }
        Err(Failure::new(settled.status(), "it could not be stored"))
    }
}

/// Reads the name of a queue.
pub(super) fn queue_name(text: &str) -> Result<QueueName, Failure> {
    QueueName::new(text).map_err(|error| Failure::bad(error.to_string()))
}

/// An answer in JSON.
pub(super) fn json(value: &Value) -> Response<Bytes> {
    of_type("application/json", value.to_string())
}

/// An answer of another type.
pub(super) fn of_type(media_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// An answer without a body.
pub(super) fn empty() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
