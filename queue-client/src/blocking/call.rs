use std::time::Duration;

use queue_proto::codec::Codec;

use super::executor::Executor;
use crate::{
    call::{self, Batch},
    payload::Payload,
};

/// A call with options: set what is needed, then [run](Self::run) it.
///
/// `C` is the asynchronous call that is behind it; its documentation says what the options do.
#[derive(Debug)]
#[must_use = "a call does nothing until it is run"]
pub struct Call<'a, C> {
    executor: &'a Executor,
    call: C,
}

impl<'a, C: IntoFuture> Call<'a, C> {
    pub(super) const fn new(executor: &'a Executor, call: C) -> Self {
        Self { executor, call }
    }

    pub(super) fn with(self, change: impl FnOnce(C) -> C) -> Self {
        Self { executor: self.executor, call: change(self.call) }
    }

    /// Makes the call and waits until it is done.
    ///
    /// # Errors
    ///
    /// See [`Error`](crate::Error).
    pub fn run(self) -> C::Output
    where
        C: Send,
        C::Output: Send,
    {
        self.executor.block_on(self.call)
    }
}

impl<'a> Call<'a, call::Send<'a>> {
    /// See [`call::Send::visibility_timeout`].
    pub fn visibility_timeout(self, timeout: Duration) -> Self {
        self.with(|call| call.visibility_timeout(timeout))
    }

    /// See [`call::Send::time_to_live`].
    pub fn time_to_live(self, time: Duration) -> Self {
        self.with(|call| call.time_to_live(time))
    }

    /// See [`call::Send::never_expires`].
    pub fn never_expires(self) -> Self {
        self.with(call::Send::never_expires)
    }
}

impl<'a> Call<'a, call::Receive<'a>> {
    /// See [`call::Receive::visibility_timeout`].
    pub fn visibility_timeout(self, timeout: Duration) -> Self {
        self.with(|call| call.visibility_timeout(timeout))
    }
}

impl<'a, C: Codec> Call<'a, call::Update<'a, C>> {
    /// See [`call::Update::value`].
    pub fn value<'v>(self, value: impl Into<Payload<'v, C::Value>>) -> Self
    where
        C::Value: 'v,
    {
        self.with(|call| call.value(value))
    }
}

impl<'a, T: Send + 'a> Call<'a, Batch<'a, T>> {
    /// See [`Batch::concurrency`].
    pub fn concurrency(self, calls: usize) -> Self {
        self.with(|batch| batch.concurrency(calls))
    }

    /// See [`Batch::on_progress`].
    pub fn on_progress(self, progress: impl FnMut(usize, usize) + Send + 'a) -> Self {
        self.with(|batch| batch.on_progress(progress))
    }
}
