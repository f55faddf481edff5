//! [`Args`]: the options of `azq send`.

use std::{num::NonZeroU64, path::PathBuf, time::Duration};

use crate::{message::CodecArg, units};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    pub(super) queue: String,

    /// The bodies, one message each; without them they come from --file or standard input
    #[arg(value_name = "BODY")]
    pub(super) bodies: Vec<String>,

    /// The body, by the name that `az` has for it
    #[arg(long, value_name = "BODY", conflicts_with = "bodies", hide = true)]
    pub(super) content: Option<String>,

    /// The file with the bodies, `-` for standard input: one message a line, empty lines left out
    #[arg(short, long, value_name = "PATH", conflicts_with_all = ["bodies", "content"])]
    pub(super) file: Option<PathBuf>,

    /// The whole file or input is one message
    #[arg(long, conflicts_with_all = ["nul", "records", "bodies"])]
    pub(super) whole: bool,

    /// Messages end with NUL instead of a line feed
    #[arg(short = '0', long = "null", conflicts_with_all = ["records", "bodies"])]
    pub(super) nul: bool,

    /// Each line is a JSON object with `body` or `text`, and perhaps `delay` and `ttl` in seconds
    #[arg(long, conflicts_with = "bodies")]
    pub(super) records: bool,

    /// How the bodies are written as text
    #[arg(long, value_enum, default_value = "auto")]
    pub(super) codec: CodecArg,

    /// Hide the messages at first, up to 7 days
    #[arg(
        long,
        visible_alias = "visibility-timeout",
        value_name = "TIME",
        value_parser = units::duration
    )]
    pub(super) delay: Option<Duration>,

    /// How long the messages live: a time, or `never`. The service's default is 7 days
    #[arg(long, visible_alias = "time-to-live", value_name = "TIME", value_parser = life)]
    pub(super) ttl: Option<Life>,

    /// Send everything so many times
    #[arg(long, value_name = "N", default_value_t = NonZeroU64::MIN)]
    pub(super) repeat: NonZeroU64,

    /// At most so many messages a second
    #[arg(long, value_name = "N")]
    pub(super) rate: Option<NonZeroU64>,

    /// So many requests at the same time; 1 keeps the order
    #[arg(
        short = 'j',
        long,
        value_name = "N",
        default_value_t = 128,
        value_parser = clap::value_parser!(u64).range(1..=1024)
    )]
    pub(super) jobs: u64,
}

/// How long a message lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// Until it is deleted.
    Never,
    /// The time until the message expires.
    For(Duration),
}

fn life(text: &str) -> Result<Life, String> {
    match text.trim() {
        // `az` writes -1.
        "never" | "-1" => Ok(Life::Never),
        text => units::duration(text).map(Life::For),
    }
}
