//! The bodies of answers: [`Payload`], whole or cut off by a fault.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// Time for what comes before the cut to reach the client.
const FLUSH: Duration = Duration::from_millis(20);

/// The body of an answer.
#[derive(Debug)]
pub(super) struct Payload {
    data: Option<Bytes>,
    /// What comes after it and goes on, if anything does.
    #[cfg(feature = "control")]
    feed: Option<crate::control::Feed>,
    /// The time until the cut, if there is one.
    cut: Option<Pin<Box<Sleep>>>,
}

impl Payload {
    pub(super) fn whole(data: Bytes) -> Self {
        Self::of(Some(data), None)
    }

    /// A body that goes on until its writer ends it.
    #[cfg(feature = "control")]
    pub(super) fn feed(feed: crate::control::Feed) -> Self {
        Self { feed: Some(feed), ..Self::of(None, None) }
    }

    pub(super) fn cut(data: Bytes) -> Self {
        Self::of(Some(data), Some(Box::pin(tokio::time::sleep(FLUSH))))
    }

    fn of(data: Option<Bytes>, cut: Option<Pin<Box<Sleep>>>) -> Self {
        Self {
            data,
            #[cfg(feature = "control")]
            feed: None,
            cut,
        }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Lost;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Lost>>> {
        if let Some(data) = self.data.take().filter(|data| !data.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        #[cfg(feature = "control")]
        if let Some(feed) = &mut self.feed {
            return feed.poll_next(context).map(|part| part.map(|part| Ok(Frame::data(part))));
        }
        match &mut self.cut {
            None => Poll::Ready(None),
            Some(cut) => cut.as_mut().poll(context).map(|()| Some(Err(Lost))),
        }
    }

    fn is_end_stream(&self) -> bool {
        #[cfg(feature = "control")]
        if self.feed.is_some() {
            return false;
        }
        self.cut.is_none() && self.data.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        #[cfg(feature = "control")]
        if self.feed.is_some() {
            return SizeHint::new();
        }
        match (&self.cut, &self.data) {
            (None, Some(data)) => SizeHint::with_exact(data.len() as u64),
            (None, None) => SizeHint::with_exact(0),
            // The head promises more than comes.
            (Some(_), _) => SizeHint::new(),
        }
    }
}

/// A fault wants the connection to be closed.
#[derive(Debug)]
pub(super) struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault closes the connection")
    }
}

impl Error for Lost {}
