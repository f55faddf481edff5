//! How the core ends: what it waits for, and in which order it lets go.

use std::time::Duration;

use queue_client::{
    OpFailure,
    processor::core::{
        End, Event, Input, LeaseSignal, LoopState, Outcome, Settled, ShutdownMode, StopCause,
    },
};

use crate::bench::{Bench, is_delete, is_receive, is_update, message, receipt, visibility};

#[test]
fn a_receive_under_way_when_draining_starts_brings_32() {
    let mut bench =
        Bench::new(|config| config.concurrency = std::num::NonZeroUsize::new(64).unwrap());
    bench.input(Input::Shutdown(ShutdownMode::Drain));
    assert!(bench.report.is_none(), "the receive is waited for");
    bench.receive((0..32).map(|id| message(id, 1)).collect());
    assert!(bench.started.is_empty());
    for id in 0..32 {
        let released = bench.update_with(Ok(&format!("released-{id}")));
        assert_eq!(visibility(&released), 0);
    }
    let report = bench.report.unwrap();
    assert_eq!(report.counters.released, 32);
    assert!(report.left.is_empty());
    assert_eq!(report.unanswered_receives, 0);
}

#[test]
fn what_completes_while_draining_is_deleted() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.input(Input::Shutdown(ShutdownMode::Drain));
    bench.until(10.0);
    bench.done(key, Outcome::Complete);
    bench.delete_with(Ok(()));
    let report = bench.report.unwrap();
    assert_eq!(report.counters.completed, 1);
    assert_eq!(report.end, End::Shutdown(ShutdownMode::Drain));
}

#[test]
fn a_delete_under_way_when_draining_starts_is_finished() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.done(key, Outcome::Complete);
    bench.input(Input::Shutdown(ShutdownMode::Drain));
    bench.receive(vec![]);
    bench.delete_with(Err(OpFailure::Ambiguous));
    assert!(bench.report.is_none());
    bench.until(1.0);
    bench.delete_with(Ok(()));
    assert_eq!(bench.report.unwrap().counters.completed, 1);
}

#[test]
fn leases_are_renewed_while_draining() {
    let (mut bench, key) =
        Bench::running(|config| config.drain_timeout = Duration::from_secs(300), message(1, 1));
    bench.input(Input::Shutdown(ShutdownMode::Drain));
    bench.until(31.0);
    bench.update_with(Ok("renewed"));
    bench.done(key, Outcome::Complete);
    assert_eq!(bench.delete_with(Ok(())), receipt("renewed"));
}

#[test]
fn a_handler_that_does_not_stop_is_dropped_and_its_message_released() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.input(Input::Shutdown(ShutdownMode::Drain));
    bench.until(24.9);
    assert!(bench.signals.is_empty());
    bench.until(25.0);
    assert_eq!(bench.signals, [LeaseSignal::Stop(StopCause::Shutdown)]);
    assert!(bench.dropped.is_empty());
    bench.until(28.0);
    assert_eq!(bench.dropped, [key]);
    assert!(bench.events.contains(&Event::Loop(LoopState::Releasing)));
    assert_eq!(visibility(&bench.update_with(Ok("released"))), 0);
    assert_eq!(bench.report.unwrap().counters.released, 1);
}

#[test]
fn it_is_over_in_time_even_if_nobody_answers() {
    let (mut bench, _) = Bench::running(|_| (), message(1, 1));
    bench.input(Input::Shutdown(ShutdownMode::Drain));
    bench.until(29.9);
    assert!(bench.is_open(is_update));
    assert!(bench.report.is_none());
    bench.until(30.0);
    let report = bench.report.clone().unwrap();
    assert_eq!(report.left.len(), 1);
    assert_eq!(report.left[0].visible_in, Duration::from_secs(30));
    assert!(!report.left[0].completed);
    assert_eq!(bench.settled_last(), Some(Settled::Lapsed));
}

#[test]
fn release_gives_back_what_is_held() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.input(Input::Shutdown(ShutdownMode::Release));
    assert_eq!(bench.signals, [LeaseSignal::Stop(StopCause::Shutdown)]);
    bench.until(5.0);
    assert_eq!(bench.dropped, [key]);
    assert_eq!(visibility(&bench.update_with(Ok("released"))), 0);
    assert_eq!(bench.report.unwrap().end, End::Shutdown(ShutdownMode::Release));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (mut bench, key) = Bench::running(|_| (), message(1, 1));
    bench.input(Input::Shutdown(ShutdownMode::Drain));
    bench.input(Input::Shutdown(ShutdownMode::Abort));
    assert_eq!(bench.dropped, [key]);
    let report = bench.report.unwrap();
    assert_eq!(report.end, End::Shutdown(ShutdownMode::Abort));
    assert_eq!(report.left.len(), 1);
    assert!(bench.core.next_wake().is_none());
}

#[test]
fn an_empty_queue_ends_the_run_if_that_is_the_goal() {
    let mut bench = Bench::new(|config| config.stop_when_empty = true);
    bench.receive(vec![message(1, 1)]);
    bench.until(0.1);
    bench.receive(vec![]);
    assert!(bench.report.is_none(), "a message is being worked on");
    bench.done(bench.started[0].0, Outcome::Complete);
    bench.until(0.5);
    bench.delete_with(Ok(()));
    while bench.report.is_none() {
        if bench.is_open(is_receive) {
            bench.receive(vec![]);
        }
        bench.until(bench.now.since_origin().as_secs_f64() + 0.01);
        assert!(bench.now < crate::bench::tick(2.0));
    }
    assert_eq!(bench.report.unwrap().end, End::Empty);
    assert!(!bench.open.values().any(|(_, action)| is_delete(action)));
}
