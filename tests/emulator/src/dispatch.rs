//! What each operation does to the state, and what it answers.

use std::sync::MutexGuard;
use std::time::SystemTime;

use bytes::Bytes;
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
    AccountName, AnyOperation, Endpoint, ErrorCode, MaxResults, MessageId, OperationResponse as _,
    PopReceipt, QueueName, ServiceError,
};
use uuid::Uuid;

use crate::Emulator;
use crate::emulator::Guarded;
use crate::state::{Created, Moment, Peeked, Received, Refusal, Sent, Stale};
use crate::wire::{message_id, pop_receipt, read_message_id, read_pop_receipt};

/// Performs an operation on the account of `endpoint`.
pub(crate) fn perform(
    emulator: &Emulator,
    endpoint: &Endpoint,
    operation: AnyOperation,
    now: SystemTime,
) -> Result<Response<Bytes>, ServiceError> {
    let mut account = emulator.service(endpoint.account()).ok_or(ErrorCode::ResourceNotFound)?;
    let Guarded { service, rng } = &mut *account;
    let now = Moment::from(now);
    let response = match operation {
        AnyOperation::CreateQueue(create) => {
            match service.create(create.queue, create.metadata, now).map_err(refusal)? {
                Created::New => CreateQueueResponse::Created.to_http(),
                Created::Already => CreateQueueResponse::AlreadyExists.to_http(),
            }
        }
        AnyOperation::DeleteQueue(delete) => {
            let deleted = service.delete(&delete.queue, now).map_err(refusal)?;
            free(account, deleted);
            DeleteQueueResponse::new().to_http()
        }
        AnyOperation::GetQueueMetadata(get) => {
            let queue = service.queue(&get.queue).map_err(refusal)?;
            let count = u64::try_from(queue.len(now)).unwrap_or(u64::MAX);
            GetQueueMetadataResponse::new(count, queue.metadata.clone()).to_http()
        }
        AnyOperation::ListQueues(list) => {
            let from = list.marker.as_ref().map(|marker| read_marker(marker, endpoint.account()));
            let limit = list.max_results.unwrap_or(MaxResults::MAX).get();
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let prefix = list.prefix.as_ref().map_or("", |prefix| prefix.as_str());
            let page = service.list(prefix, from.transpose()?.as_ref(), limit);
            drop(account);
            list_response(&list, page.queues, page.next, endpoint).to_http()
        }
        AnyOperation::PutMessage(put) => {
            let queue = service.queue(&put.queue).map_err(refusal)?;
            let hidden = put.visibility_timeout.map(|hidden| hidden.as_duration());
            let (hidden, life) = (hidden.unwrap_or_default(), put.time_to_live.unwrap_or_default());
            let sent = queue.put(put.text, hidden, life, now, rng);
            drop(account);
            PutMessageResponse::new(sent_message(&sent)).to_http()
        }
        AnyOperation::GetMessages(get) => {
            let queue = service.queue(&get.queue).map_err(refusal)?;
            let hidden = get.visibility_timeout.unwrap_or_default().as_duration();
            let received = queue.get(count(get.count), hidden, now, rng);
            drop(account);
            let messages = received.into_iter().map(received_message).collect();
            GetMessagesResponse::new(messages).to_http()
        }
        AnyOperation::PeekMessages(peek) => {
            let queue = service.queue(&peek.queue).map_err(refusal)?;
            let peeked = queue.peek(count(peek.count), now);
            drop(account);
            let messages = peeked.into_iter().map(peeked_message).collect();
            PeekMessagesResponse::new(messages).to_http()
        }
        AnyOperation::UpdateMessage(update) => {
            let queue = service.queue(&update.queue).map_err(refusal)?;
            let (id, receipt) = ticket(&update.id, &update.pop_receipt)?;
            let hidden = update.visibility_timeout.as_duration();
            let updated =
                queue.update(id, receipt, hidden, update.text, now, rng).map_err(stale)?;
            let next_visible_at = updated.next_visible_at.to_system_time();
            UpdateMessageResponse::new(pop_receipt(updated.receipt), next_visible_at).to_http()
        }
        AnyOperation::DeleteMessage(delete) => {
            let queue = service.queue(&delete.queue).map_err(refusal)?;
            let (id, receipt) = ticket(&delete.id, &delete.pop_receipt)?;
            queue.delete(id, receipt, now).map_err(stale)?;
            DeleteMessageResponse::new().to_http()
        }
        AnyOperation::ClearMessages(clear) => {
            let cleared = service.queue(&clear.queue).map_err(refusal)?.clear();
            free(account, cleared);
            ClearMessagesResponse::new().to_http()
        }
        AnyOperation::SetQueueMetadata(set) => {
            service.set_metadata(&set.queue, set.metadata).map_err(refusal)?;
            SetQueueMetadataResponse::new().to_http()
        }
        AnyOperation::GetQueueAcl(get) => {
            let policies = service.policies(&get.queue).map_err(refusal)?;
            GetQueueAclResponse::new(policies.clone()).to_http()
        }
        AnyOperation::SetQueueAcl(set) => {
            service.set_policies(&set.queue, set.identifiers).map_err(refusal)?;
            SetQueueAclResponse::new().to_http()
        }
        AnyOperation::GetServiceProperties(_) => {
            GetServicePropertiesResponse::new(service.properties().clone()).to_http()
        }
        AnyOperation::SetServiceProperties(set) => {
            service.set_properties(set.properties);
            SetServicePropertiesResponse::new().to_http()
        }
        // Not served yet.
        AnyOperation::Preflight(_)
        | AnyOperation::GetServiceStats(_)
        | AnyOperation::GetUserDelegationKey(_) => {
            return Err(ErrorCode::UnsupportedHttpVerb.into());
        }
    };
    Ok(response)
}

/// Frees what was removed, perhaps a million messages, while others can already go on.
fn free<T>(account: MutexGuard<'_, Guarded>, removed: T) {
    drop(account);
    drop(removed);
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
    let receipt = read_pop_receipt(receipt).ok_or_else(|| {
        ServiceError::new(ErrorCode::InvalidQueryParameterValue)
            .with_detail("QueryParameterName", "popreceipt")
            .with_detail("QueryParameterValue", receipt.as_str())
            .with_detail("Reason", "Invalid pop receipt format")
    })?;
    let id = read_message_id(id).ok_or(ErrorCode::MessageNotFound)?;
    Ok((id, receipt))
}

fn count(count: Option<queue_proto::MessageCount>) -> usize {
    count.map_or(1, |count| usize::try_from(count.get()).unwrap_or(usize::MAX))
}

/// When a message expires; `None` if never.
fn expiry(at: Moment) -> Option<SystemTime> {
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

fn list_response(
    list: &ListQueues,
    queues: Vec<(QueueName, queue_proto::Metadata)>,
    next: Option<QueueName>,
    endpoint: &Endpoint,
) -> ListQueuesResponse {
    let mut response = ListQueuesResponse::to(list, endpoint.to_string());
    response.queues = queues
        .into_iter()
        .map(|(name, metadata)| {
            QueueItem::new(name).metadata(list.include_metadata.then_some(metadata))
        })
        .collect();
    response.next_marker = next.map(|next| marker(&next, endpoint.account()));
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
        .ok_or_else(|| ErrorCode::InvalidMarker.into())
}
