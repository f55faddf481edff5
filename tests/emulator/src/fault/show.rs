//! Faults as text: what [`Fault`] and [`Effect`] print is what a script has.

use std::fmt;
use std::time::Duration;

use queue_proto::OperationKind;

use super::effect::{Effect, Fault};

impl fmt::Display for Effect {
    /// Writes the words of a script.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => f.write_str("drop"),
            Self::DropAfter => f.write_str("drop-after"),
            Self::Close => f.write_str("close"),
            Self::CloseAfter => f.write_str("close-after"),
            Self::Delay(time) => write!(f, "delay={}", Time(*time)),
            Self::Refuse(code) => write!(f, "refuse={code}"),
            Self::RefuseAfter(code) => write!(f, "refuse-after={code}"),
            Self::Status(status) => write!(f, "status={}", status.as_u16()),
            Self::Throttle { per_second, burst } if burst == per_second => {
                write!(f, "throttle={per_second}/s")
            }
            Self::Throttle { per_second, burst } => {
                write!(f, "throttle={per_second}/s burst={burst}")
            }
            Self::Truncate(length) => write!(f, "truncate={length}"),
        }
    }
}

impl fmt::Display for Fault {
    /// Writes the line of a script, which reads back as the same fault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.effect)?;
        if !self.operations.is_empty() {
            let names: Vec<_> = self.operations.iter().copied().map(OperationKind::name).collect();
            write!(f, " operation={}", names.join(","))?;
        }
        if let Some(queue) = &self.queue {
            write!(f, " queue={queue}")?;
        }
        if self.skip > 0 {
            write!(f, " skip={}", self.skip)?;
        }
        if let Some(times) = self.times {
            write!(f, " times={times}")?;
        }
        if self.probability < 1.0 {
            write!(f, " probability={}", self.probability)?;
        }
        Ok(())
    }
}

/// A time in the form of a script, which has no parts of a millisecond.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_secs(), self.0.subsec_millis()) {
            (seconds, 0) => write!(f, "{seconds}s"),
            _ => write!(f, "{}ms", self.0.as_millis()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        for line in [
            "drop",
            "drop-after queue=jobs",
            "close times=1",
            "close-after operation=PutMessage,GetMessages skip=1 times=2",
            "delay=250ms",
            "delay=2s probability=0.25",
            "refuse=ServerBusy",
            "refuse-after=InternalError",
            "status=502",
            "throttle=20/s",
            "throttle=20/s burst=5 queue=jobs",
            "truncate=7",
        ] {
            let fault: Fault = line.parse().unwrap();
            assert_eq!(fault.to_string(), line);
        }
    }
}
