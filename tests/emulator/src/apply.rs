//! [`apply`]: what each operation does to the state. It runs under the account's lock; what is said
//! about it is made in `answer.rs`, after the lock.

use fastrand::Rng;
use queue_proto::ops::{ListQueues, Marker};
use queue_proto::{
    AccountName, AnyOperation, ErrorCode, MaxResults, MessageCount, MessageId, Metadata,
    PopReceipt, QueueName, ServiceError, ServiceProperties, SignedIdentifiers,
};
use uuid::Uuid;

use crate::state::{
    Created, Moment, Page, Peeked, Queue, Received, Refusal, Scheduled, Sent, Service, Stale,
};
use crate::wire::{ReadReceipt, read_message_id, read_pop_receipt};

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

impl Applied {
    /// The number of messages that are handed out.
    pub(crate) fn messages(&self) -> usize {
        match self {
            Self::Got(messages) => messages.len(),
            Self::Peeked(messages) => messages.len(),
            _ => 0,
        }
    }
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

fn count(count: Option<MessageCount>) -> usize {
    count.map_or(1, |count| usize::try_from(count.get()).unwrap_or(usize::MAX))
}

/// Reads a marker of the form that `answer.rs` gives out; any other is 400 `OutOfRangeInput`, as the
/// service was recorded.
fn read_marker(marker: &Marker, account: &AccountName) -> Result<QueueName, ServiceError> {
    marker
        .as_str()
        .strip_prefix('/')
        .and_then(|rest| rest.strip_prefix(account.as_str())?.strip_prefix('/'))
        .and_then(|queue| QueueName::new(queue).ok())
        .ok_or_else(|| ErrorCode::OutOfRangeInput.into())
}
