//! [`Sweep`]: finds the bodies that no message points to, and deletes them.

use std::{
    collections::HashSet,
    error::Error as StdError,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use queue_auth::BoxFuture;
use queue_proto::{
    MessageCount, MessageText,
    ops::{GetQueueMetadata, PeekMessages, PeekedMessage},
};

use super::BodyStore;
use crate::{
    bulk::Scan,
    error::Error,
    execute::shared::Target,
    message_codec::MessageCodec,
    processor::{
        envelope::{letter, message, message::Content, pointer::Pointer},
        explanation::BoxError,
    },
    queue::QueueClient,
};

/// The age from which on a body may be swept, unless a setting says otherwise.
const OLD: Duration = Duration::from_secs(24 * 3600);
/// The least age: a producer may still be about to send the message of a body.
const YOUNGEST: Duration = Duration::from_secs(3600);
/// A letter may hold a letter, if the queue of letters had a processor whose letters went back there.
const DEPTH: usize = 4;

/// A [`BodyStore`] that can tell what it holds.
pub trait ListBodies: BodyStore {
    /// The bodies that were stored before this time, by the clock of the store.
    fn list(&self, before: SystemTime) -> BoxFuture<'_, Result<Vec<StoredBody>, BoxError>>;
}

/// A body in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make them")]
pub struct StoredBody {
    /// The key that the body was put with.
    pub key: String,
    /// The time at which the body was put, by the clock of the store.
    pub stored_at: SystemTime,
    /// The size of the body in bytes.
    pub bytes: u64,
}

/// A search for the bodies that no message points to, which crashes leave behind.
///
/// Name every queue that messages of these bodies can be in: the queue, that of its dead letters, and
/// others that messages were moved to. What is deleted has a key with the name of one of these queues,
/// is older than a day unless [`older_than`](Self::older_than) says otherwise, and is pointed to by no
/// message. **Every message must have been seen for that.** While some are hidden, since they are worked
/// on or wait for their next try, nothing is deleted, and [`SweepReport::unseen`] counts them: stop the
/// processors, or come again at a quiet hour.
///
/// Up to 31 messages in a queue are peeked at. More are received and given back, as a [`Scan`] does:
/// their dequeue counts rise, and nobody else gets them meanwhile. The queues are only looked at if there
/// is a body that is old enough.
///
/// Do not move, copy or redrive messages between these queues at the same time.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = queue_emulator::Emulator::new();
/// # let service = queue_client::QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")?
/// #     .transport(queue_client::transport::from_fn(move |request| Ok(emulator.handle(request))))
/// #     .build()?;
/// # #[cfg(feature = "object-store")] {
/// use std::sync::Arc;
/// use object_store::memory::InMemory;
/// use queue_client::processor::{Sweep, object_store_0_14::ObjectBodyStore};
///
/// let store = Arc::new(ObjectBodyStore::new(Arc::new(InMemory::new()), "bodies"));
/// let (orders, poison) = (service.queue("orders")?, service.queue("orders-poison")?);
/// # orders.create().await?;
/// let report = Sweep::new(store).queue(&orders).queue(&poison).run().await?;
/// println!("{report}"); // 0 bodies deleted, 0 in use, 0 messages unseen
/// # assert_eq!(report.to_string(), "0 bodies deleted, 0 in use, 0 messages unseen");
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a sweep does nothing until it runs"]
pub struct Sweep {
    store: Arc<dyn ListBodies>,
    queues: Vec<Target>,
    older_than: Duration,
    max_attempt: u32,
    dry_run: bool,
}

/// What a sweep found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SweepReport {
    /// The keys of the bodies that were deleted, or would have been.
    pub deleted: Vec<String>,
    /// The keys of the bodies that were to be deleted, and could not be.
    pub undeleted: Vec<String>,
    /// The number of old bodies that messages point to, as far as messages were seen.
    pub in_use: usize,
    /// The number of messages that were not seen, at least. Above 0, nothing was deleted.
    pub unseen: usize,
}

/// A sweep that failed. It deleted nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum SweepError {
    /// The store did not list its bodies.
    Store(BoxError),
    /// A queue could not be looked through.
    Queue(Error),
}

/// What was seen in the queues.
#[derive(Default)]
struct Seen {
    keys: HashSet<String>,
    unseen: usize,
}

impl Sweep {
    /// A sweep of this store.
    pub fn new(store: Arc<dyn ListBodies>) -> Self {
        Self { store, queues: Vec::new(), older_than: OLD, max_attempt: 3, dry_run: false }
    }

    /// Adds a queue whose messages may point to bodies. A queue that does not exist has none.
    pub fn queue<C: MessageCodec>(mut self, queue: &QueueClient<C>) -> Self {
        self.queues.push(queue.target().clone());
        self
    }

    /// Leaves younger bodies alone, whose messages may not be sent yet. At least 1 hour. Default: 1
    /// day.
    pub fn older_than(mut self, age: Duration) -> Self {
        self.older_than = age.max(YOUNGEST);
        self
    }

    /// Refuses to receive from a queue with more than 31 messages if one of them was received more often
    /// than this, see [`Scan::max_attempt`]. Default: 3.
    pub const fn max_attempt(mut self, count: u32) -> Self {
        self.max_attempt = count;
        self
    }

    /// Deletes nothing, and says what would be deleted.
    pub const fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Looks for bodies, then for messages that point to them, and deletes what is left.
    ///
    /// # Errors
    ///
    /// A [`SweepError`] when store or queues could not be looked through.
    pub async fn run(self) -> Result<SweepReport, SweepError> {
        let mut report = SweepReport::default();
        let Some(first) = self.queues.first() else { return Ok(report) };
        let now = first.shared.runtime.now();
        let before = now.checked_sub(self.older_than).unwrap_or(SystemTime::UNIX_EPOCH);
        // Before the queues are looked at: a body that comes later is none of these.
        let bodies = self.store.list(before).await.map_err(SweepError::Store)?;
        let ours = |body: &StoredBody| {
            let queue = Pointer::queue_of(&body.key);
            body.stored_at < before
                && queue.is_some_and(|name| self.queues.iter().any(|q| q.name.as_str() == name))
        };
        let bodies: Vec<_> = bodies.into_iter().filter(ours).collect();
        if bodies.is_empty() {
            return Ok(report);
        }
        let seen = self.look().await.map_err(SweepError::Queue)?;
        report.unseen = seen.unseen;
        for body in bodies {
            if seen.keys.contains(&body.key) {
                report.in_use += 1;
            } else if seen.unseen == 0 {
                let deleted = self.dry_run || self.store.delete(&body.key).await.is_ok();
                if deleted { &mut report.deleted } else { &mut report.undeleted }.push(body.key);
            }
        }
        Ok(report)
    }

    /// Looks through all queues: by peeking, if that shows all, or else by holding all messages.
    async fn look(&self) -> Result<Seen, Error> {
        let mut seen = Seen::default();
        let mut ids = HashSet::new();
        let mut large = false;
        for queue in &self.queues {
            let messages = peek(queue).await?;
            large |= messages.len() >= MessageCount::MAX.get() as usize;
            for message in messages {
                seen.note(message.message_text());
                ids.insert(message.into_parts().0);
            }
        }
        if large {
            self.hold(&self.queues, &mut Vec::new(), &mut seen).await?;
            return Ok(seen);
        }
        // What is there in both looks was there when it was counted in between; if that is all that was
        // counted, nothing else was there. Both ways round, since a message may become a letter, in a
        // queue that was counted already.
        for queue in self.queues.iter().chain(self.queues.iter().rev()) {
            let there = count(queue).await?;
            let again = peek(queue).await?;
            again.iter().for_each(|message| seen.note(message.message_text()));
            let both = again.iter().filter(|message| ids.contains(message.id())).count();
            let new = again.len() - both;
            seen.unseen = seen.unseen.max(there.saturating_sub(both).max(new));
        }
        Ok(seen)
    }

    /// Receives all messages of these queues and holds them, until those of all are held and counted.
    fn hold<'a>(
        &'a self,
        queues: &'a [Target],
        held: &'a mut Vec<(&'a Target, usize)>,
        seen: &'a mut Seen,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let Some((queue, rest)) = queues.split_first() else {
                // Both ways round, as above.
                for (queue, held) in held.iter().chain(held.iter().rev()) {
                    seen.unseen = seen.unseen.max(count(queue).await?.saturating_sub(*held));
                }
                return Ok(());
            };
            if count(queue).await? == 0 {
                held.push((queue, 0));
                return self.hold(rest, held, seen).await;
            }
            let mut scan = Scan::new(queue.clone()).max_attempt(self.max_attempt);
            let mut number = 0;
            let result = loop {
                match scan.next().await {
                    Ok(Some(message)) => {
                        number += 1;
                        seen.note(message.message_text());
                    }
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            let result = match result {
                Ok(()) => {
                    held.push((queue, number));
                    scan.while_renewing(self.hold(rest, held, seen)).await
                }
                Err(error) => Err(error),
            };
            scan.finish().await;
            result
        })
    }
}

impl Seen {
    fn note(&mut self, text: &MessageText) {
        let mut text = text.clone();
        for _ in 0..DEPTH {
            let Some(letter) = letter::open(text.as_str()) else { break };
            text = letter.text;
        }
        if let Some(Content::Stored(pointer)) = message::open(&text).map(|opened| opened.content) {
            self.keys.insert(pointer.key().to_owned());
        }
    }
}

/// The messages at the front; none if there is no such queue.
async fn peek(queue: &Target) -> Result<Vec<PeekedMessage>, Error> {
    let peek = PeekMessages::new(queue.name.clone()).count(MessageCount::MAX);
    match queue.execute(&peek).await {
        Err(error) if error.is_queue_not_found() => Ok(Vec::new()),
        result => Ok(result?.messages),
    }
}

/// How many messages the queue has, hidden ones included: never fewer than that.
async fn count(queue: &Target) -> Result<usize, Error> {
    match queue.execute(&GetQueueMetadata::new(queue.name.clone())).await {
        Err(error) if error.is_queue_not_found() => Ok(0),
        result => Ok(usize::try_from(result?.approximate_messages_count()).unwrap_or(usize::MAX)),
    }
}

impl fmt::Display for SweepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deleted, undeleted, in_use, unseen } = self;
        write!(f, "{} bodies deleted, {in_use} in use, {unseen} messages unseen", deleted.len())?;
        if !undeleted.is_empty() {
            write!(f, ", {} not deleted", undeleted.len())?;
        }
        Ok(())
    }
}

impl fmt::Display for SweepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Store(_) => "the store did not list its bodies",
            Self::Queue(_) => "a queue could not be looked through",
        })
    }
}

impl StdError for SweepError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Store(cause) => Some(&**cause),
            Self::Queue(cause) => Some(cause),
        }
    }
}
