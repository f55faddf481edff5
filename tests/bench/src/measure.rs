//! Clocks, counters and the figures made of them.

use std::process::Command;
use std::time::Duration;

use crate::Outcome;

/// User and system time of this process.
pub fn process_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Time that all threads of another process spent on a processor.
pub fn cpu_of(process: u32) -> Outcome<Duration> {
    let mut nanoseconds = 0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        // The first field counts nanoseconds (scheduler statistics of the Linux kernel).
        let statistics = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += statistics.split(' ').next().ok_or("no field")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// User and system time of all processes that this one started and that have ended.
pub fn children_cpu() -> Outcome<Duration> {
    let line = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in brackets, which may hold blanks (proc_pid_stat(5)).
    let (_, fields) = line.rsplit_once(')').ok_or("no name")?;
    let ticks: u64 = fields.split_whitespace().skip(13).take(2).flat_map(str::parse::<u64>).sum();
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// Resident memory of another process, in MiB.
pub fn memory_of(process: u32) -> Outcome<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kib: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kib / 1024.0)
}

/// Instructions of a program, by valgrind's callgrind; `None` where valgrind is not installed.
pub fn instructions(command: &Command) -> Outcome<Option<u64>> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(command.get_program())
        .args(command.get_args());
    let output = match valgrind.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let report = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{valgrind:?}: {report}").into());
    }
    let collected =
        report.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    Ok(Some(collected.ok_or("callgrind said nothing")?))
}

/// Latencies in order.
#[derive(Debug)]
pub struct Latencies(Vec<u64>);

impl Latencies {
    /// Of latencies in nanoseconds.
    pub fn new(mut nanoseconds: Vec<u64>) -> Self {
        nanoseconds.sort_unstable();
        Self(nanoseconds)
    }

    /// In microseconds.
    pub fn percentile(&self, percent: f64) -> f64 {
        let last = self.0.len().saturating_sub(1) as f64;
        self.0.get((last * percent / 100.0).round() as usize).map_or(0.0, |ns| *ns as f64 / 1e3)
    }
}

/// What several rounds gave.
#[derive(Debug, Clone, Default)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    /// Adds the figure of one more round.
    pub fn push(&mut self, figure: f64) {
        self.0.push(figure);
        self.0.sort_by(f64::total_cmp);
    }

    /// The middle one, if there is any.
    pub fn median(&self) -> Option<f64> {
        let (low, high) =
            (self.0.get(self.0.len().checked_sub(1)? / 2)?, self.0.get(self.0.len() / 2)?);
        Some((low + high) / 2.0)
    }

    /// How far apart the extremes are, as a part of the median.
    pub fn spread(&self) -> Option<f64> {
        let (low, high) = (self.0.first()?, self.0.last()?);
        Some(if high == low { 0.0 } else { (high - low) / self.median()? })
    }
}

impl FromIterator<f64> for Rounds {
    fn from_iter<I: IntoIterator<Item = f64>>(figures: I) -> Self {
        let mut rounds = Self::default();
        figures.into_iter().for_each(|figure| rounds.push(figure));
        rounds
    }
}
