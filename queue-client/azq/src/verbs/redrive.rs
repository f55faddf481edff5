//! `azq redrive`: dead letters back into the queue that they died in.

use std::time::SystemTime;

use queue_client::{
    QueueClient, Striped,
    bulk::Lifetime,
    processor::{
        Reason,
        dead_letter::{DeadLetter, poison_queue_of, redrive, redrive_striped},
    },
    proto::ops::PeekedMessage,
};

use crate::{
    app::{App, Queue},
    ask::confirm,
    failure::Failure,
    mass::{
        filter::{LeaseArgs, walked},
        preview::about,
        state::StateArgs,
        transfer::{Doing, Job, TransferArgs, address, lifetime},
    },
    message::{CodecArg, Message},
    output::{Cell, Column, Layout, Row},
    pattern::{is_pattern, matching, stem},
    text::visible,
    units::{self, Moment, thousands},
};

pub(crate) const EXAMPLES: &str = "  azq redrive orders --dry-run
  azq redrive orders --rate 20 --watch-poison --yes";

/// The suffix of the queues of dead letters.
const SUFFIX: &str = "-poison";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The queue that the messages died in, or its dead-letter queue, or CONTEXT:QUEUE; with `*` and
    /// `?` several, such as the stripes of one: each letter goes back to the one that its envelope names
    #[arg(add = crate::complete::queues())]
    queue: String,

    /// The queue of the dead letters. Default: QUEUE-poison
    #[arg(long, value_name = "QUEUE", add = crate::complete::queues())]
    from: Option<String>,

    /// Only letters that died of this, which only envelopes tell: handler_failed, handler_panicked,
    /// handler_timed_out, requested, deliveries_exhausted, undecodable or would_expire
    #[arg(long, value_name = "REASON", value_parser = reason)]
    reason: Option<Reason>,

    /// Only letters that died since: 2h, today, 2026-11-26
    #[arg(long, value_name = "TIME", value_parser = units::moment)]
    since: Option<Moment>,

    /// Stop when dead letters come in meanwhile
    #[arg(long)]
    watch_poison: bool,

    /// How long the messages live: default (7 days), never, or a time
    #[arg(long, value_name = "TTL", default_value = "default", value_parser = lifetime)]
    ttl: Lifetime,

    #[command(flatten)]
    transfer: TransferArgs,
    #[command(flatten)]
    lease: LeaseArgs,
    #[command(flatten)]
    state: StateArgs,
}

fn reason(text: &str) -> Result<Reason, String> {
    let all = [
        Reason::HandlerFailed,
        Reason::HandlerPanicked,
        Reason::HandlerTimedOut,
        Reason::Requested,
        Reason::DeliveriesExhausted,
        Reason::Undecodable,
        Reason::WouldExpire,
    ];
    all.into_iter().find(|reason| reason.as_str() == text).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|reason| reason.as_str()).collect();
        format!("`{text}` is none of {}", names.join(", "))
    })
}

const LAYOUT: Layout = Layout {
    list: "letters",
    columns: &[
        Column::new("id"),
        Column::new("reason"),
        Column::new("died"),
        Column::new("attempts"),
        Column::text("error"),
        Column::text("body"),
        Column::extra("queue"),
        Column::extra("host"),
    ],
};

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let (home, poison) = queues(&args)?;
    let from = app.queue(&poison)?;
    let (to, stripes) = if is_pattern(&home) {
        let (first, stripes) = stripes(app, &home, &from).await?;
        (first, Some(stripes))
    } else {
        (app.queue(&home)?, None)
    };
    let since = args.since.map(|moment| moment.back_from(SystemTime::now()));
    if args.transfer.dry_run {
        return show(app, &args, &from.client, stripes.as_ref(), since).await;
    }
    confirm(app, &format!("Move {} to {}?", about(&from).await?, to.label))?;
    let lease = args.lease.lease()?;
    let (source, target) = (address(app, &poison, &from.client), address(app, &home, &to.client));
    let journal = args.state.journal(app, "redrive", &source, &target);
    let job = Job::begin(app, &from, &to, Doing::Moved, lease).await?;
    let call = match &stripes {
        Some(stripes) => redrive_striped(&from.client, stripes),
        None => redrive(&from.client, &to.client),
    };
    let mut call =
        call.in_flight(args.transfer.in_flight).stop_when(job.stop()).on_progress(job.shown());
    match args.ttl {
        Lifetime::Set(time) => call = call.time_to_live(time),
        Lifetime::Keep => call = call.lifetime(Lifetime::Keep),
        _ => {}
    }
    if let Some(reason) = args.reason {
        call = call.reason(reason);
    }
    if let Some(since) = since {
        call = call.since(since);
    }
    if args.watch_poison {
        call = call.stop_on_return();
    }
    if let Some(max) = args.transfer.max {
        call = call.max(max);
    }
    if let Some(rate) = args.transfer.rate {
        call = call.rate(rate);
    }
    if args.transfer.allow_duplicates {
        call = call.allow_duplicates();
    }
    if let Some(lease) = lease {
        call = call.lease(lease);
    }
    if let Some(journal) = journal {
        call = call.journal(journal);
    }
    let result = call.await;
    let skipped = result.as_ref().map_or(0, |report| report.skipped);
    job.end(result)?;
    if let (Some(stripes), true) =
        (&stripes, skipped > 0 && args.reason.is_none() && since.is_none())
    {
        app.note(&format!(
            "{skipped} letters name no queue that matches; to move them anyway: azq redrive {} --from {}",
            stripes.stripes().first().map_or("QUEUE", |stripe| stripe.name().as_str()),
            from.label,
        ));
    }
    Ok(())
}

/// The queues of a pattern as one, and the first of them under the name of the pattern.
async fn stripes(app: &App, pattern: &str, poison: &Queue) -> Result<(Queue, Striped), Failure> {
    let mut queues = matching(app, pattern).await?;
    queues.retain(|queue| !queue.name().ends_with(SUFFIX) && queue.name() != poison.name());
    let Some(mut first) = queues.first().cloned() else {
        return Err(Failure::usage(format!(
            "no queue matches `{}` that has a dead-letter queue",
            visible(pattern)
        )));
    };
    let clients = queues.iter().map(|queue| queue.client.clone());
    let striped = Striped::new(poison.name(), clients)
        .map_err(|error| Failure::usage(format!("`{}`: {error}", visible(pattern))))?;
    pattern.clone_into(&mut first.label);
    Ok((first, striped))
}

/// The queue to go back to, and that of the dead letters.
fn queues(args: &Args) -> Result<(String, String), Failure> {
    let (context, name) = match args.queue.split_once(':') {
        Some((context, name)) => (format!("{context}:"), name),
        None => (String::new(), args.queue.as_str()),
    };
    if let Some(from) = &args.from {
        return Ok((args.queue.clone(), from.clone()));
    }
    if let Some(home) = name.strip_suffix(SUFFIX) {
        return Ok((format!("{context}{home}"), args.queue.clone()));
    }
    if is_pattern(name) {
        let stem = stem(name).trim_end_matches('-');
        if stem.is_empty() {
            return Err(Failure::usage("name the queue of the dead letters with --from"));
        }
        return Ok((args.queue.clone(), format!("{context}{stem}{SUFFIX}")));
    }
    let poison = name.parse().ok().and_then(|name| poison_queue_of(&name)).ok_or_else(|| {
        Failure::usage(format!("{name} has no dead-letter queue: name one with --from"))
    })?;
    Ok((args.queue.clone(), format!("{context}{poison}")))
}

/// Shows what would be brought back.
async fn show(
    app: &App,
    args: &Args,
    from: &QueueClient,
    stripes: Option<&Striped>,
    since: Option<SystemTime>,
) -> Result<(), Failure> {
    let mut printer = app.printer(LAYOUT)?;
    let (mut wanted, mut seen) = (0_u64, 0_u64);
    let mut look = |message: PeekedMessage| -> Result<(), Failure> {
        let letter = DeadLetter::from_text(message.text());
        let died =
            letter.as_ref().and_then(|letter| letter.dead_at).unwrap_or(message.inserted_at());
        let of_reason = args
            .reason
            .is_none_or(|reason| letter.as_ref().is_some_and(|letter| letter.died_of(reason)));
        seen += 1;
        let has_home = stripes.is_none_or(|stripes| {
            let home = letter.as_ref().map(|letter| letter.queue.as_str());
            stripes.stripes().iter().any(|stripe| home == Some(stripe.name().as_str()))
        });
        if of_reason && has_home && since.is_none_or(|since| died >= since) {
            wanted += 1;
            printer.push(&row(message, letter, died))?;
        }
        Ok(())
    };
    let capped = if args.transfer.allow_lease {
        let mut scan = from.scan().max_attempt(u32::MAX);
        let failure = loop {
            match scan.next().await {
                Ok(Some(message)) => {
                    if let Err(failure) = look(message) {
                        break Some(failure);
                    }
                }
                Ok(None) => break None,
                Err(error) => break Some(walked(error)),
            }
        };
        drop(scan.finish().await);
        if let Some(failure) = failure {
            return Err(failure);
        }
        false
    } else {
        let front = from.peek(32).await?;
        let capped = front.len() >= 32;
        front.into_iter().try_for_each(&mut look)?;
        capped
    };
    printer.finish()?;
    app.say(&format!("would move {} of {} dead letters", thousands(wanted), thousands(seen)));
    if capped {
        let all = from.properties().await?.approximate_messages_count();
        app.note(&format!(
            "these are the first 32 of ≈ {}; --allow-lease looks at all, which raises their dequeue counts",
            thousands(all)
        ));
    }
    Ok(())
}

fn row(message: PeekedMessage, letter: Option<DeadLetter>, died: SystemTime) -> Row {
    let message = Message::from(message);
    let id = Cell::text(&message.id);
    let Some(letter) = letter else {
        let body = CodecArg::Auto.decode(&message.text);
        let nothing = Cell::Missing;
        return Row {
            cells: vec![
                id,
                nothing.clone(),
                Cell::Moment(died),
                nothing.clone(),
                nothing.clone(),
                Cell::text(body.shown()),
                nothing.clone(),
                nothing,
            ],
            raw: Some(body.bytes),
        };
    };
    let body = CodecArg::Auto.decode(&letter.text);
    let optional = |text: Option<String>| text.map_or(Cell::Missing, Cell::Text);
    Row {
        cells: vec![
            id,
            Cell::text(letter.reason),
            Cell::Moment(died),
            Cell::Number(letter.attempt.into()),
            optional(letter.error),
            Cell::text(body.shown()),
            Cell::text(letter.queue),
            optional(letter.host),
        ],
        raw: Some(body.bytes),
    }
}
