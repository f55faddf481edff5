//! Scripts of faults: [`Fault`] is read from a line `EFFECT [NAME=VALUE]...`, as the option
//! `--faults` of the program has it.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::StatusCode;
use queue_proto::{ErrorCode, OperationKind, QueueName};

use super::{Effect, Fault};

impl Fault {
    /// Reads a script: one fault a line; what follows `#` is a comment. A byte order mark before
    /// the first line, as editors on Windows write it, is passed over.
    ///
    /// Each line has an effect, with the words of [`Effect`], and then any of `operation=NAME`
    /// (the name in the REST reference in one word, several with commas between them),
    /// `queue=NAME`, `skip=N`, `times=N`, `probability=P` and, for `throttle`, `burst=N`. Times
    /// are written `250ms` or `2s`.
    ///
    /// ```
    /// let script = "
    ///     ## Every tenth answer gets lost, and Put Message is slow.
    ///     close-after probability=0.1
    ///     delay=250ms operation=PutMessage
    /// ";
    /// assert_eq!(queue_emulator::Fault::parse_script(script)?.len(), 2);
    /// # Ok::<(), queue_emulator::InvalidFault>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidFault`] with the line and the word that are not understood.
    pub fn parse_script(script: &str) -> Result<Vec<Self>, InvalidFault> {
        let mut faults = Vec::new();
        let script = script.strip_prefix('\u{feff}').unwrap_or(script);
        for (index, line) in script.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() {
                let fault = line.parse::<Self>();
                faults.push(fault.map_err(|error| InvalidFault { line: index + 1, ..error })?);
            }
        }
        Ok(faults)
    }
}

impl FromStr for Fault {
    type Err = InvalidFault;

    /// Reads one line of a [script](Self::parse_script).
    fn from_str(line: &str) -> Result<Self, InvalidFault> {
        let mut words = line.split_whitespace();
        let first = words.next().ok_or_else(|| InvalidFault::new(line, EFFECTS))?;
        let mut fault = Self::new(effect(first)?);
        for word in words {
            fault = fault.with(word)?;
        }
        Ok(fault)
    }
}

impl Fault {
    fn with(mut self, word: &str) -> Result<Self, InvalidFault> {
        let wrong = |rule| InvalidFault::new(word, rule);
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let number = || value.parse::<u64>().map_err(|_| wrong("must have a whole number"));
        Ok(match name {
            "operation" => {
                for name in value.split(',') {
                    let kind = OperationKind::ALL
                        .into_iter()
                        .find(|kind| kind.name().eq_ignore_ascii_case(name))
                        .ok_or_else(|| wrong("must name operations, such as PutMessage"))?;
                    self = self.operation(kind);
                }
                self
            }
            "queue" => self.queue(QueueName::new(value).map_err(|_| wrong("must name a queue"))?),
            "skip" => self.skip(number()?),
            "times" => self.times(number()?),
            "probability" => match value.parse::<f64>() {
                Ok(probability) if (0.0..=1.0).contains(&probability) => {
                    self.probability(probability)
                }
                _ => return Err(wrong("must have a number from 0 to 1")),
            },
            "burst" => {
                let Effect::Throttle { burst, .. } = &mut self.effect else {
                    return Err(wrong("is for throttle only"));
                };
                *burst = value.parse().map_err(|_| wrong("must have a whole number"))?;
                self
            }
            _ => {
                return Err(wrong(
                    "must be operation=, queue=, skip=, times=, probability= or burst=",
                ));
            }
        })
    }
}

const EFFECTS: &str = "must be drop, drop-after, close, close-after, delay=TIME, refuse=CODE, \
                       refuse-after=CODE, status=NUMBER, throttle=N/s or truncate=N";

fn effect(word: &str) -> Result<Effect, InvalidFault> {
    let wrong = |rule| InvalidFault::new(word, rule);
    let code = |value: &str| match ErrorCode::from(value) {
        ErrorCode::Absent | ErrorCode::Other(_) => {
            Err(wrong("must have an error code of the service, such as ServerBusy"))
        }
        code => Ok(code),
    };
    let Some((name, value)) = word.split_once('=') else {
        return match word {
            "drop" => Ok(Effect::Drop),
            "drop-after" => Ok(Effect::DropAfter),
            "close" => Ok(Effect::Close),
            "close-after" => Ok(Effect::CloseAfter),
            _ => Err(wrong(EFFECTS)),
        };
    };
    Ok(match name {
        "delay" => {
            let rule = "must have a time, such as 250ms or 2s";
            Effect::Delay(time(value).ok_or_else(|| wrong(rule))?)
        }
        "refuse" => Effect::Refuse(code(value)?),
        "refuse-after" => Effect::RefuseAfter(code(value)?),
        "status" => {
            let status = value.parse().ok().filter(|status: &StatusCode| status.as_u16() >= 200);
            Effect::Status(status.ok_or_else(|| wrong("must have an HTTP status from 200 on"))?)
        }
        "throttle" => {
            let per_second = value.strip_suffix("/s").and_then(|number| number.parse().ok());
            let per_second = per_second.ok_or_else(|| wrong("must have a rate, such as 20/s"))?;
            Effect::throttle(per_second, per_second)
        }
        "truncate" => {
            let length = value.parse().map_err(|_| wrong("must have a number of bytes"))?;
            Effect::Truncate(length)
        }
        _ => return Err(wrong(EFFECTS)),
    })
}

fn time(text: &str) -> Option<Duration> {
    match text.strip_suffix("ms") {
        Some(number) => number.parse().ok().map(Duration::from_millis),
        None => text.strip_suffix('s')?.parse().ok().map(Duration::from_secs),
    }
}

/// The reason why a line is not a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidFault {
    /// The number of the line from 1 on; 0 when the line stood alone.
    line: usize,
    word: String,
    rule: &'static str,
}

impl InvalidFault {
    fn new(word: &str, rule: &'static str) -> Self {
        Self { line: 0, word: word.to_owned(), rule }
    }

    /// The number of the line, from 1 on; `None` when the line stood alone.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        (self.line > 0).then_some(self.line)
    }
}

impl fmt::Display for InvalidFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, word, rule } = self;
        if *line > 0 {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{word:?} {rule}")
    }
}

impl Error for InvalidFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let jobs = QueueName::new("jobs").unwrap();
        for (line, fault) in [
            ("drop", Fault::new(Effect::Drop)),
            ("delay=2s times=3", Fault::new(Effect::Delay(Duration::from_secs(2))).times(3)),
            ("delay=5ms", Fault::new(Effect::Delay(Duration::from_millis(5)))),
            (
                "status=502 queue=jobs",
                Fault::new(Effect::Status(StatusCode::BAD_GATEWAY)).queue(jobs),
            ),
            ("throttle=20/s burst=5", Fault::new(Effect::throttle(20, 5))),
            ("throttle=20/s", Fault::new(Effect::throttle(20, 20))),
            ("truncate=7 probability=0.25", Fault::new(Effect::Truncate(7)).probability(0.25)),
            (
                "refuse=ServerBusy operation=putmessage,GetQueueACL skip=1",
                Fault::new(Effect::Refuse(ErrorCode::ServerBusy))
                    .operation(OperationKind::PutMessage)
                    .operation(OperationKind::GetQueueAcl)
                    .skip(1),
            ),
        ] {
            assert_eq!(line.parse(), Ok(fault), "{line}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (line, word) in [
            ("explode", "explode"),
            ("delay=2", "delay=2"),
            ("drop burst=2", "burst=2"),
            ("drop probability=2", "probability=2"),
            ("drop operation=Fly", "operation=Fly"),
            ("refuse=Nonsense", "refuse=Nonsense"),
            ("status=99", "status=99"),
            ("drop sometimes", "sometimes"),
        ] {
            let error = line.parse::<Fault>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("{word:?} ")), "{error}");
        }
        let error = Fault::parse_script("drop # fine\n\n  close times=x").unwrap_err();
        assert_eq!(error.line(), Some(3));
        assert_eq!(error.to_string(), "line 3: \"times=x\" must have a whole number");
    }
}
