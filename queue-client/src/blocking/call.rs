//! [`Call`]: a call that is set up and then run, for programs without async.

use std::time::Duration;

use super::{executor::Executor, table::options};
use crate::{
    call::{self, Batch},
    message_codec::MessageCodec,
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
    /// [`Error`](crate::Error): that of the asynchronous call.
    pub fn run(self) -> C::Output
    where
        C: Send,
        C::Output: Send,
    {
        self.executor.block_on(self.call)
    }
}

options! {
    impl['a] call::Send as call::Send<'a> {
        pub fn visibility_timeout(self, timeout: Duration);
        pub fn time_to_live(self, time: Duration);
        pub fn never_expires(self);
    }
    impl['a] call::Receive as call::Receive<'a> {
        pub fn visibility_timeout(self, timeout: Duration);
    }
    impl['a, C: MessageCodec] call::Update as call::Update<'a, C> {
        pub fn value['v](self, value: impl Into<Payload<'v, C::Value>>) where [C::Value: 'v];
    }
    impl['a, T: Send + 'a] call::Batch as Batch<'a, T> {
        pub fn concurrency(self, calls: usize);
        pub fn on_progress(self, progress: impl FnMut(usize, usize) + Send + 'a);
    }
}
