//! Nonsense for the core: answers that come late, twice, never, or to requests that never were.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use fastrand::Rng;
use queue_client::{
    OpFailure, Refusal,
    processor::core::{
        Action, AskId, Core, CoreConfig, DeliveryKey, Input, NewLease, OpId, Outcome, RawDelivery,
        Reason, ShutdownMode, Tick,
    },
    proto::{MessageId, MessageText, PopReceipt},
};

use crate::{
    check::{Tally, Violation, ensure},
    scenario::{Parts, Scenario},
};

/// Feeds a core with random inputs.
///
/// # Errors
///
/// When it deletes what it must not, or does not come to rest. A panic is a failure too.
pub fn run(seed: u64) -> Result<Tally, Violation> {
    let mut rng = Rng::with_seed(seed);
    let config: CoreConfig = Scenario::draw(seed, Parts::ALL).config;
    let Ok(mut core) = Core::new(config, seed, Tick::ORIGIN) else { return Ok(Tally::default()) };
    let mut now = Tick::ORIGIN;
    let mut running: Vec<(DeliveryKey, u32)> = Vec::new();
    let mut letters: Vec<(OpId, u32)> = Vec::new();
    let mut updates = BTreeMap::new();
    let mut earned = BTreeSet::new();
    let mut next_op = 1;
    let mut receipts = 0;
    for _ in 0..rng.u32(1..400) {
        now = now + step(&mut rng);
        let input = input(&mut rng, now, next_op, &updates, &mut receipts);
        match &input {
            Input::HandlerDone { key, outcome: Outcome::Complete, .. } => {
                earned.extend(running.iter().filter(|(of, _)| of == key).map(|(_, of)| *of));
            }
            Input::DeadLettered { op, result: Ok(()) } => {
                earned.extend(letters.iter().filter(|(of, _)| of == op).map(|(_, of)| *of));
            }
            _ => {}
        }
        if std::env::var_os("SIM_TRACE").is_some() {
            eprintln!("{now:?} <- {input:?}");
        }
        core.handle(now, input);
        let mut count = 0;
        while let Some(action) = core.poll(now) {
            count += 1;
            if std::env::var_os("SIM_TRACE").is_some() {
                eprintln!("    {action:?}");
            }
            ensure!(count < 5000, NoBusyLoop, "{count} actions");
            match action {
                Action::Start { key, delivery, .. } => running.push((key, number(&delivery))),
                Action::Drop { key } => running.retain(|(of, _)| *of != key),
                Action::DeadLetter { op, message, .. } => {
                    letters.push((op, number(&message)));
                    next_op = op.get();
                }
                Action::Delete { op, receipt, .. } => {
                    next_op = op.get();
                    let message = message_of(&receipt);
                    ensure!(
                        message.is_some_and(|id| earned.contains(&id)),
                        DeleteIsEarned,
                        "message {message:?} is neither done nor dead"
                    );
                }
                Action::Update { op, receipt, .. } => {
                    next_op = op.get();
                    updates.extend(message_of(&receipt).map(|message| (op, message)));
                }
                Action::Receive { op, .. } => next_op = op.get(),
                _ => {}
            }
        }
        let next = core.next_wake();
        ensure!(
            next.is_none_or(|next| next > now),
            NoBusyLoop,
            "wants to wake at {next:?}, and it is {now:?}"
        );
    }
    Ok(Tally { scenarios: 1, ..Tally::default() })
}

fn number(raw: &RawDelivery) -> u32 {
    raw.id.as_str().parse().unwrap_or_default()
}

fn message_of(receipt: &PopReceipt) -> Option<u32> {
    receipt.as_str().split('-').next()?.parse().ok()
}

fn step(rng: &mut Rng) -> Duration {
    match rng.u8(..20) {
        0 => Duration::from_secs(rng.u64(0..1_000_000)),
        1 => Duration::from_secs(rng.u64(..) / 64),
        _ => Duration::from_millis(rng.u64(0..30_000)),
    }
}

fn input(
    rng: &mut Rng,
    now: Tick,
    next_op: u64,
    updates: &BTreeMap<OpId, u32>,
    receipts: &mut u32,
) -> Input {
    let op = OpId::new(if rng.u8(..4) == 0 {
        rng.u64(0..next_op + 2)
    } else {
        next_op.saturating_sub(rng.u64(0..4))
    });
    let key = DeliveryKey::new(rng.u64(0..40));
    let sent_at = match rng.u8(..8) {
        0 => Tick::new(Duration::MAX),
        1 => Tick::ORIGIN,
        _ => now.minus(Duration::from_millis(rng.u64(0..20_000))),
    };
    let done = |rng: &mut Rng| if rng.bool() { Ok(()) } else { Err(failure(rng)) };
    match rng.u8(..24) {
        0..8 => {
            let count = rng.usize(0..6);
            let messages = (0..count).map(|_| message(rng, receipts)).collect();
            let result = if rng.u8(..5) == 0 { Err(failure(rng)) } else { Ok(messages) };
            Input::Received { op, sent_at, result }
        }
        8..11 => {
            // The receipt of another message is nonsense that no service sends.
            let result = match updates.get(&op) {
                Some(id) if rng.bool() => Ok(NewLease::new(receipt(*id, receipts))),
                _ => Err(failure(rng)),
            };
            Input::Updated { op, sent_at, result }
        }
        11..13 => Input::Deleted { op, result: done(rng) },
        13..15 => Input::DeadLettered { op, result: done(rng) },
        15 => Input::QueueCreated { op, result: done(rng) },
        16..19 => {
            let failure = rng.bool().then_some(Reason::HandlerPanicked);
            Input::HandlerDone { key, outcome: outcome(rng), failure }
        }
        19 => Input::RenewNow { key, ask: AskId::new(rng.u64(..)) },
        20 => {
            let text = Arc::new(MessageText::new("progress").unwrap_or_default());
            Input::Checkpoint { key, ask: AskId::new(rng.u64(..)), text }
        }
        21 => match rng.u8(..3) {
            0 => Input::Pause,
            1 => Input::SetConcurrency(NonZeroUsize::MIN.saturating_add(rng.usize(0..5))),
            _ => Input::Resume,
        },
        22 => match rng.u8(..12) {
            0 => Input::Shutdown(ShutdownMode::Drain),
            1 => Input::Shutdown(ShutdownMode::Release),
            2 => Input::Shutdown(ShutdownMode::Abort),
            _ => Input::ClockJump { by: step(rng) },
        },
        _ => Input::Nudge,
    }
}

fn outcome(rng: &mut Rng) -> Outcome {
    match rng.u8(..5) {
        0 => Outcome::Retry { after: rng.bool().then_some(Duration::from_secs(rng.u64(..) / 2)) },
        1 => Outcome::DeadLetter { reason: "dead".into() },
        2 => Outcome::Abandon,
        _ => Outcome::Complete,
    }
}

fn failure(rng: &mut Rng) -> OpFailure {
    let refusals = [
        Refusal::Throttled,
        Refusal::Unauthorized,
        Refusal::QueueNotFound,
        Refusal::QueueBeingDeleted,
        Refusal::Conflict,
        Refusal::Invalid,
    ];
    match rng.u8(..5) {
        0 => OpFailure::NotSent,
        1 => OpFailure::Ambiguous,
        2 => OpFailure::NotOwner,
        _ => OpFailure::Refused {
            kind: rng.choice(refusals).unwrap_or(Refusal::Invalid),
            retry_after: rng.bool().then_some(Duration::from_secs(rng.u64(..))),
        },
    }
}

fn message(rng: &mut Rng, receipts: &mut u32) -> RawDelivery {
    let number = rng.u32(0..12);
    let (Ok(id), Ok(text)) = (
        MessageId::new(number.to_string()),
        MessageText::new(if rng.bool() { "one" } else { "two" }),
    ) else {
        unreachable!("both are short")
    };
    let mut raw = RawDelivery::new(id, receipt(number, receipts), text);
    raw.attempt = rng.u32(0..8);
    raw.expires_in = match rng.u8(..4) {
        0 => Some(Duration::from_secs(rng.u64(0..200))),
        1 => Some(Duration::MAX),
        _ => None,
    };
    raw
}

fn receipt(number: u32, receipts: &mut u32) -> PopReceipt {
    *receipts += 1;
    let Ok(receipt) = PopReceipt::new(format!("{number}-{receipts}")) else {
        unreachable!("it is short")
    };
    receipt
}
