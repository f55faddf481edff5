//! [`Observers`]: whoever wants to know of every request. Without any, nothing is noted.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::record::RequestRecord;

type Observer = dyn Fn(&Arc<RequestRecord>) + Send + Sync;

/// The functions that are told of every request, in the order in which they were given.
#[derive(Clone, Default)]
pub(crate) struct Observers(Vec<Arc<Observer>>);

impl Observers {
    /// Adds one, which may hold on to the records.
    pub(crate) fn add(&mut self, observer: impl Fn(&Arc<RequestRecord>) + Send + Sync + 'static) {
        self.0.push(Arc::new(observer));
    }

    /// Whether anybody wants to know.
    pub(crate) fn are_there(&self) -> bool {
        !self.0.is_empty()
    }

    /// Tells all of them. One that panics has said so by that, and spoils no answer.
    pub(crate) fn tell(&self, record: &Arc<RequestRecord>) {
        for observer in &self.0 {
            let _ = catch_unwind(AssertUnwindSafe(|| observer(record)));
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observers({})", self.0.len())
    }
}
