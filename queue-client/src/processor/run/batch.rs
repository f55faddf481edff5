//! Handlers that work on several messages at once.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::sync::mpsc;

use super::{
    control::Control,
    delivery::Delivery,
    processor::Processor,
    stopped::Stopped,
    stream::{HandOut, Leased},
};
use crate::{
    processor::{
        core::{Outcome, Report},
        explanation::BoxError,
    },
    runtime::Runtime,
};

/// What works on batches of messages.
pub trait BatchHandler<T>: Send + Sync + 'static {
    /// Works on some messages. With `Ok`, all messages that are not [marked](Batch::fail) are
    /// completed; with an error, all that are not marked are tried again. A panic is an error. No
    /// message is lost.
    fn handle(&self, batch: &mut Batch<T>) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// Some messages, and what becomes of each.
#[derive(Debug)]
pub struct Batch<T> {
    messages: Vec<(Leased<T>, Option<Outcome>)>,
}

impl<T> Batch<T> {
    /// The number of messages, at least one.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.messages.len()
    }

    /// Always `false`: a batch has a message.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The messages of the batch, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Delivery<T>> {
        self.messages.iter().map(|(leased, _)| &**leased)
    }

    /// Says what becomes of one message, by its place. A place that does not exist is ignored.
    pub fn fail(&mut self, place: usize, outcome: Outcome) {
        if let Some((_, marked)) = self.messages.get_mut(place) {
            *marked = Some(outcome);
        }
    }

    /// Says that this message and all after it are tried again.
    pub fn fail_rest_from(&mut self, place: usize) {
        for (_, marked) in self.messages.iter_mut().skip(place) {
            *marked = Some(Outcome::Retry { after: None });
        }
    }
}

impl<T: Send + 'static> Processor<T> {
    /// Works on batches of at most `max` messages, one batch after the other, until it is told to
    /// stop. A batch is handed over when it is full, or `linger` after its first message.
    ///
    /// [`concurrency`](Self::concurrency) does not count: as many messages are held as a batch has,
    /// and those that are received [ahead](Self::prefetch) of the next.
    ///
    /// # Errors
    ///
    /// The errors are those of [`run`](Self::run).
    pub async fn run_batches<H: BatchHandler<T>>(
        self,
        max: usize,
        linger: Duration,
        handler: H,
    ) -> Result<Report, Stopped> {
        let max = max.max(1);
        let (sender, leased) = mpsc::channel(max);
        let runtime = self.runtime();
        let (control, commands) = Control::new(Arc::clone(&runtime));
        let processor = self.concurrency(max).drive(HandOut { sender }, control, commands);
        let work = tokio::spawn(work(leased, max, linger, Arc::new(handler), runtime));
        let result = processor.await;
        // The channel is closed now, so this ends too.
        let _ = work.await;
        result
    }
}

async fn work<T: Send + 'static, H: BatchHandler<T>>(
    mut leased: mpsc::Receiver<Leased<T>>,
    max: usize,
    linger: Duration,
    handler: Arc<H>,
    runtime: Arc<dyn Runtime>,
) {
    while let Some(first) = leased.recv().await {
        let mut messages = vec![(first, None)];
        {
            let mut time = runtime.sleep(linger);
            while messages.len() < max {
                let more = std::pin::pin!(leased.recv());
                match futures_util::future::select(more, time).await {
                    futures_util::future::Either::Left((Some(message), rest)) => {
                        messages.push((message, None));
                        time = rest;
                    }
                    _ => break,
                }
            }
        }
        let handler = Arc::clone(&handler);
        let batch = tokio::spawn(async move {
            let mut batch = Batch { messages };
            let result = handler.handle(&mut batch).await;
            (batch, result)
        });
        // After a panic the messages are dropped, and so tried again.
        let Ok((batch, result)) = batch.await else { continue };
        for (message, marked) in batch.messages {
            match (marked, &result) {
                (Some(outcome), _) => message.hand_back(outcome),
                (None, Ok(())) => message.hand_back(Outcome::Complete),
                (None, Err(_)) => message.hand_back(Outcome::Retry { after: None }),
            }
        }
    }
}
