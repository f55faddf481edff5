//! [`Core`]: all that a processor knows, and the smallest steps that others are made of. What
//! happens to it is told beside it: to a message that [arrives](super::arrival), is
//! [renewed](super::renew), [ends](super::finish) and is [settled](super::settle).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fastrand::Rng;
use queue_proto::MessageId;

use super::{
    completed::Completed,
    config::{ConfigError, CoreConfig},
    delivery::Delivery,
    estimate::Estimate,
    event::{Event, LoopState},
    ids::{DeliveryKey, OpId},
    io::Action,
    liveness::{Heard, Liveness},
    pace::Pace,
    phase::Phase,
    poller::Poller,
    report::{Counters, DeliverySnapshot, Report, Snapshot},
    slots::Slots,
    time::Tick,
};

/// The state machine of one processor. See the [module](super).
#[derive(Debug)]
pub struct Core {
    pub(super) config: CoreConfig,
    pub(super) rng: Rng,
    pub(super) latest: Tick,
    pub(super) next_op: u64,
    pub(super) next_key: u64,
    pub(super) phase: Phase,
    pub(super) paused: bool,
    /// How many handlers may run beside those of other queues.
    pub(super) allowed: usize,
    pub(super) poller: Poller,
    pub(super) pace: Pace,
    pub(super) liveness: Liveness,
    pub(super) deliveries: BTreeMap<DeliveryKey, Delivery>,
    pub(super) by_id: BTreeMap<MessageId, DeliveryKey>,
    /// What happens with each of them.
    pub(super) slots: Slots,
    pub(super) estimate: Estimate,
    /// Observers were told that handlers wait for settlements.
    pub(super) told_full: bool,
    pub(super) timers: BTreeSet<(Tick, DeliveryKey)>,
    /// The delivery that a request in flight is for.
    pub(super) ops: BTreeMap<OpId, DeliveryKey>,
    pub(super) completed: Completed,
    pub(super) updates_forbidden_until: Option<Tick>,
    pub(super) told: Option<LoopState>,
    pub(super) counters: Counters,
    pub(super) actions: VecDeque<Action>,
    pub(super) report: Option<Report>,
}

impl Core {
    /// A core that has received nothing yet. `seed` decides all jitter.
    ///
    /// # Errors
    ///
    /// When a setting is [outside its limits](CoreConfig::check).
    pub fn new(config: CoreConfig, seed: u64, now: Tick) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            completed: Completed::new(config.completed_capacity, config.completed_time),
            pace: Pace::new(config.rate, now),
            liveness: Liveness::default(),
            estimate: Estimate::new(config.concurrency.get()),
            config,
            rng: Rng::with_seed(seed),
            latest: now,
            next_op: 0,
            next_key: 0,
            phase: Phase::Running,
            paused: false,
            allowed: usize::MAX,
            poller: Poller::default(),
            deliveries: BTreeMap::new(),
            by_id: BTreeMap::new(),
            slots: Slots::default(),
            told_full: false,
            timers: BTreeSet::new(),
            ops: BTreeMap::new(),
            updates_forbidden_until: None,
            told: None,
            counters: Counters::default(),
            actions: VecDeque::new(),
            report: None,
        })
    }

    /// What the core does at the moment, for health reports and tests.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.loop_state(),
            receives_in_flight: self.poller.in_flight(),
            waits_until: self.poller.waits_until(),
            last_success: self.liveness.last_success(),
            unanswered_since: self.liveness.unanswered_since(),
            waiting: self.slots.waiting_count(),
            running: self.slots.running_count(),
            settling: self.slots.settling_count(),
            settling_full: self.told_full,
            free: self.free_slots().saturating_sub(self.slots.waiting_count()),
            typical: self.estimate.typical(),
            remembered: self.completed.len(),
            counters: self.counters,
        }
    }

    /// The deliveries that are held at the moment, in the order of their arrival.
    pub fn deliveries(&self) -> impl Iterator<Item = DeliverySnapshot> {
        self.deliveries.iter().map(|(key, held)| held.snapshot(*key))
    }

    /// What the core has counted so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How the run ended, once it has.
    #[must_use]
    pub const fn finished(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// This instant, or a later one that was told before: time does not run backwards here, whatever
    /// the driver says.
    pub(super) fn at(&mut self, now: Tick) -> Tick {
        self.latest = self.latest.max(now);
        self.latest
    }

    pub(super) fn tell_state(&mut self) {
        let state = self.loop_state();
        if self.told != Some(state) {
            self.told = Some(state);
            self.emit(Event::Loop(state));
        }
    }

    pub(super) fn unknown_answer(&mut self) {
        self.counters.unknown_answers += 1;
        self.emit(Event::UnknownAnswer);
    }

    /// Tells whether handlers wait for settlements.
    pub(super) fn tell_settling(&mut self) {
        let (settling, bound) = (self.slots.settling_count(), self.config.settling_bound());
        // Half of it is between the two, so that this is not told with every message.
        if !self.told_full && settling >= bound {
            self.told_full = true;
            self.emit(Event::SettlingFull { settling });
        } else if self.told_full && settling <= bound / 2 {
            self.told_full = false;
            self.emit(Event::SettlingEased);
        }
    }

    pub(super) fn act(&mut self, action: Action) {
        match &action {
            Action::Update { op, key, .. }
            | Action::Delete { op, key, .. }
            | Action::DeadLetter { op, key, .. } => {
                self.ops.insert(*op, *key);
                self.liveness.asked(self.latest);
            }
            Action::Receive { .. } | Action::CreateQueue { .. } => {
                self.liveness.asked(self.latest);
            }
            _ => {}
        }
        self.actions.push_back(action);
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.actions.push_back(Action::Emit(event));
    }

    pub(super) const fn new_op(&mut self) -> OpId {
        self.next_op += 1;
        OpId::new(self.next_op)
    }

    pub(super) const fn new_key(&mut self) -> DeliveryKey {
        self.next_key += 1;
        DeliveryKey::new(self.next_key)
    }

    pub(super) fn loop_state(&self) -> LoopState {
        match &self.phase {
            Phase::Finished => LoopState::Finished,
            Phase::Draining(draining) if draining.dropped => LoopState::Releasing,
            Phase::Draining(_) => LoopState::Draining,
            Phase::Running if self.paused => LoopState::Paused,
            Phase::Running => {
                self.poller.trouble().map_or(LoopState::Working, LoopState::BackingOff)
            }
        }
    }

    /// A request was answered, and is not in flight any more.
    pub(super) fn heard(&mut self, now: Tick, heard: Heard) {
        self.liveness.heard(now, heard, self.is_asking());
    }

    pub(super) fn is_asking(&self) -> bool {
        self.poller.is_asking() || !self.ops.is_empty()
    }
}
