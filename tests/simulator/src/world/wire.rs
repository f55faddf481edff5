//! The way of a request to the service and back, and what becomes of it.

use std::time::Duration;

use fastrand::Rng;
use queue_client::{
    OpFailure, Refusal,
    processor::core::{OpId, Tick},
};

use super::{Event, World};
use crate::{
    check::{Violation, ensure},
    service::{Answer, Request},
    time::seconds,
};

/// What becomes of a request at the service and on the way back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Good,
    Twice,
    Unanswered,
    Busy,
    Error { applied: bool },
}

impl World {
    pub(super) fn send(&mut self, slot: usize, op: OpId, request: Request, give_up_at: Tick) {
        self.tally.requests += 1;
        if let Request::Update { .. } = request {
            self.tally.renewals += 1;
        }
        let Some(process) = self.process(slot) else { return };
        let clock = process.clock;
        let wire = self.scenario.wire;
        let hit = self.now < self.scenario.calm_after
            && (!wire.updates_only || matches!(request, Request::Update { .. }));
        let chance = |rng: &mut Rng, part: f64| hit && rng.f64() < part;
        let mut sent = self.now;
        if chance(&mut self.rng, wire.late_send) {
            sent += self.rng.u64(0..seconds(2));
        }
        let sent_at = clock.read(sent);
        let latency = |rng: &mut Rng, slow: bool| {
            if slow { rng.u64(0..seconds(20)) } else { rng.u64(1_000..60_000) }
        };
        if chance(&mut self.rng, wire.not_sent) {
            let at = sent + latency(&mut self.rng, false);
            let answer = request.failed(OpFailure::NotSent);
            self.at(at, Event::Answer { slot, op, answer, sent_at });
            return;
        }
        let fate = if chance(&mut self.rng, wire.answer_lost) {
            Fate::Unanswered
        } else if chance(&mut self.rng, wire.busy) {
            Fate::Busy
        } else if chance(&mut self.rng, wire.server_error) {
            Fate::Error { applied: self.rng.bool() }
        } else if chance(&mut self.rng, wire.twice) {
            Fate::Twice
        } else {
            Fate::Good
        };
        self.at(clock.when(give_up_at), Event::GiveUp { slot, op, sent_at });
        if !chance(&mut self.rng, wire.request_lost) {
            let slow = chance(&mut self.rng, wire.slow);
            let at = sent + latency(&mut self.rng, slow);
            self.at(at, Event::Arrive { slot, op, request, fate, sent_at });
        }
    }

    pub(super) fn arrive(
        &mut self,
        slot: usize,
        op: OpId,
        request: &Request,
        fate: Fate,
        sent_at: Tick,
    ) -> Result<(), Violation> {
        // A delay that was right when it was sent may be too long when it arrives very late.
        let prompt = self.process(slot).is_some_and(|process| {
            process.clock.read(self.now).since(sent_at) < Duration::from_millis(900)
        });
        let throttled = |rng: &mut Rng| OpFailure::Refused {
            kind: Refusal::Throttled,
            retry_after: rng.bool().then(|| Duration::from_secs(rng.u64(0..10))),
        };
        let answer = match fate {
            _ if self.now < self.service.busy_until => request.failed(throttled(&mut self.rng)),
            Fate::Busy => request.failed(throttled(&mut self.rng)),
            Fate::Error { applied } => {
                if applied {
                    self.apply(request, prompt)?;
                }
                request.failed(OpFailure::Ambiguous)
            }
            Fate::Good | Fate::Twice | Fate::Unanswered => self.apply(request, prompt)?,
        };
        if fate == Fate::Unanswered {
            return Ok(());
        }
        let slow = self.now < self.scenario.calm_after && self.rng.f64() < self.scenario.wire.slow;
        let times = if fate == Fate::Twice { 2 } else { 1 };
        for _ in 0..times {
            let most = if slow { seconds(20) } else { 60_000 };
            let at = self.now + self.rng.u64(1_000..most);
            self.at(at, Event::Answer { slot, op, answer: answer.clone(), sent_at });
        }
        Ok(())
    }

    /// The service carries out a request; what must hold at that moment is checked.
    pub(super) fn apply(&mut self, request: &Request, prompt: bool) -> Result<Answer, Violation> {
        let now = self.now;
        let answer = self.service.handle(now, request);
        match (request, &answer) {
            (_, Answer::Got(Ok(messages))) => {
                for raw in messages {
                    let message = crate::process::index(raw);
                    for (slot, key) in self.handlers_of(message) {
                        let Some(process) = self.process(slot) else { continue };
                        let held =
                            process.handlers.get(&key).is_some_and(|h| process.holds(h, now));
                        ensure!(
                            !held,
                            Signals,
                            "message {message} is handed out, and its handler in process {slot} \
                             believes to hold it"
                        );
                    }
                }
            }
            (Request::Update { receipt, release: true, .. }, Answer::Updated(Ok(_))) => {
                let index = self.service.message_of(receipt).unwrap_or(usize::MAX);
                if let Some(message) = self.service.messages().get(index)
                    && prompt
                    && let Some(expires_at) = message.expires_at
                {
                    ensure!(
                        message.visible_at < expires_at,
                        Expiry,
                        "message {index} would be hidden until it expires"
                    );
                }
            }
            (Request::Delete { receipt }, Answer::Done(Ok(()))) => {
                let index = self.service.message_of(receipt).unwrap_or(usize::MAX);
                let done = self.completions.get(index).is_some_and(|count| *count > 0);
                ensure!(
                    done || self.service.letters(index) > 0,
                    Conservation,
                    "message {index} is deleted, and neither completed nor a dead letter"
                );
            }
            (Request::Letter { .. }, _) => self.tally.letters += 1,
            _ => {}
        }
        Ok(answer)
    }
}
