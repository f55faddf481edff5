//! Many calls at once, with a result for each.

use std::fmt;

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use queue_auth::BoxFuture;

use crate::{error::Error, execute::shared::Target};

/// The requests that are under way at once unless a setting says otherwise: as many as bring what a
/// queue takes, 2,000 messages per second, to a service that is up to 30 ms away.
pub(crate) const IN_FLIGHT: usize = 64;

type Progress<'a> = Box<dyn FnMut(usize, usize) + Send + 'a>;

/// Calls that are made side by side: [`QueueClient::send_all`](crate::QueueClient::send_all) and
/// [`QueueClient::delete_all`](crate::QueueClient::delete_all).
///
/// The service has no operation for several messages, so this is one request for each. Awaiting a
/// batch gives the results in the order of the items; the failure of one does not stop the others.
/// Dropping it stops: what was not sent yet is not sent.
///
/// When the service answers that it is busy (503 `ServerBusy`), half as many requests are under way
/// at once, and after a second they become more again, by an eighth of the setting each second. All
/// that is sent by clones of one [`QueueClient`](crate::QueueClient) shares what it learns.
#[must_use = "a batch does nothing until it is awaited"]
pub struct Batch<'a, T> {
    queue: &'a Target,
    calls: Vec<BoxFuture<'a, Result<T, Error>>>,
    concurrency: usize,
    progress: Option<Progress<'a>>,
}

impl<'a, T: Send + 'a> Batch<'a, T> {
    pub(crate) fn new(queue: &'a Target, calls: Vec<BoxFuture<'a, Result<T, Error>>>) -> Self {
        Self { queue, calls, concurrency: IN_FLIGHT, progress: None }
    }

    /// Sets how many requests are under way at once, at least 1. Each has a connection of its own.
    /// Default: 64.
    pub const fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = if calls == 0 { 1 } else { calls };
        self
    }

    /// Calls `progress` after each call that is over, with the number of those and of all.
    pub fn on_progress(mut self, progress: impl FnMut(usize, usize) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    async fn run(self) -> Vec<Result<T, Error>> {
        let Self { queue, calls, concurrency, mut progress } = self;
        let total = calls.len();
        let mut waiting = calls.into_iter().enumerate().map(numbered);
        let mut under_way = FuturesUnordered::new();
        let mut results = Vec::with_capacity(total);
        loop {
            let free = queue.allowed(concurrency).saturating_sub(under_way.len());
            under_way.extend(waiting.by_ref().take(free));
            let Some(result) = under_way.next().await else { break };
            results.push(result);
            if let Some(progress) = &mut progress {
                progress(results.len(), total);
            }
        }
        results.sort_unstable_by_key(|(index, _)| *index);
        results.into_iter().map(|(_, result)| result).collect()
    }
}

async fn numbered<T>((index, call): (usize, BoxFuture<'_, T>)) -> (usize, T) {
    (index, call.await)
}

impl<T> fmt::Debug for Batch<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("calls", &self.calls.len())
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

impl<'a, T: Send + 'a> IntoFuture for Batch<'a, T> {
    type Output = Vec<Result<T, Error>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
