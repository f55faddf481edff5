//! `azq edit`: one message with another body, put at the end of its queue in place of the old one.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    process::Command,
};

use queue_client::proto::MessageText;

use crate::{
    app::App,
    ask::confirm,
    failure::{Exit, Failure},
    mass::{filter::LeaseArgs, one::replace},
    message::CodecArg,
};

pub(crate) const EXAMPLES: &str =
    "  azq edit orders \"$(azq peek orders -n 1 -o name)\" --body '18 bottles' --yes
  echo '19 bottles' | azq edit orders \"$(azq peek orders -n 1 -o name)\" --body - --yes";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue, or CONTEXT:QUEUE
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// The id of the message
    id: String,

    /// The new body; - reads it from standard input. Default: $VISUAL or $EDITOR is asked
    #[arg(long, value_name = "BODY", allow_hyphen_values = true)]
    body: Option<String>,

    /// What the text means
    #[arg(long, value_enum, default_value = "auto")]
    codec: CodecArg,

    #[command(flatten)]
    lease: LeaseArgs,
}

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let queue = app.queue(&args.queue)?.client;
    confirm(
        app,
        "Put the edited message at the end of the queue? Those before it are received once, which raises \
         their dequeue counts.",
    )?;
    let given = match args.body.as_deref() {
        Some("-") => {
            let mut bytes = Vec::new();
            io::stdin().read_to_end(&mut bytes).map_err(Failure::from)?;
            Some(without_newline(bytes))
        }
        Some(body) => Some(body.as_bytes().to_vec()),
        None => None,
    };
    let codec = args.codec;
    replace(app, &queue, &args.id, &args.lease, |message| {
        let body = codec.decode(message.message_text());
        // What was base64 stays base64.
        let codec = if body.codec == "base64" { CodecArg::Base64 } else { codec };
        let new = match given {
            Some(new) => new,
            None => edited(&body.bytes)?,
        };
        if new == body.bytes {
            return Err(Failure::new(
                Exit::SomeFailed,
                "the body is the same: nothing was changed",
            ));
        }
        let text: MessageText = codec.encode(&new)?;
        Ok(text)
    })
    .await
}

/// The body after the user's editor.
fn edited(body: &[u8]) -> Result<Vec<u8>, Failure> {
    let editor = std::env::var("VISUAL")
        .or_else(|_| std::env::var("EDITOR"))
        .map_err(|_| Failure::usage("no editor: set EDITOR, or give the new body with --body"))?;
    let failed = |error: io::Error| Failure::usage(format!("the editor {editor} failed: {error}"));
    let path = std::env::temp_dir().join(format!("azq-edit-{}-{}", std::process::id(), nonce()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(&path).and_then(|mut file| file.write_all(body)).map_err(failed)?;
    let mut words = editor.split_whitespace();
    let status = words.next().map(|program| Command::new(program).args(words).arg(&path).status());
    let new = fs::read(&path);
    let _ = fs::remove_file(&path);
    match status {
        Some(Ok(status)) if status.success() => {
            let new = new.map_err(failed)?;
            // Editors end the last line; the body did perhaps not.
            Ok(if body.ends_with(b"\n") { new } else { without_newline(new) })
        }
        Some(Ok(_)) => {
            Err(Failure::new(Exit::SomeFailed, "the editor gave up: nothing was changed"))
        }
        Some(Err(error)) => Err(failed(error)),
        None => Err(Failure::usage("EDITOR is empty: give the new body with --body")),
    }
}

fn nonce() -> u128 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_nanos())
}

fn without_newline(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.ends_with(b"\n") {
        bytes.pop();
    }
    bytes
}
