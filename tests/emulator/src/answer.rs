//! What the service says: the answer of each operation, and what all answers have. It is written
//! after the account's lock is free, so that neither XML nor the freeing of what was removed holds
//! anybody up.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{AUTHORIZATION, SERVER};
use http::{HeaderMap, HeaderValue, Method, Response};
use queue_proto::ops::{
    ClearMessagesResponse, CreateQueueResponse, DeleteMessageResponse, DeleteQueueResponse,
    GetMessagesResponse, GetQueueAclResponse, GetQueueMetadataResponse,
    GetServicePropertiesResponse, ListQueues, ListQueuesResponse, Marker, PeekMessagesResponse,
    PeekedMessage, PutMessageResponse, QueueItem, ReceivedMessage, SentMessage,
    SetQueueAclResponse, SetQueueMetadataResponse, SetServicePropertiesResponse,
    UpdateMessageResponse,
};
use queue_proto::{
    AccountName, Endpoint, OperationResponse as _, QueueName, ResponseHead, ServiceVersion,
};

use crate::apply::Applied;
use crate::state::{Created, Page, Peeked, Received, Scheduled, Sent};
use crate::version::{self, before};
use crate::wire::{expiry, message_id, pop_receipt};

/// What an answer says about itself. `asked` was read from the request, whose headers have the same
/// names.
pub(crate) fn head(
    request: &HeaderMap,
    asked: ResponseHead,
    version: Option<ServiceVersion>,
    request_id: String,
    now: SystemTime,
) -> ResponseHead {
    let mut head = ResponseHead::new().request_id(request_id).date(now);
    let bearer =
        request.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
    if !before(version, if bearer { version::BEARER } else { version::FIRST_NAMED }) {
        head.version = version;
    }
    if !before(version, version::ECHO) {
        head.client_request_id = asked.client_request_id;
    }
    head
}

/// Adds what every answer to a request that was understood has.
pub(crate) fn finish(
    mut response: Response<Bytes>,
    head: &ResponseHead,
    method: &Method,
) -> Response<Bytes> {
    head.write(response.headers_mut());
    if *method == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    sign_off(&mut response);
    response
}

/// Adds the name of the server.
pub(crate) fn sign_off(response: &mut Response<Bytes>) {
    let server = HeaderValue::from_static("Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0");
    response.headers_mut().insert(SERVER, server);
}

impl Applied {
    /// The answer to a client that sees the service at `endpoint`, in the form of
    /// the version that the client asked for.
    pub(crate) fn answer(self, endpoint: &Endpoint, version: ServiceVersion) -> Response<Bytes> {
        match self {
            Self::Created(Created::New) => CreateQueueResponse::Created.to_http_of(version),
            Self::Created(Created::Already) => {
                CreateQueueResponse::AlreadyExists.to_http_of(version)
            }
            Self::Deleted(removed) => {
                drop(removed);
                DeleteQueueResponse::new().to_http_of(version)
            }
            Self::Metadata(count, metadata) => {
                let count = u64::try_from(count).unwrap_or(u64::MAX);
                GetQueueMetadataResponse::new(count, metadata).to_http_of(version)
            }
            Self::MetadataSet => SetQueueMetadataResponse::new().to_http_of(version),
            Self::Policies(policies) => GetQueueAclResponse::new(policies).to_http_of(version),
            Self::PoliciesSet => SetQueueAclResponse::new().to_http_of(version),
            Self::Properties(properties) => {
                GetServicePropertiesResponse::new(properties).to_http_of(version)
            }
            Self::PropertiesSet => SetServicePropertiesResponse::new().to_http_of(version),
            Self::Listed(list, page) => list_response(&list, page, endpoint).to_http_of(version),
            Self::Put(sent) => PutMessageResponse::new(sent_message(&sent)).to_http_of(version),
            Self::Got(received) => {
                let messages = received.into_iter().map(received_message).collect();
                GetMessagesResponse::new(messages).to_http_of(version)
            }
            Self::Peeked(peeked) => {
                let messages = peeked.into_iter().map(peeked_message).collect();
                PeekMessagesResponse::new(messages).to_http_of(version)
            }
            Self::Updated(Scheduled { receipt, next_visible_at }) => {
                let at = next_visible_at.to_system_time();
                UpdateMessageResponse::new(pop_receipt(receipt), at).to_http_of(version)
            }
            Self::MessageDeleted => DeleteMessageResponse::new().to_http_of(version),
            Self::Cleared(removed) => {
                drop(removed);
                ClearMessagesResponse::new().to_http_of(version)
            }
        }
    }
}

fn sent_message(sent: &Sent) -> SentMessage {
    SentMessage::new(
        message_id(sent.id),
        pop_receipt(sent.receipt),
        sent.inserted_at.to_system_time(),
        sent.next_visible_at.to_system_time(),
    )
    .with_expires_at(expiry(sent.expires_at))
}

fn received_message(received: Received) -> ReceivedMessage {
    let Received { message, receipt, next_visible_at } = received;
    ReceivedMessage::new(
        message_id(message.id),
        pop_receipt(receipt),
        message.inserted_at.to_system_time(),
        next_visible_at.to_system_time(),
        message.text,
    )
    .with_expires_at(expiry(message.expires_at))
    .with_dequeue_count(message.dequeue_count)
}

fn peeked_message(peeked: Peeked) -> PeekedMessage {
    PeekedMessage::new(message_id(peeked.id), peeked.inserted_at.to_system_time(), peeked.text)
        .with_expires_at(expiry(peeked.expires_at))
        .with_dequeue_count(peeked.dequeue_count)
}

fn list_response(list: &ListQueues, page: Page, endpoint: &Endpoint) -> ListQueuesResponse {
    let mut response = ListQueuesResponse::to(list, endpoint.to_string());
    response.queues = page
        .queues
        .into_iter()
        .map(|(name, metadata)| {
            QueueItem::new(name).with_metadata(list.include_metadata.then_some(metadata))
        })
        .collect();
    response.next_marker = page.next.map(|next| marker(&next, endpoint.account()));
    response
}

/// Markers have the form that the service's have, `/account/queue`: the queue to go on with, which
/// need not be there any more.
fn marker(next: &QueueName, account: &AccountName) -> Marker {
    Marker::new(format!("/{account}/{next}")).expect("names are short and plain")
}
