//! [`keys`]: what is typed, read in a thread of its own, since reading a terminal blocks.

use std::{io, thread, time::Duration};

use ratatui::crossterm::event::{self, Event};
use tokio::sync::mpsc;

/// How long the thread waits for a key before it looks whether anybody still wants one.
const PATIENCE: Duration = Duration::from_millis(100);

/// The keys and the changes of the terminal's size from now on, until reading fails.
pub(super) fn keys() -> mpsc::Receiver<io::Result<Event>> {
    let (sender, receiver) = mpsc::channel(16);
    thread::spawn(move || {
        while !sender.is_closed() {
            let event = match event::poll(PATIENCE) {
                Ok(false) => continue,
                Ok(true) => event::read(),
                Err(error) => Err(error),
            };
            let failed = event.is_err();
            if sender.blocking_send(event).is_err() || failed {
                return;
            }
        }
    });
    receiver
}
