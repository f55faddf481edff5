//! `azq top`: all queues live, on a screen that one can leave open.

mod draw;
mod snapshot;
mod state;

use std::time::{Duration, Instant, SystemTime};

use futures_util::{StreamExt as _, stream};
use queue_client::QueueServiceClient;
use ratatui::crossterm::event::{self, Event, KeyEventKind};

use self::{
    snapshot::{Measured, Snapshot},
    state::{Ask, State},
};
use crate::{
    app::App,
    failure::Failure,
    message::{CodecArg, Message},
    output::{Cell, Column, Layout, Row},
    text::visible,
    units,
};

pub(crate) const EXAMPLES: &str = "  azq top --once
  azq top --once 'orders*' -o jsonl";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only queues whose names match: `*` stands for any letters, `?` for one
    pattern: Option<String>,

    /// The time between two looks
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = units::duration)]
    interval: Duration,

    /// Print what the screen would show once, in the format of -o; the default where the output is no
    /// terminal
    #[arg(long)]
    once: bool,
}

const LAYOUT: Layout = Layout {
    list: "queues",
    columns: &[
        Column::new("name"),
        Column::new("depth"),
        Column::new("visible"),
        Column::new("oldest"),
        Column::new("poison_depth"),
    ],
};

/// Queues that are asked at the same time.
const IN_FLIGHT: usize = 16;

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let service = app.connect()?.service.clone();
    let pattern = args.pattern.clone().unwrap_or_else(|| String::from("*"));
    if args.once || !app.terminal.output || !app.terminal.input {
        return once(app, &service, &pattern).await;
    }
    let account = service.endpoint().account().to_string();
    let mut state = State::new(account, args.interval);
    let mut terminal = ratatui::try_init()?;
    let ended = watch(&mut terminal, &mut state, &service, &pattern, args.interval).await;
    ratatui::restore();
    ended
}

async fn once(app: &App, service: &QueueServiceClient, pattern: &str) -> Result<(), Failure> {
    let snapshot = look(service, pattern).await?;
    let mut printer = app.printer(LAYOUT)?;
    for queue in snapshot.queues() {
        printer.push(&Row::new(vec![
            Cell::text(&queue.name),
            Cell::Number(queue.depth),
            Cell::text(queue.visible_in_words()),
            queue.oldest.into(),
            queue.poison.into(),
        ]))?;
    }
    printer.finish()
}

/// Draws until somebody quits.
async fn watch(
    terminal: &mut ratatui::DefaultTerminal,
    state: &mut State,
    service: &QueueServiceClient,
    pattern: &str,
    interval: Duration,
) -> Result<(), Failure> {
    // The first look fails the verb; later ones are shown, since a screen is left open over night.
    state.take(look(service, pattern).await?);
    let mut next = Instant::now() + interval;
    loop {
        terminal.draw(|frame| draw::draw(frame, state, SystemTime::now()))?;
        // Keys are read in a thread, since reading them blocks.
        let key = tokio::task::spawn_blocking(|| -> std::io::Result<Option<Event>> {
            if event::poll(Duration::from_millis(100))? {
                event::read().map(Some)
            } else {
                Ok(None)
            }
        });
        let pressed = key.await.map_err(std::io::Error::other)??;
        if let Some(Event::Key(key)) = pressed
            && key.kind == KeyEventKind::Press
        {
            match state.press(key.code, key.modifiers) {
                Ask::Nothing => {}
                Ask::Quit => return Ok(()),
                Ask::Look => next = Instant::now(),
                Ask::Peek(name) => state.show(peek(service, &name).await),
            }
        }
        if Instant::now() >= next && !state.is_paused() {
            match look(service, pattern).await {
                Ok(snapshot) => state.take(snapshot),
                Err(failure) => state.trouble(failure.sentence()),
            }
            next = Instant::now() + interval;
        }
    }
}

/// Asks every queue for its depth and its oldest message.
async fn look(service: &QueueServiceClient, pattern: &str) -> Result<Snapshot, Failure> {
    let queues = service.list_queues().all().await?;
    let names = queues.into_iter().map(|item| item.name);
    let asked: Vec<_> = stream::iter(names)
        .map(async |name| -> Result<Option<Measured>, Failure> {
            let client = service.queue(name)?;
            match tokio::join!(client.properties(), client.backlog()) {
                // It was deleted since it was listed.
                (Err(error), _) | (_, Err(error)) if error.is_queue_not_found() => Ok(None),
                (properties, backlog) => {
                    let (properties, backlog) = (properties?, backlog?);
                    let oldest =
                        backlog.oldest_age().and_then(|age| SystemTime::now().checked_sub(age));
                    Ok(Some(Measured {
                        name: client.name().to_string(),
                        depth: properties.approximate_messages_count,
                        visible: backlog.visible(),
                        is_capped: backlog.is_capped(),
                        oldest,
                        poison: None,
                    }))
                }
            }
        })
        .buffered(IN_FLIGHT)
        .collect()
        .await;
    let mut measured = Vec::new();
    for queue in asked {
        measured.extend(queue?);
    }
    Ok(Snapshot::new(measured, pattern, Instant::now()))
}

/// The head of a queue, a line for each message.
async fn peek(service: &QueueServiceClient, name: &str) -> Vec<String> {
    let now = SystemTime::now();
    let head = match service.queue(name) {
        Ok(queue) => queue.peek(32).await.map_err(Failure::from),
        Err(error) => Err(Failure::from(error)),
    };
    match head {
        Err(failure) => vec![visible(failure.sentence()).into_owned()],
        Ok(messages) if messages.is_empty() => vec![String::from("no visible message")],
        Ok(messages) => messages
            .into_iter()
            .map(Message::from)
            .map(|message| {
                let body = CodecArg::Auto.decode(&message.text);
                format!(
                    "{:>8}  attempt {}  {}",
                    units::age(message.inserted, now),
                    message.attempt,
                    visible(&body.shown())
                )
            })
            .collect(),
    }
}
