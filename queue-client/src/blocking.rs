//! The same clients for programs without async: every method blocks the thread until it is done.
//!
//! They are thin covers of the [asynchronous clients](crate), with the same arguments, results,
//! retries and errors, and the same methods but for `striped`. What has options is set up first and
//! then [run](Call::run):
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use queue_client::{QueueServiceClient, blocking, transport::from_fn};
//! # let emulator = queue_emulator::Emulator::new();
//!
//! let service = QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
//!     .transport(from_fn(move |request| Ok(emulator.handle(request))))
//!     .build_blocking()?;
//! let orders = service.queue("orders")?;
//! orders.create_if_missing()?;
//!
//! orders.send("17 bottles").time_to_live(Duration::from_secs(3600)).run()?;
//! for message in orders.receive(32).run()? {
//!     println!("{}", message.text());
//!     orders.delete(&message)?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Threads
//!
//! With the feature `tokio` on, each client that is built starts one thread, which looks after its
//! sockets and timers, and ends when the last clone is dropped. The work of a call happens on the
//! thread that calls, and any number of threads may call at once.
//!
//! Without `tokio` no thread is started before somebody waits for time to pass: see
//! [`ThreadRuntime`](crate::runtime::ThreadRuntime).
//!
//! # From async code
//!
//! A call works there too, on any runtime, and does not panic. Like everything that blocks it keeps
//! its thread from other tasks: if what it waits for is one of them, say a server on the same
//! runtime of one thread, it fails when its time is up. On a thread of a tokio runtime it also
//! takes a new thread for the time of the call. Use the asynchronous client there.

#[cfg(feature = "bulk")]
mod bulk;
mod call;
mod executor;
mod pages;
mod queue;
#[cfg(all(feature = "processor", feature = "tokio"))]
mod redrive;
mod service;
mod table;

#[cfg(feature = "bulk")]
pub use self::bulk::Scan;
#[cfg(all(feature = "processor", feature = "tokio"))]
pub use self::redrive::redrive;
pub use self::{
    call::Call,
    pages::{QueuePages, Queues},
    queue::QueueClient,
    service::QueueServiceClient,
};
