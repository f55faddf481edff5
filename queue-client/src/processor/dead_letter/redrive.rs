//! [`redrive`]: the way back of dead letters, from a queue into the one that they died in.

mod report;

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use queue_auth::BoxFuture;
use queue_proto::{
    LeaseTimeout, MessageCount, MessageId, MessageText, OperationKind, TimeToLive,
    VisibilityTimeout,
    codec::Codec,
    ops::{
        DeleteMessage, GetMessages, GetQueueMetadata, PutMessage, ReceivedMessage, UpdateMessage,
    },
};

use self::report::SameQueue;
pub use self::report::{RedriveError, RedriveReport};
use crate::{
    error::{Cause, Error},
    execute::shared::Target,
    failure::{OpFailure, Refusal},
    processor::{
        core::Reason,
        envelope::letter::{self, DeadLetter},
    },
    queue::QueueClient,
};

/// For how long messages are hidden while they are moved.
const LEASE: Duration = Duration::from_secs(300);
/// After this many receives in a row that found only messages which came later, what was there is
/// assumed to be done. One is not enough: the service does not promise an order.
const IDLE_RECEIVES: usize = 3;

/// Brings dead letters back: each message is put into `to`, and then deleted from `from`. What was in
/// an envelope comes out of it.
///
/// A message that is put starts anew, with a new id and as its own first delivery.
///
/// Only what is in the queue at the beginning is moved. Messages that come in meanwhile are left,
/// and counted in the [report](RedriveReport): a handler that fails again at once does not keep this
/// busy for ever. To move from a queue to itself is an error.
///
/// The credential needs the permissions to process `from`, and to read and add to `to`.
///
/// # Errors
///
/// A [`RedriveError`] with what was done until then. Messages that were not moved stay where they
/// are; they are hidden for up to 5 minutes if they cannot be given back either.
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
        from: from.target().clone(),
        to: to.target().clone(),
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
    from: Target,
    to: Target,
    reason: Option<Reason>,
    since: Option<SystemTime>,
    max: usize,
    pause: Duration,
    batch: MessageCount,
    dry_run: bool,
    allow_duplicates: bool,
    time_to_live: Option<TimeToLive>,
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

    async fn run(self) -> Result<RedriveReport, RedriveError> {
        let mut run = Run::default();
        let result = self.move_all(&mut run).await;
        for message in run.kept {
            // What cannot be given back comes back by itself.
            drop(self.from.execute(&self.give_back(message)).await);
        }
        match result {
            Ok(()) => Ok(run.report),
            Err(error) => Err(RedriveError::new(run.report, error)),
        }
    }

    async fn move_all(&self, run: &mut Run) -> Result<(), Error> {
        if self.is_circle() {
            let place = self.to.shared.place(Some(&self.to.name));
            let cause = Cause::InvalidArgument(Box::new(SameQueue));
            let failure = OpFailure::NotSent;
            return Err(Error::new(cause, OperationKind::PutMessage, failure, 0, place));
        }
        // A destination that is missing shows before anything is received.
        self.to.execute(&GetQueueMetadata::new(self.to.name.clone())).await?;
        let there = self.count().await?;
        let lease = LeaseTimeout::try_from(LEASE).unwrap_or_default();
        let get =
            GetMessages::new(self.from.name.clone()).count(self.batch).visibility_timeout(lease);
        let batch = self.batch.get() as usize;
        let mut idle = 0;
        // What was moved may have come back, and is looked at for the report.
        while run.report.moved < self.max && idle < IDLE_RECEIVES + run.report.moved / batch {
            let messages = self.from.execute(&get).await?.messages;
            if messages.is_empty() {
                break;
            }
            idle += 1;
            for message in messages {
                let letter = letter::open(&message.text);
                match run.standing(&message, letter.as_ref(), there) {
                    Standing::Seen => {
                        run.kept.push(message);
                        continue;
                    }
                    Standing::Returned => {
                        run.report.returned += 1;
                        run.kept.push(message);
                        continue;
                    }
                    Standing::Newer => {
                        run.report.newer += 1;
                        run.kept.push(message);
                        continue;
                    }
                    Standing::WasThere => idle = 0,
                }
                if run.report.moved >= self.max {
                    run.kept.push(message);
                } else if !self.wants(&message, letter.as_ref()) {
                    run.report.skipped += 1;
                    run.kept.push(message);
                } else if self.dry_run {
                    run.report.moved += 1;
                    run.kept.push(message);
                } else {
                    let text = letter.map_or_else(|| message.text.clone(), |letter| letter.text);
                    self.move_one(run, message, text).await?;
                    self.from.shared.runtime.sleep(self.pause).await;
                }
            }
        }
        Ok(())
    }

    /// Whether both ends are one queue. Where one queue goes by two addresses, this does not see
    /// it, and [`Run::standing`] makes the run end.
    fn is_circle(&self) -> bool {
        let (from, to) = (&self.from.shared.endpoint, &self.to.shared.endpoint);
        self.from.name == self.to.name
            && from.account() == to.account()
            && from.authority() == to.authority()
    }

    /// At most how many messages the queue holds, hidden ones included: the service's count is
    /// never lower than that.
    async fn count(&self) -> Result<usize, Error> {
        let metadata = GetQueueMetadata::new(self.from.name.clone());
        match self.from.execute(&metadata).await {
            Ok(metadata) => {
                Ok(usize::try_from(metadata.approximate_messages_count).unwrap_or(usize::MAX))
            }
            // A signature that may only receive and delete may not ask, and works all the same.
            Err(error) => match error.failure() {
                OpFailure::Refused { kind: Refusal::Unauthorized, .. } => Ok(usize::MAX),
                _ => Err(error),
            },
        }
    }

    async fn move_one(
        &self,
        run: &mut Run,
        message: ReceivedMessage,
        text: MessageText,
    ) -> Result<(), Error> {
        let mut put = PutMessage::new(self.to.name.clone(), text);
        if let Some(time) = self.time_to_live {
            put = put.time_to_live(time);
        }
        loop {
            match self.to.execute(&put).await {
                Ok(answer) => {
                    run.put.insert(answer.message.id.as_str().to_owned());
                    break;
                }
                Err(error) if *error.failure() == OpFailure::Ambiguous => {
                    if self.allow_duplicates {
                        continue;
                    }
                    run.report.unknown += 1;
                    run.kept.push(message);
                    return Ok(());
                }
                Err(error) => {
                    run.kept.push(message);
                    return Err(error);
                }
            }
        }
        run.report.moved += 1;
        let from = self.from.name.clone();
        let delete = DeleteMessage::new(from, message.id.clone(), message.pop_receipt.clone());
        if self.from.execute(&delete).await.is_err() {
            run.report.perhaps_in_both += 1;
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
        let queue = self.from.name.clone();
        UpdateMessage::new(queue, message.id, message.pop_receipt, VisibilityTimeout::ZERO)
    }
}

/// What has happened so far.
#[derive(Debug, Default)]
struct Run {
    report: RedriveReport,
    /// Messages that are given back at the end. Until then they are hidden, so that the receives go
    /// on to others.
    kept: Vec<ReceivedMessage>,
    seen: BTreeSet<MessageId>,
    /// The ids of what was put.
    put: BTreeSet<String>,
    /// The time of the first receive, by the clock of the service.
    began: Option<SystemTime>,
    /// The number of messages that were there from the beginning.
    were_there: usize,
}

/// How a message came to be in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It was received before in this run.
    Seen,
    /// It was moved in this run, and died again.
    Returned,
    /// It came after the run began.
    Newer,
    WasThere,
}

impl Run {
    /// Messages that come in while this runs are not taken: the handlers of what is moved may fail
    /// at once, and each move would then make the next one, without end.
    ///
    /// Times of the service are whole seconds, so they do not tell for the second in which the run
    /// began; there the ids of letters in envelopes tell, and for all others the number of messages
    /// that were in the queue bounds the run.
    fn standing(
        &mut self,
        message: &ReceivedMessage,
        letter: Option<&DeadLetter>,
        there: usize,
    ) -> Standing {
        if !self.seen.insert(message.id.clone()) {
            return Standing::Seen;
        }
        let answered_at = message.next_visible_at.checked_sub(LEASE);
        let began = *self.began.get_or_insert(answered_at.unwrap_or(message.next_visible_at));
        if letter.is_some_and(|letter| self.put.contains(&letter.id)) {
            Standing::Returned
        } else if message.inserted_at > began || self.were_there >= there {
            Standing::Newer
        } else {
            self.were_there += 1;
            Standing::WasThere
        }
    }
}

impl IntoFuture for Redrive {
    type Output = Result<RedriveReport, RedriveError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
