//! [`count`]: how many messages a queue holds, and [`usual_lease`], the lease for so many.

use queue_proto::LeaseTimeout;

use crate::{
    error::Error,
    execute::shared::Target,
    failure::{OpFailure, Refusal},
};

/// At most how many messages the queue holds, hidden ones included: the service's count is never
/// lower than that. A credential that may only process messages may not ask, and gets no bound.
pub(in crate::bulk) async fn count(queue: &Target) -> Result<usize, Error> {
    match approximate_count(queue).await {
        Err(error) if is_unauthorized(&error) => Ok(usize::MAX),
        result => result,
    }
}

/// Whether the credential may not ask that.
pub(in crate::bulk) fn is_unauthorized(error: &Error) -> bool {
    matches!(error.failure(), OpFailure::Refused { kind: Refusal::Unauthorized, .. })
}

/// About how many messages the queue holds, hidden ones included.
pub(in crate::bulk) async fn approximate_count(queue: &Target) -> Result<usize, Error> {
    let metadata = queue_proto::ops::GetQueueMetadata::new(queue.name.clone());
    let count = queue.execute(&metadata).await?.approximate_messages_count();
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// The lease for a queue of so many messages, all of which may be held at once: a minute, and longer
/// for a long queue, since renewing is work as well.
pub(in crate::bulk) fn usual_lease(there: usize) -> LeaseTimeout {
    const LONGEST: u64 = 24 * 60 * 60;
    let there = if there == usize::MAX { 0 } else { there };
    let seconds = 60 + u64::try_from(there / 400).unwrap_or(LONGEST);
    LeaseTimeout::from_secs(seconds.min(LONGEST)).unwrap_or_default()
}
