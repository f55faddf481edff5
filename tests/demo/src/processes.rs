//! [`Processes`]: the sender and the receivers as child processes that can be heard, killed, suspended
//! and replaced.

use std::{
    env,
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdout, Command},
    sync::mpsc,
    time::timeout,
};

use crate::{
    Outcome,
    arguments::Arguments,
    events::Event,
    referee::{CONNECTION_STRING, PATIENCE},
};

/// The process that sends.
pub(crate) const SENDER: usize = 0;

/// What a process says, or that it said its last.
pub(crate) enum News {
    Event(usize, Event),
    Unreadable(String),
    Ended(usize),
}

/// All processes that there have been, the sender first.
pub(crate) struct Processes {
    queue: String,
    connection_string: String,
    arguments: Arguments,
    started: Vec<Process>,
    tell: mpsc::UnboundedSender<News>,
}

struct Process {
    child: Child,
    name: String,
    /// The place of the receiver; its successor has the same place.
    place: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Suspended { until: Instant },
    Killed,
    Ended,
}

impl Processes {
    pub(crate) fn start(
        arguments: &Arguments,
        queue: &str,
        connection_string: &str,
    ) -> Outcome<(Self, mpsc::UnboundedReceiver<News>)> {
        let (tell, news) = mpsc::unbounded_channel();
        let mut processes = Self {
            queue: queue.to_owned(),
            connection_string: connection_string.to_owned(),
            arguments: arguments.clone(),
            started: Vec::new(),
            tell,
        };
        for place in SENDER..=arguments.receivers {
            processes.spawn(place)?;
        }
        Ok((processes, news))
    }

    fn spawn(&mut self, place: usize) -> Outcome {
        let number = self.started.len();
        let (role, name) = match place {
            SENDER => ("--sender", "sender".to_owned()),
            place => {
                let before = self.started.iter().filter(|process| process.place == place).count();
                let life = if before == 0 { String::new() } else { format!(".{}", before + 1) };
                ("--receiver", format!("receiver {place}{life}"))
            }
        };
        let mut child = Command::new(env::current_exe()?)
            .args([role, &self.queue])
            .args(["--messages", &self.arguments.messages.to_string()])
            .args(["--lease", &self.arguments.lease.as_secs().to_string()])
            .env(CONNECTION_STRING, &self.connection_string)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("a process has no output")?;
        tokio::spawn(listen(number, output, self.tell.clone()));
        self.started.push(Process { child, name, place, state: State::Running });
        Ok(())
    }

    /// The numbers of the receivers that run.
    pub(crate) fn receivers(&self) -> Vec<usize> {
        let running = |(number, process): (usize, &Process)| {
            (process.state == State::Running && process.place != SENDER).then_some(number)
        };
        self.started.iter().enumerate().filter_map(running).collect()
    }

    pub(crate) fn name(&self, number: usize) -> &str {
        self.started.get(number).map_or("a process", |process| &process.name)
    }

    /// For each place, the numbers of the processes that have had it, with its name.
    pub(crate) fn places(&self) -> Vec<(String, Vec<usize>)> {
        let mut places: Vec<(String, Vec<usize>)> = Vec::new();
        for (number, process) in self.started.iter().enumerate() {
            match places.get_mut(process.place) {
                Some((_, numbers)) => numbers.push(number),
                None => places.push((process.name.clone(), vec![number])),
            }
        }
        places
    }

    /// Sends SIGKILL, and starts a successor.
    pub(crate) fn kill(&mut self, number: usize) -> Outcome {
        let process = self.started.get_mut(number).ok_or("there is no such process")?;
        process.child.start_kill()?;
        process.state = State::Killed;
        let place = process.place;
        self.spawn(place)
    }

    /// Suspends a process for that time.
    pub(crate) async fn suspend(&mut self, number: usize, time: Duration) -> Outcome {
        let process = self.started.get_mut(number).ok_or("there is no such process")?;
        process.state = State::Suspended { until: Instant::now() + time };
        process.suspend(time).await
    }

    /// Lets those go on whose time is over, and returns their numbers.
    pub(crate) fn resume(&mut self, now: Instant) -> Outcome<Vec<usize>> {
        let mut resumed = Vec::new();
        for (number, process) in self.started.iter_mut().enumerate() {
            if matches!(process.state, State::Suspended { until } if until <= now) {
                process.state = State::Running;
                process.resume()?;
                resumed.push(number);
            }
        }
        Ok(resumed)
    }

    pub(crate) fn any_suspended(&self) -> bool {
        self.started.iter().any(|process| matches!(process.state, State::Suspended { .. }))
    }

    /// Takes note that a process has said its last, and returns whether it was killed.
    pub(crate) async fn ended(&mut self, number: usize) -> Outcome<bool> {
        let process = self.started.get_mut(number).ok_or("there is no such process")?;
        let status = process.child.wait().await?;
        if process.state == State::Killed {
            return Ok(true);
        }
        process.state = State::Ended;
        if process.place == SENDER && status.success() {
            return Ok(false);
        }
        Err(format!("{} ended by itself: {status}", process.name).into())
    }

    /// Closes the input of every process, which stops them.
    pub(crate) async fn stop(&mut self) {
        for process in &mut self.started {
            drop(process.child.stdin.take());
        }
        for process in &mut self.started {
            // A process that cannot be waited for is killed when this is dropped.
            let _ = timeout(PATIENCE, process.child.wait()).await;
        }
    }
}

impl Process {
    /// Stops the process for that time with the system's own means.
    #[cfg(unix)]
    async fn suspend(&mut self, _: Duration) -> Outcome {
        self.signal(rustix::process::Signal::STOP)
    }

    /// Where a process cannot be stopped from outside, it is asked to stand still by itself.
    #[cfg(not(unix))]
    async fn suspend(&mut self, time: Duration) -> Outcome {
        let seconds = u8::try_from(time.as_secs())?;
        let input = self.child.stdin.as_mut().ok_or("a process has no input")?;
        Ok(tokio::io::AsyncWriteExt::write_u8(input, seconds).await?)
    }

    #[cfg(unix)]
    fn resume(&self) -> Outcome {
        self.signal(rustix::process::Signal::CONT)
    }

    /// The process goes on by itself.
    #[cfg(not(unix))]
    fn resume(&self) -> Outcome {
        Ok(())
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) -> Outcome {
        let id = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.try_into().ok()?));
        let id = id.ok_or("a process has ended by itself")?;
        Ok(rustix::process::kill_process(id, signal)?)
    }
}

async fn listen(process: usize, output: ChildStdout, tell: mpsc::UnboundedSender<News>) {
    let mut output = BufReader::new(output);
    let mut line = String::new();
    // A line without an end was cut off when its process was killed, and is no event.
    while matches!(output.read_line(&mut line).await, Ok(1..)) && line.ends_with('\n') {
        let news = match line.trim_end().parse() {
            Ok(event) => News::Event(process, event),
            Err(reason) => News::Unreadable(reason),
        };
        // The game is over when nobody listens any more.
        let _ = tell.send(news);
        line.clear();
    }
    let _ = tell.send(News::Ended(process));
}
