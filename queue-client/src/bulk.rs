//! Whole queues: going through one message by message, and moving or copying messages to another
//! queue, of the same account or of another.
//!
//! The service shows the 32 messages in front and no others. To see what is behind, one has to
//! receive, which hides messages for a while, raises their dequeue counts and can change their order.
//! [`Scan`] does this with care, and [`Transfer`] moves what it finds: each message is put first and
//! deleted after, with a [journal](Journal) also across crashes.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = queue_emulator::Emulator::new();
//! # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
//! #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
//! #     .build()?;
//! # let (orders, archive) = (service.queue("orders")?, service.queue("archive")?);
//! # orders.create().await?;
//! # archive.create().await?;
//! # orders.send_all((0..100).map(|number| number.to_string())).await;
//! let mut scan = orders.scan();
//! while let Some(message) = scan.next().await? {
//!     if message.text() == "42" {
//!         println!("found {} after {} others", message.id(), scan.report().seen - 1);
//!     }
//! }
//! let report = scan.finish().await; // all are visible again
//! assert_eq!((report.seen, report.released), (100, 100));
//!
//! let report = orders.move_to(&archive).matching(|message| message.text().len() == 2).await?;
//! println!("{report}"); // 90 moved, 10 skipped
//! # assert_eq!(report.to_string(), "90 moved, 10 skipped");
//! # Ok(())
//! # }
//! ```

mod attempts;
mod begin;
mod held;
mod journal;
mod lock;
mod refused;
mod scan;
mod transfer;
mod walk;

#[cfg(all(feature = "processor", feature = "tokio"))]
pub(crate) use self::transfer::plan::Routes;
pub use self::{
    attempts::AttemptsReached,
    journal::{FileJournal, Journal, JournalStep},
    scan::{Scan, ScanReport},
    transfer::{
        Transfer,
        life::Lifetime,
        report::{Doubt, TransferError, TransferReport},
    },
};
