//! How well handlers are used at a distance from the service: [`measure`] plays one [`Setting`] in
//! simulated time, where the figures are exact, and says what was reached.

mod queue;
mod table;

use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroUsize,
    time::Duration,
};

use fastrand::Rng;
use queue_client::processor::core::{
    Action, Core, CoreConfig, DeliveryKey, Input, Outcome, ShutdownMode, Tick,
};

use self::queue::Queue;
pub use self::table::{Figures, print};
use crate::time::{Micros, micros};

/// What is played: a full queue, some distance away, and processes with handlers that take their time.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Setting {
    /// The time from a request to its answer.
    pub round_trip: Duration,
    /// The handlers of each process.
    pub handlers: usize,
    /// The time that a handler takes for a message.
    pub work: Work,
    /// The processes that share the queue.
    pub processes: usize,
    /// The number of messages that each process is told to receive ahead; `None` leaves it to the
    /// estimate. Default: `None`.
    pub prefetch: Option<usize>,
    /// The messages in the queue at the start. Default: enough for 20 rounds of all handlers and for
    /// ten seconds.
    pub messages: usize,
}

/// How long handlers work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// The same time for every message.
    Constant(Duration),
    /// 10 ms for nine messages in ten, 100 ms for most of the others, and 5 s for one in a hundred.
    HeavyTail,
    /// One time for the first half of all messages, another for the second half.
    Jump(Duration, Duration),
}

impl Work {
    fn draw(self, rng: &mut Rng, share_done: f64) -> Duration {
        match self {
            Self::Constant(time) => time,
            Self::HeavyTail => match rng.u32(0..100) {
                0 => Duration::from_secs(5),
                1..10 => Duration::from_millis(100),
                _ => Duration::from_millis(10),
            },
            Self::Jump(first, then) => {
                if share_done < 0.5 {
                    first
                } else {
                    then
                }
            }
        }
    }

    /// The mean time of a message, in seconds.
    fn mean(self) -> f64 {
        match self {
            Self::Constant(time) => time.as_secs_f64(),
            Self::HeavyTail => 0.01 * 5.0 + 0.09 * 0.1 + 0.9 * 0.01,
            Self::Jump(first, then) => (first.as_secs_f64() + then.as_secs_f64()) / 2.0,
        }
    }
}

/// What one queue of the service takes in a second ("Scalability and performance targets for Queue
/// Storage"): nothing that is faster can be asked of a processor.
const QUEUE_LIMIT: f64 = 2000.0;

impl Setting {
    /// A setting with a full queue.
    #[must_use]
    pub fn new(round_trip: Duration, handlers: usize, work: Work, processes: usize) -> Self {
        let mut setting =
            Self { round_trip, handlers, work, processes, prefetch: None, messages: 0 };
        let rounds = handlers * processes * 20;
        setting.messages = rounds.max((setting.possible_rate() * 10.0) as usize);
        setting
    }

    /// The messages per second that the handlers, or else the queue, could do.
    #[must_use]
    pub fn possible_rate(&self) -> f64 {
        let handlers = (self.handlers * self.processes) as f64;
        let mean = self.work.mean();
        if mean > 0.0 { (handlers / mean).min(QUEUE_LIMIT) } else { QUEUE_LIMIT }
    }
}

/// Something that happens to a process.
#[derive(Debug)]
enum Event {
    Wake,
    Arrive(Request),
    Answer(Input),
    Done(DeliveryKey),
}

/// A request on its way to the queue.
#[derive(Debug)]
struct Request {
    action: Action,
    sent_at: Tick,
}

struct Process {
    core: Core,
    wake: Option<Micros>,
    /// What is held and not yet worked on, with the instant of its arrival.
    waiting: BTreeMap<String, Micros>,
    started: u64,
}

struct World {
    setting: Setting,
    now: Micros,
    next_event: u64,
    events: BTreeMap<(Micros, u64), (usize, Event)>,
    processes: Vec<Process>,
    queue: Queue,
    rng: Rng,
    figures: Figures,
    /// Messages leased ahead, summed over time.
    ahead_time: f64,
    ahead_since: Micros,
    half_started: u64,
}

/// Plays a setting until the queue holds nothing more that is visible.
///
/// # Panics
///
/// If the settings of a processor are refused, which no setting of this module leads to.
#[must_use]
pub fn measure(setting: &Setting) -> Figures {
    let mut world = World {
        now: 0,
        next_event: 0,
        events: BTreeMap::new(),
        processes: Vec::new(),
        queue: Queue::new(setting.messages),
        rng: Rng::with_seed(1),
        figures: Figures::default(),
        ahead_time: 0.0,
        ahead_since: 0,
        half_started: 0,
        setting: setting.clone(),
    };
    for number in 0..setting.processes {
        let mut config = CoreConfig::default();
        config.concurrency = NonZeroUsize::new(setting.handlers).unwrap_or(NonZeroUsize::MIN);
        config.prefetch = setting.prefetch;
        let Ok(core) = Core::new(config, number as u64, Tick::ORIGIN) else {
            unreachable!("the default settings with another number of handlers are valid")
        };
        world.processes.push(Process { core, wake: None, waiting: BTreeMap::new(), started: 0 });
        // Processes do not start at once.
        world.at(number as u64 * 7_919, number, Event::Wake);
    }
    world.run()
}

impl World {
    fn at(&mut self, at: Micros, process: usize, event: Event) {
        self.next_event += 1;
        self.events.insert((at.max(self.now), self.next_event), (process, event));
    }

    fn run(mut self) -> Figures {
        while let Some(((at, _), (number, event))) = self.events.pop_first() {
            self.now = at;
            self.happen(number, event);
            // The rest of the time says how the end of a queue is met, not how handlers are used.
            if self.queue.is_exhausted() && self.processes.iter().all(|one| one.waiting.is_empty())
            {
                break;
            }
        }
        self.count_ahead();
        self.sum_up()
    }

    fn happen(&mut self, number: usize, event: Event) {
        let round_trip = micros(self.setting.round_trip);
        match event {
            Event::Wake => {
                let due = self
                    .processes
                    .get(number)
                    .is_some_and(|one| one.wake.is_none_or(|wake| wake <= self.now));
                if due {
                    self.feed(number, None);
                }
            }
            Event::Arrive(request) => {
                let answer = self.queue.answer(self.now, &request.action, request.sent_at);
                let back = self.now + round_trip - round_trip / 2;
                if let Some(answer) = answer {
                    self.at(back, number, Event::Answer(answer));
                }
            }
            Event::Answer(answer) => {
                self.arrived(number, &answer);
                self.feed(number, Some(answer));
            }
            Event::Done(key) => {
                self.feed(
                    number,
                    Some(Input::HandlerDone { key, outcome: Outcome::Complete, failure: None }),
                );
            }
        }
    }

    fn feed(&mut self, number: usize, input: Option<Input>) {
        let tick = Tick::new(Duration::from_micros(self.now));
        let Some(process) = self.processes.get_mut(number) else { return };
        if let Some(input) = input {
            process.core.handle(tick, input);
        }
        let mut actions = VecDeque::new();
        while let Some(action) = process.core.poll(tick) {
            actions.push_back(action);
        }
        // Not before the instant that the core wants, or it would be woken for nothing and then never.
        let later = Duration::from_nanos(999);
        let wake = process
            .core
            .next_wake()
            .map(|wake| micros(wake.since_origin().saturating_add(later)).max(self.now));
        if process.wake != wake {
            process.wake = wake;
            if let Some(wake) = wake {
                self.at(wake, number, Event::Wake);
            }
        }
        for action in actions {
            self.carry_out(number, tick, action);
        }
    }

    fn carry_out(&mut self, number: usize, tick: Tick, action: Action) {
        match action {
            Action::Start { key, delivery, .. } => {
                self.started(number, delivery.id.as_str());
                let share = self.half_started as f64 / self.setting.messages as f64;
                let work = micros(self.setting.work.draw(&mut self.rng, share));
                self.at(self.now + work, number, Event::Done(key));
            }
            Action::Receive { .. } | Action::Update { .. } | Action::Delete { .. } => {
                self.figures.requests += 1;
                if let Action::Update { visibility, id, .. } = &action
                    && visibility.as_secs() == 0
                {
                    self.figures.released += 1;
                    self.no_longer_waits(number, id.as_str());
                }
                let there = self.now + micros(self.setting.round_trip) / 2;
                self.at(there, number, Event::Arrive(Request { action, sent_at: tick }));
            }
            _ => {}
        }
    }

    fn arrived(&mut self, number: usize, answer: &Input) {
        let Input::Received { result: Ok(messages), .. } = answer else { return };
        self.count_ahead();
        let now = self.now;
        let Some(process) = self.processes.get_mut(number) else { return };
        process.waiting.extend(messages.iter().map(|raw| (raw.id.as_str().to_owned(), now)));
    }

    fn started(&mut self, number: usize, id: &str) {
        self.half_started += 1;
        if let Some(process) = self.processes.get_mut(number) {
            process.started += 1;
        }
        self.no_longer_waits(number, id);
    }

    fn no_longer_waits(&mut self, number: usize, id: &str) {
        self.count_ahead();
        let now = self.now;
        let Some(process) = self.processes.get_mut(number) else { return };
        if let Some(since) = process.waiting.remove(id) {
            let waited = Duration::from_micros(now - since);
            self.figures.waited_most = self.figures.waited_most.max(waited);
            self.figures.waited_in_all += waited;
        }
    }

    fn count_ahead(&mut self) {
        let ahead: usize = self.processes.iter().map(|one| one.waiting.len()).sum();
        // What starts at the instant of its arrival has not waited.
        if self.now > self.ahead_since {
            self.figures.ahead_most = self.figures.ahead_most.max(ahead);
            self.ahead_time += ahead as f64 * (self.now - self.ahead_since) as f64;
            self.ahead_since = self.now;
        }
    }

    fn sum_up(mut self) -> Figures {
        let seconds = self.now as f64 / 1e6;
        let started: u64 = self.processes.iter().map(|one| one.started).sum();
        let least = self.processes.iter().map(|one| one.started).min().unwrap_or_default();
        let figures = &mut self.figures;
        figures.started = started;
        figures.rate = started as f64 / seconds;
        figures.used = (figures.rate / self.setting.possible_rate()).min(1.0);
        figures.ahead_mean = self.ahead_time / self.now as f64;
        figures.least_share = least as f64 * self.setting.processes as f64 / started as f64;
        for process in &mut self.processes {
            let tick = Tick::new(Duration::from_micros(self.now));
            process.core.handle(tick, Input::Shutdown(ShutdownMode::Abort));
        }
        self.figures
    }
}
