//! The time that a client has for an answer: [`Patience`] ends for a client that takes none of it,
//! and sooner, if others wait, for a client that takes too little.

use std::error::Error;
use std::fmt;
use std::future::Future as _;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::answers::Answers;

/// How often a client that is being waited for is looked at.
const TICK: Duration = Duration::from_millis(500);
/// The bytes that a client must take within a [`TICK`] while others wait for it. Any client on this machine
/// or in a data center takes a thousand times as much.
const LEAST: usize = 32 * 1024;

/// The time that one client has left for taking its answers.
pub(super) struct Patience {
    time: Duration,
    answers: Arc<Answers>,
    /// The time since which the client has taken nothing.
    stalled: Option<Instant>,
    /// The time of the last look, and the bytes that the client has taken since.
    taken: Option<(Instant, usize)>,
    /// The timer for the next look. There is one only while the client is waited for, which most
    /// clients never are.
    look: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    pub(super) fn new(time: Duration, answers: Arc<Answers>) -> Self {
        Self { time, answers, stalled: None, taken: None, look: None }
    }

    /// Passes on what came of writing `written` bytes, or fails when it has come to nothing for
    /// too long.
    pub(super) fn watch(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = written {
            self.stalled = None;
            if let (Ok(count), Some((_, taken))) = (&result, &mut self.taken) {
                *taken += count;
            }
            return Poll::Ready(result);
        }
        Poll::Ready(Err(ready!(self.poll_end(context))))
    }

    /// Notes that everything was taken: whatever comes next is another answer.
    pub(super) fn rest(&mut self) {
        (self.stalled, self.taken, self.look) = (None, None, None);
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let now = Instant::now();
        let stalled = *self.stalled.get_or_insert(now);
        let taken = self.taken.get_or_insert((now, 0));
        let end = stalled + self.time;
        let next = |now: Instant| end.min(now + TICK);
        let look = self.look.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(next(now))));
        loop {
            ready!(look.as_mut().poll(context));
            let now = Instant::now();
            if now >= end {
                return Poll::Ready(ErrorKind::TimedOut.into());
            }
            let (since, count) = *taken;
            if now.duration_since(since) >= TICK {
                if count < LEAST && self.answers.is_crowded() {
                    return Poll::Ready(io::Error::new(ErrorKind::TimedOut, Hurried));
                }
                *taken = (now, 0);
            }
            look.as_mut().reset(next(now));
        }
    }
}

/// The client took too little of its answer while others waited for room.
#[derive(Debug)]
pub(super) struct Hurried;

impl fmt::Display for Hurried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client takes its answer too slowly while others wait")
    }
}

impl Error for Hurried {}
