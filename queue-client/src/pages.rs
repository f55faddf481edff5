//! [`QueuePages`]: the list of the queues of an account, page by page.

use std::{fmt, sync::Arc};

use futures_util::{Stream, TryStreamExt as _, stream};
use queue_proto::{
    DecodeError, DecodeProblem, InvalidValue, MaxResults, OperationKind,
    ops::{ListQueues, QueueItem, QueuePrefix},
};

use crate::{
    error::{Cause, Error},
    execute::shared::Shared,
    failure::OpFailure,
};

/// The pages of [`QueueServiceClient::list_queues`](crate::QueueServiceClient::list_queues).
pub struct QueuePages {
    shared: Arc<Shared>,
    /// The request for the next page; none after the last one.
    next: Option<ListQueues>,
    loops: LoopDetector,
}

/// Notices markers that come again, which would make a list without end: Azurite gives out such
/// markers. Brent's algorithm finds a cycle of any length, and keeps one marker for that.
#[derive(Clone, Default)]
struct LoopDetector {
    kept: Option<String>,
    /// The number of markers since the one that is kept, and the number at which another is kept.
    since: u64,
    until: u64,
}

impl LoopDetector {
    fn sees(&mut self, marker: &str) -> bool {
        if self.kept.as_deref() == Some(marker) {
            return true;
        }
        self.since += 1;
        if self.since >= self.until {
            (self.since, self.until) = (0, self.until.saturating_mul(2).max(1));
            self.kept = Some(marker.to_owned());
        }
        false
    }
}

impl QueuePages {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, next: Some(ListQueues::new()), loops: LoopDetector::default() }
    }

    /// Lists only queues whose names start with `prefix`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] when the prefix is empty, too long, or has a character that XML cannot
    /// carry.
    pub fn prefix(self, prefix: &str) -> Result<Self, InvalidValue> {
        let prefix = QueuePrefix::new(prefix)?;
        Ok(self.with(|request| request.prefix(prefix)))
    }

    /// Asks for at most so many queues a page, 1 to 5,000. Default: 5,000.
    #[must_use]
    pub fn max_results(self, count: MaxResults) -> Self {
        self.with(|request| request.max_results(count))
    }

    /// Lists the metadata of each queue as well.
    #[must_use]
    pub fn include_metadata(self) -> Self {
        self.with(|request| request.include_metadata(true))
    }

    fn with(mut self, change: impl FnOnce(ListQueues) -> ListQueues) -> Self {
        self.next = self.next.map(change);
        self
    }

    /// Fetches the next page: `None` after the last one. A page can be empty.
    ///
    /// Dropping the future loses nothing: the next call fetches the same page.
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client. The next call tries the same
    /// page again. [`Cause::Answer`] when the marker of a page is one that an earlier page had: the
    /// list would never end.
    pub async fn next(&mut self) -> Result<Option<Vec<QueueItem>>, Error> {
        let Some(request) = &self.next else { return Ok(None) };
        let page = self.shared.execute(request, &self.shared.options, None).await?;
        let mut loops = self.loops.clone();
        if page.next_marker.as_ref().is_some_and(|marker| loops.sees(marker.as_str())) {
            let problem = DecodeError::new(DecodeProblem::Repeated("NextMarker"));
            let (cause, place) = (Cause::Answer(problem), self.shared.place(None));
            return Err(Error::new(
                cause,
                OperationKind::ListQueues,
                OpFailure::Ambiguous,
                1,
                place,
            ));
        }
        self.loops = loops;
        self.next = match (self.next.take(), page.next_marker) {
            (Some(request), Some(marker)) => Some(request.marker(marker)),
            _ => None,
        };
        Ok(Some(page.queues))
    }

    /// The queues of all pages that are left, as a stream that ends after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<QueueItem, Error>> + Send + Unpin {
        let pages = stream::try_unfold(self, async |mut pages: Self| {
            Ok(pages.next().await?.map(|page| (stream::iter(page.into_iter().map(Ok)), pages)))
        });
        Box::pin(pages.try_flatten())
    }

    /// Fetches all pages that are left.
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client.
    pub async fn all(mut self) -> Result<Vec<QueueItem>, Error> {
        let mut queues = Vec::new();
        while let Some(page) = self.next().await? {
            queues.extend(page);
        }
        Ok(queues)
    }
}

impl fmt::Debug for QueuePages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuePages").field("next", &self.next).finish_non_exhaustive()
    }
}
