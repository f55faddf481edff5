//! [`redrive`]: the way back of dead letters, from a queue into the one that they died in, or the stripe:
//! [`redrive_striped`].

use std::{sync::Arc, time::SystemTime};

use queue_auth::BoxFuture;
use queue_proto::{LeaseTimeout, MessageText, TimeToLive, ops::PeekedMessage};

use crate::{
    bulk::{Journal, Lifetime, Routes, Transfer, TransferError, TransferReport},
    execute::shared::Target,
    message_codec::MessageCodec,
    processor::{
        core::Reason,
        envelope::{
            letter::{self, DeadLetter},
            message,
        },
    },
    queue::QueueClient,
    striped::Striped,
};

/// Brings dead letters back: each message is put into `to`, and then deleted from `from`. What was in
/// an envelope comes out of it.
///
/// A message that is put starts anew, with a new id and as its own first delivery. It lives for 7
/// days, which is the service's default, unless [`time_to_live`](Redrive::time_to_live) says
/// otherwise.
///
/// Only what is in the queue at the beginning is moved. Messages that come in meanwhile are left,
/// and counted in the [report](TransferReport): a handler that fails again at once does not keep this
/// busy for ever. To move from a queue to itself is an error.
///
/// The credential needs the permissions to process `from`, and to read and add to `to`.
///
/// # Errors
///
/// A [`TransferError`] with what was done until then. Messages that were not moved stay where they
/// are; they are hidden for a minute or more if they cannot be given back either.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// use queue_client::processor::dead_letter::redrive;
///
/// let (orders, poison) = (service.queue("orders")?, service.queue("orders-poison")?);
/// # orders.create().await?;
/// # poison.create().await?;
/// poison.send("17 bottles").await?;
///
/// let report = redrive(&poison, &orders).rate(20.0).await?;
/// assert_eq!(report.moved, 1);
/// # Ok(())
/// # }
/// ```
pub fn redrive<C: MessageCodec, D: MessageCodec>(
    from: &QueueClient<C>,
    to: &QueueClient<D>,
) -> Redrive {
    let transfer = Transfer::new(from.target().clone(), to.target().clone(), true)
        .opening(opened)
        .lifetime(Lifetime::ServiceDefault)
        // Who looks through dead letters does not bring them nearer to their end.
        .max_attempt(u32::MAX);
    Redrive { transfer, reason: None, since: None, homes: None }
}

/// Brings the dead letters of stripes back, as [`redrive`] does: each goes into the stripe that it died
/// in, which its envelope names.
///
/// Letters that name none of these stripes, by their queue and their account, stay where they are and
/// are counted as [skipped](TransferReport::skipped): those without an envelope, and those of a stripe
/// that is gone. [`strays_to`](Redrive::strays_to) says where else they may go.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// use queue_client::processor::dead_letter::redrive_striped;
///
/// let (orders, poison) = (service.striped("orders", 4)?, service.queue("orders-poison")?);
/// # orders.create_if_missing().await?;
/// # poison.create().await?;
/// poison.send("no envelope says where this died").await?;
///
/// let report = redrive_striped(&poison, &orders).await?;
/// assert_eq!((report.moved, report.skipped), (0, 1));
///
/// let report = redrive_striped(&poison, &orders).strays_to(&service.queue("orders-0")?).await?;
/// assert_eq!(report.moved, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The errors are those of [`redrive`]. Every stripe must be there.
pub fn redrive_striped<C: MessageCodec, D: MessageCodec>(
    from: &QueueClient<C>,
    to: &Striped<D>,
) -> Redrive {
    let stripes: Vec<_> = to.stripes().iter().map(|stripe| stripe.target().clone()).collect();
    Redrive { homes: Some(Homes { stripes, strays: None }), ..redrive(from, to.first()) }
}

/// What goes back for this text, if it is not the text itself: what was in an envelope, and a pointer
/// that says that it may not be the only one. After a crash the message is in both queues.
fn opened(text: &MessageText) -> Option<(Option<String>, MessageText)> {
    let letter = letter::open(text.as_str());
    let inner = letter.as_ref().map_or(text, |letter| &letter.text);
    match message::repoint(inner, |pointer| pointer.sharing(true)) {
        Some(shared) => Some((letter.map(|letter| letter.id), shared)),
        None => letter.map(|letter| (Some(letter.id), letter.text)),
    }
}

/// A call of [`redrive`].
#[derive(Debug)]
#[must_use = "it does nothing until it is awaited"]
pub struct Redrive {
    transfer: Transfer,
    reason: Option<Reason>,
    since: Option<SystemTime>,
    /// The queues that letters may go to by their envelopes; `None` if all go to one.
    homes: Option<Homes>,
}

#[derive(Debug)]
struct Homes {
    stripes: Vec<Target>,
    strays: Option<Target>,
}

impl Homes {
    /// The place of the stripe that a letter died in.
    fn find(&self, letter: &DeadLetter) -> Option<usize> {
        self.stripes.iter().position(|stripe| {
            let account = stripe.shared.endpoint.account().as_str();
            stripe.name.as_str() == letter.queue
                && letter.account.as_deref().is_none_or(|of| of == account)
        })
    }

    fn routes(self: Arc<Self>) -> Routes {
        let to = self.stripes.iter().chain(&self.strays).cloned().collect();
        let stray = self.stripes.len();
        let home = move |text: &str| self.find(&letter::open(text)?);
        Routes { to, choose: Box::new(move |text| home(text).unwrap_or(stray)) }
    }
}

impl Redrive {
    /// Puts letters of [`redrive_striped`] that name no stripe into this queue, which may be one of the
    /// stripes. Default: they stay where they are.
    pub fn strays_to<C: MessageCodec>(mut self, queue: &QueueClient<C>) -> Self {
        if let Some(homes) = &mut self.homes {
            homes.strays = Some(queue.target().clone());
        }
        self
    }

    /// Only messages that died of this. Only letters in envelopes tell.
    pub const fn reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Only messages that died since then, or without an envelope: that were put there since then.
    pub const fn since(mut self, time: SystemTime) -> Self {
        self.since = Some(time);
        self
    }

    /// At most so many messages.
    pub fn max(self, messages: usize) -> Self {
        self.with(|transfer| transfer.max(messages))
    }

    /// At most so many messages a second.
    pub fn rate(self, per_second: f64) -> Self {
        self.with(|transfer| transfer.rate(per_second))
    }

    /// Moves nothing, and says what would be moved. It receives messages and gives them back, which
    /// raises their dequeue counts.
    pub fn dry_run(self) -> Self {
        self.with(Transfer::dry_run)
    }

    /// Puts a message again when the answer to its put was lost. Otherwise such a message is left in
    /// its queue, and may be in both.
    pub fn allow_duplicates(self) -> Self {
        self.with(Transfer::allow_duplicates)
    }

    /// Lets the messages expire after this time. 7 days, which is the service's default, unless set.
    pub fn time_to_live(self, time: TimeToLive) -> Self {
        self.with(|transfer| transfer.lifetime(Lifetime::Set(time)))
    }

    /// Sets how many messages are under way at once: see [`Transfer::in_flight`].
    pub fn in_flight(self, messages: usize) -> Self {
        self.with(|transfer| transfer.in_flight(messages))
    }

    /// Sets how long the messages live: see [`Transfer::lifetime`]. Default: 7 days.
    pub fn lifetime(self, lifetime: Lifetime) -> Self {
        self.with(|transfer| transfer.lifetime(lifetime))
    }

    /// Hides the messages for this time while they are moved: see [`Transfer::lease`].
    pub fn lease(self, time: LeaseTimeout) -> Self {
        self.with(|transfer| transfer.lease(time))
    }

    /// Ends when dead letters come in meanwhile: see [`Transfer::stop_on_return`].
    pub fn stop_on_return(self) -> Self {
        self.with(Transfer::stop_on_return)
    }

    /// Remembers how far each message got, to go on after a crash: see [`Transfer::journal`].
    pub fn journal(self, journal: impl Journal) -> Self {
        self.with(|transfer| transfer.journal(journal))
    }

    /// Ends in good order when `stop` is over: see [`Transfer::stop_when`].
    pub fn stop_when(self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.with(|transfer| transfer.stop_when(stop))
    }

    /// Calls `progress` after each message: see [`Transfer::on_progress`].
    pub fn on_progress(self, progress: impl FnMut(&TransferReport) + Send + 'static) -> Self {
        self.with(|transfer| transfer.on_progress(progress))
    }

    fn with(self, change: impl FnOnce(Transfer) -> Transfer) -> Self {
        Self { transfer: change(self.transfer), ..self }
    }
}

/// Says whether a message, which may be a letter, died of this and since then, as far as it tells.
fn wants(
    message: &PeekedMessage,
    letter: Option<&DeadLetter>,
    reason: Option<Reason>,
    since: Option<SystemTime>,
) -> bool {
    let died = letter.and_then(|letter| letter.dead_at).unwrap_or(message.inserted_at());
    reason.is_none_or(|reason| letter.is_some_and(|letter| letter.died_of(reason)))
        && since.is_none_or(|since| died >= since)
}

impl IntoFuture for Redrive {
    type Output = Result<TransferReport, TransferError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { mut transfer, reason, since, homes } = self;
        let homes = homes.map(Arc::new);
        // Only where strays have no place.
        let narrow = homes.clone().filter(|homes| homes.strays.is_none());
        if reason.is_some() || since.is_some() || narrow.is_some() {
            transfer = transfer.matching(move |message| {
                let letter = letter::open(message.text());
                let letter = letter.as_ref();
                let fits = |homes: &Arc<Homes>| letter.and_then(|it| homes.find(it)).is_some();
                wants(message, letter, reason, since) && narrow.as_ref().is_none_or(fits)
            });
        }
        match homes {
            Some(homes) => transfer.routed(homes.routes()),
            None => transfer,
        }
        .into_future()
    }
}
