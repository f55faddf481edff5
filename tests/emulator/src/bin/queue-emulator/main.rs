//! The program `queue-emulator`: the service over HTTP on this machine.

use std::process::ExitCode;

fn main() -> ExitCode {
    queue_emulator::program::main()
}
