//! [`run`]: the screen of `azq top` from its first picture to the restored terminal. Keys, signals and
//! the answers of the service are waited for together, so that a slow service never holds up a key.

use std::time::{Duration, SystemTime};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use queue_client::{QueueServiceClient, processor::dead_letter::redrive};
use ratatui::{
    DefaultTerminal,
    crossterm::event::{Event, KeyEventKind},
};
use tokio::{sync::watch, time::Instant};

use super::{
    draw,
    keys::keys,
    look::look,
    snapshot::Snapshot,
    state::{Ask, Redrive, State},
};
use crate::{
    app::App,
    failure::{Exit, Failure},
    interrupt::Signals,
    mass::{state::default_journal, transfer::address},
    message::{CodecArg, Message},
    text::visible,
    units,
};

/// How often ages are drawn anew while nothing else happens.
const TICK: Duration = Duration::from_secs(1);

/// What became of something that was asked of the service.
enum Answer {
    Looked(Result<Snapshot, Failure>),
    Peeked { name: String, lines: Vec<String> },
    Redriven(Result<String, String>),
}

/// What runs while the screen is shown.
type Running<'a> = FuturesUnordered<BoxFuture<'a, Answer>>;

/// Shows the queues until somebody quits, and gives the terminal back as it was.
pub(super) async fn run(
    app: &App,
    service: &QueueServiceClient,
    pattern: &str,
    interval: Duration,
) -> Result<(), Failure> {
    let connection = app.connect()?;
    let account = service.endpoint().account().to_string();
    let mut state = State::new(account, interval, connection.protected);
    // The signals first: one that ended the process now would leave the terminal as it is.
    let mut signals = Signals::listen();
    let mut terminal = ratatui::try_init()?;
    let mut screen = Screen { app, service, pattern, interval };
    let ended = screen.watch(&mut terminal, &mut state, &mut signals).await;
    ratatui::restore();
    match ended? {
        0 => Ok(()),
        code => Err(Failure::silent(Exit::Code(code))),
    }
}

struct Screen<'a> {
    app: &'a App,
    service: &'a QueueServiceClient,
    pattern: &'a str,
    interval: Duration,
}

impl<'a> Screen<'a> {
    /// Draws until somebody quits; the exit code.
    async fn watch(
        &mut self,
        terminal: &mut DefaultTerminal,
        state: &mut State,
        signals: &mut Signals,
    ) -> Result<u8, Failure> {
        let mut keys = keys();
        let (stop, stopped) = watch::channel(false);
        let mut running = Running::new();
        running.push(self.look());
        let mut is_looking = true;
        let mut next = Instant::now();
        // The code to end with, once what must not be cut off is done.
        let mut ending = None;
        loop {
            terminal.draw(|frame| draw::draw(frame, state, SystemTime::now()))?;
            let quit = tokio::select! {
                code = signals.next() => Some(code),
                event = keys.recv() => {
                    let Some(event) = event else { return Ok(0) };
                    match event? {
                        Event::Key(key) if key.kind == KeyEventKind::Press => {
                            match state.press(key.code, key.modifiers) {
                                Ask::Nothing => None,
                                Ask::Quit => Some(0),
                                Ask::Look => {
                                    if !is_looking {
                                        is_looking = true;
                                        running.push(self.look());
                                    }
                                    None
                                }
                                Ask::Peek(name) => {
                                    running.push(self.peek(name));
                                    None
                                }
                                Ask::Redrive(letters) => {
                                    running.push(self.redrive(letters, stopped.clone()));
                                    None
                                }
                            }
                        }
                        _ => None,
                    }
                }
                Some(answer) = running.next(), if !running.is_empty() => {
                    match answer {
                        Answer::Looked(looked) => {
                            is_looking = false;
                            next = Instant::now() + self.interval;
                            match looked {
                                Ok(snapshot) => state.take(snapshot),
                                // The first look fails the verb; later ones are shown, since a
                                // screen is left open over night.
                                Err(failure) if state.is_empty() => return Err(failure),
                                Err(failure) => state.trouble(failure.sentence()),
                            }
                        }
                        Answer::Peeked { name, lines } => state.show(name, lines),
                        Answer::Redriven(outcome) => {
                            state.redriven(outcome);
                            if let Some(code) = ending {
                                return Ok(code);
                            }
                            next = Instant::now();
                        }
                    }
                    None
                }
                () = tokio::time::sleep_until(next), if !is_looking && !state.is_paused() => {
                    is_looking = true;
                    running.push(self.look());
                    None
                }
                () = tokio::time::sleep(TICK) => None,
            };
            if let Some(code) = quit {
                // Quitting twice leaves leases to lapse, as everywhere.
                if ending.is_some() || !state.is_redriving() {
                    return Ok(code);
                }
                ending = Some(code);
                stop.send_replace(true);
                state.finishing();
            }
        }
    }

    fn look(&self) -> BoxFuture<'a, Answer> {
        let (service, pattern) = (self.service, self.pattern);
        async move { Answer::Looked(look(service, pattern).await) }.boxed()
    }

    fn peek(&self, name: String) -> BoxFuture<'a, Answer> {
        let service = self.service;
        async move {
            let lines = head(service, &name).await;
            Answer::Peeked { name, lines }
        }
        .boxed()
    }

    fn redrive(
        &self,
        letters: Redrive,
        mut stopped: watch::Receiver<bool>,
    ) -> BoxFuture<'a, Answer> {
        let (app, service) = (self.app, self.service);
        async move {
            let stop = async move {
                let _ = stopped.wait_for(|stopped| *stopped).await;
            };
            Answer::Redriven(bring_back(app, service, &letters, stop).await)
        }
        .boxed()
    }
}

/// Brings dead letters back as `azq redrive` does, with the state file of that verb, which goes on where
/// a killed screen was; a sentence.
async fn bring_back(
    app: &App,
    service: &QueueServiceClient,
    letters: &Redrive,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<String, String> {
    let queue = |name: &str| service.queue(name).map_err(|error| error.to_string());
    let (from, to) = (queue(&letters.poison)?, queue(&letters.home)?);
    let source = address(app, &letters.poison, &from);
    let target = address(app, &letters.home, &to);
    let mut call = redrive(&from, &to).stop_when(stop);
    if let Some(journal) = default_journal("redrive", &source, &target) {
        call = call.journal(journal);
    }
    match call.await {
        Ok(report) => {
            let mut words = format!(
                "{} moved + {} failed + {} left = {} seen ({} to {})",
                report.moved,
                report.failed,
                report.left(),
                report.seen,
                letters.poison,
                letters.home
            );
            if !report.doubtful.is_empty() {
                words.push_str(&format!("; possibly doubled: {}", report.doubtful.len()));
            }
            Ok(words)
        }
        Err(error) => Err(Failure::from(error.into_error()).sentence().to_owned()),
    }
}

/// The head of a queue, a line for each message.
async fn head(service: &QueueServiceClient, name: &str) -> Vec<String> {
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
