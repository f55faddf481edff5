//! From the settings to a processor that runs.

use std::{future::Future, num::NonZeroU32, sync::Arc};

use queue_auth::BoxFuture;
use tokio::sync::mpsc;

use super::{
    control::{Command, Control},
    delivery::Delivery,
    depth,
    driver::{Driver, State},
    handler::{FromFn, Handler, HandlerResult},
    isolation, nudges,
    processor::Processor,
    running::Running,
    stopped::Stopped,
};
use crate::{
    execute::shared::Target,
    processor::{
        core::{Core, End, Input, Report, Tick},
        dead_letter::{DeadLetterSink, Place, QueueSink},
    },
    runtime::Runtime,
};

impl<T: Send + 'static> Processor<T> {
    /// Works until it is told to stop: by [`stop_when`](Self::stop_when) or a signal.
    ///
    /// The handler returns `Ok(())`, or an [`Outcome`](crate::processor::Outcome), or any error with
    /// `?`. What it returns settles the message. A panic is a failure too.
    ///
    /// # State
    ///
    /// A handler is called many times at once, so what its calls share is behind an
    /// [`Arc`](std::sync::Arc), as pools of connections are by themselves. Each call gets its own
    /// clone, since it may outlive the next one:
    ///
    /// ```
    /// # use std::sync::{Arc, Mutex};
    /// # use queue_client::processor::{Delivery, Handler, HandlerError, Outcome, Processor};
    /// /// Stands for a pool of connections to a database.
    /// #[derive(Default)]
    /// struct Database(Mutex<Vec<String>>);
    ///
    /// impl Database {
    ///     async fn save(&self, text: &str) -> anyhow::Result<()> {
    /// #       self.0.lock().unwrap().push(text.to_owned());
    ///         // ...
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = queue_emulator::Emulator::new();
    /// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
    /// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
    /// #     .build()?;
    /// # let orders = service.queue("orders")?;
    /// # orders.create().await?;
    /// # for number in 0..4 { orders.send(number.to_string()).await?; }
    /// # let processor = || Processor::new(orders.clone()).stop_when(tokio::time::sleep(std::time::Duration::from_millis(30)));
    /// let database = Arc::new(Database::default());
    ///
    /// // A closure that clones. `?` takes any error.
    /// let shared = database.clone();
    /// processor()
    ///     .run(move |order| {
    ///         let database = shared.clone();
    ///         async move {
    ///             database.save(order.body()).await?;
    ///             Ok(())
    ///         }
    ///     })
    ///     .await?;
    ///
    /// // A function with an error of its own is passed to `run_handler`.
    /// async fn save(database: Arc<Database>, order: Delivery<String>) -> anyhow::Result<()> {
    ///     database.save(order.body()).await
    /// }
    /// let shared = database.clone();
    /// processor().run_handler(move |order| save(shared.clone(), order)).await?;
    ///
    /// // So is a method of a struct.
    /// struct Shop {
    ///     database: Arc<Database>,
    /// }
    /// impl Shop {
    ///     async fn take(self: Arc<Self>, order: Delivery<String>) -> anyhow::Result<()> {
    ///         self.database.save(order.body()).await
    ///     }
    /// }
    /// let shop = Arc::new(Shop { database: database.clone() });
    /// processor().run_handler(move |order| Shop::take(shop.clone(), order)).await?;
    ///
    /// // A `Handler` has its state and needs no clones.
    /// impl Handler<String> for Shop {
    ///     async fn handle(&self, order: Delivery<String>) -> Result<Outcome, HandlerError> {
    ///         self.database.save(order.body()).await?;
    ///         Ok(Outcome::Complete)
    ///     }
    /// }
    /// processor().run_handler(Shop { database: database.clone() }).await?;
    /// # assert_eq!(database.0.lock().unwrap().len(), 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Which functions fit
    ///
    /// The compiler knows the error of an `Ok(())` in a closure because this method takes only one:
    /// [`HandlerError`](crate::processor::HandlerError). So a function with another one does not fit
    /// here, which the compiler says along with the way out:
    ///
    /// ```compile_fail,E0277
    /// # use queue_client::{QueueClient, processor::{Delivery, Processor}};
    /// # async fn run(orders: QueueClient) {
    /// async fn save(order: Delivery<String>) -> anyhow::Result<()> {
    /// #   drop(order);
    ///     Ok(())
    /// }
    /// // error: a function passed to this method cannot end with `Result<(), anyhow::Error>`
    /// let report = Processor::new(orders).run(save).await;
    /// # }
    /// ```
    ///
    /// ```
    /// # use queue_client::{QueueClient, processor::{Delivery, Processor}};
    /// # async fn run(orders: QueueClient) {
    /// # async fn save(order: Delivery<String>) -> anyhow::Result<()> {
    /// #     drop(order);
    /// #     Ok(())
    /// # }
    /// let report = Processor::new(orders).run_handler(save).await;
    /// # }
    /// ```
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops all handlers where they are; the messages come back when their
    /// leases end.
    ///
    /// # Errors
    ///
    /// When a setting is outside its limits, the credential is refused from the start, or the
    /// settings say so: the queue is [missing](Self::queue_missing), or receives
    /// [keep failing](Self::give_up_after). Nothing else ends it.
    pub async fn run<F, Fut>(self, handler: F) -> Result<Report, Stopped>
    where
        F: Fn(Delivery<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: HandlerResult,
    {
        self.run_handler(FromFn(handler)).await
    }

    /// As [`run`](Self::run), with a [`Handler`]: a struct, or a function with any error.
    ///
    /// # Errors
    ///
    /// The errors are those of [`run`](Self::run).
    pub async fn run_handler<H: Handler<T>>(self, handler: H) -> Result<Report, Stopped> {
        let (control, commands) = Control::new(self.runtime());
        self.drive(handler, control, commands).await
    }

    /// Does the same as [`run`](Self::run), in a task of its own.
    pub fn spawn<F, Fut>(self, handler: F) -> Running
    where
        F: Fn(Delivery<T>) -> Fut + Send + Sync + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: HandlerResult,
    {
        self.spawn_handler(FromFn(handler))
    }

    /// Does the same as [`run_handler`](Self::run_handler), in a task of its own.
    pub fn spawn_handler<H: Handler<T>>(self, handler: H) -> Running {
        let (control, commands) = Control::new(self.runtime());
        let task = tokio::spawn(self.drive(handler, control.clone(), commands));
        Running::new(control, task)
    }

    /// Works until a receive finds no message and none is worked on any more, and returns then: for
    /// jobs and tests. Messages that are hidden, among them those that wait for their next try, are
    /// left. With an error it returns at once when the queue is missing, and after 30 seconds when
    /// the service cannot be reached or refuses; [`queue_missing`](Self::queue_missing) and
    /// [`give_up_after`](Self::give_up_after) change that.
    ///
    /// # Errors
    ///
    /// [`Stopped::QueueMissing`] and [`Stopped::GaveUp`] as just said, and those of
    /// [`run`](Self::run).
    pub async fn drain_once<F, Fut>(self, handler: F) -> Result<Report, Stopped>
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
    ) -> Result<Report, Stopped> {
        self.config.stop_when_empty = true;
        self.run_handler(handler).await
    }

    pub(super) fn runtime(&self) -> Arc<dyn Runtime> {
        Arc::clone(&self.queue.shared.runtime)
    }

    pub(super) fn drive<H: Handler<T>>(
        mut self,
        handler: H,
        control: Control,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> impl Future<Output = Result<Report, Stopped>> + Send {
        let setup = self.set_up();
        async move {
            let (core, sink) = setup?;
            let nudges = nudges::listen(&self.queue, &control);
            let sampler = self.sample_depth.map(|every| {
                let sampler = depth::sample(self.queue.clone(), self.observers.clone(), every);
                Box::pin(sampler) as BoxFuture<'static, ()>
            });
            let driver = Driver {
                core,
                queue: self.queue,
                codec: self.codec,
                handler: Arc::new(handler),
                sink,
                undecodable: self.undecodable,
                body_store: self.body_store,
                max_deliveries: self.config.max_deliveries.map(NonZeroU32::get),
                instance: self.instance.or_else(|| std::env::var("HOSTNAME").ok()),
                observers: self.observers,
                control: control.clone(),
                commands,
                stop: self.stop,
                sampler,
                seat: self.seat,
                state: State::new(),
            };
            let report = isolation::run(driver, self.isolation, &control).await;
            drop(nudges);
            tracing::info!(target: "queue_client::processor", %report, "ended");
            match report.end {
                End::Unauthorized => {
                    let error = control.seen().last_error.clone().unwrap_or_default();
                    Err(Stopped::Unauthorized { error })
                }
                End::QueueMissing => Err(Stopped::QueueMissing { report: Box::new(report) }),
                End::GaveUp(trouble) => {
                    let error = control.seen().last_error.clone();
                    Err(Stopped::GaveUp { trouble, error, report: Box::new(report) })
                }
                End::Shutdown(_) | End::Empty => Ok(report),
            }
        }
    }

    fn set_up(&mut self) -> Result<(Core, Option<Arc<dyn DeadLetterSink>>), Stopped> {
        let sink: Option<Arc<dyn DeadLetterSink>> = match &self.dead_letter.place {
            Place::Sink(sink) => Some(Arc::clone(sink)),
            Place::Target(queue) => {
                Some(Arc::new(QueueSink::new(queue.clone(), self.dead_letter.format)))
            }
            _ => self.dead_letter.queue_for(&self.queue.name).map(|name| {
                let queue = Target::new(Arc::clone(&self.queue.shared), name);
                Arc::new(QueueSink::new(queue, self.dead_letter.format)) as _
            }),
        };
        self.config.dead_letter = sink.is_some();
        if sink.is_none() {
            tracing::info!(
                target: "queue_client::processor",
                queue = %self.queue.name,
                "there is no place for dead letters: messages that fail are kept"
            );
        }
        let runtime = self.runtime();
        let now = Tick::new(runtime.elapsed());
        let mut core = Core::new(self.config.clone(), runtime.random(), now)?;
        if self.seat.is_some() {
            // What there is for it is said when its loop runs.
            core.handle(now, Input::Allow(0));
        }
        Ok((core, sink))
    }
}
