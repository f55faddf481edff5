//! How well handlers are used at a distance, in simulated time. `cargo xtask simulate --throughput`
//! prints the whole table.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use queue_simulator::throughput::{Figures, Setting, Work, measure};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// One process, 20 ms away.
fn near(handlers: usize, work: u64) -> Figures {
    measure(&Setting::new(ms(20), handlers, Work::Constant(ms(work)), 1))
}

#[test]
fn the_default_number_of_fast_handlers_nearly_does_what_a_queue_can() {
    let figures = near(16, 0);
    assert!(figures.rate >= 1500.0, "{figures:?}");
    assert!(figures.requests_per_message() <= 1.05, "{figures:?}");
}

#[test]
fn more_fast_handlers_do_what_a_queue_can() {
    let figures = near(64, 0);
    assert!(figures.rate >= 2000.0, "{figures:?}");
    assert!(figures.requests_per_message() <= 1.05, "{figures:?}");
}

#[test]
fn handlers_of_a_tenth_of_a_second_are_hardly_ever_idle() {
    let figures = near(64, 100);
    assert!(figures.rate >= 615.0, "{figures:?}");
    assert!(figures.requests_per_message() <= 1.05, "{figures:?}");
}

#[test]
fn handlers_of_a_second_are_hardly_ever_idle() {
    let figures = near(16, 1000);
    assert!(figures.rate >= 15.5, "{figures:?}");
}

#[test]
fn nothing_is_leased_ahead_for_slow_handlers() {
    for distance in [2, 20, 100] {
        for work in [60_000, 10_000] {
            let setting = Setting::new(ms(distance), 16, Work::Constant(ms(work)), 1);
            let figures = measure(&setting);
            assert_eq!(figures.ahead_most, 0, "{setting:?} {figures:?}");
            assert_eq!(figures.released, 0, "{setting:?} {figures:?}");
        }
    }
}

#[test]
fn no_process_takes_the_work_of_another() {
    for work in [ms(100), ms(1000), ms(60_000)] {
        let setting = Setting::new(ms(20), 16, Work::Constant(work), 4);
        let figures = measure(&setting);
        assert!(figures.least_share >= 0.9, "{setting:?} {figures:?}");
    }
}
