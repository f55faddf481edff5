//! [`QueuePages`]: the list of the queues of an account, for programs without async.

use std::vec;

use queue_proto::{InvalidValue, MaxResults, ops::QueueItem};

use super::executor::Executor;
use crate::{error::Error, pages};

/// The pages of [`QueueServiceClient::list_queues`](super::QueueServiceClient::list_queues).
///
/// As an iterator, `QueuePages` gives the queues of all pages one by one and ends after the first
/// error.
#[derive(Debug)]
pub struct QueuePages {
    executor: Executor,
    pages: pages::QueuePages,
}

impl QueuePages {
    pub(super) const fn new(executor: Executor, pages: pages::QueuePages) -> Self {
        Self { executor, pages }
    }

    /// Lists only queues whose names start with `prefix`.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] when the prefix is empty, too long, or has a character that XML cannot
    /// carry.
    pub fn prefix(self, prefix: &str) -> Result<Self, InvalidValue> {
        Ok(Self { pages: self.pages.prefix(prefix)?, executor: self.executor })
    }

    /// Asks for at most so many queues a page, 1 to 5,000. Default: 5,000.
    #[must_use]
    pub fn max_results(self, count: MaxResults) -> Self {
        Self { pages: self.pages.max_results(count), executor: self.executor }
    }

    /// Lists the metadata of each queue as well.
    #[must_use]
    pub fn include_metadata(self) -> Self {
        Self { pages: self.pages.include_metadata(), executor: self.executor }
    }

    /// Fetches the next page: `None` after the last one. A page can be empty.
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client. The next call tries the same
    /// page again.
    #[expect(clippy::should_implement_trait, reason = "the name that the asynchronous pages have")]
    pub fn next(&mut self) -> Result<Option<Vec<QueueItem>>, Error> {
        self.executor.block_on(self.pages.next())
    }

    /// Fetches all pages that are left.
    ///
    /// # Errors
    ///
    /// [`Error`] when the call fails, after the retries of the client.
    pub fn all(self) -> Result<Vec<QueueItem>, Error> {
        self.executor.block_on(self.pages.all())
    }
}

impl IntoIterator for QueuePages {
    type Item = Result<QueueItem, Error>;
    type IntoIter = Queues;

    fn into_iter(self) -> Queues {
        Queues { pages: Some(self), page: Vec::new().into_iter() }
    }
}

/// The queues of all pages: the iterator of [`QueuePages`].
#[derive(Debug)]
pub struct Queues {
    /// None after the last page, or an error.
    pages: Option<QueuePages>,
    page: vec::IntoIter<QueueItem>,
}

impl Iterator for Queues {
    type Item = Result<QueueItem, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(queue) = self.page.next() {
                return Some(Ok(queue));
            }
            match self.pages.as_mut()?.next() {
                Ok(Some(page)) => self.page = page.into_iter(),
                Ok(None) => self.pages = None,
                Err(error) => {
                    self.pages = None;
                    return Some(Err(error));
                }
            }
        }
    }
}
