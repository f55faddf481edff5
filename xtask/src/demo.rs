//! `cargo xtask demo`: processes that talk through a queue, some of which are killed.

use std::env;

use lexopt::Parser;

use crate::{Outcome, shell};

/// The variable that names another server than the embedded emulator.
const CONNECTION_STRING: &str = "AZURE_STORAGE_CONNECTION_STRING";

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let mut command = shell::cargo(["run", "--package", "queue-demo"]);
    // TLS is most of what there is to compile, and only an account in the cloud needs it.
    if env::var(CONNECTION_STRING).is_ok_and(|text| needs_tls(&text)) {
        command.args(["--features", "tls"]);
    }
    let rest = arguments.raw_args().map_err(crate::usage)?;
    shell::run(command.arg("--").args(rest))
}

fn needs_tls(connection_string: &str) -> bool {
    let text = connection_string.to_ascii_lowercase();
    let plain =
        text.contains("usedevelopmentstorage=true") || text.contains("queueendpoint=http://");
    let by_protocol =
        text.contains("defaultendpointsprotocol=http;") && !text.contains("queueendpoint=https://");
    !plain && !by_protocol
}
