//! What is done to messages by hand, without a receipt: [`Hand::release`] and its siblings.

use std::time::Duration;

use queue_proto::ops::{DeleteMessage, PutMessage, UpdateMessage};
use queue_proto::{ErrorCode, QueueName, ServiceError, TimeToLive, VisibilityTimeout};
use uuid::Uuid;

use super::Hand;
use crate::apply::Applied;
use crate::state::{Moment, Received};
use crate::wire::{message_id, pop_receipt};

impl Hand<'_> {
    /// Makes a message visible at once. Whoever has it can no longer delete it.
    pub(crate) fn release(&mut self, queue: &QueueName, id: Uuid) -> Result<(), ServiceError> {
        let receipt = pop_receipt(self.find(queue, id)?.receipt);
        let at_once = VisibilityTimeout::ZERO;
        self.perform(UpdateMessage::new(queue.clone(), message_id(id), receipt, at_once))?;
        Ok(())
    }

    /// Deletes a message, whoever has it.
    pub(crate) fn delete(&mut self, queue: &QueueName, id: Uuid) -> Result<(), ServiceError> {
        let receipt = pop_receipt(self.find(queue, id)?.receipt);
        self.perform(DeleteMessage::new(queue.clone(), message_id(id), receipt))?;
        Ok(())
    }

    /// Puts a copy of a message into a queue, where it lives for as long as the original would have.
    /// Returns the id of the copy.
    pub(crate) fn copy(
        &mut self,
        queue: &QueueName,
        id: Uuid,
        to: &QueueName,
    ) -> Result<Uuid, ServiceError> {
        let found = self.find(queue, id)?;
        let life = if found.message.expires_at < Moment::NEVER {
            let left = found.message.expires_at.to_system_time();
            let left = left.duration_since(self.now.to_system_time()).unwrap_or_default();
            TimeToLive::from_secs(left.max(Duration::from_secs(1)).as_secs())
                .unwrap_or(TimeToLive::DEFAULT)
        } else {
            TimeToLive::Never
        };
        let put = PutMessage::new(to.clone(), found.message.text).time_to_live(life);
        match self.perform(put)? {
            Applied::Put(sent) => Ok(sent.id),
            // Nothing else comes of a put.
            _ => Err(ErrorCode::InternalError.into()),
        }
    }

    fn find(&mut self, queue: &QueueName, id: Uuid) -> Result<Received, ServiceError> {
        let queue = self.guarded.service.queue(queue).map_err(|_| ErrorCode::QueueNotFound)?;
        let seen = queue.one(id, self.now).ok_or(ErrorCode::MessageNotFound)?;
        if !seen.readable {
            return Err(ServiceError::new(ErrorCode::InternalError)
                .with_detail("Reason", "the text of the message cannot be read"));
        }
        Ok(seen.received)
    }
}
