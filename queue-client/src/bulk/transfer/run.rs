//! [`Run`]: a transfer at work. Come here for the order of put, journal and delete, and for what
//! follows on each failure.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    future::pending,
    pin::pin,
    time::Duration,
};

use futures_util::{
    FutureExt as _, StreamExt as _,
    future::{Either, select},
    stream::FuturesUnordered,
};
use queue_auth::BoxFuture;
use queue_proto::{
    MessageCount, MessageId, MessageText, OperationKind,
    ops::{PeekMessages, PutMessage, SentMessage},
};

use super::{
    plan::Plan,
    prepare::prepare,
    report::{Doubt, TransferError, TransferReport},
};
use crate::{
    bulk::{
        attempts::check,
        journal::JournalStep,
        refused::{JournalFailed, refuse},
        walk::{Found, Step, Walk, depth::approximate_count},
    },
    error::Error,
    failure::{OpFailure, Refusal},
};

/// How far puts may run ahead of their rate. Timers are late by some milliseconds, which would
/// otherwise lower a rate of hundreds per second.
const AHEAD: Duration = Duration::from_millis(100);
/// The time between two looks at how many messages the source has.
const LOOK: Duration = Duration::from_secs(1);

/// A transfer at work.
pub(super) struct Run {
    plan: Plan,
    walk: Walk,
    report: TransferReport,
    puts: FuturesUnordered<BoxFuture<'static, PutDone>>,
    /// What an earlier run left in the journal.
    pending: HashMap<MessageId, JournalStep>,
    /// What was put, and whose delete is not confirmed.
    undeleted: BTreeSet<MessageId>,
    /// The ids that dead letters would have if what was put died again.
    put: HashSet<String>,
    /// The instant at which the next put may start.
    next_put: Duration,
    /// The number of messages that the source held at the beginning.
    there: usize,
    deleted: usize,
    look: Option<BoxFuture<'static, Look>>,
    next_look: Duration,
    stopping: bool,
    failure: Option<Error>,
}

struct PutDone {
    id: MessageId,
    result: Result<(SentMessage, u32), Error>,
}

/// An answer to how many messages the source has.
struct Look {
    /// The deletes that were confirmed when it was asked.
    deleted: usize,
    count: Option<usize>,
}

enum Event {
    Walked(Result<Step, Error>),
    Put(PutDone),
    Looked(Look),
    Stop,
    Time,
}

impl Run {
    pub(super) async fn of(mut plan: Plan) -> Result<TransferReport, TransferError> {
        let mut report = TransferReport::default();
        let (walk, there, before) = match prepare(&mut plan).await {
            Ok(prepared) => prepared,
            Err(error) => return Err(TransferError::new(report, error)),
        };
        let (again, pending): (Vec<_>, Vec<_>) =
            before.into_iter().partition(|(_, step)| *step == JournalStep::PutAgain);
        report.doubtful.extend(again.into_iter().map(|(id, _)| (id, Doubt::PutAgain)));
        let now = plan.from.shared.runtime.elapsed();
        let run = Self {
            walk,
            report,
            puts: FuturesUnordered::new(),
            pending: pending.into_iter().collect(),
            undeleted: BTreeSet::new(),
            put: HashSet::new(),
            next_put: now,
            there,
            deleted: 0,
            look: None,
            next_look: now.saturating_add(LOOK),
            stopping: plan.max == 0,
            failure: None,
            plan,
        };
        run.work().await
    }

    async fn work(mut self) -> Result<TransferReport, TransferError> {
        loop {
            if self.stopping {
                self.walk.end();
                let not_started = self.walk.take_ready();
                self.report.seen += not_started;
                self.report.not_started += not_started;
            }
            if self.walk.is_over() && self.puts.is_empty() {
                break;
            }
            self.start_look();
            match self.event().await {
                Event::Walked(Ok(Step::Found(found))) => self.found(*found),
                Event::Walked(Ok(Step::Deleted(id, result))) => {
                    self.deleted(id, result.is_confirmed());
                }
                Event::Walked(Err(error)) => self.fail(error),
                Event::Put(done) => self.put_done(done),
                Event::Looked(look) => self.looked(&look),
                Event::Stop => {
                    self.plan.stop = None;
                    self.stopping = true;
                }
                Event::Walked(Ok(Step::Over)) | Event::Time => continue,
            }
            if let Some(progress) = &mut self.plan.progress {
                progress(&self.report);
            }
        }
        self.end().await
    }

    /// What happens next.
    async fn event(&mut self) -> Event {
        let runtime = self.plan.from.shared.runtime.clone();
        let now = runtime.elapsed();
        let most = self.most_wanted(now);
        let pause = self.next_put.checked_sub(now).filter(|pause| !pause.is_zero());
        let look = (self.plan.stop_on_return && self.look.is_none())
            .then(|| self.next_look.saturating_sub(now));
        let Self { walk, puts, look: looking, plan, stopping, .. } = self;

        let walked = pin!(walk.step(most).map(Event::Walked));
        let put = pin!(async {
            match puts.next().await {
                Some(done) => Event::Put(done),
                None => pending().await,
            }
        });
        let looked = pin!(async {
            match looking {
                Some(look) => Event::Looked(look.await),
                None => pending().await,
            }
        });
        let stop = pin!(async {
            match &mut plan.stop {
                Some(stop) if !*stopping => stop.await,
                _ => pending().await,
            }
            Event::Stop
        });
        let paced = pin!(async {
            match pause {
                Some(pause) if !*stopping => runtime.sleep(pause).await,
                _ => pending().await,
            }
            Event::Time
        });
        let idle = pin!(async {
            match look {
                Some(look) if !*stopping => runtime.idle(look).await,
                _ => pending().await,
            }
            Event::Time
        });
        // Puts and deletes first: what is begun is finished before more is begun.
        let work = select(put, walked).map(either);
        let others = select(looked, stop).map(either);
        let times = select(paced, idle).map(either);
        either(select(work, select(others, times).map(either)).await)
    }

    /// How many messages are wanted now and soon.
    fn most_wanted(&self, now: Duration) -> usize {
        let under_way = self.puts.len() + self.walk.deleting();
        if self.stopping || under_way >= self.plan.in_flight || self.next_put > now {
            return 0;
        }
        let left = self.plan.max.saturating_sub(self.report.moved + self.puts.len());
        // Of those that are received some may not match.
        if self.plan.matching.is_some() && left > 0 { usize::MAX } else { left }
    }

    fn found(&mut self, found: Found) {
        self.report.seen += 1;
        let opened = self.plan.open.and_then(|open| open(found.message.message_text()));
        if found.newer {
            if opened.and_then(|(id, _)| id).is_some_and(|id| self.put.contains(&id)) {
                self.report.returned += 1;
                self.came_back();
            } else {
                self.report.newer += 1;
            }
            return;
        }
        if let Some(matching) = &mut self.plan.matching
            && !matching(&found.message)
        {
            self.report.skipped += 1;
            return self.stays(&found);
        }
        let id = found.message.id();
        match self.pending.remove(id) {
            Some(JournalStep::Put) => {
                self.report.moved += 1;
                self.report.resumed += 1;
                if self.plan.moves {
                    self.undeleted.insert(id.clone());
                    self.walk.delete(id);
                }
            }
            Some(_) if !self.plan.allow_duplicates => self.unknown(id.clone()),
            before => {
                if before.is_some() && !self.plan.dry_run {
                    self.put_again(id.clone());
                }
                if !self.plan.moves || self.plan.dry_run {
                    self.stays(&found);
                }
                if self.stopping {
                    self.report.not_started += 1;
                } else if self.plan.dry_run {
                    self.report.moved += 1;
                } else {
                    self.start_put(found, opened.map(|(_, text)| text));
                }
            }
        }
        self.stopping |= self.report.moved + self.puts.len() >= self.plan.max;
    }

    fn start_put(&mut self, found: Found, opened: Option<MessageText>) {
        let (id, text) = found.message.into_parts();
        // Taken down before it is sent: if this process ends now, the next one knows that nobody
        // knows.
        if !self.note(&id, JournalStep::Putting) {
            self.report.not_started += 1;
            return;
        }
        let to = self.plan.destination(text.as_str()).clone();
        let now = to.shared.runtime.elapsed();
        let waited = now.saturating_sub(found.leased_at);
        let left = found.life.map(|life| life.saturating_sub(waited));
        let put = PutMessage::new(to.name.clone(), opened.unwrap_or(text))
            .time_to_live(self.plan.lifetime.of(left));
        if let Some(rate) = self.plan.rate {
            let interval = Duration::from_secs_f64(1.0 / rate.max(0.001));
            self.next_put = self.next_put.max(now.saturating_sub(AHEAD)) + interval;
        }
        let resends = self.plan.allow_duplicates;
        self.puts.push(Box::pin(async move {
            let result = to.insist(&put, resends).await;
            PutDone { id, result: result.map(|(answer, resends)| (answer.message, resends)) }
        }));
    }

    fn put_done(&mut self, PutDone { id, result }: PutDone) {
        match result {
            Ok((sent, resends)) => {
                self.report.moved += 1;
                if resends > 0 {
                    self.put_again(id.clone());
                }
                if self.plan.open.is_some() {
                    self.put.insert(sent.id().as_str().to_owned());
                }
                // Also if that fails: the message is there, so its delete loses nothing.
                self.note(&id, JournalStep::Put);
                if self.plan.moves {
                    self.walk.delete(&id);
                    self.undeleted.insert(id);
                }
            }
            Err(error) => match error.failure() {
                OpFailure::Ambiguous => {
                    self.unknown(id);
                    if self.plan.allow_duplicates {
                        self.fail(error);
                    }
                }
                // This message alone is at fault, such as one that is too large there.
                OpFailure::Refused { kind: Refusal::Invalid, .. } => {
                    self.note(&id, JournalStep::NotPut);
                    self.report.failed += 1;
                }
                _ => {
                    self.note(&id, JournalStep::NotPut);
                    self.report.not_started += 1;
                    self.fail(error);
                }
            },
        }
    }

    fn deleted(&mut self, id: MessageId, confirmed: bool) {
        if confirmed {
            self.undeleted.remove(&id);
            self.deleted += 1;
            self.note(&id, JournalStep::Deleted);
        } else {
            self.undeleted.insert(id);
        }
    }

    /// The message is in the destination, perhaps twice, which the next run must still know.
    fn put_again(&mut self, id: MessageId) {
        self.note(&id, JournalStep::PutAgain);
        self.report.doubtful.push((id, Doubt::PutAgain));
    }

    /// Nobody knows whether this message was put. It stays.
    fn unknown(&mut self, id: MessageId) {
        self.report.failed += 1;
        self.report.unknown += 1;
        self.report.doubtful.push((id, Doubt::PerhapsPut));
    }

    /// Checks a message that stays in the queue and has been received once more.
    fn stays(&mut self, found: &Found) {
        let Found { message, .. } = found;
        let max_attempt = self.plan.max_attempt;
        if let Err(error) = check(&self.plan.from, message, message.dequeue_count(), max_attempt) {
            self.fail(error);
        }
    }

    /// Takes down a step. Without that, nothing more is put.
    fn note(&mut self, id: &MessageId, step: JournalStep) -> bool {
        let Some(journal) = &mut self.plan.journal else { return true };
        match journal.record(id, step) {
            Ok(()) => true,
            Err(error) => {
                let cause = JournalFailed(error);
                self.fail(refuse(cause, OperationKind::PutMessage, &self.plan.to));
                false
            }
        }
    }

    fn fail(&mut self, error: Error) {
        self.stopping = true;
        self.failure.get_or_insert(error);
    }

    fn start_look(&mut self) {
        let now = self.plan.from.shared.runtime.elapsed();
        let begun = self.plan.stop_on_return && self.report.moved > 0 && !self.stopping;
        if !begun || self.look.is_some() || now < self.next_look {
            return;
        }
        self.next_look = now.saturating_add(LOOK);
        let (from, deleted) = (self.plan.from.clone(), self.deleted);
        self.look = Some(Box::pin(async move {
            // Whether a look fails matters to nobody: the next one tells.
            Look { deleted, count: approximate_count(&from).await.ok() }
        }));
    }

    fn looked(&mut self, look: &Look) {
        self.look = None;
        if look.count.is_some_and(|count| count.saturating_add(look.deleted) > self.there) {
            self.came_back();
        }
    }

    fn came_back(&mut self) {
        if self.plan.stop_on_return {
            self.report.came_back = true;
            self.stopping = true;
        }
    }

    /// Counts what came in while the last messages were moved, as far as the front shows it.
    async fn look_back(&mut self) {
        let peek = PeekMessages::new(self.plan.from.name.clone()).count(MessageCount::MAX);
        // Whether that works matters to nobody: all is done.
        let Ok(front) = self.plan.from.execute(&peek).await else { return };
        for message in front.messages.iter().filter(|message| self.walk.is_newer(message)) {
            self.report.seen += 1;
            let id =
                self.plan.open.and_then(|open| open(message.message_text())).and_then(|(id, _)| id);
            if id.is_some_and(|id| self.put.contains(&id)) {
                self.report.returned += 1;
            } else {
                self.report.newer += 1;
            }
        }
    }

    async fn end(mut self) -> Result<TransferReport, TransferError> {
        if !self.stopping && !self.plan.dry_run && self.report.moved > 0 {
            self.look_back().await;
        }
        self.report.highest_dequeue_count = self.walk.highest_dequeue_count();
        self.report.lost_answers = self.walk.lost_answers();
        let Self { walk, plan, mut report, pending, mut undeleted, failure, stopping, .. } = self;
        let mut journal = plan.journal;
        let released = walk
            .finish(|id, result| {
                if result.is_confirmed() {
                    undeleted.remove(&id);
                    if let Some(journal) = &mut journal {
                        // If that fails, the next run finds nothing to delete.
                        drop(journal.record(&id, JournalStep::Deleted));
                    }
                }
            })
            .await;
        report.still_hidden = released.hidden;
        report.perhaps_in_both = undeleted.len();
        report.doubtful.extend(undeleted.into_iter().map(|id| (id, Doubt::PutNotDeleted)));
        for (id, step) in pending {
            match step {
                // What was copied is not in doubt.
                JournalStep::Put if !plan.moves => {}
                JournalStep::Put => report.doubtful.push((id, Doubt::PutNotDeleted)),
                _ => report.doubtful.push((id, Doubt::PerhapsPut)),
            }
        }
        let all_copied = plan.moves || (!stopping && report.failed == 0);
        let settled = report.doubtful.iter().all(|(_, doubt)| *doubt == Doubt::PutAgain);
        if let Some(journal) = &mut journal
            && failure.is_none()
            && settled
            && all_copied
        {
            drop(journal.finish());
        }
        match failure {
            None => Ok(report),
            Some(error) => Err(TransferError::new(report, error)),
        }
    }
}

fn either<A, B>(either: Either<(Event, A), (Event, B)>) -> Event {
    match either {
        Either::Left((event, _)) | Either::Right((event, _)) => event,
    }
}
