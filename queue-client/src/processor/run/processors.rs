//! [`Processors`]: several queues, one pool of handlers.

use std::{
    fmt,
    future::{Future, poll_fn},
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    task::Poll,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use queue_auth::BoxFuture;
use queue_proto::QueueName;
use tokio::task::JoinHandle;

use super::{
    control::Control,
    delivery::Delivery,
    handler::{FromFn, Handler, HandlerError, HandlerResult},
    pool::Pool,
    processor::Processor,
    reports::{Reports, StoppedQueue},
    running::{ProcessorHandle, joined},
    stop::Stop,
    stopped::Stopped,
};
use crate::{
    message_codec::MessageCodec,
    processor::core::{Input, Outcome, Report, ShutdownMode},
    queue::QueueClient,
};

/// Works on the messages of several queues with one pool of handlers, of which each queue has its
/// share.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// use std::time::Duration;
/// use queue_client::processor::{Processor, Processors};
///
/// let urgent = service.queue("urgent")?;
/// let bulk = service.queue("bulk")?;
/// # for queue in [&urgent, &bulk] { queue.create().await?; queue.send("a job").await?; }
///
/// let reports = Processors::new()
///     .add(urgent, 4)
///     .add(Processor::new(bulk).max_deliveries(10).lease(Duration::from_secs(300)), 1)
///     .concurrency(64)
///     .drain_once(|job| async move {
///         println!("{}: {}", job.queue(), job.body());
///         Ok(())
///     })
///     .await?;
/// assert_eq!(
///     reports.to_string(),
///     "urgent: 1 completed, 0 retried, 0 dead-lettered; \
///      bulk: 1 completed, 0 retried, 0 dead-lettered"
/// );
/// # Ok(())
/// # }
/// ```
///
/// Each queue is worked on as by a [`Processor`] of its own, with its settings and
/// [guarantees](crate::processor#what-is-guaranteed). Besides:
///
/// * **Bounded.** No more handlers run at once, over all queues, than the concurrency says.
/// * **Shares.** While all queues have work, the time of the places of handlers is divided by their
///   weights: within 5 % over some thousand handlers, as long as the weights are at most 5 to 1, and
///   more roughly beyond that. A queue whose handlers take longer so gets fewer messages through.
/// * **Nothing is idle.** What a queue does not need is there for the others.
/// * **Nobody starves.** A queue that gets work has the next places that become free. A handler
///   that runs is not stopped for that.
/// * **Idle queues are cheap.** An empty queue is asked as seldom as by a processor of its own, and
///   takes a place only while it is asked.
#[must_use = "processors do nothing until they run"]
pub struct Processors<T> {
    queues: Vec<(Processor<T>, NonZeroU32)>,
    concurrency: NonZeroUsize,
    stop: Stop,
}

impl<T: Send + 'static> Processors<T> {
    /// No queue yet.
    pub fn new() -> Self {
        Self {
            queues: Vec::new(),
            concurrency: NonZeroUsize::MIN.saturating_add(15),
            stop: Stop::default(),
        }
    }

    /// Adds a queue with its weight, at least 1: a client of the queue, or a [`Processor`] with its
    /// settings. The concurrency of the pool takes the place of that of the processor.
    pub fn add(mut self, queue: impl Into<Processor<T>>, weight: u32) -> Self {
        self.queues.push((queue.into(), NonZeroU32::new(weight).unwrap_or(NonZeroU32::MIN)));
        self
    }

    /// Sets how many handlers run at once, over all queues, at least 1. Default: 16.
    pub const fn concurrency(mut self, handlers: usize) -> Self {
        self.concurrency = match NonZeroUsize::new(handlers) {
            Some(handlers) => handlers,
            None => NonZeroUsize::MIN,
        };
        self
    }

    /// Ends all queues when the future completes, with [`ShutdownMode::Drain`].
    pub fn stop_when(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.stop.when(Box::pin(stop));
        self
    }

    /// Ends all queues at the first ctrl-c (and SIGTERM, on Unix) once their handlers have finished,
    /// and at the second one at once.
    #[cfg(feature = "signals")]
    pub fn stop_on_signals(mut self) -> Self {
        self.stop.on_signals();
        self
    }

    /// Works on all queues until told to stop, as [`Processor::run`] does on one.
    ///
    /// # Errors
    ///
    /// When a queue ends by itself, for a reason of [`Processor::run`]. The others are then ended too,
    /// with [`ShutdownMode::Drain`].
    pub async fn run<F, Fut>(self, handler: F) -> Result<Reports, StoppedQueue>
    where
        F: Fn(Delivery<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: HandlerResult,
    {
        self.run_handler(FromFn(handler)).await
    }

    /// Does the same as [`run`](Self::run), with a [`Handler`].
    ///
    /// # Errors
    ///
    /// The errors are those of [`run`](Self::run).
    pub async fn run_handler<H: Handler<T>>(self, handler: H) -> Result<Reports, StoppedQueue> {
        self.together(handler).1.await
    }

    /// Does the same as [`run`](Self::run), in a task of its own.
    pub fn spawn<F, Fut>(self, handler: F) -> RunningProcessors
    where
        F: Fn(Delivery<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: HandlerResult,
    {
        self.spawn_handler(FromFn(handler))
    }

    /// Does the same as [`run_handler`](Self::run_handler), in a task of its own.
    pub fn spawn_handler<H: Handler<T>>(self, handler: H) -> RunningProcessors {
        let (queues, run) = self.together(handler);
        RunningProcessors { queues, task: tokio::spawn(run) }
    }

    /// Works until each queue was once found empty with no message of it worked on, as
    /// [`Processor::drain_once`] does on one.
    ///
    /// # Errors
    ///
    /// The errors are those of [`Processor::drain_once`], of the first queue that has one.
    pub async fn drain_once<F, Fut>(self, handler: F) -> Result<Reports, StoppedQueue>
    where
        F: Fn(Delivery<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: HandlerResult,
    {
        self.drain_once_handler(FromFn(handler)).await
    }

    /// Does the same as [`drain_once`](Self::drain_once), with a [`Handler`].
    ///
    /// # Errors
    ///
    /// The errors are those of [`drain_once`](Self::drain_once).
    pub async fn drain_once_handler<H: Handler<T>>(
        mut self,
        handler: H,
    ) -> Result<Reports, StoppedQueue> {
        for (processor, _) in &mut self.queues {
            processor.config.stop_when_empty = true;
        }
        self.run_handler(handler).await
    }

    /// The handles of all queues, and the future in which they run.
    fn together<H: Handler<T>>(
        self,
        handler: H,
    ) -> (
        Vec<(QueueName, ProcessorHandle)>,
        impl Future<Output = Result<Reports, StoppedQueue>> + Send + use<T, H>,
    ) {
        let Self { queues, concurrency, mut stop } = self;
        let handler = Arc::new(handler);
        let (controls, commands): (Vec<_>, Vec<_>) =
            queues.iter().map(|(processor, _)| Control::new(processor.runtime())).unzip();
        let weights: Vec<_> = queues.iter().map(|(_, weight)| *weight).collect();
        let pool = queues
            .first()
            .map(|(first, _)| Pool::new(concurrency, weights, controls.clone(), first.runtime()));
        let mut runs = FuturesUnordered::<BoxFuture<'static, Ended>>::new();
        let mut handles = Vec::new();
        for (number, ((mut processor, _), (control, commands))) in
            queues.into_iter().zip(controls.iter().cloned().zip(commands)).enumerate()
        {
            let name = processor.queue.name.clone();
            handles.push((name.clone(), ProcessorHandle::new(control.clone())));
            processor.config.concurrency = concurrency;
            processor.seat = pool.as_ref().map(|pool| pool.seat(number));
            let run = processor.drive(Shared(Arc::clone(&handler)), control, commands);
            runs.push(Box::pin(async move { (number, name, run.await) }));
        }
        let run = async move {
            let end = |mode| {
                for control in &controls {
                    control.send(Input::Shutdown(mode));
                }
            };
            let mut reports = Vec::new();
            let mut cause = None;
            loop {
                let ended = poll_fn(|context| {
                    while let Poll::Ready(mode) = stop.poll(context) {
                        end(mode);
                    }
                    runs.poll_next_unpin(context)
                });
                let Some((number, name, result)) = ended.await else { break };
                match result {
                    Ok(report) => reports.push((number, name, report)),
                    Err(stopped) => {
                        end(ShutdownMode::Drain);
                        cause.get_or_insert((name, stopped));
                    }
                }
            }
            reports.sort_by_key(|(number, ..)| *number);
            let reports =
                Reports::new(reports.into_iter().map(|(_, name, report)| (name, report)).collect());
            match cause {
                None => Ok(reports),
                Some((queue, cause)) => Err(StoppedQueue::new(queue, cause, reports)),
            }
        };
        (handles, run)
    }
}

impl<T: Send + 'static> Default for Processors<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Processors<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processors")
            .field("queues", &self.queues)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

impl<T, C> From<QueueClient<C>> for Processor<T>
where
    T: Send + 'static,
    C: MessageCodec<Value = T> + 'static,
{
    fn from(queue: QueueClient<C>) -> Self {
        Self::new(queue)
    }
}

/// What one of the processors came to, with its place among them.
type Ended = (usize, QueueName, Result<Report, Stopped>);

/// One handler for all queues.
struct Shared<H>(Arc<H>);

impl<T: Send + 'static, H: Handler<T>> Handler<T> for Shared<H> {
    async fn handle(&self, delivery: Delivery<T>) -> Result<Outcome, HandlerError> {
        self.0.handle(delivery).await
    }
}

/// Processors of several queues that run in a task of their own. Dropping it lets them run on.
#[derive(Debug)]
pub struct RunningProcessors {
    queues: Vec<(QueueName, ProcessorHandle)>,
    task: JoinHandle<Result<Reports, StoppedQueue>>,
}

impl RunningProcessors {
    /// The queues in the order in which they were added, each with the handle that tells its health.
    pub fn queues(&self) -> impl Iterator<Item = (&QueueName, &ProcessorHandle)> {
        self.queues.iter().map(|(name, handle)| (name, handle))
    }

    /// Asks all queues to come to an end, without waiting for that.
    pub fn begin_shutdown(&self, mode: ShutdownMode) {
        for (_, handle) in &self.queues {
            handle.begin_shutdown(mode);
        }
    }

    /// Ends all queues, and waits for that.
    ///
    /// # Errors
    ///
    /// The errors are those of [`join`](Self::join).
    pub async fn shutdown(self, mode: ShutdownMode) -> Result<Reports, StoppedQueue> {
        self.begin_shutdown(mode);
        self.join().await
    }

    /// Waits until all queues have ended. A panic of a loop or of an observer goes on here.
    ///
    /// # Errors
    ///
    /// When a queue ended by itself, or all ended [with their runtime](Stopped::RuntimeGone).
    pub async fn join(self) -> Result<Reports, StoppedQueue> {
        joined(self.task).await.unwrap_or_else(|| Err(StoppedQueue::runtime_gone()))
    }
}
