//! [`Screen`]: a program in a terminal of its own, whose screen a test reads and whose keys it presses.

use std::{
    io::{Read as _, Write as _},
    process::{Child, Command, ExitStatus},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use pty_process::{
    Size,
    blocking::{Pty, open},
};
use rustix::termios::{LocalModes, tcgetattr};

/// The longest time until a condition holds, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(120);

/// A program in a terminal.
pub(crate) struct Screen {
    child: Child,
    pty: Arc<Pty>,
    seen: Arc<Seen>,
}

/// What the program has written.
#[derive(Default)]
struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    /// The program and all its children have closed the terminal.
    ended: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { parser: vt100::Parser::new(24, 80, 0), bytes: Vec::new(), ended: false }
    }
}

impl Screen {
    /// Starts a command in a terminal of so many rows and columns.
    pub(crate) fn start(mut command: Command, rows: u16, columns: u16) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        command.env("TERM", "xterm-256color");
        let command = pty_process::blocking::Command::from(command);
        // The library sets the standard streams only where the command did not.
        let child = command.spawn(pts).unwrap();
        let (pty, seen) = (Arc::new(pty), Arc::<Seen>::default());
        seen.state.lock().unwrap().parser.screen_mut().set_size(rows, columns);
        let (reader, writer) = (Arc::clone(&pty), Arc::clone(&seen));
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                // A terminal that nobody holds any more fails to be read.
                let count = (&*reader).read(&mut chunk).unwrap_or(0);
                let mut state = writer.state.lock().unwrap();
                if count == 0 {
                    state.ended = true;
                    writer.changed.notify_all();
                    return;
                }
                let read = chunk.get(..count).unwrap();
                state.parser.process(read);
                state.bytes.extend_from_slice(read);
                writer.changed.notify_all();
            }
        });
        Self { child, pty, seen }
    }

    /// Presses keys.
    pub(crate) fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen has this text; the screen.
    pub(crate) fn wait(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until a condition on the screen's text holds; the screen.
    pub(crate) fn wait_until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        let mut state = self.seen.state.lock().unwrap();
        loop {
            let screen = state.parser.screen().contents();
            if holds(&screen) {
                return screen;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited for: {what}\n{screen}");
            assert!(!state.ended, "the program ended; waited for: {what}\n{screen}");
            state = self.seen.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// The screen as it is now.
    pub(crate) fn now(&self) -> vt100::Screen {
        self.seen.state.lock().unwrap().parser.screen().clone()
    }

    /// All that the program has written.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.seen.state.lock().unwrap().bytes.clone()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Says whether the terminal shows what is typed and gives whole lines, as a shell wants it.
    pub(crate) fn is_cooked(&self) -> bool {
        let modes = tcgetattr(&*self.pty).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Waits for the end of the program.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "it does not end\n{}", self.now().contents());
            thread::sleep(Duration::from_millis(20));
        };
        // What it wrote last is read too, unless a child of it still holds the terminal.
        let state = self.seen.state.lock().unwrap();
        let patience = Duration::from_secs(10);
        drop(self.seen.changed.wait_timeout_while(state, patience, |state| !state.ended).unwrap());
        status
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
