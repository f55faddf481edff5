//! [`Walk`]: the one way through a whole queue. It leases messages so that the next receive shows
//! others, renews the leases, recognises what comes back, deletes what the caller is done with, and
//! gives back the rest. Come here for what is received, and when the walk ends.

pub(super) mod depth;
mod release;
pub(super) mod work;

use std::{
    collections::VecDeque,
    future::pending,
    mem,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::{
    StreamExt as _,
    future::{Either, select},
};
use queue_proto::{
    LeaseTimeout, MessageCount, MessageId, VisibilityTimeout,
    ops::{
        DeleteMessage, GetMessages, GetMessagesResponse, PeekedMessage, ReceivedMessage,
        UpdateMessage, UpdateMessageResponse,
    },
};

#[cfg(feature = "tokio")]
use self::release::absorb_and_release;
use self::{
    release::{Released, release},
    work::{Deleted, Done, Used, Work},
};
use super::held::{Held, Lease, Standing};
use crate::{error::Error, execute::shared::Target};

/// The renewals that are under way at once.
const RENEWALS: usize = 32;
/// After this many receives in a row that found only messages which came later, what was there is
/// assumed to be done. One is not enough: the service does not promise an order.
const IDLE_RECEIVES: usize = 3;
/// After this many empty answers in a row the queue is assumed to be empty. One is not enough: the
/// service may give fewer messages than there are.
const EMPTY_RECEIVES: usize = 2;
/// After this many receives in a row whose answers were lost, the walk fails.
const LOST_RECEIVES: u32 = 3;

/// How a walk goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// The time for which a message is hidden from others; it is renewed half-way.
    pub(super) lease: LeaseTimeout,
    /// The messages that one receive asks for.
    pub(super) batch: MessageCount,
    /// The receives that are under way at once.
    pub(super) receives: usize,
    /// The messages that may be leased ahead of the caller.
    pub(super) ahead: usize,
    /// The messages after which the walk ends.
    pub(super) limit: usize,
}

/// A message that the walk came by.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) message: PeekedMessage,
    /// The time that the message has left; `None` for ever.
    pub(super) life: Option<Duration>,
    /// The instant at which it had so much time left, by the runtime's clock.
    pub(super) leased_at: Duration,
    /// The time of the service when it was received.
    pub(super) received_at: SystemTime,
    /// It came after the walk began.
    pub(super) newer: bool,
}

/// What happened next.
#[derive(Debug)]
pub(super) enum Step {
    Found(Box<Found>),
    /// A delete is over. If it is not confirmed it is sent again if the message comes back.
    Deleted(MessageId, Deleted),
    /// Nothing is under way, and no more is received. It is told once.
    Over,
}

/// A way through a queue.
///
/// Nothing happens but while [`step`](Self::step) is polled. Dropped on a runtime of tokio, it gives
/// back what it holds.
pub(super) struct Walk {
    queue: Target,
    pace: Pace,
    held: Held,
    work: Work,
    ready: VecDeque<Found>,
    receiving: usize,
    renewing: usize,
    deleting: usize,
    ended: bool,
    told_over: bool,
    saw_full: bool,
    empty_receives: usize,
    idle_receives: usize,
    /// The instant from which the times of [`Held`] count.
    origin: Duration,
    /// The time of the first receive, by the clock of the service.
    began: Option<SystemTime>,
    /// At most how many messages were there when the walk began.
    there: usize,
    /// The number of messages that were found and were there from the beginning.
    found: usize,
    highest_dequeue_count: u32,
    lost_answers: u32,
    losses_in_a_row: u32,
}

impl Walk {
    /// A walk through a queue that held at most `there` messages a moment ago.
    pub(super) fn new(queue: Target, pace: Pace, there: usize) -> Self {
        let origin = queue.shared.runtime.elapsed();
        Self {
            queue,
            pace,
            held: Held::default(),
            work: Work::new(),
            ready: VecDeque::new(),
            receiving: 0,
            renewing: 0,
            deleting: 0,
            ended: pace.limit == 0,
            told_over: false,
            saw_full: false,
            empty_receives: 0,
            idle_receives: 0,
            origin,
            began: None,
            there,
            found: 0,
            highest_dequeue_count: 0,
            lost_answers: 0,
            losses_in_a_row: 0,
        }
    }

    /// Says whether nothing will happen any more.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.ready.is_empty() && self.work.is_empty()
    }

    /// Receives no more.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// The deletes that are under way.
    pub(super) const fn deleting(&self) -> usize {
        self.deleting
    }

    /// Says whether a message that is in the queue now came after the walk began, or in the same
    /// second, and is not one that the walk knows.
    pub(super) fn is_newer(&self, message: &PeekedMessage) -> bool {
        !self.held.contains(message.id())
            && self.began.is_some_and(|began| message.inserted_at() >= began)
    }

    /// The highest dequeue count of a message, its lease by this walk included.
    pub(super) const fn highest_dequeue_count(&self) -> u32 {
        self.highest_dequeue_count
    }

    /// The receives whose answer was lost. Each may have hidden up to 32 messages for one lease.
    pub(super) const fn lost_answers(&self) -> u32 {
        self.lost_answers
    }

    /// The messages that were leased ahead and not given to the caller.
    pub(super) fn take_ready(&mut self) -> usize {
        mem::take(&mut self.ready).len()
    }

    /// Waits for what happens next: forever, if nothing will. A message is given out only if one is
    /// wanted, `most` of them soon; otherwise none is received either. Dropping the future loses
    /// nothing.
    pub(super) async fn step(&mut self, most: usize) -> Result<Step, Error> {
        loop {
            self.start_renewals();
            if most > 0 {
                self.start_receives(most);
                if let Some(found) = self.ready.pop_front() {
                    return Ok(Step::Found(Box::new(found)));
                }
            }
            if self.is_over() && !self.told_over {
                self.told_over = true;
                return Ok(Step::Over);
            }
            let Some(done) = self.next_done().await else { continue };
            if let Some(step) = self.absorb(done)? {
                return Ok(step);
            }
        }
    }

    /// What is done next; `None` when a lease is to be renewed.
    async fn next_done(&mut self) -> Option<Done> {
        // With as many renewals under way as there may be, one of them must end first.
        let due = if self.renewing < RENEWALS { self.held.next_due() } else { None };
        let wait = due.map(|due| self.until(due));
        let runtime = Arc::clone(&self.queue.shared.runtime);
        let timer = pin!(async {
            match wait {
                Some(wait) => runtime.idle(wait).await,
                None => pending().await,
            }
        });
        let next = pin!(async {
            match self.work.next().await {
                Some(done) => done,
                None => pending().await,
            }
        });
        match select(next, timer).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }

    /// Deletes a message that was found. [`Step::Deleted`] tells when that is done.
    pub(super) fn delete(&mut self, id: &MessageId) {
        self.held.doom(id);
        if self.held.standing(id) == Some(Standing::Leased) {
            self.start_delete(id);
        }
    }

    /// Ends the walk and gives back what it holds. Deletes that are under way are waited for.
    pub(super) async fn finish(
        mut self,
        mut on_deleted: impl FnMut(MessageId, Deleted),
    ) -> Released {
        self.end();
        while !self.work.is_empty() {
            let Some(done) = self.work.next().await else { break };
            if let Ok(Some(Step::Deleted(id, result))) = self.absorb(done) {
                on_deleted(id, result);
            }
        }
        let (released, doomed) = release(self.queue.clone(), mem::take(&mut self.held)).await;
        for Lease { id, receipt, .. } in doomed {
            // The failure may have passed by now, and the receipt may still be good.
            let delete = DeleteMessage::new(self.queue.name.clone(), id.clone(), receipt);
            let result = self.queue.insist(&delete, false).await.map(|(_, lost)| lost);
            on_deleted(id, Deleted::of(result, false));
        }
        released
    }

    fn absorb(&mut self, done: Done) -> Result<Option<Step>, Error> {
        match done {
            Done::Received { sent_at, asked, result } => {
                self.receiving -= 1;
                self.received(sent_at, asked, result).map(|()| None)
            }
            Done::Renewed { lease, sent_at, result } => {
                self.renewing -= 1;
                if self.held.is_newest(&lease.id, &lease.receipt) {
                    self.renewed(&lease.id, sent_at, result);
                }
                Ok(None)
            }
            Done::Deleted { lease: Used { id, receipt }, result } => {
                self.deleting -= 1;
                if !self.held.is_newest(&id, &receipt) {
                    // It has come back, and the delete with its newer receipt decides. An older one
                    // that was repeated finds nothing, and takes that for its own success.
                    return Ok(None);
                }
                if result.is_confirmed() {
                    self.held.remove(&id);
                } else {
                    // Its receipt is void, or nobody knows: it is deleted when it comes back.
                    self.held.lapse(&id);
                }
                Ok(Some(Step::Deleted(id, result)))
            }
        }
    }

    fn received(
        &mut self,
        sent_at: Duration,
        asked: usize,
        result: Result<(GetMessagesResponse, u32), Error>,
    ) -> Result<(), Error> {
        let (answer, lost) = match result {
            Ok(answered) => answered,
            Err(error) if error.failure().may_be_applied() => {
                self.lost_answers += 1;
                self.losses_in_a_row += 1;
                if self.losses_in_a_row < LOST_RECEIVES {
                    return Ok(());
                }
                self.ended = true;
                return Err(error);
            }
            Err(error) => {
                self.ended = true;
                return Err(error);
            }
        };
        self.losses_in_a_row = 0;
        self.lost_answers += lost;
        let count = answer.messages.len();
        self.saw_full |= count == asked;
        if count == 0 {
            self.empty_receives += 1;
            self.ended |= self.empty_receives >= EMPTY_RECEIVES;
            return Ok(());
        }
        self.empty_receives = 0;
        self.idle_receives += 1;
        let due = self.due(sent_at);
        for message in answer.messages {
            self.highest_dequeue_count = self.highest_dequeue_count.max(message.dequeue_count());
            let again = self.held.contains(message.id());
            self.held.lease(message.id(), message.pop_receipt(), due);
            if again {
                if self.held.is_doomed(message.id()) {
                    self.start_delete(message.id());
                }
                continue;
            }
            let found = self.found(message, sent_at);
            if !found.newer {
                self.idle_receives = 0;
                self.found += 1;
            }
            self.ready.push_back(found);
        }
        // What was deleted or moved may have come back, and is looked at for the report.
        let patience = IDLE_RECEIVES + self.found / self.pace.batch.get() as usize;
        self.ended |= self.idle_receives >= patience || self.found >= self.pace.limit;
        Ok(())
    }

    /// Messages that come in while this runs are told from those that were there: a consumer that
    /// fails at once, or a busy producer, would otherwise keep a walk busy without end.
    ///
    /// Times of the service are whole seconds, so they do not tell for the second in which the walk
    /// began; there the number of messages that were in the queue bounds it.
    fn found(&mut self, message: ReceivedMessage, leased_at: Duration) -> Found {
        let lease = self.pace.lease.as_duration();
        let now = message.next_visible_at().checked_sub(lease).unwrap_or(message.next_visible_at());
        let began = *self.began.get_or_insert(now);
        let newer = message.inserted_at() > began || self.found >= self.there;
        let life = message.expires_at().map(|end| end.duration_since(now).unwrap_or_default());
        let (inserted_at, expires_at, count) =
            (message.inserted_at(), message.expires_at(), message.dequeue_count());
        let (id, _, text) = message.into_parts();
        let shown = PeekedMessage::new(id, inserted_at, text)
            .with_expires_at(expires_at)
            .with_dequeue_count(count);
        Found { message: shown, life, leased_at, received_at: now, newer }
    }

    fn renewed(
        &mut self,
        id: &MessageId,
        sent_at: Duration,
        result: Result<UpdateMessageResponse, Error>,
    ) {
        match result {
            Ok(answer) => {
                let due = self.due(sent_at);
                self.held.lease(id, &answer.pop_receipt, due);
            }
            Err(error) if error.is_not_owner() => self.held.lapse(id),
            // The receipt is as good as it was, or in doubt: the next try tells.
            Err(_) => {
                let pause = self.pace.lease.as_duration() / 8;
                let now = self.queue.shared.runtime.elapsed();
                let due = self.millis(now.saturating_add(pause));
                self.held.failed(id, due);
            }
        }
        if self.held.is_doomed(id) && self.held.standing(id) == Some(Standing::Leased) {
            self.start_delete(id);
        }
    }

    fn start_receives(&mut self, most: usize) {
        let batch = self.pace.batch.get() as usize;
        // An answer that was not full may have been the last one.
        let at_once =
            if self.saw_full && self.empty_receives == 0 { self.pace.receives } else { 1 };
        while !self.ended && self.receiving < at_once {
            let under_way = self.receiving * batch;
            let coming = self.ready.len() + under_way;
            let ahead = self.pace.ahead.max(batch).saturating_sub(coming);
            let wanted = self.pace.limit.saturating_sub(self.found).saturating_sub(under_way);
            let asked = batch.min(wanted).min(most.saturating_sub(coming));
            // Full receives only: small ones cost as much.
            if asked == 0 || ahead < batch || (self.receiving > 0 && asked < batch) {
                return;
            }
            let get = GetMessages::new(self.queue.name.clone())
                .count(MessageCount::saturating(asked))
                .visibility_timeout(self.pace.lease);
            let queue = self.queue.clone();
            self.receiving += 1;
            self.work.push(Box::pin(async move {
                let sent_at = queue.shared.runtime.elapsed();
                let result = queue.insist(&get, false).await;
                Done::Received { sent_at, asked, result }
            }));
        }
    }

    fn start_renewals(&mut self) {
        let now = self.millis(self.queue.shared.runtime.elapsed());
        while self.renewing < RENEWALS
            && let Some((id, receipt)) = self.held.renew_next(now)
        {
            let queue = self.queue.clone();
            let timeout = VisibilityTimeout::from(self.pace.lease);
            self.renewing += 1;
            self.work.push(Box::pin(async move {
                let sent_at = queue.shared.runtime.elapsed();
                let lease = Used { id: id.clone(), receipt: receipt.clone() };
                let update = UpdateMessage::new(queue.name.clone(), id, receipt, timeout);
                let result = queue.execute(&update).await;
                Done::Renewed { lease, sent_at, result }
            }));
        }
    }

    fn start_delete(&mut self, id: &MessageId) {
        let Some(receipt) = self.held.begin(id) else { return };
        let half = self.pace.lease.as_duration() / 2;
        let until = match self.held.due(id) {
            Some(due) => self.origin + Duration::from_millis(due.into()) + half,
            None => Duration::ZERO,
        };
        let (queue, id) = (self.queue.clone(), id.clone());
        self.deleting += 1;
        self.told_over = false;
        self.work.push(Box::pin(async move {
            let lease = Used { id: id.clone(), receipt: receipt.clone() };
            let delete = DeleteMessage::new(queue.name.clone(), id, receipt);
            let result = queue.insist(&delete, false).await.map(|(_, lost)| lost);
            let held = queue.shared.runtime.elapsed() < until;
            Done::Deleted { lease, result: Deleted::of(result, held) }
        }));
    }

    /// When a lease that was asked for at `sent_at` is to be renewed.
    fn due(&self, sent_at: Duration) -> u32 {
        self.millis(sent_at.saturating_add(self.pace.lease.as_duration() / 2))
    }

    fn millis(&self, at: Duration) -> u32 {
        let millis = at.saturating_sub(self.origin).as_millis();
        u32::try_from(millis).unwrap_or(u32::MAX).min(u32::MAX - 1)
    }

    fn until(&self, due: u32) -> Duration {
        let due = self.origin.saturating_add(Duration::from_millis(due.into()));
        due.saturating_sub(self.queue.shared.runtime.elapsed())
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        #[cfg(feature = "tokio")]
        if (self.held.len() > 0 || !self.work.is_empty())
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let queue = self.queue.clone();
            let (held, work) = (mem::take(&mut self.held), mem::take(&mut self.work));
            runtime.spawn(async move {
                absorb_and_release(queue, held, work).await;
            });
        }
    }
}
