//! [`Anew`]: retries of something that is another operation each time.

use std::time::Duration;

use super::shared::{Shared, Target};
use crate::{error::Error, retry::Attempt};

/// The time and the attempts of calls that follow on each other's lost answers, such as puts of another
/// text each time. All together they are bounded as one call is.
pub(crate) struct Anew<'a> {
    queue: &'a Target,
    started: Duration,
    attempts: u32,
    resends: u32,
}

impl<'a> Anew<'a> {
    /// The time begins.
    pub(crate) fn begin(queue: &'a Target) -> Self {
        Self { queue, started: queue.shared.runtime.elapsed(), attempts: 0, resends: 0 }
    }

    /// The time that is left.
    pub(crate) fn left(&self) -> Duration {
        let Shared { runtime, call_timeout, .. } = &*self.queue.shared;
        call_timeout.saturating_sub(runtime.elapsed().saturating_sub(self.started))
    }

    /// How often something was sent again.
    pub(crate) const fn resends(&self) -> u32 {
        self.resends
    }

    /// Says whether policy, budget and time allow one more call after this failure, and waits first as
    /// the policy says.
    pub(crate) async fn again(&mut self, error: &Error) -> bool {
        self.attempts += error.attempts();
        let Shared { runtime, retry, budget, .. } = &*self.queue.shared;
        let pause = retry.delay(&Attempt {
            operation: error.operation(),
            number: self.attempts,
            failure: error.failure(),
            random: runtime.random(),
        });
        match pause {
            Some(pause) if pause < self.left() && budget.spend() => {
                runtime.sleep(pause).await;
                self.resends += 1;
                true
            }
            _ => false,
        }
    }
}
