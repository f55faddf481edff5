//! Scenarios in which anything may happen.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use fastrand::Rng;
use queue_client::processor::core::{
    CoreConfig, LeaseGrowth, OnLeaseLost, Polling, QueueMissing, RetryDelay,
};

use super::{Ending, Incident, Parts, Plan, Scenario, Wire};
use crate::time::seconds;

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
    config.prefetch = (rng.u8(..4) == 0).then(|| rng.usize(0..8));
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
    config.queue_missing = Some(if rng.bool() { QueueMissing::Wait } else { QueueMissing::Create });
    config.drain_timeout = secs(rng.u64(1..60));
    config.rate = (rng.u8(..6) == 0).then(|| 0.5 + 20.0 * rng.f64());
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
