//! The word `health`: whether an emulator answers, for health checks of containers that have no other
//! program in them.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::process::ExitCode;
use std::time::Duration;

use super::say::say;

/// The time for each step of the question.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first bytes of a message with which a server of TLS refuses what is not TLS.
const ALERT: &[u8] = &[0x15, 0x03];

/// The emulator to ask.
#[derive(Clone, Debug, clap::Args)]
#[command(args_override_self = true)]
pub(super) struct HealthArgs {
    /// The host to ask. Default: 127.0.0.1
    #[arg(long, alias = "queueHost", value_name = "ADDRESS")]
    pub(super) host: Option<String>,
    /// The port to ask. Default: 10001
    #[arg(
        long,
        alias = "queuePort",
        value_name = "N",
        env = "QUEUE_EMULATOR_PORT",
        hide_env = true,
        allow_negative_numbers = true
    )]
    pub(super) port: Option<u16>,
}

impl HealthArgs {
    /// Asks, and says on standard error why there is no answer.
    pub(super) fn ask(&self) -> ExitCode {
        let host = self.host.as_deref().unwrap_or("127.0.0.1");
        let port = self.port.unwrap_or(10001);
        match answer(host, port) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say(format_args!("queue-emulator: no emulator answers at {host}:{port}: {error}"));
                ExitCode::FAILURE
            }
        }
    }
}

/// Waits for the first bytes of an answer. Which one it is does not matter: a server that refuses
/// what it is asked is well.
fn answer(host: &str, port: u16) -> io::Result<()> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in (host.trim_matches(['[', ']']), port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return hear(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn hear(mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(
        b"GET /_emulator/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    )?;
    let mut start = Vec::new();
    let mut part = [0; 512];
    while start.len() < 16 * 1024 {
        let count = stream.read(&mut part)?;
        start.extend_from_slice(part.get(..count).unwrap_or_default());
        if count == 0 || start.starts_with(ALERT) {
            break;
        }
    }
    let text = String::from_utf8_lossy(&start).to_ascii_lowercase();
    let is_ours = text.starts_with("http/1.1 ") && text.contains("\r\nx-ms-request-id:");
    if start.starts_with(ALERT) || is_ours {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "something else listens there"))
}
