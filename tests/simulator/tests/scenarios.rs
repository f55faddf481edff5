//! Simulations from seeds. `cargo xtask simulate` runs many more.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use queue_simulator::{
    check::Property,
    scenario::{Parts, Scenario},
    suite, world,
};

#[test]
fn no_property_breaks() {
    let tally = suite::many(0, 3000, 2)
        .unwrap_or_else(|failure| panic!("seed {} breaks {}", failure.seed, failure.violation));
    println!("{tally}");
    // A suite in which nothing happens would pass as well.
    assert!(tally.duplicates > 0 && tally.overlaps > 0 && tally.crashes > 100);
    assert!(tally.given_back > 100, "{tally}");
    assert!(tally.expired > 0 && tally.letters > 1000 && tally.replays > 100);
}

#[test]
fn leases_are_exclusive_with_a_clock_that_is_as_slow_as_allowed() {
    for seed in 0..300 {
        world::run(Scenario::handover(seed, 0.9501)).unwrap_or_else(|violation| {
            panic!("seed {seed}: {violation}");
        });
    }
}

#[test]
fn with_a_slower_clock_the_test_of_exclusivity_finds_a_violation() {
    let broken = (0..50).filter_map(|seed| world::run(Scenario::handover(seed, 0.90)).err());
    let properties: Vec<_> = broken.map(|violation| violation.property).collect();
    assert!(properties.len() > 10, "{properties:?}");
    let expected = [Property::Exclusivity, Property::Signals];
    assert!(properties.iter().all(|property| expected.contains(property)), "{properties:?}");
}

#[test]
fn a_fast_clock_does_no_harm() {
    for seed in 0..100 {
        world::run(Scenario::handover(seed, 1.25)).unwrap();
    }
}

#[test]
fn no_message_waits_long_while_there_is_capacity() {
    let tally = world::run(Scenario::steady(1)).unwrap();
    assert_eq!(tally.runs, 600);
    assert!(tally.longest_wait < 5000, "{} ms", tally.longest_wait);
    assert_eq!(tally.replays, 1);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [2, 3, 4, 5, 6, 7] {
        let run = || suite::one(seed, Parts::ALL).unwrap();
        assert_eq!(format!("{:?}", run()), format!("{:?}", run()));
    }
}
