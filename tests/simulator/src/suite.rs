//! Runs many simulations on all processors of the machine, and finds the parts that a failure needs.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use crate::{
    check::{Tally, Violation},
    fuzz,
    scenario::{Parts, Scenario},
    world,
};

/// A seed whose simulation broke a property.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The seed of the simulation.
    pub seed: u64,
    /// The parts of the scenario that the failure needs: all others were left out in turn.
    pub parts: Parts,
    /// The property that broke, and how.
    pub violation: Violation,
}

/// The simulation of a seed. One in ten has a rush of short messages, one in ten only short refusals,
/// one in ten feeds nonsense.
///
/// # Errors
///
/// The property that broke.
pub fn one(seed: u64, parts: Parts) -> Result<Tally, Violation> {
    match seed % 10 {
        7 => world::run(Scenario::rush(seed, parts)),
        8 => world::run(Scenario::refusals(seed)),
        9 => fuzz::run(seed),
        _ => world::run(Scenario::draw(seed, parts)),
    }
}

/// Runs the seeds from `first` on, and stops at the first failure.
///
/// # Errors
///
/// The failure, made as small as possible.
pub fn many(first: u64, count: u64, threads: usize) -> Result<Tally, Failure> {
    let next = AtomicU64::new(first);
    let total = Mutex::new(Tally::default());
    let failed = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut tally = Tally::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first.saturating_add(count) || lock(&failed).is_some() {
                        break;
                    }
                    match one(seed, Parts::ALL) {
                        Ok(one) => tally.add(&one),
                        Err(violation) => {
                            lock(&failed).get_or_insert((seed, violation));
                        }
                    }
                }
                lock(&total).add(&tally);
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failed {
        None => Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner)),
        Some((seed, violation)) => Err(shrink(seed, violation)),
    }
}

/// Leaves out what the failure does not need: faults first.
fn shrink(seed: u64, mut violation: Violation) -> Failure {
    let mut parts = Parts::ALL;
    let mut smaller = vec![
        Parts { wire: false, ..Parts::ALL },
        Parts { incidents: false, ..Parts::ALL },
        Parts { drift: false, ..Parts::ALL },
        Parts { others: false, ..Parts::ALL },
    ];
    smaller.extend([20, 10, 5, 3, 2, 1].map(|messages| Parts { messages, ..Parts::ALL }));
    for change in smaller {
        let candidate = parts.and(change);
        if let Err(other) = one(seed, candidate)
            && other.property == violation.property
        {
            (parts, violation) = (candidate, other);
        }
    }
    Failure { seed, parts, violation }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
