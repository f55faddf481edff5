//! What each operation does to the state, and what it answers.
//!
//! [`apply`] runs under the account's lock and [`Applied::answer`] after it, so that writing XML,
//! and freeing what was removed, hold nobody up.

use std::time::SystemTime;

use bytes::Bytes;
use fastrand::Rng;
use http::Response;
use queue_proto::ops::{
    ClearMessagesResponse, CreateQueueResponse, DeleteMessageResponse, DeleteQueueResponse,
    GetMessagesResponse, GetQueueAclResponse, GetQueueMetadataResponse,
    GetServicePropertiesResponse, ListQueues, ListQueuesResponse, Marker, PeekMessagesResponse,
    PeekedMessage, PutMessageResponse, QueueItem, ReceivedMessage, SentMessage,
    SetQueueAclResponse, SetQueueMetadataResponse, SetServicePropertiesResponse,
    UpdateMessageResponse,
};
use queue_proto::{
    AccountName, AnyOperation, Endpoint, ErrorCode, MaxResults, MessageId, Metadata,
    OperationResponse as _, PopReceipt, QueueName, ServiceError, ServiceProperties,
    SignedIdentifiers,
};
use uuid::Uuid;

use crate::state::{
    Created, Moment, Page, Peeked, Queue, Received, Refusal, Scheduled, Sent, Service, Stale,
};
use crate::wire::{ReadReceipt, message_id, pop_receipt, read_message_id, read_pop_receipt};

/// What an operation found or changed.
#[derive(Debug)]
pub(crate) enum Applied {
    Created(Created),
    /// The queue that was deleted.
    Deleted(Queue),
    Metadata(usize, Metadata),
    MetadataSet,
    Policies(SignedIdentifiers),
    PoliciesSet,
    Properties(ServiceProperties),
    PropertiesSet,
    Listed(ListQueues, Page),
    Put(Sent),
    Got(Vec<Received>),
    Peeked(Vec<Peeked>),
    Updated(Scheduled),
    MessageDeleted,
    /// The messages that were removed.
    Cleared(Queue),
}

/// Performs an operation on the queues of `account`.
///
/// Every call with the same state, time and random numbers has the same effect.
pub(crate) fn apply(
    service: &mut Service,
    rng: &mut Rng,
    account: &AccountName,
    operation: AnyOperation,
    now: Moment,
) -> Result<Applied, ServiceError> {
    Ok(match operation {
        AnyOperation::CreateQueue(create) => {
            Applied::Created(service.create(create.queue, create.metadata, now).map_err(refusal)?)
        }
        AnyOperation::DeleteQueue(delete) => {
            Applied::Deleted(service.delete(&delete.queue, now).map_err(refusal)?)
        }
        AnyOperation::GetQueueMetadata(get) => {
            let queue = service.queue(&get.queue).map_err(refusal)?;
            Applied::Metadata(queue.len(now), queue.metadata.clone())
        }
        AnyOperation::SetQueueMetadata(set) => {
            service.set_metadata(&set.queue, set.metadata).map_err(refusal)?;
            Applied::MetadataSet
        }
        AnyOperation::GetQueueAcl(get) => {
            Applied::Policies(service.policies(&get.queue).map_err(refusal)?.clone())
        }
        AnyOperation::SetQueueAcl(set) => {
            service.set_policies(&set.queue, set.identifiers).map_err(refusal)?;
            Applied::PoliciesSet
        }
        AnyOperation::GetServiceProperties(_) => Applied::Properties(service.properties().clone()),
        AnyOperation::SetServiceProperties(set) => {
            service.set_properties(set.properties);
            Applied::PropertiesSet
        }
        AnyOperation::ListQueues(list) => {
            let from = list.marker.as_ref().map(|marker| read_marker(marker, account));
            let limit = list.max_results.unwrap_or(MaxResults::MAX).get();
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let prefix = list.prefix.as_ref().map_or("", |prefix| prefix.as_str());
            let page = service.list(prefix, from.transpose()?.as_ref(), limit);
            Applied::Listed(list, page)
        }
        AnyOperation::PutMessage(put) => {
            let queue = service.queue(&put.queue).map_err(refusal)?;
            let hidden = put.visibility_timeout.map(|hidden| hidden.as_duration());
            let (hidden, life) = (hidden.unwrap_or_default(), put.time_to_live.unwrap_or_default());
            Applied::Put(queue.put(put.text, hidden, life, now, rng))
        }
        AnyOperation::GetMessages(get) => {
            let queue = service.queue(&get.queue).map_err(refusal)?;
            let hidden = get.visibility_timeout.unwrap_or_default().as_duration();
            Applied::Got(queue.get(count(get.count), hidden, now, rng))
        }
        AnyOperation::PeekMessages(peek) => {
            let queue = service.queue(&peek.queue).map_err(refusal)?;
            Applied::Peeked(queue.peek(count(peek.count), now))
        }
        AnyOperation::UpdateMessage(update) => {
            let queue = service.queue(&update.queue).map_err(refusal)?;
            let (id, receipt) = ticket(&update.id, &update.pop_receipt)?;
            let hidden = update.visibility_timeout.as_duration();
            let updated = queue.update(id, receipt, hidden, update.text, now, rng);
            Applied::Updated(updated.map_err(stale)?)
        }
        AnyOperation::DeleteMessage(delete) => {
            let queue = service.queue(&delete.queue).map_err(refusal)?;
            let (id, receipt) = ticket(&delete.id, &delete.pop_receipt)?;
            queue.delete(id, receipt, now).map_err(stale)?;
            Applied::MessageDeleted
        }
        AnyOperation::ClearMessages(clear) => {
            Applied::Cleared(service.queue(&clear.queue).map_err(refusal)?.clear())
        }
        // These read no queue; they are answered before they come here.
        AnyOperation::Preflight(_)
        | AnyOperation::GetServiceStats(_)
        | AnyOperation::GetUserDelegationKey(_) => {
            return Err(ErrorCode::UnsupportedHttpVerb.into());
        }
    })
}

impl Applied {
    /// The answer to a client that sees the service at `endpoint`.
    pub(crate) fn answer(self, endpoint: &Endpoint) -> Response<Bytes> {
        match self {
            Self::Created(Created::New) => CreateQueueResponse::Created.to_http(),
            Self::Created(Created::Already) => CreateQueueResponse::AlreadyExists.to_http(),
            Self::Deleted(removed) => {
                drop(removed);
                DeleteQueueResponse::new().to_http()
            }
            Self::Metadata(count, metadata) => {
                let count = u64::try_from(count).unwrap_or(u64::MAX);
                GetQueueMetadataResponse::new(count, metadata).to_http()
            }
            Self::MetadataSet => SetQueueMetadataResponse::new().to_http(),
            Self::Policies(policies) => GetQueueAclResponse::new(policies).to_http(),
            Self::PoliciesSet => SetQueueAclResponse::new().to_http(),
            Self::Properties(properties) => GetServicePropertiesResponse::new(properties).to_http(),
            Self::PropertiesSet => SetServicePropertiesResponse::new().to_http(),
            Self::Listed(list, page) => list_response(&list, page, endpoint).to_http(),
            Self::Put(sent) => PutMessageResponse::new(sent_message(&sent)).to_http(),
            Self::Got(received) => {
                let messages = received.into_iter().map(received_message).collect();
                GetMessagesResponse::new(messages).to_http()
            }
            Self::Peeked(peeked) => {
                let messages = peeked.into_iter().map(peeked_message).collect();
                PeekMessagesResponse::new(messages).to_http()
            }
            Self::Updated(Scheduled { receipt, next_visible_at }) => {
                let at = next_visible_at.to_system_time();
                UpdateMessageResponse::new(pop_receipt(receipt), at).to_http()
            }
            Self::MessageDeleted => DeleteMessageResponse::new().to_http(),
            Self::Cleared(removed) => {
                drop(removed);
                ClearMessagesResponse::new().to_http()
            }
        }
    }
}

fn refusal(refusal: Refusal) -> ServiceError {
    ServiceError::new(match refusal {
        Refusal::NotFound => ErrorCode::QueueNotFound,
        Refusal::OtherMetadata => ErrorCode::QueueAlreadyExists,
        Refusal::BeingDeleted => ErrorCode::QueueBeingDeleted,
    })
}

/// The service answers a receipt that is void as if there were no such message; `PopReceiptMismatch`
/// stands in its reference only.
fn stale(_: Stale) -> ServiceError {
    ErrorCode::MessageNotFound.into()
}

/// The id and the receipt that a client holds a message by.
fn ticket(id: &MessageId, receipt: &PopReceipt) -> Result<(Uuid, u128), ServiceError> {
    let receipt = match read_pop_receipt(receipt) {
        ReadReceipt::Known(receipt) => receipt,
        ReadReceipt::Foreign => return Err(ErrorCode::MessageNotFound.into()),
        ReadReceipt::Malformed => {
            return Err(ServiceError::new(ErrorCode::InvalidQueryParameterValue)
                .with_detail("QueryParameterName", "popreceipt")
                .with_detail("QueryParameterValue", receipt.as_str())
                .with_detail("Reason", "Invalid pop receipt format"));
        }
    };
    let id = read_message_id(id).ok_or(ErrorCode::MessageNotFound)?;
    Ok((id, receipt))
}

fn count(count: Option<queue_proto::MessageCount>) -> usize {
    count.map_or(1, |count| usize::try_from(count.get()).unwrap_or(usize::MAX))
}

/// When a message expires; `None` if never.
pub(crate) fn expiry(at: Moment) -> Option<SystemTime> {
    (at < Moment::NEVER).then(|| at.to_system_time())
}

fn sent_message(sent: &Sent) -> SentMessage {
    SentMessage::new(
        message_id(sent.id),
        pop_receipt(sent.receipt),
        sent.inserted_at.to_system_time(),
        sent.next_visible_at.to_system_time(),
    )
    .expires_at(expiry(sent.expires_at))
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
    .expires_at(expiry(message.expires_at))
    .dequeue_count(message.dequeue_count)
}

fn peeked_message(peeked: Peeked) -> PeekedMessage {
    PeekedMessage::new(message_id(peeked.id), peeked.inserted_at.to_system_time(), peeked.text)
        .expires_at(expiry(peeked.expires_at))
        .dequeue_count(peeked.dequeue_count)
}

fn list_response(list: &ListQueues, page: Page, endpoint: &Endpoint) -> ListQueuesResponse {
    let mut response = ListQueuesResponse::to(list, endpoint.to_string());
    response.queues = page
        .queues
        .into_iter()
        .map(|(name, metadata)| {
            QueueItem::new(name).metadata(list.include_metadata.then_some(metadata))
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

fn read_marker(marker: &Marker, account: &AccountName) -> Result<QueueName, ServiceError> {
    marker
        .as_str()
        .strip_prefix('/')
        .and_then(|rest| rest.strip_prefix(account.as_str())?.strip_prefix('/'))
        .and_then(|queue| QueueName::new(queue).ok())
        .ok_or_else(|| ErrorCode::OutOfRangeInput.into())
}
