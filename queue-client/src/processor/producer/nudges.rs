//! How a producer wakes the processors of the same queue in the same process.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use queue_proto::QueueName;

use crate::{
    execute::shared::Shared,
    processor::{control::Control, core::Input},
};

struct Listener {
    number: u64,
    queue: String,
    control: Control,
}

static LISTENERS: Mutex<Vec<Listener>> = Mutex::new(Vec::new());
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// A processor that listens until this is dropped.
pub(in crate::processor) struct Listening(u64);

pub(in crate::processor) fn listen(
    client: &Shared,
    queue: &QueueName,
    control: &Control,
) -> Listening {
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let queue = address(client, queue);
    listeners().push(Listener { number, queue, control: control.clone() });
    Listening(number)
}

/// A message was sent and can be received now.
pub(in crate::processor) fn nudge(client: &Shared, queue: &QueueName) {
    let listeners = listeners();
    if listeners.is_empty() {
        return;
    }
    let queue = address(client, queue);
    for listener in listeners.iter().filter(|listener| listener.queue == queue) {
        listener.control.send(Input::Nudge);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        listeners().retain(|listener| listener.number != self.0);
    }
}

fn address(client: &Shared, queue: &QueueName) -> String {
    format!("{}/{queue}", client.endpoint)
}

fn listeners() -> MutexGuard<'static, Vec<Listener>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}
