//! How a producer wakes the processors of the same queue in the same process.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use super::control::Control;
use crate::{execute::shared::Target, processor::core::Input};

struct Listener {
    number: u64,
    queue: String,
    control: Control,
}

static LISTENERS: Mutex<Vec<Listener>> = Mutex::new(Vec::new());
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// A processor that listens until this is dropped.
pub(super) struct Listening(u64);

pub(super) fn listen(queue: &Target, control: &Control) -> Listening {
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let queue = address(queue);
    listeners().push(Listener { number, queue, control: control.clone() });
    Listening(number)
}

/// A message was sent and can be received now.
pub(in crate::processor) fn nudge(queue: &Target) {
    let listeners = listeners();
    if listeners.is_empty() {
        return;
    }
    let queue = address(queue);
    for listener in listeners.iter().filter(|listener| listener.queue == queue) {
        listener.control.send(Input::Nudge);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        listeners().retain(|listener| listener.number != self.0);
    }
}

fn address(queue: &Target) -> String {
    format!("{}/{}", queue.shared.endpoint, queue.name)
}

fn listeners() -> MutexGuard<'static, Vec<Listener>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}
