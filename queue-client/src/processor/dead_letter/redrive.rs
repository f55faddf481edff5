use std::{
    collections::BTreeSet,
    fmt,
    time::{Duration, SystemTime},
};

use queue_auth::BoxFuture;
use queue_proto::{
    LeaseTimeout, MessageCount, MessageId, MessageText, TimeToLive, VisibilityTimeout,
    ops::{DeleteMessage, GetMessages, PutMessage, ReceivedMessage, UpdateMessage},
};

use super::{DeadLetter, envelope};
use crate::{
    QueueClient, codec::Codec, error::Error, failure::OpFailure, processor::core::Reason,
    processor::driver::Queue,
};

/// For how long messages are hidden while they are moved.
const LEASE: Duration = Duration::from_secs(300);

/// Brings dead letters back: each message is put into `to`, and then deleted from `from`. What was in
/// an envelope comes out of it.
///
/// A message that is put starts anew, with a new id and as its own first delivery.
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
pub fn redrive<C: Codec, D: Codec>(from: &QueueClient<C>, to: &QueueClient<D>) -> Redrive {
    Redrive {
        from: Queue::of(from),
        to: Queue::of(to),
        reason: None,
        since: None,
        max: usize::MAX,
        pause: Duration::ZERO,
        batch: MessageCount::MAX,
        dry_run: false,
        allow_duplicates: false,
        time_to_live: None,
    }
}

/// A call of [`redrive`].
#[derive(Debug)]
#[must_use = "it does nothing until it is awaited"]
pub struct Redrive {
    from: Queue,
    to: Queue,
    reason: Option<Reason>,
    since: Option<SystemTime>,
    max: usize,
    pause: Duration,
    batch: MessageCount,
    dry_run: bool,
    allow_duplicates: bool,
    time_to_live: Option<TimeToLive>,
}

/// What was brought back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedriveReport {
    /// Messages that were moved, or would have been by a dry run.
    pub moved: usize,
    /// Of these, messages that may be in both queues: they were put, and their delete was not
    /// confirmed.
    pub perhaps_in_both: usize,
    /// Messages that did not match, and stay where they were.
    pub skipped: usize,
    /// Messages of which it is not known whether they were put. They stay where they were as well.
    pub unknown: usize,
}

impl Redrive {
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
    pub const fn max(mut self, messages: usize) -> Self {
        self.max = messages;
        self
    }

    /// At most so many messages a second.
    pub fn rate(mut self, per_second: f64) -> Self {
        let rate = per_second.max(0.001);
        self.pause = Duration::from_secs_f64(1.0 / rate);
        // What is received at once must be moved long before its lease ends.
        self.batch = MessageCount::saturating((rate * LEASE.as_secs_f64() / 4.0) as usize);
        self
    }

    /// Moves nothing, and says what would be moved. It receives messages and gives them back, which
    /// raises their dequeue counts.
    pub const fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Puts a message again when the answer to its put was lost. Otherwise such a message is left in
    /// its queue, and may be in both.
    pub const fn allow_duplicates(mut self) -> Self {
        self.allow_duplicates = true;
        self
    }

    /// Lets the messages expire after this time. 7 days, which is the service's default, unless set.
    pub const fn time_to_live(mut self, time: TimeToLive) -> Self {
        self.time_to_live = Some(time);
        self
    }

    async fn run(self) -> Result<RedriveReport, Error> {
        let mut report = RedriveReport::default();
        let mut kept = Vec::new();
        let result = self.move_all(&mut report, &mut kept).await;
        for message in kept {
            // What cannot be given back comes back by itself.
            drop(self.from.persist(&self.give_back(message)).await);
        }
        result.map(|()| report)
    }

    async fn move_all(
        &self,
        report: &mut RedriveReport,
        kept: &mut Vec<ReceivedMessage>,
    ) -> Result<(), Error> {
        // A destination that is missing shows before anything is received.
        let metadata = queue_proto::ops::GetQueueMetadata::new(self.to.name().clone());
        self.to.persist(&metadata).await?;
        let lease = LeaseTimeout::try_from(LEASE).unwrap_or_default();
        let mut seen = BTreeSet::<MessageId>::new();
        while report.moved < self.max {
            let get = GetMessages::new(self.from.name().clone())
                .count(self.batch)
                .visibility_timeout(lease);
            let messages = self.from.persist(&get).await?.messages;
            let mut news = false;
            for message in messages {
                if !seen.insert(message.id.clone()) {
                    kept.push(message);
                    continue;
                }
                news = true;
                let letter = envelope::open(&message.text);
                if report.moved >= self.max {
                    kept.push(message);
                } else if !self.wants(&message, letter.as_ref()) {
                    report.skipped += 1;
                    kept.push(message);
                } else if self.dry_run {
                    report.moved += 1;
                    kept.push(message);
                } else {
                    let text = letter.map_or_else(|| message.text.clone(), |letter| letter.text);
                    self.move_one(report, kept, message, text).await?;
                    self.from.client().runtime.sleep(self.pause).await;
                }
            }
            if !news {
                break;
            }
        }
        Ok(())
    }

    async fn move_one(
        &self,
        report: &mut RedriveReport,
        kept: &mut Vec<ReceivedMessage>,
        message: ReceivedMessage,
        text: MessageText,
    ) -> Result<(), Error> {
        let mut put = PutMessage::new(self.to.name().clone(), text);
        if let Some(time) = self.time_to_live {
            put = put.time_to_live(time);
        }
        loop {
            match self.to.persist(&put).await {
                Ok(_) => break,
                Err(error) if *error.failure() == OpFailure::Ambiguous => {
                    if self.allow_duplicates {
                        continue;
                    }
                    report.unknown += 1;
                    kept.push(message);
                    return Ok(());
                }
                Err(error) => {
                    kept.push(message);
                    return Err(error);
                }
            }
        }
        report.moved += 1;
        let from = self.from.name().clone();
        let delete = DeleteMessage::new(from, message.id.clone(), message.pop_receipt.clone());
        if self.from.persist(&delete).await.is_err() {
            report.perhaps_in_both += 1;
        }
        Ok(())
    }

    fn wants(&self, message: &ReceivedMessage, letter: Option<&DeadLetter>) -> bool {
        let reason =
            self.reason.is_none_or(|reason| letter.is_some_and(|letter| letter.died_of(reason)));
        let died = letter.and_then(|letter| letter.dead_at).unwrap_or(message.inserted_at);
        reason && self.since.is_none_or(|since| died >= since)
    }

    fn give_back(&self, message: ReceivedMessage) -> UpdateMessage {
        let queue = self.from.name().clone();
        UpdateMessage::new(queue, message.id, message.pop_receipt, VisibilityTimeout::ZERO)
    }
}

impl IntoFuture for Redrive {
    type Output = Result<RedriveReport, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Display for RedriveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} moved, {} skipped", self.moved, self.skipped)?;
        for (count, what) in
            [(self.perhaps_in_both, "perhaps in both queues"), (self.unknown, "perhaps put")]
        {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        Ok(())
    }
}
