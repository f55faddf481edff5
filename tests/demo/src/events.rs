//! What the processes tell the referee: one line each on standard output.

use std::{
    fmt,
    io::{self, Write as _},
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use queue_client::processor::FencingToken;

/// One delivery of a message: its id and the number of the delivery, which is the fencing token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) attempt: u32,
}

/// Something that happened. Times are of the clock that all processes of the machine share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The message with this number was sent, and sent again so often since answers were lost.
    Sent { number: u32, resends: u32 },
    /// A handler starts.
    Started { token: Token, number: u32, at: Micros },
    /// A handler ends. At that instant it saw its lease held, or not.
    Finished { token: Token, at: Micros, held: bool },
    /// The message is known to be deleted.
    Deleted { token: Token },
    /// The answer to the delete was lost, and at this instant the message was gone: by that delete,
    /// or by another receiver's, if one had the message by then.
    Gone { token: Token, at: Micros },
    /// The lease was lost before the message was deleted.
    NotDeleted { token: Token },
}

/// Microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Micros(pub(crate) u64);

impl Micros {
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(since.as_micros() as u64)
    }
}

impl From<FencingToken> for Token {
    fn from(token: FencingToken) -> Self {
        Self { id: token.id().to_string(), attempt: token.attempt() }
    }
}

impl Event {
    /// Tells the referee at once: what is still in a buffer dies with the process.
    pub(crate) fn tell(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(format!("{self}\n").as_bytes())?;
        out.flush()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent { number, resends } => write!(f, "sent {number} {resends}"),
            Self::Started { token: Token { id, attempt }, number, at: Micros(at) } => {
                write!(f, "started {id} {attempt} {number} {at}")
            }
            Self::Finished { token: Token { id, attempt }, at: Micros(at), held } => {
                write!(f, "finished {id} {attempt} {at} {held}")
            }
            Self::Deleted { token: Token { id, attempt } } => write!(f, "deleted {id} {attempt}"),
            Self::Gone { token: Token { id, attempt }, at: Micros(at) } => {
                write!(f, "gone {id} {attempt} {at}")
            }
            Self::NotDeleted { token: Token { id, attempt } } => {
                write!(f, "not-deleted {id} {attempt}")
            }
        }
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let mut words = Words { words: line.split(' '), line };
        Ok(match words.next()? {
            "sent" => Self::Sent { number: words.parse()?, resends: words.parse()? },
            "started" => Self::Started {
                token: words.token()?,
                number: words.parse()?,
                at: Micros(words.parse()?),
            },
            "finished" => Self::Finished {
                token: words.token()?,
                at: Micros(words.parse()?),
                held: words.parse()?,
            },
            "deleted" => Self::Deleted { token: words.token()? },
            "gone" => Self::Gone { token: words.token()?, at: Micros(words.parse()?) },
            "not-deleted" => Self::NotDeleted { token: words.token()? },
            _ => return Err(words.unreadable()),
        })
    }
}

struct Words<'a> {
    words: std::str::Split<'a, char>,
    line: &'a str,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Result<&'a str, String> {
        self.words.next().ok_or_else(|| self.unreadable())
    }

    fn parse<T: FromStr>(&mut self) -> Result<T, String> {
        self.next()?.parse().map_err(|_| self.unreadable())
    }

    fn token(&mut self) -> Result<Token, String> {
        Ok(Token { id: self.parse()?, attempt: self.parse()? })
    }

    fn unreadable(&self) -> String {
        format!("a process said {:?}", self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_heard_as_it_was_told() {
        let token = Token { id: "5f0c-1".into(), attempt: 2 };
        for event in [
            Event::Sent { number: 1, resends: 2 },
            Event::Started { token: token.clone(), number: 7, at: Micros(u64::MAX) },
            Event::Finished { token: token.clone(), at: Micros(0), held: true },
            Event::Deleted { token: token.clone() },
            Event::Gone { token: token.clone(), at: Micros(3) },
            Event::NotDeleted { token },
        ] {
            assert_eq!(event.to_string().parse(), Ok(event));
        }
        for line in ["", "sent", "sent 1", "started a b 1 1", "lost 1"] {
            line.parse::<Event>().unwrap_err();
        }
    }
}
