//! [`prepare`]: what is checked before a transfer receives anything, and how its walk goes.

use queue_proto::{LeaseTimeout, MessageCount, MessageId, OperationKind, ops::GetQueueMetadata};

use super::plan::Plan;
use crate::{
    bulk::{
        attempts::check_front,
        journal::JournalStep,
        refused::{JournalFailed, SameQueue, refuse},
        walk::{
            Pace, Walk,
            depth::{count, is_unauthorized, usual_lease},
        },
    },
    error::Error,
    execute::shared::Target,
};

/// The receives that are under way at once.
const RECEIVES: usize = 4;

/// A walk at its beginning, at most how many messages the source holds, and what an earlier run left in
/// the journal.
pub(super) type Prepared = (Walk, usize, Vec<(MessageId, JournalStep)>);

/// Checks both ends and the journal before anything is received.
pub(super) async fn prepare(plan: &mut Plan) -> Result<Prepared, Error> {
    let (from, to) = (&plan.from, &plan.to);
    let destinations = plan.destinations();
    for to in &destinations {
        if is_circle(from, to) {
            return Err(refuse(SameQueue, OperationKind::PutMessage, to));
        }
        match to.execute(&GetQueueMetadata::new(to.name.clone())).await {
            // A signature that may only add may not ask; whether the queue is there shows later.
            Err(error) if is_unauthorized(&error) => {}
            result => drop(result?),
        }
    }
    let there = count(from).await?;
    let (stay, dry_run) = (!plan.moves || plan.dry_run, plan.dry_run);
    let destinations: Vec<_> = destinations.iter().map(place).collect();
    let matching = &mut plan.matching;
    check_front(from, plan.max_attempt, |message| {
        stay || matching.as_mut().is_some_and(|matching| !matching(message))
    })
    .await?;
    let pending = match &mut plan.journal {
        Some(journal) if !dry_run => {
            let verb = if plan.moves { "move" } else { "copy" };
            let job = format!("{verb} {} to {}", place(from), destinations.join(", "));
            let begun = journal.begin(&job);
            begun.map_err(|error| refuse(JournalFailed(error), OperationKind::PutMessage, to))?
        }
        _ => Vec::new(),
    };
    // Where all is moved, few are held at once.
    let held = if stay || plan.matching.is_some() { there } else { 0 };
    let lease = plan.lease.unwrap_or_else(|| usual_lease(held));
    let pace = Pace {
        lease,
        batch: plan.rate.map_or(MessageCount::MAX, |rate| batch(rate, lease)),
        receives: RECEIVES,
        ahead: plan.in_flight,
        limit: usize::MAX,
    };
    Ok((Walk::new(from.clone(), pace, there), there, pending))
}

/// The queue as a journal names it.
fn place(queue: &Target) -> String {
    format!("{}{}", queue.shared.endpoint, queue.name)
}

/// What is received at once must be moved long before its lease ends.
fn batch(rate: f64, lease: LeaseTimeout) -> MessageCount {
    MessageCount::saturating((rate.max(0.0) * f64::from(lease.as_secs()) / 4.0) as usize)
}

/// Whether both ends are one queue. Where one queue goes by two addresses, this does not see it, and
/// the number of messages that were there bounds the run.
fn is_circle(from: &Target, to: &Target) -> bool {
    let same_name = from.name == to.name;
    let (from, to) = (&from.shared.endpoint, &to.shared.endpoint);
    same_name && from.account() == to.account() && from.authority() == to.authority()
}
