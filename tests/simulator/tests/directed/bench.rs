//! A core on a bench: time moves when told to, and every request waits for its answer.

use std::{cell::Cell, collections::BTreeMap, time::Duration};

use queue_client::{
    OpFailure, Refusal,
    processor::core::{
        Action, Core, CoreConfig, DeliveryKey, Event, Input, LeaseSignal, NewLease, OpId, Outcome,
        RawDelivery, Reason, Report, Settled, Tick,
    },
    proto::{MessageId, MessageText, PopReceipt},
};

thread_local! {
    /// Every bench of a test has other jitter, and every run of the test the same.
    static SEED: Cell<u64> = const { Cell::new(42) };
}

pub struct Bench {
    pub core: Core,
    pub now: Tick,
    /// Requests that wait for an answer, and when they were sent.
    pub open: BTreeMap<OpId, (Tick, Action)>,
    pub started: Vec<(DeliveryKey, RawDelivery)>,
    pub signals: Vec<LeaseSignal>,
    pub events: Vec<Event>,
    pub dropped: Vec<DeliveryKey>,
    pub replies: Vec<Action>,
    pub report: Option<Report>,
    /// Every request ever made, with its instant.
    pub requests: Vec<(Tick, Action)>,
}

pub fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

pub fn tick(seconds: f64) -> Tick {
    Tick::new(secs(seconds))
}

pub fn message(id: u32, attempt: u32) -> RawDelivery {
    message_with(id, attempt, &format!("text of {id}"))
}

pub fn message_with(id: u32, attempt: u32, text: &str) -> RawDelivery {
    let mut raw = RawDelivery::new(
        MessageId::new(id.to_string()).unwrap(),
        receipt(&format!("got-{id}-{attempt}")),
        MessageText::new(text).unwrap(),
    );
    raw.attempt = attempt;
    raw
}

pub fn receipt(text: &str) -> PopReceipt {
    PopReceipt::new(text).unwrap()
}

pub const fn refused(kind: Refusal) -> OpFailure {
    OpFailure::Refused { kind, retry_after: None }
}

/// How a handler ends that failed, to be tried again as the settings say.
pub const FAILED: Outcome = Outcome::Retry { after: None };

impl Bench {
    pub fn new(change: impl FnOnce(&mut CoreConfig)) -> Self {
        let mut config = CoreConfig::default();
        change(&mut config);
        let mut bench = Self {
            core: Core::new(config, SEED.replace(SEED.get() + 1), Tick::ORIGIN).unwrap(),
            now: Tick::ORIGIN,
            open: BTreeMap::new(),
            started: Vec::new(),
            signals: Vec::new(),
            events: Vec::new(),
            dropped: Vec::new(),
            replies: Vec::new(),
            report: None,
            requests: Vec::new(),
        };
        bench.pump();
        bench
    }

    /// A core whose first receive has brought this message, with its handler running.
    pub fn running(change: impl FnOnce(&mut CoreConfig), raw: RawDelivery) -> (Self, DeliveryKey) {
        let mut bench = Self::new(|config| {
            config.concurrency = std::num::NonZeroUsize::MIN;
            change(config);
        });
        bench.receive(vec![raw]);
        let key = bench.started.first().expect("no handler starts").0;
        (bench, key)
    }

    pub fn input(&mut self, input: Input) {
        self.core.handle(self.now, input);
        self.pump();
    }

    fn pump(&mut self) {
        let mut count = 0;
        while let Some(action) = self.core.poll(self.now) {
            count += 1;
            assert!(count < 10_000, "a busy loop");
            match action {
                Action::Receive { op, .. }
                | Action::Update { op, .. }
                | Action::Delete { op, .. }
                | Action::DeadLetter { op, .. }
                | Action::CreateQueue { op, .. } => {
                    self.requests.push((self.now, action.clone()));
                    self.open.insert(op, (self.now, action));
                }
                Action::Start { key, delivery, .. } => {
                    self.started.push((key, (*delivery).clone()));
                }
                Action::Signal { signal, .. } => self.signals.push(signal),
                Action::Reply { .. } => self.replies.push(action),
                Action::Drop { key } => self.dropped.push(key),
                Action::Emit(event) => self.events.push(event),
                Action::Finished(report) => self.report = Some(report),
                _ => {}
            }
        }
        let next = self.core.next_wake();
        assert!(next.is_none_or(|next| next > self.now), "{next:?} is not after {:?}", self.now);
    }

    /// Lets time pass until then, waking the core whenever it wants to be woken.
    pub fn until(&mut self, seconds: f64) {
        let end = tick(seconds);
        while let Some(next) = self.core.next_wake().filter(|next| *next <= end) {
            self.now = next;
            self.pump();
        }
        self.now = end;
        self.pump();
    }

    /// Lets time pass until such a request is under way.
    #[track_caller]
    pub fn until_open(&mut self, wanted: impl Fn(&Action) -> bool) {
        let mut second = self.now.since_origin().as_secs_f64();
        while !self.is_open(&wanted) {
            second += 0.25;
            assert!(second < 20_000.0, "no such request");
            self.until(second);
        }
    }

    /// Jumps there without waking the core in between.
    pub fn jump(&mut self, seconds: f64) {
        self.now = tick(seconds);
    }

    pub fn take(&mut self, wanted: impl Fn(&Action) -> bool) -> Option<(OpId, Tick, Action)> {
        let op = *self.open.iter().find(|(_, (_, action))| wanted(action))?.0;
        let (sent_at, action) = self.open.remove(&op)?;
        Some((op, sent_at, action))
    }

    #[track_caller]
    pub fn receive_with(&mut self, result: Result<Vec<RawDelivery>, OpFailure>) {
        let (op, sent_at, _) = self.take(is_receive).expect("no receive is under way");
        self.input(Input::Received { op, sent_at, result });
    }

    #[track_caller]
    pub fn receive(&mut self, messages: Vec<RawDelivery>) {
        self.receive_with(Ok(messages));
    }

    /// Answers a receive that is sent now: what was under way before has found nothing.
    #[track_caller]
    pub fn receive_now(&mut self, messages: Vec<RawDelivery>) {
        while let Some((op, sent_at, _)) = self.take(is_receive) {
            if sent_at == self.now {
                let result = Ok(messages);
                return self.input(Input::Received { op, sent_at, result });
            }
            self.input(Input::Received { op, sent_at, result: Ok(vec![]) });
            while !self.is_open(is_receive) {
                self.until(self.core.next_wake().expect("it polls").since_origin().as_secs_f64());
            }
        }
        panic!("no receive is under way");
    }

    #[track_caller]
    pub fn update_with(&mut self, result: Result<&str, OpFailure>) -> Action {
        let (op, sent_at, action) = self.take(is_update).expect("no update is under way");
        let result = result.map(|text| NewLease::new(receipt(text)));
        self.input(Input::Updated { op, sent_at, result });
        action
    }

    #[track_caller]
    pub fn delete_with(&mut self, result: Result<(), OpFailure>) -> PopReceipt {
        let (op, _, action) = self.take(is_delete).expect("no delete is under way");
        self.input(Input::Deleted { op, result });
        let Action::Delete { receipt, .. } = action else { unreachable!() };
        receipt
    }

    #[track_caller]
    pub fn letter_with(&mut self, result: Result<(), OpFailure>) -> Reason {
        let (op, _, action) = self.take(is_letter).expect("no dead letter is under way");
        self.input(Input::DeadLettered { op, result });
        let Action::DeadLetter { reason, .. } = action else { unreachable!() };
        reason
    }

    pub fn done(&mut self, key: DeliveryKey, outcome: Outcome) {
        self.input(Input::HandlerDone { key, outcome, failure: None });
    }

    pub fn fail(&mut self, key: DeliveryKey, outcome: Outcome) {
        let failure = Some(Reason::HandlerFailed);
        self.input(Input::HandlerDone { key, outcome, failure });
    }

    pub fn settled(&self) -> Vec<Settled> {
        let settled = |event: &Event| match event {
            Event::Settled { how, .. } => Some(*how),
            _ => None,
        };
        self.events.iter().filter_map(settled).collect()
    }

    pub fn is_open(&self, wanted: impl Fn(&Action) -> bool) -> bool {
        self.open.values().any(|(_, action)| wanted(action))
    }

    pub fn count(&self, wanted: impl Fn(&Action) -> bool) -> usize {
        self.requests.iter().filter(|(_, action)| wanted(action)).count()
    }
}

pub fn is_receive(action: &Action) -> bool {
    matches!(action, Action::Receive { .. })
}

pub fn is_update(action: &Action) -> bool {
    matches!(action, Action::Update { .. })
}

pub fn is_delete(action: &Action) -> bool {
    matches!(action, Action::Delete { .. })
}

pub fn is_letter(action: &Action) -> bool {
    matches!(action, Action::DeadLetter { .. })
}

#[track_caller]
pub fn visibility(action: &Action) -> u32 {
    match action {
        Action::Update { visibility, .. } => visibility.as_secs(),
        other => panic!("{other:?} is no update"),
    }
}

impl Bench {
    pub fn settled_last(&self) -> Option<Settled> {
        self.settled().last().copied()
    }
}
