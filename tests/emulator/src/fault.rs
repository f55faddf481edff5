//! Faults by script: answers that are late, wrong, cut off or missing. [`Faults`] decides which of
//! them a request meets; `exchange.rs` makes it so.

mod effect;
mod parse;
mod show;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use queue_proto::OperationKind;

pub use self::effect::{Effect, Fault};
pub use self::parse::InvalidFault;

/// The faults of an emulator, in the order in which they were added.
#[derive(Debug)]
pub(crate) struct Faults {
    /// Whether there are any faults. Almost always there are none, and then nobody waits for a lock.
    armed: AtomicBool,
    script: Mutex<Script>,
}

#[derive(Debug)]
struct Script {
    rules: Vec<Rule>,
    /// The number of faults that were ever added.
    added: u64,
    rng: Rng,
}

/// A fault, and how often it was met.
#[derive(Debug)]
struct Rule {
    number: u64,
    fault: Fault,
    /// The number of requests that the fault could have met.
    seen: u64,
    /// The number of requests that the fault has met.
    fired: u64,
    /// The requests that the rate still allows, and when they were counted.
    tokens: Option<(f64, SystemTime)>,
}

/// A fault in force, and what came of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FaultState {
    /// The number of the fault, from 1 on in the order in which faults were added.
    pub number: u64,
    /// The fault itself, as it was added.
    pub fault: Fault,
    /// The number of requests that the fault has met.
    pub met: u64,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>, rng: Rng) -> Self {
        let mut script = Script { rules: Vec::new(), added: 0, rng };
        for fault in faults {
            script.add(fault);
        }
        Self { armed: AtomicBool::new(!script.rules.is_empty()), script: Mutex::new(script) }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a fault behind the others, and returns its number.
    pub(crate) fn add(&self, fault: Fault) -> u64 {
        let number = self.script().add(fault);
        self.armed.store(true, Ordering::Release);
        number
    }

    /// Removes the fault with this number; false if there is none.
    pub(crate) fn remove(&self, number: u64) -> bool {
        let mut script = self.script();
        let before = script.rules.len();
        script.rules.retain(|rule| rule.number != number);
        let removed = script.rules.len() < before;
        self.armed.store(!script.rules.is_empty(), Ordering::Release);
        removed
    }

    /// The faults in their order.
    pub(crate) fn states(&self) -> Vec<FaultState> {
        let script = self.script();
        let state = |rule: &Rule| FaultState {
            number: rule.number,
            fault: rule.fault.clone(),
            met: rule.fired,
        };
        script.rules.iter().map(state).collect()
    }

    /// Removes all faults.
    pub(crate) fn clear(&self) {
        let mut script = self.script();
        script.rules.clear();
        self.armed.store(false, Ordering::Release);
    }

    /// The number of requests that each fault has met, in the order of the faults.
    pub(crate) fn counts(&self) -> Vec<u64> {
        self.script().rules.iter().map(|rule| rule.fired).collect()
    }

    /// Whether there are any faults.
    pub(crate) fn armed(&self) -> bool {
        self.armed.load(Ordering::Acquire)
    }

    /// What happens to a request: the sum of all delays, and the first other effect.
    pub(crate) fn meet(
        &self,
        kind: Option<OperationKind>,
        queue: Option<&str>,
        now: SystemTime,
    ) -> (Duration, Option<Effect>) {
        let mut script = self.script();
        let Script { rules, rng, .. } = &mut *script;
        let mut delay = Duration::ZERO;
        for rule in rules {
            match rule.meets(kind, queue, now, rng) {
                None => {}
                Some(Effect::Delay(by)) => delay = delay.saturating_add(by),
                Some(effect) => return (delay, Some(effect)),
            }
        }
        (delay, None)
    }
}

impl Script {
    fn add(&mut self, fault: Fault) -> u64 {
        self.added += 1;
        self.rules.push(Rule::new(self.added, fault));
        self.added
    }
}

impl Rule {
    fn new(number: u64, fault: Fault) -> Self {
        Self { number, fault, seen: 0, fired: 0, tokens: None }
    }

    fn meets(
        &mut self,
        kind: Option<OperationKind>,
        queue: Option<&str>,
        now: SystemTime,
        rng: &mut Rng,
    ) -> Option<Effect> {
        if !self.fault.concerns(kind, queue) {
            return None;
        }
        self.seen += 1;
        let Fault { skip, times, probability, .. } = self.fault;
        let due = self.seen > skip && times.is_none_or(|times| self.fired < times);
        if !due || (probability < 1.0 && rng.f64() >= probability) {
            return None;
        }
        if let Effect::Throttle { per_second, burst } = self.fault.effect
            && self.take_token(f64::from(per_second), f64::from(burst.max(1)), now)
        {
            return None;
        }
        self.fired += 1;
        Some(self.fault.effect.clone())
    }

    /// Takes one of the requests that the rate still allows; false when none is left.
    fn take_token(&mut self, per_second: f64, burst: f64, now: SystemTime) -> bool {
        let (left, counted) = self.tokens.unwrap_or((burst, now));
        let passed = now.duration_since(counted).unwrap_or_default().as_secs_f64();
        let left = (left + passed * per_second).min(burst);
        let allowed = left >= 1.0;
        self.tokens = Some((if allowed { left - 1.0 } else { left }, now));
        allowed
    }
}
