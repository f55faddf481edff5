//! The list of mistakes. Each is one that somebody has made, or could make while changing the core; when
//! code of the core moves, the text to replace moves here too.

use super::Mutation;

const fn mutation(
    name: &'static str,
    file: &'static str,
    find: &'static str,
    replace: &'static str,
) -> Mutation {
    Mutation { name, file, find, replace }
}

pub(super) const MUTATIONS: &[Mutation] = &[
    mutation(
        "the deadline counts from the instant of receiving",
        "core/polling.rs",
        "self.arrive(now, sent_at, receive.lease",
        "self.arrive(now, now, receive.lease",
    ),
    mutation(
        "the deadline of a renewal counts from the instant of its answer",
        "core/renew.rs",
        "delivery.lease.extend(&mut self.rng, sent_at, visibility, jumped);",
        "let _ = sent_at; delivery.lease.extend(&mut self.rng, now, visibility, jumped);",
    ),
    mutation(
        "no safety margin",
        "core/lease.rs",
        "(visibility / 20).max(Duration::from_secs(1))",
        "visibility * 0",
    ),
    mutation(
        "the receipt is not replaced after a renewal",
        "core/renew.rs",
        "delivery.receipt = lease.receipt;",
        "drop(lease);",
    ),
    mutation(
        "renewals go on while a delivery is settled",
        "core/step.rs",
        "            Work::Settling(_) => self.settle(now, key, delivery),",
        "            Work::Settling(_) => {
                self.renew(now, key, delivery);
                if delivery.op.is_some() { Fate::Keep } else { self.settle(now, key, delivery) }
            }",
    ),
    mutation(
        "the message is deleted before the dead letter is put",
        "core/finish.rs",
        "        Settling::Letter(Letter { reason, tries })\n    }\n\n    fn give_back",
        "        let _ = tries;
        Settling::delete(now, lease, DeleteAfter::Letter(reason))\n    }\n\n    fn give_back",
    ),
    mutation(
        "the count is compared with > after a failure",
        "core/finish.rs",
        "attempt >= max.get()",
        "attempt > max.get()",
    ),
    mutation(
        "the count is not checked before the run",
        "core/arrival.rs",
        "raw.attempt > max.get()",
        "raw.attempt > max.get().saturating_mul(1_000_000)",
    ),
    mutation(
        "an ambiguous renewal counts as refused",
        "core/renew.rs",
        "                delivery.lease.receipt_unknown = true;\n",
        "",
    ),
    mutation(
        "an ambiguous delete counts as refused",
        "core/answers.rs",
        "delete.ambiguous = true;",
        "delete.ambiguous = false;",
    ),
    mutation(
        "a delete that finds nothing counts as an error",
        "core/answers.rs",
        "Err(OpFailure::NotOwner) => self.completed_not_owned(now, key, delivery),",
        "Err(OpFailure::NotOwner) => {
                self.settle_later(now, key, delivery, &OpFailure::NotOwner)
            }",
    ),
    mutation(
        "a shutdown ends requests that settle",
        "core/shutdown.rs",
        "let over = self.deliveries.is_empty() &&",
        "let over = self.running().is_empty() &&",
    ),
    mutation(
        "failures lengthen the pauses of an empty queue",
        "core/poller.rs",
        "        self.empty = 0;\n        self.wait = Some(Wait { until, why: Why::Trouble(trouble) });",
        "        self.empty = self.empty.saturating_add(1);
        self.wait = Some(Wait { until, why: Why::Trouble(trouble) });",
    ),
    mutation(
        "empty answers lengthen the pauses after failures",
        "core/poller.rs",
        "*count = count.saturating_add(1);",
        "*count = count.saturating_add(1 + self.empty);",
    ),
    mutation(
        "jitter exceeds the longest idle pause",
        "core/poller.rs",
        "pause.mul_f64(factor).clamp(self.min, self.max)",
        "pause.mul_f64(factor).max(self.min)",
    ),
    mutation(
        "jitter exceeds the longest retry delay",
        "core/finish.rs",
        "delay.mul_f64(factor).min(retry.cap)",
        "delay.mul_f64(factor)",
    ),
    mutation(
        "leases grow beyond the cap",
        "core/lease.rs",
        "self.visibility.saturating_mul(2).max(config.lease).min(config.longest_lease())",
        "self.visibility.saturating_mul(2).max(config.lease)",
    ),
    mutation(
        "completed messages are not looked up before the start",
        "core/arrival.rs",
        "if self.completed.contains(now, &raw.id) {",
        "if raw.attempt > 1_000_000 && self.completed.contains(now, &raw.id) {",
    ),
    mutation(
        "a handler that hangs keeps its message through its own process",
        "core/arrival.rs",
        "delivery.lease = lease.continuing(&delivery.lease);",
        "delivery.lease = lease;",
    ),
    mutation(
        "a late answer is taken for a fresh one",
        "core/polling.rs",
        "if count > 0 && now >= lease::deadline(",
        "if count > 100 && now >= lease::deadline(",
    ),
    mutation(
        "the answer to an old request replaces a newer receipt",
        "core/renew.rs",
        "        if superseded {",
        "        if superseded && visibility.is_zero() {",
    ),
    mutation(
        "an older delivery replaces a newer one",
        "core/arrival.rs",
        "_ if raw.attempt <= delivery.attempt => Meeting::Stale,",
        "_ if raw.attempt == 0 => Meeting::Stale,",
    ),
    mutation(
        "a suspended machine trusts its leases",
        "core/renew.rs",
        "delivery.lease.distrust(now, by);",
        "let _ = delivery;",
    ),
    mutation(
        "handlers are not told that a deadline has passed",
        "core/renew.rs",
        "self.signal(key, LeaseSignal::Suspect);",
        "",
    ),
    mutation(
        "a release may outlive the message",
        "core/finish.rs",
        "if lease.would_expire(now, whole_seconds(delay)) && self.config.dead_letter {",
        "if lease.would_expire(now, Duration::ZERO) && self.config.dead_letter {",
    ),
    mutation(
        "messages that arrive while draining start",
        "core/arrival.rs",
        "} else if self.phase != Phase::Running {",
        "} else if self.phase == Phase::Finished {",
    ),
    mutation(
        "an answer to another kind of request counts",
        "core/step.rs",
        "held.id == op && fits(&held.kind)",
        "held.id == op && (fits(&held.kind) || held.id == op)",
    ),
    mutation(
        "more messages than asked for are taken",
        "core/polling.rs",
        "Ok(messages) if messages.len() > receive.asked => {",
        "Ok(messages) if messages.len() > receive.asked + 1_000_000 => {",
    ),
    mutation(
        "handlers start faster than the rate",
        "core/pace.rs",
        "self.due = self.due.max(now) + interval;",
        "self.due = self.due.max(now) + interval / 2;",
    ),
    mutation(
        "more is received than the rate lets start",
        "core/lookahead.rs",
        "(later - held).min(ready)",
        "(later - held)",
    ),
    mutation(
        "a request that fails counts as a sign of life",
        "core/liveness.rs",
        "            Heard::Nothing => return,",
        "            Heard::Nothing => {}",
    ),
    mutation(
        "receives that fail for too long do not end the run",
        "core/polling.rs",
        "&& next > since + limit",
        "&& next > since + limit * 2",
    ),
    mutation(
        "jitter makes renewals later",
        "core/lease.rs",
        "0.5 * (0.9 + 0.1 * rng.f64())",
        "0.5 * (1.0 + 0.1 * rng.f64())",
    ),
    mutation(
        "a slot is freed twice, when its handler ends and while its message is settled",
        "core/slots.rs",
        "self.running.len()",
        "self.running.len().saturating_sub(self.settling.len())",
    ),
    mutation(
        "a settlement holds the slot of its handler",
        "core/slots.rs",
        "self.running.len()",
        "self.running.len() + self.settling.len()",
    ),
    mutation(
        "a settlement is forgotten in the report of a shutdown",
        "core/shutdown.rs",
        "let unanswered_receives = self.poller.in_flight();",
        "left.retain(|one| !one.completed); let unanswered_receives = self.poller.in_flight();",
    ),
    mutation(
        "settlements pile up without a bound",
        "core/lookahead.rs",
        "            return 0;",
        "            let _ = 0;",
    ),
    mutation(
        "lookahead takes the work of other processes",
        "core/estimate.rs",
        "free + (ahead * fast + 1e-6).min(most).min(seen) as usize",
        "free + (ahead * fast + 64.0).min(most).min(seen) as usize",
    ),
    mutation(
        "slow handlers are looked ahead to",
        "core/estimate.rs",
        "const SLOW: u32 = 32;",
        "const SLOW: u32 = 1_000_000;",
    ),
    mutation(
        "that handlers have become slow is not noticed",
        "core/estimate.rs",
        "free + (ahead * fast + 1e-6)",
        "free + (ahead * fast.max(1.0) + 1e-6)",
    ),
    mutation(
        "the first handlers are a measure of all others",
        "core/estimate.rs",
        ".min(most).min(seen) as usize",
        ".min(most).min(seen * 1000.0) as usize",
    ),
    mutation(
        "a lease ends while its message waits",
        "core/step.rs",
        "delivery.work = Work::Settling(Settling::give_back_at_once(now, GiveBack::Unstarted));",
        "delivery.lease.stop_renewing();",
    ),
    mutation(
        "what waits is renewed and never given back",
        "core/lookahead.rs",
        "self.config.prefetch.is_none()\n",
        "self.config.prefetch == Some(usize::MAX)\n",
    ),
    mutation(
        "a message on its last delivery is given back without a run",
        "core/lookahead.rs",
        "delivery.attempt < max.get()",
        "delivery.attempt <= max.get()",
    ),
    mutation(
        "throttling does not make the receives fewer",
        "core/lookahead.rs",
        "if is_throttled(failure) {",
        "if is_throttled(failure) && asked > 1_000_000 {",
    ),
    mutation(
        "throttling makes the receives fewer for good",
        "core/ease.rs",
        "Ok(times @ 0..12) => limit << times,",
        "Ok(0..12) => limit,",
    ),
    mutation(
        "an empty queue is asked by several receives at once",
        "core/polling.rs",
        "if self.poller.last_was_full { self.config.max_polls.get() } else { 1 };",
        "self.config.max_polls.get();",
    ),
    mutation(
        "the lease of a message whose delete is refused is not renewed",
        "core/delivery.rs",
        "matches!(self, Self::Letter(_) | Self::Delete(_))",
        "matches!(self, Self::Letter(_))",
    ),
];
