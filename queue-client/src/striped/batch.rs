//! [`StripedBatch`]: many calls at once, on all stripes.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::join_all;
use queue_auth::BoxFuture;

use crate::{
    call::batch::{Batch, IN_FLIGHT},
    error::Error,
    execute::shared::Target,
};

type Progress<'a> = Box<dyn FnMut(usize, usize) + Send + 'a>;
type Call<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// Calls that are made side by side on all stripes: [`Striped::send_all`](crate::Striped::send_all)
/// and [`Striped::delete_all`](crate::Striped::delete_all).
///
/// Each stripe has a [`Batch`] of its own, so one that is busy does not hold up the others. Awaiting
/// it gives the results in the order of the items; the failure of one does not stop the others.
/// Dropping it stops: what was not sent yet is not sent.
#[must_use = "a batch does nothing until it is awaited"]
pub struct StripedBatch<'a, T> {
    stripes: Vec<Part<'a, T>>,
    total: usize,
    concurrency: usize,
    progress: Option<Progress<'a>>,
}

/// The calls of one stripe, with their places among all calls.
struct Part<'a, T> {
    queue: &'a Target,
    places: Vec<usize>,
    calls: Vec<Call<'a, T>>,
}

impl<'a, T: Send + 'a> StripedBatch<'a, T> {
    /// The calls, each with the number and the queue of its stripe.
    pub(super) fn new(calls: impl IntoIterator<Item = (&'a Target, Call<'a, T>)>) -> Self {
        let mut stripes = Vec::<Part<'a, T>>::new();
        let mut total = 0;
        for (place, (queue, call)) in calls.into_iter().enumerate() {
            total += 1;
            let part = stripes.iter_mut().find(|part| part.queue.is_clone_of(queue));
            match part {
                Some(part) => {
                    part.places.push(place);
                    part.calls.push(call);
                }
                None => stripes.push(Part { queue, places: vec![place], calls: vec![call] }),
            }
        }
        Self { stripes, total, concurrency: IN_FLIGHT, progress: None }
    }

    /// Sets how many requests are under way at once for each stripe, at least 1. Each has a connection
    /// of its own. Default: 64.
    pub const fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls;
        self
    }

    /// Calls `progress` after each call that is over, with the number of those and of all.
    pub fn on_progress(mut self, progress: impl FnMut(usize, usize) + Send + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    async fn run(self) -> Vec<Result<T, Error>> {
        let Self { stripes, total, concurrency, progress } = self;
        let progress = progress.map(|progress| Arc::new(Mutex::new((0, progress))));
        let parts = stripes.into_iter().map(|Part { queue, places, calls }| {
            let mut batch = Batch::new(queue, calls).concurrency(concurrency);
            if let Some(progress) = progress.clone() {
                batch = batch.on_progress(move |_, _| {
                    let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
                    let (done, progress) = &mut *progress;
                    *done += 1;
                    progress(*done, total);
                });
            }
            async move { places.into_iter().zip(batch.await).collect::<Vec<_>>() }
        });
        let mut results = join_all(parts).await.into_iter().flatten().collect::<Vec<_>>();
        results.sort_unstable_by_key(|(place, _)| *place);
        results.into_iter().map(|(_, result)| result).collect()
    }
}

impl<T> fmt::Debug for StripedBatch<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripedBatch")
            .field("calls", &self.total)
            .field("stripes", &self.stripes.len())
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}

impl<'a, T: Send + 'a> IntoFuture for StripedBatch<'a, T> {
    type Output = Vec<Result<T, Error>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
