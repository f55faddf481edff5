//! What happens in a simulation: drawn from a seed, and from nothing else.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use fastrand::Rng;
use queue_client::processor::core::{
    CoreConfig, LeaseGrowth, OnLeaseLost, Polling, QueueMissing, RetryDelay,
};

use crate::time::{Micros, seconds};

/// One simulation.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Scenario {
    /// The seed that it was drawn from; it also seeds what happens during the run.
    pub seed: u64,
    /// The settings of every processor.
    pub config: CoreConfig,
    /// How fast the clock of each processor runs.
    pub rates: Vec<f64>,
    /// The messages.
    pub messages: Vec<Plan>,
    /// What goes wrong on the wire, as long as faults last.
    pub wire: Wire,
    /// When faults end.
    pub calm_after: Micros,
    /// What happens besides.
    pub incidents: Vec<(Micros, Incident)>,
    /// Compares a second run, input by input.
    pub replay: bool,
}

/// What a message is, and what handlers do with it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// When it is put.
    pub put_at: Micros,
    /// How long it is hidden at first.
    pub delay: Micros,
    /// How long it lives.
    pub time_to_live: Option<Micros>,
    /// How handlers end.
    pub ending: Ending,
    /// How long handlers run, at most.
    pub longest: Micros,
    /// How often a handler asks for a renewal or writes a checkpoint.
    pub asks: f64,
}

/// How the handlers of a message end.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Ending {
    /// Complete.
    Good,
    /// Fail, always.
    Bad,
    /// Fail with this probability.
    Flaky(f64),
    /// Ask for a dead letter.
    Dead,
    /// Leave the message, with this probability.
    Abandon(f64),
    /// Never end by themselves.
    Hang,
}

/// Probabilities of what goes wrong with a request.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Wire {
    /// It does not leave.
    pub not_sent: f64,
    /// It is lost.
    pub request_lost: f64,
    /// It is applied and its answer is lost.
    pub answer_lost: f64,
    /// 503.
    pub busy: f64,
    /// 500, applied or not.
    pub server_error: f64,
    /// It takes up to twenty seconds.
    pub slow: f64,
    /// The answer arrives twice.
    pub twice: f64,
    /// The driver sends late.
    pub late_send: f64,
    /// Only Update Message is hit.
    pub updates_only: bool,
}

/// Something that happens at a given time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Incident {
    /// A process dies, and another starts after a while.
    Crash {
        /// Which.
        process: usize,
        /// After how long.
        restart: Micros,
    },
    /// A process stands still while its clock goes on.
    Pause {
        /// Which.
        process: usize,
        /// For how long.
        time: Micros,
    },
    /// A process and its monotonic clock stand still.
    Suspend {
        /// Which.
        process: usize,
        /// For how long.
        time: Micros,
    },
    /// A process is told to drain, and another starts in its place.
    Drain {
        /// Which.
        process: usize,
    },
    /// A process is told to release what it holds, and another starts in its place.
    Release {
        /// Which.
        process: usize,
    },
    /// The queue is deleted, and made again after a while.
    QueueDeleted {
        /// After how long.
        time: Micros,
    },
    /// The queue is cleared.
    Cleared,
    /// Every request is refused with 403.
    Forbidden {
        /// For how long.
        time: Micros,
    },
    /// Update Message is refused with 403.
    UpdatesForbidden {
        /// For how long.
        time: Micros,
    },
    /// Every request is answered with 503.
    Busy {
        /// For how long.
        time: Micros,
    },
    /// The number of handlers changes.
    Concurrency {
        /// Which process.
        process: usize,
        /// To how many.
        handlers: usize,
    },
}

/// What can be left out of a scenario to find out what matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parts {
    /// Faults on the wire.
    pub wire: bool,
    /// Incidents.
    pub incidents: bool,
    /// Clocks that drift.
    pub drift: bool,
    /// More than one process.
    pub others: bool,
    /// At most so many messages.
    pub messages: usize,
}

impl Parts {
    /// Everything.
    pub const ALL: Self =
        Self { wire: true, incidents: true, drift: true, others: true, messages: usize::MAX };

    /// What both keep.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            wire: self.wire && other.wire,
            incidents: self.incidents && other.incidents,
            drift: self.drift && other.drift,
            others: self.others && other.others,
            messages: self.messages.min(other.messages),
        }
    }
}

impl Scenario {
    /// The scenario of a seed.
    #[must_use]
    pub fn draw(seed: u64, parts: Parts) -> Self {
        let mut rng = Rng::with_seed(seed);
        let kind = rng.u8(..10);
        let config = config(&mut rng);
        let processes = rng.usize(1..=3);
        // The margin allows five percent; the model leaves a little for rounding.
        let drift = rng.bool();
        let mut rates: Vec<_> = (0..processes)
            .map(|_| if drift { 1.0 + (rng.f64() - 0.5) * 0.098 } else { 1.0 })
            .collect();
        let mut messages: Vec<_> = {
            let count = rng.usize(1..=40);
            let steady = rng.bool();
            (0..count).map(|_| plan(&mut rng, &config, steady, drift)).collect()
        };
        let calm_after = seconds(rng.u64(60..900));
        // One in five runs is without faults, so that what must hold then is tested.
        let mut wire = match kind {
            0..2 => Wire::default(),
            2..5 => wire(&mut rng, 0.01),
            _ => wire(&mut rng, 0.08),
        };
        let mut incidents = Vec::new();
        if kind >= 2 {
            for _ in 0..rng.usize(0..6) {
                let at = rng.u64(0..calm_after);
                incidents.push((at, incident(&mut rng, processes)));
            }
        }
        let replay = rng.u8(..16) == 0;
        if !parts.wire {
            wire = Wire::default();
        }
        if !parts.incidents {
            incidents.clear();
        }
        if !parts.drift {
            rates.fill(1.0);
        }
        if !parts.others {
            rates.truncate(1);
            incidents.retain(|(_, incident)| incident.process().is_none_or(|which| which == 0));
        }
        messages.truncate(parts.messages);
        Self { seed, config, rates, messages, wire, calm_after, incidents, replay }
    }

    /// Two processes, one of whose clocks runs at `rate`, and leases that nobody renews, so that
    /// every message changes hands at the very end of its lease.
    #[must_use]
    pub fn handover(seed: u64, rate: f64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut config = CoreConfig::default();
        config.renew = false;
        config.max_deliveries = NonZeroU32::new(1000);
        config.lease = Duration::from_secs(rng.u64(20..120));
        config.polling = Polling::new(Duration::from_millis(50), Duration::from_millis(100));
        let messages = (0..rng.usize(1..6)).map(|_| Plan {
            put_at: rng.u64(0..seconds(10)),
            delay: 0,
            time_to_live: None,
            ending: Ending::Good,
            longest: crate::time::micros(config.lease) * 3,
            asks: 0.0,
        });
        let messages = messages.collect();
        Self {
            seed,
            config,
            rates: vec![rate, 1.0],
            messages,
            wire: Wire::default(),
            calm_after: 0,
            incidents: vec![(0, Incident::Busy { time: 0 })],
            replay: false,
        }
    }

    /// Fewer messages than can be worked on, at a steady rate.
    #[must_use]
    pub fn steady(seed: u64) -> Self {
        let mut config = CoreConfig::default();
        config.concurrency = NonZeroUsize::MIN.saturating_add(7);
        let messages = (0..600)
            .map(|number| Plan {
                put_at: number * seconds(1),
                delay: 0,
                time_to_live: None,
                ending: Ending::Good,
                longest: seconds(8),
                asks: 0.0,
            })
            .collect();
        Self {
            seed,
            config,
            rates: vec![1.0],
            messages,
            wire: Wire::default(),
            calm_after: 0,
            incidents: Vec::new(),
            replay: true,
        }
    }

    /// The scenario of a seed in which the service refuses everything now and then, for less time
    /// than a lease can bear. No lease is lost.
    #[must_use]
    pub fn refusals(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut config = CoreConfig::default();
        config.lease = Duration::from_secs(rng.u64(30..120));
        config.max_lease = None;
        let lease = crate::time::micros(config.lease);
        let bearable = lease / 2 - (lease / 20).max(seconds(1)) - seconds(5);
        let calm_after = seconds(1200);
        let mut incidents = Vec::new();
        let mut at = rng.u64(0..seconds(60));
        while at < calm_after {
            let time = bearable - rng.u64(1..seconds(2));
            incidents.push((at, Incident::Busy { time }));
            at += lease + rng.u64(0..seconds(120));
        }
        let messages = (0..rng.usize(1..20)).map(|_| Plan {
            put_at: rng.u64(0..seconds(60)),
            delay: 0,
            time_to_live: None,
            ending: Ending::Good,
            longest: seconds(800),
            asks: 0.0,
        });
        let messages = messages.collect();
        let wire = Wire { updates_only: true, ..Wire::default() };
        let rates = vec![1.0; rng.usize(1..3)];
        Self { seed, config, rates, messages, wire, calm_after, incidents, replay: false }
    }

    /// Whether nothing goes wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.wire == Wire::default() && self.incidents.is_empty()
    }
}

impl Incident {
    const fn process(&self) -> Option<usize> {
        match self {
            Self::Crash { process, .. }
            | Self::Pause { process, .. }
            | Self::Suspend { process, .. }
            | Self::Drain { process }
            | Self::Release { process }
            | Self::Concurrency { process, .. } => Some(*process),
            _ => None,
        }
    }
}

fn config(rng: &mut Rng) -> CoreConfig {
    let mut config = CoreConfig::default();
    let secs = Duration::from_secs;
    config.concurrency = NonZeroUsize::MIN.saturating_add(rng.usize(0..8));
    config.prefetch = if rng.u8(..4) == 0 { rng.usize(1..8) } else { 0 };
    config.lease = secs(if rng.bool() { 60 } else { rng.u64(5..120) });
    config.lease_growth = match rng.u8(..4) {
        0 => LeaseGrowth::None,
        1 => LeaseGrowth::Double { cap: secs(rng.u64(5..600)) },
        _ => LeaseGrowth::default(),
    };
    config.max_lease = match rng.u8(..3) {
        0 => Some(config.lease + secs(rng.u64(1..600))),
        _ => Some(secs(3600)),
    };
    config.renew = rng.u8(..20) != 0;
    if rng.u8(..4) == 0 {
        let limit = Duration::from_millis(rng.u64(500..300_000));
        config.handler_timeout = (config.renew || limit < config.lease).then_some(limit);
    }
    config.on_lease_lost = if rng.u8(..5) == 0 { OnLeaseLost::Drop } else { OnLeaseLost::Notify };
    config.max_deliveries = NonZeroU32::new(rng.u32(1..7));
    if rng.bool() {
        let first = Duration::from_millis(rng.u64(0..10_000));
        config.retry = RetryDelay::new(first, first + secs(rng.u64(1..120)));
    }
    if rng.bool() {
        let min = Duration::from_millis(rng.u64(10..500));
        config.polling = Polling::new(min, min + secs(rng.u64(1..10)));
    }
    config.queue_missing = if rng.bool() { QueueMissing::Wait } else { QueueMissing::Create };
    config.drain_timeout = secs(rng.u64(1..60));
    config.completed_capacity = if rng.u8(..8) == 0 { rng.usize(0..4) } else { 1024 };
    config
}

fn plan(rng: &mut Rng, config: &CoreConfig, steady: bool, drift: bool) -> Plan {
    let ending = match rng.u8(..20) {
        0..2 => Ending::Bad,
        2..4 => Ending::Flaky(0.5),
        4 => Ending::Dead,
        5 => Ending::Abandon(0.3),
        6 => Ending::Hang,
        _ => Ending::Good,
    };
    let longest = match rng.u8(..10) {
        0..7 => seconds(2),
        7..9 => seconds(60),
        _ => seconds(400),
    };
    let put_at = if steady { rng.u64(0..seconds(300)) } else { 0 };
    // Expiry is told as a duration, so a clock that drifts reads it wrongly in proportion.
    let mortal = !drift && rng.u8(..10) == 0;
    let lease = crate::time::micros(config.lease);
    Plan {
        put_at,
        delay: if rng.u8(..10) == 0 { rng.u64(0..seconds(30)) } else { 0 },
        time_to_live: mortal.then(|| seconds(31) + rng.u64(0..lease * 8)),
        ending,
        longest,
        asks: if rng.u8(..5) == 0 { 0.8 } else { 0.0 },
    }
}

fn wire(rng: &mut Rng, most: f64) -> Wire {
    let mut some = || if rng.bool() { rng.f64() * most } else { 0.0 };
    Wire {
        not_sent: some(),
        request_lost: some(),
        answer_lost: some(),
        busy: some(),
        server_error: some(),
        slow: some(),
        twice: some(),
        late_send: some(),
        updates_only: false,
    }
}

fn incident(rng: &mut Rng, processes: usize) -> Incident {
    let process = rng.usize(0..processes);
    let time = rng.u64(0..seconds(120));
    match rng.u8(..12) {
        0..3 => Incident::Crash { process, restart: time / 4 },
        3 => Incident::Pause { process, time },
        4 => Incident::Suspend { process, time: time + seconds(2) },
        5 => Incident::Drain { process },
        6 => Incident::Release { process },
        7 => match rng.u8(..4) {
            0 => Incident::Cleared,
            _ => Incident::QueueDeleted { time },
        },
        8 => Incident::Forbidden { time },
        9 => Incident::UpdatesForbidden { time: time * 4 },
        10 => Incident::Busy { time: time / 2 },
        _ => Incident::Concurrency { process, handlers: rng.usize(1..8) },
    }
}
