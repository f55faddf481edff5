//! What the loop logs, and at which level.

use std::time::Duration;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::Span;

use super::{driver::Driver, handler::Handler};
use crate::processor::{
    core::{DeliveryKey, Event, LoopState, Next, Settled},
    explanation::Explanation,
};

impl<T, H> Driver<T, H>
where
    T: Send + 'static,
    H: Handler<T>,
{
    fn explanation(&self, key: DeliveryKey) -> Explanation {
        self.state.explanations.get(&key).cloned().unwrap_or_default()
    }

    /// The span of a delivery, or that of the loop.
    fn span(&self, key: DeliveryKey) -> Span {
        self.state.running.get(&key).map_or_else(Span::current, |run| run.span.clone())
    }

    /// The time of day after so long, in UTC.
    fn date_in(&self, time: Duration) -> Option<String> {
        let at = self.queue.shared.runtime.now().checked_add(time)?;
        OffsetDateTime::from(at).format(&Rfc3339).ok()
    }

    pub(super) fn log(&self, event: &Event) {
        let queue = &self.queue.name;
        macro_rules! log {
            ($level:ident, parent: $span:expr, $($rest:tt)*) => {
                tracing::$level!(target: "queue_client::processor", parent: $span, %queue, $($rest)*)
            };
            ($level:ident, $($rest:tt)*) => {
                tracing::$level!(target: "queue_client::processor", %queue, $($rest)*)
            };
        }
        match event {
            Event::Loop(state) => log!(info, ?state, "loop"),
            Event::Failed { key, id, attempt, reason, next } => {
                let Explanation { error, causes } = self.explanation(*key);
                let (retry_after, next_try) = match next {
                    Next::Retry { after } => (Some(*after), self.date_in(*after)),
                    _ => (None, None),
                };
                log!(
                    warn, parent: self.span(*key), %id, attempt, %reason, error, ?causes, ?next,
                    retry_after_ms = retry_after.map(|after| after.as_millis() as u64), next_try,
                    "handler failed"
                );
            }
            Event::Settled { key, id, how: Settled::DeadLettered { reason }, .. } => {
                let Explanation { error, causes } = self.explanation(*key);
                log!(warn, parent: self.span(*key), %id, %reason, error, ?causes, "dead letter");
            }
            Event::DeadLetterFailed { id, reason, .. } => {
                log!(warn, %id, %reason, "the dead letter could not be stored; the message is kept");
            }
            Event::LeaseLost { id, cause, .. } => log!(warn, %id, ?cause, "lease lost"),
            Event::SettlingFull { settling } => log!(
                warn,
                settling,
                error = self.control.seen().last_error,
                "no handler starts until messages are settled: the service is slow, or the place \
                 for dead letters"
            ),
            Event::SettlingEased => log!(info, "handlers start again"),
            Event::UpdatesForbidden => log!(
                warn,
                "this identity must not update messages: leases are longer and are not renewed, \
                 and failed messages come back when they end; the role Storage Queue Data \
                 Contributor would allow it"
            ),
            Event::UpdatesAllowed => log!(info, "messages can be updated"),
            Event::ClockJump { by } => log!(warn, ?by, "the monotonic clock stood still"),
            Event::Settled { id, how, .. } => log!(debug, %id, ?how, "settled"),
            Event::Started { id, attempt, .. } => log!(debug, %id, attempt, "started"),
            other => log!(trace, event = ?other),
        }
        if let Event::Loop(LoopState::BackingOff(trouble)) = event {
            log!(warn, ?trouble, error = self.control.seen().last_error, "receives fail");
        }
    }
}
