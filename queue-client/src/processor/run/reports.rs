//! [`Reports`]: what the processors of several queues did, queue by queue.

use std::{error::Error, fmt};

use queue_proto::QueueName;

use super::stopped::Stopped;
use crate::processor::core::Report;

/// What the processors of several queues did, in the order in which the queues were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reports(Vec<(QueueName, Report)>);

impl Reports {
    pub(super) const fn new(reports: Vec<(QueueName, Report)>) -> Self {
        Self(reports)
    }

    /// The report of each queue.
    pub fn iter(&self) -> impl Iterator<Item = (&QueueName, &Report)> {
        self.0.iter().map(|(name, report)| (name, report))
    }

    /// The report of the queue of this name.
    #[must_use]
    pub fn get(&self, queue: &str) -> Option<&Report> {
        self.iter().find(|(name, _)| name.as_str() == queue).map(|(_, report)| report)
    }
}

impl fmt::Display for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (name, report)) in self.iter().enumerate() {
            let between = if number == 0 { "" } else { "; " };
            write!(f, "{between}{name}: {report}")?;
        }
        Ok(())
    }
}

/// Why the processors of several queues ended by themselves: one of them did, and took the others
/// with it.
#[derive(Debug)]
pub struct StoppedQueue {
    queue: Option<QueueName>,
    cause: Stopped,
    others: Reports,
}

impl StoppedQueue {
    pub(super) const fn new(queue: QueueName, cause: Stopped, others: Reports) -> Self {
        Self { queue: Some(queue), cause, others }
    }

    pub(super) const fn runtime_gone() -> Self {
        Self { queue: None, cause: Stopped::RuntimeGone, others: Reports::new(Vec::new()) }
    }

    /// The queue that ended by itself; `None` when all ended with their runtime.
    #[must_use]
    pub const fn queue(&self) -> Option<&QueueName> {
        self.queue.as_ref()
    }

    /// Why that queue ended.
    #[must_use]
    pub const fn cause(&self) -> &Stopped {
        &self.cause
    }

    /// What the others did until they were ended.
    #[must_use]
    pub const fn others(&self) -> &Reports {
        &self.others
    }
}

impl fmt::Display for StoppedQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.queue {
            Some(queue) => write!(f, "the processors ended because of the queue {queue}"),
            None => f.write_str("the processors ended"),
        }
    }
}

impl Error for StoppedQueue {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
