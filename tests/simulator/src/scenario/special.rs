//! Scenarios for one property each.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};

use fastrand::Rng;
use queue_client::processor::core::{CoreConfig, Polling};

use super::{Ending, Incident, Parts, Plan, Scenario, Wire};
use crate::time::seconds;

impl Scenario {
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

    /// The scenario of a seed with more messages than one receive brings, most of which take some
    /// milliseconds while others take a minute or never end, in turns: so that messages are received
    /// ahead, and then wait for handlers that are slow.
    #[must_use]
    pub fn rush(seed: u64, parts: Parts) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut scenario = Self::draw(seed, parts);
        let config = &mut scenario.config;
        config.concurrency = NonZeroUsize::MIN.saturating_add(rng.usize(0..16));
        config.prefetch = None;
        config.max_settling = if rng.bool() { NonZeroUsize::new(rng.usize(1..20)) } else { None };
        let slow = match rng.u8(..3) {
            0 => 0.0,
            1 => 0.02,
            _ => 0.2,
        };
        let count = rng.usize(40..120).min(parts.messages);
        scenario.messages = (0..count)
            .map(|_| {
                let is_slow = rng.f64() < slow;
                let within = if rng.bool() { 1 } else { 100 };
                Plan {
                    put_at: rng.u64(0..seconds(within)),
                    delay: 0,
                    time_to_live: None,
                    ending: match rng.u8(..20) {
                        0 if is_slow => Ending::Hang,
                        0..2 => Ending::Flaky(0.5),
                        2 => Ending::Dead,
                        _ => Ending::Good,
                    },
                    longest: if is_slow { seconds(90) } else { 30_000 },
                    asks: 0.0,
                }
            })
            .collect();
        scenario
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
}
