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
    /// The time until the cut, if there is one.
    cut: Option<Pin<Box<Sleep>>>,
}

impl Payload {
    pub(super) fn whole(data: Bytes) -> Self {
        Self { data: Some(data), cut: None }
    }

    pub(super) fn cut(data: Bytes) -> Self {
        Self { data: Some(data), cut: Some(Box::pin(tokio::time::sleep(FLUSH))) }
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
        match &mut self.cut {
            None => Poll::Ready(None),
            Some(cut) => cut.as_mut().poll(context).map(|()| Some(Err(Lost))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cut.is_none() && self.data.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
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
