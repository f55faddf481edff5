//! [`read`]: the bodies of `azq send`, from where they come, one at a time, so that a file of any size
//! takes no memory.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::PathBuf,
    thread,
    time::Duration,
};

use serde::Deserialize;
use tokio::sync::mpsc;

use super::args::{Args, Life};
use crate::{app::App, failure::Failure};

/// Bodies that are read ahead.
const AHEAD: usize = 256;
/// What a message can be at most, by far: more without an end is no message.
const MOST: u64 = 1024 * 1024;

/// A body and its times.
pub(super) struct Item {
    /// Counts from 1: the argument, line or record.
    pub(super) number: u64,
    pub(super) body: Vec<u8>,
    /// The body is the text of the message and no codec is asked.
    pub(super) exact: bool,
    pub(super) delay: Option<Duration>,
    pub(super) ttl: Option<Life>,
}

/// A body that cannot be read, with its number.
pub(super) type Read = Result<Item, (u64, Failure)>;

/// Where bodies come from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    from: From,
    repeat: u64,
}

#[derive(Debug, Clone)]
enum From {
    Arguments(Vec<String>),
    File { path: Option<PathBuf>, form: Form },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Lines,
    Nul,
    Whole,
    Records,
}

impl Source {
    pub(super) fn new(args: &Args) -> Result<Self, Failure> {
        let repeat = args.repeat.get();
        let mut bodies = args.bodies.clone();
        bodies.extend(args.content.clone());
        if !bodies.is_empty() {
            return Ok(Self { from: From::Arguments(bodies), repeat });
        }
        let form = match (args.whole, args.nul, args.records) {
            (true, ..) => Form::Whole,
            (_, true, _) => Form::Nul,
            (_, _, true) => Form::Records,
            _ => Form::Lines,
        };
        let path = args.file.clone().filter(|path| path.as_os_str() != "-");
        if path.is_none() && repeat > 1 {
            return Err(Failure::usage("--repeat needs bodies as arguments or in a file"));
        }
        Ok(Self { from: From::File { path, form }, repeat })
    }
}

/// Reads in a thread of its own, since standard input blocks.
pub(super) fn read(app: &App, source: &Source) -> Result<mpsc::Receiver<Read>, Failure> {
    let (sender, items) = mpsc::channel(AHEAD);
    if let From::File { path: None, .. } = &source.from
        && app.terminal.input
    {
        app.note("reading messages from the terminal, one a line; end with Ctrl-D");
    }
    if let From::File { path: Some(path), .. } = &source.from {
        // A wrong path is an error before anything is sent.
        open(path)?;
    }
    let source = source.clone();
    thread::Builder::new()
        .name("azq-read".into())
        .spawn(move || {
            let mut number = 0;
            for _ in 0..source.repeat {
                // Whoever sends has given up: reading on is for nothing.
                if once(&source.from, &mut number, &sender).is_none() {
                    return;
                }
            }
        })
        .map_err(|error| Failure::usage(format!("no thread can be started: {error}")))?;
    Ok(items)
}

fn open(path: &PathBuf) -> Result<File, Failure> {
    File::open(path)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))
}

fn once(from: &From, number: &mut u64, sender: &mpsc::Sender<Read>) -> Option<()> {
    let push = |number: &mut u64, item: Result<Item, Failure>| {
        *number += 1;
        let at = *number;
        let item = item.map(|item| Item { number: at, ..item }).map_err(|failure| (at, failure));
        sender.blocking_send(item).ok()
    };
    let (path, form) = match from {
        From::Arguments(bodies) => {
            for body in bodies {
                push(number, Ok(plain(body.clone().into_bytes())))?;
            }
            return Some(());
        }
        From::File { path, form } => (path, *form),
    };
    let mut input: Box<dyn BufRead> = match path {
        Some(path) => match open(path) {
            Ok(file) => Box::new(BufReader::new(file)),
            Err(failure) => return push(number, Err(failure)),
        },
        None => Box::new(BufReader::new(io::stdin())),
    };
    let end = if form == Form::Nul { 0 } else { b'\n' };
    loop {
        let mut body = Vec::new();
        let read = match form {
            Form::Whole => input.by_ref().take(MOST).read_to_end(&mut body),
            _ => input.by_ref().take(MOST).read_until(end, &mut body),
        };
        match read {
            Ok(0) => return Some(()),
            Ok(read) if read as u64 == MOST && form != Form::Whole && !body.ends_with(&[end]) => {
                // The rest of it must not pass for a message of its own.
                if let Err(error) = input.skip_until(end) {
                    return push(number, Err(Failure::usage(format!("reading failed: {error}"))));
                }
                push(number, Err(Failure::usage("it is longer than any message can be")))?;
                continue;
            }
            Ok(_) => {}
            Err(error) => {
                return push(number, Err(Failure::usage(format!("reading failed: {error}"))));
            }
        }
        match form {
            Form::Whole => {}
            Form::Nul => {
                body.pop_if(|last| *last == 0);
            }
            Form::Lines | Form::Records => {
                body.pop_if(|last| *last == b'\n');
                body.pop_if(|last| *last == b'\r');
                if body.is_empty() {
                    continue;
                }
            }
        }
        let item = if form == Form::Records { record(&body) } else { Ok(plain(body)) };
        push(number, item)?;
        if form == Form::Whole {
            return Some(());
        }
    }
}

fn plain(body: Vec<u8>) -> Item {
    Item { number: 0, body, exact: false, delay: None, ttl: None }
}

/// A line of `--records`. What a dump has beside the text is for readers, and ignored.
#[derive(Deserialize)]
struct Record {
    /// The exact text of the message.
    text: Option<String>,
    /// The body, which the codec writes as text.
    body: Option<String>,
    delay: Option<u64>,
    ttl: Option<i64>,
}

fn record(line: &[u8]) -> Result<Item, Failure> {
    let record: Record = serde_json::from_slice(line).map_err(|error| {
        Failure::usage(format!("no JSON object with `body` or `text`: {error}"))
    })?;
    let (body, exact) = match (record.text, record.body) {
        (Some(text), _) => (text, true),
        (None, Some(body)) => (body, false),
        (None, None) => return Err(Failure::usage("the record has neither `body` nor `text`")),
    };
    let ttl = match record.ttl {
        None => None,
        Some(-1) => Some(Life::Never),
        Some(seconds) => {
            let seconds = u64::try_from(seconds)
                .map_err(|_| Failure::usage("`ttl` must be seconds, or -1 for never"))?;
            Some(Life::For(Duration::from_secs(seconds)))
        }
    };
    Ok(Item {
        number: 0,
        body: body.into_bytes(),
        exact,
        delay: record.delay.map(Duration::from_secs),
        ttl,
    })
}
