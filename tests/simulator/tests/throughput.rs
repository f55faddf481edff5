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

#[test]
fn distance_hardly_matters() {
    for distance in [2, 20, 100] {
        for handlers in [4, 16, 64] {
            for work in [0, 10, 100, 1000, 60_000] {
                let setting = Setting::new(ms(distance), handlers, Work::Constant(ms(work)), 1);
                let figures = measure(&setting);
                assert!(figures.used >= 0.94, "{setting:?} {figures:?}");
                assert_eq!(figures.released, 0, "{setting:?} {figures:?}");
                // Two round trips, with those of the settings' own jitter.
                assert!(figures.waited_most <= ms(distance) * 3, "{setting:?} {figures:?}");
            }
        }
    }
}

fn jump(first: u64, then: u64, processes: usize) -> Figures {
    let work = Work::Jump(ms(first), ms(then));
    let mut setting = Setting::new(ms(20), 16, work, processes);
    setting.messages = 1000;
    measure(&setting)
}

#[test]
fn handlers_that_become_slow_keep_what_is_ahead_for_half_a_lease_and_only_once() {
    let figures = jump(1, 60_000, 1);
    assert!((64..=144).contains(&figures.released), "{figures:?}");
    assert!(figures.waited_most <= ms(30_000), "{figures:?}");
    // 500 messages of a minute follow, and no other one waits for its handler.
    assert!(figures.ahead_most as u64 <= figures.released + 16, "{figures:?}");
    let waits_later = figures.waited_in_all.as_secs_f64() - figures.released as f64 * 30.0;
    assert!(waits_later < 60.0, "{figures:?}");
}

#[test]
fn handlers_that_become_less_slow_start_what_is_ahead() {
    let figures = jump(1, 1000, 1);
    assert_eq!(figures.released, 0, "{figures:?}");
    assert!(figures.waited_most <= ms(10_000), "{figures:?}");
}

#[test]
fn handlers_that_become_fast_are_looked_ahead_to_soon() {
    let figures = jump(60_000, 1, 1);
    assert_eq!(figures.released, 0, "{figures:?}");
    // 500 messages of 60 s by 16 handlers, and then 500 that take hardly any time.
    let seconds = figures.started as f64 / figures.rate;
    assert!(seconds < 500.0 / 16.0 * 60.0 + 90.0, "{seconds} s, {figures:?}");
    assert!(figures.requests_per_message() < 2.0, "{figures:?}");
}
