//! Server-Sent Events: [`Streams`] tells all who listen that something has happened. What is told is
//! written once for all, a client that does not read misses some, and nobody waits for a client.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch as signal;
use tokio::time::{Instant, sleep};

use super::answer::{Ask, Failure};
use super::show;
use crate::emulator::Emulator;
use crate::lock::lock;
use crate::watch::event::Entry;

/// The most streams at once.
const MAX_STREAMS: usize = 4000;
/// The time between two looks when few listen. It is real time: the emulator's may stand still.
const TICK: Duration = Duration::from_millis(100);
/// The time that each listener adds to it, so that all together get a thousand messages a second at
/// most, and the service keeps its processor.
const TICK_PER_STREAM: Duration = Duration::from_millis(2);
/// The most events in one message.
const MAX_EVENTS: usize = 200;
/// A word from time to time, so that a client that went away is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The messages that wait for a client that does not read.
const MAX_WAITING: usize = 8;

/// All streams of a server.
pub(super) struct Streams(Arc<Shared>);

struct Shared {
    emulator: Emulator,
    audience: Mutex<Audience>,
    stopped: signal::Receiver<bool>,
}

/// Those who listen, and what they have been told.
#[derive(Default)]
struct Audience {
    listeners: Vec<Listener>,
    /// Whether somebody looks for news.
    looking: bool,
    /// What [`Watch::news`](crate::watch::Watch::news) was at the last look.
    news: u64,
    /// The number of the last event of which they know.
    last: u64,
}

struct Listener {
    sender: Sender<Bytes>,
    /// Whether the client has missed a message.
    behind: bool,
}

/// The body of a stream.
#[derive(Debug)]
pub(crate) struct Feed(Receiver<Bytes>);

impl Feed {
    /// The next part, or `None` when the stream has ended.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        Pin::new(&mut self.0).poll_recv(context)
    }
}

impl Streams {
    pub(super) fn new(emulator: Emulator, stopped: signal::Receiver<bool>) -> Self {
        Self(Arc::new(Shared { emulator, audience: Mutex::default(), stopped }))
    }

    /// Opens a stream.
    pub(super) fn open(&self, ask: &Ask<'_>) -> Result<Response<Feed>, Failure> {
        let Some(watch) = ask.emulator.watch() else {
            return Err(Failure::missing("nothing is remembered, and so there are no events"));
        };
        if *self.0.stopped.borrow() {
            return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "the emulator stops"));
        }
        let known = ask.headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
        let (sender, receiver) = channel(MAX_WAITING);
        let looking = {
            let mut audience = lock(&self.0.audience);
            if audience.listeners.len() >= MAX_STREAMS {
                let message = "too many listen already";
                return Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, message));
            }
            if !audience.looking {
                // In this order: what comes between the two is looked for again.
                (audience.news, audience.last) = (watch.news(), watch.last_event());
            }
            // Up to where the others are; what comes then is told to all of them.
            let last = audience.last;
            let known: u64 = known.unwrap_or(last);
            let (mut entries, _) = watch.events_after(known, usize::MAX);
            entries.retain(|entry| entry.number <= last);
            let shown = entries.split_off(entries.len().saturating_sub(MAX_EVENTS));
            let missed = last.saturating_sub(known).saturating_sub(shown.len() as u64);
            let hello = format!("retry: 1000\n{}", message(&shown, missed, last));
            let _ = sender.try_send(hello.into());
            audience.listeners.push(Listener { sender, behind: false });
            std::mem::replace(&mut audience.looking, true)
        };
        if !looking {
            tokio::spawn(Arc::clone(&self.0).look());
        }
        let mut response = Response::new(Feed(receiver));
        let media_type = HeaderValue::from_static("text/event-stream");
        response.headers_mut().insert(CONTENT_TYPE, media_type);
        Ok(response)
    }
}

impl Shared {
    /// Looks for news as long as anybody listens.
    async fn look(self: Arc<Self>) {
        let mut stopped = self.stopped.clone();
        let Some(watch) = self.emulator.watch() else { return };
        let mut spoken = Instant::now();
        loop {
            let count = lock(&self.audience).listeners.len();
            let tick = TICK.max(TICK_PER_STREAM * u32::try_from(count).unwrap_or(u32::MAX));
            tokio::select! {
                _ = stopped.changed() => {
                    lock(&self.audience).listeners.clear();
                    return;
                }
                () = sleep(tick) => {}
            }
            let mut audience = lock(&self.audience);
            let now = watch.news();
            if now != audience.news {
                let (entries, missed) = watch.events_after(audience.last, MAX_EVENTS);
                audience.news = now;
                audience.last += entries.len() as u64 + missed;
                let last = audience.last;
                audience.tell(&message(&entries, missed, last).into());
                spoken = Instant::now();
            } else if spoken.elapsed() >= HEARTBEAT {
                audience.tell(&Bytes::from_static(b":\n\n"));
                spoken = Instant::now();
            }
            audience.listeners.retain(|listener| !listener.sender.is_closed());
            if audience.listeners.is_empty() {
                // While the lock is held, so that whoever comes now starts the next look.
                audience.looking = false;
                return;
            }
        }
    }
}

impl Audience {
    fn tell(&mut self, message: &Bytes) {
        for listener in &mut self.listeners {
            if listener.behind {
                let gap = Bytes::from_static(b"event: gap\ndata: {}\n\n");
                listener.behind = listener.sender.try_send(gap).is_err();
            }
            if !listener.behind {
                listener.behind = listener.sender.try_send(message.clone()).is_err();
            }
        }
    }
}

/// A message with these events, of which `missed` were left out.
fn message(entries: &[Entry], missed: u64, last: u64) -> String {
    let events: Vec<_> = entries.iter().map(|entry| show::event(&entry.event())).collect();
    let data = json!({ "events": events, "missed": missed });
    format!("id: {last}\nevent: news\ndata: {data}\n\n")
}
