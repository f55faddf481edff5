//! [`QueueSink`]: dead letters in a queue, which is what most programs want.

use queue_auth::BoxFuture;
use queue_proto::{
    TimeToLive,
    ops::{CreateQueue, PutMessage},
};

use super::{
    place::Format,
    sink::{DeadLetterSink, SinkError},
};
use crate::{
    execute::shared::Target,
    processor::envelope::letter::{self, DeadLetter},
};

/// Dead letters in a queue, which is made when it is needed.
#[derive(Debug)]
pub(in crate::processor) struct QueueSink {
    queue: Target,
    format: Format,
}

impl QueueSink {
    pub(in crate::processor) const fn new(queue: Target, format: Format) -> Self {
        Self { queue, format }
    }

    async fn put(&self, letter: DeadLetter) -> Result<(), SinkError> {
        let text = match self.format {
            Format::Raw => letter.text,
            Format::Envelope => letter::seal(&letter),
        };
        let name = &self.queue.name;
        let put = PutMessage::new(name.clone(), text).time_to_live(TimeToLive::Never);
        match self.queue.once(&put).await {
            Err(error) if error.is_queue_not_found() => {
                self.queue.once(&CreateQueue::new(name.clone())).await?;
                self.queue.once(&put).await?;
            }
            result => {
                result?;
            }
        }
        Ok(())
    }
}

impl DeadLetterSink for QueueSink {
    fn store(&self, letter: DeadLetter) -> BoxFuture<'_, Result<(), SinkError>> {
        Box::pin(self.put(letter))
    }
}
