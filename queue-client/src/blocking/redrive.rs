//! [`redrive`]: the way back of dead letters, for programs without async.

use std::time::SystemTime;

use queue_proto::{LeaseTimeout, TimeToLive};

use super::{call::Call, queue::QueueClient, table::options};
use crate::{
    bulk::{Journal, Lifetime, TransferReport},
    message_codec::MessageCodec,
    processor::{
        Reason,
        dead_letter::{self, Redrive},
    },
};

/// Brings dead letters back, on the calling thread: see [`dead_letter::redrive`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build_blocking()?;
/// use queue_client::blocking::redrive;
///
/// let (orders, poison) = (service.queue("orders")?, service.queue("orders-poison")?);
/// # orders.create()?;
/// # poison.create()?;
/// poison.send("17 bottles").run()?;
///
/// let report = redrive(&poison, &orders).rate(20.0).run()?;
/// assert_eq!(report.moved, 1);
/// # Ok(())
/// # }
/// ```
pub fn redrive<'a, C: MessageCodec, D: MessageCodec>(
    from: &'a QueueClient<C>,
    to: &QueueClient<D>,
) -> Call<'a, Redrive> {
    Call::new(from.executor(), dead_letter::redrive(from.asynchronous(), to.asynchronous()))
}

options! {
    impl[] dead_letter::Redrive as Redrive {
        pub fn reason(self, reason: Reason);
        pub fn since(self, time: SystemTime);
        pub fn max(self, messages: usize);
        pub fn rate(self, per_second: f64);
        pub fn dry_run(self);
        pub fn allow_duplicates(self);
        pub fn time_to_live(self, time: TimeToLive);
        pub fn in_flight(self, messages: usize);
        pub fn lifetime(self, lifetime: Lifetime);
        pub fn lease(self, time: LeaseTimeout);
        pub fn stop_on_return(self);
        pub fn journal(self, journal: impl Journal);
        pub fn stop_when(self, stop: impl Future<Output = ()> + Send + 'static);
        pub fn on_progress(self, progress: impl FnMut(&TransferReport) + Send + 'static);
    }
}
