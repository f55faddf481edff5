//! [`Processors::add_striped`]: all stripes of a queue, as one among several queues.

use std::sync::Arc;

use super::{processor::Processor, processors::Processors};
use crate::{
    message_codec::MessageCodec,
    processor::dead_letter::{DeadLetterTo, poison_queue_of},
    queue::QueueClient,
    striped::Striped,
};

impl<T: Send + 'static> Processors<T> {
    /// Adds all stripes of a queue, each with this weight, at least 1, and with the settings that
    /// `settings` makes for it.
    ///
    /// The dead letters of all stripes go into one queue, `NAME-poison` in the account of the first
    /// stripe, in envelopes that say which stripe they are from. By that
    /// [`redrive_striped`](crate::processor::dead_letter::redrive_striped), or `azq redrive 'orders-*'`, brings
    /// each back to its own stripe.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// use queue_client::processor::{Processors, dead_letter::redrive_striped};
    ///
    /// let orders = service.striped("orders", 4)?;
    /// orders.create_if_missing().await?;
    /// # for number in 0..8 { orders.send(number.to_string()).await?; }
    /// let reports = Processors::new()
    ///     .add_striped(&orders, 1, |stripe| stripe.max_deliveries(1))
    ///     .concurrency(64)
    ///     .drain_once(|order| async move { // in a service: .stop_on_signals().run(...)
    ///         let number: u32 = order.body().parse()?;
    ///         if number == 7 { Err("no glass left".into()) } else { Ok(()) }
    ///     })
    ///     .await?;
    /// println!("{reports}"); // orders-0: 2 completed, 0 retried, 0 dead-lettered; orders-1: ...
    /// # assert_eq!(reports.iter().map(|(_, report)| report.counters.completed).sum::<u64>(), 7);
    ///
    /// // When there is glass again:
    /// let report = redrive_striped(&service.queue("orders-poison")?, &orders).await?;
    /// assert_eq!(report.moved, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Whoever sets another [`dead_letter`](Processor::dead_letter) for the stripes should let it write
    /// [envelopes](DeadLetterTo::in_envelope) too.
    pub fn add_striped<C>(
        mut self,
        queue: &Striped<C>,
        weight: u32,
        settings: impl Fn(Processor<T>) -> Processor<T>,
    ) -> Self
    where
        C: MessageCodec<Value = T> + Clone + 'static,
    {
        let dead_letter = match poison_queue_of(queue.name()) {
            Some(name) => {
                let account = Arc::clone(&queue.first().target().shared);
                DeadLetterTo::queue_client(&QueueClient::new(account, name)).in_envelope()
            }
            None => DeadLetterTo::nowhere(),
        };
        for stripe in queue.stripes() {
            let processor = Processor::new(stripe.clone()).dead_letter(dead_letter.clone());
            self = self.add(settings(processor), weight);
        }
        self
    }
}
