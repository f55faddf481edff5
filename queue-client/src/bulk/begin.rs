//! The methods of [`QueueClient`] that begin a scan or a transfer.

use super::{scan::Scan, transfer::Transfer};
use crate::{message_codec::MessageCodec, queue::QueueClient};

impl<C: MessageCodec> QueueClient<C> {
    /// Goes through all messages of the queue, and not only the first 32 (Get Messages, Update
    /// Message). This raises dequeue counts: see [`Scan`].
    pub fn scan(&self) -> Scan {
        Scan::new(self.target().clone())
    }

    /// Moves the messages of this queue to another one, of any account: each is put there, and then
    /// deleted here (Put Message, Delete Message). The texts stay as they are, whatever the codecs.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// # let (orders, archive) = (service.queue("orders")?, service.queue("archive")?);
    /// # orders.create().await?;
    /// # archive.create().await?;
    /// # orders.send_all((0..40).map(|number| number.to_string())).await;
    /// let report = orders.move_to(&archive).rate(500.0).max(10).await?;
    /// assert_eq!(report.moved, 10);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`TransferError`](super::TransferError) with what was done until then, when a call fails
    /// after the retries of the client. What was not moved stays where it is.
    pub fn move_to<D: MessageCodec>(&self, to: &QueueClient<D>) -> Transfer {
        Transfer::new(self.target().clone(), to.target().clone(), true)
    }

    /// Copies the messages of this queue to another one, of any account (Put Message). This raises
    /// the dequeue counts here: see [`Transfer`].
    ///
    /// # Errors
    ///
    /// [`TransferError`](super::TransferError) with what was done until then, when a call fails
    /// after the retries of the client.
    pub fn copy_to<D: MessageCodec>(&self, to: &QueueClient<D>) -> Transfer {
        Transfer::new(self.target().clone(), to.target().clone(), false)
    }
}
