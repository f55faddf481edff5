//! [`Calls`], which counts the requests that a client needs for its work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use queue_client::observe::{CallReport, CallObserver};
use queue_proto::OperationKind;

/// Counts the calls of a client.
#[derive(Debug, Default, Clone)]
pub struct Calls(Arc<[AtomicU64; 3]>);

impl Calls {
    /// How many receives, deletes and others there were.
    pub fn of(&self) -> [f64; 3] {
        [0, 1, 2].map(|kind| self.0[kind].load(Ordering::Relaxed) as f64)
    }
}

impl CallObserver for Calls {
    fn call_ended(&self, report: &CallReport<'_>) {
        let kind = match report.operation {
            OperationKind::GetMessages => 0,
            OperationKind::DeleteMessage => 1,
            _ => 2,
        };
        self.0[kind].fetch_add(1, Ordering::Relaxed);
    }
}
